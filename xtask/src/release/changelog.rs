//! CHANGELOG.md in the form of Keep a Changelog, with a new version.

use crate::{Done, Failure};

const UNRELEASED: &str = "## [Unreleased]\n";
const KINDS: [&str; 6] = [
    "Added",
    "Changed",
    "Deprecated",
    "Removed",
    "Fixed",
    "Security",
];

/// What stood under "Unreleased" under the version, and a new, empty "Unreleased" above.
pub(super) fn released(text: &str, version: &str, date: &str) -> Done<String> {
    let told = |what: &str| Failure::because(format!("CHANGELOG.md: {what}"));
    let (before, after) = text
        .split_once(UNRELEASED)
        .ok_or_else(|| told("nothing is unreleased"))?;
    let end = after.find("\n## [").map_or(after.len(), |at| at + 1);
    let (content, older) = after.split_at(end);
    if !content.lines().any(|line| line.starts_with("- ")) {
        return Err(told("nothing has changed since the last version"));
    }
    if older.contains(&format!("## [{version}]")) {
        return Err(told("it has this version already"));
    }
    let kinds: Vec<&str> = content
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    for (at, kind) in kinds.iter().enumerate() {
        if !KINDS.contains(kind) || kinds[..at].contains(kind) {
            return Err(told(&format!(
                "\"{kind}\" stands twice, or is none of {KINDS:?}"
            )));
        }
    }
    Ok(format!(
        "{before}{UNRELEASED}\n## [{version}] - {date}\n{content}{older}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_unreleased_gets_version_and_day() {
        let text = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A.\n\n## [0.1.0] - 2026-01-01\n\n- B.\n";
        let said = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-02-03\n\n### Added\n\n- A.\n\n## [0.1.0] - 2026-01-01\n\n- B.\n";
        assert_eq!(released(text, "0.2.0", "2026-02-03").unwrap(), said);
        assert!(released(said, "0.3.0", "2026-02-03").is_err(), "empty");
        assert!(released(text, "0.1.0", "2026-02-03").is_err(), "twice");
        let twice = text.replace("- A.\n", "- A.\n\n### Added\n\n- C.\n");
        assert!(released(&twice, "0.2.0", "2026-02-03").is_err());
        assert!(released("# Changelog\n", "0.2.0", "2026-02-03").is_err());
    }
}
