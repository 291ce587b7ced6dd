//! The comments that name requirements, and what they stand beside.

use std::{fs, path::Path};

use crate::{Done, Failure, project::files};

/// What begins such a comment.
const MARK: &str = "//= ";

/// One name in one comment.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) id: String,
    pub(super) is_test: bool,
    /// File and line.
    pub(super) place: String,
    /// It stands beside nothing, or says of code that it is a test.
    pub(super) flaw: Option<&'static str>,
}

/// Those of all Rust files below a folder.
pub(super) fn of_folder(root: &Path, folder: &Path, notes: &mut Vec<Note>) -> Done {
    for path in files(folder, ".rs")? {
        let text = fs::read_to_string(&path).map_err(Failure::because)?;
        let name = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .display()
            .to_string();
        notes.extend(of_text(&name, &text));
    }
    Ok(())
}

pub(super) fn of_text(name: &str, text: &str) -> Vec<Note> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut notes = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(said) = line.strip_prefix(MARK) else {
            continue;
        };
        let (is_test, ids) = match said.strip_prefix("test ") {
            Some(ids) => (true, ids),
            None => (false, said),
        };
        for id in ids.split_whitespace() {
            notes.push(Note {
                id: id.to_owned(),
                is_test,
                place: format!("{name}:{}", at + 1),
                flaw: flaw(name, is_test, &lines[at + 1..]),
            });
        }
    }
    notes
}

/// What follows it, without comments: a test begins by an attribute that says so, or is a check of the conformance suite.
fn flaw(name: &str, is_test: bool, after: &[&str]) -> Option<&'static str> {
    let beside: Vec<&&str> = after
        .iter()
        .skip_while(|line| line.starts_with("//"))
        .take(6)
        .collect();
    let first = beside.first().map_or("", |line| **line);
    if first.is_empty() || first.starts_with('}') {
        return Some("stands beside nothing");
    }
    let attributes = || beside.iter().take_while(|line| line.starts_with("#["));
    let says_test = attributes().any(|line| says_test(line));
    if says_test && attributes().any(|line| line.starts_with("#[ignore")) {
        return Some("stands beside a test that is not run");
    }
    let is_check = name == "conformance/src/checks.rs" && first.contains(": \"");
    match (is_test, says_test || is_check) {
        (true, false) => Some("says of what is no test that it is one"),
        (false, true) => Some("says of a test that it is code"),
        _ => None,
    }
}

/// `#[test]`, `#[tokio::test(start_paused = true)]`: the attribute's own name, not what it is about (`#[cfg(test)]`).
fn says_test(attribute: &str) -> bool {
    let name = attribute.trim_start_matches("#[").split(['(', ']', ' ']);
    let mut words = name.into_iter().next().unwrap_or_default().rsplit("::");
    words.next() == Some("test")
}
