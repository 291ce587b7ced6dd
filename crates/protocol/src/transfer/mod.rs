//! The state machine of one transfer, for the sender and the receiver (pure): inputs in, what to do next and
//! events out.
//!
//! It drives the security context (`gss`) and the exchange, and says which request the shell is to make. It is
//! stored as one record; the shell stores it before anything that depends on it becomes visible.

mod advance;
mod clocks;
mod codes;
mod display;
mod ending;
mod establish;
mod events;
mod id;
mod message;
mod outcome;
mod pin;
#[cfg(test)]
mod pin_tests;
mod receive;
mod record;
mod refused;
mod slot;
mod start;
#[cfg(test)]
mod tests;
mod types;
#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "reads, and writes when it is asked to, what is kept in tests/vectors"
)]
mod vectors;

use zeroize::Zeroizing;

use crate::exchange::{Side, Window};
use crate::invitation::{RelayOrigin, Vertical};
use tigress_gss::auth_credential::CredentialId;
use tigress_gss::gss::{Role, SecurityContext};
use tigress_gss::pin::Pin;
use tigress_mailbox::{DeviceClaim, MailboxId, NotificationToken, RequestId};
use tigress_primitives::secret::{Secret, SharedSecret};

pub use advance::Next;
#[cfg(test)]
use clocks::CLOCK_SKEW;
use clocks::{Clocks, LINGER};
pub use display::{Authenticity, Display};
use events::EventLog;
pub use id::{NotATransferId, TransferId};
pub use message::MAX_CONTENT;
pub use message::MessageError;
pub use outcome::Outcome;
pub use receive::Answer;
pub use record::RecordError;
pub use refused::Refused;
pub use slot::Slot;
pub use start::{ReceiverStart, SenderStart};
pub use types::{
    Credential, MessageIndex, TerminateReason, TransferEvent, TransferRole, TransferState,
    TransferSummary, TransferUpdate,
};

/// One transfer, on one side.
pub struct Transfer {
    /// Its name on this device.
    pub id: TransferId,
    side: Side,
    relay: RelayOrigin,
    /// Known once the mailbox exists.
    mailbox: Option<MailboxId>,
    claim: DeviceClaim,
    /// The recipient proof, R.
    proof: Secret<32>,
    vertical: Vertical,
    display: Display,
    notification: Option<NotificationToken>,
    clocks: Clocks,
    credential_id: Option<CredentialId>,
    context: Option<SecurityContext>,
    window: Window,
    /// Messages that wait for the context, or for room in the window.
    queue: Vec<Queued>,
    next_message: MessageIndex,
    /// How many of this side's messages the other has acknowledged, the first ones.
    delivered: MessageIndex,
    /// Messages under way, by the index of their token.
    in_flight: Vec<(u64, MessageIndex)>,
    next_received: MessageIndex,
    /// Receiver: token 2 was stored, so the auth credential counts as used.
    answered: bool,
    /// Whoever ends it is the other side: it needs no PIN to be that, or has proven that it knows it.
    proven: bool,
    events: EventLog,
    /// First time and count of a "not found" that may be a proxy's.
    not_found: Option<(u64, u64)>,
    phase: Phase,
}

/// A message as it will be wrapped.
struct Queued {
    index: MessageIndex,
    message: Zeroizing<Vec<u8>>,
}

/// Where the transfer stands, with what only that state has.
enum Phase {
    /// Sender: the mailbox is being made, by exactly this request.
    Creating {
        secret: SharedSecret,
        request_id: RequestId,
        body: Zeroizing<Vec<u8>>,
        attestation: Option<String>,
        pin: Option<Pin>,
    },
    /// Sender: token 1 lies in the mailbox. The PIN is kept here to be shown; the context has its own.
    Invited {
        secret: SharedSecret,
        pin: Option<Pin>,
    },
    /// Receiver: bound or about to be, nothing answered. The token is the sender's, once read and found good.
    Offered {
        secret: SharedSecret,
        expected: Option<Vec<u8>>,
        /// What the file said to people, until the token is read, which tells whose word it is.
        said: Option<Display>,
        token: Option<Vec<u8>>,
        pin: OfferedPin,
    },
    /// Receiver: token 2 is stored. Sender: it was taken, and its PIN was wrong.
    Establishing,
    /// Messages both ways. `ending`: the code with which it ends once the queue is empty.
    Established { ending: Option<u64> },
    /// This side's deletion token awaits its acknowledgement.
    Deleting { code: u64 },
    /// The other side's deletion is stored; the envelope that acknowledges it must be written. When the two
    /// deletions crossed, it still carries this side's own.
    Acknowledging { outcome: Outcome, crossed: bool },
    /// This side aborts; the envelope that says so must be written.
    Aborting { outcome: Outcome, token: Vec<u8> },
    /// The other side has aborted; the envelope that confirms it must be written.
    Answering { outcome: Outcome, token: Vec<u8> },
    /// Confirmed; the mailbox must be deleted.
    Removing { outcome: Outcome },
    /// Receiver, before token 2: the claim is given up.
    Relinquishing { outcome: Outcome },
    /// Over.
    Closed {
        outcome: Outcome,
        at: u64,
        parting: Option<Parting>,
    },
}

/// What is known of the PIN before token 2.
enum OfferedPin {
    /// The share URL asks for none.
    None,
    /// The user must type it.
    Needed,
    /// Typed; wiped as soon as it is answered with.
    Given(Pin),
}

/// What an ended transfer may still have to do at the relay.
#[derive(Clone)]
struct Parting {
    /// The last envelope; written again if the other side overwrote it.
    data: Option<String>,
    /// When the mailbox is deleted at the latest, Unix seconds.
    until: u64,
    /// The last envelope is this side's own abort: whatever abort of the other's the slot holds is the answer to
    /// it, and nothing more is to be said.
    aborted: bool,
}

impl Transfer {
    fn role(&self) -> Role {
        role(self.side)
    }

    /// Where it stands.
    pub fn state(&self) -> TransferState {
        match &self.phase {
            Phase::Creating { .. } | Phase::Invited { .. } => TransferState::Invited,
            _ if self.needs_pin() => TransferState::PinRequired,
            Phase::Offered { .. } | Phase::Establishing => TransferState::Establishing,
            Phase::Established { ending: None } => TransferState::Established,
            Phase::Closed { outcome, .. } => TransferState::Closed(*outcome),
            _ => TransferState::Closing,
        }
    }

    /// Receiver: the user must type the PIN, for the first time or again.
    fn needs_pin(&self) -> bool {
        match &self.phase {
            Phase::Offered { pin, .. } => self.is_read() && matches!(pin, OfferedPin::Needed),
            Phase::Establishing => self.context.as_ref().is_some_and(|c| c.pin_needed()),
            _ => false,
        }
    }

    /// What a list of transfers shows.
    pub fn summary(&self) -> TransferSummary {
        TransferSummary {
            id: self.id,
            role: match self.side {
                Side::Sender => TransferRole::Sender,
                Side::Receiver => TransferRole::Receiver,
            },
            state: self.state(),
            display: self.display.clone(),
            expires_at: self.expires_at(),
            sent: self.next_message,
            delivered: self.delivered,
            received: self.next_received,
        }
    }

    /// Whether this side made the invitation.
    pub fn is_sender(&self) -> bool {
        self.side == Side::Sender
    }

    /// How it ended, if it has.
    pub fn outcome(&self) -> Option<Outcome> {
        match self.phase {
            Phase::Closed { outcome, .. } => Some(outcome),
            _ => None,
        }
    }

    /// The auth credential, once it is known.
    pub fn credential_id(&self) -> Option<&CredentialId> {
        self.credential_id.as_ref()
    }

    /// Whether token 2 was stored here: from then on the auth credential counts as used.
    pub fn has_used_credential(&self) -> bool {
        self.answered
    }

    /// Receiver: the mailbox was read, and what it holds was found good.
    pub fn is_read(&self) -> bool {
        self.credential_id.is_some()
    }

    /// Receiver: it was given back before anything was answered.
    pub fn may_be_accepted_again(&self) -> bool {
        let given_back = matches!(self.phase, Phase::Closed { parting: None, .. });
        self.side == Side::Receiver && given_back && !self.answered
    }

    /// Receiver: nothing was answered yet.
    pub fn is_offered(&self) -> bool {
        matches!(self.phase, Phase::Offered { .. })
    }

    /// Sender: the mailbox does not exist yet, as far as this side knows.
    #[cfg(test)]
    fn is_creating(&self) -> bool {
        matches!(self.phase, Phase::Creating { .. })
    }

    /// The origin of the relay.
    pub fn relay(&self) -> String {
        self.relay.to_string()
    }

    /// Where this device is woken from now on.
    pub fn set_notification(&mut self, token: Option<NotificationToken>) {
        self.notification = token;
    }

    /// The events after `cursor`, with the newest cursor.
    pub fn update_after(&self, cursor: u64) -> TransferUpdate {
        TransferUpdate {
            state: self.state(),
            events: self.events.after(cursor).to_vec(),
            cursor: self.events.last(),
        }
    }

    /// Whether there are events after `cursor`.
    pub fn has_events_after(&self, cursor: u64) -> bool {
        !self.events.after(cursor).is_empty()
    }

    /// Forgets the events up to `cursor`; says whether that changed anything.
    pub fn acknowledge_events(&mut self, cursor: u64) -> bool {
        self.events.acknowledge(cursor)
    }
}

fn role(side: Side) -> Role {
    match side {
        Side::Sender => Role::Initiator,
        Side::Receiver => Role::Acceptor,
    }
}
