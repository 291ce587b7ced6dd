//! What a process takes that is woken, does one sync with one open transfer, and ends: on a phone an extension, which the
//! system ends when it has too much.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Findings;
use crate::relay::relay;
use crate::table::{Table, aim, figure};

const RUNS: usize = 5;
const AIM: f64 = 8.0;
const MIB: f64 = 1024.0;

/// `scripts/bench` builds the programs and says where they are.
const PROGRAMS: [(&str, &str); 2] = [
    ("plain Rust", "WAKE_RUST"),
    (
        "Swift, over the library with the built-in HTTP",
        "WAKE_SWIFT",
    ),
];

pub(crate) fn run() -> Findings {
    let Some(tigress) = env::var_os("TIGRESS").map(PathBuf::from) else {
        eprintln!("wake: TIGRESS does not say where the command is; left out");
        return Findings::default();
    };
    let relay = relay(&tigress, "memory");
    let mut table = Table::new(
        "A process that is woken and does one sync: resident memory at its peak",
        [
            "",
            "doing nothing, MiB",
            "one sync, MiB",
            "beyond, MiB",
            "aim",
        ],
    );
    for (name, variable) in PROGRAMS {
        let Ok(program) = env::var(variable) else {
            eprintln!("wake: {variable} does not say how the program is run; left out");
            continue;
        };
        // Where a program in a root of its own sees it too.
        let folder = tempfile::tempdir_in(tigress.parent().unwrap()).unwrap();
        peak(&program, &words("invite", folder.path(), &relay.origin));
        let (mut idle, mut woken) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            idle.push(peak(&program, &["load".to_owned()]));
            woken.push(peak(&program, &words("sync", folder.path(), &relay.origin)));
        }
        let [idle, woken] = [idle, woken].map(most);
        let beyond = woken - idle;
        table.row([
            name.into(),
            figure(idle),
            figure(woken),
            figure(beyond),
            aim(beyond <= AIM, "≤ 8 MiB"),
        ]);
    }
    Findings {
        tables: vec![table],
        panels: Vec::new(),
    }
}

fn words(command: &str, folder: &Path, relay: &str) -> Vec<String> {
    vec![
        command.to_owned(),
        folder.join("store").display().to_string(),
        relay.to_owned(),
    ]
}

/// What it says of itself when it is done.
fn peak(program: &str, words: &[String]) -> f64 {
    let mut command = program.split(' ');
    let output = Command::new(command.next().unwrap())
        .args(command)
        .args(words)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{program} {words:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    said.trim().parse::<f64>().unwrap() / MIB
}

fn most(all: Vec<f64>) -> f64 {
    all.into_iter().fold(0.0, f64::max)
}
