//! How fast a transfer goes: the pauses of one poll, and what all calls together may ask of the relay.

use std::time::Duration;

use tokio::time::Instant;

use super::Config;
use tigress_protocol::transfer::{Slot, Ticket};

/// Pause after a "not found" that may be a proxy's.
const NOT_FOUND_PAUSE: Duration = Duration::from_secs(20);
/// So many requests at once without progress…
const AT_ONCE: u32 = 12;
/// … and then one in this time: whatever happens, at most 12 + 17 in any minute.
const EACH: Duration = Duration::from_millis(3500);
/// Refusals are the relay's last word only so many times…
const REFUSED_COUNT: u32 = 3;
/// … over at least this time.
const REFUSED_TIME: Duration = Duration::from_secs(60);

/// What one transfer may ask, whoever calls and however often. Kept in memory, from call to call.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    /// When all of it is there again, if something was used (GCRA, the leaky bucket as a meter of ITU-T I.371).
    full_at: Option<Instant>,
    /// Not before this is the slot read again.
    read_after: Option<Instant>,
    /// Held reads in a row to which nothing had come when their call's time was over.
    silent: u32,
    /// When the relay began to give answers that no call can go on with, and how many since.
    refused: Option<(Instant, u32)>,
}

impl Allowance {
    /// When the request may be made; the past, if at once.
    pub(super) fn turn(&self, ticket: &Ticket) -> Option<Instant> {
        let reads = ticket.is_read();
        // A read without the write that follows it would be of no use.
        let free_at = self.free_at(if reads { 2 } else { 1 });
        free_at.max(self.read_after.filter(|_| reads))
    }

    //= protocol/6.2-pace
    /// When so many requests are allowed.
    pub(super) fn free_at(&self, requests: u32) -> Option<Instant> {
        self.full_at?.checked_sub(EACH * (AT_ONCE - requests))
    }

    /// A request is about to be made.
    pub(super) fn asks(&mut self) {
        let now = Instant::now();
        self.full_at = Some(self.full_at.map_or(now, |at| at.max(now)) + EACH);
    }

    /// Something authentic and new has come: whoever makes progress may go on as fast as it can.
    pub(super) fn progressed(&mut self) {
        self.full_at = None;
        self.read_after = None;
    }

    /// The next read is not before this time has passed.
    pub(super) fn back_off(&mut self, time: Duration) {
        self.read_after = (!time.is_zero()).then(|| Instant::now() + time);
    }

    /// The app wants something: one read may come at once.
    pub(super) fn hurry(&mut self) {
        self.read_after = None;
    }

    pub(super) fn answered(&mut self, is_refusal: bool) {
        self.silent = 0;
        self.refused = is_refusal.then(|| {
            let (since, count) = self.refused.unwrap_or((Instant::now(), 0));
            (since, count.saturating_add(1))
        });
    }

    /// Whether the relay has refused for so long that it may be meant. A captive portal or a proxy in the middle of a
    /// deploy answers for it, too.
    pub(super) fn is_refused_for_good(&self) -> bool {
        self.refused
            .is_some_and(|(since, count)| count >= REFUSED_COUNT && since.elapsed() >= REFUSED_TIME)
    }

    /// A held read's call has no more time. Says whether that begins to be strange.
    pub(super) fn was_silent(&mut self) -> bool {
        self.silent = self.silent.saturating_add(1);
        self.silent > 1
    }
}

/// The pauses of one poll.
pub(super) struct Pace {
    first: Duration,
    longest: Duration,
    /// The next pause at a relay that holds no answers.
    pause: Duration,
    asked_at: Instant,
}

impl Pace {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            first: config.poll_interval,
            longest: config.poll_interval_max,
            pause: config.poll_interval,
            asked_at: Instant::now(),
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
        asked: &Ticket,
        next: &Ticket,
        slot: &Slot,
        before: &Slot,
    ) -> Duration {
        if !asked.is_held_read() {
            // Not found, perhaps by a proxy: ask again later.
            let in_vain = !asked.is_write() && asked.asks_the_same(next) && !slot.is_known();
            return if in_vain {
                NOT_FOUND_PAUSE
            } else {
                Duration::ZERO
            };
        }
        if !next.is_held_read() || !slot.is_as(before) {
            self.quicken();
            return Duration::ZERO;
        }
        // A relay that holds no answers, or too little time was left for it to hold one.
        if !before.has_version() || self.asked_at.elapsed() < self.pause {
            let idle = self.pause;
            self.pause = (self.pause * 2).min(self.longest);
            return idle;
        }
        Duration::ZERO
    }
}
