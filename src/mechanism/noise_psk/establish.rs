//! A context of this mechanism, from token 1 to established.

use super::handshake::{Ephemeral, Handshake};
use super::keys::{self, Keys};
use super::{OID, message, token};
use crate::cbor::Map;
use crate::crypto;
use crate::entropy::Entropy;
use crate::gss::{
    Error, First, MajorStatus, MechanismContext, MinorStatus, Opened, OpenedDeletion, Role, Started,
};
use crate::secret::Secret;

/// The context on one side.
#[derive(Clone)]
pub(super) struct Context {
    role: Role,
    state: State,
}

#[derive(Clone)]
enum State {
    /// The initiator after token 1: all that rebuilds its handshake.
    AwaitingAnswer(Box<FirstMessage>),
    /// The acceptor after token 2. Its ephemeral key is gone already.
    AwaitingConfirmation(Keys),
    Established(Keys),
}

/// What made the initiator's Noise message 1.
#[derive(Clone)]
struct FirstMessage {
    psk: Secret<32>,
    ephemeral: Ephemeral,
    sealed: Vec<u8>,
    payload: Vec<u8>,
}

impl FirstMessage {
    /// The handshake, and message 1: the same bytes each time.
    fn write(&self) -> Option<(Handshake, Vec<u8>)> {
        let prologue = keys::prologue(&OID, &self.sealed)?;
        let mut handshake = Handshake::new(Role::Initiator, &prologue, &self.psk, &self.ephemeral)?;
        let message = handshake.write(&self.payload)?;
        Some((handshake, message))
    }
}

const FAILED: Error = Error::new(MajorStatus::FAILURE, MinorStatus::Mechanism);
const NOT_AUTHENTIC: Error = Error::token(MinorStatus::NotAuthentic);

/// Makes token 1.
pub(super) fn init(first: &First<'_>, entropy: &mut Entropy) -> Result<Started, Error> {
    let first = FirstMessage {
        psk: keys::psk(first.credential),
        ephemeral: Ephemeral::new(entropy.secret()),
        sealed: first.sealed.to_vec(),
        payload: token::payload(first.bindings.as_ref()).to_vec(),
    };
    let body = || {
        let (_, message) = first.write()?;
        Some([token::prefixed(&first.sealed)?, token::prefixed(&message)?].concat())
    };
    let token = token::join(token::FIRST, &[&body().ok_or(FAILED)?]);
    let state = State::AwaitingAnswer(Box::new(first));
    Ok((
        Box::new(Context {
            role: Role::Initiator,
            state,
        }),
        token,
    ))
}

/// Takes token 1, whose credential has been opened, and makes token 2.
pub(super) fn accept(
    first: &First<'_>,
    body: &[u8],
    entropy: &mut Entropy,
) -> Result<Started, Error> {
    let (sealed, message) = token::first(token::FIRST, body)?;
    let prologue = keys::prologue(&OID, sealed).ok_or(FAILED)?;
    let psk = keys::psk(first.credential);
    let ephemeral = Ephemeral::new(entropy.secret());
    let mut handshake =
        Handshake::new(Role::Acceptor, &prologue, &psk, &ephemeral).ok_or(FAILED)?;
    let payload = handshake.read(message).ok_or(NOT_AUTHENTIC)?;
    let theirs = token::open_first_payload(&payload)?;
    // Bindings that only one side gave are ignored (RFC 2743 §1.1.6).
    if let (Some(theirs), Some(ours)) = (theirs, first.bindings)
        && theirs != ours
    {
        return Err(Error::new(MajorStatus::BAD_BINDINGS, MinorStatus::Bindings));
    }
    let answer = handshake.write(&token::payload(None)).ok_or(FAILED)?;
    let split = handshake.split().ok_or(FAILED)?;
    let token = token::join(token::ANSWER, &[&token::prefixed(&answer).ok_or(FAILED)?]);
    let state = State::AwaitingConfirmation(Keys::new(&split));
    Ok((
        Box::new(Context {
            role: Role::Acceptor,
            state,
        }),
        token,
    ))
}

/// Takes token 2 and makes token 3.
fn confirm(
    first: &FirstMessage,
    id: [u8; 2],
    body: &[u8],
    entropy: &mut Entropy,
) -> Result<(Keys, Vec<u8>), Error> {
    let answer = token::answer(id, body)?;
    let (mut handshake, _) = first.write().ok_or(FAILED)?;
    let payload = handshake.read(answer).ok_or(NOT_AUTHENTIC)?;
    token::open_answer_payload(&payload)?;
    let keys = Keys::new(&handshake.split().ok_or(FAILED)?);
    let aad = token::join(token::CONFIRMATION, &[&keys.hash]);
    let sealed = crypto::seal(&keys.finish(), &aad, &token::confirmation(), entropy);
    let token = token::join(token::CONFIRMATION, &[&sealed]);
    Ok((keys, token))
}

/// Takes token 3.
fn confirmed(keys: &Keys, id: [u8; 2], body: &[u8]) -> Result<(), Error> {
    token::expect(id, token::CONFIRMATION)?;
    let aad = token::join(token::CONFIRMATION, &[&keys.hash]);
    let content = crypto::open(&keys.finish(), &aad, body).ok_or(NOT_AUTHENTIC)?;
    token::open_confirmation(&content)
}

impl Context {
    /// The keys, once both sides share them.
    fn keys(&self) -> Option<&Keys> {
        match &self.state {
            State::AwaitingAnswer(_) => None,
            State::AwaitingConfirmation(keys) | State::Established(keys) => Some(keys),
        }
    }

    /// This side's end of the message protection.
    fn protection(&self) -> Result<message::Protection<'_>, Error> {
        match &self.state {
            State::Established(keys) => Ok(message::Protection {
                keys,
                role: self.role,
            }),
            _ => Err(Error::new(
                MajorStatus::NO_CONTEXT,
                MinorStatus::NotEstablished,
            )),
        }
    }

    pub(super) fn restore(role: Role, map: &Map) -> Option<Self> {
        let keys = || {
            map.only(&[0, 6, 7, 8]).then_some(())?;
            Some(Keys {
                hash: map.bytes(6)?.try_into().ok()?,
                root: Secret::from_slice(map.bytes(7)?)?,
                master: Secret::from_slice(map.bytes(8)?)?,
            })
        };
        let state = match (map.uint(0)?, role) {
            (0, Role::Initiator) if map.only(&[0, 1, 2, 3, 4, 5]) => {
                State::AwaitingAnswer(Box::new(FirstMessage {
                    psk: Secret::from_slice(map.bytes(1)?)?,
                    ephemeral: Ephemeral {
                        secret: Secret::from_slice(map.bytes(2)?)?,
                        public: map.bytes(3)?.try_into().ok()?,
                    },
                    sealed: map.bytes(4)?.to_vec(),
                    payload: map.bytes(5)?.to_vec(),
                }))
            }
            (1, Role::Acceptor) => State::AwaitingConfirmation(keys()?),
            (2, _) => State::Established(keys()?),
            _ => return None,
        };
        Some(Self { role, state })
    }
}

impl MechanismContext for Context {
    fn complete(&self) -> bool {
        matches!(self.state, State::Established(_))
    }

    fn step(
        &mut self,
        id: [u8; 2],
        body: &[u8],
        entropy: &mut Entropy,
    ) -> Result<Option<Vec<u8>>, Error> {
        let (keys, answer) = match &self.state {
            State::AwaitingAnswer(first) => {
                let (keys, token) = confirm(first, id, body, entropy)?;
                (keys, Some(token))
            }
            State::AwaitingConfirmation(keys) => {
                confirmed(keys, id, body)?;
                (keys.clone(), None)
            }
            State::Established(_) => {
                return Err(Error::new(MajorStatus::FAILURE, MinorStatus::Established));
            }
        };
        // The pre-shared and the ephemeral key have done their work: replaced, they are wiped.
        self.state = State::Established(keys);
        Ok(answer)
    }

    fn wrap(
        &self,
        conf: bool,
        sequence: u64,
        data: &[u8],
        entropy: &mut Entropy,
    ) -> Result<Vec<u8>, Error> {
        self.protection()?.wrap(conf, sequence, data, entropy)
    }

    fn unwrap(&self, token: &[u8]) -> Result<Opened, Error> {
        self.protection()?.unwrap(token)
    }

    fn wrapped_len(&self, conf: bool, length: usize) -> Option<usize> {
        message::wrapped_len(conf, length)
    }

    fn wrap_size_limit(&self, conf: bool, size: usize) -> usize {
        message::wrap_size_limit(conf, size)
    }

    fn mic(&self, sequence: u64, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.protection()?.mic(sequence, message))
    }

    fn verify_mic(&self, message: &[u8], token: &[u8]) -> Result<u64, Error> {
        self.protection()?.verify_mic(message, token)
    }

    fn delete(
        &self,
        code: u8,
        sequence: u64,
        next_expected: u64,
        entropy: &mut Entropy,
    ) -> Result<Vec<u8>, Error> {
        Ok(self
            .protection()?
            .delete(code, sequence, next_expected, entropy))
    }

    fn open_deletion(&self, token: &[u8]) -> Result<OpenedDeletion, Error> {
        self.protection()?.open_deletion(token)
    }

    fn envelope_mic(&self, from: Role, body: &[u8]) -> Option<[u8; 32]> {
        Some(crypto::hmac(&self.keys()?.envelope(from), &[body]))
    }

    fn verify_envelope(&self, from: Role, body: &[u8], mic: &[u8]) -> bool {
        self.keys()
            .is_some_and(|keys| crypto::hmac_verify(&keys.envelope(from), &[body], mic))
    }

    fn abort(&self, code: u8, entropy: &mut Entropy) -> Option<Vec<u8>> {
        let keys = self.keys()?;
        let aad = token::join(token::ABORT, &[&keys.hash]);
        let sealed = crypto::seal(&keys.control(self.role), &aad, &token::abort(code), entropy);
        Some(token::join(token::ABORT, &[&sealed]))
    }

    fn open_abort(&self, id: [u8; 2], body: &[u8]) -> Option<u8> {
        token::expect(id, token::ABORT).ok()?;
        let keys = self.keys()?;
        let aad = token::join(token::ABORT, &[&keys.hash]);
        token::open_abort(&crypto::open(&keys.control(self.role.peer()), &aad, body)?)
    }

    fn save(&self) -> Map {
        match &self.state {
            State::AwaitingAnswer(first) => Map::new()
                .with(0, 0u64)
                .with(1, first.psk.expose())
                .with(2, first.ephemeral.secret.expose())
                .with(3, &first.ephemeral.public)
                .with(4, &first.sealed[..])
                .with(5, &first.payload[..]),
            State::AwaitingConfirmation(keys) => keys_map(1, keys),
            State::Established(keys) => keys_map(2, keys),
        }
    }

    fn copy(&self) -> Box<dyn MechanismContext> {
        Box::new(self.clone())
    }
}

fn keys_map(stage: u64, keys: &Keys) -> Map<'_> {
    Map::new()
        .with(0, stage)
        .with(6, &keys.hash)
        .with(7, keys.root.expose())
        .with(8, keys.master.expose())
}
