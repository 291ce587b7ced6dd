//! The share URL's fragment: the shared secret in base64url, and `.p` if a PIN is needed.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeError, DecodeSliceError, Engine};
use zeroize::Zeroizing;

use super::error::{InvitationError, LinkChange};
use tigress_primitives::secret::SharedSecret;

/// 32 bytes in base64 without padding.
pub(super) const SECRET_CHARS: usize = 43;
/// The suffix that says that a PIN is needed.
pub(super) const PIN_SUFFIX: &str = ".p";

/// As many letters all but one secret in some million have; it is 35 on average.
const MANY_LETTERS: usize = 20;

/// Every character and one padding, each percent-encoded.
const MAX_SECRET_TEXT: usize = 3 * (SECRET_CHARS + 1);

/// Appends the fragment; `out` should have the room, for no copy to be left behind.
pub(super) fn write(secret: &SharedSecret, pin_required: bool, out: &mut String) {
    let mut encoded = Zeroizing::new([b'A'; SECRET_CHARS]);
    let written = URL_SAFE_NO_PAD.encode_slice(secret.expose(), encoded.as_mut_slice());
    debug_assert_eq!(written, Ok(SECRET_CHARS));
    out.extend(encoded.iter().map(|byte| char::from(*byte)));
    if pin_required {
        out.push_str(PIN_SUFFIX);
    }
}

/// Reads a fragment, without its `#`.
pub(super) fn read(fragment: &str) -> Result<(SharedSecret, bool), InvitationError> {
    let (text, pin_required) = match fragment.split_once('.') {
        None => (fragment, false),
        Some((text, "p")) => (text, true),
        // A flag that this version does not know may ask for more caution: never skip it.
        Some(_) => return Err(InvitationError::UnknownFlag),
    };
    if text.is_empty() {
        return Err(InvitationError::SecretMissing);
    }
    let symbols = symbols(text)?;
    let secret = decode(&symbols)?;
    if is_in_lower_case(&symbols) {
        return Err(InvitationError::Changed(LinkChange::Case));
    }
    Ok((secret, pin_required))
}

/// Whether a secret's letters were all made small. Among random secrets one in five thousand million looks like that; an
/// upper-cased link shows itself by its path.
fn is_in_lower_case(symbols: &[u8]) -> bool {
    let small = symbols.iter().filter(|byte| byte.is_ascii_lowercase());
    small.count() >= MANY_LETTERS && !symbols.iter().any(u8::is_ascii_uppercase)
}

/// The secret's characters in the URL-safe alphabet, without padding.
fn symbols(text: &str) -> Result<Zeroizing<Vec<u8>>, InvitationError> {
    if text.len() > MAX_SECRET_TEXT {
        return Err(InvitationError::SecretLength);
    }
    let mut symbols = unescape(text)?;
    if symbols.last() == Some(&b'=') {
        symbols.pop();
    }
    let has = |set: &[u8]| symbols.iter().any(|byte| set.contains(byte));
    if has(b"+/") && has(b"-_") {
        return Err(InvitationError::SecretMixedAlphabets);
    }
    for byte in symbols.iter_mut() {
        *byte = match *byte {
            b'+' => b'-',
            b'/' => b'_',
            other => other,
        };
    }
    Ok(symbols)
}

/// Undoes percent-encoding, which links get on their way only for `+`, `/` and `=`.
fn unescape(text: &str) -> Result<Zeroizing<Vec<u8>>, InvitationError> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => return Ok(plain),
            [b'%', high, low, tail @ ..] => {
                plain.push(match (high, low.to_ascii_uppercase()) {
                    (b'2', b'B') => b'+',
                    (b'2', b'F') => b'/',
                    (b'3', b'D') => b'=',
                    _ => return Err(InvitationError::SecretEncoding),
                });
                tail
            }
            [byte, tail @ ..] => {
                plain.push(*byte);
                tail
            }
        };
    }
}

fn decode(symbols: &[u8]) -> Result<SharedSecret, InvitationError> {
    let alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !symbols.iter().all(alphabet) {
        return Err(InvitationError::SecretEncoding);
    }
    if symbols.len() != SECRET_CHARS {
        return Err(InvitationError::SecretLength);
    }
    let mut bytes = Zeroizing::new([0; SECRET_CHARS]);
    match URL_SAFE_NO_PAD.decode_slice(symbols, bytes.as_mut_slice()) {
        Ok(len) => bytes
            .get(..len)
            .and_then(SharedSecret::from_slice)
            .ok_or(InvitationError::SecretLength),
        Err(DecodeSliceError::DecodeError(DecodeError::InvalidLastSymbol { .. })) => {
            Err(InvitationError::SecretSpareBits)
        }
        Err(_) => Err(InvitationError::SecretEncoding),
    }
}
