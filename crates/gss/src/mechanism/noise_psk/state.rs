//! Where a context stands on one side, and its state across restarts: as CBOR, and back.

use super::handshake::Ephemeral;
use super::keys::{Halves, Keys};
use super::pin::Seed;
use crate::gss::Role;
use crate::pin::Pin;
use tigress_primitives::cbor::Map;
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

/// The initiator's PIN while it is being judged.
#[derive(Clone)]
pub(super) struct Asking {
    pub(super) halves: Halves,
    pub(super) tries: Tries,
}

/// The acceptor asked for its PIN again.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) halves: Halves,
    pub(super) element: Vec<u8>,
    pub(super) number: u8,
}

/// The acceptor's last answer, which may turn out to be wrong.
#[derive(Clone)]
pub(super) struct Answered {
    pub(super) halves: Halves,
    pub(super) number: u8,
}

/// Stages, key 0.
const AWAITING_ANSWER: u64 = 0;
const AWAITING_CONFIRMATION: u64 = 1;
const ESTABLISHED: u64 = 2;
const ANSWERED: u64 = 3;
const AWAITING_PIN: u64 = 4;
const ENDED: u64 = 5;

impl State {
    pub(super) fn to_map(&self) -> Map<'_> {
        match self {
            Self::AwaitingAnswer(first) => Map::new()
                .with(0, AWAITING_ANSWER)
                .with(1, first.psk.expose())
                .with(2, first.ephemeral.secret.expose())
                .with(3, &first.ephemeral.public)
                .with(4, &first.sealed[..])
                .with(5, &first.payload[..])
                .with_opt(9, first.tries.as_ref().map(tries_map))
                .with(13, &first.late),
            Self::Answered {
                keys,
                asking: Some(asking),
            } => keys_map(ANSWERED, keys)
                .with(9, tries_map(&asking.tries))
                .with(10, asking.halves.expose()),
            Self::AwaitingPin { keys, asked } => keys_map(AWAITING_PIN, keys)
                .with(10, asked.halves.expose())
                .with(11, u64::from(asked.number))
                .with(12, &asked.element[..]),
            Self::AwaitingConfirmation { keys, answered } => {
                let answered = answered.as_ref();
                keys_map(AWAITING_CONFIRMATION, keys)
                    .with_opt(10, answered.map(|answered| answered.halves.expose()))
                    .with_opt(11, answered.map(|answered| u64::from(answered.number)))
            }
            Self::Established(keys) => keys_map(ESTABLISHED, keys),
            // Without a PIN, an answer that was opened and not confirmed is one that came too late.
            Self::Ended(keys) | Self::Answered { keys, asking: None } => keys_map(ENDED, keys),
        }
    }

    pub(super) fn from_map(role: Role, map: &Map) -> Option<Self> {
        Some(match (map.uint(0)?, role) {
            (AWAITING_ANSWER, Role::Initiator) => Self::AwaitingAnswer(Box::new(first(map)?)),
            (ANSWERED, Role::Initiator) => Self::Answered {
                keys: keys(map, &[9, 10])?,
                asking: Some(Box::new(Asking {
                    halves: Secret::from_slice(map.bytes(10)?)?,
                    tries: tries(map.map(9)?)?,
                })),
            },
            (AWAITING_PIN, Role::Acceptor) => Self::AwaitingPin {
                keys: keys(map, &[10, 11, 12])?,
                asked: Box::new(Asked {
                    halves: Secret::from_slice(map.bytes(10)?)?,
                    number: byte(map, 11)?,
                    element: map.bytes(12)?.to_vec(),
                }),
            },
            (AWAITING_CONFIRMATION, Role::Acceptor) if map.get(10).is_some() => {
                Self::AwaitingConfirmation {
                    keys: keys(map, &[10, 11])?,
                    answered: Some(Answered {
                        halves: Secret::from_slice(map.bytes(10)?)?,
                        number: byte(map, 11)?,
                    }),
                }
            }
            (AWAITING_CONFIRMATION, Role::Acceptor) => Self::AwaitingConfirmation {
                keys: keys(map, &[])?,
                answered: None,
            },
            (ESTABLISHED, _) => Self::Established(keys(map, &[])?),
            (ENDED, _) => Self::Ended(keys(map, &[])?),
            _ => return None,
        })
    }
}

fn keys_map(stage: u64, keys: &Keys) -> Map<'_> {
    Map::new()
        .with(0, stage)
        .with(6, &keys.hash)
        .with(7, keys.root.expose())
        .with(8, keys.master.expose())
}

/// The keys of a map that holds nothing but them and `more`.
fn keys(map: &Map, more: &[u64]) -> Option<Keys> {
    map.only(&[&[0, 6, 7, 8], more].concat()).then_some(())?;
    Some(Keys {
        hash: map.bytes(6)?.try_into().ok()?,
        root: Secret::from_slice(map.bytes(7)?)?,
        master: Secret::from_slice(map.bytes(8)?)?,
    })
}

fn first(map: &Map) -> Option<FirstMessage> {
    map.only(&[0, 1, 2, 3, 4, 5, 9, 13]).then_some(())?;
    let tries = match map.get(9) {
        Some(value) => Some(tries(value.map()?)?),
        None => None,
    };
    Some(FirstMessage {
        psk: Secret::from_slice(map.bytes(1)?)?,
        ephemeral: Ephemeral {
            secret: Secret::from_slice(map.bytes(2)?)?,
            public: map.bytes(3)?.try_into().ok()?,
        },
        sealed: map.bytes(4)?.to_vec(),
        payload: map.bytes(5)?.to_vec(),
        late: map.bytes(13)?.try_into().ok()?,
        tries,
    })
}

/// The PIN as bytes: those are wiped.
fn tries_map(tries: &Tries) -> Map<'_> {
    Map::new()
        .with(1, tries.pin.as_str().as_bytes())
        .with(2, tries.seed.expose())
        .with(3, u64::from(tries.number))
        .with(4, u64::from(tries.left))
}

fn tries(map: &Map) -> Option<Tries> {
    map.only(&[1, 2, 3, 4]).then_some(())?;
    Some(Tries {
        pin: Pin::from_bytes(map.bytes(1)?)?,
        seed: Secret::from_slice(map.bytes(2)?)?,
        number: byte(map, 3)?,
        left: byte(map, 4)?,
    })
}

fn byte(map: &Map, key: u64) -> Option<u8> {
    map.uint(key)?.try_into().ok()
}
