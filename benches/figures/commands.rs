//! The command line: a transfer between two processes, through a relay that is a third.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::Findings;
use crate::chart::Panel;
use crate::table::{Table, aim, figure};

const RUNS: usize = 30;

/// `scripts/bench` builds the command and says where it is.
const PROGRAM: &str = "TIGRESS";

/// A file system in memory: what is left without a disk that syncs.
const IN_MEMORY: &str = "/dev/shm";

pub(crate) fn run() -> Findings {
    let mut table = Table::new(
        "By command line: `tigress send` and `tigress receive`, 1 KiB, time on the wall",
        [
            "state folders",
            "whole, p50, ms",
            "one process start, p50, ms",
            "beyond two starts, p50, ms",
            "least, ms",
            "aim",
        ],
    );
    let Some(program) = std::env::var_os(PROGRAM).map(PathBuf::from) else {
        eprintln!("commands: {PROGRAM} does not say where the command is; left out");
        return Findings::default();
    };
    let mut panel = Panel::new("By command line, beyond two process starts, p50", "ms").limit(30.0);
    let mut relay = Relay::start(&program);
    let mut places = vec![("on disk", tempfile::tempdir().unwrap())];
    if Path::new(IN_MEMORY).is_dir() {
        places.push(("in memory", tempfile::tempdir_in(IN_MEMORY).unwrap()));
    }
    for (place, folder) in places {
        let folder = folder.path();
        let _ = transfer(&program, &relay.url, folder, RUNS);
        // In turn, so that both see the same machine.
        let (mut whole, mut starts, mut beyond) = (Vec::new(), Vec::new(), Vec::new());
        for run in 0..RUNS {
            let start = start(&program);
            let time = transfer(&program, &relay.url, folder, run);
            beyond.push(time - 2.0 * start);
            starts.push(start);
            whole.push(time);
        }
        let [whole, starts, beyond] = [whole, starts, beyond].map(sorted);
        let p50 = beyond[RUNS / 2];
        table.row([
            place.into(),
            figure(whole[RUNS / 2]),
            figure(starts[RUNS / 2]),
            figure(p50),
            figure(whole[0] - 2.0 * starts[RUNS / 2]),
            aim(p50 <= 30.0, "p50 ≤ 30 ms"),
        ]);
        panel = panel.bar(format!("state folders {place}"), p50);
    }
    relay.process.kill().unwrap();
    relay.process.wait().unwrap();
    Findings {
        tables: vec![table],
        panels: vec![panel],
    }
}

fn sorted(mut times: Vec<f64>) -> Vec<f64> {
    times.sort_by(f64::total_cmp);
    times
}

struct Relay {
    process: Child,
    url: String,
}

impl Relay {
    fn start(program: &Path) -> Self {
        let mut process = Command::new(program)
            .args(["relay", "--store", "memory"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        Self { process, url }
    }
}

/// Milliseconds of a process that does nothing.
fn start(program: &Path) -> f64 {
    let started = Instant::now();
    let status = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    milliseconds(started)
}

/// Milliseconds from the start of the sender to the end of both.
fn transfer(program: &Path, relay: &str, folder: &Path, run: usize) -> f64 {
    let path = |name: &str| folder.join(format!("{name}-{run}"));
    let file = path("credential");
    std::fs::write(&file, vec![7; 1024]).unwrap();
    let started = Instant::now();
    let mut sender = Command::new(program)
        .arg("send")
        .arg(&file)
        .args(["--json", "--relay", relay, "--state"])
        .arg(path("sender"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(sender.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let invited: serde_json::Value = serde_json::from_str(&line).unwrap();
    let receiver = Command::new(program)
        .arg("receive")
        .arg(invited["url"].as_str().unwrap())
        .args(["--yes", "--json", "--relay-trust", relay, "--state"])
        .arg(path("receiver"))
        .arg("--out")
        .arg(path("received"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(receiver.unwrap().success());
    output.read_to_string(&mut line).unwrap();
    assert!(sender.wait().unwrap().success());
    let time = milliseconds(started);
    assert_eq!(
        std::fs::read(file).unwrap(),
        std::fs::read(path("received")).unwrap()
    );
    time
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
