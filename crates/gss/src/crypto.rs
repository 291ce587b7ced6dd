//! The few primitives the protocol names, each one call into its library: HKDF-SHA256 (RFC 5869),
//! HMAC-SHA256 (RFC 2104), ChaCha20-Poly1305 (RFC 8439) and XChaCha20-Poly1305.

use chacha20poly1305::aead::generic_array::typenum::Unsigned;
use chacha20poly1305::aead::{AeadCore, AeadInPlace, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, XChaCha20Poly1305};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use tigress_primitives::entropy::Entropy;
use tigress_primitives::secret::Secret;

pub use tigress_primitives::hash::sha256;

/// Length of an AEAD tag.
pub const TAG_LEN: usize = 16;
/// Length of an XChaCha20-Poly1305 nonce.
pub const XNONCE_LEN: usize = 24;

/// HKDF with an empty salt and 32 bytes of output.
pub fn hkdf(ikm: &[u8], info: &[u8]) -> Secret<32> {
    expand(&extract(&[], ikm), &[info])
}

/// HKDF-Extract.
pub fn extract(salt: &[u8], ikm: &[u8]) -> Secret<32> {
    let (prk, _) = Hkdf::<Sha256>::extract(Some(salt), ikm);
    Secret::new(prk.into())
}

/// HKDF-Expand to 32 bytes; the parts of `info` are joined.
pub fn expand(prk: &Secret<32>, info: &[&[u8]]) -> Secret<32> {
    let mut out = [0; 32];
    // A 32-byte PRK and 32 bytes of output are always within HKDF's bounds.
    if let Ok(hkdf) = Hkdf::<Sha256>::from_prk(prk.expose()) {
        let _ = hkdf.expand_multi_info(info, &mut out);
    }
    Secret::new(out)
}

/// HKDF-Expand to 64 bytes.
pub fn expand_long(prk: &Secret<32>, info: &[u8]) -> Secret<64> {
    let mut out = [0; 64];
    // As above, always within HKDF's bounds.
    let _ = expand_into(prk, info, &mut out);
    Secret::new(out)
}

/// HKDF-Expand; `None` beyond 8160 bytes, its bound.
pub fn expand_into(prk: &Secret<32>, info: &[u8], out: &mut [u8]) -> Option<()> {
    let hkdf = Hkdf::<Sha256>::from_prk(prk.expose()).ok()?;
    hkdf.expand(info, out).ok()
}

/// HMAC-SHA256 over the joined parts.
pub fn hmac(key: &Secret<32>, parts: &[&[u8]]) -> [u8; 32] {
    mac(key, parts).finalize().into_bytes().into()
}

/// Whether `tag` is the HMAC-SHA256 of the joined parts, in constant time.
pub fn hmac_verify(key: &Secret<32>, parts: &[&[u8]], tag: &[u8]) -> bool {
    mac(key, parts).verify_slice(tag).is_ok()
}

fn mac(key: &Secret<32>, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&(*key.expose()).into_block());
    for part in parts {
        mac.update(part);
    }
    mac
}

/// ChaCha20-Poly1305 with a given 12-byte nonce, for a key that is used once.
pub fn seal_once(key: &Secret<32>, nonce: &[u8; 12], aad: &[u8], data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + TAG_LEN);
    out.extend_from_slice(data);
    encrypt::<ChaCha20Poly1305>(key, nonce, aad, &mut out, 0);
    out
}

/// Opens what [`seal_once`] sealed.
pub fn open_once(
    key: &Secret<32>,
    nonce: &[u8; 12],
    aad: &[u8],
    data: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    decrypt::<ChaCha20Poly1305>(key, nonce, aad, data)
}

/// nonce24 ‖ XChaCha20-Poly1305(key, data, aad), the nonce drawn from `entropy`: random nonces survive a
/// restored backup, counters do not.
pub fn seal(key: &Secret<32>, aad: &[u8], data: &[u8], entropy: &mut Entropy) -> Vec<u8> {
    let mut out = Vec::with_capacity(XNONCE_LEN + data.len() + TAG_LEN);
    seal_into(&mut out, key, aad, entropy, |out| {
        out.extend_from_slice(data);
    });
    out
}

/// As [`seal`], at the end of `out`. `write` adds the text, which is overwritten where it lies: whoever calls has made
/// room for all of it, so that there is never another copy.
pub fn seal_into(
    out: &mut Vec<u8>,
    key: &Secret<32>,
    aad: &[u8],
    entropy: &mut Entropy,
    write: impl FnOnce(&mut Vec<u8>),
) {
    let nonce: [u8; XNONCE_LEN] = entropy.bytes();
    let begin = out.len();
    out.extend(nonce);
    write(out);
    encrypt::<XChaCha20Poly1305>(key, &nonce, aad, out, begin + XNONCE_LEN);
}

/// Opens what [`seal`] sealed.
pub fn open(key: &Secret<32>, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, data) = sealed.split_at_checked(XNONCE_LEN)?;
    decrypt::<XChaCha20Poly1305>(key, nonce, aad, data)
}

/// Overwrites the text that begins at `at`, and adds the tag.
fn encrypt<C: KeyInit + AeadInPlace>(
    key: &Secret<32>,
    nonce: &[u8],
    aad: &[u8],
    out: &mut Vec<u8>,
    at: usize,
) {
    debug_assert_eq!(nonce.len(), <C as AeadCore>::NonceSize::USIZE);
    let sealed = C::new_from_slice(key.expose()).ok().and_then(|cipher| {
        let text = out.get_mut(at..)?;
        cipher
            .encrypt_in_place_detached(nonce.into(), aad, text)
            .ok()
    });
    match sealed {
        Some(tag) => out.extend(tag),
        // Fails only beyond 256 GiB; an empty text opens nowhere.
        None => out.zeroize(),
    }
}

fn decrypt<C: KeyInit + AeadInPlace>(
    key: &Secret<32>,
    nonce: &[u8],
    aad: &[u8],
    data: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = C::new_from_slice(key.expose()).ok()?;
    let at = data.len().checked_sub(TAG_LEN)?;
    let (data, tag) = data.split_at(at);
    let mut text = Zeroizing::new(data.to_vec());
    cipher
        .decrypt_in_place_detached(nonce.into(), aad, &mut text, tag.into())
        .ok()?;
    Some(text)
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
