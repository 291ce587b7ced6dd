//! Whether a version may have what changed in the public surfaces, which are kept as text.

use std::collections::BTreeMap;

/// What a change asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    None,
    Additions,
    Breaking,
}

/// By lines: one that is gone or another breaks whoever used it. Stricter than a compiler would be: a variant added to an enum
/// that is open changes no line, and a line that only moved is none.
pub(super) fn change(old: &str, new: &str) -> Change {
    let count = |text: &str| {
        let mut lines = BTreeMap::<String, usize>::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            *lines.entry(line.to_owned()).or_default() += 1;
        }
        lines
    };
    let (old, new) = (count(old), count(new));
    if old
        .iter()
        .any(|(line, n)| new.get(line).copied().unwrap_or(0) < *n)
    {
        Change::Breaking
    } else if old == new {
        Change::None
    } else {
        Change::Additions
    }
}

/// Whether `new` may follow `old` with such a change (docs/stability.md): before 1.0.0 the middle number may break.
pub(super) fn may_follow(old: &str, new: &str, change: Change) -> bool {
    let numbers = |version: &str| -> Option<[u64; 3]> {
        let numbers: Vec<u64> = version
            .split('.')
            .map(|number| number.parse().ok())
            .collect::<Option<_>>()?;
        numbers.try_into().ok()
    };
    let (Some(old), Some(new)) = (numbers(old), numbers(new)) else {
        return false;
    };
    let is_step = |at: usize| new[..at] == old[..at] && new[at] > old[at];
    let needed = match (change, old[0]) {
        (Change::Breaking, 0) => 1,
        (Change::Breaking, _) => 0,
        (Change::Additions, 0) | (Change::None, _) => 2,
        (Change::Additions, _) => 1,
    };
    (0..=needed).any(is_step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_gone_breaks_and_a_new_one_does_not() {
        assert_eq!(change("a\n b\n", "b\n\na\n"), Change::None);
        assert_eq!(change("a\nb\n", "a\nb\nc\n"), Change::Additions);
        assert_eq!(change("a\nb\n", "a\nc\n"), Change::Breaking);
        assert_eq!(change("a\na\n", "a\n"), Change::Breaking);
    }

    #[test]
    fn a_break_needs_a_greater_step_than_an_addition() {
        for (old, new, change, may) in [
            ("0.1.0", "0.1.1", Change::Additions, true),
            ("0.1.0", "0.1.1", Change::Breaking, false),
            ("0.1.0", "0.2.0", Change::Breaking, true),
            ("1.4.2", "1.4.3", Change::None, true),
            ("1.4.2", "1.4.3", Change::Additions, false),
            ("1.4.2", "1.5.0", Change::Additions, true),
            ("1.4.2", "1.5.0", Change::Breaking, false),
            ("1.4.2", "2.0.0", Change::Breaking, true),
            ("0.2.0", "0.2.0", Change::None, false),
            ("0.2.0", "0.1.9", Change::None, false),
            ("0.2.0", "x", Change::None, false),
        ] {
            assert_eq!(may_follow(old, new, change), may, "{old} {new} {change:?}");
        }
    }
}
