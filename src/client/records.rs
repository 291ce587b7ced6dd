//! The transfers' records: loaded, changed in one step, and stored if nobody else was faster.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::store::{StoreError, StoredRecord, TransferStore};
use super::{TransferClient, os_entropy};
use crate::Error;
use tigress_primitives::entropy::Entropy;
use tigress_primitives::secret::wipe;
use tigress_protocol::transfer::{Transfer, TransferId};

/// How often a step is tried again when another process was faster.
const MAX_CONFLICTS: usize = 16;

impl TransferClient {
    pub(super) async fn ids(&self) -> Result<Vec<TransferId>, Error> {
        let keys = self.blocking(|store| store.list()).await?;
        Ok(keys.iter().filter_map(|key| key.parse().ok()).collect())
    }

    /// Runs one store call, off the caller's thread if it may wait.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn TransferStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Error> {
        let store = Arc::clone(&self.0.store);
        let result = if store.blocks() {
            // Given back when the call ends, not when nobody waits for it any more.
            let turn = Arc::clone(&self.0.store_calls).acquire_owned().await;
            tokio::task::spawn_blocking(move || {
                let _turn = turn;
                call(&*store)
            })
            .await
        } else {
            Ok(call(&*store))
        };
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(StoreError::Conflict | StoreError::Busy)) => Err(Error::StoreBusy),
            Ok(Err(StoreError::Failed { reason })) => Err(Error::Store { reason }),
            Err(_) => Err(Error::Store {
                reason: "the store panicked".into(),
            }),
        }
    }

    pub(super) async fn load(
        &self,
        id: TransferId,
    ) -> Result<Option<(Transfer, StoredRecord)>, Error> {
        let key = id.to_string();
        let Some(record) = self.blocking(move |store| store.load(&key)).await? else {
            return Ok(None);
        };
        let transfer = Transfer::from_record(&record.bytes).map_err(|error| Error::Store {
            reason: error.to_string(),
        })?;
        Ok(Some((transfer, record)))
    }

    pub(super) async fn save(
        &self,
        transfer: &Transfer,
        expected: Option<String>,
    ) -> Result<String, Error> {
        self.store(transfer.id, transfer.to_record(), expected)
            .await
    }

    pub(super) async fn store(
        &self,
        id: TransferId,
        bytes: Zeroizing<Vec<u8>>,
        expected: Option<String>,
    ) -> Result<String, Error> {
        let key = id.to_string();
        let saved = self
            .blocking(move |store| {
                let saved = store.save(&key, expected.as_deref(), &bytes);
                wipe(bytes);
                saved
            })
            .await;
        self.has_changed();
        saved
    }

    /// Removes a record that nobody has changed since it was loaded.
    pub(super) async fn remove(&self, id: TransferId, record: StoredRecord) -> Result<(), Error> {
        let key = id.to_string();
        let removed = self
            .blocking(move |store| store.delete(&key, &record.version))
            .await;
        self.has_changed();
        removed
    }

    //= protocol/6.2-durable
    /// Loads a transfer, lets `step` change it, and stores what changed; all over again if another process was
    /// faster. What `step` decides counts only once this has returned.
    pub(super) async fn transact<T>(
        &self,
        id: TransferId,
        mut step: impl FnMut(&mut Transfer, u64, &mut Entropy) -> Result<T, Error>,
    ) -> Result<T, Error> {
        for _ in 0..MAX_CONFLICTS {
            let (mut transfer, record) = self.load(id).await?.ok_or(Error::unknown_transfer())?;
            let result = step(&mut transfer, self.now(), &mut os_entropy()?)?;
            let after: Zeroizing<Vec<u8>> = transfer.to_record();
            let unchanged = after == record.bytes;
            wipe(record.bytes);
            if unchanged {
                wipe(after);
                return Ok(result);
            }
            match self.store(id, after, Some(record.version)).await {
                Ok(_) => return Ok(result),
                Err(Error::StoreBusy) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::StoreBusy)
    }
}
