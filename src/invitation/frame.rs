//! Reads the mechanism's OID out of a framed initial context token (RFC 2743 §3.1), nothing else.

/// The longest OID content that is read: its length has the DER short form.
const MAX_OID_LEN: usize = 127;
/// The token id that starts the inner token.
const TOKEN_ID_LEN: usize = 2;

/// The OID's content octets, without tag and length; `None` for anything but a frame that ends with the token.
pub(super) fn mechanism_oid(token: &[u8]) -> Option<&[u8]> {
    let (length, framed) = der_length(token.strip_prefix(&[0x60])?)?;
    if framed.len() != length {
        return None;
    }
    let (oid_length, rest) = framed.strip_prefix(&[0x06])?.split_first()?;
    let oid_length = usize::from(*oid_length);
    let (oid, inner) = rest.split_at_checked(oid_length)?;
    (oid_length <= MAX_OID_LEN && inner.len() >= TOKEN_ID_LEN && is_oid(oid)).then_some(oid)
}

/// A definite length in its shortest form (X.690 §10.1), of up to four bytes.
fn der_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if *first < 0x80 {
        return Some((usize::from(*first), rest));
    }
    let (length_bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    if length_bytes.len() > 4 || *length_bytes.first()? == 0 {
        return None;
    }
    let length = length_bytes
        .iter()
        .fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
    let length = usize::try_from(length).ok()?;
    (length >= 0x80).then_some((length, rest))
}

/// Whether the content octets are whole, minimal subidentifiers (X.690 §8.19.2).
fn is_oid(content: &[u8]) -> bool {
    let whole = content.last().is_some_and(|byte| byte & 0x80 == 0);
    let mut starts = true;
    let minimal = content.iter().all(|byte| {
        let padded = starts && *byte == 0x80;
        starts = byte & 0x80 == 0;
        !padded
    });
    whole && minimal
}

/// The OID in dotted form; `None` if a part is over 64 bits.
pub(super) fn dotted(content: &[u8]) -> Option<String> {
    let mut parts = Vec::new();
    let mut part: u64 = 0;
    for byte in content {
        part = part.checked_mul(0x80)? | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            parts.push(part);
            part = 0;
        }
    }
    // X.690 §8.19.4: the first two parts share a subidentifier.
    let (first, rest) = parts.split_first()?;
    let top = (first / 40).min(2);
    let texts = [top, first - 40 * top]
        .iter()
        .chain(rest)
        .map(u64::to_string)
        .collect::<Vec<_>>();
    Some(texts.join("."))
}
