//! A store that fails where a test says so.

use std::sync::{Arc, Mutex, PoisonError};

use tigress::{StoreError, StoredRecord, TransferStore};

type Fault = dyn Fn(usize) -> Option<StoreError> + Send + Sync;

/// Asks a function about each write, counted from 0: what it gives is the failure.
pub struct FaultyStore {
    inner: Arc<dyn TransferStore>,
    writes: Mutex<usize>,
    fault: Box<Fault>,
}

impl FaultyStore {
    /// Fails as `fault` says.
    pub fn new(
        inner: Arc<dyn TransferStore>,
        fault: impl Fn(usize) -> Option<StoreError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            inner,
            writes: Mutex::default(),
            fault: Box::new(fault),
        })
    }

    fn count(&self) -> usize {
        let mut writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        *writes += 1;
        *writes - 1
    }
}

impl TransferStore for FaultyStore {
    fn load(&self, key: &str) -> Result<Option<StoredRecord>, StoreError> {
        self.inner.load(key)
    }

    fn save(&self, key: &str, expected: Option<&str>, bytes: &[u8]) -> Result<String, StoreError> {
        match (self.fault)(self.count()) {
            Some(error) => Err(error),
            None => self.inner.save(key, expected, bytes),
        }
    }

    fn delete(&self, key: &str, expected: &str) -> Result<(), StoreError> {
        match (self.fault)(self.count()) {
            Some(error) => Err(error),
            None => self.inner.delete(key, expected),
        }
    }

    fn list(&self) -> Result<Vec<String>, StoreError> {
        self.inner.list()
    }
}
