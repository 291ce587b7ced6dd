//! A store of one's own: transfers in an SQLite file, which several processes may share.
//!
//! usage: cargo run --example sqlite_store -- FILE     names the records in it
//!
//! The records hold secrets, and this file is not sealed: it belongs where only the app can read it.

use std::error::Error;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, TransactionBehavior, params};
use tigress::{StoreError, StoredRecord, TransferStore};

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: sqlite_store FILE")?;
    for key in SqliteStore::open(Path::new(&file))?.list()? {
        println!("{key}");
    }
    Ok(())
}

pub(crate) struct SqliteStore(Mutex<Connection>);

/// A version is used once, whatever was deleted meanwhile; what is deleted is overwritten.
const SCHEMA: &str = "PRAGMA secure_delete = ON;
    CREATE TABLE IF NOT EXISTS records (key TEXT PRIMARY KEY, version INTEGER NOT NULL, bytes BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS versions (number INTEGER PRIMARY KEY AUTOINCREMENT);";

impl SqliteStore {
    pub(crate) fn open(file: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(file)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Mutex::new(connection)))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TransferStore for SqliteStore {
    fn load(&self, key: &str) -> Result<Option<StoredRecord>, StoreError> {
        let record = |row: &rusqlite::Row<'_>| {
            Ok(StoredRecord {
                version: row.get::<_, i64>(0)?.to_string(),
                bytes: row.get::<_, Vec<u8>>(1)?.into(),
            })
        };
        let select = "SELECT version, bytes FROM records WHERE key = ?1";
        let found = self.connection().query_row(select, [key], record);
        found.optional().map_err(failed)
    }

    fn save(&self, key: &str, expected: Option<&str>, bytes: &[u8]) -> Result<String, StoreError> {
        let mut connection = self.connection();
        let all = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        all.execute("INSERT INTO versions DEFAULT VALUES", [])
            .map_err(failed)?;
        let version = all.last_insert_rowid();
        all.execute("DELETE FROM versions", []).map_err(failed)?;
        let saved = match expected {
            None => all.execute(
                "INSERT INTO records VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![key, version, bytes],
            ),
            Some(expected) => all.execute(
                "UPDATE records SET version = ?2, bytes = ?3 WHERE key = ?1 AND version = ?4",
                params![key, version, bytes, expected],
            ),
        };
        if saved.map_err(failed)? == 0 {
            return Err(StoreError::Conflict);
        }
        all.commit().map_err(failed)?;
        Ok(version.to_string())
    }

    fn delete(&self, key: &str, expected: &str) -> Result<(), StoreError> {
        let delete = "DELETE FROM records WHERE key = ?1 AND version = ?2";
        match self.connection().execute(delete, [key, expected]) {
            Ok(0) => Err(StoreError::Conflict),
            deleted => deleted.map(drop).map_err(failed),
        }
    }

    fn list(&self) -> Result<Vec<String>, StoreError> {
        let connection = self.connection();
        let mut select = connection
            .prepare("SELECT key FROM records")
            .map_err(failed)?;
        let keys = select.query_map([], |row| row.get(0)).map_err(failed)?;
        keys.collect::<Result<_, _>>().map_err(failed)
    }
}

/// Without a word of what is stored.
fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        _ => StoreError::Failed {
            reason: error.to_string(),
        },
    }
}
