//! What the project's own tools do that is a program; `scripts/` is the entry of a machine that has nothing yet.

mod android;
mod api;
mod bill;
mod bindings;
mod capacity;
mod circles;
mod figures;
mod jvm;
mod ktlint;
mod maven;
mod mutants;
mod openapi;
mod pairs;
mod project;
mod release;
mod remap;
mod requirements;
mod size;
mod test;
mod valkey;
mod version;
mod wake;
mod xcframework;

use std::process::ExitCode;

use project::Project;

const USAGE: &str = "usage: cargo xtask COMMAND

  version [NEW]       prints each place of the project's version, or changes them all; exit code 1 if they differ
  circles         that no two Rust files and no two folders import each other
  capacity [--seconds N] [--bytes N] RATE…   what relays need for so many transfers a second
  ktlint [--format]   the form of the hand-written Kotlin
  requirements [--list]   each requirement of the specifications beside code and test; --list shows where

what scripts/ calls, after making the machine ready:

  test [PART…]    runs the tests
  mutants [--minutes N] [--fresh] [ROOM|PATH…]
  pairs [build|run]
  bindings [--check]
  bench [PART…] [--record]
  size [--without-http] [--std]
  release [--dry-run] NEW | --apple URL
  openapi         asks a relay whether it does what its OpenAPI document says
  valkey          the tests of what relays share, with Valkey in Redis' place
  android libraries [--testing] | loadable JNI | aar [[--incomplete] JNI] | self-test
  jvm [LIBRARY] | try
  kotlin-api, swift-api [--check]
  xcframework [--macos] [--testing | --release URL] [--dry-run]";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let project = Project::here();
    let done = match words[..] {
        ["capacity", ref words @ ..] => capacity::capacity(words),
        ["version"] => version::print(&project.root),
        ["version", new] => version::change(&project.root, new),
        ["android", ref words @ ..] => android::android(&project, words),
        ["bench", ref words @ ..] => figures::bench(&project, words),
        ["bindings", ref words @ ..] => bindings::bindings(&project, words),
        ["openapi"] => openapi::openapi(&project),
        ["valkey"] => valkey::valkey(&project),
        ["release", ref words @ ..] => release::release(&project, words),
        ["size", ref words @ ..] => size::size(&project, words),
        ["circles", ref words @ ..] => circles::circles(&project, words),
        ["jvm", ref words @ ..] => jvm::jvm(&project, words),
        ["ktlint", ref words @ ..] => ktlint::ktlint(&project, words),
        ["mutants", ref words @ ..] => mutants::mutants(&project, words),
        ["requirements", ref words @ ..] => requirements::requirements(&project, words),
        ["pairs", ref words @ ..] => pairs::pairs(&project, words),
        ["kotlin-api", ref words @ ..] => api::kotlin::api(&project, words),
        ["swift-api", ref words @ ..] => api::swift::api(&project, words),
        ["xcframework", ref words @ ..] => xcframework::xcframework(&project, words),
        ["test", ref parts @ ..] => test::test(project, parts),
        _ => Err(Failure::Usage(USAGE)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(text)) => {
            eprintln!("{text}");
            ExitCode::from(2)
        }
        Err(Failure::Said) => ExitCode::FAILURE,
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
    /// What was printed says so. Exit code 1.
    Said,
    /// Exit code 1.
    Because(String),
}

impl Failure {
    fn because(reason: impl ToString) -> Self {
        Self::Because(reason.to_string())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Usage(text) => text,
            Self::Said => "failed",
            Self::Because(reason) => reason,
        })
    }
}

type Done<T = ()> = Result<T, Failure>;
