//! The frame of context tokens (RFC 2743 §3.1): 0x60, DER length, OID, 2-byte token id, body.

use super::status::{Error, MinorStatus};
use crate::oid::Oid;

/// Longest context token, frame and all.
pub(crate) const MAX_CONTEXT_TOKEN: usize = 64 * 1024;

/// Tag of the frame: `[APPLICATION 0] IMPLICIT SEQUENCE`.
pub(super) const FRAME: u8 = 0x60;
/// Tag of an object identifier.
const OBJECT_IDENTIFIER: u8 = 0x06;

/// A context token taken apart.
#[derive(Debug)]
pub struct Frame<'t> {
    /// The mechanism.
    pub oid: Oid,
    /// The token id.
    pub id: [u8; 2],
    /// What follows it.
    pub body: &'t [u8],
}

impl Frame<'_> {
    /// Length of what the frame's length counts.
    pub(super) fn content_len(&self) -> usize {
        let oid = self.oid.content().len();
        1 + der_length(oid).len() + oid + self.id.len() + self.body.len()
    }
}

//= gss/2743-3.1-short gss/2743-3.1-encoding
/// Frames a mechanism's token, which begins with its 2-byte id.
#[must_use]
pub fn frame(oid: &Oid, token: &[u8]) -> Vec<u8> {
    let mut content = vec![OBJECT_IDENTIFIER];
    content.extend(der_length(oid.content().len()));
    content.extend(oid.content());
    content.extend(token);
    let mut out = vec![FRAME];
    out.extend(der_length(content.len()));
    out.extend(content);
    out
}

/// Takes a context token apart; all of it must be accounted for.
///
/// # Errors
/// `DEFECTIVE_TOKEN` for anything that is not framed as RFC 2743 §3.1 says, or is longer than 64 KiB.
pub fn parse(token: &[u8]) -> Result<Frame<'_>, Error> {
    if token.len() > MAX_CONTEXT_TOKEN {
        return Err(Error::token(MinorStatus::TokenTooLong));
    }
    split(token).map_err(|_| Error::token(MinorStatus::Frame))
}

//= protocol/4-lengths gss/2743-3.1-minimal
/// As [`parse`], saying what is wrong with the frame.
pub(super) fn parse_precisely(token: &[u8]) -> Result<Frame<'_>, &'static str> {
    if token.len() > MAX_CONTEXT_TOKEN {
        return Err("a context token has at most 64 KiB");
    }
    split(token)
}

/// The mechanism of a context token, for showing it before it is accepted.
///
/// # Errors
/// `DEFECTIVE_TOKEN` if it is no framed context token.
pub fn mechanism_of(token: &[u8]) -> Result<Oid, Error> {
    parse(token).map(|frame| frame.oid)
}

fn split(token: &[u8]) -> Result<Frame<'_>, &'static str> {
    let (content, rest) = element(FRAME, token).map_err(|flaw| match flaw {
        Flaw::Tag => "the frame's tag is not 60",
        Flaw::Length => {
            "the frame's length is not as DER has it: definite and as short as possible"
        }
        Flaw::Cut => "the token is shorter than its frame's length says",
    })?;
    if !rest.is_empty() {
        return Err("the token is longer than its frame's length says");
    }
    let (oid, inner) = element(OBJECT_IDENTIFIER, content).map_err(|flaw| match flaw {
        Flaw::Tag => "the frame does not begin with an object identifier (tag 06)",
        Flaw::Length => "the object identifier's length is not as DER has it",
        Flaw::Cut => "the object identifier goes beyond the frame",
    })?;
    let (id, body) = inner
        .split_first_chunk()
        .ok_or("the frame ends before the two bytes of a token id")?;
    let oid = Oid::from_content(oid).ok_or("the object identifier is malformed")?;
    Ok(Frame { oid, id: *id, body })
}

/// Why there is no such element.
enum Flaw {
    Tag,
    Length,
    Cut,
}

/// One element with the given tag: its content and what follows it.
fn element(tag: u8, bytes: &[u8]) -> Result<(&[u8], &[u8]), Flaw> {
    let bytes = match bytes.split_first() {
        Some((found, bytes)) if *found == tag => bytes,
        _ => return Err(Flaw::Tag),
    };
    let (length, bytes) = length(bytes).ok_or(Flaw::Length)?;
    bytes.split_at_checked(length).ok_or(Flaw::Cut)
}

/// A length in DER, and what follows it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, bytes) = bytes.split_first()?;
    if *first < 0x80 {
        return Some((usize::from(*first), bytes));
    }
    // 64 KiB need three octets of length at most; indefinite lengths (0x80) are not DER.
    let count = usize::from(first & 0x7f);
    let (octets, bytes) = (1..=3)
        .contains(&count)
        .then(|| bytes.split_at_checked(count))??;
    let length = octets
        .iter()
        .fold(0, |n, octet| (n << 8) + usize::from(*octet));
    (der_length(length).len() == count + 1).then_some((length, bytes))
}

/// A length in DER: definite, with as few octets as possible (X.690 §10.1).
fn der_length(length: usize) -> Vec<u8> {
    if length < 0x80 {
        return vec![length as u8];
    }
    let octets = length.to_be_bytes();
    let octets = &octets[length.leading_zeros() as usize / 8..];
    [&[0x80 + octets.len() as u8], octets].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OID: Oid = Oid::known(&[0x2a, 3]);

    fn bad(token: &[u8]) -> bool {
        matches!(parse(token), Err(e) if e == Error::token(MinorStatus::Frame))
    }

    //= test gss/2743-3.1-short gss/2743-3.1-encoding
    #[test]
    fn frames_as_the_rfc_says() {
        assert_eq!(
            frame(&OID, &[1, 1, 0xaa]),
            [0x60, 7, 6, 2, 0x2a, 3, 1, 1, 0xaa]
        );
        let long = frame(&OID, &[1; 300]);
        assert_eq!(long[..4], [0x60, 0x82, 0x01, 0x30]);
        let parsed = parse(&long).unwrap();
        assert_eq!(
            (parsed.oid, parsed.id, parsed.body),
            (OID, [1, 1], &[1; 298][..])
        );
        assert_eq!(mechanism_of(&long), Ok(OID));
    }

    //= test protocol/4-lengths gss/2743-3.1-minimal
    #[test]
    fn only_the_one_minimal_encoding_is_taken() {
        assert!(!bad(&[0x60, 6, 6, 2, 0x2a, 3, 1, 1]));
        assert!(
            bad(&[0x60, 0x81, 6, 6, 2, 0x2a, 3, 1, 1]),
            "long form of a short length"
        );
        assert!(
            bad(&[0x60, 0x82, 0, 6, 6, 2, 0x2a, 3, 1, 1]),
            "leading zero"
        );
        assert!(bad(&[0x60, 0x80, 6, 2, 0x2a, 3, 1, 1, 0, 0]), "indefinite");
        let of_128 = [&[0x60, 0x80, 6, 2, 0x2a, 3, 1, 1][..], &[0; 122]].concat();
        assert!(bad(&of_128), "indefinite, of 128 bytes");
        assert!(bad(&[0x60, 0xff, 6, 2, 0x2a, 3, 1, 1]), "reserved");
        assert!(bad(&[0x61, 6, 6, 2, 0x2a, 3, 1, 1]), "another tag");
        assert!(bad(&[0x60, 6, 4, 2, 0x2a, 3, 1, 1]), "no identifier");
        assert!(bad(&[0x60, 6, 6, 2, 0x2a, 3, 1, 1, 0]), "a trailing byte");
        assert!(bad(&[0x60, 7, 6, 2, 0x2a, 3, 1, 1]), "cut");
        assert!(bad(&[0x60, 5, 6, 2, 0x2a, 3, 1]), "half a token id");
        assert!(bad(&[0x60, 5, 6, 1, 0x80, 1, 1]), "bad identifier");
    }

    #[test]
    fn a_token_beyond_64_kib_is_refused() {
        let room = MAX_CONTEXT_TOKEN - 8;
        assert!(parse(&frame(&OID, &vec![0; room])).is_ok());
        let error = parse(&frame(&OID, &vec![0; room + 1])).unwrap_err();
        assert_eq!(error, Error::token(MinorStatus::TokenTooLong));
    }

    proptest! {
        #[test]
        fn what_parses_is_what_would_be_written(token in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(parsed) = parse(&token) {
                prop_assert_eq!(frame(&parsed.oid, &[&parsed.id, parsed.body].concat()), token);
            }
        }

        #[test]
        fn any_cut_is_refused(body in proptest::collection::vec(any::<u8>(), 2..400), keep in 0.0..1.0) {
            let token = frame(&OID, &body);
            let keep = (token.len() as f64 * keep) as usize;
            prop_assert!(bad(&token[..keep]));
        }
    }
}
