//! Stored records, as maps with small numbers for keys. Each number stands in one place, beside the field that it is
//! for: [`record!`](crate::record!) makes writing and reading of that, so the two can't disagree.
//!
//! # The rule of compatibility
//!
//! Every record has a version at key 0, and a golden file for each version that was ever written (`tests/vectors/`).
//!
//! - **Backward**: each version that was written in a release is read for good. A field that is new, renamed, of another
//!   type or gone makes a new version; its number is never given to anything else.
//! - **Forward**: a version that is not known is an error of its own, and the record is left as it is: whoever goes back to
//!   an older library has lost nothing when the newer one is there again.
//! - **Within a version** the fields are exactly those: a key that is not known is damage. It would otherwise be dropped in
//!   silence by the next write.
//! - A change of a part (a context's saved state, a mechanism of its own) is a change of the whole record's version.

use std::fmt;

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cbor::{self, Map, Value};
use crate::secret::Secret;

/// Key of a record's version.
const VERSION: u64 = 0;

/// What can stand at one key.
pub trait Stored: Sized {
    /// Nothing if the key is left out.
    fn to_value(&self) -> Option<Value<'_>>;

    /// What `to_value` gave; nothing for anything else.
    fn from_value(value: Option<&Value>) -> Option<Self>;
}

/// What is some keys of a map, which may have others.
pub trait Fields: Sized {
    /// Sets them.
    fn write<'a>(&'a self, to: &mut Map<'a>);

    /// What `write` has set; nothing for anything else.
    fn read(from: &mut Reader<'_, '_>) -> Option<Self>;
}

/// Reads a map, and knows which of its keys nobody has asked for.
pub struct Reader<'m, 'a> {
    map: &'m Map<'a>,
    /// How many keys were there; each is asked for once.
    found: usize,
}

impl<'m, 'a> Reader<'m, 'a> {
    /// At the beginning.
    pub fn new(map: &'m Map<'a>) -> Self {
        Self { map, found: 0 }
    }

    /// What is at `key`.
    pub fn field<T: Stored>(&mut self, key: u64) -> Option<T> {
        let value = self.map.get(key);
        self.found += usize::from(value.is_some());
        T::from_value(value)
    }

    /// The map at `key`, as it is.
    pub fn map(&mut self, key: u64) -> Option<&'m Map<'a>> {
        let map = self.map.map(key)?;
        self.found += 1;
        Some(map)
    }

    /// Whatever else there is, if there is anything else.
    pub fn rest<T: Fields>(&mut self) -> Option<Option<T>> {
        match self.is_done() {
            true => Some(None),
            false => T::read(self).map(Some),
        }
    }

    /// Whether every key was asked for.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.found == self.map.len()
    }
}

/// A record that can't be read. It is left as it is: that loses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// Of a version that is not known: a later library's.
    Version(u64),
    /// Not what was written.
    Damaged,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(
                f,
                "a record was written by another version of this library (its form is {version})"
            ),
            Self::Damaged => f.write_str("a record is damaged"),
        }
    }
}

impl std::error::Error for RecordError {}

/// A whole record: its fields, and at key 0 the version of its form.
pub fn encode<T: Fields>(version: u64, fields: &T) -> Zeroizing<Vec<u8>> {
    to_map(fields).with(VERSION, version).encode()
}

/// What [`encode`] wrote.
///
/// # Errors
/// Another version, or damaged.
pub fn decode<T: Fields>(version: u64, bytes: &[u8]) -> Result<T, RecordError> {
    let map = cbor::decode_map(bytes).ok_or(RecordError::Damaged)?;
    let from = &mut Reader::new(&map);
    match from.field(VERSION).ok_or(RecordError::Damaged)? {
        other if other != version => return Err(RecordError::Version(other)),
        _ => {}
    }
    let fields = T::read(from).filter(|_| from.is_done());
    fields.ok_or(RecordError::Damaged)
}

/// These fields alone, as a map.
pub fn to_map<T: Fields>(fields: &T) -> Map<'_> {
    let mut map = Map::new();
    fields.write(&mut map);
    map
}

/// A map that has these fields and no others.
#[must_use]
pub fn from_map<T: Fields>(map: &Map) -> Option<T> {
    let mut reader = Reader::new(map);
    let fields = T::read(&mut reader)?;
    reader.is_done().then_some(fields)
}

/// Says once which field of a struct, or of each variant of an enum, stands at which key:
///
/// ```
/// struct Place { relay: String, port: Option<u64>, times: Times }
/// struct Times { first: u64 }
/// enum End { Done, Failed(u64), Left { at: u64, times: Times } }
///
/// tigress_primitives::record! {
///     struct Times { first: 3 }
/// }
/// tigress_primitives::record! {
///     // Those of `times` stand in the same map.
///     struct Place { relay: 1, port: 2, times: flat }
/// }
/// tigress_primitives::record! {
///     // The number at key 0 is the variant's.
///     enum End at 0 {
///         1 = Done,
///         2 = Failed(code: 1),
///         3 = Left { at: 1, times: flat },
///     }
/// }
/// ```
///
/// An `Option` that is `None` has no key.
#[macro_export]
macro_rules! record {
    (struct $name:ident { $($field:ident: $key:tt),* $(,)? }) => {
        impl $crate::record::Fields for $name {
            fn write<'a>(&'a self, to: &mut $crate::cbor::Map<'a>) {
                $($crate::record!(@write to, &self.$field, $key);)*
            }

            fn read(from: &mut $crate::record::Reader<'_, '_>) -> Option<Self> {
                Some(Self { $($field: $crate::record!(@read from, $key)),* })
            }
        }
        $crate::record!(@stored $name);
    };
    (enum $name:ident at $tag:literal {
        $($number:literal = $variant:ident
            $({ $($field:ident: $key:tt),* $(,)? })?
            $(( $($item:ident: $place:tt),* ))?
        ),* $(,)?
    }) => {
        impl $crate::record::Fields for $name {
            fn write<'a>(&'a self, to: &mut $crate::cbor::Map<'a>) {
                match self {
                    $(Self::$variant $({ $($field),* })? $(($($item),*))? => {
                        to.set($tag, $number);
                        $($($crate::record!(@write to, $field, $key);)*)?
                        $($($crate::record!(@write to, $item, $place);)*)?
                    })*
                }
            }

            fn read(from: &mut $crate::record::Reader<'_, '_>) -> Option<Self> {
                Some(match from.field::<u64>($tag)? {
                    $($number => Self::$variant
                        $({ $($field: $crate::record!(@read from, $key)),* })?
                        $(($($crate::record!(@read from, $place)),*))?,)*
                    _ => return None,
                })
            }
        }
        $crate::record!(@stored $name);
    };
    (@stored $name:ident) => {
        impl $crate::record::Stored for $name {
            fn to_value(&self) -> Option<$crate::cbor::Value<'_>> {
                Some($crate::record::to_map(self).into())
            }

            fn from_value(value: Option<&$crate::cbor::Value>) -> Option<Self> {
                $crate::record::from_map(value?.map()?)
            }
        }
    };
    (@write $to:ident, $field:expr, flat) => {
        $crate::record::Fields::write($field, $to)
    };
    (@write $to:ident, $field:expr, $key:literal) => {
        if let Some(value) = $crate::record::Stored::to_value($field) {
            $to.set($key, value);
        }
    };
    (@read $from:ident, flat) => {
        $crate::record::Fields::read($from)?
    };
    (@read $from:ident, $key:literal) => {
        $from.field($key)?
    };
}

impl Stored for u64 {
    fn to_value(&self) -> Option<Value<'_>> {
        Some((*self).into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        value?.uint()
    }
}

impl Stored for u8 {
    fn to_value(&self) -> Option<Value<'_>> {
        Some(u64::from(*self).into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        value?.uint()?.try_into().ok()
    }
}

impl Stored for bool {
    fn to_value(&self) -> Option<Value<'_>> {
        Some((*self).into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        value?.boolean()
    }
}

impl Stored for String {
    fn to_value(&self) -> Option<Value<'_>> {
        Some(self.as_str().into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        Some(value?.text()?.to_owned())
    }
}

impl Stored for Vec<u8> {
    fn to_value(&self) -> Option<Value<'_>> {
        Some(self[..].into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        Some(value?.bytes()?.to_vec())
    }
}

impl Stored for Zeroizing<Vec<u8>> {
    fn to_value(&self) -> Option<Value<'_>> {
        Some(self[..].into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        Some(value?.bytes()?.to_vec().into())
    }
}

impl<const N: usize> Stored for [u8; N] {
    fn to_value(&self) -> Option<Value<'_>> {
        Some(self.into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        value?.bytes()?.try_into().ok()
    }
}

impl<const N: usize> Stored for Secret<N> {
    fn to_value(&self) -> Option<Value<'_>> {
        Some(self.expose().into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        Self::from_slice(value?.bytes()?)
    }
}

impl Stored for Uuid {
    fn to_value(&self) -> Option<Value<'_>> {
        Some(self.as_bytes().into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        Self::from_slice(value?.bytes()?).ok()
    }
}

impl<T: Stored> Stored for Option<T> {
    fn to_value(&self) -> Option<Value<'_>> {
        self.as_ref()?.to_value()
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        match value {
            Some(_) => T::from_value(value).map(Some),
            None => Some(None),
        }
    }
}

impl<T: Stored> Stored for Box<T> {
    fn to_value(&self) -> Option<Value<'_>> {
        T::to_value(self)
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        T::from_value(value).map(Self::new)
    }
}

/// A list; a byte string is not one.
impl<T: Fields> Stored for Vec<T> {
    fn to_value(&self) -> Option<Value<'_>> {
        let all: Vec<Value> = self.iter().map(|one| to_map(one).into()).collect();
        Some(all.into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        let all = value?.array()?.iter();
        all.map(|one| from_map(one.map()?)).collect()
    }
}

/// A list of byte strings.
impl Stored for Vec<Vec<u8>> {
    fn to_value(&self) -> Option<Value<'_>> {
        let all: Vec<Value> = self.iter().map(|one| one[..].into()).collect();
        Some(all.into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        let all = value?.array()?.iter();
        all.map(|one| Some(one.bytes()?.to_vec())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Times {
        first: u64,
        last: Option<u64>,
    }

    #[derive(Debug, PartialEq)]
    enum End {
        Done,
        Failed(u64),
        Left { at: Option<u64>, times: Times },
    }

    #[derive(Debug, PartialEq)]
    struct Whole {
        times: Times,
        ends: Vec<End>,
        token: Option<Vec<u8>>,
    }

    record! {
        struct Times { first: 5, last: 6 }
    }
    record! {
        enum End at 0 {
            1 = Done,
            2 = Failed(code: 1),
            3 = Left { at: 1, times: flat },
        }
    }
    record! {
        struct Whole { times: flat, ends: 1, token: 2 }
    }

    fn whole() -> Whole {
        let (first, last) = (7, None);
        Whole {
            times: Times {
                first,
                last: Some(8),
            },
            ends: vec![
                End::Done,
                End::Failed(9),
                End::Left {
                    at: Some(1),
                    times: Times { first, last },
                },
            ],
            token: Some(Vec::new()),
        }
    }

    #[test]
    fn what_was_written_is_read_and_stands_where_it_was_said() {
        let read = from_map::<Whole>(&to_map(&whole()));
        assert_eq!(read, Some(whole()));
        let none = Whole {
            token: None,
            ends: Vec::new(),
            ..whole()
        };
        let expected = Map::new()
            .with(1, Vec::<Value>::new())
            .with(5, 7)
            .with(6, 8);
        assert_eq!(to_map(&none), expected);
        assert_eq!(from_map(&expected), Some(none));
        let failed = Map::new().with(0, 2).with(1, 9);
        assert_eq!(to_map(&End::Failed(9)), failed);
    }

    #[test]
    fn a_key_that_is_missing_unknown_or_of_another_type_is_damage() {
        let written = whole();
        let map = || to_map(&written);
        let read = |map: &Map| from_map::<Whole>(map).is_some();
        assert!(read(&map()));
        assert!(!read(&map().with(0, 0)) && !read(&map().with(7, 0)));
        assert!(!read(&map().with(5, "7")) && !read(&map().with(2, true)));
        assert!(!read(&Map::new().with(1, Vec::<Value>::new())), "no 5");
        let end = |map: &Map| from_map::<End>(map);
        assert_eq!(end(&Map::new().with(0, 1)), Some(End::Done));
        assert_eq!(end(&Map::new().with(0, 1).with(1, 9)), None, "of another");
        assert_eq!(end(&Map::new().with(0, 4)), None);
        assert_eq!(end(&Map::new()), None);
        let inner = vec![Value::Map(Map::new().with(0, 1).with(9, 0))];
        assert!(!read(&map().with(1, inner)));
    }

    #[test]
    fn another_version_is_told_from_damage_whatever_else_it_has() {
        let written = encode(7, &whole());
        let map = cbor::decode_map(&written).unwrap();
        assert_eq!(decode(7, &written), Ok(whole()));
        let read = |map: Map| decode::<Whole>(7, &map.encode()).err();
        let later = map
            .clone()
            .with(0, 8)
            .with(1, "of another form")
            .with(99, 0);
        assert_eq!(read(later), Some(RecordError::Version(8)));
        assert_eq!(read(map.clone().with(99, 0)), Some(RecordError::Damaged));
        assert_eq!(read(map.with(0, "7")), Some(RecordError::Damaged));
        assert_eq!(read(to_map(&whole())), Some(RecordError::Damaged));
        assert_eq!(decode::<Whole>(7, b""), Err(RecordError::Damaged));
    }

    #[test]
    fn what_is_optional_in_a_map_is_all_there_or_not_at_all() {
        let read = |map: &Map| {
            let from = &mut Reader::new(map);
            let token: Vec<u8> = from.field(2)?;
            let times = from.rest::<Times>()?;
            from.is_done().then_some((token.len(), times))
        };
        let map = Map::new().with(2, &[7; 3]);
        let (first, last) = (7, None);
        assert_eq!(read(&map), Some((3, None)));
        let times = Some(Times { first, last });
        assert_eq!(read(&map.clone().with(5, 7)), Some((3, times)));
        assert_eq!(read(&map.clone().with(6, 7)), None);
        assert_eq!(read(&map.with(5, 7).with(9, 7)), None);
    }

    #[test]
    fn a_byte_is_no_more_than_a_byte() {
        let value = |n: u64| u8::from_value(Some(&n.into()));
        assert_eq!((value(255), value(256)), (Some(255), None));
    }
}
