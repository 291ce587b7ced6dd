//! What the project's own tools do that is a program; `scripts/` is the entry of a machine that has nothing yet.

mod version;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

const USAGE: &str = "usage: cargo xtask COMMAND

  version [NEW]   prints each place of the project's version, or changes them all; exit code 1 if they differ";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["version"] => version::print(&root()),
        ["version", new] => version::change(&root(), new),
        _ => Err(Failure::Usage(USAGE)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(text)) => {
            eprintln!("{text}");
            ExitCode::from(2)
        }
        Err(Failure::Because(reason)) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Why a command failed.
#[derive(Debug)]
enum Failure {
    /// It was called wrongly; with what is right. Exit code 2.
    Usage(&'static str),
    /// Exit code 1.
    Because(String),
}

impl Failure {
    fn because(reason: impl ToString) -> Self {
        Self::Because(reason.to_string())
    }
}

type Done<T = ()> = Result<T, Failure>;

/// The project's folder.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}
