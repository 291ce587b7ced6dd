//! Message tokens: wrap (02 01), MIC (02 02) and deletion (02 03).

use zeroize::Zeroizing;

use super::keys::{Keys, Use};
use super::padding;
use crate::crypto::{self, TAG_LEN, XNONCE_LEN};
use crate::gss::{Error, MajorStatus, MinorStatus, Opened, OpenedDeletion, Part, Role, Taken, hex};
use tigress_primitives::cbor::{self, Map};
use tigress_primitives::entropy::Entropy;
use tigress_primitives::secret::Secret;

const WRAP: [u8; 2] = [2, 1];
const MIC: [u8; 2] = [2, 2];
const DELETE: [u8; 2] = [2, 3];

/// Flag: the acceptor made the token. A token never passes as its own reflection.
const FROM_ACCEPTOR: u8 = 0x01;
/// Flag: the content is sealed.
const SEALED: u8 = 0x02;
/// All flags that there are.
const FLAGS: u8 = 0x03;
/// Follows the flags.
const FILLER: u8 = 0xff;

/// id ‖ flags ‖ ff ‖ sequence number.
const HEADER_LEN: usize = 12;
/// What a token adds to the padded plaintext, or to the data that is not sealed.
const OVERHEAD: usize = HEADER_LEN + XNONCE_LEN + TAG_LEN;
/// Length of a MIC.
const MIC_LEN: usize = 32;
/// Length of the data's length, inside.
const LENGTH_LEN: usize = 4;
/// Most data in one token: far above any credential, far below where 32-bit sizes end.
const MAX_DATA: usize = 16 << 20;

const BAD_HEADER: Error = Error::token(MinorStatus::MessageHeader);
const BAD_MIC: Error = Error::new(MajorStatus::BAD_MIC, MinorStatus::NotAuthentic);
const TOO_LONG: Error = Error::new(MajorStatus::FAILURE, MinorStatus::MessageTooLong);

/// Length of the token that wraps `length` bytes; `None` beyond 16 MiB.
pub(super) fn wrapped_len(conf: bool, length: usize) -> Option<usize> {
    (length <= MAX_DATA).then_some(())?;
    let content = if conf { padded_len(length)? } else { length };
    Some(OVERHEAD + content)
}

/// Most bytes whose token has at most `size` bytes; 0 if there is none.
pub(super) fn wrap_size_limit(conf: bool, size: usize) -> usize {
    let content = size.saturating_sub(OVERHEAD);
    let limit = match conf {
        true if content < padding::MIN => 0,
        true => padding::padme_floor(content) - LENGTH_LEN,
        false => content,
    };
    limit.min(MAX_DATA)
}

fn padded_len(length: usize) -> Option<usize> {
    padding::padme(length.checked_add(LENGTH_LEN)?.max(padding::MIN))
}

/// The message protection of an established context, on one side.
pub(super) struct Protection<'k> {
    pub(super) keys: &'k Keys,
    pub(super) role: Role,
}

impl Protection<'_> {
    //= draft/8.2.1-encrypt gss/2744-5.31-unwrap-of-nothing gss/2744-5.33-wrap-of-nothing
    pub(super) fn wrap(
        &self,
        conf: bool,
        sequence: u64,
        data: &[u8],
        entropy: &mut Entropy,
    ) -> Result<Vec<u8>, Error> {
        let length = wrapped_len(conf, data.len()).ok_or(TOO_LONG)?;
        let header = header(WRAP, self.role, conf, sequence);
        if conf {
            let prefix = u32::try_from(data.len()).map_err(|_| TOO_LONG)?;
            let key = self.keys.message(Use::Wrap, self.role);
            let mut token = Vec::with_capacity(length);
            token.extend(header);
            crypto::seal_into(&mut token, &key, &header, entropy, |token| {
                token.extend(prefix.to_be_bytes());
                token.extend_from_slice(data);
                token.resize(length - TAG_LEN, 0);
            });
            return Ok(token);
        }
        let key = self.keys.message(Use::Integrity, self.role);
        let sealed = crypto::seal(&key, &[&header, data].concat(), &[], entropy);
        let (nonce, tag) = sealed.split_at(XNONCE_LEN);
        Ok([&header, nonce, data, tag].concat())
    }

    //= draft/8.2.1-checksum
    pub(super) fn unwrap(&self, token: &[u8]) -> Result<Opened, Error> {
        let header = self.parse(token, WRAP, SEALED)?;
        let sealed = header.flags & SEALED != 0;
        let data = if sealed {
            let key = self.key(Use::Wrap);
            padded(header.content).ok_or(Error::token(MinorStatus::Padding))?;
            let mut plain = crypto::open(&key, header.bytes, header.content).ok_or(BAD_MIC)?;
            unpad(&mut plain).ok_or(Error::token(MinorStatus::Padding))?;
            plain
        } else {
            open_plain(&self.key(Use::Integrity), &header)?
        };
        Ok(Opened {
            sequence: header.sequence,
            data,
            sealed,
        })
    }

    //= gss/2744-5.15-mic-of-nothing
    pub(super) fn mic(&self, sequence: u64, message: &[u8]) -> Vec<u8> {
        let header = header(MIC, self.role, false, sequence);
        let key = self.keys.message(Use::Mic, self.role);
        [&header[..], &crypto::hmac(&key, &[&header, message])].concat()
    }

    //= gss/2744-5.32-verify-of-nothing
    pub(super) fn verify_mic(&self, message: &[u8], token: &[u8]) -> Result<u64, Error> {
        let header = self.parse(token, MIC, 0)?;
        if header.content.len() != MIC_LEN {
            return Err(Error::token(MinorStatus::TokenBody));
        }
        crypto::hmac_verify(
            &self.key(Use::Mic),
            &[header.bytes, message],
            header.content,
        )
        .then_some(header.sequence)
        .ok_or(BAD_MIC)
    }

    pub(super) fn delete(
        &self,
        code: u64,
        sequence: u64,
        next_expected: u64,
        entropy: &mut Entropy,
    ) -> Vec<u8> {
        let header = header(DELETE, self.role, true, sequence);
        let content = Map::new().with(8, code).with(9, next_expected).encode();
        let key = self.keys.message(Use::Delete, self.role);
        [&header[..], &crypto::seal(&key, &header, &content, entropy)].concat()
    }

    pub(super) fn open_deletion(&self, token: &[u8]) -> Result<OpenedDeletion, Error> {
        let header = self.parse(token, DELETE, SEALED)?;
        if header.flags & SEALED == 0 {
            return Err(BAD_HEADER);
        }
        // RFC 2743 §2.2.4 knows no BAD_MIC for this call.
        let content = crypto::open(&self.key(Use::Delete), header.bytes, header.content)
            .ok_or(Error::token(MinorStatus::NotAuthentic))?;
        let (code, next_expected) =
            deletion(&content).ok_or(Error::token(MinorStatus::TokenBody))?;
        Ok(OpenedDeletion {
            sequence: header.sequence,
            code,
            next_expected,
        })
    }

    /// The peer's key.
    fn key(&self, purpose: Use) -> Secret<32> {
        self.keys.message(purpose, self.role.peer())
    }

    //= protocol/5.2-own-direction
    /// Takes a token of the peer apart; `more` are the flags that it may have.
    fn parse<'t>(&self, token: &'t [u8], id: [u8; 2], more: u8) -> Result<Header<'t>, Error> {
        let header = Header::split(token).map_err(|_| BAD_HEADER)?;
        let from = direction(self.role.peer());
        if header.id != id || header.flags & !more != from {
            return Err(BAD_HEADER);
        }
        Ok(header)
    }
}

/// A message token taken apart.
struct Header<'t> {
    bytes: &'t [u8; HEADER_LEN],
    id: [u8; 2],
    flags: u8,
    sequence: u64,
    content: &'t [u8],
}

impl<'t> Header<'t> {
    //= protocol/5.2-bits
    /// Else says what is malformed.
    fn split(token: &'t [u8]) -> Result<Self, &'static str> {
        let (bytes, content) = token
            .split_first_chunk::<HEADER_LEN>()
            .ok_or("a message token has a header of 12 bytes, and this one ends before")?;
        let [id0, id1, flags, filler, sequence @ ..] = bytes;
        if flags & !FLAGS != 0 {
            return Err("the message token has undefined flags");
        }
        if *filler != FILLER {
            return Err("the message token's byte after the flags is not ff");
        }
        Ok(Self {
            bytes,
            id: [*id0, *id1],
            flags: *flags,
            sequence: u64::from_be_bytes(*sequence),
            content,
        })
    }

    fn parts(&self) -> Vec<Part<'t>> {
        let (id, rest) = self.bytes.split_at(2);
        let (flags, rest) = rest.split_at(1);
        let (filler, sequence) = rest.split_at(1);
        let from = match self.flags & FROM_ACCEPTOR {
            0 => "initiator",
            _ => "acceptor",
        };
        let sealed = match self.flags & SEALED {
            0 => "not sealed",
            _ => "sealed",
        };
        let flags_say = format!("{}: from the {from}, {sealed}", hex(flags));
        vec![
            Part::saying("token id", id, hex(id)),
            Part::saying("flags", flags, flags_say),
            Part::saying("filler", filler, hex(filler)),
            Part::saying("sequence number", sequence, self.sequence.to_string()),
        ]
    }
}

fn header(id: [u8; 2], role: Role, sealed: bool, sequence: u64) -> [u8; HEADER_LEN] {
    let flags = direction(role) + if sealed { SEALED } else { 0 };
    let mut header = [id[0], id[1], flags, FILLER, 0, 0, 0, 0, 0, 0, 0, 0];
    header[4..].copy_from_slice(&sequence.to_be_bytes());
    header
}

fn direction(from: Role) -> u8 {
    match from {
        Role::Initiator => 0,
        Role::Acceptor => FROM_ACCEPTOR,
    }
}

/// nonce ‖ data ‖ tag; `None` if there is no room for nonce and tag.
fn split_content(content: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (nonce, rest) = content.split_at_checked(XNONCE_LEN)?;
    let (data, tag) = rest.split_at(rest.len().checked_sub(TAG_LEN)?);
    Some((nonce, data, tag))
}

/// nonce ‖ data ‖ tag, the data in clear.
fn open_plain(key: &Secret<32>, header: &Header<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
    let (nonce, data, tag) = split_content(header.content).ok_or(BAD_HEADER)?;
    crypto::open(key, &[header.bytes, data].concat(), &[nonce, tag].concat()).ok_or(BAD_MIC)?;
    Ok(Zeroizing::new(data.to_vec()))
}

/// Whether a sealed content's length is one that padding gives: a cut or a trailing byte is told from a
/// forgery.
fn padded(content: &[u8]) -> Option<()> {
    let (_, data, _) = split_content(content)?;
    let length = data.len();
    (length >= padding::MIN && padding::padme_floor(length) == length).then_some(())
}

//= protocol/5.2-padding
/// Leaves the data of a padded text: length ‖ data ‖ zeros. `None` unless its padding is exactly what
/// [`Protection::wrap`] would give.
fn unpad(plain: &mut Vec<u8>) -> Option<()> {
    let (length, rest) = plain.split_first_chunk::<LENGTH_LEN>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (_, zeros) = rest.split_at_checked(length)?;
    let exact = plain.len() == padded_len(length)? && zeros.iter().all(|byte| *byte == 0);
    exact.then_some(())?;
    // In the same memory, which is wiped whole.
    plain.copy_within(LENGTH_LEN..LENGTH_LEN + length, 0);
    plain.truncate(length);
    Some(())
}

fn deletion(content: &[u8]) -> Option<(u64, u64)> {
    let map = cbor::decode_map(content)?;
    map.only(&[8, 9]).then_some(())?;
    Some((map.uint(8)?, map.uint(9)?))
}

/// Whether it is meant as one of these tokens.
pub(super) fn is_one(token: &[u8]) -> bool {
    token.first() == Some(&WRAP[0])
}

/// Takes a message token apart, of either side; else says what is malformed.
pub(super) fn explain(token: &[u8]) -> Result<Taken<'_>, &'static str> {
    let header = Header::split(token)?;
    let content = header.content;
    let (name, parts) = match (header.id, header.flags & SEALED != 0) {
        (WRAP, true) => {
            padded(content).ok_or("the length of the sealed content is none that padding gives")?;
            ("wrap: a sealed message", sealed_parts(content)?)
        }
        (WRAP, false) => ("wrap: a message in clear", plain_parts(content)?),
        (MIC, false) if content.len() == MIC_LEN => {
            ("MIC of a message", vec![Part::clear("MIC", content)])
        }
        (MIC, false) => return Err("a MIC has 32 bytes"),
        (MIC, true) => return Err("a MIC token's flags say that it is sealed"),
        (DELETE, true) => ("deletion: ends the context", sealed_parts(content)?),
        (DELETE, false) => return Err("a deletion token's flags do not say that it is sealed"),
        _ => return Err("no message token has this token id"),
    };
    let parts = [header.parts(), parts].into_iter().flatten().collect();
    Ok(Taken { name, parts })
}

const NO_ROOM: &str = "the content has no room for a nonce of 24 bytes and a tag of 16";

pub(super) fn sealed_parts(content: &[u8]) -> Result<Vec<Part<'_>>, &'static str> {
    let (nonce, data, tag) = split_content(content).ok_or(NO_ROOM)?;
    Ok(vec![
        Part::clear("nonce", nonce),
        Part::sealed("content", data),
        Part::clear("tag", tag),
    ])
}

fn plain_parts(content: &[u8]) -> Result<Vec<Part<'_>>, &'static str> {
    let (nonce, data, tag) = split_content(content).ok_or(NO_ROOM)?;
    Ok(vec![
        Part::clear("nonce", nonce),
        Part::clear("message", data),
        Part::clear("tag", tag),
    ])
}
