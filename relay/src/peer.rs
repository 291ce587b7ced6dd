//! The other end of a connection: what it has under way, and whether it takes its answers.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The other end of a connection, as each of its requests sees it.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    under_way: Arc<Mutex<Load>>,
    answers: Arc<Answers>,
}

/// Requests under way, and since when there are so many.
#[derive(Clone, Copy)]
struct Load {
    requests: usize,
    since: Instant,
}

/// A request that is being answered; while there is one, its connection is not idle.
pub(crate) struct UnderWay(Arc<Mutex<Load>>);

/// The answers that are on their way, and when each last got further: few, since a connection has few requests at a time.
#[derive(Default)]
struct Answers(Mutex<Vec<(u64, Instant)>>);

/// An answer on its way, until the last of it has left.
pub(crate) struct Leaving {
    answers: Arc<Answers>,
    number: u64,
}

impl Peer {
    pub(crate) fn new(ip: IpAddr) -> Self {
        let load = Load {
            requests: 0,
            since: Instant::now(),
        };
        Self {
            ip,
            under_way: Arc::new(Mutex::new(load)),
            answers: Arc::default(),
        }
    }

    pub(crate) fn begin(&self) -> UnderWay {
        count(&self.under_way, |requests| requests + 1);
        UnderWay(self.under_way.clone())
    }

    /// Since when no request is under way, if none is.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let load = *self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        (load.requests == 0).then_some(load.since)
    }

    /// Resolves when no request has begun, ended or been under way for `patience`. It looks when that can be at the earliest,
    /// rather than being woken by each request.
    pub(crate) async fn idle(&self, patience: Duration) {
        look(patience, || self.idle_since()).await;
    }

    /// An answer that begins to leave.
    pub(crate) fn leaving(&self) -> Arc<Leaving> {
        let answers = self.answers.clone();
        let mut moved = answers.moved();
        let number = moved.last().map_or(0, |(last, _)| last + 1);
        moved.push((number, Instant::now()));
        drop(moved);
        Arc::new(Leaving { answers, number })
    }

    /// Resolves when the client has taken nothing of some answer for `patience`, whatever it does with others.
    pub(crate) async fn stalled(&self, patience: Duration) {
        look(patience, || {
            let moved = self.answers.moved();
            moved.iter().map(|(_, at)| *at).min()
        })
        .await;
    }
}

/// Resolves when what `since` tells is `patience` ago. What begins while this sleeps can't be due before it looks again.
async fn look(patience: Duration, since: impl Fn() -> Option<Instant>) {
    loop {
        let now = Instant::now();
        let due = since().unwrap_or(now) + patience;
        if due <= now {
            return;
        }
        tokio::time::sleep_until(due.into()).await;
    }
}

fn count(under_way: &Mutex<Load>, change: impl Fn(usize) -> usize) {
    let mut load = under_way.lock().unwrap_or_else(PoisonError::into_inner);
    *load = Load {
        requests: change(load.requests),
        since: Instant::now(),
    };
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        count(&self.0, |requests| requests.saturating_sub(1));
    }
}

impl Answers {
    fn moved(&self) -> MutexGuard<'_, Vec<(u64, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leaving {
    /// The client has taken what it was given before.
    pub(crate) fn moved(&self) {
        let mut moved = self.answers.moved();
        if let Some((_, at)) = moved.iter_mut().find(|(number, _)| *number == self.number) {
            *at = Instant::now();
        }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.answers
            .moved()
            .retain(|(number, _)| *number != self.number);
    }
}
