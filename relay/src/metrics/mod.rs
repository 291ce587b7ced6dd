//! What the relay counts of its work, for its operator. There are only numbers here, each under words that are known
//! beforehand: no address, id or claim comes near them. What is shown of the numbers, and how late, is in `rounding`.

#[cfg(feature = "metrics")]
mod families;
#[cfg(feature = "metrics")]
mod rounding;
#[cfg(feature = "metrics")]
mod serve;
#[cfg(feature = "metrics")]
mod text;
mod words;

#[cfg(feature = "metrics")]
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::store::StoreError;
#[cfg(feature = "metrics")]
pub(crate) use serve::{Source, serve};
pub(crate) use words::{Call, Class, Limit, Operation, Trouble};

/// Upper bounds of times that are told apart, in microseconds; one more is for all that took longer.
pub(crate) const BOUNDS: [u64; 7] = [
    1_000, 5_000, 25_000, 100_000, 500_000, 2_500_000, 10_000_000,
];

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

/// A number of things that are there now.
#[derive(Debug, Default)]
pub(crate) struct Level(AtomicU64);

/// One of them, until it is dropped.
pub(crate) struct One<'level>(&'level Level);

/// How often something took how long.
#[derive(Debug, Default)]
pub(crate) struct Times([Count; BOUNDS.len() + 1]);

/// All that is counted.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Answers, by call and the status' first digit.
    answers: [[Count; Class::ALL.len()]; Call::ALL.len()],
    /// From a request's head to its answer's.
    times: [Times; Call::ALL.len()],
    refused: [Count; Limit::ALL.len()],
    store_times: [Times; Operation::ALL.len()],
    store_errors: [Count; Trouble::ALL.len()],
    held_reads: Level,
    wakeups: Count,
    /// Certificates that were not to be had.
    #[cfg(any(feature = "acme", feature = "metrics"))]
    certificate_failures: Count,
    /// Lines that the process's log has lost.
    #[cfg(feature = "metrics")]
    lost_lines: Arc<AtomicU64>,
}

impl Count {
    fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    #[cfg(feature = "metrics")]
    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Level {
    fn one(&self) -> One<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        One(self)
    }

    #[cfg(feature = "metrics")]
    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for One<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Times {
    fn add(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let place = BOUNDS.iter().take_while(|bound| micros > **bound).count();
        self.0[place].add();
    }

    #[cfg(feature = "metrics")]
    fn get(&self) -> Vec<u64> {
        self.0.iter().map(Count::get).collect()
    }
}

impl Metrics {
    #[cfg(feature = "metrics")]
    pub(crate) fn with_lost_lines(lost_lines: Arc<AtomicU64>) -> Self {
        Self {
            lost_lines,
            ..Self::default()
        }
    }

    /// A request was answered. The time of a read that asked to be held says nothing about the relay: it is not counted.
    pub(crate) fn answered(&self, call: Call, status: u16, time: Option<Duration>) {
        self.answers[call as usize][Class::of(status) as usize].add();
        if let Some(time) = time {
            self.times[call as usize].add(time);
        }
    }

    /// A limit stood against a request or a connection.
    pub(crate) fn refused(&self, limit: Limit) {
        self.refused[limit as usize].add();
    }

    /// A read is held until this is dropped.
    pub(crate) fn held_read(&self) -> One<'_> {
        self.held_reads.one()
    }

    /// A held read was woken.
    pub(crate) fn woken(&self) {
        self.wakeups.add();
    }

    /// A certificate was not to be had.
    #[cfg(feature = "acme")]
    pub(crate) fn certificate_failed(&self) {
        self.certificate_failures.add();
    }

    /// Counts what the store does, how long it takes, and what it can't do.
    pub(crate) async fn of_store<T>(
        &self,
        operation: Operation,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let started = Instant::now();
        let done = work.await;
        self.store_times[operation as usize].add(started.elapsed());
        if let Err(error) = &done {
            match Trouble::of(*error) {
                Some(trouble) => self.store_errors[trouble as usize].add(),
                // One client's part is used up: the store is in order.
                None => self.refused(Limit::Room),
            }
        }
        done
    }
}

#[cfg(test)]
mod tests;
