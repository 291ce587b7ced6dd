//! Items, and what they hold.

use std::borrow::Cow;
use std::ops::Deref;

use zeroize::Zeroizing;

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
pub struct Map<'a>(pub(super) Vec<(u64, Value<'a>)>);

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

    //= protocol/2-unknown-keys
    /// Whether every key is one of `known`.
    pub fn only(&self, known: &[u64]) -> bool {
        self.0.iter().all(|(key, _)| known.contains(key))
    }
}
