//! The few primitives the protocol names, each one call into its library: HKDF-SHA256 (RFC 5869),
//! HMAC-SHA256 (RFC 2104), ChaCha20-Poly1305 (RFC 8439) and XChaCha20-Poly1305.

use chacha20poly1305::aead::generic_array::typenum::Unsigned;
use chacha20poly1305::aead::{Aead, AeadCore, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, XChaCha20Poly1305};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::secret::Secret;

/// Length of an AEAD tag.
pub(crate) const TAG_LEN: usize = 16;
/// Length of an XChaCha20-Poly1305 nonce.
pub(crate) const XNONCE_LEN: usize = 24;

/// HKDF with an empty salt and 32 bytes of output.
pub(crate) fn hkdf(ikm: &[u8], info: &[u8]) -> Secret<32> {
    expand(&extract(&[], ikm), &[info])
}

/// HKDF-Extract.
pub(crate) fn extract(salt: &[u8], ikm: &[u8]) -> Secret<32> {
    let (prk, _) = Hkdf::<Sha256>::extract(Some(salt), ikm);
    Secret::new(prk.into())
}

/// HKDF-Expand to 32 bytes; the parts of `info` are joined.
pub(crate) fn expand(prk: &Secret<32>, info: &[&[u8]]) -> Secret<32> {
    let mut out = [0; 32];
    // A 32-byte PRK and 32 bytes of output are always within HKDF's bounds.
    if let Ok(hkdf) = Hkdf::<Sha256>::from_prk(prk.expose()) {
        let _ = hkdf.expand_multi_info(info, &mut out);
    }
    Secret::new(out)
}

/// HKDF-Expand to 64 bytes.
pub(crate) fn expand_long(prk: &Secret<32>, info: &[u8]) -> Secret<64> {
    let mut out = [0; 64];
    // As above, always within HKDF's bounds.
    if let Ok(hkdf) = Hkdf::<Sha256>::from_prk(prk.expose()) {
        let _ = hkdf.expand(info, &mut out);
    }
    Secret::new(out)
}

/// HMAC-SHA256 over the joined parts.
pub(crate) fn hmac(key: &Secret<32>, parts: &[&[u8]]) -> [u8; 32] {
    mac(key, parts).finalize().into_bytes().into()
}

/// Whether `tag` is the HMAC-SHA256 of the joined parts, in constant time.
pub(crate) fn hmac_verify(key: &Secret<32>, parts: &[&[u8]], tag: &[u8]) -> bool {
    mac(key, parts).verify_slice(tag).is_ok()
}

fn mac(key: &Secret<32>, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&(*key.expose()).into_block());
    for part in parts {
        mac.update(part);
    }
    mac
}

/// SHA-256 over the joined parts.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// ChaCha20-Poly1305 with a given 12-byte nonce, for a key that is used once.
pub(crate) fn seal_once(key: &Secret<32>, nonce: &[u8; 12], aad: &[u8], data: &[u8]) -> Vec<u8> {
    encrypt::<ChaCha20Poly1305>(key, nonce, aad, data)
}

/// Opens what [`seal_once`] sealed.
pub(crate) fn open_once(
    key: &Secret<32>,
    nonce: &[u8; 12],
    aad: &[u8],
    data: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    decrypt::<ChaCha20Poly1305>(key, nonce, aad, data)
}

/// nonce24 ‖ XChaCha20-Poly1305(key, data, aad), the nonce drawn from `entropy`: random nonces survive a
/// restored backup, counters do not.
pub(crate) fn seal(key: &Secret<32>, aad: &[u8], data: &[u8], entropy: &mut Entropy) -> Vec<u8> {
    let nonce: [u8; XNONCE_LEN] = entropy.bytes();
    let mut out = nonce.to_vec();
    out.extend(encrypt::<XChaCha20Poly1305>(key, &nonce, aad, data));
    out
}

/// Opens what [`seal`] sealed.
pub(crate) fn open(key: &Secret<32>, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, data) = sealed.split_at_checked(XNONCE_LEN)?;
    decrypt::<XChaCha20Poly1305>(key, nonce, aad, data)
}

fn encrypt<C: KeyInit + Aead>(key: &Secret<32>, nonce: &[u8], aad: &[u8], msg: &[u8]) -> Vec<u8> {
    debug_assert_eq!(nonce.len(), <C as AeadCore>::NonceSize::USIZE);
    let Ok(cipher) = C::new_from_slice(key.expose()) else {
        return Vec::new();
    };
    // Fails only beyond 256 GiB; an empty text opens nowhere.
    cipher
        .encrypt(nonce.into(), Payload { msg, aad })
        .unwrap_or_default()
}

fn decrypt<C: KeyInit + Aead>(
    key: &Secret<32>,
    nonce: &[u8],
    aad: &[u8],
    msg: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = C::new_from_slice(key.expose()).ok()?;
    cipher
        .decrypt(nonce.into(), Payload { msg, aad })
        .ok()
        .map(Zeroizing::new)
}

trait IntoBlock {
    fn into_block(self) -> hmac::digest::Key<Hmac<Sha256>>;
}

impl IntoBlock for [u8; 32] {
    // HMAC pads a key shorter than its block with zeros (RFC 2104 §2).
    fn into_block(self) -> hmac::digest::Key<Hmac<Sha256>> {
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        block[..32].copy_from_slice(&self);
        block
    }
}
