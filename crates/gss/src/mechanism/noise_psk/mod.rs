//! Mechanism `noise-psk`: `Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s` in three context tokens, keyed by the auth
//! credential, then XChaCha20-Poly1305 with random nonces for each message. A PIN is SPAKE2 inside: two more
//! tokens for each one that was wrong.
//!
//! A Diffie-Hellman result of zero (a peer's point of low order) is taken as Noise has it (§12.1): the
//! points are authenticated by the pre-shared key, so only somebody who holds it can send one, and gives away
//! nothing but a context that is its own.

mod context;
mod establish;
mod explain;
mod handshake;
mod keys;
mod message;
mod padding;
mod pin;
mod state;
mod token;

#[cfg(test)]
mod tests;

use context::Context;

use crate::gss::{Error, First, Heard, Mechanism, MechanismContext, Oid, Role, Started, Taken};
use tigress_primitives::cbor::Map;
use tigress_primitives::entropy::Entropy;

/// The mechanism's OID, 1.2.840.113556.1.8000.2554.16599.9875.5902.16932.48070.11520688.5094240.1.
const OID: Oid = Oid::known(&[
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 0x01, 0xbe, 0x40, 0x93, 0x7a, 0x81, 0x81, 0x57, 0xcd, 0x13,
    0xae, 0x0e, 0x81, 0x84, 0x24, 0x82, 0xf7, 0x46, 0x85, 0xbf, 0x95, 0x30, 0x82, 0xb6, 0xf6, 0x60,
    0x01,
]);

/// The mechanism.
pub(super) struct NoisePsk;

impl Mechanism for NoisePsk {
    fn oid(&self) -> Oid {
        OID
    }

    fn name(&self) -> &'static str {
        "noise-psk"
    }

    fn init(&self, first: &First<'_>, entropy: &mut Entropy) -> Result<Started, Error> {
        let (state, token) = establish::init(first, entropy)?;
        Ok((Box::new(Context::new(Role::Initiator, state)), token))
    }

    fn sealed_credential<'t>(&self, id: [u8; 2], body: &'t [u8]) -> Result<&'t [u8], Error> {
        token::first(id, body).map(|(sealed, _)| sealed)
    }

    fn accept(
        &self,
        first: &First<'_>,
        body: &[u8],
        entropy: &mut Entropy,
    ) -> Result<Started, Error> {
        let (state, token) = establish::accept(first, body, entropy)?;
        Ok((Box::new(Context::new(Role::Acceptor, state)), token))
    }

    fn check(&self, first: &First<'_>, body: &[u8]) -> Result<Heard, Error> {
        establish::check(first, body)
    }

    fn explain<'t>(&self, id: [u8; 2], body: &'t [u8]) -> Result<Taken<'t>, &'static str> {
        explain::context_token(id, body)
    }

    fn explain_message<'t>(&self, token: &'t [u8]) -> Option<Result<Taken<'t>, &'static str>> {
        message::is_one(token).then(|| message::explain(token))
    }

    fn explain_payload(
        &self,
        first: &First<'_>,
        body: &[u8],
    ) -> Result<Vec<(&'static str, String)>, Error> {
        establish::payload(first, body).map(|payload| explain::first_payload(&payload))
    }

    fn restore(&self, role: Role, state: &Map) -> Option<Box<dyn MechanismContext>> {
        Some(Box::new(Context::restore(role, state)?))
    }
}
