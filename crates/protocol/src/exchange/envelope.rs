//! The envelope: what one write puts into the slot.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{MAX_BYTES, MAX_TOKENS};
use tigress_primitives::cbor::{self, Map, Value};
use tigress_primitives::record::Stored;
use tigress_primitives::secret::wipe;

const VERSION: u64 = 1;
/// The longest payload data: what a relay's answer can hold. What has more tokens than a side may have is judged like
/// any other envelope, or else its author would wait for ever.
const MAX_DATA: usize = 1 << 20;

/// Whose envelope it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Of token 1.
    Sender,
    /// Of token 2.
    Receiver,
}

impl Side {
    /// As the envelope has it.
    pub fn code(self) -> u64 {
        match self {
            Self::Sender => 0,
            Self::Receiver => 1,
        }
    }

    /// The side of a code.
    pub fn from_code(code: u64) -> Option<Self> {
        match code {
            0 => Some(Self::Sender),
            1 => Some(Self::Receiver),
            _ => None,
        }
    }

    /// The other side.
    pub fn other(self) -> Self {
        match self {
            Self::Sender => Self::Receiver,
            Self::Receiver => Self::Sender,
        }
    }
}

impl Stored for Side {
    fn to_value(&self) -> Option<Value<'_>> {
        Some(self.code().into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        Self::from_code(value?.uint()?)
    }
}

/// What an envelope says.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    /// Whose it is.
    pub side: Side,
    /// Index of the next token expected from the other side.
    pub ack: u64,
    /// Index of the first token in it.
    pub base: u64,
    /// All that is unacknowledged, in order.
    pub tokens: Vec<Vec<u8>>,
    /// Running hash of all tokens received so far, `H(ack)`.
    pub hash: [u8; 32],
    /// An abort token (framed), outside the indexes.
    pub abort: Option<Vec<u8>>,
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
    pub fn encode(&self, mic: impl FnOnce(&[u8]) -> Option<[u8; 32]>) -> String {
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
pub struct Envelope {
    /// The body's bytes as received.
    pub body: Vec<u8>,
    /// MIC of the body; the first envelope has none.
    pub mic: Option<[u8; 32]>,
}

impl Envelope {
    /// Reads the payload's data; `None` if it is no envelope at all.
    pub fn decode(data: &str) -> Option<Self> {
        Self::from_base64(data).ok()
    }

    /// As [`Self::decode`], saying what is malformed.
    pub fn from_base64(data: &str) -> Result<Self, &'static str> {
        if data.len() > MAX_DATA {
            return Err("the envelope is longer than a relay's answer can be, 1 MiB");
        }
        let bytes = STANDARD.decode(data);
        Self::from_cbor(&bytes.map_err(|_| "the payload's data is not standard base64, padded")?)
    }

    /// Reads `[body, mic]`; else says what is malformed.
    pub fn from_cbor(bytes: &[u8]) -> Result<Self, &'static str> {
        let value = cbor::decode(bytes)
            .ok_or("the envelope is not one item of deterministic CBOR as the protocol uses it")?;
        let Some([body, mic]) = value.array() else {
            return Err("the envelope is not an array of body and MIC");
        };
        let of_mic = |mic: &Value| mic.bytes()?.try_into().ok();
        let mic = match mic {
            Value::Null => None,
            mic => Some(of_mic(mic).ok_or("the envelope's MIC is neither null nor 32 bytes")?),
        };
        let body = body.bytes();
        let body = body.ok_or("the envelope's body is not a byte string")?;
        Ok(Self {
            body: body.to_vec(),
            mic,
        })
    }

    /// What the body says; `None` if it is malformed, of another version, or holds more than the limits.
    pub fn fields(&self) -> Option<Fields> {
        self.read_fields().ok()
    }

    /// As [`Self::fields`], saying what is malformed.
    pub fn read_fields(&self) -> Result<Fields, &'static str> {
        let map = cbor::decode_map(&self.body)
            .ok_or("the envelope's body is not a map in deterministic CBOR")?;
        let version = map.uint(0);
        if version.ok_or("the envelope's version (key 0) is no number")? != VERSION {
            return Err("the envelope is of another version than 1");
        }
        if !map.only(&[0, 1, 2, 3, 4, 5, 6]) {
            return Err("the envelope has a key beyond 6");
        }
        let side = map.uint(1).and_then(Side::from_code);
        let ack = map
            .uint(2)
            .ok_or("the envelope's ack (key 2) is no number")?;
        let base = map
            .uint(3)
            .ok_or("the envelope's base (key 3) is no number")?;
        let tokens = tokens(&map).ok_or("the envelope's tokens (key 4) are no byte strings")?;
        let total: usize = tokens.iter().map(Vec::len).sum();
        if tokens.len() > MAX_TOKENS || total > MAX_BYTES {
            return Err("the envelope has more than 16 tokens or 512 KiB of them");
        }
        let hash = map.bytes(5).and_then(|hash| hash.try_into().ok());
        let abort = map.get(6).map(|token| token.bytes().map(<[u8]>::to_vec));
        Ok(Fields {
            side: side.ok_or("the envelope's side (key 1) is neither 0 nor 1")?,
            ack,
            base,
            tokens,
            hash: hash.ok_or("the envelope's running hash (key 5) is not 32 bytes")?,
            abort: match abort {
                Some(token) => Some(token.ok_or("the envelope's abort (key 6) is no byte string")?),
                None => None,
            },
        })
    }
}

//= protocol/6.1-limits
fn tokens(body: &Map) -> Option<Vec<Vec<u8>>> {
    let tokens = body.array(4)?.iter();
    tokens
        .map(|token| token.bytes().map(<[u8]>::to_vec))
        .collect()
}
