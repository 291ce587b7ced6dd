//! Waking those who wait for a mailbox to change. A store of one process has [`LocalWakeups`]; where several relays share
//! a store, each must hear of the others' changes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tigress_mailbox::MailboxId;
use tokio::sync::watch;

use super::StoreError;

/// Tells of changes. The store makes them known as it keeps them, so none is kept and not told.
#[async_trait]
pub trait Wakeups: Send + Sync {
    /// Resolves when the mailbox's payload changes or it ends, from when this returns on. May resolve without a reason.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn watch(&self, id: MailboxId) -> Result<Watch, StoreError>;

    /// How long somebody waits at most before they look again by themselves, where a change might go untold.
    fn look_again(&self) -> Option<Duration> {
        None
    }
}

/// Resolves when the watched mailbox changes.
#[derive(Debug)]
pub struct Watch(watch::Receiver<()>);

impl Watch {
    /// Waits for the next change since the watch was made.
    pub async fn changed(mut self) {
        // An error means that the sender is gone, which is how waiters are woken.
        let _ = self.0.changed().await;
    }
}

/// Waiters of this process, by mailbox.
#[derive(Debug, Default)]
pub struct LocalWakeups(Mutex<HashMap<MailboxId, watch::Sender<()>>>);

#[async_trait]
impl Wakeups for LocalWakeups {
    async fn watch(&self, id: MailboxId) -> Result<Watch, StoreError> {
        Ok(self.watch_now(id))
    }
}

impl LocalWakeups {
    fn waiting(&self) -> MutexGuard<'_, HashMap<MailboxId, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches a mailbox from now on.
    pub fn watch_now(&self, id: MailboxId) -> Watch {
        let mut waiting = self.waiting();
        let sender = waiting.entry(id).or_insert_with(|| watch::channel(()).0);
        Watch(sender.subscribe())
    }

    /// Wakes all who watch the mailbox.
    pub fn wake(&self, id: MailboxId) {
        self.waiting().remove(&id);
    }

    /// Forgets mailboxes that nobody watches any more.
    pub fn tidy(&self) {
        self.waiting()
            .retain(|_, sender| sender.receiver_count() > 0);
    }

    /// Wakes all who watch anything.
    #[cfg(feature = "redis")]
    pub(super) fn wake_all(&self) {
        self.waiting().clear();
    }

    #[cfg(feature = "redis")]
    pub(super) fn is_watched(&self, id: MailboxId) -> bool {
        self.waiting().contains_key(&id)
    }
}
