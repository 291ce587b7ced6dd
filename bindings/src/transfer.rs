//! The words of a transfer: states, events, summaries.

use std::fmt;
use std::time::SystemTime;

use zeroize::Zeroizing;

use crate::invitation::{PeerText, Vertical};
use crate::outcome::Outcome;
use crate::time::system_time;
use crate::transfer_id::TransferId;

/// Provisioning information: what one side hands to the other, or an additional message.
#[derive(Clone, PartialEq, Eq, Hash, uniffi::Record)]
#[uniffi::export(Display, Eq, Hash)]
pub struct Credential {
    /// What `content` is, such as `digitalwallet.carkey.ccc` or the app's own name (1 to 255 ASCII characters). For
    /// formats that begin with `digitalwallet.` the content is a JSON object.
    pub format: String,
    /// The bytes, at most 256 KiB.
    pub content: Vec<u8>,
    /// The media type of `content`, if there is one (at most 255 ASCII characters).
    #[uniffi(default = None)]
    pub media_type: Option<String>,
}

/// Its size only: the content is secret.
impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({} bytes)", self.content.len())
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Credential> for tigress::Credential {
    fn from(credential: Credential) -> Self {
        Self {
            format: credential.format,
            content: Zeroizing::new(credential.content),
            media_type: credential.media_type,
        }
    }
}

impl From<tigress::Credential> for Credential {
    fn from(mut credential: tigress::Credential) -> Self {
        Self {
            format: credential.format,
            content: std::mem::take(&mut *credential.content),
            media_type: credential.media_type,
        }
    }
}

/// Which of the two this device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum TransferRole {
    /// Created the invitation.
    Sender,
    /// Accepted it.
    Receiver,
}

impl From<tigress::TransferRole> for TransferRole {
    fn from(role: tigress::TransferRole) -> Self {
        match role {
            tigress::TransferRole::Sender => Self::Sender,
            tigress::TransferRole::Receiver => Self::Receiver,
        }
    }
}

/// Why one side ends a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum TerminateReason {
    /// All that was to be handed over has been.
    Done,
    /// The receiver does not want it.
    Declined,
    /// Taken back.
    Cancelled,
}

impl From<TerminateReason> for tigress::TerminateReason {
    fn from(reason: TerminateReason) -> Self {
        match reason {
            TerminateReason::Done => Self::Done,
            TerminateReason::Declined => Self::Declined,
            TerminateReason::Cancelled => Self::Cancelled,
        }
    }
}

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum TransferState {
    /// Sender: nobody has answered yet.
    Invited,
    /// Receiver: read and found good. Nothing is answered before its user has agreed: `confirm` or `decline`.
    Offered,
    /// The two are making the security context.
    Establishing,
    /// Receiver: the user must type the PIN.
    PinRequired,
    /// Messages may go both ways.
    Established,
    /// One side has ended it, the other's confirmation is awaited.
    Closing,
    /// Over.
    Closed {
        /// How it ended.
        outcome: Outcome,
    },
}

impl From<tigress::TransferState> for TransferState {
    fn from(state: tigress::TransferState) -> Self {
        use tigress::TransferState as State;
        match state {
            State::Invited => Self::Invited,
            State::Offered => Self::Offered,
            State::Establishing => Self::Establishing,
            State::PinRequired => Self::PinRequired,
            State::Established => Self::Established,
            State::Closing => Self::Closing,
            State::Closed(outcome) => Self::Closed {
                outcome: outcome.into(),
            },
        }
    }
}

/// What happened in a transfer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum TransferEvent {
    /// Sender: a device with the shared secret has answered. The invitation is used up.
    Accepted,
    /// Receiver: the PIN is needed.
    PinRequired,
    /// A wrong PIN.
    PinRejected {
        /// Tries left on this side.
        tries_left: u8,
    },
    /// The security context is complete.
    Established,
    /// A message of the other side.
    CredentialReceived {
        /// What it said.
        credential: Credential,
        /// Its number among the other side's messages, from 0.
        index: u64,
    },
    /// The other side has stored a message of this side.
    CredentialDelivered {
        /// Its number among this side's messages, from 0.
        index: u64,
    },
    /// Something in the mailbox was not from the other side. It changed nothing.
    RejectedToken,
    /// The transfer is over.
    Closed {
        /// How it ended.
        outcome: Outcome,
    },
    /// An event that this version has no name for: pass over it.
    Unknown,
}

impl From<tigress::TransferEvent> for TransferEvent {
    fn from(event: tigress::TransferEvent) -> Self {
        use tigress::TransferEvent as Event;
        match event {
            Event::Accepted => Self::Accepted,
            Event::PinRequired => Self::PinRequired,
            Event::PinRejected { tries_left } => Self::PinRejected { tries_left },
            Event::Established => Self::Established,
            Event::CredentialReceived { credential, index } => Self::CredentialReceived {
                credential: credential.into(),
                index,
            },
            Event::CredentialDelivered { index } => Self::CredentialDelivered { index },
            Event::RejectedToken => Self::RejectedToken,
            Event::Closed { outcome } => Self::Closed {
                outcome: outcome.into(),
            },
            _ => Self::Unknown,
        }
    }
}

/// What a poll gives.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TransferUpdate {
    /// Where the transfer stands.
    pub state: TransferState,
    /// The events after the given cursor, oldest first. They are numbered one by one, the last has the number
    /// `cursor`.
    pub events: Vec<TransferEvent>,
    /// To be given to the next poll, once the events have been dealt with: that acknowledges them.
    pub cursor: u64,
}

impl From<tigress::TransferUpdate> for TransferUpdate {
    fn from(update: tigress::TransferUpdate) -> Self {
        Self {
            state: update.state.into(),
            events: update.events.into_iter().map(Into::into).collect(),
            cursor: update.cursor,
        }
    }
}

/// Whose word the texts of an invitation are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Authenticity {
    /// The sender's own: its first token says so, or this device is the sender.
    Authentic,
    /// Nobody knows: the first token says nothing of them. Whoever runs the relay may have written them.
    Unbound,
    /// Not the sender's: what it has written was changed on the way, and what came instead is not kept. The texts
    /// are empty, and there is no image.
    Altered,
}

impl From<tigress::Authenticity> for Authenticity {
    fn from(authenticity: tigress::Authenticity) -> Self {
        match authenticity {
            tigress::Authenticity::Authentic => Self::Authentic,
            tigress::Authenticity::Unbound => Self::Unbound,
            tigress::Authenticity::Altered => Self::Altered,
        }
    }
}

/// A transfer in a list: what an app shows its user.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TransferSummary {
    /// Its id.
    pub id: TransferId,
    /// Which of the two this device is.
    pub role: TransferRole,
    /// Where it stands.
    pub state: TransferState,
    /// What kind of credential it is, as far as its link tells.
    pub vertical: Vertical,
    /// The origin of the relay that it goes over, such as `https://relay.example`.
    pub relay: String,
    /// The invitation's title. A receiver has it from the other side.
    pub title: PeerText,
    /// The invitation's description. A receiver has it from the other side.
    pub description: PeerText,
    /// What the sender calls itself; nothing proves it. Empty if it does not say.
    pub sender: PeerText,
    /// The format of the credential that is to come, if the sender says.
    pub format: Option<String>,
    /// Whether the receiver may pass on what it gets, in the sender's word. Nothing enforces it.
    pub may_be_passed_on: bool,
    /// An https image, if any. Nothing here fetches it; a receiver has its address from the other side.
    pub image_url: Option<String>,
    /// Whether title, description and image are the sender's own word.
    pub authenticity: Authenticity,
    /// Whether the invitation asks for a PIN: known on both sides from the beginning, and after the end too.
    pub pin_required: bool,
    /// When it ends at the latest; none while a receiver has not read its mailbox.
    pub expires_at: Option<SystemTime>,
    /// How many messages this side has handed over to be sent, delivered or not.
    pub sent: u64,
    /// How many of them the other side has stored, the first ones: with `sent` this tells "delivered, then lost" from
    /// "never delivered", also of a transfer that has ended.
    pub delivered: u64,
    /// How many messages of the other side this side has stored.
    pub received: u64,
}

impl From<tigress::TransferSummary> for TransferSummary {
    fn from(summary: tigress::TransferSummary) -> Self {
        Self {
            id: summary.id.into(),
            role: summary.role.into(),
            state: summary.state.into(),
            vertical: summary.vertical.into(),
            relay: summary.relay.to_string(),
            title: summary.display.title.into(),
            description: summary.display.description.into(),
            sender: summary.display.sender.into(),
            format: summary.display.format,
            may_be_passed_on: summary.display.may_be_passed_on,
            image_url: summary.display.image_url,
            authenticity: summary.display.authenticity.into(),
            pin_required: summary.pin_required,
            expires_at: summary.expires_at.map(system_time),
            sent: summary.sent,
            delivered: summary.delivered,
            received: summary.received,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_its_name() {
        use tigress::TransferEvent as Event;
        let credential = tigress::Credential::new("org.example.key", b"k".to_vec());
        let all = [
            Event::Accepted,
            Event::PinRequired,
            Event::PinRejected { tries_left: 4 },
            Event::Established,
            Event::CredentialReceived {
                credential,
                index: 3,
            },
            Event::CredentialDelivered { index: 3 },
            Event::RejectedToken,
            Event::Closed {
                outcome: tigress::Outcome::Failed(7),
            },
        ];
        for event in all {
            let ours = TransferEvent::from(event.clone());
            let name = |text: String| text.split([' ', '{']).next().unwrap_or_default().to_owned();
            assert_eq!(name(format!("{ours:?}")), name(format!("{event:?}")));
        }
    }

    #[test]
    fn a_credential_is_shown_by_its_size_alone() {
        let credential = Credential {
            format: "org.example.key".into(),
            content: b"secret".to_vec(),
            media_type: None,
        };
        assert_eq!(
            format!("{credential} {credential:?}"),
            "Credential(6 bytes) Credential(6 bytes)"
        );
    }
}
