//! The forms of the context tokens' bodies.

use zeroize::Zeroizing;

use crate::gss::{Error, FLAGS, Heard, MinorStatus, Said};
use tigress_primitives::cbor::{self, Map};

/// Sealed credential and Noise message 1.
pub(super) const FIRST: [u8; 2] = [1, 1];
/// Noise message 2.
pub(super) const ANSWER: [u8; 2] = [1, 2];
/// The initiator's key confirmation.
pub(super) const CONFIRMATION: [u8; 2] = [1, 3];
/// The initiator's: the PIN was wrong, another try.
pub(super) const PIN_AGAIN: [u8; 2] = [1, 4];
/// The acceptor's answer to it.
pub(super) const PIN_ANSWER: [u8; 2] = [1, 5];
/// The end of a context before it is established, or by a side that has lost its state.
pub(super) const ABORT: [u8; 2] = [1, 0xff];

/// Version of the payloads.
const VERSION: u64 = 1;

pub(super) const MALFORMED: Error = Error::token(MinorStatus::TokenBody);

/// id ‖ body.
pub(super) fn join(id: [u8; 2], body: &[&[u8]]) -> Vec<u8> {
    let mut token = id.to_vec();
    body.iter().for_each(|part| token.extend(*part));
    token
}

/// LP(x); `None` beyond 65535 bytes.
pub(super) fn prefixed(bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(bytes.len()).ok()?;
    Some([&length.to_be_bytes(), bytes].concat())
}

/// The sealed credential and the Noise message of token 1.
pub(super) fn first(id: [u8; 2], body: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    expect(id, FIRST)?;
    let (sealed, rest) = split_prefixed(body).ok_or(MALFORMED)?;
    let (message, rest) = split_prefixed(rest).ok_or(MALFORMED)?;
    rest.is_empty()
        .then_some((sealed, message))
        .ok_or(MALFORMED)
}

/// The Noise message of token 2, and the PIN's part: empty where there is no PIN.
pub(super) fn answer(id: [u8; 2], body: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    expect(id, ANSWER)?;
    split_prefixed(body).ok_or(MALFORMED)
}

pub(super) fn expect(id: [u8; 2], wanted: [u8; 2]) -> Result<(), Error> {
    (id == wanted)
        .then_some(())
        .ok_or(Error::token(MinorStatus::UnexpectedToken))
}

fn split_prefixed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u16::from_be_bytes(*length).into())
}

/// Key of the application's data in token 1's payload.
const APPLICATION_DATA: u64 = 10;
/// Key of the application's summary.
const SUMMARY: u64 = 11;

/// The payload of token 1, with the PIN's element where there is one.
pub(super) fn first_payload(
    bindings: Option<&[u8; 32]>,
    element: Option<&[u8]>,
    said: &Said<'_>,
) -> Zeroizing<Vec<u8>> {
    Map::new()
        .with(0, VERSION)
        .with(1, u64::from(FLAGS))
        .with_opt(3, bindings)
        .with_opt(4, element)
        .with_opt(APPLICATION_DATA, said.application_data)
        .with_opt(SUMMARY, said.summary)
        .encode()
}

/// The payload of token 2.
pub(super) fn answer_payload() -> Zeroizing<Vec<u8>> {
    first_payload(None, None, &Said::default())
}

/// What token 1's payload says.
pub(super) struct FirstPayload {
    /// The hash of the initiator's channel bindings, if it gave any.
    pub(super) bindings: Option<[u8; 32]>,
    /// The PIN's element, not checked yet.
    pub(super) element: Option<Vec<u8>>,
    /// What the initiator's application says, if anything.
    pub(super) said: Heard,
}

//= protocol/0-reserved
/// Reads token 1's payload, which has an element exactly if there is a `pin`.
pub(super) fn open_first_payload(payload: &[u8], pin: bool) -> Result<FirstPayload, Error> {
    let map = open_payload(
        payload,
        match pin {
            true => &[0, 1, 3, 4, APPLICATION_DATA, SUMMARY],
            false => &[0, 1, 3, APPLICATION_DATA, SUMMARY],
        },
    )?;
    let hash = |value: &cbor::Value| value.bytes()?.try_into().ok();
    let bindings = map.get(3).map(|value| hash(value).ok_or(MALFORMED));
    let bytes = |value: &cbor::Value| value.bytes().map(<[u8]>::to_vec).ok_or(MALFORMED);
    let element = pin.then(|| map.get(4).ok_or(MALFORMED).and_then(bytes));
    Ok(FirstPayload {
        bindings: bindings.transpose()?,
        element: element.transpose()?,
        said: Heard {
            application_data: map.get(APPLICATION_DATA).map(bytes).transpose()?,
            summary: map.get(SUMMARY).map(bytes).transpose()?,
        },
    })
}

/// Reads token 2's payload, which says nothing but its version and flags.
pub(super) fn open_answer_payload(payload: &[u8]) -> Result<(), Error> {
    open_payload(payload, &[0, 1]).map(drop)
}

fn open_payload<'p>(payload: &'p [u8], known: &[u64]) -> Result<Map<'p>, Error> {
    let map = cbor::decode_map(payload).ok_or(MALFORMED)?;
    if map.uint(0).ok_or(MALFORMED)? != VERSION {
        return Err(Error::token(MinorStatus::TokenVersion));
    }
    if !map.only(known) {
        return Err(MALFORMED);
    }
    fixed_flags(&map)?;
    Ok(map)
}

/// The content of token 3.
pub(super) fn confirmation() -> Zeroizing<Vec<u8>> {
    Map::new().with(1, u64::from(FLAGS)).encode()
}

/// Reads the content of token 3.
pub(super) fn open_confirmation(content: &[u8]) -> Result<(), Error> {
    let map = cbor::decode_map(content).ok_or(MALFORMED)?;
    if !map.only(&[1]) {
        return Err(MALFORMED);
    }
    fixed_flags(&map)
}

//= protocol/5.2-flags gss/2743-1.2.9-no-delegation
fn fixed_flags(map: &Map) -> Result<(), Error> {
    if map.uint(1).ok_or(MALFORMED)? != u64::from(FLAGS) {
        return Err(Error::token(MinorStatus::Flags));
    }
    Ok(())
}

/// An answer to a PIN's element, in token 2 or 01 05.
pub(super) struct PinAnswer {
    pub(super) element: Vec<u8>,
    pub(super) number: u8,
    pub(super) proof: Vec<u8>,
}

impl PinAnswer {
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        Map::new()
            .with(4, &self.element[..])
            .with(6, u64::from(self.number))
            .with(7, &self.proof[..])
            .encode()
    }

    pub(super) fn decode(content: &[u8]) -> Result<Self, Error> {
        let read = |map: Map| {
            map.only(&[4, 6, 7]).then_some(())?;
            Some(Self {
                element: map.bytes(4)?.to_vec(),
                number: map.uint(6)?.try_into().ok()?,
                proof: map.bytes(7)?.to_vec(),
            })
        };
        cbor::decode_map(content).and_then(read).ok_or(MALFORMED)
    }
}

/// The content of 01 04: the PIN was wrong, another try.
pub(super) struct PinAgain {
    pub(super) element: Vec<u8>,
    pub(super) tries_left: u8,
    pub(super) number: u8,
}

impl PinAgain {
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        Map::new()
            .with(4, &self.element[..])
            .with(5, u64::from(self.tries_left))
            .with(6, u64::from(self.number))
            .encode()
    }

    pub(super) fn decode(content: &[u8]) -> Result<Self, Error> {
        let read = |map: Map| {
            map.only(&[4, 5, 6]).then_some(())?;
            Some(Self {
                element: map.bytes(4)?.to_vec(),
                tries_left: map.uint(5)?.try_into().ok()?,
                number: map.uint(6)?.try_into().ok()?,
            })
        };
        cbor::decode_map(content).and_then(read).ok_or(MALFORMED)
    }
}

/// The content of an abort.
pub(super) fn abort(code: u64) -> Zeroizing<Vec<u8>> {
    Map::new().with(8, code).encode()
}

/// Reads the content of an abort.
pub(super) fn open_abort(content: &[u8]) -> Option<u64> {
    let map = cbor::decode_map(content)?;
    map.only(&[8]).then_some(())?;
    map.uint(8)
}
