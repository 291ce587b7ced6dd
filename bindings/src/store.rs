//! Where transfers are kept.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tigress::secret::Secret;
use zeroize::Zeroizing;

use crate::error::{TigressError, unexpected};

/// A record, as it was when it was loaded.
#[derive(Clone, PartialEq, Eq, Hash, uniffi::Record)]
#[uniffi::export(Display, Eq, Hash)]
pub struct StoredRecord {
    /// Names this state of the record; never reused for the same key.
    pub version: String,
    /// The bytes. They hold secrets: seal them.
    pub bytes: Vec<u8>,
}

/// Its version only.
impl fmt::Display for StoredRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredRecord({})", self.version)
    }
}

/// Why a store failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum StoreError {
    /// The record is not at the expected version: somebody else has written it.
    #[error("the record has another version")]
    Conflict,
    /// Another process holds the store. Try again.
    #[error("the store is busy")]
    Busy,
    /// Anything else, in the store's words.
    #[error("{reason}")]
    Failed {
        /// Without secrets.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for StoreError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed {
            reason: unexpected(&error),
        }
    }
}

impl From<StoreError> for tigress::StoreError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Conflict,
            StoreError::Busy => Self::Busy,
            StoreError::Failed { reason } => Self::Failed { reason },
        }
    }
}

impl From<tigress::StoreError> for StoreError {
    fn from(error: tigress::StoreError) -> Self {
        match error {
            tigress::StoreError::Conflict => Self::Conflict,
            tigress::StoreError::Busy => Self::Busy,
            other => Self::Failed {
                reason: other.to_string(),
            },
        }
    }
}

/// A compare-and-swap store of small records (up to some MiB), each under a key of at most 64 characters `a-z 0-9 -`.
/// Two processes, such as an app and its extension, may share one.
///
/// The functions may block and are called from several threads at once, never from the app's own. `save` and `delete`
/// must be durable and atomic when they return: a record is either as before or as given, also after a power cut. Each
/// must be idempotent in this sense: repeated after a failure whose effect is not known, it either succeeds or conflicts.
#[uniffi::export(rust, foreign)]
pub trait TransferStore: Send + Sync {
    /// The record, if there is one. Fails with `Busy` or `Failed`; a damaged or unreadable record is `Failed`, never
    /// none.
    fn load(&self, key: String) -> Result<Option<StoredRecord>, StoreError>;

    /// Writes the record if it is still at the version `expected` (none: if there is no record) and gives its new
    /// version. Fails with `Conflict` if it is not, else with `Busy` or `Failed`.
    fn save(
        &self,
        key: String,
        expected: Option<String>,
        bytes: Vec<u8>,
    ) -> Result<String, StoreError>;

    /// Removes the record if it is still at the version `expected`. Fails with `Conflict` if it is not, else with `Busy`
    /// or `Failed`.
    fn delete(&self, key: String, expected: String) -> Result<(), StoreError>;

    /// The keys of all records. Fails with `Busy` or `Failed`.
    fn list(&self) -> Result<Vec<String>, StoreError>;
}

/// A store in memory: for tests, and for apps that need nothing after their end.
#[uniffi::export]
#[must_use]
pub fn memory_store() -> Arc<dyn TransferStore> {
    Arc::new(BuiltIn(tigress::MemoryStore::default()))
}

/// A store in `folder`, which is made on first use: one sealed file a record (XChaCha20-Poly1305), atomic and durable,
/// shared safely by several processes. `key` has 32 bytes and seals every record: keep it where the platform keeps keys.
/// Fails with `bad_config` for a key of another length.
#[uniffi::export]
pub fn directory_store(
    folder: String,
    key: Vec<u8>,
) -> Result<Arc<dyn TransferStore>, TigressError> {
    let key = Zeroizing::new(key);
    let key = Secret::from_slice(&key).ok_or(TigressError::bad_config("a key has 32 bytes"))?;
    Ok(Arc::new(BuiltIn(tigress::DirectoryStore::new(folder, key))))
}

/// Keeps the key of a sealed store where the platform keeps keys.
#[uniffi::export(foreign)]
pub trait StoreKeyProvider: Send + Sync {
    /// Looks folder and key up and hands them to `opening`; wipes its own copy of the key then. Asked at the first use of
    /// the store, again after a failure, and never after that; may block. A key that is lost beside records is `Failed`,
    /// never a new key.
    fn unlock(&self, opening: Arc<StoreOpening>) -> Result<(), StoreError>;
}

/// A sealed store that waits for its folder and key.
#[derive(Default, uniffi::Object)]
pub struct StoreOpening(Mutex<Option<Arc<dyn TransferStore>>>);

#[uniffi::export]
impl StoreOpening {
    /// Gives the folder of the records, which is made when there is something to keep, and the key of 32 bytes. Fails with
    /// `Failed` for a key of another length.
    pub fn open(&self, folder: String, key: Vec<u8>) -> Result<(), StoreError> {
        let store = directory_store(folder, key).map_err(|error| StoreError::Failed {
            reason: error.to_string(),
        })?;
        *lock(&self.0) = Some(store);
        Ok(())
    }
}

/// The same store as by `directory_store`, whose folder and key are asked for at its first use. Of what is stored the other
/// language sees nothing but the key, once.
#[uniffi::export]
#[must_use]
pub fn keyed_store(provider: Arc<dyn StoreKeyProvider>) -> Arc<dyn TransferStore> {
    Arc::new(Keyed {
        provider,
        opened: Mutex::default(),
    })
}

/// What a panic of somebody else left is whole: it is only ever replaced.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Keyed {
    provider: Arc<dyn StoreKeyProvider>,
    opened: Mutex<Option<Arc<dyn TransferStore>>>,
}

impl Keyed {
    /// Opened under the lock: a platform's key store is not asked twice at once.
    fn store(&self) -> Result<Arc<dyn TransferStore>, StoreError> {
        let mut opened = lock(&self.opened);
        if let Some(store) = &*opened {
            return Ok(store.clone());
        }
        let opening = Arc::new(StoreOpening::default());
        self.provider.unlock(opening.clone())?;
        let store = lock(&opening.0).take().ok_or_else(|| StoreError::Failed {
            reason: "no folder and key were given".into(),
        })?;
        Ok(opened.insert(store).clone())
    }
}

impl TransferStore for Keyed {
    fn load(&self, key: String) -> Result<Option<StoredRecord>, StoreError> {
        self.store()?.load(key)
    }

    fn save(
        &self,
        key: String,
        expected: Option<String>,
        bytes: Vec<u8>,
    ) -> Result<String, StoreError> {
        self.store()?.save(key, expected, bytes)
    }

    fn delete(&self, key: String, expected: String) -> Result<(), StoreError> {
        self.store()?.delete(key, expected)
    }

    fn list(&self) -> Result<Vec<String>, StoreError> {
        self.store()?.list()
    }
}

/// A store of the core, for the other language.
struct BuiltIn<S>(S);

impl<S: tigress::TransferStore> TransferStore for BuiltIn<S> {
    fn load(&self, key: String) -> Result<Option<StoredRecord>, StoreError> {
        let record = self.0.load(&key)?;
        Ok(record.map(|mut record| StoredRecord {
            version: record.version,
            bytes: std::mem::take(&mut *record.bytes),
        }))
    }

    fn save(
        &self,
        key: String,
        expected: Option<String>,
        bytes: Vec<u8>,
    ) -> Result<String, StoreError> {
        let bytes = Zeroizing::new(bytes);
        Ok(self.0.save(&key, expected.as_deref(), &bytes)?)
    }

    fn delete(&self, key: String, expected: String) -> Result<(), StoreError> {
        Ok(self.0.delete(&key, &expected)?)
    }

    fn list(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.0.list()?)
    }
}

/// A store of the other language, for the core.
pub(crate) struct Foreign(pub(crate) Arc<dyn TransferStore>);

impl tigress::TransferStore for Foreign {
    fn load(&self, key: &str) -> Result<Option<tigress::StoredRecord>, tigress::StoreError> {
        let record = self.0.load(key.to_owned())?;
        Ok(record.map(|record| tigress::StoredRecord {
            version: record.version,
            bytes: Zeroizing::new(record.bytes),
        }))
    }

    fn save(
        &self,
        key: &str,
        expected: Option<&str>,
        bytes: &[u8],
    ) -> Result<String, tigress::StoreError> {
        let expected = expected.map(str::to_owned);
        Ok(self.0.save(key.to_owned(), expected, bytes.to_vec())?)
    }

    fn delete(&self, key: &str, expected: &str) -> Result<(), tigress::StoreError> {
        Ok(self.0.delete(key.to_owned(), expected.to_owned())?)
    }

    fn list(&self) -> Result<Vec<String>, tigress::StoreError> {
        Ok(self.0.list()?)
    }
}
