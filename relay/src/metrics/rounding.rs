//! What is shown of a number, so that no one person's act can be dated by it. Pure.
//!
//! A number moves only at times that do not depend on anybody's act: each minute if many have acted in it, else each
//! quarter of an hour. It is shown in steps, less a part of a step that is drawn anew each time: whoever knows of all
//! acts but one does not see that one.

/// Snapshots from one that shows all to the next.
const ALL_EACH: u64 = 15;
/// Acts that one is not seen among.
pub(super) const CROWD: u64 = 10;
/// Of what is the relay's alone nothing is hidden.
pub(super) const EXACT: u64 = 1;

/// A number as it was last seen, and as it is shown.
#[derive(Debug, Default, Clone, Copy)]
struct Rounded {
    seen: u64,
    shown: u64,
}

/// A number as it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    pub(super) value: u64,
    /// By how much it moves at least.
    pub(super) step: u64,
    pub(super) only_grows: bool,
}

impl Rounded {
    fn next(&mut self, number: Number, all: bool, less: u64) -> u64 {
        let Number {
            value,
            step,
            only_grows,
        } = number;
        let moved = value.abs_diff(self.seen);
        self.seen = value;
        if all || moved >= step {
            let rounded = value.saturating_sub(less) / step * step;
            self.shown = if only_grows {
                rounded.max(self.shown)
            } else {
                rounded
            };
        }
        self.shown
    }
}

/// Numbers from one snapshot to the next, told apart by their order.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    taken: u64,
    numbers: Vec<Rounded>,
}

impl Snapshots {
    /// The numbers as they are shown now; `draw` gives any number less than what it is given.
    pub(super) fn next<'n>(
        &mut self,
        numbers: impl Iterator<Item = &'n mut Number>,
        mut draw: impl FnMut(u64) -> u64,
    ) {
        let all = self.taken.is_multiple_of(ALL_EACH);
        self.taken += 1;
        for (place, number) in numbers.enumerate() {
            if place == self.numbers.len() {
                self.numbers.push(Rounded::default());
            }
            let step = number.step.max(1);
            let less = draw(step);
            if let Some(rounded) = self.numbers.get_mut(place) {
                number.value = rounded.next(Number { step, ..*number }, all, less);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(value: u64) -> Number {
        Number {
            value,
            step: CROWD,
            only_grows: true,
        }
    }

    /// What is shown of one number, minute by minute.
    fn shown(
        values: impl IntoIterator<Item = u64>,
        number: Number,
        mut draw: impl FnMut(u64) -> u64,
    ) -> Vec<u64> {
        let mut snapshots = Snapshots::default();
        let values = values.into_iter().map(|value| {
            let mut one = Number { value, ..number };
            snapshots.next([&mut one].into_iter(), &mut draw);
            one.value
        });
        values.collect()
    }

    /// Somebody's act every seven minutes: the number moves when a quarter of an hour is over, whenever the tenth came.
    #[test]
    fn few_acts_are_shown_only_at_fixed_times() {
        let acts = |minute: u64| minute / 7;
        let shown = shown((0..600).map(acts), count(0), |_| 0);
        let moved = (1..600).filter(|minute| shown[*minute] != shown[minute - 1]);
        let moved: Vec<usize> = moved.collect();
        assert!(moved.len() > 5, "{moved:?}");
        assert!(
            moved.iter().all(|minute| minute.is_multiple_of(15)),
            "{moved:?}"
        );
        assert!(shown.iter().all(|shown| shown.is_multiple_of(10)));
    }

    #[test]
    fn many_acts_in_a_minute_are_shown_after_it() {
        let values = [0, 9, 19, 28, 128, 137];
        assert_eq!(shown(values, count(0), |_| 0), [0, 0, 10, 10, 120, 120]);
    }

    /// Somebody who makes ten calls in each minute, and knows it, looks for the one that is not theirs.
    #[test]
    fn whoever_knows_all_acts_but_one_does_not_see_it() {
        let theirs = |minute: u64| minute * 10;
        let (before, after) = (theirs(30), theirs(30) + 1);
        let shows = |value: u64, less: u64| {
            let mut rounded = Rounded {
                seen: theirs(29),
                shown: 0,
            };
            rounded.next(count(value), false, less)
        };
        let all = |value| {
            (0..CROWD)
                .map(|less| shows(value, less))
                .collect::<Vec<_>>()
        };
        let both: Vec<u64> = all(before)
            .into_iter()
            .filter(|shown| all(after).contains(shown))
            .collect();
        assert!(both.len() >= 9, "what is seen without it is seen with it");
    }

    #[test]
    fn a_count_never_falls_and_is_never_more_than_it_was() {
        let mut part = 0;
        let values = (0..200).map(|minute| minute * 11);
        let shown = shown(values.clone(), count(0), |step| {
            part = (part + 7) % step;
            part
        });
        assert!(shown.is_sorted());
        for (shown, was) in shown.into_iter().zip(values) {
            assert!(shown <= was && was - shown < 2 * CROWD, "{shown} of {was}");
        }
    }

    #[test]
    fn a_level_falls_in_its_time() {
        let level = Number {
            only_grows: false,
            ..count(0)
        };
        let mut values = vec![0, 40, 41, 35];
        values.resize(16, 3);
        let shown = shown(values, level, |_| 0);
        assert_eq!(shown[..4], [0, 40, 40, 40]);
        assert_eq!(shown[4], 0, "many went");
        assert_eq!(shown[15], 0);
    }

    #[test]
    fn what_is_the_relays_alone_is_exact_at_once() {
        let exact = Number {
            step: EXACT,
            ..count(0)
        };
        assert_eq!(shown([0, 1, 1, 3], exact, |_| 0), [0, 1, 1, 3]);
    }
}
