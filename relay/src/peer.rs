//! The other end of a connection: what it has under way, and whether it takes its answers.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

/// The other end of a connection, as each of its requests sees it.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    under_way: watch::Sender<Load>,
    answers: Arc<Answers>,
}

/// Requests under way, and since when there are so many.
#[derive(Clone, Copy)]
struct Load {
    requests: usize,
    since: Instant,
}

/// A request that is being answered; while there is one, its connection is not idle.
pub(crate) struct UnderWay(watch::Sender<Load>);

/// The answers that are on their way, and when each last got further.
#[derive(Default)]
struct Answers {
    moved: Mutex<HashMap<u64, Instant>>,
    begun: Notify,
}

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
            under_way: watch::Sender::new(load),
            answers: Arc::default(),
        }
    }

    pub(crate) fn begin(&self) -> UnderWay {
        count(&self.under_way, |requests| requests + 1);
        UnderWay(self.under_way.clone())
    }

    /// Since when no request is under way, if none is.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let load = *self.under_way.borrow();
        (load.requests == 0).then_some(load.since)
    }

    /// Resolves when no request has begun, ended or been under way for `patience`.
    pub(crate) async fn idle(&self, patience: Duration) {
        let mut load = self.under_way.subscribe();
        // The sender is ours, so neither call can fail.
        while load.wait_for(|load| load.requests == 0).await.is_ok() {
            if tokio::time::timeout(patience, load.changed())
                .await
                .is_err()
            {
                return;
            }
        }
    }

    /// An answer that begins to leave.
    pub(crate) fn leaving(&self) -> Arc<Leaving> {
        let answers = self.answers.clone();
        let mut moved = answers.moved();
        let number = moved.keys().max().map_or(0, |last| last + 1);
        moved.insert(number, Instant::now());
        drop(moved);
        answers.begun.notify_one();
        Arc::new(Leaving { answers, number })
    }

    /// Resolves when the client has taken nothing of some answer for `patience`, whatever it does with others.
    pub(crate) async fn stalled(&self, patience: Duration) {
        loop {
            let oldest = self.answers.moved().values().min().copied();
            match oldest {
                None => self.answers.begun.notified().await,
                Some(moved) if moved.elapsed() >= patience => return,
                Some(moved) => tokio::time::sleep_until((moved + patience).into()).await,
            }
        }
    }
}

fn count(under_way: &watch::Sender<Load>, change: impl Fn(usize) -> usize) {
    under_way.send_modify(|load| {
        *load = Load {
            requests: change(load.requests),
            since: Instant::now(),
        }
    });
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        count(&self.0, |requests| requests.saturating_sub(1));
    }
}

impl Answers {
    fn moved(&self) -> MutexGuard<'_, HashMap<u64, Instant>> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leaving {
    /// The client has taken what it was given before.
    pub(crate) fn moved(&self) {
        self.answers.moved().insert(self.number, Instant::now());
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.answers.moved().remove(&self.number);
    }
}
