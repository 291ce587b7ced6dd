//! What this process knows of each relay, whichever transfer learned it: until when it wants no requests, and how long
//! an answer can be held on the way from it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Longest `Retry-After` that is heeded: a relay must not put a transfer to sleep for good.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// How long what cuts held answers is believed to be still there.
const REMEMBER_CUT: Duration = Duration::from_secs(600);

/// By origin.
#[derive(Default)]
pub(super) struct Relays(Mutex<HashMap<String, Known>>);

#[derive(Default)]
struct Known {
    refusal: Option<Refusal>,
    /// Seconds for which a held answer gets through, and until when that is believed.
    hold: Option<(u64, Instant)>,
}

/// A relay's word that it wants to be asked later.
#[derive(Clone, Copy)]
pub(super) struct Refusal {
    pub(super) until: Instant,
    pub(super) status: u16,
}

impl Relays {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is in force now.
    pub(super) fn refusal(&self, origin: &str) -> Option<Refusal> {
        let refusal = self.lock().get(origin)?.refusal;
        refusal.filter(|refusal| refusal.until > Instant::now())
    }

    /// The relay asked to come again `after`, which counts up to an hour.
    pub(super) fn refused(&self, origin: &str, status: u16, after: Duration) -> Refusal {
        let until = Instant::now() + after.min(MAX_RETRY_AFTER);
        let refusal = Refusal { until, status };
        self.learn(origin, |known| {
            if known.refusal.is_none_or(|known| known.until < until) {
                known.refusal = Some(refusal);
            }
        });
        refusal
    }

    /// How long to ask for an answer to be held, in seconds: what is wanted, or less.
    pub(super) fn hold(&self, origin: &str, wanted: u64) -> u64 {
        let known = self.lock();
        let hold = known.get(origin).and_then(|known| known.hold);
        match hold {
            Some((hold, until)) if until > Instant::now() => hold.min(wanted),
            _ => wanted,
        }
    }

    /// A held answer was cut after so long: the next is asked for less.
    pub(super) fn cut(&self, origin: &str, after: Duration) {
        let hold = (after.as_secs() * 3 / 4).max(1);
        self.learn(origin, |known| {
            known.hold = Some((hold, Instant::now() + REMEMBER_CUT));
        });
    }

    fn learn(&self, origin: &str, learn: impl FnOnce(&mut Known)) {
        let mut relays = self.lock();
        let now = Instant::now();
        relays.retain(|_, known| {
            known.refusal.is_some_and(|refusal| refusal.until > now)
                || known.hold.is_some_and(|(_, until)| until > now)
        });
        learn(relays.entry(origin.to_owned()).or_default());
    }
}
