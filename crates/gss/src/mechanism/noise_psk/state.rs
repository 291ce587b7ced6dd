//! Where a context stands on one side, and its state across restarts: as CBOR, and back.

use super::handshake::Ephemeral;
use super::keys::{Halves, Keys};
use super::pin::Seed;
use crate::gss::Role;
use crate::pin::Pin;
use tigress_primitives::cbor::Map;
use tigress_primitives::record;
use tigress_primitives::record::{Fields, Reader};
use tigress_primitives::secret::Secret;

#[derive(Clone)]
pub(super) enum State {
    /// The initiator after token 1: all that rebuilds its handshake.
    AwaitingAnswer(Box<FirstMessage>),
    /// The initiator with the handshake done, its PIN not judged, or judged wrong and asked for again.
    Answered {
        keys: Keys,
        asking: Option<Box<Asking>>,
    },
    /// The acceptor, whose user must type the PIN again.
    AwaitingPin {
        keys: Keys,
        asked: Box<Asked>,
    },
    /// The acceptor after token 2 or another PIN. Its ephemeral key is gone already.
    AwaitingConfirmation {
        keys: Keys,
        answered: Option<Answered>,
    },
    Established(Keys),
    /// Only envelopes and aborts.
    Ended(Keys),
}

/// What made the initiator's Noise message 1.
#[derive(Clone)]
pub(super) struct FirstMessage {
    pub(super) psk: Secret<32>,
    pub(super) ephemeral: Ephemeral,
    pub(super) sealed: Vec<u8>,
    pub(super) payload: Vec<u8>,
    /// Hash of the late bindings: not in message 1, but in the keys.
    pub(super) late: [u8; 32],
    pub(super) tries: Option<Tries>,
}

record! {
    struct FirstMessage { psk: 1, ephemeral: flat, sealed: 4, payload: 5, tries: 9, late: 13 }
}

/// The initiator's side of a PIN: one run of SPAKE2 for each try.
#[derive(Clone)]
pub(super) struct Tries {
    pub(super) pin: Pin,
    /// This try's.
    pub(super) seed: Seed,
    /// This try, from 1.
    pub(super) number: u8,
    /// This one and those after it.
    pub(super) left: u8,
}

record! {
    struct Tries { pin: 1, seed: 2, number: 3, left: 4 }
}

/// The initiator's PIN while it is being judged.
#[derive(Clone)]
pub(super) struct Asking {
    pub(super) halves: Halves,
    pub(super) tries: Tries,
}

record! {
    struct Asking { tries: 9, halves: 10 }
}

/// The acceptor asked for its PIN again.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) halves: Halves,
    pub(super) element: Vec<u8>,
    pub(super) number: u8,
}

record! {
    struct Asked { halves: 10, number: 11, element: 12 }
}

/// The acceptor's last answer, which may turn out to be wrong.
#[derive(Clone)]
pub(super) struct Answered {
    pub(super) halves: Halves,
    pub(super) number: u8,
}

record! {
    struct Answered { halves: 10, number: 11 }
}

/// Key of the stage; those of its fields stand beside them.
const STAGE: u64 = 0;
const AWAITING_ANSWER: u64 = 0;
const AWAITING_CONFIRMATION: u64 = 1;
const ESTABLISHED: u64 = 2;
const ANSWERED: u64 = 3;
const AWAITING_PIN: u64 = 4;
const ENDED: u64 = 5;

impl State {
    pub(super) fn to_map(&self) -> Map<'_> {
        let to = &mut Map::new();
        let stage = match self {
            Self::AwaitingAnswer(first) => {
                first.write(to);
                AWAITING_ANSWER
            }
            Self::Answered {
                keys,
                asking: Some(asking),
            } => {
                keys.write(to);
                asking.write(to);
                ANSWERED
            }
            Self::AwaitingPin { keys, asked } => {
                keys.write(to);
                asked.write(to);
                AWAITING_PIN
            }
            Self::AwaitingConfirmation { keys, answered } => {
                keys.write(to);
                if let Some(answered) = answered {
                    answered.write(to);
                }
                AWAITING_CONFIRMATION
            }
            Self::Established(keys) => {
                keys.write(to);
                ESTABLISHED
            }
            // Without a PIN, an answer that was opened and not confirmed is one that came too late.
            Self::Ended(keys) | Self::Answered { keys, asking: None } => {
                keys.write(to);
                ENDED
            }
        };
        to.set(STAGE, stage);
        std::mem::take(to)
    }

    pub(super) fn from_map(role: Role, map: &Map) -> Option<Self> {
        let from = &mut Reader::new(map);
        let state = match (from.field(STAGE)?, role) {
            (AWAITING_ANSWER, Role::Initiator) => {
                Self::AwaitingAnswer(Box::new(Fields::read(from)?))
            }
            (ANSWERED, Role::Initiator) => Self::Answered {
                keys: Fields::read(from)?,
                asking: Some(Box::new(Fields::read(from)?)),
            },
            (AWAITING_PIN, Role::Acceptor) => Self::AwaitingPin {
                keys: Fields::read(from)?,
                asked: Box::new(Fields::read(from)?),
            },
            (AWAITING_CONFIRMATION, Role::Acceptor) => Self::AwaitingConfirmation {
                keys: Fields::read(from)?,
                answered: from.rest()?,
            },
            (ESTABLISHED, _) => Self::Established(Fields::read(from)?),
            (ENDED, _) => Self::Ended(Fields::read(from)?),
            _ => return None,
        };
        from.is_done().then_some(state)
    }
}
