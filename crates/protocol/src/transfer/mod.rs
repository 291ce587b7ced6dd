//! The state machine of one transfer, for the sender and the receiver (pure): inputs in, what to do next and
//! events out.
//!
//! It drives the security context (`gss`) and the exchange, and says which request the shell is to make. It is
//! stored as one record; the shell stores it before anything that depends on it becomes visible.

mod advance;
mod answered;
mod ask;
mod cause;
mod clocks;
mod codes;
mod consent;
mod display;
mod ending;
mod establish;
mod events;
mod id;
mod message;
mod messages;
mod outcome;
mod phase;
mod pin;
mod place;
mod receive;
mod record;
mod refused;
mod security;
mod slot;
mod start;
#[cfg(test)]
mod tests;
mod texts;
mod types;

use crate::exchange::{Side, Window};
use crate::invitation::{ShareUrl, Vertical};
use crate::summary::Summary;
use tigress_gss::auth_credential::CredentialId;
use tigress_mailbox::{MailboxId, NotificationToken};
pub use tigress_primitives::record::RecordError;

use advance::Next;
pub use answered::Answered;
pub use ask::{Aim, Ask, Ticket};
#[cfg(test)]
use clocks::CLOCK_SKEW;
use clocks::{Clocks, LINGER};
pub use display::Display;
use events::EventLog;
pub use id::{NotATransferId, TransferId};
pub use message::MAX_CONTENT;
pub use message::MessageError;
use messages::Messages;
pub use outcome::Outcome;
use phase::{Consent, OfferedPin, Parting, Phase};
use place::Place;
#[cfg(test)]
use receive::Answer;
pub use refused::Refused;
use security::Security;
pub use slot::Slot;
pub use start::{ReceiverStart, SenderStart};
pub use texts::{Authenticity, PublicTexts};
pub use types::{
    Credential, MessageIndex, TerminateReason, TransferEvent, TransferRole, TransferState,
    TransferSummary, TransferUpdate,
};

/// One transfer, on one side.
pub struct Transfer {
    /// Its name on this device.
    pub id: TransferId,
    side: Side,
    vertical: Vertical,
    public: PublicTexts,
    summary: Option<Summary>,
    place: Place,
    clocks: Clocks,
    security: Security,
    window: Window,
    messages: Messages,
    events: EventLog,
    phase: Phase,
}

impl Transfer {
    /// Where it stands.
    pub fn state(&self) -> TransferState {
        match &self.phase {
            Phase::Creating { .. } | Phase::Invited { .. } => TransferState::Invited,
            _ if self.awaits_consent() => TransferState::Offered,
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
            Phase::Offered { pin, .. } => {
                let asks = self.is_read() && !self.awaits_consent();
                asks && matches!(pin, OfferedPin::Needed)
            }
            Phase::Establishing => self.security.needs_pin(),
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
            vertical: self.vertical,
            relay: self.place.relay.clone(),
            display: Display::of(&self.public, self.summary.as_ref()),
            pin_required: self.security.pin_required.0,
            expires_at: self.known_expiration(),
            sent: self.messages.next,
            delivered: self.messages.delivered,
            received: self.messages.next_received,
        }
    }

    /// Whether this side made the invitation.
    pub fn is_sender(&self) -> bool {
        self.side == Side::Sender
    }

    /// How it ended, if it has.
    pub fn outcome(&self) -> Option<Outcome> {
        self.phase.outcome()
    }

    /// The auth credential, once it is known.
    pub fn credential_id(&self) -> Option<&CredentialId> {
        self.security.credential.as_ref()
    }

    /// Whether token 2 was stored here: from then on the auth credential counts as used.
    pub fn has_used_credential(&self) -> bool {
        self.security.answered
    }

    /// Receiver: the mailbox was read, and what it holds was found good.
    pub fn is_read(&self) -> bool {
        self.security.credential.is_some()
    }

    /// Receiver: it was given back before anything was answered.
    pub fn may_be_accepted_again(&self) -> bool {
        let given_back = matches!(self.phase, Phase::Closed { parting: None, .. });
        self.side == Side::Receiver && given_back && !self.security.answered
    }

    /// Nobody has answered: there are no keys yet.
    pub fn is_unanswered(&self) -> bool {
        self.phase.is_before_keys()
    }

    /// Whether this is what the invitation's own sender keeps of it.
    pub fn is_own(&self, invitation: &ShareUrl) -> bool {
        let mailbox = Some(MailboxId::from(invitation.mailbox));
        self.is_sender()
            && self.place.mailbox == mailbox
            && self.place.relay.is_same_place(&invitation.relay)
    }

    /// Sender: the mailbox does not exist yet, as far as this side knows.
    #[cfg(test)]
    fn is_creating(&self) -> bool {
        matches!(self.phase, Phase::Creating { .. })
    }

    /// The origin of the relay.
    pub fn relay(&self) -> String {
        self.place.relay.to_string()
    }

    /// Where this device is woken from now on.
    pub fn set_notification(&mut self, token: Option<NotificationToken>) {
        self.place.notification = token;
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
