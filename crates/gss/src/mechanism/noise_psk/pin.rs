//! The PIN: SPAKE2 over the Ed25519 group, by the `spake2` crate (group, constants and transcript of python-spake2,
//! not of RFC 9382). The receiver is side A, the sender side B.

use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::traits::IsIdentity;
use rand_chacha::rand_core::{self, CryptoRng, RngCore};
use spake2::{Ed25519Group, Identity, Password, Spake2};
use zeroize::Zeroizing;

use crate::crypto;
use crate::gss::Role;
use crate::pin::Pin;
use tigress_primitives::secret::Secret;

/// Most answers that a receiver makes, one for each PIN typed: a false sender learns one guess from each.
pub(super) const MAX_ANSWERS: u8 = 5;
/// Most tries that a sender can allow.
pub(super) const MAX_TRIES: u8 = 10;
/// What makes a state anew after a kill; as long as it is kept.
pub(super) type Seed = Secret<32>;
/// Z, the key that both have if they used the same PIN.
pub(super) type Shared = Secret<32>;

/// Length of an element with its side byte.
const ELEMENT_LEN: usize = 33;

/// The side byte of an element.
fn side(role: Role) -> u8 {
    match role {
        Role::Acceptor => 0x41,
        Role::Initiator => 0x42,
    }
}

fn start(role: Role, pin: &Pin, seed: &Seed) -> (Spake2<Ed25519Group>, Vec<u8>) {
    let password = Password::new(pin.as_str());
    let receiver = Identity::new(b"tigress v1 receiver");
    let sender = Identity::new(b"tigress v1 sender");
    let stream = Stream::new(seed);
    match role {
        Role::Acceptor => Spake2::start_a_with_rng(&password, &receiver, &sender, stream),
        Role::Initiator => Spake2::start_b_with_rng(&password, &receiver, &sender, stream),
    }
}

/// This side's element: the same bytes each time from the same seed.
pub(super) fn element(role: Role, pin: &Pin, seed: &Seed) -> Vec<u8> {
    start(role, pin, seed).1
}

/// One run: this side's element, and the key shared with the peer's element; `None` if that is refused.
pub(super) fn run(role: Role, pin: &Pin, seed: &Seed, theirs: &[u8]) -> Option<(Vec<u8>, Shared)> {
    is_element(role.peer(), theirs).then_some(())?;
    let (state, element) = start(role, pin, seed);
    let key = Zeroizing::new(state.finish(theirs).ok()?);
    Some((element, Secret::from_slice(&key)?))
}

//= protocol/5.3-elements
/// Whether `bytes` are an element that side `from` may send: its side byte, then a point of the prime-order
/// subgroup that is not the identity (such a point has one encoding). The library would take all eight torsion
/// points, too.
pub(super) fn is_element(from: Role, bytes: &[u8]) -> bool {
    let Some((first, encoded)) = bytes.split_first() else {
        return false;
    };
    if bytes.len() != ELEMENT_LEN || *first != side(from) {
        return false;
    }
    let point = CompressedEdwardsY::from_slice(encoded).ok();
    let point = point.and_then(|encoded| encoded.decompress());
    point.is_some_and(|point| point.is_torsion_free() && !point.is_identity())
}

/// cR: proves to the sender that the receiver has the key of try `number`.
pub(super) fn proof(hash: &[u8; 32], shared: &Shared, number: u8) -> [u8; 32] {
    crypto::hmac(&proving_key(hash, shared), &[PROOF, &[number]])
}

/// Whether `proof` is that, in constant time.
pub(super) fn proves(hash: &[u8; 32], shared: &Shared, number: u8, proof: &[u8]) -> bool {
    crypto::hmac_verify(&proving_key(hash, shared), &[PROOF, &[number]], proof)
}

const PROOF: &[u8] = b"tigress v1 pin";

fn proving_key(hash: &[u8; 32], shared: &Shared) -> Secret<32> {
    crypto::extract(hash, shared.expose())
}

/// What the library draws its scalar from: 64 bytes expanded from a seed, asked for at once.
struct Stream(Secret<64>);

impl Stream {
    fn new(seed: &Seed) -> Self {
        Self(crypto::expand_long(seed, b"tigress v1 spake2"))
    }
}

impl CryptoRng for Stream {}

impl RngCore for Stream {
    fn next_u32(&mut self) -> u32 {
        unreachable!("a scalar is drawn as bytes")
    }
    fn next_u64(&mut self) -> u64 {
        unreachable!("a scalar is drawn as bytes")
    }
    fn fill_bytes(&mut self, out: &mut [u8]) {
        let drawn = self.0.expose();
        debug_assert_eq!(out.len(), drawn.len());
        out.iter_mut().zip(drawn).for_each(|(to, from)| *to = *from);
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}
