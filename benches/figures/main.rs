//! What a transfer costs: the security work against the bare primitives of the same crates, whole transfers through an
//! embedded relay, the command line. `scripts/bench` runs it; `docs/performance.md` says how to read it.
//!
//! usage: cargo bench --bench figures -- [PART…] [--record FOLDER]     parts: security, transfers
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod chart;
mod counter;
mod cpu;
mod security;
mod table;
mod transfers;

use std::process::ExitCode;

use chart::Panel;
use table::Table;

/// What a part found: the same figures as text and as pictures.
struct Findings {
    tables: Vec<Table>,
    panels: Vec<Panel>,
}

const PARTS: [(&str, fn() -> Findings); 2] =
    [("security", security::run), ("transfers", transfers::run)];

fn main() -> ExitCode {
    // Cargo says `--bench`.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let (mut wanted, mut record) = (Vec::new(), None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--record" => record = words.next(),
            part if PARTS.iter().any(|(name, _)| *name == part) => wanted.push(word),
            _ => {
                eprintln!("usage: [PART…] [--record FOLDER], the parts: security, transfers");
                return ExitCode::from(2);
            }
        }
    }
    let (mut text, mut panels) = (String::new(), Vec::new());
    for (name, part) in PARTS {
        if !wanted.is_empty() && !wanted.iter().any(|one| one == name) {
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
        let folder = std::path::Path::new(&folder);
        std::fs::write(folder.join("performance.table.md"), text).unwrap();
        std::fs::write(folder.join("performance.svg"), chart::draw(&panels)).unwrap();
    }
    ExitCode::SUCCESS
}
