//! What a mechanism is to the layer above: an OID, two first calls, and an object per context.

use zeroize::Zeroizing;

use super::Role;
use super::part::Taken;
use super::status::{Error, MajorStatus, MinorStatus};
use crate::auth_credential::AuthCredential;
use crate::oid::Oid;
use crate::pin::Pin;
use tigress_primitives::cbor::Map;
use tigress_primitives::entropy::Entropy;

/// The mechanisms there are, each under its OID.
#[derive(Clone, Copy)]
pub struct Registry(&'static [&'static dyn Mechanism]);

impl Registry {
    pub(crate) const fn new(mechanisms: &'static [&'static dyn Mechanism]) -> Self {
        Self(mechanisms)
    }

    /// The OIDs of all mechanisms, the preferred one first (`GSS_Indicate_mechs`).
    #[must_use]
    pub fn mechanisms(&self) -> Vec<Oid> {
        self.0.iter().map(|mechanism| mechanism.oid()).collect()
    }

    /// The preferred mechanism, which new credentials are for.
    pub fn preferred(&self) -> Option<Oid> {
        self.0.first().map(|mechanism| mechanism.oid())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &'static dyn Mechanism> {
        self.0.iter().copied()
    }

    pub(crate) fn find(&self, oid: &Oid) -> Option<&'static dyn Mechanism> {
        self.0.iter().find(|one| one.oid() == *oid).copied()
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Registry").field(&self.mechanisms()).finish()
    }
}

/// The first call's inputs, which both sides must agree on.
pub(crate) struct First<'a> {
    pub(crate) credential: &'a AuthCredential,
    /// The credential sealed, as token 1 carries it.
    pub(crate) sealed: &'a [u8],
    /// Hash of the caller's channel bindings, if it gave any.
    pub(crate) bindings: Option<[u8; 32]>,
    /// Hash of what both sides know only after the first token; mixed into all keys.
    pub(crate) late: [u8; 32],
    /// What the initiator's application says in the first token.
    pub(crate) said: Said<'a>,
    /// The PIN, where the credential asks for one.
    pub(crate) pin: Option<&'a Pin>,
    /// How many tries at it the initiator allows.
    pub(crate) tries: u8,
}

/// What an application says in the first token: sealed under the shared secret, bound by all keys, not read here.
#[derive(Clone, Copy, Default)]
pub(crate) struct Said<'a> {
    /// For programs.
    pub(crate) application_data: Option<&'a [u8]>,
    /// For people.
    pub(crate) summary: Option<&'a [u8]>,
}

/// The same, as the acceptor has it.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) application_data: Option<Vec<u8>>,
    pub(crate) summary: Option<Vec<u8>>,
}

/// What a context made of a token of the peer.
#[derive(Default)]
pub(crate) struct Stepped {
    /// The answer: id and body, without frame.
    pub(crate) token: Option<Vec<u8>>,
    /// A PIN was judged wrong; so many tries are left.
    pub(crate) wrong_pin: Option<u8>,
}

impl Stepped {
    pub(crate) fn with(token: Vec<u8>) -> Self {
        Self {
            token: Some(token),
            wrong_pin: None,
        }
    }

    pub(crate) fn wrong_pin(token: Option<Vec<u8>>, tries_left: u8) -> Self {
        Self {
            token,
            wrong_pin: Some(tries_left),
        }
    }
}

/// A new context and the token for the peer: id and body, without frame.
pub(crate) type Started = (Box<dyn MechanismContext>, Vec<u8>);

/// A way of establishing a context.
pub(crate) trait Mechanism: Sync {
    fn oid(&self) -> Oid;

    /// What people call it.
    fn name(&self) -> &'static str;

    /// The initiator's first call.
    fn init(&self, first: &First<'_>, entropy: &mut Entropy) -> Result<Started, Error>;

    /// Where a first token holds the sealed auth credential. Checks the token's whole layout.
    fn sealed_credential<'t>(&self, id: [u8; 2], body: &'t [u8]) -> Result<&'t [u8], Error>;

    /// What the acceptor's first call would say of a token, without answering it or needing a PIN. Gives what the
    /// initiator's application says in it.
    fn check(&self, first: &First<'_>, body: &[u8]) -> Result<Heard, Error>;

    /// The acceptor's first call, with the credential opened and checked.
    fn accept(
        &self,
        first: &First<'_>,
        body: &[u8],
        entropy: &mut Entropy,
    ) -> Result<Started, Error>;

    /// Takes a context token's body apart; else says what is malformed.
    fn explain<'t>(&self, id: [u8; 2], body: &'t [u8]) -> Result<Taken<'t>, &'static str>;

    /// Takes a message token apart; `None` if it is none of this mechanism.
    fn explain_message<'t>(&self, token: &'t [u8]) -> Option<Result<Taken<'t>, &'static str>>;

    /// What a first token says inside beside the credential, which has been opened: names and values, no keys.
    fn explain_payload(
        &self,
        first: &First<'_>,
        body: &[u8],
    ) -> Result<Vec<(&'static str, String)>, Error>;

    /// A context as [`MechanismContext::save`] gave it.
    fn restore(&self, role: Role, state: &Map) -> Option<Box<dyn MechanismContext>>;
}

/// A message token that opened.
pub(crate) struct Opened {
    pub(crate) sequence: u64,
    pub(crate) data: Zeroizing<Vec<u8>>,
    pub(crate) sealed: bool,
}

/// A deletion token that opened.
pub(crate) struct OpenedDeletion {
    pub(crate) sequence: u64,
    pub(crate) code: u64,
    pub(crate) next_expected: u64,
}

/// One context of a mechanism. Sequence numbers, lifetime and deletion are the layer above's; it asks for
/// message tokens only once the context is complete.
pub(crate) trait MechanismContext: Send + Sync {
    fn complete(&self) -> bool;

    /// Takes the peer's next context token and may answer with one. On an error nothing has changed.
    fn step(&mut self, id: [u8; 2], body: &[u8], entropy: &mut Entropy) -> Result<Stepped, Error>;

    /// Initiator, before it has taken an answer: the hash of what both sides know only now.
    fn bind_late(&mut self, late: [u8; 32]) -> Result<(), Error>;

    /// Initiator: the keys that both share, from the acceptor's first token. [`Self::step`] with the same token
    /// judges the rest of it.
    fn open_answer(&mut self, id: [u8; 2], body: &[u8]) -> Result<(), Error>;

    /// Acceptor: the user must give a PIN again. Mechanisms without a PIN never ask.
    fn pin_needed(&self) -> bool {
        false
    }

    /// Acceptor: every answer that it may make to a PIN was made, and the last one is not judged yet.
    fn answers_used_up(&self) -> bool {
        false
    }

    /// Acceptor: the answer to being asked again, without frame.
    fn answer_pin(&mut self, _pin: &Pin, _entropy: &mut Entropy) -> Result<Vec<u8>, Error> {
        Err(Error::new(MajorStatus::FAILURE, MinorStatus::PinNotAsked))
    }

    /// No more tokens: of what it knew, only what envelopes and aborts need is kept.
    fn end(&mut self);

    fn wrap(
        &self,
        conf: bool,
        sequence: u64,
        data: &[u8],
        entropy: &mut Entropy,
    ) -> Result<Vec<u8>, Error>;
    fn unwrap(&self, token: &[u8]) -> Result<Opened, Error>;
    /// Length of the token that wraps `length` bytes; `None` if none does.
    fn wrapped_len(&self, conf: bool, length: usize) -> Option<usize>;
    /// Most bytes whose token has at most `size` bytes; 0 if there is none.
    fn wrap_size_limit(&self, conf: bool, size: usize) -> usize;

    fn mic(&self, sequence: u64, message: &[u8]) -> Result<Vec<u8>, Error>;
    /// The sequence number of a MIC that holds.
    fn verify_mic(&self, message: &[u8], token: &[u8]) -> Result<u64, Error>;

    /// Fills `out` with what only both sides can compute from `input`.
    fn pseudo_random(&self, _input: &[u8], _out: &mut [u8]) -> Result<(), Error> {
        Err(Error::new(MajorStatus::UNAVAILABLE, MinorStatus::Mechanism))
    }

    fn delete(
        &self,
        code: u64,
        sequence: u64,
        next_expected: u64,
        entropy: &mut Entropy,
    ) -> Result<Vec<u8>, Error>;
    fn open_deletion(&self, token: &[u8]) -> Result<OpenedDeletion, Error>;

    /// MIC of an envelope; `None` before the two sides share a key.
    fn envelope_mic(&self, from: Role, body: &[u8]) -> Option<[u8; 32]>;
    fn verify_envelope(&self, from: Role, body: &[u8], mic: &[u8]) -> bool;
    /// This side's abort, without frame; `None` before the two sides share a key.
    fn abort(&self, code: u64, entropy: &mut Entropy) -> Option<Vec<u8>>;
    /// The code of the peer's abort.
    fn open_abort(&self, id: [u8; 2], body: &[u8]) -> Option<u64>;

    fn save(&self) -> Map<'_>;
    fn copy(&self) -> Box<dyn MechanismContext>;
}
