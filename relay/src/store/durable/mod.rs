//! The store in one file of this machine: what was answered is kept, whatever becomes of the process.
//!
//! One thread owns the file. It takes the calls that have come in, runs them in one transaction, and answers them all
//! once that is on disk: so many writes share one sync, and nobody sees what a crash could still take back. Reads of what was
//! used last are answered from memory ([`committed`]).

mod batch;
mod committed;
mod error;
mod file;
mod job;
mod log;
mod mark;
mod reserve;
mod rows;
mod worker;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

use async_trait::async_trait;
use tigress_mailbox::MailboxId;
use tokio::sync::oneshot;

use super::{Applied, Created, Creation, Kept, MailboxStore, Room, StoreError, Wakeups};
use committed::Committed;
pub use error::OpenError;
use file::File;
use job::{Done, Job, Task};
use reserve::Reserve;
use tigress_mailbox::rules::Command;
use worker::{Told, Worker};

/// Keeps mailboxes in a file; nobody else can open it meanwhile.
#[derive(Debug)]
pub struct DurableStore {
    /// Both `Some` until the store is dropped.
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    told: Told,
}

/// What the store has done since it was opened.
#[derive(Debug, Default)]
struct Counted {
    writes: AtomicU64,
    syncs: AtomicU64,
}

/// How much the writers shared, since the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Calls that changed something.
    pub writes: u64,
    /// Transactions that kept these: each is one sync of the disk.
    pub syncs: u64,
}

impl DurableStore {
    //= draft/3.3-store-and-forward
    /// Opens the file, made on first use and readable by this user only.
    ///
    /// # Errors
    /// [`OpenError`] if another process has it, it is no store or a damaged one, or it can't be read and written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        Self::with_file(File::open(path)?, path)
    }

    fn with_file(file: File, path: &Path) -> Result<Self, OpenError> {
        let reserve = Reserve::at(mark::beside(path, "-reserve"));
        let (jobs, received) = mpsc::channel();
        let told = Told {
            wakeups: Arc::default(),
            counted: Arc::default(),
            committed: Arc::new(Committed::new(committed::MOST)),
        };
        let worker = Worker::new(file, reserve, told.clone())
            .map_err(|error| OpenError::of(path, &error))?;
        let thread = std::thread::Builder::new()
            .name("mailboxes".to_owned())
            .spawn(move || worker.run(&received))
            .map_err(|error| OpenError::failed(path, &error))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            told,
        })
    }

    /// How many writes shared how many syncs.
    #[must_use]
    pub fn effort(&self) -> Effort {
        Effort {
            writes: self.told.counted.writes.load(Ordering::Relaxed),
            syncs: self.told.counted.syncs.load(Ordering::Relaxed),
        }
    }

    async fn ask(&self, task: Task) -> Result<Done, StoreError> {
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(StoreError::Unavailable)?;
        jobs.send(Job { task, reply })
            .map_err(|_| StoreError::Unavailable)?;
        answer.await.map_err(|_| StoreError::Unavailable)?
    }
}

impl Drop for DurableStore {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // Its panic, if any, was told when it happened.
            let _ = thread.join();
        }
    }
}

#[async_trait]
impl MailboxStore for DurableStore {
    async fn create(&self, new: Creation, room: &Room, now: u64) -> Result<Created, StoreError> {
        let (new, room) = (Box::new(new), *room);
        match self.ask(Task::Create { new, room, now }).await? {
            Done::Created(created) => Ok(created),
            _ => Err(StoreError::Unavailable),
        }
    }

    async fn apply(
        &self,
        id: MailboxId,
        command: Command,
        room: &Room,
        now: u64,
    ) -> Result<Applied, StoreError> {
        if let Some(applied) = self.told.committed.answer(id, &command, now) {
            return Ok(applied);
        }
        let room = *room;
        let task = Task::Apply {
            id,
            command,
            room,
            now,
        };
        match self.ask(task).await? {
            Done::Applied(applied) => Ok(applied),
            _ => Err(StoreError::Unavailable),
        }
    }

    fn wakeups(&self) -> &dyn Wakeups {
        &*self.told.wakeups
    }

    async fn sweep(&self, now: u64) -> Result<usize, StoreError> {
        let mut all = 0;
        loop {
            let Done::Swept { erased, more } = self.ask(Task::Sweep { now }).await? else {
                return Err(StoreError::Unavailable);
            };
            all += erased;
            if !more {
                self.told.wakeups.tidy();
                return Ok(all);
            }
        }
    }

    async fn ready(&self, room: &Room) -> Result<(), StoreError> {
        self.ask(Task::Ready { room: *room }).await.map(drop)
    }

    async fn kept(&self) -> Option<Kept> {
        match self.ask(Task::Kept).await {
            Ok(Done::Kept(kept)) => Some(kept),
            _ => None,
        }
    }

    async fn close(&self) {
        // An error means that it is closed already.
        let _ = self.ask(Task::Close).await;
    }
}

#[cfg(test)]
mod tests;
