//! Padmé: lengths are rounded up so that they show at most a few bits, at a cost of at most 12 percent.

/// Shortest padded length: what is small looks alike.
pub(super) const MIN: usize = 1024;

/// The length that `length` is padded to; `None` if there is no such number.
pub(super) fn padme(length: usize) -> Option<usize> {
    let mask = mask(length);
    Some(length.checked_add(mask)? & !mask)
}

/// The longest length that is padded to at most `size`.
pub(super) fn padme_floor(size: usize) -> usize {
    size & !mask(size)
}

/// The low bits that are to be zero: those beyond the ⌊log2 ⌊log2 L⌋⌋ + 1 highest after the first.
fn mask(length: usize) -> usize {
    let Some(exponent) = length.checked_ilog2() else {
        return 0;
    };
    let kept = exponent.checked_ilog2().map_or(0, |log| log + 1);
    (1 << (exponent - kept.min(exponent))) - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rounds_up_to_few_significant_bits() {
        for (length, padded) in [
            (0, 0),
            (1, 1),
            (9, 10),
            (1024, 1024),
            (1025, 1088),
            (1088, 1088),
            (4096, 4096),
            (4097, 4352),
            (65_535, 65_536),
            (1 << 20, 1 << 20),
        ] {
            assert_eq!(padme(length), Some(padded), "{length}");
        }
        assert_eq!(padme(usize::MAX), None);
    }

    proptest! {
        #[test]
        fn costs_at_most_an_eighth_and_is_stable(length in 0usize..1 << 40) {
            let padded = padme(length).unwrap();
            prop_assert!(padded >= length && padded <= length + length / 8 + 1);
            prop_assert_eq!(padme(padded), Some(padded));
        }

        #[test]
        fn the_floor_is_exact(size in 1usize..1 << 24) {
            let floor = padme_floor(size);
            prop_assert!(padme(floor).unwrap() <= size);
            prop_assert!(padme(floor + 1).unwrap() > size);
        }
    }
}
