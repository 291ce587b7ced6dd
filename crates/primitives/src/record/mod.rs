//! Stored records, as maps with small numbers for keys. Each number stands in one place, beside the field that it is
//! for: [`record!`](crate::record!) makes writing and reading of that, so the two can't disagree.
//!
//! # The rule of compatibility
//!
//! Every record has a version at key 0, and a golden file for each version that was ever written (`tests/vectors/`).
//!
//! - **Backward**: each version that was written in a release is read for good. A field that is new, of another
//!   type or gone makes a new version; its number is never given to anything else.
//! - **Forward**: a version that is not known is an error of its own, and the record is left as it is: whoever goes back to
//!   an older library has lost nothing when the newer one is there again.
//! - **Within a version** the fields are exactly those: a key that is not known is damage. It would otherwise be dropped in
//!   silence by the next write.
//! - A change of a part (a context's saved state, a mechanism of its own) is a change of the whole record's version.

#[cfg(test)]
mod tests;
mod values;

use std::fmt;
use std::ops::RangeInclusive;

use zeroize::Zeroizing;

use crate::cbor::{self, Map, Value};

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
    decode_any(version..=version, bytes).map(|(_, fields)| fields)
}

/// The same where a later version has the fields of the earlier ones and more, with what it is of.
///
/// # Errors
/// Another version, or damaged.
pub fn decode_any<T: Fields>(
    versions: RangeInclusive<u64>,
    bytes: &[u8],
) -> Result<(u64, T), RecordError> {
    let map = cbor::decode_map(bytes).ok_or(RecordError::Damaged)?;
    let from = &mut Reader::new(&map);
    let version = from.field(VERSION).ok_or(RecordError::Damaged)?;
    if !versions.contains(&version) {
        return Err(RecordError::Version(version));
    }
    let fields = T::read(from).filter(|_| from.is_done());
    let fields = fields.ok_or(RecordError::Damaged)?;
    Ok((version, fields))
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
