//! A release: what this machine can do of it, and what is left.

mod changelog;
mod packages;
mod semver;

use std::{fs, path::PathBuf};

use crate::{Done, Failure, project::Project, version};
use semver::{Change, change, may_follow};

const USAGE: &str = "usage: scripts/release [--dry-run] NEW | --apple URL";
/// The public surfaces, as text.
const SURFACES: [&str; 3] = ["docs/api/rust.txt", "ios/api.txt", "android/api.txt"];
/// Stands in Cargo.toml until somebody says where the project is.
const NOWHERE: &str = ".example";

pub(crate) fn release(project: &Project, words: &[&str]) -> Done {
    match words {
        ["--dry-run", new] => packages_of(project, new),
        ["--apple", url] => apple(project, url),
        [new] if !new.starts_with('-') => release_here(project, new),
        _ => Err(Failure::Usage(USAGE)),
    }
}

/// Of two copies of the last commit, in different folders: what comes out of both must be the same.
fn packages_of(project: &Project, new: &str) -> Done {
    let folder = project.target.join("release");
    if !project
        .output(&["git", "status", "--porcelain"])?
        .is_empty()
    {
        say("what is not committed is left out");
    }
    let first = copy(project, folder.join("first"))?;
    prepare(&first, new)?;
    let second = copy(project, folder.join("somewhere/else/second"))?;
    prepare(&second, new)?;
    let out = folder.join(new);
    let made = packages::make(project, &first, &out);
    let same = made.and_then(|()| packages::compare(&first, &second));
    for tree in [&first, &second] {
        let path = tree.root.display().to_string();
        project.run_quietly(&["git", "worktree", "remove", "--force", &path])?;
    }
    same?;
    packages::sums(project, &out)?;
    say(&format!("the packages are in {}", out.display()));
    left(project);
    Ok(())
}

/// Version and changelog in the tree, committed; then the packages.
fn release_here(project: &Project, new: &str) -> Done {
    if !project
        .output(&["git", "status", "--porcelain"])?
        .is_empty()
    {
        return Err(Failure::because("something is not committed"));
    }
    if project.read("Cargo.toml")?.contains(NOWHERE) {
        return Err(Failure::because(
            "Cargo.toml does not say where the project is: homepage, repository",
        ));
    }
    prepare(project, new)?;
    let message = format!("Version {new}");
    project.run(&["git", "commit", "--all", "--message", &message])?;
    packages_of(project, new)
}

/// The xcframework and the form of Package.swift that names it.
fn apple(project: &Project, url: &str) -> Done {
    project.run(&["scripts/xcframework", "--macos", "--release", url])?;
    let message = "Package.swift names the library of this version";
    project.run(&["git", "commit", "--message", message, "--", "Package.swift"])
}

/// Everything of the new version that stands in the tree, unless it stands there already.
fn prepare(project: &Project, new: &str) -> Done {
    let is_of_new = project
        .read("CHANGELOG.md")?
        .contains(&format!("\n## [{new}] - "));
    if is_of_new {
        return version::print(&project.root);
    }
    let last = last(project)?;
    if let Some(tag) = &last {
        follows(project, tag, new)?;
    } else {
        say("nothing is released yet: no surface to compare with");
    }
    version::change(&project.root, new)?;
    let date = project.output(&["date", "--utc", "+%Y-%m-%d"])?;
    let changes = changelog::released(&project.read("CHANGELOG.md")?, new, date.trim())?;
    project.write("CHANGELOG.md", &changes)?;
    // Whether the lock agrees.
    project
        .output(&["cargo", "metadata", "--locked", "--format-version=1"])
        .map(|_| ())
}

/// The tag of the last release.
fn last(project: &Project) -> Done<Option<String>> {
    let tags = project.output(&["git", "tag", "--merged", "HEAD", "--sort=-v:refname"])?;
    Ok(tags.lines().next().map(str::to_owned))
}

fn follows(project: &Project, tag: &str, new: &str) -> Done {
    let mut largest = Change::None;
    for surface in SURFACES {
        let old = project.output(&["git", "show", &format!("{tag}:{surface}")])?;
        let change = change(&old, &project.read(surface)?);
        say(&format!("{surface} since {tag}: {change:?}"));
        largest = largest.max(change);
    }
    if may_follow(tag, new, largest) {
        Ok(())
    } else {
        Err(Failure::because(format!(
            "{new} may not follow {tag}: the change is {largest:?} (docs/stability.md)"
        )))
    }
}

/// The last commit in a folder of its own, with its own target folder.
fn copy(project: &Project, root: PathBuf) -> Done<Project> {
    let path = root.display().to_string();
    if root.exists() {
        let _ = project.run_quietly(&["git", "worktree", "remove", "--force", &path]);
        let _ = fs::remove_dir_all(&root);
    }
    project.run_quietly(&["git", "worktree", "prune"])?;
    project.run_quietly(&["git", "worktree", "add", "--detach", &path, "HEAD"])?;
    let target = root.join("target");
    Ok(Project { root, target })
}

fn left(project: &Project) {
    say("left, elsewhere (RELEASING.md):");
    if project
        .read("Cargo.toml")
        .is_ok_and(|text| text.contains(NOWHERE))
    {
        say("- Cargo.toml must say where the project is: homepage, repository");
    }
    for what in [
        "scripts/test, and the hosted jobs: all green",
        "on a Mac: scripts/release --apple URL",
        "with an NDK: scripts/android libraries, scripts/android aar",
        "the tag, signed; the packages and their sums beside it",
    ] {
        say(&format!("- {what}"));
    }
}

fn say(what: &str) {
    eprintln!("release: {what}");
}
