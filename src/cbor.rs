//! Deterministic CBOR (RFC 8949 §4.2.1) as the protocol uses it: maps with small unsigned keys; definite
//! lengths; no tags, floats, negative numbers or null except where a caller asks; duplicates refused.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use zeroize::Zeroizing;

/// Deepest nesting that [`decode`] follows.
const MAX_DEPTH: usize = 6;
/// Most items of one array or map.
const MAX_ITEMS: u64 = 4096;

/// One CBOR item. Byte strings are wiped on drop: records hold keys.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Uint(u64),
    Bytes(Zeroizing<Vec<u8>>),
    Text(String),
    Bool(bool),
    Null,
    Array(Vec<Value>),
    Map(Map),
}

/// A map with unsigned keys in ascending order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Map(Vec<(u64, Value)>);

impl From<u64> for Value {
    fn from(n: u64) -> Self {
        Self::Uint(n)
    }
}
impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}
impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Self::Text(s.to_owned())
    }
}
impl From<String> for Value {
    fn from(s: String) -> Self {
        Self::Text(s)
    }
}
impl From<&[u8]> for Value {
    fn from(b: &[u8]) -> Self {
        Self::Bytes(Zeroizing::new(b.to_vec()))
    }
}
impl<const N: usize> From<&[u8; N]> for Value {
    fn from(b: &[u8; N]) -> Self {
        Self::from(&b[..])
    }
}
impl From<Vec<u8>> for Value {
    fn from(b: Vec<u8>) -> Self {
        Self::Bytes(Zeroizing::new(b))
    }
}
impl From<Vec<Value>> for Value {
    fn from(a: Vec<Value>) -> Self {
        Self::Array(a)
    }
}
impl From<Map> for Value {
    fn from(m: Map) -> Self {
        Self::Map(m)
    }
}

impl Value {
    pub(crate) fn uint(&self) -> Option<u64> {
        match self {
            Self::Uint(n) => Some(*n),
            _ => None,
        }
    }
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(b) => Some(b),
            _ => None,
        }
    }
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(s) => Some(s),
            _ => None,
        }
    }
    pub(crate) fn boolean(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }
    pub(crate) fn array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(a) => Some(a),
            _ => None,
        }
    }
    pub(crate) fn map(&self) -> Option<&Map> {
        match self {
            Self::Map(m) => Some(m),
            _ => None,
        }
    }
}

impl Map {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a key.
    pub(crate) fn set(&mut self, key: u64, value: impl Into<Value>) -> &mut Self {
        match self.0.binary_search_by_key(&key, |(k, _)| *k) {
            Ok(at) => self.0[at].1 = value.into(),
            Err(at) => self.0.insert(at, (key, value.into())),
        }
        self
    }

    /// Builder form of [`Map::set`].
    pub(crate) fn with(mut self, key: u64, value: impl Into<Value>) -> Self {
        self.set(key, value);
        self
    }

    /// Adds the key only if there is a value.
    pub(crate) fn with_opt<T: Into<Value>>(self, key: u64, value: Option<T>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    pub(crate) fn get(&self, key: u64) -> Option<&Value> {
        let at = self.0.binary_search_by_key(&key, |(k, _)| *k).ok()?;
        Some(&self.0[at].1)
    }

    pub(crate) fn uint(&self, key: u64) -> Option<u64> {
        self.get(key)?.uint()
    }
    pub(crate) fn bytes(&self, key: u64) -> Option<&[u8]> {
        self.get(key)?.bytes()
    }
    pub(crate) fn text(&self, key: u64) -> Option<&str> {
        self.get(key)?.text()
    }
    pub(crate) fn boolean(&self, key: u64) -> Option<bool> {
        self.get(key)?.boolean()
    }
    pub(crate) fn array(&self, key: u64) -> Option<&[Value]> {
        self.get(key)?.array()
    }
    pub(crate) fn map(&self, key: u64) -> Option<&Map> {
        self.get(key)?.map()
    }

    /// Whether every key is one of `known`.
    pub(crate) fn only(&self, known: &[u64]) -> bool {
        self.0.iter().all(|(key, _)| known.contains(key))
    }

    /// The deterministic encoding.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        encode(&Value::Map(self.clone()))
    }
}

/// The deterministic encoding of any item.
pub(crate) fn encode(value: &Value) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(size(value)));
    // Writing to memory can't fail.
    let _ = write(&mut Encoder::new(&mut *out), value);
    out
}

/// An upper bound, so that the buffer that may hold keys never moves.
fn size(value: &Value) -> usize {
    9 + match value {
        Value::Bytes(b) => b.len(),
        Value::Text(s) => s.len(),
        Value::Array(a) => a.iter().map(size).sum(),
        Value::Map(m) => m.0.iter().map(|(_, v)| 9 + size(v)).sum(),
        _ => 0,
    }
}

fn write(
    out: &mut Encoder<&mut Vec<u8>>,
    value: &Value,
) -> Result<(), minicbor::encode::Error<core::convert::Infallible>> {
    match value {
        Value::Uint(n) => {
            out.u64(*n)?;
        }
        Value::Bytes(b) => {
            out.bytes(b)?;
        }
        Value::Text(s) => {
            out.str(s)?;
        }
        Value::Bool(b) => {
            out.bool(*b)?;
        }
        Value::Null => {
            out.null()?;
        }
        Value::Array(items) => {
            out.array(items.len() as u64)?;
            for item in items {
                write(out, item)?;
            }
        }
        Value::Map(map) => {
            out.map(map.0.len() as u64)?;
            for (key, item) in &map.0 {
                out.u64(*key)?;
                write(out, item)?;
            }
        }
    }
    Ok(())
}

/// Decodes one item; `None` for anything but exactly one deterministically encoded item of the forms above.
pub(crate) fn decode(bytes: &[u8]) -> Option<Value> {
    let mut decoder = Decoder::new(bytes);
    let value = read(&mut decoder, MAX_DEPTH)?;
    // One encoding per value: what would be written differently is refused, trailing bytes too.
    (decoder.position() == bytes.len() && *encode(&value) == bytes).then_some(value)
}

/// Decodes a map.
pub(crate) fn decode_map(bytes: &[u8]) -> Option<Map> {
    match decode(bytes)? {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

fn read(decoder: &mut Decoder<'_>, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    Some(match decoder.datatype().ok()? {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => Value::Uint(decoder.u64().ok()?),
        Type::Bytes => Value::from(decoder.bytes().ok()?),
        Type::String => Value::from(decoder.str().ok()?),
        Type::Bool => Value::Bool(decoder.bool().ok()?),
        Type::Null => {
            decoder.null().ok()?;
            Value::Null
        }
        Type::Array => {
            let len = decoder.array().ok()??;
            (len <= MAX_ITEMS).then_some(())?;
            let mut items = Vec::new();
            for _ in 0..len {
                items.push(read(decoder, depth)?);
            }
            Value::Array(items)
        }
        Type::Map => {
            let len = decoder.map().ok()??;
            (len <= MAX_ITEMS).then_some(())?;
            let mut map = Vec::new();
            for _ in 0..len {
                let key = decoder.u64().ok()?;
                if map.last().is_some_and(|(last, _)| *last >= key) {
                    return None;
                }
                map.push((key, read(decoder, depth)?));
            }
            Value::Map(Map(map))
        }
        _ => return None,
    })
}
