//! What can stand at a key.

use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Fields, Stored, from_map, to_map};
use crate::cbor::Value;
use crate::secret::Secret;

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
