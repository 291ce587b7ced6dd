//! How fast one poll goes: its pauses between reads, and its writes.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Config;
use crate::transfer::{Next, Slot};

/// Most writes in one round that has no time to wait.
const MAX_HURRIED_WRITES: usize = 3;
/// Pause after a "not found" that may be a proxy's.
const NOT_FOUND_PAUSE: Duration = Duration::from_secs(20);

pub(super) struct Pace {
    first: Duration,
    longest: Duration,
    /// The next pause at a relay that holds no answers.
    pause: Duration,
    asked_at: Instant,
    writes: usize,
}

impl Pace {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            first: config.poll_interval,
            longest: config.poll_interval_max,
            pause: config.poll_interval,
            asked_at: Instant::now(),
            writes: 0,
        }
    }

    /// A request is about to be made.
    pub(super) fn asks(&mut self) {
        self.asked_at = Instant::now();
    }

    /// Something has happened: pauses are short again.
    pub(super) fn quicken(&mut self) {
        self.pause = self.first;
    }

    /// How long to do nothing after the answer to `asked`, when `next` is wanted and the slot was `before`.
    pub(super) fn idle(
        &mut self,
        asked: &Next,
        next: &Next,
        slot: &Slot,
        before: &Slot,
    ) -> Duration {
        match asked {
            Next::Wait if *next != Next::Wait || !slot.is_as(before) => {
                self.quicken();
                Duration::ZERO
            }
            // A relay that holds no answers, or too little time was left for it to hold one.
            Next::Wait if !before.has_version() || self.asked_at.elapsed() < self.pause => {
                let idle = self.pause;
                self.pause = (self.pause * 2).min(self.longest);
                idle
            }
            Next::Wait | Next::Write(_) => Duration::ZERO,
            // Not found, perhaps by a proxy: ask again later.
            asked if asked == next && !slot.is_known() => NOT_FOUND_PAUSE,
            _ => Duration::ZERO,
        }
    }

    /// Waits as long as a write must. Says whether there is still time to make it.
    pub(super) async fn before_write(&mut self, back_off: Duration, remaining: Duration) -> bool {
        if remaining.is_zero() {
            // Without time to back off, a few tries are all that a relay gets.
            if self.writes >= MAX_HURRIED_WRITES {
                return false;
            }
        } else if back_off > remaining {
            sleep(remaining).await;
            return false;
        } else if !back_off.is_zero() {
            // Even no time at all would be a millisecond to the timer.
            sleep(back_off).await;
        }
        self.writes += 1;
        true
    }
}
