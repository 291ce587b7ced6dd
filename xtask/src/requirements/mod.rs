//! `cargo xtask requirements`: each requirement of the specifications stands beside code that does it and a test that
//! fails without, or says why not.
//!
//! `docs/requirements/NAME.md` lists a document's requirements, each by an id and a short quote (`register.rs`). Code and
//! tests name them in comments (`notes.rs`):
//!
//! ```text
//! //= protocol/6.2-request-ids          beside what does it
//! //= test protocol/6.2-request-ids     beside what shows it
//! ```

mod coverage;
mod notes;
mod register;

use crate::{
    Done, Failure,
    project::Project,
    requirements::{coverage::Coverage, register::Register},
};

/// The documents, and the text of that which is our own: of it, nothing may be left out.
const DOCUMENTS: [(&str, Option<&str>); 3] = [
    ("protocol", Some("docs/protocol.md")),
    ("draft", None),
    ("gss", None),
];

/// Where code and tests are.
const FOLDERS: [&str; 10] = [
    "src",
    "crates",
    "relay",
    "conformance",
    "cli",
    "tests",
    "bindings",
    "testkit",
    "examples",
    "benches",
];

/// Prints what is covered, or all that is amiss.
pub(crate) fn requirements(project: &Project, words: &[&str]) -> Done {
    let list = match words {
        [] => false,
        ["--list"] => true,
        _ => return Err(Failure::Usage("usage: cargo xtask requirements [--list]")),
    };
    let mut notes = Vec::new();
    for folder in FOLDERS {
        notes::of_folder(&project.root, &project.root.join(folder), &mut notes)?;
    }
    let mut registers = Vec::new();
    for (name, text) in DOCUMENTS {
        let register =
            Register::parse(name, &project.read(format!("docs/requirements/{name}.md"))?);
        let text = text.map(|path| project.read(path)).transpose()?;
        registers.push((register, text));
    }
    let coverage = Coverage::of(&registers, &notes);
    if list {
        print!("{}", coverage.table());
    }
    for flaw in &coverage.flaws {
        eprintln!("{flaw}");
    }
    print!("{}", coverage.sum());
    if coverage.flaws.is_empty() {
        Ok(())
    } else {
        Err(Failure::Said)
    }
}
