//! The thread that owns the file.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rusqlite::ErrorCode;
use tigress::mailbox::MailboxId;
use tokio::sync::oneshot;

use super::super::record::{CreateKey, Record};
use super::super::rules::{self, Command, Effect, Refusal};
use super::super::{Applied, Created, KEYS_PER_MAILBOX, StoreError, Wakeups};
use super::Counted;
use super::file::{File, RowError, Rows, Totals};

/// Most calls in one transaction.
const BATCH: usize = 512;
/// Where several write at a time, a transaction waits for the next call as long as each follows the last within this,
const GAP: Duration = Duration::from_micros(200);
/// and no longer than this in all. A sync costs more than that on many disks, and a lone writer waits for nobody.
const GATHER: Duration = Duration::from_millis(2);

pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// A call of the store.
pub(super) enum Job {
    Create {
        key: CreateKey,
        id: MailboxId,
        record: Box<Record>,
        limit: usize,
        now: u64,
        reply: Reply<Created>,
    },
    Apply {
        id: MailboxId,
        command: Command,
        now: u64,
        reply: Reply<Applied>,
    },
    Sweep {
        now: u64,
        reply: Reply<usize>,
    },
    Ready {
        reply: Reply<()>,
    },
    Close {
        reply: Reply<()>,
    },
}

/// An answer that is given once it is known whether its transaction was kept.
type Pending = Box<dyn FnOnce(Result<(), StoreError>)>;

fn pending<T: 'static>(reply: Reply<T>, answer: Result<T, StoreError>) -> Pending {
    // Whoever asked may have gone.
    Box::new(move |kept| drop(reply.send(kept.and(answer))))
}

pub(super) struct Worker {
    file: File,
    totals: Totals,
    capacity: usize,
    wakeups: Arc<Wakeups>,
    counted: Arc<Counted>,
}

impl Worker {
    pub(super) fn new(
        file: File,
        capacity: usize,
        wakeups: Arc<Wakeups>,
        counted: Arc<Counted>,
    ) -> rusqlite::Result<Self> {
        // The thread prepares them again; a file for which that fails is refused before.
        drop(Rows::of(&file)?);
        let totals = file.totals()?;
        Ok(Self {
            file,
            totals,
            capacity,
            wakeups,
            counted,
        })
    }

    /// Works until it is closed or nobody can ask any more.
    pub(super) fn run(self, jobs: &Receiver<Job>) {
        let closed = self.work(jobs);
        self.forget_the_past();
        drop(self);
        if let Some(reply) = closed {
            let _ = reply.send(Ok(()));
        }
    }

    fn work(&self, jobs: &Receiver<Job>) -> Option<Reply<()>> {
        let rows = Rows::of(&self.file).inspect_err(|error| tracing::error!(%error, "store"));
        let mut rows = rows.ok()?;
        let mut totals = self.totals;
        let (mut writers, mut outdated) = (0, true);
        while let Some(jobs) = gather(jobs, writers > 1) {
            let mut batch = Batch::new(&mut rows, totals, self.capacity);
            let kept = self.in_one_transaction(&mut batch, jobs);
            writers = batch.writes;
            outdated |= writers > 0;
            if kept.is_ok() {
                totals = batch.totals;
                self.count(writers);
                batch.ended.iter().for_each(|id| self.wakeups.wake(*id));
            }
            if batch.swept && outdated {
                outdated = !self.forget_the_past();
            }
            batch.answers.into_iter().for_each(|answer| answer(kept));
            if batch.closed.is_some() {
                return batch.closed;
            }
        }
        None
    }

    /// Callers whose job is dropped are told that the store is unavailable.
    fn in_one_transaction(
        &self,
        batch: &mut Batch<'_, '_>,
        jobs: Vec<Job>,
    ) -> Result<(), StoreError> {
        let begun = self.file.execute("BEGIN").map_err(RowError::from);
        let run = begun.and_then(|()| jobs.into_iter().try_for_each(|job| batch.run(job)));
        let kept = run.and_then(|()| Ok(self.file.execute("COMMIT")?));
        kept.map_err(|error| {
            tracing::error!(%error, "store");
            // There may be no transaction any more: SQLite ends some by itself.
            let _ = self.file.execute("ROLLBACK");
            match error {
                RowError::Sqlite(error)
                    if error.sqlite_error_code() == Some(ErrorCode::DiskFull) =>
                {
                    StoreError::Full
                }
                _ => StoreError::Unavailable,
            }
        })
    }

    fn count(&self, writes: u64) {
        self.counted.writes.fetch_add(writes, Ordering::Relaxed);
        let synced = u64::from(writes > 0);
        self.counted.syncs.fetch_add(synced, Ordering::Relaxed);
    }

    /// The log may still hold what was erased or overwritten in the main file.
    fn forget_the_past(&self) -> bool {
        self.file.empty_log().unwrap_or_else(|error| {
            tracing::error!(%error, "store: the log is not emptied");
            false
        })
    }
}

/// The calls that have come in, once there is one.
fn gather(jobs: &Receiver<Job>, crowded: bool) -> Option<Vec<Job>> {
    let mut batch = vec![jobs.recv().ok()?];
    let mut writes = batch.iter().any(Job::may_write);
    let end = Instant::now() + GATHER;
    while batch.len() < BATCH {
        let patience = if crowded && writes {
            GAP.min(end.saturating_duration_since(Instant::now()))
        } else {
            Duration::ZERO
        };
        let Ok(job) = jobs.recv_timeout(patience) else {
            break;
        };
        writes |= job.may_write();
        batch.push(job);
    }
    Some(batch)
}

impl Job {
    fn may_write(&self) -> bool {
        match self {
            Self::Create { .. } => true,
            Self::Apply { command, .. } => !matches!(command, Command::Read { .. } | Command::Show),
            Self::Sweep { .. } | Self::Ready { .. } | Self::Close { .. } => false,
        }
    }
}

/// What one transaction does, and what is to be said once it is kept.
struct Batch<'rows, 'file> {
    rows: &'rows mut Rows<'file>,
    totals: Totals,
    capacity: usize,
    writes: u64,
    swept: bool,
    /// Mailboxes whose content ended: overwritten or erased.
    ended: Vec<MailboxId>,
    answers: Vec<Pending>,
    closed: Option<Reply<()>>,
}

type Ran<T> = Result<Result<T, StoreError>, RowError>;

impl<'rows, 'file> Batch<'rows, 'file> {
    fn new(rows: &'rows mut Rows<'file>, totals: Totals, capacity: usize) -> Self {
        Self {
            rows,
            totals,
            capacity,
            writes: 0,
            swept: false,
            ended: Vec::new(),
            answers: Vec::new(),
            closed: None,
        }
    }

    fn run(&mut self, job: Job) -> Result<(), RowError> {
        let answer = match job {
            Job::Create {
                key,
                id,
                record,
                limit,
                now,
                reply,
            } => pending(reply, self.create(key, id, &record, limit, now)?),
            Job::Apply {
                id,
                command,
                now,
                reply,
            } => pending(reply, self.apply(id, command, now)?),
            Job::Sweep { now, reply } => pending(reply, Ok(self.sweep(now)?)),
            Job::Ready { reply } => pending(reply, Ok(())),
            Job::Close { reply } => {
                self.closed = Some(reply);
                return Ok(());
            }
        };
        self.answers.push(answer);
        Ok(())
    }

    fn create(
        &mut self,
        key: CreateKey,
        id: MailboxId,
        record: &Record,
        limit: usize,
        now: u64,
    ) -> Ran<Created> {
        let before = self.rows.creation(key)?;
        if let Some((id, _)) = before.filter(|(_, expires)| *expires > now) {
            return Ok(self.load(id)?.map(|kept| {
                let version = kept.as_ref().map(Record::version);
                Created::Repeated { id, version }
            }));
        }
        let totals = &mut self.totals;
        let crowded =
            totals.mailboxes >= limit || totals.creations >= limit.saturating_mul(KEYS_PER_MAILBOX);
        if crowded || totals.bytes.saturating_add(record.size()) > self.capacity {
            return Ok(Err(StoreError::Full));
        }
        totals.mailboxes += 1;
        totals.creations += usize::from(before.is_none());
        totals.bytes += record.size();
        self.writes += 1;
        self.rows.remember(key, id, record.expires())?;
        self.rows.insert(id, record)?;
        Ok(Ok(Created::New))
    }

    fn apply(&mut self, id: MailboxId, command: Command, now: u64) -> Ran<Applied> {
        let mut record = match self.load(id)? {
            Ok(Some(record)) => record,
            Ok(None) => {
                let answer = Err(Refusal::NotFound);
                return Ok(Ok(Applied {
                    answer,
                    notify: None,
                }));
            }
            Err(error) => return Ok(Err(error)),
        };
        let (before, added) = (record.size(), command.size());
        let grown = self
            .totals
            .bytes
            .saturating_add(added)
            .saturating_sub(before);
        if added > 0 && grown > self.capacity {
            return Ok(Err(StoreError::Full));
        }
        let transition = rules::apply(&mut record, command, now);
        match transition.effect {
            Effect::Unchanged => {}
            Effect::Keep | Effect::KeepAndWake => self.update(id, &record, before)?,
            Effect::EraseAndWake => self.erase(id, before)?,
        }
        if transition.effect == Effect::KeepAndWake {
            self.ended.push(id);
        }
        Ok(Ok(Applied {
            answer: transition.answer,
            notify: transition.notify,
        }))
    }

    fn sweep(&mut self, now: u64) -> Result<usize, RowError> {
        let expired = self.rows.expired(now)?;
        for (id, size) in &expired {
            self.erase(*id, *size)?;
        }
        let forgotten = self.rows.forget(now)?;
        self.totals.creations = self.totals.creations.saturating_sub(forgotten);
        self.swept = true;
        Ok(expired.len())
    }

    /// One record that can't be read spoils nothing for others.
    fn load(&mut self, id: MailboxId) -> Ran<Option<Record>> {
        match self.rows.load(id) {
            Err(RowError::Damaged(error)) => {
                tracing::error!(%error, "store");
                Ok(Err(StoreError::Unavailable))
            }
            loaded => loaded.map(Ok),
        }
    }

    fn update(&mut self, id: MailboxId, record: &Record, before: usize) -> Result<(), RowError> {
        self.writes += 1;
        self.totals.bytes = self.totals.bytes.saturating_sub(before) + record.size();
        Ok(self.rows.update(id, record)?)
    }

    fn erase(&mut self, id: MailboxId, size: usize) -> Result<(), RowError> {
        self.writes += 1;
        self.totals.mailboxes = self.totals.mailboxes.saturating_sub(1);
        self.totals.bytes = self.totals.bytes.saturating_sub(size);
        self.ended.push(id);
        Ok(self.rows.erase(id)?)
    }
}
