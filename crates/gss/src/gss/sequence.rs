//! Replay and sequence detection (RFC 2743 §1.2.3): one window per direction, for wrap and MIC tokens alike.

use std::cmp::Ordering;

use super::status::MajorStatus;

/// How far back a late token is told from a repeated one.
const WINDOW: u64 = 64;

/// What of the peer's sequence has been seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct SequenceWindow {
    /// One more than the highest number seen.
    next: u64,
    /// Bit i: number `next - 1 - i` was seen.
    seen: u64,
}

tigress_primitives::record! {
    struct SequenceWindow { next: 5, seen: 6 }
}

impl SequenceWindow {
    /// The next number expected.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// How `number` stands to what was seen, as supplementary bits.
    pub(crate) fn check(&self, number: u64) -> MajorStatus {
        match number.cmp(&self.next) {
            Ordering::Equal => return MajorStatus::COMPLETE,
            Ordering::Greater => return MajorStatus::GAP_TOKEN,
            Ordering::Less => {}
        }
        match self.next - 1 - number {
            back if back >= WINDOW => MajorStatus::OLD_TOKEN,
            back if self.seen >> back & 1 == 1 => MajorStatus::DUPLICATE_TOKEN,
            _ => MajorStatus::UNSEQ_TOKEN,
        }
    }

    /// [`Self::check`], and counts the number as seen. `number` is below `u64::MAX`.
    pub(crate) fn take(&mut self, number: u64) -> MajorStatus {
        let status = self.check(number);
        if number >= self.next {
            let ahead = number - self.next + 1;
            self.seen = if ahead < WINDOW {
                (self.seen << ahead) + 1
            } else {
                1
            };
            self.next = number.saturating_add(1);
        } else if status == MajorStatus::UNSEQ_TOKEN {
            // The bit is clear: it would be a duplicate otherwise.
            self.seen += 1 << (self.next - 1 - number);
        }
        status
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tells_gaps_repeats_late_and_old_tokens_apart() {
        let mut window = SequenceWindow::default();
        assert_eq!(window.take(0), MajorStatus::COMPLETE);
        assert_eq!(window.take(0), MajorStatus::DUPLICATE_TOKEN);
        assert_eq!(window.take(3), MajorStatus::GAP_TOKEN);
        assert_eq!(window.take(1), MajorStatus::UNSEQ_TOKEN);
        assert_eq!(window.take(1), MajorStatus::DUPLICATE_TOKEN);
        assert_eq!(window.take(4), MajorStatus::COMPLETE);
        assert_eq!(window.take(1000), MajorStatus::GAP_TOKEN);
        assert_eq!(window.take(937), MajorStatus::UNSEQ_TOKEN);
        assert_eq!(window.take(936), MajorStatus::OLD_TOKEN);
        assert_eq!(window.take(4), MajorStatus::OLD_TOKEN);
        assert_eq!(window.next(), 1001);
    }

    proptest! {
        #[test]
        fn agrees_with_a_set_of_all_numbers(numbers in proptest::collection::vec(0u64..200, 1..200)) {
            let mut window = SequenceWindow::default();
            let mut all = BTreeSet::new();
            for n in numbers {
                let next = all.last().map_or(0, |last| last + 1);
                let expected = if n == next {
                    MajorStatus::COMPLETE
                } else if n > next {
                    MajorStatus::GAP_TOKEN
                } else if n + WINDOW < next {
                    MajorStatus::OLD_TOKEN
                } else if all.contains(&n) {
                    MajorStatus::DUPLICATE_TOKEN
                } else {
                    MajorStatus::UNSEQ_TOKEN
                };
                prop_assert_eq!(window.take(n), expected);
                all.insert(n);
            }
        }
    }
}
