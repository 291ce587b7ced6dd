//! A clock that a test sets, for a phone or for the relay.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Stands still until it is set.
pub struct TestClock(AtomicU64);

impl TestClock {
    /// Starts at the machine's time.
    pub fn start() -> Arc<Self> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Arc::new(Self(AtomicU64::new(
            since.map_or(0, |since| since.as_secs()),
        )))
    }

    /// Another clock that shows `seconds` more than this one does now.
    pub fn ahead(&self, seconds: i64) -> Arc<Self> {
        let now = self.get().saturating_add_signed(seconds);
        Arc::new(Self(AtomicU64::new(now)))
    }

    /// What it shows.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Lets time pass.
    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl tigress::Clock for TestClock {
    fn now(&self) -> u64 {
        self.get()
    }
}

impl tigress_relay::Clock for TestClock {
    fn now(&self) -> u64 {
        self.get()
    }
}
