//! The Noise handshake (revision 34), by the `clatter` crate. Ephemeral keys are always handed in, so that a
//! handshake can be rebuilt after a restart.

use clatter::crypto::cipher::ChaChaPoly;
use clatter::crypto::dh::X25519;
use clatter::crypto::hash::Blake2s;
use clatter::handshakepattern::noise_nn_psk0;
use clatter::rand_core::{CryptoRng, Error as RngError, RngCore};
use clatter::traits::{Dh, Handshaker};
use clatter::{KeyPair, NqHandshakeCore};
use zeroize::Zeroizing;

use crate::gss::Role;
use tigress_primitives::secret::Secret;

/// Longest Noise message (Noise §3); the library panics beyond it.
const MAX_MESSAGE: usize = clatter::constants::MAX_MESSAGE_LEN;
/// Length of an ephemeral key.
const KEY_LEN: usize = 32;
/// What a message adds to its payload: an ephemeral key and a tag.
const OVERHEAD: usize = KEY_LEN + 16;

/// One side of a handshake.
pub(super) struct Handshake(NqHandshakeCore<X25519, ChaChaPoly, Blake2s, NoRandomness>);

/// An ephemeral key pair.
#[derive(Clone)]
pub(super) struct Ephemeral {
    pub(super) secret: Secret<32>,
    /// Kept beside its secret: computing it again would be a third of the initiator's work.
    pub(super) public: [u8; 32],
}

tigress_primitives::record! {
    struct Ephemeral { secret: 2, public: 3 }
}

impl Ephemeral {
    pub(super) fn new(secret: Secret<32>) -> Self {
        let public = X25519::pubkey(&private(&secret));
        Self { secret, public }
    }
}

fn private(secret: &Secret<32>) -> <X25519 as Dh>::PrivateKey {
    <X25519 as Dh>::PrivateKey::new(*secret.expose())
}

/// What a finished handshake leaves.
pub(super) struct Split {
    /// The handshake hash h0.
    pub(super) hash: [u8; 32],
    /// The key k1, initiator to acceptor.
    pub(super) k1: Secret<32>,
    /// The key k2, acceptor to initiator.
    pub(super) k2: Secret<32>,
}

/// The ephemeral key and the sealed payload of either message; `None` if it is too short.
pub(super) fn split(message: &[u8]) -> Option<(&[u8], &[u8])> {
    (message.len() >= OVERHEAD).then(|| message.split_at(KEY_LEN))
}

impl Handshake {
    /// A handshake before its first message; `None` only if the library refuses the fixed pattern.
    pub(super) fn new(
        role: Role,
        prologue: &[u8],
        psk: &Secret<32>,
        ephemeral: &Ephemeral,
    ) -> Option<Self> {
        let pair = KeyPair::new(ephemeral.public, private(&ephemeral.secret));
        Self::build(role, prologue, psk, Some(pair))
    }

    /// An acceptor's handshake that only reads message 1: that needs no key of its own.
    pub(super) fn reader(prologue: &[u8], psk: &Secret<32>) -> Option<Self> {
        Self::build(Role::Acceptor, prologue, psk, None)
    }

    fn build(
        role: Role,
        prologue: &[u8],
        psk: &Secret<32>,
        pair: Option<KeyPair<<X25519 as Dh>::PubKey, <X25519 as Dh>::PrivateKey>>,
    ) -> Option<Self> {
        let initiator = role == Role::Initiator;
        let pattern = noise_nn_psk0();
        let mut handshake =
            NqHandshakeCore::new(pattern, prologue, initiator, None, pair, None, None).ok()?;
        handshake.push_psk(psk.expose());
        Some(Self(handshake))
    }

    /// This side's next message; `None` out of turn or if the payload is too long.
    pub(super) fn write(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let length = payload.len().checked_add(OVERHEAD)?;
        (length <= MAX_MESSAGE).then_some(())?;
        let mut message = vec![0; length];
        let written = self.0.write_message(payload, &mut message).ok()?;
        (written == length).then_some(message)
    }

    /// The payload of the peer's next message; `None` out of turn or if it is not authentic.
    pub(super) fn read(&mut self, message: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        // The library panics on a message that is too long, or comes after the last one.
        if message.len() > MAX_MESSAGE || self.0.is_finished() {
            return None;
        }
        let length = message.len().checked_sub(OVERHEAD)?;
        let mut payload = Zeroizing::new(vec![0; length]);
        let written = self.0.read_message(message, &mut payload).ok()?;
        (written == length).then_some(payload)
    }

    //= protocol/5-no-transport
    /// The hash and keys of a finished handshake. Noise's own transport states are never used: their counters
    /// would repeat nonces after a restored backup.
    pub(super) fn split(self) -> Option<Split> {
        self.0.is_finished().then_some(())?;
        let state = self.0.get_state();
        let ciphers = state.split().ok()?;
        let (k1, _) = ciphers.initiator_to_responder.take();
        let (k2, _) = ciphers.responder_to_initiator.take();
        Some(Split {
            hash: *state.get_hash(),
            k1: Secret::new(*k1),
            k2: Secret::new(*k2),
        })
    }
}

/// The library wants a random source to be named; with the ephemeral key given it never asks it.
#[derive(Clone, Default)]
struct NoRandomness;

impl CryptoRng for NoRandomness {}

impl RngCore for NoRandomness {
    fn next_u32(&mut self) -> u32 {
        unreachable!("the ephemeral key is handed in")
    }
    fn next_u64(&mut self) -> u64 {
        unreachable!("the ephemeral key is handed in")
    }
    fn fill_bytes(&mut self, _: &mut [u8]) {
        unreachable!("the ephemeral key is handed in")
    }
    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), RngError> {
        unreachable!("the ephemeral key is handed in")
    }
}
