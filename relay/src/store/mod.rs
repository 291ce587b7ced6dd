//! Where mailboxes are kept. Every rule of the interface is in [`rules`]; a store only runs it atomically.

use std::sync::Arc;

use async_trait::async_trait;
use tigress_mailbox::{MailboxId, NotificationToken};

#[cfg(test)]
use crate::client::Bound;
use crate::client::Client;

#[cfg(test)]
mod conformance;
mod durable;
mod memory;
mod recent;
#[cfg(feature = "redis")]
mod redis;
mod room;
#[cfg(test)]
pub(crate) mod test_log;
mod wake;

#[cfg(feature = "redis")]
pub use self::redis::{BadAddress, RedisStore, is_address};
pub use durable::{DurableStore, Effort, OpenError};
pub use memory::MemoryStore;
pub use room::Room;
pub use tigress_mailbox::rules::{
    self, Answer, ClaimDigest, Command, CreateKey, NewMailbox, Party, ProofDigest,
    REMEMBERED_FORMER, REMEMBERED_REQUESTS, Record, Refusal, Unreadable, Version,
};
pub use wake::{LocalWakeups, Wakeups, Watch};

/// Keeps mailboxes. Each function is atomic: calls on one mailbox happen one after the other, whichever connection,
/// thread or relay they come from.
#[async_trait]
pub trait MailboxStore: Send + Sync + 'static {
    /// Keeps a mailbox unless an unexpired one was created under the same key.
    ///
    /// A key is remembered as long as its mailbox is there, and when that is deleted for as long as `room` says.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::ClientFull`] if there is no room; other [`StoreError`]s.
    async fn create(&self, new: Creation, room: &Room, now: u64) -> Result<Created, StoreError>;

    /// Runs [`rules::apply`] on the mailbox and keeps what it did, in one transaction; wakes those who watch it if the
    /// payload changed or the mailbox ended. A mailbox that is not there is [`Refusal::NotFound`]. What changes nothing is
    /// answered also where nothing can be written.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::ClientFull`] if a larger payload finds no room; other [`StoreError`]s.
    async fn apply(
        &self,
        id: MailboxId,
        command: Command,
        room: &Room,
        now: u64,
    ) -> Result<Applied, StoreError>;

    /// Who tells of what this store's mailboxes become.
    fn wakeups(&self) -> &dyn Wakeups;

    /// Erases what has expired, and says how many mailboxes that were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn sweep(&self, now: u64) -> Result<usize, StoreError>;

    /// Whether the store can be reached, can write, and has room for another mailbox.
    ///
    /// # Errors
    /// What a caller would meet.
    async fn ready(&self, room: &Room) -> Result<(), StoreError>;

    /// How much is kept, for the operator; none if that can't be said.
    async fn kept(&self) -> Option<Kept> {
        None
    }

    /// Called once at the end of the relay: whatever the store still has to do, such as closing a file.
    async fn close(&self) {}
}

/// A shared store, for whoever embeds a relay and wants to keep hold of it.
#[async_trait]
impl<S: MailboxStore + ?Sized> MailboxStore for Arc<S> {
    async fn create(&self, new: Creation, room: &Room, now: u64) -> Result<Created, StoreError> {
        (**self).create(new, room, now).await
    }

    async fn apply(
        &self,
        id: MailboxId,
        command: Command,
        room: &Room,
        now: u64,
    ) -> Result<Applied, StoreError> {
        (**self).apply(id, command, room, now).await
    }

    fn wakeups(&self) -> &dyn Wakeups {
        (**self).wakeups()
    }

    async fn sweep(&self, now: u64) -> Result<usize, StoreError> {
        (**self).sweep(now).await
    }

    async fn ready(&self, room: &Room) -> Result<(), StoreError> {
        (**self).ready(room).await
    }

    async fn kept(&self) -> Option<Kept> {
        (**self).kept().await
    }

    async fn close(&self) {
        (**self).close().await;
    }
}

/// A mailbox to be made.
#[derive(Debug, Clone)]
pub struct Creation {
    /// The request that makes it.
    pub key: CreateKey,
    /// Its name: fresh and random.
    pub id: MailboxId,
    /// What it holds.
    pub record: Record,
    /// For whom it counts.
    pub client: Client,
}

/// What [`MailboxStore::create`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The mailbox is kept.
    New,
    /// Nothing: the same request was processed before.
    Repeated {
        /// The mailbox that it made.
        id: MailboxId,
        /// Its payload's version, if it still exists.
        version: Option<Version>,
    },
}

/// What [`MailboxStore::apply`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// What the caller is told.
    pub answer: Result<Answer, Refusal>,
    /// Whom to notify.
    pub notify: Option<NotificationToken>,
}

/// How much a store keeps, of what counts at this relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Mailboxes, with those that have expired and are not swept yet.
    pub mailboxes: u64,
    /// What they take.
    pub bytes: u64,
}

/// Why a store could not do its work: not the caller's fault, so worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room for more.
    #[error("the store is full")]
    Full,
    /// No room for more of this client; others may have some.
    #[error("a client's part of the store is full")]
    ClientFull,
    /// No room on the disk.
    #[error("the store's disk is full")]
    DiskFull,
    /// What is written is not kept.
    #[error("the store can't write")]
    Failing,
    /// The store's file is not the one any more that was opened.
    #[error("the store's file was deleted, replaced or cut short")]
    Replaced,
    /// The store can't be reached.
    #[error("the store is unavailable")]
    Unavailable,
}
