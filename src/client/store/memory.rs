//! A store that ends with the process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use tigress_primitives::secret::wipe;

use super::{StoreError, StoredRecord, TransferStore};

/// Keeps records in memory only: for tests, and for transfers that need not outlive the process.
#[derive(Default)]
pub struct MemoryStore(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    records: HashMap<String, (u64, Zeroizing<Vec<u8>>)>,
    /// Versions are never reused, also not after a deletion.
    last_version: u64,
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryStore(..)")
    }
}

impl TransferStore for MemoryStore {
    fn load(&self, key: &str) -> Result<Option<StoredRecord>, StoreError> {
        Ok(self
            .inner()
            .records
            .get(key)
            .map(|(version, bytes)| StoredRecord {
                version: version.to_string(),
                bytes: bytes.clone(),
            }))
    }

    fn save(&self, key: &str, expected: Option<&str>, bytes: &[u8]) -> Result<String, StoreError> {
        let mut inner = self.inner();
        let current = inner.records.get(key).map(|(v, _)| v.to_string());
        if current.as_deref() != expected {
            return Err(StoreError::Conflict);
        }
        inner.last_version += 1;
        let version = inner.last_version;
        let record = (version, Zeroizing::new(bytes.to_vec()));
        if let Some((_, before)) = inner.records.insert(key.to_owned(), record) {
            wipe(before);
        }
        Ok(version.to_string())
    }

    fn delete(&self, key: &str, expected: &str) -> Result<(), StoreError> {
        let mut inner = self.inner();
        match inner.records.get(key) {
            Some((version, _)) if version.to_string() == expected => {
                inner.records.remove(key);
                Ok(())
            }
            _ => Err(StoreError::Conflict),
        }
    }

    fn list(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.inner().records.keys().cloned().collect())
    }

    fn blocks(&self) -> bool {
        false
    }
}
