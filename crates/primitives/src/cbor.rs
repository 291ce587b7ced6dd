//! Deterministic CBOR (RFC 8949 §4.2.1) as the protocol uses it: maps with small unsigned keys; definite
//! lengths; no tags, floats, negative numbers or null except where a caller asks; duplicates refused.

use std::borrow::Cow;
use std::ops::Deref;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use zeroize::Zeroizing;

/// Deepest nesting that [`decode`] follows: arrays and maps in each other, the outermost counted.
const MAX_DEPTH: usize = 6;
/// Most items of one array or map.
const MAX_ITEMS: u64 = 4096;

/// One CBOR item. What it holds is borrowed where it can be: records are large, and hold keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// An unsigned number.
    Uint(u64),
    /// A byte string.
    Bytes(Bytes<'a>),
    /// A text string.
    Text(Cow<'a, str>),
    /// True or false.
    Bool(bool),
    /// Nothing.
    Null,
    /// Items in order.
    Array(Vec<Value<'a>>),
    /// A map with unsigned keys.
    Map(Map<'a>),
}

/// A byte string; one that is owned is wiped on drop.
#[derive(Clone, Debug)]
pub enum Bytes<'a> {
    /// Of whoever was read or is written.
    Borrowed(&'a [u8]),
    /// Its own.
    Owned(Zeroizing<Vec<u8>>),
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }
}

impl PartialEq for Bytes<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// A map with unsigned keys in ascending order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map<'a>(Vec<(u64, Value<'a>)>);

impl From<u64> for Value<'_> {
    fn from(n: u64) -> Self {
        Self::Uint(n)
    }
}
impl From<bool> for Value<'_> {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}
impl<'a> From<&'a str> for Value<'a> {
    fn from(s: &'a str) -> Self {
        Self::Text(s.into())
    }
}
impl From<String> for Value<'_> {
    fn from(s: String) -> Self {
        Self::Text(s.into())
    }
}
impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(b: &'a [u8]) -> Self {
        Self::Bytes(Bytes::Borrowed(b))
    }
}
impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(b: &'a [u8; N]) -> Self {
        Self::from(&b[..])
    }
}
impl From<Vec<u8>> for Value<'_> {
    fn from(b: Vec<u8>) -> Self {
        Self::from(Zeroizing::new(b))
    }
}
impl From<Zeroizing<Vec<u8>>> for Value<'_> {
    fn from(b: Zeroizing<Vec<u8>>) -> Self {
        Self::Bytes(Bytes::Owned(b))
    }
}
impl<'a> From<Vec<Value<'a>>> for Value<'a> {
    fn from(a: Vec<Value<'a>>) -> Self {
        Self::Array(a)
    }
}
impl<'a> From<Map<'a>> for Value<'a> {
    fn from(m: Map<'a>) -> Self {
        Self::Map(m)
    }
}

impl<'a> Value<'a> {
    /// The number, if it is one.
    pub fn uint(&self) -> Option<u64> {
        match self {
            Self::Uint(n) => Some(*n),
            _ => None,
        }
    }
    /// The byte string, if it is one.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(b) => Some(b),
            _ => None,
        }
    }
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(s) => Some(s),
            _ => None,
        }
    }
    /// The truth value, if it is one.
    pub fn boolean(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }
    /// The array, if it is one.
    pub fn array(&self) -> Option<&[Value<'a>]> {
        match self {
            Self::Array(a) => Some(a),
            _ => None,
        }
    }
    /// The map, if it is one.
    pub fn map(&self) -> Option<&Map<'a>> {
        match self {
            Self::Map(m) => Some(m),
            _ => None,
        }
    }
}

impl<'a> Map<'a> {
    /// Without any entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a key.
    pub fn set(&mut self, key: u64, value: impl Into<Value<'a>>) -> &mut Self {
        match self.0.binary_search_by_key(&key, |(k, _)| *k) {
            Ok(at) => self.0[at].1 = value.into(),
            Err(at) => self.0.insert(at, (key, value.into())),
        }
        self
    }

    /// Builder form of [`Map::set`].
    pub fn with(mut self, key: u64, value: impl Into<Value<'a>>) -> Self {
        self.set(key, value);
        self
    }

    /// Adds the key only if there is a value.
    pub fn with_opt<T: Into<Value<'a>>>(self, key: u64, value: Option<T>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// What is at `key`.
    pub fn get(&self, key: u64) -> Option<&Value<'a>> {
        let at = self.0.binary_search_by_key(&key, |(k, _)| *k).ok()?;
        Some(&self.0[at].1)
    }

    /// The number at `key`, if there is one.
    pub fn uint(&self, key: u64) -> Option<u64> {
        self.get(key)?.uint()
    }
    /// The byte string at `key`, if there is one.
    pub fn bytes(&self, key: u64) -> Option<&[u8]> {
        self.get(key)?.bytes()
    }
    /// The text at `key`, if there is one.
    pub fn text(&self, key: u64) -> Option<&str> {
        self.get(key)?.text()
    }
    /// The truth value at `key`, if there is one.
    pub fn boolean(&self, key: u64) -> Option<bool> {
        self.get(key)?.boolean()
    }
    /// The array at `key`, if there is one.
    pub fn array(&self, key: u64) -> Option<&[Value<'a>]> {
        self.get(key)?.array()
    }
    /// The map at `key`, if there is one.
    pub fn map(&self, key: u64) -> Option<&Map<'a>> {
        self.get(key)?.map()
    }

    /// How many keys it has.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether every key is one of `known`.
    pub fn only(&self, known: &[u64]) -> bool {
        self.0.iter().all(|(key, _)| known.contains(key))
    }

    /// The deterministic encoding.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        written(map_size(self), |out| write_map(out, self))
    }
}

/// The deterministic encoding of any item.
pub fn encode(value: &Value) -> Zeroizing<Vec<u8>> {
    written(size(value), |out| write(out, value))
}

type Written = Result<(), minicbor::encode::Error<core::convert::Infallible>>;

fn written(
    size: usize,
    write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Written,
) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(size));
    // Writing to memory can't fail.
    let _ = write(&mut Encoder::new(&mut *out));
    out
}

/// An upper bound, so that the buffer that may hold keys never moves.
fn size(value: &Value) -> usize {
    9 + match value {
        Value::Bytes(b) => b.len(),
        Value::Text(s) => s.len(),
        Value::Array(a) => a.iter().map(size).sum(),
        Value::Map(m) => map_size(m),
        _ => 0,
    }
}

fn map_size(map: &Map) -> usize {
    9 + map.0.iter().map(|(_, v)| 9 + size(v)).sum::<usize>()
}

fn write(out: &mut Encoder<&mut Vec<u8>>, value: &Value) -> Written {
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
        Value::Map(map) => write_map(out, map)?,
    }
    Ok(())
}

fn write_map(out: &mut Encoder<&mut Vec<u8>>, map: &Map) -> Written {
    out.map(map.0.len() as u64)?;
    for (key, item) in &map.0 {
        out.u64(*key)?;
        write(out, item)?;
    }
    Ok(())
}

/// Decodes one item; `None` for anything but exactly one deterministically encoded item of the forms above.
pub fn decode(bytes: &[u8]) -> Option<Value<'_>> {
    let mut decoder = Decoder::new(bytes);
    let value = read(&mut decoder, MAX_DEPTH)?;
    (decoder.position() == bytes.len()).then_some(value)
}

/// Decodes a map.
pub fn decode_map(bytes: &[u8]) -> Option<Map<'_>> {
    match decode(bytes)? {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

fn read<'a>(decoder: &mut Decoder<'a>, depth: usize) -> Option<Value<'a>> {
    let begin = decoder.position();
    Some(match decoder.datatype().ok()? {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => Value::Uint(uint(decoder)?),
        Type::Bytes => {
            let bytes = decoder.bytes().ok()?;
            is_shortest(decoder, begin, bytes.len() as u64, bytes.len())?;
            Value::from(bytes)
        }
        Type::String => {
            let text = decoder.str().ok()?;
            is_shortest(decoder, begin, text.len() as u64, text.len())?;
            Value::from(text)
        }
        Type::Bool => Value::Bool(decoder.bool().ok()?),
        Type::Null => {
            decoder.null().ok()?;
            Value::Null
        }
        Type::Array => {
            let len = decoder.array().ok()??;
            is_shortest(decoder, begin, len, 0)?;
            (len <= MAX_ITEMS).then_some(())?;
            let depth = depth.checked_sub(1)?;
            let mut items = Vec::new();
            for _ in 0..len {
                items.push(read(decoder, depth)?);
            }
            Value::Array(items)
        }
        Type::Map => {
            let len = decoder.map().ok()??;
            is_shortest(decoder, begin, len, 0)?;
            (len <= MAX_ITEMS).then_some(())?;
            let depth = depth.checked_sub(1)?;
            let mut map = Vec::new();
            for _ in 0..len {
                let key = uint(decoder)?;
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

fn uint(decoder: &mut Decoder<'_>) -> Option<u64> {
    let begin = decoder.position();
    let n = decoder.u64().ok()?;
    is_shortest(decoder, begin, n, 0)?;
    Some(n)
}

/// One encoding per value: the item that began at `begin` has `n` in its head and `content` bytes after that, and
/// its head must be no longer than `n` needs (RFC 8949 §4.2.1).
fn is_shortest(decoder: &Decoder<'_>, begin: usize, n: u64, content: usize) -> Option<()> {
    let head = match n {
        0..=0x17 => 1,
        0x18..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    };
    (decoder.position() - begin == head + content).then_some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is decoded, and only that, is written the same again.
    fn judge(bytes: &[u8]) -> bool {
        decode(bytes)
            .inspect(|value| assert_eq!(*encode(value), bytes))
            .is_some()
    }

    fn bytes(hex: &str) -> Vec<u8> {
        hex::decode(hex).unwrap()
    }

    #[test]
    fn every_shortest_form_is_read() {
        for hex in [
            "00",
            "17",
            "1818",
            "18ff",
            "190100",
            "19ffff",
            "1a00010000",
            "1affffffff",
            "1b0000000100000000",
            "1bffffffffffffffff",
            "40",
            "4107",
            "60",
            "6161",
            "80",
            "8100",
            "a0",
            "a10000",
            "a200001818f6",
            "f4",
            "f5",
            "f6",
            // six in each other, the outermost counted
            "81818181818100",
            "818181818180",
            "a100a100a100a100a100a10000",
        ] {
            assert!(judge(&bytes(hex)), "{hex}");
        }
        for len in [0x17, 0x18, 0xff, 0x100, 0xffff, 0x1_0000] {
            assert!(judge(&encode(&Value::from(vec![7; len]))));
            assert!(judge(&encode(&Value::from("a".repeat(len)))));
        }
        let items = |n: u64| Value::Array((0..n).map(Value::from).collect());
        assert!(judge(&encode(&items(MAX_ITEMS))));
        assert!(!judge(&encode(&items(MAX_ITEMS + 1))));
    }

    #[test]
    fn anything_else_is_refused() {
        for hex in [
            // longer heads than needed: integer, bytes, text, array, map, map key
            "1817",
            "1900ff",
            "1a0000ffff",
            "1b00000000ffffffff",
            "5800",
            "580107",
            "7800",
            "590001ff",
            "9800",
            "980100",
            "b800",
            "b8010000",
            "a1180000",
            "a1190017f6",
            // indefinite lengths
            "5f4107ff",
            "7f6161ff",
            "9f00ff",
            "bf0000ff",
            // negative, tag, float, undefined, simple values in one and two bytes
            "20",
            "c000",
            "f90000",
            "fb0000000000000000",
            "f7",
            "e0",
            "f820",
            "f814",
            "f816",
            // keys that repeat, go down, or are no unsigned integers
            "a200000000",
            "a201000000",
            "a1610000",
            "a12000",
            // text that is no UTF-8, cut items, trailing bytes, too deep, nothing
            "61ff",
            "42ff",
            "8200",
            "a100",
            "0000",
            "f6f6",
            "8181818181818100",
            "81818181818180",
            "a100a100a100a100a100a100a10000",
            "",
        ] {
            assert!(!judge(&bytes(hex)), "{hex}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            judge(&bytes);
        }

        #[test]
        fn a_changed_item_is_refused_or_written_the_same(at in 0usize..24, to: u8) {
            let map = Map::new()
                .with(1, 300)
                .with(2, &[7; 3])
                .with(24, "text")
                .with(300, vec![Value::Null, true.into(), Map::new().with(0, 1 << 20).into()]);
            let mut bytes = map.encode();
            prop_assert!(judge(&bytes));
            let at = at % bytes.len();
            bytes[at] = to;
            judge(&bytes);
        }
    }
}
