//! The words of a transfer that apps see: ids, states, events, outcomes.

use std::fmt;

use zeroize::Zeroizing;

use super::codes;
use super::display::Display;
use super::id::TransferId;
use super::outcome::Outcome;
use crate::invitation::{RelayOrigin, Vertical};

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
    /// The protocol's code for it.
    pub(super) fn code(self) -> u64 {
        match self {
            Self::Done => codes::DONE,
            Self::Declined => codes::DECLINED,
            Self::Cancelled => codes::CANCELLED,
        }
    }
}

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// Sender: nobody has answered yet.
    Invited,
    /// Receiver: read and found good; nothing is answered before its user has agreed.
    Offered,
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
            Self::Offered => "offered",
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

/// What a poll gives.
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
    /// What kind of credential it is, as far as its link tells.
    pub vertical: Vertical,
    /// The relay that it goes over.
    pub relay: RelayOrigin,
    /// What the invitation says of itself; a receiver has it from the other side.
    pub display: Display,
    /// Whether the invitation asks for a PIN: known on both sides from the beginning, and after the end too.
    pub pin_required: bool,
    /// When it ends at the latest, Unix seconds; none while a receiver has not read its mailbox.
    pub expires_at: Option<u64>,
    /// How many messages this side has handed over to be sent, delivered or not: so an app that was killed knows
    /// whether its last `send_credential` counted.
    pub sent: MessageIndex,
    /// How many of them the other side has stored, the first ones: with `sent` this tells "delivered, then lost"
    /// from "never delivered", also of a transfer that has ended.
    pub delivered: MessageIndex,
    /// How many messages of the other side this side has stored.
    pub received: MessageIndex,
}
