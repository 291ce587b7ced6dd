//! A folder with one sealed file a record.
//!
//! A file is a one-byte form, a 16-byte version, and the record under XChaCha20-Poly1305 with the caller's key;
//! the form, the record's key and its version are the associated data, so files can't be swapped. Writes go to
//! a new file that is synced and renamed; a lock file, held for one operation, makes compare-and-swap hold
//! between processes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::disk::{Disk, Files, create_private_folder, private};
use super::{StoreError, StoredRecord, TransferStore};
use crate::client::os_entropy;
use tigress_gss::crypto;
use tigress_primitives::secret::Secret;

const FORM: u8 = 1;
const VERSION_LEN: usize = 16;
const SUFFIX: &str = ".record";
/// Longest wait for another process's operation.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// A directory of sealed records, shared safely by several processes.
pub struct DirectoryStore {
    folder: PathBuf,
    key: Secret<32>,
    disk: Box<dyn Disk>,
}

impl std::fmt::Debug for DirectoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DirectoryStore(..)")
    }
}

impl DirectoryStore {
    /// A store in `folder`, which is made on first use (readable by its user alone, where the system has such
    /// a notion). The key seals every record: keep it where the platform keeps keys.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, key: Secret<32>) -> Self {
        Self::on(Files, folder, key)
    }

    pub(super) fn on(
        disk: impl Disk + 'static,
        folder: impl Into<PathBuf>,
        key: Secret<32>,
    ) -> Self {
        Self {
            folder: folder.into(),
            key,
            disk: Box::new(disk),
        }
    }

    /// Under one fixed name first: the lock is held, and what a kill left behind is removed.
    fn write_durably(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let fresh = self.folder.join("writing");
        let file = self.disk.write(&fresh, bytes)?;
        self.disk.sync(&fresh, &file)?;
        self.disk.rename(&fresh, path)?;
        self.disk.sync_folder(&self.folder)
    }

    fn path(&self, key: &str) -> Result<PathBuf, StoreError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if key.is_empty() || key.len() > 64 || !key.bytes().all(plain) {
            return Err(failed("not a record key"));
        }
        Ok(self.folder.join(format!("{key}{SUFFIX}")))
    }

    /// The lock is given back when the file is closed.
    fn lock(&self) -> Result<File, StoreError> {
        create_private_folder(&self.folder).map_err(|e| io_failed(&e))?;
        let file = private(OpenOptions::new().create(true).truncate(false).write(true))
            .open(self.folder.join("lock"))
            .map_err(|e| io_failed(&e))?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if start.elapsed() < LOCK_WAIT => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(TryLockError::WouldBlock) => return Err(StoreError::Busy),
                Err(TryLockError::Error(error)) => return Err(io_failed(&error)),
            }
        }
    }

    fn read(&self, key: &str) -> Result<Option<StoredRecord>, StoreError> {
        let file = match fs::read(self.path(key)?) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_failed(&error)),
        };
        let (version, sealed) = file
            .strip_prefix(&[FORM])
            .and_then(|rest| rest.split_at_checked(VERSION_LEN))
            .ok_or(failed("a record is of an unknown form"))?;
        let bytes = crypto::open(&self.key, &associated(key, version), sealed).ok_or(failed(
            "a record does not open: damaged, or sealed under another key",
        ))?;
        Ok(Some(StoredRecord {
            version: hex(version),
            bytes,
        }))
    }

    /// The version of the record as it is, without opening it.
    fn check(&self, key: &str, expected: Option<&str>) -> Result<(), StoreError> {
        let current = match File::open(self.path(key)?) {
            Ok(mut file) => {
                let mut head = [0; 1 + VERSION_LEN];
                io::Read::read_exact(&mut file, &mut head).map_err(|e| io_failed(&e))?;
                Some(hex(&head[1..]))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(io_failed(&error)),
        };
        if current.as_deref() == expected {
            Ok(())
        } else {
            Err(StoreError::Conflict)
        }
    }
}

impl TransferStore for DirectoryStore {
    fn load(&self, key: &str) -> Result<Option<StoredRecord>, StoreError> {
        // Renames are atomic: reading needs no lock.
        self.read(key)
    }

    fn save(&self, key: &str, expected: Option<&str>, bytes: &[u8]) -> Result<String, StoreError> {
        let path = self.path(key)?;
        let mut entropy = os_entropy().map_err(|_| failed("no randomness"))?;
        let version: [u8; VERSION_LEN] = entropy.bytes();
        let mut file = vec![FORM];
        file.extend(version);
        file.extend(crypto::seal(
            &self.key,
            &associated(key, &version),
            bytes,
            &mut entropy,
        ));
        let _lock = self.lock()?;
        self.check(key, expected)?;
        self.write_durably(&path, &file)
            .map_err(|e| io_failed(&e))?;
        Ok(hex(&version))
    }

    fn delete(&self, key: &str, expected: &str) -> Result<(), StoreError> {
        let path = self.path(key)?;
        let _lock = self.lock()?;
        self.check(key, Some(expected))?;
        self.disk
            .remove(&path)
            .and_then(|()| self.disk.sync_folder(&self.folder))
            .map_err(|e| io_failed(&e))
    }

    fn list(&self) -> Result<Vec<String>, StoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_failed(&error)),
        };
        let mut keys = Vec::new();
        for entry in entries {
            let name = entry.map_err(|e| io_failed(&e))?.file_name();
            if let Some(key) = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)) {
                keys.push(key.to_owned());
            }
        }
        Ok(keys)
    }
}

fn associated(key: &str, version: &[u8]) -> Vec<u8> {
    let mut data = b"tigress v1 record ".to_vec();
    data.push(FORM);
    data.extend(version);
    data.extend(key.as_bytes());
    data
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn failed(reason: &str) -> StoreError {
    StoreError::Failed {
        reason: reason.to_owned(),
    }
}

/// The kind of an I/O error only: its text may name paths.
fn io_failed(error: &io::Error) -> StoreError {
    failed(&error.kind().to_string())
}
