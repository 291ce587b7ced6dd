//! How much mailboxes may take, and who has taken it. Pure: a store keeps a [`Ledger`] beside its mailboxes and asks it
//! before it keeps more.

use std::collections::HashMap;

use tigress_mailbox::MailboxId;

use super::{Kept, StoreError};
use crate::client::{Bound, Client, Exceeded, Tally};

/// How much mailboxes may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Mailboxes at a time: 1000 of a client, 2000 of a /48, 10 000 in all.
    pub mailboxes: Bound,
    /// Bytes of what they hold, those that the relay adds included: 16 MiB, 32 MiB, 512 MiB. They count for whoever made
    /// the mailbox.
    pub bytes: Bound,
    /// Of a hundred bytes, how many only updates of mailboxes that are there may take: 25. So creations are refused first.
    pub for_updates: u8,
    /// How long, in seconds, a creation is remembered after its mailbox was deleted: 600. A repeated request gets its first
    /// answer again until then.
    pub remember: u64,
    /// How many such creations are remembered; the oldest gives way: 40 000.
    pub remembered: usize,
}

impl Default for Room {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            mailboxes: Bound::new(1_000, 2_000, 10_000),
            bytes: Bound::new(16 * MIB, 32 * MIB, 512 * MIB),
            for_updates: 25,
            remember: 600,
            remembered: 40_000,
        }
    }
}

/// What is taken, and by whom. Who made a mailbox is known to this process only, and forgotten when it ends.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    mailboxes: Tally,
    bytes: Tally,
    owners: HashMap<MailboxId, Client>,
    /// What was noted since the last commit, to be taken back.
    open: Vec<Entry>,
}

/// A mailbox's size went from one to another; none is no mailbox.
#[derive(Debug, Clone, Copy)]
struct Entry {
    id: MailboxId,
    owner: Option<Client>,
    before: Option<usize>,
    after: Option<usize>,
}

impl From<Exceeded> for StoreError {
    fn from(exceeded: Exceeded) -> Self {
        match exceeded {
            Exceeded::Client => Self::ClientFull,
            Exceeded::All => Self::Full,
        }
    }
}

impl Ledger {
    /// What a store already held when it was opened: nobody's.
    pub(super) fn found(mailboxes: usize, bytes: usize) -> Self {
        let mut ledger = Self::default();
        ledger.mailboxes.add(None, mailboxes);
        ledger.bytes.add(None, bytes);
        ledger
    }

    /// Whether a client may make a mailbox of this size.
    pub(super) fn may_create(
        &self,
        client: Client,
        size: usize,
        room: &Room,
    ) -> Result<(), StoreError> {
        let for_creations = room.bytes.percent(100_u8.saturating_sub(room.for_updates));
        self.mailboxes.admits(Some(client), 1, &room.mailboxes)?;
        Ok(self.bytes.admits(Some(client), size, &for_creations)?)
    }

    /// Whether anybody may make a mailbox.
    pub(super) fn has_room(&self, room: &Room) -> Result<(), StoreError> {
        let for_creations = room.bytes.percent(100_u8.saturating_sub(room.for_updates));
        self.mailboxes.admits(None, 1, &room.mailboxes)?;
        Ok(self.bytes.admits(None, 1, &for_creations)?)
    }

    /// Whether a mailbox may get from one size to another. Less is always allowed.
    pub(super) fn may_resize(
        &self,
        id: MailboxId,
        before: usize,
        after: usize,
        room: &Room,
    ) -> Result<(), StoreError> {
        let more = after.saturating_sub(before);
        if more == 0 {
            return Ok(());
        }
        let owner = self.owners.get(&id).copied();
        Ok(self.bytes.admits(owner, more, &room.bytes)?)
    }

    pub(super) fn created(&mut self, id: MailboxId, client: Client, size: usize) {
        self.note(Entry {
            id,
            owner: Some(client),
            before: None,
            after: Some(size),
        });
    }

    pub(super) fn resized(&mut self, id: MailboxId, before: usize, after: usize) {
        self.note(Entry {
            id,
            owner: self.owners.get(&id).copied(),
            before: Some(before),
            after: Some(after),
        });
    }

    pub(super) fn erased(&mut self, id: MailboxId, size: usize) {
        self.note(Entry {
            id,
            owner: self.owners.get(&id).copied(),
            before: Some(size),
            after: None,
        });
    }

    fn note(&mut self, entry: Entry) {
        self.turn(entry);
        self.open.push(entry);
    }

    fn turn(&mut self, entry: Entry) {
        let Entry {
            id,
            owner,
            before,
            after,
        } = entry;
        if let Some(size) = before {
            self.bytes.sub(owner, size);
            self.mailboxes.sub(owner, 1);
            self.owners.remove(&id);
        }
        if let Some(size) = after {
            self.bytes.add(owner, size);
            self.mailboxes.add(owner, 1);
            if let Some(owner) = owner {
                self.owners.insert(id, owner);
            }
        }
    }

    /// What was noted holds.
    pub(super) fn commit(&mut self) {
        self.open.clear();
    }

    /// What was noted since the last commit did not happen.
    pub(super) fn roll_back(&mut self) {
        while let Some(entry) = self.open.pop() {
            self.turn(Entry {
                before: entry.after,
                after: entry.before,
                ..entry
            });
        }
    }

    pub(super) fn kept(&self) -> Kept {
        let number = |tally: &Tally| tally.all().try_into().unwrap_or(u64::MAX);
        Kept {
            mailboxes: number(&self.mailboxes),
            bytes: number(&self.bytes),
        }
    }

    #[cfg(test)]
    pub(super) fn totals(&self) -> (usize, usize) {
        (self.mailboxes.all(), self.bytes.all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn client(n: u8) -> Client {
        Client::of([192, 0, 2, n].into())
    }

    fn mailbox(n: u128) -> MailboxId {
        MailboxId(Uuid::from_u128(n))
    }

    fn room() -> Room {
        Room {
            mailboxes: Bound::new(2, 2, 3),
            bytes: Bound::new(100, 100, 200),
            ..Room::default()
        }
    }

    #[test]
    fn creations_are_refused_before_updates() {
        let mut ledger = Ledger::default();
        let room = room();
        assert_eq!(ledger.may_create(client(1), 75, &room), Ok(()));
        assert_eq!(
            ledger.may_create(client(1), 76, &room),
            Err(StoreError::ClientFull)
        );
        ledger.created(mailbox(1), client(1), 75);
        assert_eq!(
            ledger.may_create(client(1), 1, &room),
            Err(StoreError::ClientFull)
        );
        assert_eq!(ledger.may_resize(mailbox(1), 75, 100, &room), Ok(()));
        assert_eq!(
            ledger.may_resize(mailbox(1), 75, 101, &room),
            Err(StoreError::ClientFull)
        );
        assert_eq!(ledger.may_create(client(2), 75, &room), Ok(()));
        ledger.created(mailbox(2), client(2), 75);
        assert_eq!(
            ledger.may_create(client(3), 1, &room),
            Err(StoreError::Full),
            "three quarters of all"
        );
        assert_eq!(ledger.has_room(&room), Err(StoreError::Full));
        ledger.erased(mailbox(1), 75);
        assert_eq!(ledger.may_create(client(1), 75, &room), Ok(()));
    }

    #[test]
    fn mailboxes_are_counted_for_each_client_and_in_all() {
        let (mut ledger, room) = (Ledger::default(), room());
        for n in 1..=2 {
            ledger.created(mailbox(n), client(1), 1);
        }
        assert_eq!(
            ledger.may_create(client(1), 1, &room),
            Err(StoreError::ClientFull)
        );
        ledger.created(mailbox(3), client(2), 1);
        assert_eq!(
            ledger.may_create(client(2), 1, &room),
            Err(StoreError::Full)
        );
    }

    #[test]
    fn what_was_not_kept_is_taken_back() {
        let mut ledger = Ledger::default();
        ledger.created(mailbox(1), client(1), 10);
        ledger.commit();
        ledger.resized(mailbox(1), 10, 30);
        ledger.erased(mailbox(1), 30);
        ledger.created(mailbox(2), client(2), 5);
        ledger.roll_back();
        assert_eq!(ledger.totals(), (1, 10));
        assert_eq!(ledger.bytes.of(client(1)), 10);
        assert_eq!(ledger.bytes.of(client(2)), 0);
        ledger.erased(mailbox(1), 10);
        assert_eq!(ledger.totals(), (0, 0));
        assert!(ledger.owners.is_empty());
    }
}
