//! Instructions of a request, as valgrind counts them: those of the process itself, without the system's.

use std::path::Path;
use std::process::Command;

use super::load::{self, Http};
use super::process::Server;
use super::{FLOOR, of_relay};
use crate::table::{Table, aim, figure};

/// Rounds of the load: what the first of them take is what the server takes by itself.
const FEW: usize = 1;
/// Thousand instructions that a request may take, over HTTP/1.1.
const MOST: f64 = 50.0;
const MANY: usize = 3;

pub(super) fn run(program: &Path, runtime: &tokio::runtime::Runtime) -> Option<Table> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("relay: no valgrind; instructions are left out");
        return None;
    }
    let own = std::env::current_exe().unwrap();
    let relay = of_relay("memory");
    let candidates = [
        ("bare axum, HTTP/1.1", &*own, vec![FLOOR], Http::One, false),
        ("memory, HTTP/1.1", program, relay.clone(), Http::One, true),
        ("bare axum, HTTP/2", &*own, vec![FLOOR], Http::Two, false),
        ("memory, HTTP/2", program, relay, Http::Two, true),
    ];
    let title = "The relay's instructions of a request, without the system's: the same load";
    let mut table = Table::new(title, ["", "thousand", "ratio", "aim"]);
    let mut floor = 0.0;
    for (name, program, words, http, is_relay) in candidates {
        let [few, many] = [FEW, MANY].map(|rounds| counted(program, &words, rounds, http, runtime));
        let each = (many.0 - few.0) as f64 / (many.1 - few.1) as f64 / 1000.0;
        let (ratio, wanted) = match (is_relay, http) {
            (false, _) => {
                floor = each;
                (String::new(), String::new())
            }
            (true, Http::One) => (figure(each / floor), aim(each <= MOST, "≤ 50")),
            // The bare server has more than that by itself.
            (true, Http::Two) => (figure(each / floor), String::new()),
        };
        table.row([name.into(), format!("{each:.1}"), ratio, wanted]);
    }
    Some(table)
}

/// What the process took from its start to its end, and the requests that it answered.
fn counted(
    program: &Path,
    words: &[&str],
    rounds: usize,
    http: Http,
    runtime: &tokio::runtime::Runtime,
) -> (u64, usize) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=cachegrind", "--cache-sim=no"])
        .arg("--cachegrind-out-file=/dev/null")
        .arg(format!("--log-file={}", log.display()))
        .arg(program)
        .args(words);
    let server = Server::start(command);
    let origins = [server.origin.clone()];
    let requests = (0..rounds)
        .map(|_| runtime.block_on(load::round(&origins, http)))
        .sum();
    server.end();
    let told = std::fs::read_to_string(log).unwrap();
    let counted = count(&told)
        .unwrap_or_else(|| panic!("valgrind has not counted {}:\n{told}", program.display()));
    (counted, requests)
}

/// `I   refs:` of cachegrind, with commas in it.
fn count(told: &str) -> Option<u64> {
    let line = told.lines().find(|line| line.contains(" refs:"))?;
    let (_, count) = line.rsplit_once(':')?;
    count.trim().replace(',', "").parse().ok()
}
