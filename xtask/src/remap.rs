//! How a library is built that does not say where.

use std::{env, ffi::OsString, fs, path::PathBuf};

use crate::project::Project;

/// The compiler's flags by which a library does not say where it was built, as Cargo takes them from its environment: the
/// same library comes out of any folder.
pub(crate) fn remapped(project: &Project) -> OsString {
    let separator = "\u{1f}";
    let mut flags: Vec<String> = env::var("CARGO_ENCODED_RUSTFLAGS")
        .into_iter()
        .filter(|flags| !flags.is_empty())
        .collect();
    let flag = |from: &str, to: &str| format!("--remap-path-prefix={from}={to}");
    for place in places(project) {
        flags.push(flag(&place, "."));
    }
    // The standard library's, where it is compiled along; else it says this itself.
    if let Ok(sysroot) = project.output(&["rustc", "--print", "sysroot"]) {
        let sources = format!("{}/lib/rustlib/src/rust", sysroot.trim());
        flags.push(flag(&sources, "/rustc"));
    }
    // The longest of what fits is the last one: each crate by its name and version.
    for folder in registries() {
        flags.push(flag(&folder.display().to_string(), "crates"));
    }
    flags.join(separator).into()
}

/// Folders of this machine that a library could name.
pub(crate) fn places(project: &Project) -> Vec<String> {
    let mut places = vec![project.root.clone(), project.target.clone()];
    places.extend(cargo_home());
    places.extend(env::var_os("HOME").map(PathBuf::from));
    let mut places: Vec<String> = (places.iter())
        .map(|place| place.display().to_string())
        .filter(|place| place.len() > 1)
        .collect();
    places.sort();
    places.dedup();
    places
}

fn cargo_home() -> Option<PathBuf> {
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home)
}

/// Where Cargo unpacks crates: a folder for each registry.
pub(crate) fn registries() -> Vec<PathBuf> {
    let folder = cargo_home().unwrap_or_default().join("registry/src");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// How often a file names something in a folder.
pub(crate) fn names(bytes: &[u8], place: &str) -> usize {
    occurrences(
        bytes,
        format!("{}/", place.trim_end_matches('/')).as_bytes(),
    )
}

/// How often a file has these bytes.
pub(crate) fn occurrences(bytes: &[u8], of: &[u8]) -> usize {
    bytes
        .windows(of.len())
        .filter(|window| *window == of)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_wherever_it_is_named() {
        assert_eq!(occurrences(b"\0/home/a/b\0/home/a", b"/home/a"), 2);
        assert_eq!(occurrences(b"crates/a", b"/home/a"), 0);
        assert_eq!(names(b"/home/a/b\0/home/ab", "/home/a"), 1);
    }

    #[test]
    fn crates_are_named_without_the_folder_that_they_lie_in() {
        let flags = remapped(&Project::here()).into_string().unwrap();
        let flags: Vec<&str> = flags.split('\u{1f}').collect();
        let crates = flags.iter().position(|flag| flag.ends_with("=crates"));
        let others = flags.iter().rposition(|flag| flag.ends_with("=."));
        assert!(crates > others, "the last that fits counts");
    }
}
