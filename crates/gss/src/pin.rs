//! The PIN that a sender's user tells the receiver's user by another channel.

use std::fmt;
use std::str::FromStr;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use tigress_primitives::cbor::Value;
use tigress_primitives::entropy::Entropy;
use tigress_primitives::record::Stored;

/// Fewest and most digits.
const LENGTHS: std::ops::RangeInclusive<usize> = 6..=12;
/// Hyphens that keyboards and messengers put between groups of digits.
const HYPHENS: [char; 3] = ['-', '\u{2010}', '\u{2011}'];

/// 6 to 12 decimal digits, leading zeros included. Zeroized on drop, compared in constant time, not shown by
/// `Debug`; there is no `Display`: [`as_str`](Self::as_str) is asked for by name.
#[derive(Clone)]
pub struct Pin(Zeroizing<String>);

/// The text is no PIN: 6 to 12 digits, between which spaces and hyphens may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a PIN has 6 to 12 digits")]
pub struct NotAPin;

impl Pin {
    /// Whether a PIN may have so many digits.
    #[must_use]
    pub fn is_length(digits: usize) -> bool {
        LENGTHS.contains(&digits)
    }

    /// Draws a PIN in which every digit is equally likely; fewer than 6 digits become 6, more than 12 become 12.
    pub fn generate(digits: usize, entropy: &mut Entropy) -> Self {
        let digits = digits.clamp(*LENGTHS.start(), *LENGTHS.end());
        let mut pin = Zeroizing::new(String::with_capacity(digits));
        while pin.len() < digits {
            let [byte] = entropy.bytes();
            // 250 is a multiple of 10: what lies beyond would favour the digits 0 to 5.
            if byte < 250 {
                pin.push(char::from(b'0' + byte % 10));
            }
        }
        Self(pin)
    }

    /// Reads what a user typed: ASCII digits, spaces and hyphens dropped, leading zeros kept.
    ///
    /// # Errors
    /// [`NotAPin`] for anything else than 6 to 12 digits.
    pub fn parse(typed: &str) -> Result<Self, NotAPin> {
        let mut pin = Zeroizing::new(String::with_capacity(*LENGTHS.end()));
        for character in typed.chars() {
            match character {
                '0'..='9' if pin.len() < *LENGTHS.end() => pin.push(character),
                _ if character.is_whitespace() || HYPHENS.contains(&character) => {}
                _ => return Err(NotAPin),
            }
        }
        Self::is_length(pin.len())
            .then_some(Self(pin))
            .ok_or(NotAPin)
    }

    /// The digits, for the user's eyes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Pin {
    type Err = NotAPin;

    fn from_str(typed: &str) -> Result<Self, NotAPin> {
        Self::parse(typed)
    }
}

/// Its digits, as bytes: those are wiped.
impl Stored for Pin {
    fn to_value(&self) -> Option<Value<'_>> {
        Some(self.0.as_bytes().into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        let digits = std::str::from_utf8(value?.bytes()?).ok()?;
        let pin = Self::parse(digits).ok();
        pin.filter(|pin| pin.as_str().len() == digits.len())
    }
}

impl PartialEq for Pin {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Pin {}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tigress_primitives::secret::Secret;

    fn entropy() -> Entropy {
        Entropy::from_seed(&Secret::new([0x91; 32]))
    }

    #[test]
    fn what_is_typed_is_read_as_digits() {
        for (typed, digits) in [
            ("012345", "012345"),
            (" 000 000 ", "000000"),
            ("123-456", "123456"),
            ("123\u{2011}456\u{a0}789012", "123456789012"),
        ] {
            assert_eq!(Pin::parse(typed).unwrap().as_str(), digits);
        }
    }

    #[test]
    fn anything_else_is_no_pin() {
        for typed in [
            "",
            "12345",
            "1234567890123",
            "12345a",
            "12.345.6",
            "١٢٣٤٥٦",
            "+123456",
        ] {
            assert_eq!(Pin::parse(typed), Err(NotAPin), "{typed}");
        }
    }

    #[test]
    fn shows_no_digit() {
        let pin = Pin::parse("987654").unwrap();
        assert_eq!(format!("{pin:?}"), "Pin(..)");
    }

    #[test]
    fn has_as_many_digits_as_asked_for() {
        for digits in 6..=12 {
            let pin = Pin::generate(digits, &mut entropy());
            assert_eq!(pin.as_str().len(), digits);
            assert_eq!(Pin::parse(pin.as_str()), Ok(pin));
        }
    }

    /// Chi-square over a seeded generator: `observed` against equal shares.
    fn chi_square(observed: &[u32]) -> f64 {
        let expected = f64::from(observed.iter().sum::<u32>()) / observed.len() as f64;
        let deviation = |count: &u32| (f64::from(*count) - expected).powi(2) / expected;
        observed.iter().map(deviation).sum()
    }

    /// How often each digit comes in `pins` PINs of six digits.
    fn counts(
        pins: usize,
        mut draw: impl FnMut(&mut Entropy) -> Vec<u8>,
    ) -> ([u32; 10], [u32; 100]) {
        let (mut digits, mut pairs) = ([0; 10], [0; 100]);
        let mut entropy = entropy();
        for _ in 0..pins {
            let values = draw(&mut entropy);
            for pair in values.chunks(2) {
                let [one, two] = [pair[0], pair[1]].map(usize::from);
                digits[one] += 1;
                digits[two] += 1;
                pairs[one * 10 + two] += 1;
            }
        }
        (digits, pairs)
    }

    #[test]
    fn every_pin_is_equally_likely() {
        let drawn = |entropy: &mut Entropy| {
            let pin = Pin::generate(6, entropy);
            pin.as_str().bytes().map(|byte| byte - b'0').collect()
        };
        // Critical values for one in a thousand, with 9 and 99 degrees of freedom.
        let (digits, pairs) = counts(100_000, drawn);
        assert!(chi_square(&digits) < 27.88, "{digits:?}");
        assert!(chi_square(&pairs) < 148.3, "{pairs:?}");
        // The usual mistake would be seen.
        let modulo = |entropy: &mut Entropy| entropy.bytes::<6>().map(|byte| byte % 10).to_vec();
        assert!(chi_square(&counts(100_000, modulo).0) > 27.88);
    }
}
