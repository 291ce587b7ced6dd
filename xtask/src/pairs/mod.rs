//! Transfers between Rust (the command tigress), Swift (ios/Peer) and Kotlin (the tests' org.tigress.peer) over one relay: each of
//! the six ordered pairs of two different ones.
//!
//! In each pair the sender sends random bytes, the receiver replies with others, and what must hold then is: both exit with 0,
//! both say that the transfer was completed, both files are the same byte for byte, and the relay's mailbox is gone. What a pair
//! said is in target/pairs/FROM-TO/. The last line is `N passed, N failed`.

mod build;
mod peer;

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    Done, Failure,
    project::{self, Project, Running, files},
};
use build::build;
use peer::{Lines, Peers};

const LANGUAGES: [&str; 3] = ["rust", "swift", "kotlin"];

/// Bytes of what is sent and of the reply, pair by pair; 262144 is the most that may be.
const SIZES: [(u64, u64); 6] = [
    (1, 262_144),
    (31, 4_097),
    (1_000, 1),
    (65_536, 16),
    (262_144, 65_535),
    (100_003, 777),
];

/// Builds the three, runs the pairs, or both.
pub(crate) fn pairs(project: &Project, words: &[&str]) -> Done {
    match words {
        [] => {
            build(project)?;
            run(project)
        }
        ["build"] => build(project),
        ["run"] => run(project),
        _ => Err(Failure::Usage("usage: scripts/pairs [build|run]")),
    }
}

fn run(project: &Project) -> Done {
    let work = project.target.join("pairs");
    clear(&work)?;
    let limit = std::env::var("TIGRESS_PAIR_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(60);
    let (relay, _running) = start_relay(project, &work, limit)?;
    let peers = Peers {
        project,
        work,
        limit,
    };
    let (mut passed, mut failed) = (0, 0);
    let pairs = LANGUAGES
        .iter()
        .flat_map(|from| LANGUAGES.iter().map(move |to| (*from, *to)));
    for ((from, to), sizes) in pairs.filter(|(from, to)| from != to).zip(SIZES) {
        let begun = Instant::now();
        let name = format!("{from} to {to}, {} bytes and {} back", sizes.0, sizes.1);
        let folder = peers.work.join(format!("{from}-{to}"));
        let transfer = Transfer {
            peers: &peers,
            relay: &relay,
            from,
            to,
            folder,
        };
        let wrong = transfer
            .run(sizes)
            .unwrap_or_else(|failure| vec![failure.to_string()]);
        if wrong.is_empty() {
            passed += 1;
            println!("ok      {name}: {} ms", begun.elapsed().as_millis());
        } else {
            failed += 1;
            println!("FAILED  {name}: {}", wrong.join("; "));
            peers.show(from, &transfer.folder.join("sender"));
            peers.show(to, &transfer.folder.join("receiver"));
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed == SIZES.len() {
        Ok(())
    } else {
        Err(Failure::Said)
    }
}

/// Takes what the last run left.
fn clear(work: &Path) -> Done {
    fs::create_dir_all(work).map_err(Failure::because)?;
    for entry in fs::read_dir(work).map_err(Failure::because)? {
        let path = entry.map_err(Failure::because)?.path();
        if path.is_dir() {
            fs::remove_dir_all(path).map_err(Failure::because)?;
        }
    }
    Ok(())
}

fn start_relay(project: &Project, work: &Path, limit: u64) -> Done<(String, Running)> {
    let errors = work.join("relay.err");
    // Whatever becomes of this process, the relay ends.
    let bound = (limit * (SIZES.len() as u64 + 1)).to_string();
    let tigress = project.built("tigress").display().to_string();
    let relay = ["relay", "--store", "memory", "--listen", "127.0.0.1:0"];
    let mut command = project.command(&[&["timeout", &bound, &tigress], &relay[..]].concat());
    command.stderr(File::create(&errors).map_err(Failure::because)?);
    project::relay(command)?.ok_or_else(|| {
        Failure::because(format!(
            "the relay does not say where it listens: {}",
            fs::read_to_string(errors).unwrap_or_default()
        ))
    })
}

/// One transfer between two of them.
struct Transfer<'a> {
    peers: &'a Peers<'a>,
    relay: &'a str,
    from: &'static str,
    to: &'static str,
    folder: PathBuf,
}

impl Transfer<'_> {
    /// Runs it; what is not as it must be.
    fn run(&self, (sent, reply): (u64, u64)) -> Done<Vec<String>> {
        fs::create_dir_all(&self.folder).map_err(Failure::because)?;
        random(sent, &self.folder.join("sent"))?;
        random(reply, &self.folder.join("reply"))?;
        let mut sender = self.sender()?;
        let mut said = Lines::new(sender.0.stdout.take(), &self.folder.join("sender.out"))?;
        let Some(url) = said.invitation() else {
            return Ok(vec!["the sender did not invite".to_owned()]);
        };
        let mailbox = url.split(['#', '?']).next().unwrap_or_default();
        let mut wrong = Vec::new();
        // Else its absence later would show nothing.
        if status(mailbox) != Some(200) {
            wrong.push("there is no mailbox".to_owned());
        }
        let mut receiver = self.receiver(&url)?;
        // Read on until its end, which it must not wait for anybody to read.
        said.rest();
        for (peer, name) in [(&mut sender, "sender"), (&mut receiver, "receiver")] {
            let code = peer.0.wait().ok().and_then(|status| status.code());
            if code != Some(0) {
                let code = code.map_or("none".to_owned(), |code| code.to_string());
                wrong.push(format!("the {name}'s exit code is {code}"));
            }
        }
        wrong.extend(self.broken(mailbox).map(str::to_owned));
        Ok(wrong)
    }

    fn sender(&self) -> Done<Running> {
        let (sent, replies, state) = (
            self.path("sent"),
            self.path("replies"),
            self.path("sender-state"),
        );
        let send = [
            "send", &sent, "--relay", self.relay, "--out", &replies, "--state", &state, "--json",
        ];
        self.peers
            .start(self.from, &self.folder.join("sender"), true, &send)
    }

    fn receiver(&self, url: &str) -> Done<Running> {
        let (received, reply, state) = (
            self.path("received"),
            self.path("reply"),
            self.path("receiver-state"),
        );
        let receive = [
            "receive",
            url,
            "--relay-trust",
            self.relay,
            "--out",
            &received,
            "--reply",
            &reply,
        ];
        let rest = ["--state", &state, "--json", "--yes"];
        self.peers.start(
            self.to,
            &self.folder.join("receiver"),
            false,
            &[&receive[..], &rest].concat(),
        )
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// What does not hold when both have ended.
    fn broken(&self, mailbox: &str) -> impl Iterator<Item = &'static str> {
        let at = |name: &str| self.folder.join(name);
        // One file is in the folder for replies: the reply.
        let replies = files(&at("replies"), "").unwrap_or_default();
        let all = [
            (
                completed(&at("sender.out")),
                "the sender did not say completed",
            ),
            (
                completed(&at("receiver.out")),
                "the receiver did not say completed",
            ),
            (
                same(&at("sent"), &at("received")),
                "what was received differs",
            ),
            (
                replies.len() == 1 && same(&at("reply"), &replies[0]),
                "the reply differs",
            ),
            (status(mailbox) == Some(404), "the mailbox is still there"),
        ];
        all.into_iter()
            .filter(|(holds, _)| !holds)
            .map(|(_, what)| what)
    }
}

fn random(bytes: u64, file: &Path) -> Done {
    let mut source = File::open("/dev/urandom")
        .map_err(Failure::because)?
        .take(bytes);
    let mut file = File::create(file).map_err(Failure::because)?;
    std::io::copy(&mut source, &mut file)
        .map(|_| ())
        .map_err(Failure::because)
}

fn completed(file: &Path) -> bool {
    let said = fs::read_to_string(file).unwrap_or_default();
    let closed = |line: &str| {
        line.split_once("\"event\":\"closed\"")
            .is_some_and(|(_, rest)| rest.contains("\"outcome\":\"completed\""))
    };
    said.lines().any(closed)
}

fn same(one: &Path, other: &Path) -> bool {
    matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
}

/// The status with which a GET of the mailbox's page is answered.
fn status(mailbox: &str) -> Option<u16> {
    let (host, path) = mailbox.strip_prefix("http://")?.split_once('/')?;
    let mut connection = TcpStream::connect(host).ok()?;
    connection
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    write!(
        connection,
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut line = String::new();
    BufReader::new(connection).read_line(&mut line).ok()?;
    line.split(' ').nth(1)?.parse().ok()
}
