//! The relay beside a bare server, each in a process of its own: CPU of a request, memory of what it keeps.

pub(crate) mod floor;
mod load;
mod memory;
mod process;

use std::path::Path;
use std::process::Command;

use tigress_servers::RedisServer;
use tokio::runtime::Runtime;

use crate::Findings;
use crate::table::{Table, aim, figure};
use load::Http;
use process::Server;

const RUNS: usize = 7;
/// The word that makes this program the bare server.
pub(crate) const FLOOR: &str = "floor";

/// Nothing that this measures is to be held up by what one client may take.
const LIMITS: [&str; 6] = [
    "connections=100000,100000,100000",
    "requests=100000,100000,100000",
    "incoming_bytes=4GiB,4GiB,4GiB",
    "outgoing_bytes=4GiB,4GiB,4GiB",
    "mailboxes=1000000,1000000,1000000",
    "bytes=4GiB,4GiB,4GiB",
];

/// A relay with this store.
fn relay(program: &Path, store: &str) -> Server {
    let mut command = Command::new(program);
    command.args(["relay", "--listen", "127.0.0.1:0", "--store", store]);
    for limit in LIMITS {
        command.args(["--limit", limit]);
    }
    Server::start(command)
}

struct Candidate {
    name: &'static str,
    servers: Vec<Server>,
    http: Http,
    /// Which one it is compared with, and what it may be of that.
    most: Option<(usize, f64)>,
    runs: Vec<f64>,
}

pub(crate) fn cpu() -> Findings {
    run(of_requests)
}

pub(crate) fn memory() -> Findings {
    run(memory::run)
}

fn run(measure: impl FnOnce(&Path, &Runtime) -> Table) -> Findings {
    let Some(program) = std::env::var_os("TIGRESS").map(std::path::PathBuf::from) else {
        eprintln!("relay: TIGRESS does not say where the command is; left out");
        return Findings::default();
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = Runtime::new().unwrap();
    Findings {
        tables: vec![measure(&program, &runtime)],
        panels: Vec::new(),
    }
}

fn of_requests(program: &Path, runtime: &Runtime) -> Table {
    let folder = tempfile::tempdir().unwrap();
    let (redis, file) = (RedisServer::start(), folder.path().join("mailboxes"));
    let (redis, file) = (&redis.url(), file.to_str().unwrap());
    let bare = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(FLOOR);
        vec![Server::start(command)]
    };
    let of = |store: &str| vec![relay(program, store)];
    let candidate = |name, servers, http, most| Candidate {
        name,
        servers,
        http,
        most,
        runs: Vec::new(),
    };
    let two = vec![relay(program, redis), relay(program, redis)];
    let mut all = [
        candidate("bare axum, HTTP/1.1", bare(), Http::One, None),
        candidate("memory, HTTP/1.1", of("memory"), Http::One, Some((0, 1.4))),
        candidate(
            "durable file, HTTP/1.1",
            of(file),
            Http::One,
            Some((0, 1.8)),
        ),
        candidate(
            "two relays on one Redis, HTTP/1.1",
            two,
            Http::One,
            Some((1, 2.0)),
        ),
        candidate("bare axum, HTTP/2", bare(), Http::Two, None),
        candidate("memory, HTTP/2", of("memory"), Http::Two, Some((4, 1.4))),
    ];
    // In turn, so that all see the same machine; the first round warms up.
    for run in 0..=RUNS {
        for one in &mut all {
            let used = |servers: &[Server]| servers.iter().map(Server::cpu).sum::<f64>();
            let origins: Vec<String> = one
                .servers
                .iter()
                .map(|server| server.origin.clone())
                .collect();
            let before = used(&one.servers);
            let requests = runtime.block_on(load::round(&origins, one.http));
            if run > 0 {
                one.runs
                    .push((used(&one.servers) - before) / requests as f64);
            }
        }
    }
    let median = |one: &Candidate| {
        let mut runs = one.runs.clone();
        runs.sort_by(f64::total_cmp);
        runs[runs.len() / 2]
    };
    let columns = ["", "µs a request", "least", "most", "ratio", "aim"];
    let mut table = Table::new(
        "The relay's CPU of a request: 64 connections, 2 KiB written and read in turn",
        columns,
    );
    for one in &all {
        let (least, most) = one
            .runs
            .iter()
            .fold((f64::MAX, 0.0_f64), |(least, most), run| {
                (run.min(least), run.max(most))
            });
        let compared = one.most.map(|(other, most)| {
            let ratio = median(one) / median(&all[other]);
            (
                figure(ratio),
                aim(ratio <= most, &format!("≤ {most} × {}", all[other].name)),
            )
        });
        let (ratio, wanted) = compared.unwrap_or_default();
        table.row([
            one.name.into(),
            figure(median(one)),
            figure(least),
            figure(most),
            ratio,
            wanted,
        ]);
    }
    table
}
