//! The rows of the file: one for each mailbox and each remembered creation.

use rusqlite::{OptionalExtension as _, Statement, params};
use tigress_mailbox::MailboxId;
use uuid::Uuid;

use super::file::File;
use tigress_mailbox::rules::Unreadable;
use tigress_mailbox::rules::{CreateKey, Record};

/// When the creation of a mailbox that is there is forgotten.
const NOT_YET: i64 = i64::MAX;

/// Why a row can't be read or written.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

/// The statements that are run again and again, prepared once.
pub(super) struct Rows<'file> {
    load: Statement<'file>,
    insert: Statement<'file>,
    update: Statement<'file>,
    rewrite: Statement<'file>,
    begin: Statement<'file>,
    commit: Statement<'file>,
    erase: Statement<'file>,
    creation: Statement<'file>,
    remember: Statement<'file>,
    limit: Statement<'file>,
    forget: Statement<'file>,
    forget_expired: Statement<'file>,
    forget_oldest: Statement<'file>,
    expired: Statement<'file>,
}

impl<'file> Rows<'file> {
    pub(super) fn of(file: &'file File) -> rusqlite::Result<Self> {
        let prepare = |sql| file.prepare(sql);
        Ok(Self {
            load: prepare("SELECT record FROM mailbox WHERE id = ?1")?,
            insert: prepare(
                "INSERT INTO mailbox (id, expires, size, record) VALUES (?1, ?2, ?3, ?4)",
            )?,
            update: prepare(
                "UPDATE mailbox SET expires = ?2, size = ?3, record = ?4 WHERE id = ?1",
            )?,
            rewrite: prepare("UPDATE mailbox SET size = ?2, record = ?3 WHERE id = ?1")?,
            begin: prepare("BEGIN")?,
            commit: prepare("COMMIT")?,
            erase: prepare("DELETE FROM mailbox WHERE id = ?1")?,
            creation: prepare("SELECT id, expires FROM creation WHERE key = ?1")?,
            remember: prepare("INSERT INTO creation (key, id, expires) VALUES (?1, ?2, ?3)")?,
            limit: prepare("UPDATE creation SET expires = ?2 WHERE id = ?1")?,
            forget: prepare("DELETE FROM creation WHERE id = ?1")?,
            forget_expired: prepare("DELETE FROM creation WHERE expires <= ?1")?,
            forget_oldest: prepare(
                "DELETE FROM creation WHERE key = (SELECT key FROM creation ORDER BY expires LIMIT 1)",
            )?,
            expired: prepare(
                "SELECT id, size FROM mailbox WHERE expires <= ?1 ORDER BY expires LIMIT ?2",
            )?,
        })
    }

    pub(super) fn begin(&mut self) -> rusqlite::Result<()> {
        self.begin.execute([]).map(drop)
    }

    pub(super) fn commit(&mut self) -> rusqlite::Result<()> {
        self.commit.execute([]).map(drop)
    }

    pub(super) fn load(&mut self, id: MailboxId) -> Result<Option<Record>, RowError> {
        let mut rows = self.load.query([id.0.as_bytes()])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let bytes = row.get_ref(0)?.as_blob().map_err(|_| Unreadable::Damaged)?;
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

    /// Whose end is where it was: a column that is written at all has its index written anew.
    pub(super) fn rewrite(&mut self, id: MailboxId, record: &Record) -> rusqlite::Result<()> {
        let row = params![id.0.as_bytes(), record.size(), record.to_bytes()];
        self.rewrite.execute(row).map(drop)
    }

    pub(super) fn update(&mut self, id: MailboxId, record: &Record) -> rusqlite::Result<()> {
        let row = params![
            id.0.as_bytes(),
            time(record.expires()),
            record.size(),
            record.to_bytes()
        ];
        self.update.execute(row).map(drop)
    }

    pub(super) fn erase(&mut self, id: MailboxId) -> rusqlite::Result<()> {
        self.erase.execute([id.0.as_bytes()]).map(drop)
    }

    /// The mailbox that was created under the key, and when that is forgotten if it was deleted.
    pub(super) fn creation(
        &mut self,
        key: CreateKey,
    ) -> rusqlite::Result<Option<(MailboxId, Option<u64>)>> {
        let row = self.creation.query_row([&key.0], |row| {
            let expires: i64 = row.get(1)?;
            let expires = Some(expires).filter(|at| *at != NOT_YET);
            Ok((mailbox_id(row)?, expires.map(i64::cast_unsigned)))
        });
        row.optional()
    }

    pub(super) fn remember(&mut self, key: CreateKey, id: MailboxId) -> rusqlite::Result<()> {
        let row = params![&key.0, id.0.as_bytes(), NOT_YET];
        self.remember.execute(row).map(drop)
    }

    /// The creation of a mailbox that was deleted is forgotten then.
    pub(super) fn remember_until(&mut self, id: MailboxId, end: u64) -> rusqlite::Result<usize> {
        self.limit.execute(params![id.0.as_bytes(), time(end)])
    }

    pub(super) fn forget(&mut self, id: MailboxId) -> rusqlite::Result<()> {
        self.forget.execute([id.0.as_bytes()]).map(drop)
    }

    /// Forgets creations at their time, and says how many.
    pub(super) fn forget_expired(&mut self, now: u64) -> rusqlite::Result<usize> {
        self.forget_expired.execute([time(now)])
    }

    pub(super) fn forget_oldest(&mut self) -> rusqlite::Result<usize> {
        self.forget_oldest.execute([])
    }

    /// Expired mailboxes with their sizes, the longest expired first.
    pub(super) fn expired(
        &mut self,
        now: u64,
        most: usize,
    ) -> rusqlite::Result<Vec<(MailboxId, usize)>> {
        let rows = self.expired.query_map(params![time(now), most], |row| {
            Ok((mailbox_id(row)?, row.get(1)?))
        })?;
        rows.collect()
    }
}

fn mailbox_id(row: &rusqlite::Row<'_>) -> rusqlite::Result<MailboxId> {
    row.get::<_, [u8; 16]>(0)
        .map(|bytes| MailboxId(Uuid::from_bytes(bytes)))
}

/// SQLite's integers are signed.
fn time(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(NOT_YET).min(NOT_YET - 1)
}
