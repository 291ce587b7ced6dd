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
        /// What was claimed.
        reason: EndReason,
        /// The same as the protocol's code.
        code: u64,
    },
    /// Ended by an error.
    Failed {
        /// Which.
        reason: EndReason,
        /// The same as the protocol's code.
        code: u64,
    },
}

/// Why a transfer ended otherwise than by both sides' will.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum EndReason {
    /// The receiver does not want it.
    Declined,
    /// Taken back.
    Cancelled,
    /// Nobody has typed the right PIN.
    PinTriesUsedUp,
    /// One side could not read what the other wrote.
    Undecodable,
    /// One side has lost what it knew, such as by a backup that was restored.
    StateLost,
    /// Something was larger than the protocol allows.
    TooLarge,
    /// A fault of one side's.
    Internal,
    /// A code that this version has no name for.
    Other,
}

impl EndReason {
    /// By the protocol's code (docs/protocol.md, "Codes").
    fn of(code: u64) -> Self {
        match code {
            2 => Self::Declined,
            3 => Self::Cancelled,
            5 => Self::PinTriesUsedUp,
            6 => Self::Undecodable,
            7 => Self::StateLost,
            8 => Self::TooLarge,
            9 => Self::Internal,
            _ => Self::Other,
        }
    }
}

impl From<tigress::Outcome> for Outcome {
    fn from(outcome: tigress::Outcome) -> Self {
        match outcome {
            tigress::Outcome::Completed => Self::Completed,
            tigress::Outcome::Declined => Self::Declined,
            tigress::Outcome::Cancelled => Self::Cancelled,
            tigress::Outcome::Expired => Self::Expired,
            tigress::Outcome::Unconfirmed => Self::Unconfirmed,
            tigress::Outcome::Unproven(code) => Self::Unproven {
                reason: EndReason::of(code),
                code,
            },
            tigress::Outcome::Failed(code) => Self::Failed {
                reason: EndReason::of(code),
                code,
            },
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
            Self::Unproven { code, .. } => write!(f, "unproven (code {code})"),
            Self::Failed { code, .. } => write!(f, "failed (code {code})"),
        }
    }
}
