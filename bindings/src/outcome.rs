//! How transfers end.

use std::fmt;

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Outcome {
    /// One side was done, the other has confirmed it, and everything that this side sent has arrived.
    Completed,
    /// The receiver declined.
    Declined,
    /// The sender took it back.
    Cancelled,
    /// The invitation's time was over before the two were established: nothing was handed over.
    Expired,
    /// Nobody has confirmed the end, or it came with something of this side's undelivered: what `delivered` of the
    /// transfer counts had arrived, of the rest nothing is known.
    Unconfirmed,
    /// Whoever has the link, PIN or not, may have ended it: the other side had not proven yet that it knows the PIN.
    /// Nothing was handed over.
    Unproven {
        /// The protocol's code that was claimed: 2 declined, 3 cancelled, or as with `Failed`.
        code: u64,
    },
    /// Ended by an error.
    Failed {
        /// The protocol's code: 5 PIN tries used up, 6 undecodable, 7 state lost, 8 too large, 9 internal.
        code: u64,
    },
}

impl From<tigress::Outcome> for Outcome {
    fn from(outcome: tigress::Outcome) -> Self {
        match outcome {
            tigress::Outcome::Completed => Self::Completed,
            tigress::Outcome::Declined => Self::Declined,
            tigress::Outcome::Cancelled => Self::Cancelled,
            tigress::Outcome::Expired => Self::Expired,
            tigress::Outcome::Unconfirmed => Self::Unconfirmed,
            tigress::Outcome::Unproven(code) => Self::Unproven { code },
            tigress::Outcome::Failed(code) => Self::Failed { code },
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed => f.write_str("completed"),
            Self::Declined => f.write_str("declined"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Expired => f.write_str("expired"),
            Self::Unconfirmed => f.write_str("unconfirmed"),
            Self::Unproven { code } => write!(f, "unproven (code {code})"),
            Self::Failed { code } => write!(f, "failed (code {code})"),
        }
    }
}
