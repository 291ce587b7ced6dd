//! The mechanism through the GSS calls, as the two sides of a transfer use it.

mod bindings;
mod ending;
mod establishing;
mod explained;
mod guesses;
mod hostile;
mod man_in_the_middle;
mod messages;
mod moving;
#[expect(
    clippy::disallowed_methods,
    reason = "reads vectors from where they are kept"
)]
mod noise_vectors;
mod pin;
mod puppets;
mod saving;
#[expect(
    clippy::disallowed_methods,
    reason = "reads, and writes when it is asked to, what is kept in tests/vectors"
)]
mod vectors;

use super::handshake::{Ephemeral, Handshake};
use super::keys::{self, Keys};
use super::{OID, token};
use crate::auth_credential::{AuthCredential, CredentialId};
use crate::crypto;
use crate::gss::{
    Accepted, AcceptorCredential, ChannelBindings, Error, InitiatorCredential, MajorStatus,
    MinorStatus, Role, Said, SecurityContext, accept_sec_context, init_sec_context,
};
use crate::mechanism::registry;
use tigress_primitives::entropy::Entropy;
use tigress_primitives::secret::{Secret, SharedSecret};

const ISSUED: u64 = 1_700_000_000;
const NOW: u64 = ISSUED + 60;
const EXPIRES: u64 = ISSUED + 48 * 3600;

/// Repeatable randomness; another `stream` is other randomness.
fn entropy(stream: u8) -> Entropy {
    Entropy::from_seed(&Secret::new([stream; 32]))
}

/// The hash of no late bindings.
const NOTHING_LATE: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

fn secret() -> SharedSecret {
    Secret::new([0x5e; 32])
}

fn auth() -> AuthCredential {
    AuthCredential::new(OID, ISSUED, EXPIRES, false, &mut entropy(1))
}

fn relay() -> ChannelBindings {
    ChannelBindings::for_relay("https://relay.example")
}

fn failed(major: MajorStatus, minor: MinorStatus) -> Error {
    Error { major, minor }
}

fn never_used(_: &CredentialId) -> bool {
    false
}

fn initiate_with(auth: AuthCredential) -> (SecurityContext, Vec<u8>) {
    let credential = InitiatorCredential::new(auth, secret());
    let relay = relay();
    init_sec_context(
        registry(),
        &credential,
        Some(&relay),
        None,
        NOW,
        &mut entropy(2),
    )
    .unwrap()
}

fn initiate() -> (SecurityContext, Vec<u8>) {
    initiate_with(auth())
}

fn try_accept(token: &[u8]) -> Result<Accepted, Error> {
    let credential = AcceptorCredential::new(secret());
    let relay = relay();
    accept_sec_context(
        registry(),
        &credential,
        Some(&relay),
        token,
        &never_used,
        NOW,
        &mut entropy(3),
    )
}

fn accept(token: &[u8]) -> Accepted {
    try_accept(token).unwrap()
}

/// Both sides, established.
fn established() -> (SecurityContext, SecurityContext) {
    let (mut sender, first) = initiate();
    let Accepted {
        context: mut receiver,
        token,
        ..
    } = accept(&first);
    let third = sender.continue_with(&token, NOW, &mut entropy(4)).unwrap();
    let last = receiver
        .continue_with(&third.token.unwrap(), NOW, &mut entropy(5))
        .unwrap();
    assert!(third.complete && last.complete && last.token.is_none());
    (sender, receiver)
}

/// A context token with any body.
fn framed(id: [u8; 2], body: &[&[u8]]) -> Vec<u8> {
    crate::gss::frame(&OID, &token::join(id, body))
}

/// An initiator that holds the right keys and sends what it likes.
struct Puppet {
    handshake: Handshake,
    sealed: Vec<u8>,
}

impl Puppet {
    fn new() -> Self {
        let sealed = auth().seal(&secret(), &mut entropy(6));
        let prologue = keys::prologue(&OID, &sealed).unwrap();
        let psk = keys::psk(&auth());
        let ephemeral = Ephemeral::new(Secret::new([0x11; 32]));
        let handshake = Handshake::new(Role::Initiator, &prologue, &psk, &ephemeral).unwrap();
        Self { handshake, sealed }
    }

    /// Token 1 with any payload.
    fn first(&mut self, payload: &[u8]) -> Vec<u8> {
        let message = self.handshake.write(payload).unwrap();
        let sealed = token::prefixed(&self.sealed).unwrap();
        framed(
            token::FIRST,
            &[&sealed, &token::prefixed(&message).unwrap()],
        )
    }

    /// The keys, after an acceptor's token 2.
    fn keys(mut self, answer: &[u8]) -> Keys {
        let frame = crate::gss::parse(answer).unwrap();
        let (message, _) = token::answer(frame.id, frame.body).unwrap();
        self.handshake.read(message).unwrap();
        Keys::new(&self.handshake.split().unwrap(), &NOTHING_LATE)
    }
}

/// Token 3 with any content.
fn third(keys: &Keys, content: &[u8]) -> Vec<u8> {
    let aad = token::join(token::CONFIRMATION, &[&keys.hash]);
    framed(
        token::CONFIRMATION,
        &[&crypto::seal(
            &keys.finish(),
            &aad,
            content,
            &mut entropy(7),
        )],
    )
}
