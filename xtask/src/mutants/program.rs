//! cargo-mutants on a copy of the tree.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use super::{lists::Lists, rooms::Room};
use crate::{
    Done, Failure,
    project::{Project, tools},
};

const VERSION: &str = "27.1.0";
/// The first failure is enough: libtest's own switch for that, which is not stable yet.
const FIRST: [&str; 3] = ["-Z", "unstable-options", "--fail-fast"];
/// Only the tests see the word for it.
const RUNNERS: [&str; 2] = [
    "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER",
    "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER",
];

/// Which tests are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tests {
    Quick,
    All,
}

pub(super) struct Mutants<'p> {
    project: &'p Project,
    work: PathBuf,
    ends: Instant,
}

impl<'p> Mutants<'p> {
    /// The program is installed, and the tree is copied.
    pub(super) fn ready(project: &'p Project, ends: Instant) -> Done<Self> {
        let work = project.target.join("mutants");
        let mutants = Self {
            project,
            work,
            ends,
        };
        mutants.install()?;
        mutants.copy()?;
        Ok(mutants)
    }

    /// What is known of a room.
    pub(super) fn folder(&self, room: &Room) -> PathBuf {
        self.work.join(room.name)
    }

    /// Every mutant of the places.
    pub(super) fn list(&self, room: &Room, places: &[&str]) -> Done<BTreeSet<String>> {
        let mut words = self.words(room, places);
        words.push("--list".to_owned());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Ok(self
            .project
            .output(&words)?
            .lines()
            .map(str::to_owned)
            .collect())
    }

    /// Goes on until the time is up. False if there was none left.
    pub(super) fn run(
        &self,
        room: &Room,
        places: &[&str],
        lists: &Lists,
        tests: Tests,
    ) -> Done<bool> {
        let left = self
            .ends
            .saturating_duration_since(Instant::now())
            .as_secs();
        if left == 0 {
            return Ok(false);
        }
        lists.gather()?;
        let log = lists.folder.join("log");
        let file = fs::File::create(&log).map_err(Failure::because)?;
        let status = self
            .command(room, places, tests, left)
            .arg("--output")
            .arg(&lists.folder)
            .args(self.last(room, tests))
            .stdout(file.try_clone().map_err(Failure::because)?)
            .stderr(file)
            .status()
            .map_err(Failure::because)?;
        lists.gather()?;
        match status.code() {
            // What there is to say is in its lists; the last two: the time was up.
            Some(0 | 2 | 3 | 124 | 137) => Ok(true),
            _ => Err(failed(&log, &status.to_string())),
        }
    }

    fn command(&self, room: &Room, places: &[&str], tests: Tests, seconds: u64) -> Command {
        let order = match tests {
            Tests::Quick => "--shuffle",
            Tests::All => "--no-shuffle",
        };
        let seconds = seconds.to_string();
        let until = [
            "timeout",
            "--foreground",
            "--signal=INT",
            "--kill-after=120",
            &seconds,
        ];
        let mut command = self.project.command(&until);
        command
            .args(self.words(room, places))
            .args(["--in-place", "--iterate", "--profile=mutants", "--no-times"])
            .args(["--minimum-test-timeout=60", "-C=--lib", order])
            .env("CARGO_TARGET_DIR", self.work.join("build"))
            .env("CARGO_INCREMENTAL", "1")
            .env("CARGO_TERM_COLOR", "never")
            .env("RUST_BACKTRACE", "0")
            .envs(RUNNERS.map(|name| (name, "env RUSTC_BOOTSTRAP=1")));
        command
    }

    /// What its tests are told.
    fn last(&self, room: &Room, tests: Tests) -> Vec<&'static str> {
        let quick: &[&str] = match tests {
            Tests::Quick => room.quick,
            Tests::All => &[],
        };
        [&["--", "--"], quick, &FIRST].concat()
    }

    /// The program, for these places of the copy.
    fn words(&self, room: &Room, places: &[&str]) -> Vec<String> {
        let tree = self.work.join("tree");
        let mut words = vec![
            program().display().to_string(),
            "mutants".to_owned(),
            format!("--dir={}", tree.display()),
            "--colors=never".to_owned(),
            format!("--package={}", room.package),
        ];
        for place in places {
            let all = if tree.join(place).is_dir() { "/**" } else { "" };
            words.push(format!("--file={place}{all}"));
        }
        words
    }

    /// From the package registry, kept outside the tree, built without optimisation.
    fn install(&self) -> Done {
        let installed = Command::new(program())
            .args(["mutants", "--version"])
            .stderr(Stdio::null())
            .output();
        let said = installed.map(|output| output.stdout).unwrap_or_default();
        if String::from_utf8_lossy(&said).trim() == format!("cargo-mutants {VERSION}") {
            return Ok(());
        }
        let folder = env::temp_dir().join(format!("tigress-mutants-{}", std::process::id()));
        let tools = tools().display().to_string();
        let install = "cargo install cargo-mutants --locked --force --version";
        let words: Vec<&str> = install
            .split(' ')
            .chain([VERSION, "--root", &tools])
            .collect();
        let status = self
            .project
            .command(&words)
            .env("CARGO_TARGET_DIR", &folder)
            .envs(
                [("OPT_LEVEL", "0"), ("LTO", "off"), ("DEBUG", "false")]
                    .map(|(name, value)| (format!("CARGO_PROFILE_RELEASE_{name}"), value)),
            )
            .stdout(std::io::stderr())
            .status();
        let _ = fs::remove_dir_all(&folder);
        match status {
            Ok(status) if status.success() => Ok(()),
            _ => Err(Failure::because("cargo-mutants can't be installed")),
        }
    }

    /// The tree as it is now, in files of this moment: cargo then builds anew whatever the last run left changed.
    fn copy(&self) -> Done {
        let tree = self.work.join("tree");
        let _ = fs::remove_dir_all(&tree);
        let list = "git ls-files -z --cached --others --exclude-standard";
        let files = self.project.output(&list.split(' ').collect::<Vec<_>>())?;
        for file in files.split_terminator('\0') {
            let (from, to) = (self.project.root.join(file), tree.join(file));
            if !from.is_file() {
                continue; // Deleted, and not said to git yet.
            }
            fs::create_dir_all(to.parent().unwrap_or(&tree)).map_err(Failure::because)?;
            fs::copy(from, to).map_err(Failure::because)?;
        }
        Ok(())
    }
}

fn program() -> PathBuf {
    tools().join("bin/cargo-mutants")
}

fn failed(log: &Path, status: &str) -> Failure {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    for line in &lines[lines.len().saturating_sub(60)..] {
        eprintln!("{line}");
    }
    Failure::because(format!("cargo-mutants ended with {status}"))
}
