//! What this process knows of each transfer, beside its record.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::TransferClient;
use super::pace::Allowance;
use super::trouble::Trouble;
use tigress_protocol::transfer::{Slot, TransferId};

/// What it knows of one.
#[derive(Default)]
pub(super) struct Live {
    /// Held by whoever talks to the relay for this transfer.
    pub(super) slot: tokio::sync::Mutex<Slot>,
    /// Something was stored that a waiting poll should send.
    wake: Notify,
    allowance: Mutex<Allowance>,
    pub(super) trouble: Trouble,
}

impl Live {
    /// Forgets a wake-up for what was stored before: who looks at the record now sees it anyway.
    pub(super) fn sleep(&self) {
        std::pin::pin!(self.wake.notified()).enable();
    }

    pub(super) fn allowance(&self) -> MutexGuard<'_, Allowance> {
        self.allowance
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The app wants something of the other side.
    pub(super) fn wake(&self) {
        self.allowance().hurry();
        self.wake.notify_one();
    }

    /// Returns at once when the app wants something.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(super) async fn sleep_or_wake(&self, time: Duration) {
        let _ = tokio::time::timeout(time, self.woken()).await;
    }
}

impl TransferClient {
    pub(super) fn live(&self, id: TransferId) -> Arc<Live> {
        let mut live = self.0.live.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(live.entry(id).or_default())
    }
}
