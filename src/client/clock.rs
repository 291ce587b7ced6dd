//! The time, behind a trait so that tests can set it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time. Apps use the device's own clock; another is for tests.
pub trait Clock: Send + Sync {
    /// Unix seconds.
    fn now(&self) -> u64;
}

/// This device's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }
}
