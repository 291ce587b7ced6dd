//! What is known of the relay's one slot. Kept in memory only: after a restart it is read before anything is
//! written.

use std::time::Duration;

use tigress_primitives::hash::sha256;

/// Most of what a client waits before it reads again what was of no use.
const MAX_BACK_OFF: Duration = Duration::from_secs(30);

/// What is known of the slot, in memory only.
#[derive(Clone, Debug, Default)]
pub struct Slot {
    /// The relay's version of the payload, if it tells.
    pub version: Option<String>,
    known: Option<Held>,
    /// How often there was progress: something authentic and new from the other side.
    advances: u64,
    /// The same when the slot was last read.
    advances_seen: u64,
    /// Readings since the last progress that gave something else than was known, and nothing new.
    futile: u32,
}

#[derive(Clone, Debug)]
struct Held {
    digest: [u8; 32],
    /// The other side's authentic envelope with tokens, or an abort: it needs an answer.
    needs_answer: bool,
}

impl Slot {
    /// Whether anything is.
    pub fn is_known(&self) -> bool {
        self.known.is_some()
    }

    /// A write is under way: until it is answered nobody knows what the slot holds.
    pub fn attempt(&mut self) {
        self.forget();
    }

    /// The relay's answer was of no use.
    pub fn useless(&mut self) {
        self.futile = self.futile.saturating_add(1);
        self.forget();
    }

    /// Nothing is known any more: another write may have come between.
    pub fn forget(&mut self) {
        self.version = None;
        self.known = None;
    }

    /// It was read, and holds `data`.
    pub fn saw(&mut self, data: &str, version: Option<String>, needs_answer: bool) {
        if self.advances != self.advances_seen {
            self.futile = 0;
        } else if !self.holds(data) {
            self.futile = self.futile.saturating_add(1);
        }
        self.advances_seen = self.advances;
        self.know(data, version, needs_answer);
    }

    fn know(&mut self, data: &str, version: Option<String>, needs_answer: bool) {
        self.version = version;
        self.known = Some(Held {
            digest: sha256(&[data.as_bytes()]),
            needs_answer,
        });
    }

    /// This side's `data` was written.
    pub fn wrote(&mut self, data: &str, version: Option<String>) {
        self.know(data, version, false);
    }

    /// Whether the slot has exactly this.
    pub fn holds(&self, data: &str) -> bool {
        self.known
            .as_ref()
            .is_some_and(|held| held.digest == sha256(&[data.as_bytes()]))
    }

    /// Whether its version is known.
    pub fn has_version(&self) -> bool {
        self.version.is_some()
    }

    /// Whether it holds the same as `other`.
    pub fn is_as(&self, other: &Self) -> bool {
        let digest = |slot: &Self| slot.known.as_ref().map(|held| held.digest);
        digest(self) == digest(other)
    }

    /// Whether the other side has written something that wants an answer.
    pub fn needs_answer(&self) -> bool {
        self.known.as_ref().is_some_and(|held| held.needs_answer)
    }

    /// Something new has come: nothing repeats itself.
    pub fn progress(&mut self) {
        self.advances = self.advances.saturating_add(1);
    }

    /// Tells progress by its being another number than before.
    pub fn advances(&self) -> u64 {
        self.advances
    }

    /// How long to wait before it is read again: no time for the first three since there was progress. What is then to be
    /// written is written at once, or else somebody faster would always come between.
    pub fn back_off(&self) -> Duration {
        match self.futile {
            0..=2 => Duration::ZERO,
            n => Duration::from_millis(125 << n.min(8)).min(MAX_BACK_OFF),
        }
    }
}
