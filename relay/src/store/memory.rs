//! The store that forgets everything when the relay ends.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tigress::mailbox::MailboxId;

use super::record::{CreateKey, Record};
use super::rules::{self, Command, Effect, Refusal};
use super::{
    Applied, Created, DEFAULT_CAPACITY, KEYS_PER_MAILBOX, MailboxStore, StoreError, Wakeups, Watch,
};

/// Keeps mailboxes in this process's memory.
#[derive(Debug)]
pub struct MemoryStore {
    kept: Mutex<Kept>,
    wakeups: Wakeups,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Kept {
    mailboxes: HashMap<MailboxId, Record>,
    created: HashMap<CreateKey, (MailboxId, u64)>,
    bytes: usize,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }
}

impl MemoryStore {
    /// Takes at most `bytes` of content.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            kept: Mutex::default(),
            wakeups: Wakeups::default(),
            capacity: bytes,
        }
    }

    /// Nothing panics while the lock is held halfway through a change, so a poisoned one is still whole.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn erase(&mut self, id: MailboxId) {
        if let Some(record) = self.mailboxes.remove(&id) {
            self.bytes = self.bytes.saturating_sub(record.size());
        }
    }
}

#[async_trait]
impl MailboxStore for MemoryStore {
    async fn create(
        &self,
        key: CreateKey,
        id: MailboxId,
        record: Record,
        limit: usize,
        now: u64,
    ) -> Result<Created, StoreError> {
        let mut kept = self.kept();
        if let Some((id, _)) = kept
            .created
            .get(&key)
            .copied()
            .filter(|(_, expires)| *expires > now)
        {
            let version = kept.mailboxes.get(&id).map(Record::version);
            return Ok(Created::Repeated { id, version });
        }
        let crowded = kept.mailboxes.len() >= limit
            || kept.created.len() >= limit.saturating_mul(KEYS_PER_MAILBOX);
        if crowded || kept.bytes.saturating_add(record.size()) > self.capacity {
            return Err(StoreError::Full);
        }
        kept.bytes += record.size();
        kept.created.insert(key, (id, record.expires()));
        kept.mailboxes.insert(id, record);
        Ok(Created::New)
    }

    async fn apply(
        &self,
        id: MailboxId,
        command: Command,
        now: u64,
    ) -> Result<Applied, StoreError> {
        let mut kept = self.kept();
        let bytes = kept.bytes;
        let Some(record) = kept.mailboxes.get_mut(&id) else {
            return Ok(Applied {
                answer: Err(Refusal::NotFound),
                notify: None,
            });
        };
        let before = record.size();
        let added = command.size();
        if added > 0 && bytes.saturating_add(added).saturating_sub(before) > self.capacity {
            return Err(StoreError::Full);
        }
        let transition = rules::apply(record, command, now);
        let after = record.size();
        kept.bytes = bytes.saturating_sub(before).saturating_add(after);
        if transition.effect == Effect::EraseAndWake {
            kept.erase(id);
        }
        drop(kept);
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

    async fn watch(&self, id: MailboxId) -> Result<Watch, StoreError> {
        Ok(self.wakeups.watch(id))
    }

    async fn sweep(&self, now: u64) -> Result<usize, StoreError> {
        let mut kept = self.kept();
        let expired = kept
            .mailboxes
            .iter()
            .filter(|(_, record)| record.expires() <= now);
        let expired: Vec<MailboxId> = expired.map(|(id, _)| *id).collect();
        for id in &expired {
            kept.erase(*id);
        }
        kept.created.retain(|_, (_, expires)| *expires > now);
        drop(kept);
        expired.iter().for_each(|id| self.wakeups.wake(*id));
        self.wakeups.tidy();
        Ok(expired.len())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
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
    async fn content_is_counted_and_bounded() {
        let store = MemoryStore::with_capacity(100);
        conformance::fills_up(&store).await;
        assert_eq!(store.kept().bytes, 0, "nothing is left behind");
    }
}
