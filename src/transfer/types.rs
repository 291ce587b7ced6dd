//! The words of a transfer that apps see: ids, states, events, outcomes.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::invitation::PeerText;

/// Names one transfer on this device; never leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransferId(pub(crate) Uuid);

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is no transfer id (a UUID).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a transfer id")]
pub struct NotATransferId;

impl FromStr for TransferId {
    type Err = NotATransferId;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse().map(Self).map_err(|_| NotATransferId)
    }
}

/// Provisioning information: what one side hands to the other, or an additional message.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// What `content` is, such as `digitalwallet.carkey.ccc` or the app's own name (1 to 255 ASCII characters).
    /// For formats that begin with `digitalwallet.` the content is a JSON object.
    pub format: String,
    /// The bytes, at most 256 KiB.
    pub content: Zeroizing<Vec<u8>>,
    /// The media type of `content`, if there is one (at most 255 ASCII characters).
    pub media_type: Option<String>,
}

impl Credential {
    /// A credential without a media type.
    #[must_use]
    pub fn new(format: impl Into<String>, content: Vec<u8>) -> Self {
        Self {
            format: format.into(),
            content: Zeroizing::new(content),
            media_type: None,
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}

/// Which of the two this device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferRole {
    /// Created the invitation.
    Sender,
    /// Accepted it.
    Receiver,
}

/// Why one side ends a transfer; also the codes 1 to 3 of the deletion token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminateReason {
    /// All that was to be handed over has been.
    Done,
    /// The receiver does not want it.
    Declined,
    /// Taken back.
    Cancelled,
}

impl TerminateReason {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => codes::DONE,
            Self::Declined => codes::DECLINED,
            Self::Cancelled => codes::CANCELLED,
        }
    }
}

/// The protocol's ending codes.
pub(crate) mod codes {
    pub(crate) const DONE: u8 = 1;
    pub(crate) const DECLINED: u8 = 2;
    pub(crate) const CANCELLED: u8 = 3;
    pub(crate) const EXPIRED: u8 = 4;
    pub(crate) const PIN_TRIES: u8 = 5;
    pub(crate) const UNDECODABLE: u8 = 6;
    pub(crate) const STATE_LOST: u8 = 7;
    pub(crate) const TOO_LARGE: u8 = 8;
    pub(crate) const INTERNAL: u8 = 9;
}

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// One side was done, and the other confirmed it.
    Completed,
    /// The receiver declined.
    Declined,
    /// The sender took it back.
    Cancelled,
    /// The invitation's time was over.
    Expired,
    /// The mailbox was gone without an authenticated ending: what was acknowledged before had arrived, of the
    /// rest nothing is known.
    Unconfirmed,
    /// Ended by an error; the code is the protocol's (5 PIN tries used up, 6 undecodable, 7 state lost,
    /// 8 too large, 9 internal; others are shown as such).
    Failed(u8),
}

/// What stands in records for an outcome without a code.
const STORED_UNCONFIRMED: u64 = 256;

impl Outcome {
    pub(crate) fn from_code(code: u8) -> Self {
        match code {
            codes::DONE => Self::Completed,
            codes::DECLINED => Self::Declined,
            codes::CANCELLED => Self::Cancelled,
            codes::EXPIRED => Self::Expired,
            other => Self::Failed(other),
        }
    }

    /// A stable word: `completed`, `declined`, `cancelled`, `expired`, `unconfirmed`, `failed`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Unconfirmed => "unconfirmed",
            Self::Failed(_) => "failed",
        }
    }

    /// One number for storage: the code, or one that is none.
    pub(crate) fn stored(self) -> u64 {
        match self {
            Self::Unconfirmed => STORED_UNCONFIRMED,
            Self::Completed => codes::DONE.into(),
            Self::Declined => codes::DECLINED.into(),
            Self::Cancelled => codes::CANCELLED.into(),
            Self::Expired => codes::EXPIRED.into(),
            Self::Failed(code) => code.into(),
        }
    }

    pub(crate) fn from_stored(stored: u64) -> Option<Self> {
        if stored == STORED_UNCONFIRMED {
            return Some(Self::Unconfirmed);
        }
        u8::try_from(stored).ok().map(Self::from_code)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(code) => write!(f, "failed (code {code})"),
            other => f.write_str(other.name()),
        }
    }
}

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// Sender: nobody has answered yet.
    Invited,
    /// The two are making the security context.
    Establishing,
    /// Receiver: the user must type the PIN.
    PinRequired,
    /// Messages may go both ways.
    Established,
    /// One side has ended it; the other's confirmation is awaited.
    Closing,
    /// Over.
    Closed(Outcome),
}

impl TransferState {
    /// A stable word, such as `invited` or `closed`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Establishing => "establishing",
            Self::PinRequired => "pin_required",
            Self::Established => "established",
            Self::Closing => "closing",
            Self::Closed(_) => "closed",
        }
    }
}

/// Counts the messages that one side sent in a transfer, from 0.
pub type MessageIndex = u64;

/// What happened in a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferEvent {
    /// Sender: a device with the shared secret has answered; the invitation is used up.
    Accepted,
    /// Receiver: the PIN is needed.
    PinRequired,
    /// A wrong PIN: the user's at the receiver, at the sender whoever answered. With no tries left the transfer
    /// is destroyed on both sides.
    PinRejected {
        /// Tries left, as far as this side knows.
        tries_left: u8,
    },
    /// The security context is complete.
    Established,
    /// A message of the other side.
    CredentialReceived {
        /// What it said.
        credential: Credential,
        /// Its number among the other side's messages.
        index: MessageIndex,
    },
    /// The other side has stored a message of this side.
    CredentialDelivered {
        /// Its number among this side's messages.
        index: MessageIndex,
    },
    /// Something in the mailbox was not from the other side; it changed nothing.
    RejectedToken,
    /// The transfer is over.
    Closed {
        /// How it ended.
        outcome: Outcome,
    },
}

/// What [`poll`](crate::TransferClient::poll) gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferUpdate {
    /// Where the transfer stands.
    pub state: TransferState,
    /// The events after the given cursor, oldest first.
    pub events: Vec<TransferEvent>,
    /// To be given to the next `poll`, once the events have been dealt with: that acknowledges them.
    pub cursor: u64,
}

/// A transfer in a list: what an app shows its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferSummary {
    /// Its id.
    pub id: TransferId,
    /// Which of the two this device is.
    pub role: TransferRole,
    /// Where it stands.
    pub state: TransferState,
    /// What the invitation says of itself; a receiver has it from the other side.
    pub display: Display,
    /// When it ends at the latest, Unix seconds.
    pub expires_at: u64,
    /// How many messages this side has handed over to be sent, delivered or not: so an app that was killed knows
    /// whether its last `send_credential` counted.
    pub sent: MessageIndex,
}

/// Text for the user that came with an invitation. At a receiver, a peer supplied it: never trust it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Display {
    /// A short title.
    pub title: PeerText,
    /// A sentence.
    pub description: PeerText,
    /// An https image, if any; nothing here fetches it.
    pub image_url: Option<String>,
}
