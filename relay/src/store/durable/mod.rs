//! The store in one file of this machine: what was answered is kept, whatever becomes of the process.
//!
//! One thread owns the file. It takes the calls that have come in, runs them in one transaction, and answers them all
//! once that is on disk: so many writes share one sync, and nobody sees what a crash could still take back.

mod file;
mod worker;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

use async_trait::async_trait;
use tigress::mailbox::MailboxId;
use tokio::sync::oneshot;

use super::record::{CreateKey, Record};
use super::rules::Command;
use super::{Applied, Created, DEFAULT_CAPACITY, MailboxStore, StoreError, Wakeups, Watch};
use file::File;
pub use file::OpenError;
use worker::{Job, Worker};

/// Keeps mailboxes in a file; nobody else can open it meanwhile.
#[derive(Debug)]
pub struct DurableStore {
    /// Both `Some` until the store is dropped.
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    wakeups: Arc<Wakeups>,
    counted: Arc<Counted>,
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
    /// Opens the file, made on first use and readable by this user only; takes at most 512 MiB of content.
    ///
    /// # Errors
    /// [`OpenError`] if another process has it, it is no store or a damaged one, or it can't be read and written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::with_capacity(path, DEFAULT_CAPACITY)
    }

    /// The same for at most `bytes` of content.
    ///
    /// # Errors
    /// As [`DurableStore::open`].
    pub fn with_capacity(path: impl AsRef<Path>, bytes: usize) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let file = File::open(path)?;
        let (jobs, received) = mpsc::channel();
        let (wakeups, counted) = (Arc::<Wakeups>::default(), Arc::<Counted>::default());
        let worker = Worker::new(file, bytes, wakeups.clone(), counted.clone())
            .map_err(|error| OpenError::of(path, &error))?;
        let thread = std::thread::Builder::new()
            .name("mailboxes".to_owned())
            .spawn(move || worker.run(&received))
            .map_err(|error| OpenError::failed(path, &error))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            wakeups,
            counted,
        })
    }

    /// How many writes shared how many syncs.
    #[must_use]
    pub fn effort(&self) -> Effort {
        Effort {
            writes: self.counted.writes.load(Ordering::Relaxed),
            syncs: self.counted.syncs.load(Ordering::Relaxed),
        }
    }

    async fn ask<T>(&self, job: impl FnOnce(worker::Reply<T>) -> Job) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(StoreError::Unavailable)?;
        jobs.send(job(reply)).map_err(|_| StoreError::Unavailable)?;
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
    async fn create(
        &self,
        key: CreateKey,
        id: MailboxId,
        record: Record,
        limit: usize,
        now: u64,
    ) -> Result<Created, StoreError> {
        self.ask(|reply| Job::Create {
            key,
            id,
            record: Box::new(record),
            limit,
            now,
            reply,
        })
        .await
    }

    async fn apply(
        &self,
        id: MailboxId,
        command: Command,
        now: u64,
    ) -> Result<Applied, StoreError> {
        self.ask(|reply| Job::Apply {
            id,
            command,
            now,
            reply,
        })
        .await
    }

    async fn watch(&self, id: MailboxId) -> Result<Watch, StoreError> {
        Ok(self.wakeups.watch(id))
    }

    async fn sweep(&self, now: u64) -> Result<usize, StoreError> {
        let erased = self.ask(|reply| Job::Sweep { now, reply }).await?;
        self.wakeups.tidy();
        Ok(erased)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.ask(|reply| Job::Ready { reply }).await
    }

    async fn close(&self) {
        // An error means that it is closed already.
        let _ = self.ask(|reply| Job::Close { reply }).await;
    }
}

#[cfg(test)]
mod tests;
