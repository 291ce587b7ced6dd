//! What an app shows as a list: the transfers, as they change.

use tokio::sync::watch;

use super::TransferClient;
use crate::{Error, TransferSummary};

/// Watches all transfers of a client's store.
pub struct TransfersWatch {
    client: TransferClient,
    changes: watch::Receiver<u64>,
    told: Option<Vec<TransferSummary>>,
}

impl std::fmt::Debug for TransfersWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TransfersWatch(..)")
    }
}

impl TransfersWatch {
    /// All transfers, as [`TransferClient::transfers`] gives them: at once the first time, then when they are others than those
    /// it gave last. Changes that come one after the other may be told together. May be cancelled.
    ///
    /// # Errors
    /// `store`, `store_busy`; the next call looks again.
    pub async fn next(&mut self) -> Result<Vec<TransferSummary>, Error> {
        loop {
            if self.told.is_some() {
                // The other end lives as long as the client.
                let _ = self.changes.changed().await;
            }
            // Marked before it is looked at: a change in between is told, too.
            self.changes.mark_unchanged();
            let all = self
                .client
                .transfers()
                .await
                .inspect_err(|_| self.changes.mark_changed())?;
            if self.told.as_ref() != Some(&all) {
                self.told = Some(all.clone());
                return Ok(all);
            }
        }
    }
}

impl TransferClient {
    /// Watches what [`transfers`](Self::transfers) gives. What another process changes is seen with this client's next change,
    /// or by a new watch.
    #[must_use]
    pub fn watch_transfers(&self) -> TransfersWatch {
        TransfersWatch {
            client: self.clone(),
            changes: self.0.changes.subscribe(),
            told: None,
        }
    }

    /// Something in the store is another than it was.
    pub(super) fn has_changed(&self) {
        self.0
            .changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }
}
