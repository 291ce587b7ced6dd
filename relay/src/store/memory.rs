//! The store that forgets everything when the relay ends.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tigress_mailbox::MailboxId;

use super::room::Ledger;
use super::{
    Applied, Created, Creation, Kept, LocalWakeups, MailboxStore, Room, StoreError, Wakeups,
};
use tigress_mailbox::rules::{self, Command, Effect, Refusal, Transition};
use tigress_mailbox::rules::{CreateKey, Record};

/// Keeps mailboxes in this process's memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    wakeups: LocalWakeups,
}

#[derive(Debug, Default)]
struct State {
    /// Each in a place of its own: half of a table is empty.
    mailboxes: HashMap<MailboxId, Box<Mailbox>>,
    creations: HashMap<CreateKey, MailboxId>,
    /// Creations whose mailbox was deleted, and when they are forgotten; the oldest first.
    deleted: VecDeque<(u64, CreateKey)>,
    ledger: Ledger,
}

#[derive(Debug)]
struct Mailbox {
    record: Record,
    key: CreateKey,
}

impl MemoryStore {
    /// Nothing panics while the lock is held halfway through a change, so a poisoned one is still whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    //= draft/6.1.6-repeated draft/6.1.6-no-second
    fn create(&mut self, new: Creation, room: &Room, now: u64) -> Result<Created, StoreError> {
        self.forget(now, room.remembered);
        if let Some(id) = self.creations.get(&new.key).copied() {
            match self.mailboxes.get(&id) {
                Some(mailbox) if mailbox.record.expires() <= now => self.expire(id),
                mailbox => {
                    let version = mailbox.map(|mailbox| mailbox.record.version());
                    return Ok(Created::Repeated { id, version });
                }
            }
        }
        let Creation {
            key,
            id,
            record,
            client,
        } = new;
        self.ledger.may_create(client, record.size(), room)?;
        self.ledger.created(id, client, record.size());
        self.ledger.commit();
        self.creations.insert(key, id);
        self.mailboxes.insert(id, Box::new(Mailbox { record, key }));
        Ok(Created::New)
    }

    fn apply(
        &mut self,
        id: MailboxId,
        command: Command,
        room: &Room,
        now: u64,
    ) -> Result<Transition, StoreError> {
        let Some(mailbox) = self.mailboxes.get_mut(&id) else {
            return Ok(Transition::refused(Refusal::NotFound));
        };
        let before = mailbox.record.size();
        // A copy only where there may be no room for what it becomes.
        let mut copy = command.needs_room().then(|| mailbox.record.clone());
        let record = copy.as_mut().unwrap_or(&mut mailbox.record);
        let transition = rules::apply(record, command, now);
        let after = record.size();
        match transition.effect {
            Effect::Unchanged => {}
            Effect::Keep | Effect::KeepAndWake => {
                if let Some(copy) = copy {
                    self.ledger.may_resize(id, before, after, room)?;
                    mailbox.record = copy;
                }
                self.ledger.resized(id, before, after);
            }
            Effect::EraseAndWake => {
                let key = self.erase(id);
                let until = now.saturating_add(room.remember);
                self.deleted.extend(key.map(|key| (until, key)));
                self.forget(now, room.remembered);
            }
        }
        self.ledger.commit();
        Ok(transition)
    }

    fn erase(&mut self, id: MailboxId) -> Option<CreateKey> {
        let mailbox = self.mailboxes.remove(&id)?;
        self.ledger.erased(id, mailbox.record.size());
        self.ledger.commit();
        Some(mailbox.key)
    }

    /// The request that made it may then be made again.
    fn expire(&mut self, id: MailboxId) {
        if let Some(key) = self.erase(id) {
            self.creations.remove(&key);
        }
    }

    /// Forgets creations of deleted mailboxes at their time, and the oldest beyond `most`.
    fn forget(&mut self, now: u64, most: usize) {
        while let Some((until, key)) = self.deleted.front().copied()
            && (until <= now || self.deleted.len() > most)
        {
            self.deleted.pop_front();
            self.creations.remove(&key);
        }
    }
}

#[async_trait]
impl MailboxStore for MemoryStore {
    async fn create(&self, new: Creation, room: &Room, now: u64) -> Result<Created, StoreError> {
        self.state().create(new, room, now)
    }

    async fn apply(
        &self,
        id: MailboxId,
        command: Command,
        room: &Room,
        now: u64,
    ) -> Result<Applied, StoreError> {
        let transition = self.state().apply(id, command, room, now)?;
        if matches!(
            transition.effect,
            Effect::KeepAndWake | Effect::EraseAndWake
        ) {
            self.wakeups.wake(id);
        }
        Ok(Applied {
            answer: transition.answer,
            notify: transition.notify,
        })
    }

    fn wakeups(&self) -> &dyn Wakeups {
        &self.wakeups
    }

    //= draft/4.3-sweep draft/8.1.2-sweep
    async fn sweep(&self, now: u64) -> Result<usize, StoreError> {
        let mut kept = self.state();
        let expired = kept
            .mailboxes
            .iter()
            .filter(|(_, mailbox)| mailbox.record.expires() <= now);
        let expired: Vec<MailboxId> = expired.map(|(id, _)| *id).collect();
        for id in &expired {
            kept.expire(*id);
        }
        kept.forget(now, usize::MAX);
        drop(kept);
        expired.iter().for_each(|id| self.wakeups.wake(*id));
        self.wakeups.tidy();
        Ok(expired.len())
    }

    async fn ready(&self, room: &Room) -> Result<(), StoreError> {
        self.state().ledger.has_room(room)
    }

    async fn kept(&self) -> Option<Kept> {
        Some(self.state().ledger.kept())
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformance;
    use super::*;

    #[tokio::test]
    async fn conforms() {
        conformance::check(MemoryStore::default).await;
    }

    #[tokio::test]
    async fn nothing_is_left_of_what_has_ended() {
        let store = MemoryStore::default();
        conformance::many_short_transfers(&store, 1_000).await;
        let kept = store.state();
        assert_eq!(kept.ledger.totals(), (0, 0));
        assert!(kept.mailboxes.is_empty() && kept.creations.is_empty() && kept.deleted.is_empty());
    }

    /// At a million in 48 hours, which docs/relay.md reckons with.
    #[tokio::test]
    async fn a_hundred_thousand_honest_transfers_fit_at_their_pace() {
        conformance::many_short_transfers(&MemoryStore::default(), 100_000).await;
    }
}
