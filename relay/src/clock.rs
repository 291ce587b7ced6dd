//! The relay's time, behind a trait so that tests can move it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Unix seconds.
    fn now(&self) -> u64;

    /// Seconds since any one moment by a clock that nobody can set. With it the relay notices when `now` jumps; without,
    /// it believes `now`.
    fn steady(&self) -> Option<u64> {
        None
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }

    fn steady(&self) -> Option<u64> {
        Some(BEGINNING.elapsed().as_secs())
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicU64,
    steady: AtomicU64,
}

impl ManualClock {
    /// Starts at `now`, Unix seconds.
    #[must_use]
    pub fn new(now: u64) -> Self {
        Self {
            now: AtomicU64::new(now),
            steady: AtomicU64::new(0),
        }
    }

    /// Lets time pass.
    pub fn advance(&self, seconds: u64) {
        self.steady.fetch_add(seconds, Ordering::SeqCst);
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Shows another time although none has passed, as when somebody sets a machine's clock.
    pub fn set(&self, now: u64) {
        self.now.store(now, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> u64 {
        self.now.load(Ordering::SeqCst)
    }

    fn steady(&self) -> Option<u64> {
        Some(self.steady.load(Ordering::SeqCst))
    }
}
