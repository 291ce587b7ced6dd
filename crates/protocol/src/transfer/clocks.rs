//! When a transfer is over, and by whose clock.
//!
//! The end is the auth credential's. A sender judges it by its own clock. A receiver makes it a time of its own
//! clock once, at its first read; nothing that the relay says later moves it. What the relay says of the
//! mailbox's end is shown, as long as there are no keys, and ends nothing.

use super::{Phase, Transfer};
use crate::exchange::Side;
use tigress_gss::auth_credential::MAX_LIFETIME;
use tigress_primitives::rule;

/// What a receiver's wrong clock is forgiven, in seconds.
pub(super) const CLOCK_SKEW: u64 = 600;
/// How long the last envelope is left to the other side before the mailbox is deleted, in seconds.
pub(super) const LINGER: u64 = 600;
/// How long unacknowledged events outlive a transfer, in seconds.
const KEEP_EVENTS: u64 = 30 * 24 * 3600;
/// How long a clock must stay past that before they are forgotten: one that leaps and comes back loses nothing.
const KEEP_CONFIRMED: u64 = 24 * 3600;
/// A second of rounding is no shortening.
const ROUNDING: u64 = 1;

/// The times of one transfer, Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clocks {
    /// When the auth credential expires, by the sender's clock; a receiver does not know before its first read.
    expires_at: Option<u64>,
    /// What this device's clock showed when `ends` was fixed.
    fixed_at: u64,
    /// When it is over, by this device's clock.
    ends: u64,
    /// Until when the relay says that it keeps the mailbox, if that is sooner.
    kept_until: Option<u64>,
    /// Since when a clock has shown that the events of an ended transfer may be forgotten.
    overdue_since: Option<u64>,
}

tigress_primitives::record! {
    struct Clocks { expires_at: 1, fixed_at: 2, ends: 3, kept_until: 4, overdue_since: 5 }
}

impl Clocks {
    pub(super) fn of_sender(now: u64, lifetime: u64) -> Self {
        let ends = now.saturating_add(lifetime);
        Self {
            expires_at: Some(ends),
            ends,
            ..Self::of_receiver(now)
        }
    }

    /// What is not read in the longest lifetime has been over for long.
    pub(super) fn of_receiver(now: u64) -> Self {
        Self {
            expires_at: None,
            fixed_at: now,
            ends: now.saturating_add(MAX_LIFETIME + CLOCK_SKEW),
            kept_until: None,
            overdue_since: None,
        }
    }

    /// When the auth credential expires, as far as this side knows.
    pub(super) fn expiration(&self) -> u64 {
        self.expires_at.unwrap_or(self.ends)
    }

    /// Receiver, at its first read: from here on its own clock alone says when it is over. However early the clocks
    /// were, the credential's whole lifetime and the skew are the most.
    pub(super) fn fix_end(&mut self, issued_at: u64, expires_at: u64, now: u64, date: Option<u64>) {
        let left = expires_at.saturating_sub(earliest(now, date));
        let most = expires_at.saturating_sub(issued_at) + CLOCK_SKEW;
        self.expires_at = Some(expires_at);
        self.fixed_at = now;
        self.ends = now.saturating_add(left.min(most));
    }

    //= protocol/3-time
    /// The time by which the security context judges: this device's, as the credential's clock has it.
    pub(super) fn judged(&self, now: u64) -> u64 {
        let now = now * u64::from(rule::holds("3-time"));
        match self.ends.checked_sub(now) {
            Some(left) => self.expiration().saturating_sub(left),
            None => self.expiration().saturating_add(now - self.ends),
        }
    }

    /// Whether the credential's time is over.
    pub(super) fn is_over(&self, now: u64) -> bool {
        now >= self.ends && rule::holds("3-time")
    }

    /// Seconds until it is over.
    pub(super) fn left(&self, now: u64) -> u64 {
        self.ends.saturating_sub(now)
    }

    /// A clock that was set back lengthens nothing: what was left, counts from now.
    fn follow(&mut self, now: u64) {
        if now.saturating_add(CLOCK_SKEW) < self.fixed_at {
            let back = self.fixed_at - now;
            self.fixed_at = now;
            self.ends = self.ends.saturating_sub(back);
            self.kept_until = self.kept_until.map(|at| at.saturating_sub(back));
        }
    }
}

/// What a receiver takes for the time before its first read: the earlier of its own clock, less the skew, and the
/// relay's, so that a wrong clock refuses nothing.
pub(super) fn earliest(now: u64, date: Option<u64>) -> u64 {
    let own = now.saturating_sub(CLOCK_SKEW);
    own.min(date.unwrap_or(own))
}

//= protocol/3-bounds
/// Whether a credential that expires then may be: by the later of the two clocks.
pub(super) fn is_too_far(expires_at: u64, now: u64, date: Option<u64>) -> bool {
    let latest = now.max(date.unwrap_or(now));
    expires_at > latest.saturating_add(MAX_LIFETIME + CLOCK_SKEW)
}

impl Transfer {
    /// Whether it is over, and an ending that has begun has had its time to be told to the other side.
    pub(super) fn is_past_deadline(&self, now: u64) -> bool {
        let grace = match &self.phase {
            Phase::Offered { .. } | Phase::Establishing | Phase::Established { .. } => 0,
            // A sender looks once more: an answer that came too late uses the credential up, and is told so.
            _ => LINGER,
        };
        let ends = match self.clocks.kept_until {
            Some(at) if !rule::holds("7-expiration") => at,
            _ => self.clocks.ends,
        };
        now >= ends.saturating_add(grace)
    }

    /// A clock that was set back lengthens nothing: what was left, counts from now.
    pub(super) fn follow_clock(&mut self, now: u64) {
        self.clocks.follow(now);
        if let Phase::Closed { at, parting, .. } = &mut self.phase
            && now.saturating_add(CLOCK_SKEW) < *at
        {
            let back = *at - now;
            *at = now;
            if let Some(parting) = parting {
                parting.until = parting.until.saturating_sub(back);
            }
        }
        if let Some(absence) = &mut self.place.absence {
            absence.since = absence.since.min(now);
        }
    }

    //= protocol/7-expiration
    /// What a read says of the mailbox's end, which is no more than a word to show.
    pub(super) fn note_expiration(&mut self, expiration: Option<u64>, now: u64, date: Option<u64>) {
        let Some(mut at) = expiration else { return };
        if !self.phase.is_before_keys() {
            return;
        }
        // A sender shows its own clock's time: translate from the relay's, unless by that the relay would still have
        // what has expired.
        if let (Side::Sender, Some(date)) = (self.side, date)
            && date < at
        {
            at = now.saturating_add(at - date);
        }
        let sooner = |known: u64| at.saturating_add(ROUNDING) < known;
        if self.clocks.kept_until.is_none_or(sooner) {
            self.clocks.kept_until = Some(at);
        }
    }

    /// What is shown: when the credential expires, or the mailbox is said to, if that is sooner and may matter.
    pub fn expires_at(&self) -> u64 {
        let expires_at = self.clocks.expiration();
        match self.clocks.kept_until {
            Some(at) if self.phase.is_before_keys() && at.saturating_add(ROUNDING) < expires_at => {
                at
            }
            _ => expires_at,
        }
    }

    /// The same; none at a receiver that nobody has told yet.
    pub fn known_expiration(&self) -> Option<u64> {
        let told = self.clocks.expires_at.or(self.clocks.kept_until);
        told.map(|_| self.expires_at())
    }

    //= protocol/9-events
    /// Whether nothing of an ended transfer is needed any more. A receiver that has answered stays for a fixed time
    /// of its own clock; what of it must stay for ever, the client keeps. Events that nobody has seen are forgotten
    /// only by a clock that stays where it is.
    pub fn is_forgettable(&mut self, now: u64) -> bool {
        self.follow_clock(now);
        let Phase::Closed { at, .. } = self.phase else {
            return false;
        };
        let kept_until = match self.clocks.expires_at {
            None => at,
            Some(_) if self.security.answered => at.saturating_add(MAX_LIFETIME + 2 * CLOCK_SKEW),
            Some(_) => self.clocks.ends.max(at).saturating_add(2 * CLOCK_SKEW),
        };
        if self.events.is_empty() {
            return now > kept_until;
        }
        if now <= kept_until.max(at.saturating_add(KEEP_EVENTS)) {
            self.clocks.overdue_since = None;
            return false;
        }
        let since = *self.clocks.overdue_since.get_or_insert(now);
        now >= since.saturating_add(KEEP_CONFIRMED)
    }
}
