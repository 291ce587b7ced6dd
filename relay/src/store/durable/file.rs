//! The file: an SQLite database with one row for each mailbox and each remembered creation.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Statement, params};
use tigress::mailbox::MailboxId;
use uuid::Uuid;

use super::super::encoding::Damaged;
use super::super::record::{CreateKey, Record};

/// Marks the file as ours ("TIGR").
const APPLICATION: i64 = 0x5449_4752;
/// Layout of the tables.
const LAYOUT: i64 = 1;

/// - The log is synced with every commit (`synchronous` FULL): a commit survives a loss of power.
/// - The file is locked from the first access to the end.
/// - What is erased is overwritten, and no copy of it goes to temporary files.
const SETTINGS: &str = "
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;";

const TABLES: &str = "
    CREATE TABLE mailbox (
        id BLOB PRIMARY KEY, expires INTEGER NOT NULL, size INTEGER NOT NULL, record BLOB NOT NULL);
    CREATE INDEX mailbox_expires ON mailbox (expires);
    CREATE TABLE creation (
        key BLOB PRIMARY KEY, id BLOB NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX creation_expires ON creation (expires);";

/// Why a store's file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("{} is in use by another relay", path.display())]
    InUse {
        /// As given.
        path: PathBuf,
    },
    /// It is something else, or not whole any more.
    #[error("{} is not a relay's store, or is damaged", path.display())]
    Damaged {
        /// As given.
        path: PathBuf,
    },
    /// A later version of the relay made it.
    #[error("{} was made by a newer relay", path.display())]
    Newer {
        /// As given.
        path: PathBuf,
    },
    /// It can't be read or written.
    #[error("cannot use {}: {reason}", path.display())]
    Failed {
        /// As given.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
}

impl OpenError {
    pub(super) fn failed(path: &Path, error: &dyn std::fmt::Display) -> Self {
        let (path, reason) = (path.to_owned(), error.to_string());
        Self::Failed { path, reason }
    }

    pub(super) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        let at = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse { path: at },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { path: at }
            }
            _ => Self::failed(path, error),
        }
    }
}

/// The open file.
#[derive(Debug)]
pub(super) struct File(Connection);

/// How much a file holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) mailboxes: usize,
    pub(super) creations: usize,
    pub(super) bytes: usize,
}

impl File {
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        make_private(path).map_err(|error| OpenError::failed(path, &error))?;
        let of = |error: rusqlite::Error| OpenError::of(path, &error);
        let connection = Connection::open(path).map_err(of)?;
        // Whoever has the file keeps it: waiting is of no use.
        connection
            .busy_timeout(std::time::Duration::ZERO)
            .map_err(of)?;
        connection.execute_batch(SETTINGS).map_err(of)?;
        connection
            .execute_batch("BEGIN EXCLUSIVE; COMMIT")
            .map_err(of)?;
        let mark = (
            pragma(&connection, "application_id"),
            pragma(&connection, "user_version"),
        );
        match mark {
            (Ok(0), Ok(0)) if is_empty(&connection).map_err(of)? => {
                let marks = format!(
                    "PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {LAYOUT};"
                );
                let all = format!("BEGIN EXCLUSIVE; {TABLES} {marks} COMMIT");
                connection.execute_batch(&all).map_err(of)?;
            }
            (Ok(APPLICATION), Ok(LAYOUT)) => check(&connection, path)?,
            (Ok(APPLICATION), Ok(layout)) if layout > LAYOUT => {
                return Err(OpenError::Newer {
                    path: path.to_owned(),
                });
            }
            (Err(error), _) | (_, Err(error)) => return Err(of(error)),
            _ => {
                return Err(OpenError::Damaged {
                    path: path.to_owned(),
                });
            }
        }
        Ok(Self(connection))
    }

    pub(super) fn totals(&self) -> rusqlite::Result<Totals> {
        let sql = "SELECT (SELECT count(*) FROM mailbox), (SELECT count(*) FROM creation), \
                   (SELECT coalesce(sum(size), 0) FROM mailbox)";
        self.0.query_row(sql, [], |row| {
            Ok(Totals {
                mailboxes: row.get(0)?,
                creations: row.get(1)?,
                bytes: row.get(2)?,
            })
        })
    }

    pub(super) fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.0.execute_batch(sql)
    }

    /// Whether everything that was written is in the main file and the log, which may still hold what was erased, is empty.
    pub(super) fn empty_log(&self) -> rusqlite::Result<bool> {
        let busy: i64 = self
            .0
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(busy == 0)
    }
}

/// A database that others may not read is made so before anything is in it.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| {
        row.get(0)
    })
}

/// Looks through the whole file once, so that damage shows at the start and not in the middle of a transfer.
fn check(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let found = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match found {
        Ok(found) if found == "ok" => Ok(()),
        Ok(_) => Err(OpenError::Damaged {
            path: path.to_owned(),
        }),
        Err(error) => Err(OpenError::of(path, &error)),
    }
}

/// Why a row can't be read or written.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Damaged(#[from] Damaged),
}

/// The statements that are run again and again, prepared once.
pub(super) struct Rows<'file> {
    load: Statement<'file>,
    insert: Statement<'file>,
    update: Statement<'file>,
    erase: Statement<'file>,
    creation: Statement<'file>,
    remember: Statement<'file>,
    expired: Statement<'file>,
    forget: Statement<'file>,
}

impl<'file> Rows<'file> {
    pub(super) fn of(file: &'file File) -> rusqlite::Result<Self> {
        let prepare = |sql| file.0.prepare(sql);
        Ok(Self {
            load: prepare("SELECT record FROM mailbox WHERE id = ?1")?,
            insert: prepare(
                "INSERT INTO mailbox (id, expires, size, record) VALUES (?1, ?2, ?3, ?4)",
            )?,
            update: prepare("UPDATE mailbox SET size = ?2, record = ?3 WHERE id = ?1")?,
            erase: prepare("DELETE FROM mailbox WHERE id = ?1")?,
            creation: prepare("SELECT id, expires FROM creation WHERE key = ?1")?,
            remember: prepare("REPLACE INTO creation (key, id, expires) VALUES (?1, ?2, ?3)")?,
            expired: prepare("SELECT id, size FROM mailbox WHERE expires <= ?1")?,
            forget: prepare("DELETE FROM creation WHERE expires <= ?1")?,
        })
    }

    pub(super) fn load(&mut self, id: MailboxId) -> Result<Option<Record>, RowError> {
        let mut rows = self.load.query([id.0.as_bytes()])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let bytes = row.get_ref(0)?.as_blob().map_err(|_| Damaged)?;
        Ok(Some(Record::from_bytes(bytes)?))
    }

    pub(super) fn insert(&mut self, id: MailboxId, record: &Record) -> rusqlite::Result<()> {
        let row = params![
            id.0.as_bytes(),
            time(record.expires()),
            record.size(),
            record.to_bytes()
        ];
        self.insert.execute(row).map(drop)
    }

    pub(super) fn update(&mut self, id: MailboxId, record: &Record) -> rusqlite::Result<()> {
        let row = params![id.0.as_bytes(), record.size(), record.to_bytes()];
        self.update.execute(row).map(drop)
    }

    pub(super) fn erase(&mut self, id: MailboxId) -> rusqlite::Result<()> {
        self.erase.execute([id.0.as_bytes()]).map(drop)
    }

    /// The mailbox that was created under the key, and when that is forgotten.
    pub(super) fn creation(
        &mut self,
        key: CreateKey,
    ) -> rusqlite::Result<Option<(MailboxId, u64)>> {
        let row = self
            .creation
            .query_row([&key.0], |row| Ok((mailbox_id(row)?, row.get(1)?)));
        row.optional()
    }

    pub(super) fn remember(
        &mut self,
        key: CreateKey,
        id: MailboxId,
        expires: u64,
    ) -> rusqlite::Result<()> {
        let row = params![&key.0, id.0.as_bytes(), time(expires)];
        self.remember.execute(row).map(drop)
    }

    /// Expired mailboxes with their sizes.
    pub(super) fn expired(&mut self, now: u64) -> rusqlite::Result<Vec<(MailboxId, usize)>> {
        let rows = self
            .expired
            .query_map([time(now)], |row| Ok((mailbox_id(row)?, row.get(1)?)))?;
        rows.collect()
    }

    /// Forgets expired creations, and says how many.
    pub(super) fn forget(&mut self, now: u64) -> rusqlite::Result<usize> {
        self.forget.execute([time(now)])
    }
}

fn mailbox_id(row: &rusqlite::Row<'_>) -> rusqlite::Result<MailboxId> {
    row.get::<_, [u8; 16]>(0)
        .map(|bytes| MailboxId(Uuid::from_bytes(bytes)))
}

/// SQLite's integers are signed.
fn time(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
