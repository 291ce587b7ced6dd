//! Waking those who wait for a mailbox to change.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tigress_mailbox::MailboxId;
use tokio::sync::watch;

/// Waiters of this process, by mailbox: for stores to use.
#[derive(Debug, Default)]
pub struct Wakeups(Mutex<HashMap<MailboxId, watch::Sender<()>>>);

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

impl Wakeups {
    /// Watches a mailbox from now on.
    pub fn watch(&self, id: MailboxId) -> Watch {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Watch(
            waiting
                .entry(id)
                .or_insert_with(|| watch::channel(()).0)
                .subscribe(),
        )
    }

    /// Wakes all who watch the mailbox.
    pub fn wake(&self, id: MailboxId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }

    /// Forgets mailboxes that nobody watches any more.
    pub fn tidy(&self) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, sender| sender.receiver_count() > 0);
    }
}
