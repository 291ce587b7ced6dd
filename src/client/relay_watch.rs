//! What an app shows while its call goes on trying: why the relay does not answer.

use std::sync::Arc;

use tokio::sync::watch;

use super::TransferClient;
use super::live::Live;
use crate::{Error, TransferId};

/// Watches whether a transfer's relay answers.
pub struct RelayWatch {
    seen: watch::Receiver<Option<Error>>,
    /// Keeps the other end.
    _live: Arc<Live>,
}

impl std::fmt::Debug for RelayWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RelayWatch(..)")
    }
}

impl RelayWatch {
    /// What a call that goes on trying would fail with now; none if the relay has answered last, or was not asked.
    #[must_use]
    pub fn trouble(&self) -> Option<Error> {
        self.seen.borrow().clone()
    }

    /// Waits until it has become another than at the last call, or than none at the first, and gives it. May be
    /// cancelled.
    pub async fn changed(&mut self) -> Option<Error> {
        // The other end lives as long as this.
        let _ = self.seen.changed().await;
        self.seen.borrow_and_update().clone()
    }
}

impl TransferClient {
    /// Why this transfer's relay does not answer: `relay_unreachable`, with its kind, `relay_refused` or
    /// `untrusted_certificate`. Told at the latest 3 seconds after a request that should have been answered, while
    /// [`events`](Self::events) and the like go on trying; gone with the next answer. None for a transfer that this client
    /// has not asked for anything. Before [`create_invitation`](Self::create_invitation) or
    /// [`accept_invitation`](Self::accept_invitation), [`TransferId::of_idempotency_key`] and
    /// [`TransferId::of_invitation`] give the id.
    #[must_use]
    pub fn watch_relay(&self, id: TransferId) -> RelayWatch {
        let live = self.live(id);
        let mut seen = live.trouble.watch();
        // What stands between already is told, too.
        if seen.borrow().is_some() {
            seen.mark_changed();
        }
        RelayWatch { seen, _live: live }
    }
}
