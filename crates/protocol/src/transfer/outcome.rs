//! How a transfer ended: the words.

use std::fmt;

use super::codes;
use tigress_primitives::record;

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// One side was done, the other has confirmed it, and everything that this side sent has arrived.
    Completed,
    /// The receiver declined.
    Declined,
    /// The sender took it back.
    Cancelled,
    /// The invitation's time was over before the two were established: nothing was handed over.
    Expired,
    /// Nobody has confirmed the end, or it came with something of this side's undelivered: what
    /// [`TransferSummary::delivered`](super::TransferSummary::delivered) counts had arrived, of the rest nothing is
    /// known.
    Unconfirmed,
    /// Whoever has the link, PIN or not, may have ended it: the other side had not proven yet that it knows the
    /// PIN. The code is what was claimed. Nothing was handed over.
    Unproven(u64),
    /// Ended by an error; the code is the protocol's (5 PIN tries used up, 6 undecodable, 7 state lost,
    /// 8 too large, 9 internal; others are shown as such).
    Failed(u64),
}

record! {
    enum Outcome at 0 {
        1 = Completed,
        2 = Declined,
        3 = Cancelled,
        4 = Expired,
        5 = Unconfirmed,
        6 = Unproven(code: 1),
        7 = Failed(code: 1),
    }
}

impl Outcome {
    /// What a code says that is not "done": that must be proven.
    pub(super) fn named(code: u64) -> Self {
        match code {
            codes::DECLINED => Self::Declined,
            codes::CANCELLED => Self::Cancelled,
            codes::EXPIRED => Self::Expired,
            other => Self::Failed(other),
        }
    }

    /// A stable word: `completed`, `declined`, `cancelled`, `expired`, `unconfirmed`, `unproven`, `failed`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Unconfirmed => "unconfirmed",
            Self::Unproven(_) => "unproven",
            Self::Failed(_) => "failed",
        }
    }

    /// The protocol's code, where it is told with the word: that of an error, or the one that was claimed.
    #[must_use]
    pub fn code(self) -> Option<u64> {
        match self {
            Self::Unproven(code) | Self::Failed(code) => Some(code),
            _ => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code() {
            Some(code) => write!(f, "{} (code {code})", self.name()),
            None => f.write_str(self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_stored_as_it_is() {
        let mut all = vec![Outcome::Completed, Outcome::Unconfirmed];
        for code in (0..=300).chain([u64::from(u32::MAX), u64::MAX]) {
            all.extend([Outcome::Unproven(code), Outcome::named(code)]);
        }
        for outcome in all {
            assert_eq!(record::from_map(&record::to_map(&outcome)), Some(outcome));
        }
    }
}
