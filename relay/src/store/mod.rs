//! Where mailboxes are kept. Every rule of the interface is in [`rules`]; a store only runs it atomically.

use std::sync::Arc;

use async_trait::async_trait;
use tigress::mailbox::{MailboxId, NotificationToken};

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod durable;
mod encoding;
mod memory;
mod record;
pub mod rules;
mod wake;

pub use durable::{DurableStore, Effort, OpenError};
pub use encoding::Damaged;
pub use memory::MemoryStore;
pub use record::{
    ClaimDigest, CreateKey, NewMailbox, Party, ProofDigest, REMEMBERED_FORMER, REMEMBERED_REQUESTS,
    Record, Version,
};
pub use rules::{Answer, Command, Refusal};
pub use wake::{Wakeups, Watch};

/// Bytes of content that our stores take by default: 512 MiB.
const DEFAULT_CAPACITY: usize = 512 * 1024 * 1024;
/// Remembered creations for each mailbox that may exist: those of deleted mailboxes count too.
const KEYS_PER_MAILBOX: usize = 4;

/// Keeps mailboxes. Each function is atomic: calls on one mailbox happen one after the other, whichever connection,
/// thread or relay they come from.
#[async_trait]
pub trait MailboxStore: Send + Sync + 'static {
    /// Keeps `record` as `id` unless an unexpired mailbox was created under the same `key`.
    ///
    /// A key is remembered until its mailbox would have expired, also when that is deleted before.
    ///
    /// # Errors
    /// [`StoreError::Full`] if there are `limit` mailboxes; [`StoreError::Unavailable`].
    async fn create(
        &self,
        key: CreateKey,
        id: MailboxId,
        record: Record,
        limit: usize,
        now: u64,
    ) -> Result<Created, StoreError>;

    /// Runs [`rules::apply`] on the mailbox and keeps what it did, in one transaction; wakes those who watch it if the
    /// payload changed or the mailbox ended. A mailbox that is not there is [`Refusal::NotFound`].
    ///
    /// # Errors
    /// [`StoreError::Full`] if a larger payload finds no room; [`StoreError::Unavailable`].
    async fn apply(&self, id: MailboxId, command: Command, now: u64)
    -> Result<Applied, StoreError>;

    /// Resolves when the mailbox's payload changes or it ends, from this call on. May resolve without a reason.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn watch(&self, id: MailboxId) -> Result<Watch, StoreError>;

    /// Erases what has expired, and says how many mailboxes that were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn sweep(&self, now: u64) -> Result<usize, StoreError>;

    /// Whether the store can be reached.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn ready(&self) -> Result<(), StoreError>;

    /// Called once at the end of the relay: whatever the store still has to do, such as closing a file.
    async fn close(&self) {}
}

/// A shared store, for whoever embeds a relay and wants to keep hold of it.
#[async_trait]
impl<S: MailboxStore + ?Sized> MailboxStore for Arc<S> {
    async fn create(
        &self,
        key: CreateKey,
        id: MailboxId,
        record: Record,
        limit: usize,
        now: u64,
    ) -> Result<Created, StoreError> {
        (**self).create(key, id, record, limit, now).await
    }

    async fn apply(
        &self,
        id: MailboxId,
        command: Command,
        now: u64,
    ) -> Result<Applied, StoreError> {
        (**self).apply(id, command, now).await
    }

    async fn watch(&self, id: MailboxId) -> Result<Watch, StoreError> {
        (**self).watch(id).await
    }

    async fn sweep(&self, now: u64) -> Result<usize, StoreError> {
        (**self).sweep(now).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        (**self).ready().await
    }

    async fn close(&self) {
        (**self).close().await;
    }
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

/// Why a store could not do its work: not the caller's fault, so worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room for more.
    #[error("the store is full")]
    Full,
    /// The store can't be reached.
    #[error("the store is unavailable")]
    Unavailable,
}
