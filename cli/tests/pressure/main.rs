//! What one client can do to a relay at its default limits: it takes no more than 64 MiB of the relay's memory, whatever it
//! sends, reads or leaves unread, and another client's transfer goes on. Everything is counted, nothing is timed.
//!
//! A program of its own, not a part of `tests/it`: it opens nearly as many sockets as a process may have.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

#[path = "../it/common/desk.rs"]
mod desk;
mod gone;
mod kinds;
mod wire;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use desk::Desk;
use kinds::*;
use rcgen::{CertificateParams, KeyPair};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use uuid::Uuid;
use wire::{Caller, Connection, Door, head};

const MIB: usize = 1024 * 1024;
/// More than one client may take of the relay's memory.
const TOO_MUCH: usize = 64 * MIB;
const ATTACKER: [u8; 4] = [127, 0, 0, 1];
const SOMEBODY: [u8; 4] = [127, 0, 0, 2];
/// Some thousand times what a transfer takes otherwise: no measure, but hunger ends by it.
const STARVED: Duration = Duration::from_secs(60);
/// Transfers that are looked at together: three times as many are within a client's rate.
const TRANSFERS: usize = 5;
/// More connections than one client gets.
const MANY: usize = 400;
/// Fewer, so that other kinds find places, too.
const PART: usize = 12;

/// A relay of its own process.
struct Watched {
    process: Child,
    door: Door,
    idle: usize,
    /// The middle time of another's transfers before there was any pressure.
    usual: Option<Duration>,
    _desk: Desk,
}

/// Mailboxes of the attacker, made before it has used its part up.
struct Prey {
    /// With as much in them as one can have, and its version.
    full: Vec<(Caller, String, String)>,
    /// One whose page is as large as one can be.
    page: String,
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Watched {
    async fn start(options: &[&str]) -> Self {
        let desk = Desk::new();
        let command = desk.command(&[&["relay"], options].concat());
        Self::of(command, desk, None).await
    }

    /// One that speaks TLS.
    async fn with_tls() -> Self {
        let desk = Desk::new();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        desk.write("relay.pem", certificate.pem().as_bytes());
        desk.write("relay.key", key.serialize_pem().as_bytes());
        let mut trusted = RootCertStore::empty();
        trusted.add(certificate.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(trusted)
            .with_no_client_auth();
        let words = ["relay", "--store", "memory", "--tls-cert", "relay.pem"];
        let command = desk.command(&[&words[..], &["--tls-key", "relay.key"]].concat());
        Self::of(command, desk, Some(TlsConnector::from(Arc::new(tls)))).await
    }

    async fn of(mut command: Command, desk: Desk, tls: Option<TlsConnector>) -> Self {
        let mut process = command.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim().rsplit('/').next().unwrap().parse().unwrap();
        let mut watched = Self {
            process,
            door: Door { address, tls },
            idle: 0,
            usual: None,
            _desk: desk,
        };
        // What a first transfer needs is no attack's.
        watched.transfer().await;
        watched.usual = Some(watched.transfer().await);
        watched.idle = watched.memory("VmRSS");
        watched
    }

    fn caller(&self, from: [u8; 4]) -> Caller {
        Caller::new(&self.door, from)
    }

    /// Bytes, as the system counts them.
    fn memory(&self, name: &str) -> usize {
        let pid = self.process.id();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib * 1024
    }

    /// At no time since the start has it had too much.
    fn check(&self, what: &str) {
        let most = self.memory("VmHWM").saturating_sub(self.idle);
        println!("{what}: {} KiB", most / 1024);
        assert!(most <= TOO_MUCH, "{what}: {} MiB", most / MIB);
    }

    /// Somebody else's transfers: each of their requests is made once and answered as always, none is refused and none is
    /// starved. How long the middle one takes, against one before there was any pressure, is said for whoever wants to know.
    async fn transfer(&self) -> Duration {
        let mut times = Vec::new();
        for _ in 0..TRANSFERS {
            let begun = Instant::now();
            let ended = tokio::time::timeout(STARVED, self.all_requests()).await;
            assert!(ended.is_ok(), "somebody else's transfer is starved");
            times.push(begun.elapsed());
        }
        times.sort();
        let middle = times[TRANSFERS / 2];
        if let Some(usual) = self.usual {
            let ratio = middle.as_secs_f64() / usual.as_secs_f64();
            println!("another's transfer: {middle:.1?}, {ratio:.1} times its usual time");
        }
        middle
    }

    async fn all_requests(&self) {
        let (sender, receiver) = (self.caller(SOMEBODY), self.caller(SOMEBODY));
        let path = sender.create(600).await.ok().unwrap();
        assert_eq!(receiver.read(&path).await.status, 200);
        for size in [600, 20_000, 600] {
            assert_eq!(receiver.update(&path, size).await.status, 200);
            let seen = sender.read(&path).await;
            assert_eq!((seen.status, seen.payload().len()), (200, size));
            assert_eq!(sender.update(&path, size).await.status, 200);
        }
        assert_eq!(sender.delete(&path).await.status, 200);
    }

    async fn prey(&self) -> Prey {
        let mut full = Vec::new();
        for _ in 0..4 {
            let caller = self.caller(ATTACKER);
            let path = caller.create(600).await.ok().unwrap();
            assert_eq!(caller.update(&path, MIB - 100).await.status, 200);
            let version = caller.version(&path).await;
            full.push((caller, path, version));
        }
        let page = self.caller(ATTACKER).largest_page().await;
        Prey { full, page }
    }
}

macro_rules! one_client {
    ($($name:ident),*) => {$(
        #[tokio::test]
        async fn $name() {
            for store in [["--store", "memory"], ["--store", "mailboxes"]] {
                let watched = Watched::start(&store).await;
                let prey = watched.prey().await;
                // Beside the mailboxes that it has, which are in memory only where all is.
                if store[1] == "memory" {
                    crate::kinds::as_much_as_there_is(&watched, &prey, 0).await;
                }
                let _open = crate::kinds::$name(&watched, &prey, super::MANY).await;
                watched.transfer().await;
                watched.check(stringify!($name));
            }
        }
    )*};
}

mod one_client {
    use super::Watched;
    one_client!(
        unread_answers,
        held_reads,
        endless_heads,
        endless_bodies,
        as_much_as_there_is,
        unread_streams,
        endless_streams,
        remembered_heads
    );
}

/// Some of each kind, so that each gets places; what holds them open.
async fn each_kind(watched: &Watched) -> impl Sized {
    let prey = watched.prey().await;
    as_much_as_there_is(watched, &prey, 0).await;
    (
        held_reads(watched, &prey, PART).await,
        unread_streams(watched, &prey, PART).await,
        unread_answers(watched, &prey, PART).await,
        endless_bodies(watched, &prey, PART).await,
        endless_heads(watched, &prey, PART).await,
        remembered_heads(watched, &prey, PART).await,
        endless_streams(watched, &prey, MANY).await,
        prey,
    )
}

#[tokio::test]
async fn all_of_it_at_once() {
    let watched = Watched::start(&["--store", "memory"]).await;
    let _open = each_kind(&watched).await;
    watched.transfer().await;
    watched.check("all of it");
}

/// TLS handshakes that never end, after a record of which the last byte is missing.
async fn endless_handshakes(watched: &Watched) -> Vec<TcpStream> {
    let mut open = Vec::new();
    for _ in 0..MANY {
        let mut stream = watched.door.socket(ATTACKER).await;
        let most: u16 = 16 * 1024;
        // RFC 8446 §5.1: a handshake record; §4: a ClientHello that is longer than one record.
        let mut record = vec![22, 3, 1];
        record.extend(most.to_be_bytes());
        record.extend([1, 0, 255, 255]);
        record.resize(5 + usize::from(most) - 1, 0);
        let _ = stream.write_all(&record).await;
        open.push(stream);
    }
    open
}

#[tokio::test]
async fn all_of_it_within_tls() {
    let watched = Watched::with_tls().await;
    let _open = (
        each_kind(&watched).await,
        endless_handshakes(&watched).await,
    );
    watched.transfer().await;
    watched.check("all of it within TLS");
}

/// Also where the system gives fewer descriptors than one client may have connections.
#[tokio::test]
async fn silent_sockets_lock_nobody_out() {
    silence(Watched::start(&["--store", "memory"]).await).await;
    let desk = Desk::new();
    let relay = desk.command(&["relay", "--store", "memory"]);
    let script = "ulimit -n 256; exec \"$0\" \"$@\"";
    let mut few = Command::new("sh");
    few.args(["-c", script]).arg(relay.get_program());
    few.args(relay.get_args()).stdout(Stdio::piped());
    silence(Watched::of(few, desk, None).await).await;
}

async fn silence(watched: Watched) {
    let mut open = Vec::new();
    for _ in 0..2 * MANY {
        open.push(watched.door.socket(ATTACKER).await);
    }
    watched.transfer().await;
    let same = watched.caller(ATTACKER);
    assert!(same.create(600).await.is_ok(), "nor itself");
    watched.check("silent sockets");
}

/// What a request of somebody who reads nothing costs is given back, at the latest with its connection.
#[tokio::test]
async fn what_is_left_unread_is_given_up() {
    let options = ["--store", "memory", "--limit", "answer_timeout=1"];
    let watched = Watched::start(&options).await;
    let prey = watched.prey().await;
    let (caller, path, _) = &prey.full[0];
    let mut second = wire::Second::connect(&watched.door, ATTACKER)
        .await
        .unwrap();
    for _ in 0..8 {
        second.ask("POST", path, caller).await;
    }
    // It asks for something else all the time, and is not spared.
    let asking = async { while second.probe().await {} };
    let ended = tokio::time::timeout(Duration::from_secs(60), asking).await;
    assert!(ended.is_ok(), "the connection goes on");
    let answer = caller.read(path).await;
    assert_eq!((answer.status, answer.payload().len()), (200, MIB - 100));
}

fn creation(size: usize) -> Value {
    json!({
        "payload": {"type": "GSS_API", "data": "x".repeat(size)},
        "displayInformation": {"title": "", "description": "", "imageURL": ""},
        "mailboxConfiguration": {"accessRights": "RWD", "expiration": "2099-01-01T00:00:00Z"},
    })
}

fn uuid() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    Uuid::from_bytes(bytes).to_string()
}
