//! What is known of the relay's one slot. Kept in memory only: after a restart it is read before anything is
//! written.

use std::time::Duration;

use tigress_primitives::hash::sha256;

/// Most of what a client waits before it reads again what was of no use.
const MAX_BACK_OFF: Duration = Duration::from_secs(30);

/// What is known of the slot, in memory only.
#[derive(Clone, Debug, Default, Hash)]
pub struct Slot {
    known: Option<Held>,
    progress: Progress,
}

#[derive(Clone, Debug, Hash)]
struct Held {
    /// The relay's version of the payload, if it tells.
    version: Option<String>,
    content: Content,
    /// The other side's authentic envelope with tokens, or an abort: it needs an answer.
    needs_answer: bool,
}

/// What the payload is.
#[derive(Clone, Copy, Debug, PartialEq, Hash)]
enum Content {
    /// Of this protocol's type; the hash of its data.
    Envelope([u8; 32]),
    /// Of another type: not what this side wrote, whatever it says.
    Foreign,
}

impl Content {
    fn of(data: &str) -> Self {
        Self::Envelope(sha256(&[data.as_bytes()]))
    }
}

/// Whether reading the slot leads anywhere.
#[derive(Clone, Debug, Default, Hash)]
struct Progress {
    /// How often there was some: something authentic and new from the other side.
    advances: u64,
    /// The same when the slot was last read.
    seen: u64,
    /// Readings since the last one that gave something else than was known, and nothing new.
    futile: u32,
    /// Whether a held write was given up since there was some.
    given_up: bool,
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

    //= protocol/7.1-given-up
    /// A write that was held is given up: nobody knows whether it was done.
    pub fn give_up(&mut self) {
        self.progress.given_up = true;
        self.forget();
    }

    /// Whether the answer to a write may be held for the next payload. One that is given up again and again, before it has
    /// arrived, would never be done.
    pub(super) fn lets_writes_wait(&self) -> bool {
        self.has_version() && !self.progress.given_up && self.back_off().is_zero()
    }

    /// The relay's answer was of no use.
    pub fn useless(&mut self) {
        self.progress.in_vain();
        self.forget();
    }

    /// Nothing is known any more: another write may have come between.
    pub fn forget(&mut self) {
        self.known = None;
    }

    /// It was read, and holds `data`, or something of another type.
    pub fn saw(&mut self, data: Option<&str>, version: Option<String>, needs_answer: bool) {
        let content = data.map_or(Content::Foreign, Content::of);
        let unchanged = self.content() == Some(content);
        self.progress.read(unchanged);
        self.known = Some(Held {
            version,
            content,
            needs_answer,
        });
    }

    /// This side's `data` was written.
    pub fn wrote(&mut self, data: &str, version: Option<String>) {
        self.known = Some(Held {
            version,
            content: Content::of(data),
            needs_answer: false,
        });
    }

    fn content(&self) -> Option<Content> {
        self.known.as_ref().map(|held| held.content)
    }

    /// Whether the slot has exactly this.
    pub fn holds(&self, data: &str) -> bool {
        self.content() == Some(Content::of(data))
    }

    /// The relay's version of what it holds, if that is known.
    pub fn version(&self) -> Option<&str> {
        self.known.as_ref()?.version.as_deref()
    }

    /// Whether its version is known.
    pub fn has_version(&self) -> bool {
        self.version().is_some()
    }

    /// Whether it holds the same as `other`.
    pub fn is_as(&self, other: &Self) -> bool {
        self.content() == other.content()
    }

    /// Whether the other side has written something that wants an answer.
    pub fn needs_answer(&self) -> bool {
        self.known.as_ref().is_some_and(|held| held.needs_answer)
    }

    /// Something new has come: nothing repeats itself.
    pub fn progress(&mut self) {
        self.progress.advances = self.progress.advances.saturating_add(1);
        self.progress.given_up = false;
    }

    /// Tells progress by its being another number than before.
    pub fn advances(&self) -> u64 {
        self.progress.advances
    }

    /// How long to wait before it is read again: no time for the first three since there was progress. What is then to be
    /// written is written at once, or else somebody faster would always come between.
    pub fn back_off(&self) -> Duration {
        match self.progress.futile {
            0..=2 => Duration::ZERO,
            n => Duration::from_millis(125 << n.min(8)).min(MAX_BACK_OFF),
        }
    }
}

impl Progress {
    fn read(&mut self, unchanged: bool) {
        if self.advances != self.seen {
            self.futile = 0;
        } else if !unchanged {
            self.in_vain();
        }
        self.seen = self.advances;
    }

    fn in_vain(&mut self) {
        self.futile = self.futile.saturating_add(1);
    }
}
