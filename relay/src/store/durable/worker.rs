//! The thread that owns the file.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::ErrorCode;
use tokio::sync::oneshot;

use super::super::room::Ledger;
use super::super::{LocalWakeups, StoreError};
use super::Counted;
use super::batch::Batch;
use super::committed::Committed;
use super::file::File;
use super::job::{Done, Job, Task};
use super::mark::Misplaced;
use super::reserve::Reserve;
use super::rows::{RowError, Rows};

/// Most calls in one transaction.
const BATCH: usize = 512;
/// Where several write at a time, a transaction waits for the next call as long as each follows the last within this,
const GAP: Duration = Duration::from_micros(200);
/// and no longer than this in all. A sync costs more than that on many disks, and a lone writer waits for nobody.
const GATHER: Duration = Duration::from_millis(2);

pub(super) struct Worker {
    file: File,
    reserve: Reserve,
    state: State,
    told: Told,
}

/// What others see of the thread's work.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) wakeups: Arc<LocalWakeups>,
    pub(super) counted: Arc<Counted>,
    pub(super) committed: Arc<Committed>,
}

/// What the thread knows beside the file.
#[derive(Default)]
struct State {
    ledger: Ledger,
    /// Remembered creations whose mailbox was deleted.
    deleted: usize,
    /// Why the last write was not kept.
    trouble: Option<StoreError>,
    /// What was done to the file underneath.
    misplaced: Option<Misplaced>,
}

impl Worker {
    pub(super) fn new(file: File, reserve: Reserve, told: Told) -> rusqlite::Result<Self> {
        // The thread prepares them again; a file for which that fails is refused before.
        drop(Rows::of(&file)?);
        let totals = file.totals()?;
        let state = State {
            ledger: Ledger::found(totals.mailboxes, totals.bytes),
            deleted: totals.deleted,
            ..State::default()
        };
        Ok(Self {
            file,
            reserve,
            state,
            told,
        })
    }

    /// Works until it is closed or nobody can ask any more.
    pub(super) fn run(self, jobs: &Receiver<Job>) {
        let Self {
            file,
            mut reserve,
            mut state,
            told,
        } = self;
        // Dropped before the file, however this ends: then the file may be another's.
        let only_while_open = OnlyWhileOpen(&told.committed);
        reserve.take();
        let closed = match Rows::of(&file) {
            Ok(rows) => Work {
                file: &file,
                rows,
                reserve: &mut reserve,
                state: &mut state,
                told: &told,
            }
            .until_closed(jobs),
            Err(error) => {
                tracing::error!(%error, "store");
                None
            }
        };
        drop(only_while_open);
        forget_the_past(&file);
        drop(reserve);
        drop(file);
        if let Some(reply) = closed {
            let _ = reply.send(Ok(Done::Closed));
        }
    }
}

struct Work<'all> {
    file: &'all File,
    rows: Rows<'all>,
    reserve: &'all mut Reserve,
    state: &'all mut State,
    told: &'all Told,
}

struct OnlyWhileOpen<'all>(&'all Committed);

impl Drop for OnlyWhileOpen<'_> {
    fn drop(&mut self) {
        self.0.forget_all();
    }
}

type Reply = oneshot::Sender<Result<Done, StoreError>>;

impl Work<'_> {
    fn until_closed(mut self, jobs: &Receiver<Job>) -> Option<Reply> {
        let (mut writers, mut outdated) = (0, true);
        while let Some(mut jobs) = gather(jobs, writers > 1) {
            let close = jobs.iter().position(|job| matches!(job.task, Task::Close));
            // What comes after it finds a closed store.
            let close = close.map(|at| jobs.drain(at..).next());
            self.look_at_the_file();
            let swept = jobs
                .iter()
                .any(|job| matches!(job.task, Task::Sweep { .. }));
            let answers = self.run_all(&jobs);
            writers = answers.writes;
            outdated |= writers > 0;
            if swept {
                outdated = outdated && !forget_the_past(self.file);
                self.reserve.take();
                self.try_again();
            }
            for (job, answer) in jobs.into_iter().zip(answers.all) {
                // Whoever asked may have gone.
                let _ = job.reply.send(answer);
            }
            if let Some(close) = close {
                return close.map(|job| job.reply);
            }
        }
        None
    }

    fn look_at_the_file(&mut self) {
        let misplaced = self.file.look().err();
        if misplaced != self.state.misplaced {
            match misplaced {
                Some(Misplaced::Replaced) => tracing::error!(
                    "the store's file was deleted or replaced: nothing is written any more"
                ),
                Some(Misplaced::Cut) => tracing::error!(
                    "the store's file was cut short: nothing is written any more, and what was in it is lost"
                ),
                None => tracing::info!("the store's file is back in its place"),
            }
            // What is in it now, only it can say.
            self.told.committed.forget_all();
        }
        self.state.misplaced = misplaced;
    }

    /// In one transaction; and if that is not kept, each in its own, so that one which can't be done spoils nothing for
    /// the others: what only reads is answered, and what deletes gets the room that is kept for it.
    fn run_all(&mut self, jobs: &[Job]) -> Answers {
        if let Ok(answers) = self.in_one_transaction(jobs) {
            return answers;
        }
        let mut answers = Answers::default();
        for job in jobs {
            let mut one = self.in_one_transaction(std::slice::from_ref(job));
            if matches!(one, Err(StoreError::DiskFull)) && job.makes_room() && self.reserve.give() {
                one = self.in_one_transaction(std::slice::from_ref(job));
            }
            match one {
                Ok(one) => {
                    answers.writes += one.writes;
                    answers.all.extend(one.all);
                }
                Err(error) => answers.all.push(Err(error)),
            }
        }
        answers
    }

    fn in_one_transaction(&mut self, jobs: &[Job]) -> Result<Answers, StoreError> {
        let deleted = self.state.deleted;
        let writable = match self.state.misplaced {
            Some(_) => Err(StoreError::Replaced),
            None => Ok(()),
        };
        let mut batch = Batch {
            rows: &mut self.rows,
            committed: &self.told.committed,
            seen: HashMap::new(),
            ledger: &mut self.state.ledger,
            deleted: &mut self.state.deleted,
            trouble: self.state.trouble,
            writable,
            writes: 0,
            ended: Vec::new(),
        };
        let begun = batch.rows.begin().map_err(RowError::from);
        let run = begun.and_then(|()| jobs.iter().map(|job| batch.answer(job)).collect());
        let (writes, ended, seen) = (batch.writes, batch.ended, batch.seen);
        let kept = run.and_then(|all| {
            self.rows.commit()?;
            Ok(all)
        });
        match kept {
            Ok(all) => {
                self.state.ledger.commit();
                self.kept(writes);
                if self.state.misplaced.is_none() {
                    self.told.committed.renew(seen);
                }
                // Whoever is woken finds what woke them.
                let wakeups = &self.told.wakeups;
                ended.into_iter().for_each(|id| wakeups.wake(id));
                Ok(Answers { writes, all })
            }
            Err(error) => {
                // There may be no transaction any more: SQLite ends some by itself.
                let _ = self.file.execute("ROLLBACK");
                self.state.ledger.roll_back();
                self.state.deleted = deleted;
                self.told.committed.forget(seen.into_keys());
                Err(self.lost(&error))
            }
        }
    }

    /// Where the last write was not kept: whether one would be now. On a full disk a little may find room where what a
    /// call brings does not.
    fn try_again(&mut self) {
        let Some(trouble) = self
            .state
            .trouble
            .filter(|_| self.state.misplaced.is_none())
        else {
            return;
        };
        if trouble == StoreError::DiskFull && !self.reserve.has_room_beside() {
            return;
        }
        match self.file.try_to_write() {
            Ok(()) => {
                self.state.trouble = None;
                tracing::info!("the store writes again");
            }
            Err(error) => drop(self.lost(&error.into())),
        }
    }

    fn kept(&mut self, writes: u64) {
        if writes > 0 {
            if self.state.trouble == Some(StoreError::Failing) {
                self.state.trouble = None;
                tracing::info!("the store writes again");
            }
            self.told
                .counted
                .writes
                .fetch_add(writes, Ordering::Relaxed);
            self.told.counted.syncs.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn lost(&mut self, error: &RowError) -> StoreError {
        let told = match error {
            RowError::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                StoreError::DiskFull
            }
            _ => StoreError::Failing,
        };
        // Once for each trouble, not for each call.
        if self.state.trouble != Some(told) {
            tracing::error!(%error, "store");
        }
        self.state.trouble = Some(told);
        told
    }
}

#[derive(Default)]
struct Answers {
    writes: u64,
    all: Vec<Result<Done, StoreError>>,
}

/// The log may still hold what was erased or overwritten in the main file.
fn forget_the_past(file: &File) -> bool {
    file.empty_log().unwrap_or_else(|error| {
        tracing::error!(%error, "store: the log is not emptied");
        false
    })
}

/// The calls that have come in, once there is one. While more are waited for this sleeps: who calls has no thread to wake.
fn gather(jobs: &Receiver<Job>, crowded: bool) -> Option<Vec<Job>> {
    let mut batch = vec![jobs.recv().ok()?];
    let (end, mut before) = (Instant::now() + GATHER, 0);
    loop {
        batch.extend(jobs.try_iter().take(BATCH - batch.len()));
        let waits = crowded && batch.len() > before && batch.iter().any(Job::may_write);
        let left = end.saturating_duration_since(Instant::now());
        if !waits || batch.len() == BATCH || left.is_zero() {
            return Some(batch);
        }
        before = batch.len();
        thread::sleep(GAP.min(left));
    }
}
