//! What is known of the relay's one slot. Kept in memory only: after a restart it is read before anything is
//! written.

use std::time::Duration;

use crate::crypto::sha256;

/// Most of what a client waits before it writes the same thing again.
const MAX_BACK_OFF: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    /// The relay's version of the payload, if it tells.
    pub(crate) version: Option<String>,
    known: Option<Held>,
    /// Attempts to write since the last progress.
    futile: u32,
}

#[derive(Clone, Debug)]
struct Held {
    digest: [u8; 32],
    /// The other side's authentic envelope with tokens, or an abort: it needs an answer.
    needs_answer: bool,
}

impl Slot {
    pub(crate) fn is_known(&self) -> bool {
        self.known.is_some()
    }

    /// A write is under way: until it is answered nobody knows what the slot holds, and until there is
    /// progress it counts as futile.
    pub(crate) fn attempt(&mut self) {
        self.futile = self.futile.saturating_add(1);
        self.forget();
    }

    /// Nothing is known any more: another write may have come between.
    pub(crate) fn forget(&mut self) {
        self.version = None;
        self.known = None;
    }

    pub(crate) fn saw(&mut self, data: &str, version: Option<String>, needs_answer: bool) {
        self.version = version;
        self.known = Some(Held {
            digest: sha256(&[data.as_bytes()]),
            needs_answer,
        });
    }

    /// This side's `data` was written.
    pub(crate) fn wrote(&mut self, data: &str, version: Option<String>) {
        self.saw(data, version, false);
    }

    pub(crate) fn holds(&self, data: &str) -> bool {
        self.known
            .as_ref()
            .is_some_and(|held| held.digest == sha256(&[data.as_bytes()]))
    }

    pub(crate) fn has_version(&self) -> bool {
        self.version.is_some()
    }

    /// Whether it holds the same as `other`.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        let digest = |slot: &Self| slot.known.as_ref().map(|held| held.digest);
        digest(self) == digest(other)
    }

    pub(crate) fn needs_answer(&self) -> bool {
        self.known.as_ref().is_some_and(|held| held.needs_answer)
    }

    pub(crate) fn progress(&mut self) {
        self.futile = 0;
    }

    /// How long to wait before the next write: nothing for the first two since there was progress.
    pub(crate) fn back_off(&self) -> Duration {
        match self.futile {
            0 | 1 => Duration::ZERO,
            n => Duration::from_millis(250 << n.min(8)).min(MAX_BACK_OFF),
        }
    }
}
