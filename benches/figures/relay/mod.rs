//! The relay beside a bare server, each in a process of its own: CPU of calls, instructions, memory of what it keeps.

mod exchange;
pub(crate) mod floor;
mod instructions;
mod load;
mod memory;
mod process;
mod requests;
mod side;

use std::path::Path;
use std::process::Command;

use tokio::runtime::Runtime;

use crate::Findings;
use crate::table::Table;
use process::Server;

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
pub(crate) fn relay(program: &Path, store: &str) -> Server {
    let mut command = Command::new(program);
    command.args(of_relay(store));
    Server::start(command)
}

/// The words that start it.
fn of_relay(store: &str) -> Vec<&str> {
    let limits = LIMITS.iter().flat_map(|limit| ["--limit", limit]);
    ["relay", "--listen", "127.0.0.1:0", "--store", store]
        .into_iter()
        .chain(limits)
        .collect()
}

/// The bare server.
fn bare() -> Server {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(FLOOR);
    Server::start(command)
}

pub(crate) fn cpu() -> Findings {
    run(|program, runtime| {
        let of_calls = [
            requests::run(program, runtime),
            exchange::run(program, runtime),
        ];
        let instructions = instructions::run(program, runtime);
        of_calls.into_iter().chain(instructions).collect()
    })
}

pub(crate) fn memory() -> Findings {
    run(|program, runtime| vec![memory::run(program, runtime)])
}

fn run(measure: impl FnOnce(&Path, &Runtime) -> Vec<Table>) -> Findings {
    let Some(program) = std::env::var_os("TIGRESS").map(std::path::PathBuf::from) else {
        eprintln!("relay: TIGRESS does not say where the command is; left out");
        return Findings::default();
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = Runtime::new().unwrap();
    Findings {
        tables: measure(&program, &runtime),
        panels: Vec::new(),
    }
}
