//! Object identifiers (X.660), held as the content octets of their DER encoding.

use std::borrow::Cow;
use std::fmt;

/// An object identifier: its DER content octets, without tag and length (at most 255).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Oid(Cow<'static, [u8]>);

/// Longest content that is taken: any real identifier is far below.
const MAX_LEN: usize = 255;

impl Oid {
    //= protocol/4-oid
    /// Takes content octets; `None` unless they are a DER object identifier (X.690 §8.19) with parts of at most
    /// 64 bits and 255 octets in all.
    #[must_use]
    pub fn from_content(content: &[u8]) -> Option<Self> {
        let oid = Self(Cow::Owned(content.to_vec()));
        (content.len() <= MAX_LEN && oid.parts().is_some()).then_some(oid)
    }

    /// An identifier known when the program is written.
    pub const fn known(content: &'static [u8]) -> Self {
        Self(Cow::Borrowed(content))
    }

    /// The content octets.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.0
    }

    /// The parts after the first octets' two arcs are taken apart.
    fn parts(&self) -> Option<Vec<u64>> {
        let mut parts = Vec::new();
        let mut part = 0u64;
        let mut fresh = true;
        for octet in self.0.iter() {
            // A leading 0x80 would be a second encoding of the same number.
            if (fresh && *octet == 0x80) || part >> 57 != 0 {
                return None;
            }
            part = (part << 7) + u64::from(octet & 0x7f);
            fresh = octet & 0x80 == 0;
            if fresh {
                parts.push(part);
                part = 0;
            }
        }
        let first = *parts.first()?;
        let arc = (first / 40).min(2);
        parts.splice(..1, [arc, first - 40 * arc]);
        fresh.then_some(parts)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.parts().unwrap_or_default().iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            write!(f, "{dot}{part}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_dotted_numbers() {
        let oid = |hex: &str| Oid::from_content(&hex::decode(hex).unwrap()).unwrap();
        assert_eq!(oid("2b0601050603").to_string(), "1.3.6.1.5.6.3");
        assert_eq!(oid("883703").to_string(), "2.999.3");
        assert_eq!(oid("00").to_string(), "0.0");
        assert_eq!(
            oid("2a81ffffffffffffffff7f").to_string(),
            format!("1.2.{}", u64::MAX)
        );
    }

    //= test protocol/4-oid
    #[test]
    fn what_der_does_not_allow_is_refused() {
        for bad in ["", "80", "2a86", "2a8001", "2a83ffffffffffffffff7f"] {
            assert_eq!(Oid::from_content(&hex::decode(bad).unwrap()), None, "{bad}");
        }
        assert_eq!(Oid::from_content(&[1; 256]), None);
    }
}
