//! What it is compared with: the same primitives of the same crates, and nothing around them.

use std::hint::black_box;

use chacha20poly1305::{Key, KeyInit as _, XChaCha20Poly1305, XNonce};
use clatter::NqHandshakeCore;
use clatter::crypto::cipher::ChaChaPoly;
use clatter::crypto::dh::X25519;
use clatter::crypto::hash::Blake2s;
use clatter::handshakepattern::noise_nn_psk0;
use clatter::rand_core::{CryptoRng, Error, RngCore};
use clatter::traits::{Dh, Handshaker};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

#[derive(Clone)]
struct Seeded(ChaCha20Rng);

impl Default for Seeded {
    fn default() -> Self {
        Self(ChaCha20Rng::from_seed([7; 32]))
    }
}

impl CryptoRng for Seeded {}

impl RngCore for Seeded {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.try_fill_bytes(bytes)
    }
}

type Bare = NqHandshakeCore<X25519, ChaChaPoly, Blake2s, Seeded>;

fn side(initiator: bool) -> Bare {
    let keys = X25519::genkey_rng(&mut Seeded::default()).unwrap();
    let mut side = Bare::new(
        noise_nn_psk0(),
        &[],
        initiator,
        None,
        Some(keys),
        None,
        None,
    )
    .unwrap();
    side.push_psk(&[7; 32]);
    side
}

/// The same Noise pattern with empty prologue and payloads, both sides, up to the transport keys.
pub(crate) fn handshake() {
    let (mut initiator, mut responder) = (side(true), side(false));
    let (mut message, mut payload) = ([0; 48], [0; 0]);
    initiator.write_message(&[], &mut message).unwrap();
    responder.read_message(&message, &mut payload).unwrap();
    responder.write_message(&[], &mut message).unwrap();
    initiator.read_message(&message, &mut payload).unwrap();
    black_box((initiator.finalize().unwrap(), responder.finalize().unwrap()));
}

pub(crate) fn cipher() -> (XChaCha20Poly1305, XNonce) {
    let key = Key::from_slice(&[7; 32]);
    (XChaCha20Poly1305::new(key), *XNonce::from_slice(&[7; 24]))
}
