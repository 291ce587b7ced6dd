//! The envelope: what one write puts into the slot.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{MAX_BYTES, MAX_TOKENS};
use crate::cbor::{self, Map, Value};
use crate::secret::wipe;

const VERSION: u64 = 1;
/// The longest payload data: all tokens, base64, and the frame around them.
const MAX_DATA: usize = (MAX_BYTES + 4096) / 3 * 4 + 64;

/// Whose envelope it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Sender,
    Receiver,
}

impl Side {
    pub(crate) fn code(self) -> u64 {
        match self {
            Self::Sender => 0,
            Self::Receiver => 1,
        }
    }

    pub(crate) fn from_code(code: u64) -> Option<Self> {
        match code {
            0 => Some(Self::Sender),
            1 => Some(Self::Receiver),
            _ => None,
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Sender => Self::Receiver,
            Self::Receiver => Self::Sender,
        }
    }
}

/// What an envelope says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fields {
    pub(crate) side: Side,
    /// Index of the next token expected from the other side.
    pub(crate) ack: u64,
    /// Index of the first token in it.
    pub(crate) base: u64,
    pub(crate) tokens: Vec<Vec<u8>>,
    /// Running hash of all tokens received so far, `H(ack)`.
    pub(crate) hash: [u8; 32],
    /// An abort token (framed), outside the indexes.
    pub(crate) abort: Option<Vec<u8>>,
}

impl Fields {
    /// The body, over which the MIC is made.
    fn body(&self) -> Zeroizing<Vec<u8>> {
        let tokens: Vec<Value> = self.tokens.iter().map(|t| Value::from(&t[..])).collect();
        Map::new()
            .with(0, VERSION)
            .with(1, self.side.code())
            .with(2, self.ack)
            .with(3, self.base)
            .with(4, tokens)
            .with(5, &self.hash)
            .with_opt(6, self.abort.as_deref())
            .encode()
    }

    /// The relay payload's data: base64 of `[body, mic]`, the MIC made by `mic` (none before there are keys).
    pub(crate) fn encode(&self, mic: impl FnOnce(&[u8]) -> Option<[u8; 32]>) -> String {
        let body = self.body();
        let mic = mic(&body).map_or(Value::Null, |mic| Value::from(mic.to_vec()));
        let envelope = cbor::encode(&Value::Array(vec![Value::from(&body[..]), mic]));
        let data = STANDARD.encode(&*envelope);
        wipe(body);
        wipe(envelope);
        data
    }
}

/// An envelope as received: nothing in it counts before its MIC has been checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Envelope {
    /// The body's bytes as received.
    pub(crate) body: Vec<u8>,
    pub(crate) mic: Option<[u8; 32]>,
}

impl Envelope {
    /// Reads the payload's data; `None` if it is no envelope at all.
    pub(crate) fn decode(data: &str) -> Option<Self> {
        if data.len() > MAX_DATA {
            return None;
        }
        let bytes = STANDARD.decode(data).ok()?;
        let value = cbor::decode(&bytes)?;
        let [body, mic] = value.array()? else {
            return None;
        };
        let mic = match mic {
            Value::Null => None,
            mic => Some(mic.bytes()?.try_into().ok()?),
        };
        Some(Self {
            body: body.bytes()?.to_vec(),
            mic,
        })
    }

    /// What the body says; `None` if it is malformed, of another version, or holds more than the limits.
    pub(crate) fn fields(&self) -> Option<Fields> {
        let map = cbor::decode_map(&self.body)?;
        if map.uint(0)? != VERSION || !map.only(&[0, 1, 2, 3, 4, 5, 6]) {
            return None;
        }
        let tokens = map
            .array(4)?
            .iter()
            .map(|token| token.bytes().map(<[u8]>::to_vec))
            .collect::<Option<Vec<_>>>()?;
        let total: usize = tokens.iter().map(Vec::len).sum();
        if tokens.len() > MAX_TOKENS || total > MAX_BYTES {
            return None;
        }
        let (ack, base) = (map.uint(2)?, map.uint(3)?);
        base.checked_add(tokens.len() as u64)?;
        Some(Fields {
            side: Side::from_code(map.uint(1)?)?,
            ack,
            base,
            tokens,
            hash: map.bytes(5)?.try_into().ok()?,
            abort: match map.get(6) {
                Some(token) => Some(token.bytes()?.to_vec()),
                None => None,
            },
        })
    }
}
