//! Where transfers are kept. Apps may bring their own.

mod directory;
mod disk;
mod memory;
#[cfg(test)]
mod tests;

use zeroize::Zeroizing;

pub use directory::DirectoryStore;
pub use memory::MemoryStore;

/// A record, as it was when it was loaded.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Names this state of the record; never reused for the same key.
    pub version: String,
    /// The bytes. They hold secrets.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for StoredRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredRecord")
            .field("version", &self.version)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// Why a store failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The record is not at the expected version: somebody else has written it.
    #[error("the record has another version")]
    Conflict,
    /// Another process holds the store; try again.
    #[error("the store is busy")]
    Busy,
    /// Anything else, in the store's words.
    #[error("{reason}")]
    Failed {
        /// Without secrets.
        reason: String,
    },
}

/// A compare-and-swap store of small records (up to some MiB), each under a key of at most 64 characters
/// `a-z 0-9 -`. Two processes, such as an app and its extension, may share one.
///
/// The methods may block; they are called off the caller's thread, unless [`Self::blocks`] says no. `save` and `delete` must be durable and
/// atomic when they return: a record is either as before or as given, also after a power cut. Each must be
/// idempotent in this sense: repeated after a failure whose effect is not known, it either succeeds or
/// conflicts.
pub trait TransferStore: Send + Sync {
    /// The record, if there is one.
    ///
    /// # Errors
    /// `Busy` or `Failed`; a damaged or unreadable record is `Failed`, never "none".
    fn load(&self, key: &str) -> Result<Option<StoredRecord>, StoreError>;

    /// Writes the record if it is still at `expected` (`None`: if there is none) and gives its new version.
    ///
    /// # Errors
    /// `Conflict` if it is not; `Busy` or `Failed`.
    fn save(&self, key: &str, expected: Option<&str>, bytes: &[u8]) -> Result<String, StoreError>;

    /// Removes the record if it is still at `expected`.
    ///
    /// # Errors
    /// `Conflict` if it is not; `Busy` or `Failed`.
    fn delete(&self, key: &str, expected: &str) -> Result<(), StoreError>;

    /// The keys of all records.
    ///
    /// # Errors
    /// `Busy` or `Failed`.
    fn list(&self) -> Result<Vec<String>, StoreError>;

    /// Whether a call may wait, for a disk, another process or a foreign language. One that never does is spared the
    /// way to another thread and back.
    fn blocks(&self) -> bool {
        true
    }
}
