//! Where a transfer stands, with exactly what that state needs: a state without its keys, or an ended transfer with a
//! secret, can't be written down.

use zeroize::Zeroizing;

use super::outcome::Outcome;
use super::texts::PublicTexts;
use tigress_gss::pin::Pin;
use tigress_mailbox::RequestId;
use tigress_primitives::cbor::Value;
use tigress_primitives::record;
use tigress_primitives::record::Stored;
use tigress_primitives::secret::SharedSecret;

/// Where the transfer stands, with what only that state has.
pub(super) enum Phase {
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
        said: Option<PublicTexts>,
        token: Option<Vec<u8>>,
        pin: OfferedPin,
        consent: Consent,
    },
    /// Receiver: token 2 is stored. Sender: it was taken, and its PIN was wrong.
    Establishing,
    /// Messages both ways. `ending`: the code with which it ends once no message waits.
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

record! {
    enum Phase at 0 {
        1 = Creating { secret: 1, request_id: 2, body: 3, attestation: 4, pin: 5 },
        2 = Invited { secret: 1, pin: 2 },
        3 = Offered { secret: 1, expected: 2, token: 3, pin: 4, said: 5, consent: 6 },
        4 = Establishing,
        5 = Established { ending: 1 },
        6 = Deleting { code: 1 },
        7 = Acknowledging { outcome: 1, crossed: 2 },
        8 = Aborting { outcome: 1, token: 2 },
        9 = Answering { outcome: 1, token: 2 },
        10 = Removing { outcome: 1 },
        11 = Relinquishing { outcome: 1 },
        12 = Closed { outcome: 1, at: 2, parting: 3 },
    }
}

/// Whether the receiver's user wants what is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// Nobody has said so: nothing is answered.
    Awaited,
    /// The app says that its user agreed.
    Given,
}

impl Consent {
    pub(super) fn given_if(confirmed: bool) -> Self {
        match confirmed {
            true => Self::Given,
            false => Self::Awaited,
        }
    }
}

/// A key only where it is awaited: before version 3 of the record, who accepted had agreed.
impl Stored for Consent {
    fn to_value(&self) -> Option<Value<'_>> {
        match self {
            Self::Awaited => Some(true.into()),
            Self::Given => None,
        }
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        match value.map(Value::boolean) {
            None => Some(Self::Given),
            Some(Some(true)) => Some(Self::Awaited),
            Some(_) => None,
        }
    }
}

/// What is known of the PIN before token 2.
pub(super) enum OfferedPin {
    /// The share URL asks for none.
    None,
    /// The user must type it.
    Needed,
    /// Typed; wiped as soon as it is answered with.
    Given(Pin),
}

/// The digits; none as long as they are needed, and no key where none are.
impl Stored for OfferedPin {
    fn to_value(&self) -> Option<Value<'_>> {
        match self {
            Self::None => None,
            Self::Needed => Some((&[]).into()),
            Self::Given(pin) => pin.to_value(),
        }
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        match value {
            None => Some(Self::None),
            Some(digits) if digits.bytes()?.is_empty() => Some(Self::Needed),
            Some(_) => Stored::from_value(value).map(Self::Given),
        }
    }
}

/// What an ended transfer may still have to do at the relay.
#[derive(Clone)]
pub(super) struct Parting {
    /// The last envelope; written again if the other side overwrote it.
    pub(super) data: Option<String>,
    /// When the mailbox is deleted at the latest, Unix seconds.
    pub(super) until: u64,
    /// The last envelope is this side's own abort: whatever abort of the other's the slot holds is the answer to
    /// it, and nothing more is to be said.
    pub(super) aborted: bool,
}

record! {
    struct Parting { data: 1, until: 2, aborted: 3 }
}

impl Phase {
    /// How it ended, if it has.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Closed { outcome, .. } => Some(*outcome),
            _ => None,
        }
    }

    /// The outcome, once nothing can change it any more.
    pub(super) fn known_outcome(&self) -> Option<Outcome> {
        match self {
            Self::Acknowledging { outcome, .. }
            | Self::Aborting { outcome, .. }
            | Self::Answering { outcome, .. }
            | Self::Removing { outcome }
            | Self::Relinquishing { outcome }
            | Self::Closed { outcome, .. } => Some(*outcome),
            _ => None,
        }
    }

    /// Whether nobody shares a key yet.
    pub(super) fn is_before_keys(&self) -> bool {
        matches!(
            self,
            Self::Creating { .. } | Self::Invited { .. } | Self::Offered { .. }
        )
    }

    /// Receiver: nothing was answered yet.
    pub(super) fn is_offered(&self) -> bool {
        matches!(self, Self::Offered { .. })
    }

    /// An abort ends it, this side's or the other's.
    pub(super) fn is_aborted(&self) -> bool {
        matches!(self, Self::Aborting { .. } | Self::Answering { .. })
    }

    /// Whether messages may have gone either way.
    pub(super) fn was_established(&self) -> bool {
        matches!(self, Self::Established { .. } | Self::Deleting { .. })
    }
}
