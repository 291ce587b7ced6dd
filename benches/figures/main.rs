//! What a transfer costs: the security work against the bare primitives of the same crates, whole transfers through an
//! embedded relay, the command line. `scripts/bench` runs it; `docs/performance.md` says how to read it.
//!
//! usage: cargo bench --bench figures -- [PART…] [--record FOLDER]
//!
//! The parts are security, transfers, commands, relay, memory (the relay's) and wake (a process that does one sync). With `--record` the figures also go to the folder, as
//! `performance.txt` (the tables, in Markdown) and `performance.svg`.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
#![allow(
    clippy::cast_precision_loss,
    reason = "counts and times are far below 2^52"
)]

mod bare;
mod chart;
mod commands;
mod counter;
mod cpu;
mod relay;
mod security;
mod table;
mod transfers;
mod wake;

use std::path::Path;
use std::process::ExitCode;

use chart::Panel;
use table::Table;

/// What a part found: the same figures as text and as a picture.
#[derive(Default)]
struct Findings {
    tables: Vec<Table>,
    panels: Vec<Panel>,
}

type Part = (&'static str, fn() -> Findings);

const PARTS: [Part; 6] = [
    ("security", security::run),
    ("transfers", transfers::run),
    ("commands", commands::run),
    ("relay", relay::cpu),
    ("memory", relay::memory),
    ("wake", wake::run),
];

fn main() -> ExitCode {
    // Cargo adds a word of its own.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let (mut wanted, mut record) = (Vec::new(), None);
    if std::env::args().nth(1).as_deref() == Some(relay::FLOOR) {
        relay::floor::serve();
        return ExitCode::SUCCESS;
    }
    while let Some(word) = words.next() {
        match PARTS.iter().find(|(name, _)| *name == word) {
            Some((name, _)) => wanted.push(*name),
            None if word == "--record" => record = words.next(),
            None => {
                let names = PARTS.map(|(name, _)| name).join(", ");
                eprintln!("usage: [PART…] [--record FOLDER], the parts: {names}");
                return ExitCode::from(2);
            }
        }
    }
    let (mut text, mut panels) = (String::new(), Vec::new());
    for (name, part) in PARTS {
        if !wanted.is_empty() && !wanted.contains(&name) {
            continue;
        }
        let findings = part();
        for table in &findings.tables {
            println!("{table}");
            text.push_str(&format!("{table}\n"));
        }
        panels.extend(findings.panels);
    }
    if let Some(folder) = record {
        let folder = Path::new(&folder);
        std::fs::write(folder.join("performance.txt"), text).unwrap();
        std::fs::write(folder.join("performance.svg"), chart::draw(&panels)).unwrap();
    }
    ExitCode::SUCCESS
}
