//! The file: an SQLite database.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, Statement};

use super::error::OpenError;
use super::log::{self, Claimed};
use super::mark::{APPLICATION, Found, Identity, LAYOUT, Misplaced, Watched, beside, look};

/// - The log is synced with every commit (`synchronous` FULL): a commit survives a loss of power.
/// - The file is locked from the first access to the end.
/// - What is erased is overwritten, and no copy of it goes to temporary files.
const SETTINGS: &str = "
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
    CREATE INDEX creation_expires ON creation (expires);
    CREATE INDEX creation_id ON creation (id);";

/// What layout 2 has and layout 1 had not.
const SINCE_1: &str = "
    CREATE INDEX creation_id ON creation (id);
    UPDATE creation SET expires = 9223372036854775807 WHERE id IN (SELECT id FROM mailbox);";

/// Files that this process has open. Closing a file once more, even if it was only read, would give up the process's
/// lock on it.
static OPEN: Mutex<Option<HashSet<Identity>>> = Mutex::new(None);

/// The open file.
#[derive(Debug)]
pub(super) struct File {
    connection: Connection,
    identity: Identity,
    main: Watched,
    log: Option<Watched>,
}

/// How much a file holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) mailboxes: usize,
    pub(super) bytes: usize,
    /// Creations whose mailbox was deleted.
    pub(super) deleted: usize,
}

impl File {
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        if Identity::of(path).is_ok_and(is_open) {
            let path = path.to_owned();
            return Err(OpenError::InUse { path });
        }
        // SQLite's own files are beside what a link leads to.
        let real = path.canonicalize();
        let path = real.as_deref().unwrap_or(path);
        let found = look(path)?;
        let identity = Identity::of(path).map_err(|error| OpenError::failed(path, &error))?;
        let claimed = log::claimed(&beside(path, "-wal"));
        let of = |error: rusqlite::Error| OpenError::of(path, &error);
        let connection = connect(path, found).map_err(of)?;
        tell_damage(&connection, claimed).map_err(of)?;
        let mark = (
            pragma(&connection, "application_id").map_err(of)?,
            pragma(&connection, "user_version").map_err(of)?,
        );
        let at = path.to_owned();
        match mark {
            (APPLICATION, LAYOUT) => check(&connection, path)?,
            (APPLICATION, 1) => {
                check(&connection, path)?;
                let sql =
                    format!("BEGIN EXCLUSIVE; {SINCE_1} PRAGMA user_version = {LAYOUT}; COMMIT");
                connection.execute_batch(&sql).map_err(of)?;
            }
            (APPLICATION, layout) if layout > LAYOUT => return Err(OpenError::Newer { path: at }),
            _ => return Err(OpenError::Damaged { path: at }),
        }
        let main = Watched::begin(at).map_err(|error| OpenError::failed(path, &error))?;
        remember_open(identity);
        Ok(Self {
            connection,
            log: Watched::begin(beside(path, "-wal")).ok(),
            main,
            identity,
        })
    }

    pub(super) fn totals(&self) -> rusqlite::Result<Totals> {
        let sql = "SELECT (SELECT count(*) FROM mailbox), (SELECT coalesce(sum(size), 0) FROM mailbox), \
                   (SELECT count(*) FROM creation WHERE expires < 9223372036854775807)";
        self.connection.query_row(sql, [], |row| {
            Ok(Totals {
                mailboxes: row.get(0)?,
                bytes: row.get(1)?,
                deleted: row.get(2)?,
            })
        })
    }

    pub(super) fn prepare(&self, sql: &str) -> rusqlite::Result<Statement<'_>> {
        self.connection.prepare(sql)
    }

    pub(super) fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.execute_batch(sql)
    }

    /// A write that changes nothing: whether the disk takes one.
    pub(super) fn try_to_write(&self) -> rusqlite::Result<()> {
        self.execute(&format!("PRAGMA user_version = {LAYOUT}"))
    }

    /// Whether the path still leads to the files that were opened, and they are as long as they were. What is written to
    /// others is lost when they are closed, and what is missing in these is lost already.
    pub(super) fn look(&self) -> Result<(), Misplaced> {
        self.main.look()?;
        self.log.as_ref().map_or(Ok(()), Watched::look)
    }

    /// Whether everything that was written is in the main file and the log, which may still hold what was erased, is empty.
    pub(super) fn empty_log(&self) -> rusqlite::Result<bool> {
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: i64 = self.connection.query_row(sql, [], |row| row.get(0))?;
        if let (0, Some(log)) = (busy, &self.log) {
            log.emptied();
        }
        Ok(busy == 0)
    }

    #[cfg(test)]
    pub(super) fn setting(&self, name: &str) -> String {
        let value = self
            .connection
            .pragma_query_value(None, name, |row| row.get(0));
        match value.unwrap() {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.get_or_insert_default().remove(&self.identity);
    }
}

fn is_open(file: Identity) -> bool {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.as_ref().is_some_and(|open| open.contains(&file))
}

fn remember_open(file: Identity) {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.get_or_insert_default().insert(file);
}

/// Locks the file; an empty one becomes a store in one transaction, which marks it as ours before it has a log.
fn connect(path: &Path, found: Found) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    // Whoever has the file keeps it: waiting is of no use.
    connection.busy_timeout(std::time::Duration::ZERO)?;
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT")?;
    if found == Found::Empty && is_empty(&connection)? {
        let marks =
            format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {LAYOUT};");
        let all = format!("BEGIN EXCLUSIVE; {TABLES} {marks} COMMIT");
        connection.execute_batch(&all)?;
    }
    connection.execute_batch(SETTINGS)?;
    connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
    Ok(connection)
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| {
        row.get(0)
    })
}

/// Says in the log if something is missing that was kept. There is no way to get it back.
fn tell_damage(connection: &Connection, claimed: Claimed) -> rusqlite::Result<()> {
    let sql = "PRAGMA wal_checkpoint(PASSIVE)";
    let taken: i64 = connection.query_row(sql, [], |row| row.get(1))?;
    match claimed {
        Claimed::Nothing => {}
        Claimed::Unreadable => {
            tracing::error!("the store's log is damaged: what was written last is lost");
        }
        Claimed::Frames(frames) if u64::try_from(taken).is_ok_and(|taken| taken >= frames) => {}
        Claimed::Frames(frames) => tracing::error!(
            taken,
            frames,
            "the store's log is damaged: the end of what was written last is lost"
        ),
    }
    Ok(())
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
