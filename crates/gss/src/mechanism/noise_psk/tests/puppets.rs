//! Both sides as somebody plays them who has the URL and no PIN.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};

use super::pin::auth_with_pin;
use super::*;
use crate::mechanism::noise_psk::pin as spake;
use crate::mechanism::noise_psk::token::{PinAgain, PinAnswer};
use crate::pin::Pin;

pub(super) fn seed() -> Secret<32> {
    Secret::new([0x77; 32])
}

/// Has answered the handshake of somebody's token 1.
pub(super) struct FalseReceiver {
    pub(super) keys: Keys,
    pub(super) halves: keys::Halves,
    pub(super) message: Vec<u8>,
    /// The sender's element.
    pub(super) theirs: Vec<u8>,
}

impl FalseReceiver {
    pub(super) fn answering(first: &[u8]) -> Self {
        let frame = crate::gss::parse(first).unwrap();
        let (sealed, message) = token::first(frame.id, frame.body).unwrap();
        let prologue = keys::prologue(&OID, sealed).unwrap();
        let psk = keys::psk(&auth_with_pin());
        let ephemeral = Ephemeral::new(Secret::new([0x22; 32]));
        let mut handshake = Handshake::new(Role::Acceptor, &prologue, &psk, &ephemeral).unwrap();
        let payload = handshake.read(message).unwrap();
        let theirs = token::open_first_payload(&payload, true).unwrap().element;
        let message = handshake.write(&token::answer_payload()).unwrap();
        let split = handshake.split().unwrap();
        Self {
            keys: Keys::new(&split, &NOTHING_LATE),
            halves: keys::halves(&split),
            message,
            theirs: theirs.unwrap(),
        }
    }

    pub(super) fn sealed(&self, id: [u8; 2], content: &[u8]) -> Vec<u8> {
        let aad = token::join(id, &[&self.keys.hash]);
        crypto::seal(
            &self.keys.control(Role::Acceptor),
            &aad,
            content,
            &mut entropy(50),
        )
    }

    /// Token 2 with any PIN's part.
    pub(super) fn second(&self, content: &[u8]) -> Vec<u8> {
        let message = token::prefixed(&self.message).unwrap();
        framed(
            token::ANSWER,
            &[&message, &self.sealed(token::ANSWER, content)],
        )
    }

    pub(super) fn next(&self, content: &[u8]) -> Vec<u8> {
        framed(
            token::PIN_ANSWER,
            &[&self.sealed(token::PIN_ANSWER, content)],
        )
    }

    /// An honest answer with a guessed PIN.
    pub(super) fn guess(&self, guess: &Pin, theirs: &[u8], number: u8) -> PinAnswer {
        let (element, shared) = spake::run(Role::Acceptor, guess, &seed(), theirs).unwrap();
        PinAnswer {
            element,
            number,
            proof: spake::proof(&self.keys.hash, &shared, number).to_vec(),
        }
    }

    pub(super) fn again(&self, token: &[u8]) -> PinAgain {
        let frame = crate::gss::parse(token).unwrap();
        assert_eq!(frame.id, token::PIN_AGAIN);
        let aad = token::join(token::PIN_AGAIN, &[&self.keys.hash]);
        let content = crypto::open(&self.keys.control(Role::Initiator), &aad, frame.body).unwrap();
        PinAgain::decode(&content).unwrap()
    }

    /// Whether token 3 opens if `shared` is the PIN's key.
    pub(super) fn opens(&self, third: &[u8], shared: &Secret<32>) -> bool {
        let keys = self.keys.with_pin(&self.halves, shared);
        let frame = crate::gss::parse(third).unwrap();
        let aad = token::join(token::CONFIRMATION, &[&keys.hash]);
        crypto::open(&keys.finish(), &aad, frame.body).is_some()
    }
}

/// Makes its own token 1 for the same credential, with any element.
pub(super) struct FalseSender {
    pub(super) handshake: Handshake,
    pub(super) sealed: Vec<u8>,
}

impl FalseSender {
    pub(super) fn new() -> Self {
        let sealed = auth_with_pin().seal(&secret(), &mut entropy(6));
        let prologue = keys::prologue(&OID, &sealed).unwrap();
        let psk = keys::psk(&auth_with_pin());
        let ephemeral = Ephemeral::new(Secret::new([0x11; 32]));
        let handshake = Handshake::new(Role::Initiator, &prologue, &psk, &ephemeral).unwrap();
        Self { handshake, sealed }
    }

    pub(super) fn first(&mut self, element: Option<&[u8]>) -> Vec<u8> {
        let payload = token::first_payload(None, element, &Said::default());
        let message = self.handshake.write(&payload).unwrap();
        let [sealed, message] = [&self.sealed, &message].map(|part| token::prefixed(part).unwrap());
        framed(token::FIRST, &[&sealed, &message])
    }

    /// The channel with whoever answered, and the answer to the PIN.
    pub(super) fn answer(mut self, second: &[u8]) -> (Keys, PinAnswer) {
        let frame = crate::gss::parse(second).unwrap();
        let (message, sealed) = token::answer(frame.id, frame.body).unwrap();
        self.handshake.read(message).unwrap();
        let keys = Keys::new(&self.handshake.split().unwrap(), &NOTHING_LATE);
        let answer = opened_answer(&keys, token::ANSWER, sealed);
        (keys, answer)
    }
}

pub(super) fn opened_answer(keys: &Keys, id: [u8; 2], sealed: &[u8]) -> PinAnswer {
    let aad = token::join(id, &[&keys.hash]);
    let content = crypto::open(&keys.control(Role::Acceptor), &aad, sealed).unwrap();
    PinAnswer::decode(&content).unwrap()
}

/// 01 04 with any content.
pub(super) fn asked_again(keys: &Keys, again: &PinAgain) -> Vec<u8> {
    let aad = token::join(token::PIN_AGAIN, &[&keys.hash]);
    let key = keys.control(Role::Initiator);
    let sealed = crypto::seal(&key, &aad, &again.encode(), &mut entropy(51));
    framed(token::PIN_AGAIN, &[&sealed])
}

pub(super) fn with_side(side: u8, point: &EdwardsPoint) -> Vec<u8> {
    [&[side], &point.compress().as_bytes()[..]].concat()
}

pub(super) fn point(element: &[u8]) -> EdwardsPoint {
    CompressedEdwardsY::from_slice(&element[1..])
        .unwrap()
        .decompress()
        .unwrap()
}
