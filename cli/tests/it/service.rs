//! The relay as a service: what it tells the service manager, and the files of `packaging/`.

use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

use crate::common::{Desk, Process, Signal};

/// What is told to a service manager that listens at `notify`.
struct Manager(UnixDatagram);

impl Manager {
    fn at(desk: &Desk) -> Self {
        let socket = UnixDatagram::bind(desk.path("notify")).unwrap();
        let patience = Some(Duration::from_secs(60));
        socket.set_read_timeout(patience).unwrap();
        Self(socket)
    }

    fn start(desk: &Desk, words: &[&str]) -> Process {
        let mut command = desk.command(&[&["relay", "--store", "memory"], words].concat());
        command.env("NOTIFY_SOCKET", desk.path("notify"));
        Process::of(command)
    }

    fn next(&self) -> String {
        let mut text = [0; 256];
        let count = self.0.recv(&mut text).expect("nothing is told");
        String::from_utf8(text[..count].to_vec()).unwrap()
    }
}

#[test]
fn the_service_manager_is_told_what_the_relay_does() {
    let desk = Desk::new();
    let manager = Manager::at(&desk);
    let relay = Manager::start(&desk, &[]);
    assert_eq!(manager.next(), "READY=1\n");
    relay.signal(Signal::HUP);
    let told = manager.next();
    let since = told.strip_prefix("RELOADING=1\nMONOTONIC_USEC=");
    let since: u64 = since.expect(&told).trim_end().parse().unwrap();
    assert!(since > 0);
    assert_eq!(manager.next(), "READY=1\n");
    relay.signal(Signal::TERM);
    assert_eq!(manager.next(), "STOPPING=1\n");
    assert_eq!(relay.end().code, Some(0));
}

#[test]
fn a_relay_is_ready_only_when_it_listens() {
    let desk = Desk::new();
    let manager = Manager::at(&desk);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = taken.local_addr().unwrap().to_string();
    let failed = Manager::start(&desk, &["--listen", &place]).end();
    assert_eq!(failed.code, Some(1));
    drop(taken);
    let relay = Manager::start(&desk, &["--listen", &place]);
    assert_eq!(manager.next(), "READY=1\n", "nothing by the one before");
    TcpStream::connect(&place).unwrap();
    relay.kill();
}

fn packaged(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../packaging");
    std::fs::read_to_string(root.join(name)).unwrap()
}

/// What `--print-config` makes of a file.
fn printed(desk: &Desk, file: &str) -> String {
    desk.write("relay.toml", file.as_bytes());
    let ended = desk.run(&["relay", "--config", "relay.toml", "--print-config"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout.join("\n")
}

/// The lines that are there to be made settings, made settings.
fn with_all(file: &str) -> String {
    let lines = file.lines().map(|line| {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let name = bare.split(" = ").next().unwrap_or_default();
        let is_setting = name != bare && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if is_setting { bare } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_sample_of_settings_is_in_order_with_and_without_what_it_proposes() {
    let desk = Desk::new();
    let sample = packaged("relay.toml");
    let usual = printed(&desk, &sample);
    for line in [
        "listen = [\"127.0.0.1:8080\"]",
        "store = \"/var/lib/tigress-relay/mailboxes\"",
        "public_url = \"https://relay.example\"",
        "host_names = [\"relay.example\"]",
        "client_ip_header = \"x-forwarded-for\"",
    ] {
        assert!(usual.lines().any(|one| one == line), "{line}: {usual}");
    }
    // One value for each; the later place instead of the first.
    let (first, all) = ("listen = [\"127.0.0.1:8080\"]\n", with_all(&sample));
    let all = all.replace(first, "").replace("/etc/tigress/", "");
    desk.write("apple-app-site-association", b"{}");
    desk.write("assetlinks.json", b"[]");
    let proposed = printed(&desk, &all);
    assert!(proposed.contains("unix:/run/tigress-relay/relay.sock"));
    assert!(proposed.contains("assetlinks = "), "{proposed}");
    // The limits that it proposes are the usual ones.
    let limits = |text: &str| text.split("[limits]").nth(1).map(str::to_owned);
    assert_eq!(limits(&usual), limits(&proposed));
}

#[test]
fn the_unit_gives_the_relay_what_it_needs() {
    let unit = packaged("tigress-relay.service");
    let value = |name: &str| {
        let mut lines = unit.lines().filter_map(|line| line.split_once('='));
        let found = lines.find(|(key, _)| *key == name);
        found.unwrap_or_else(|| panic!("no {name}")).1.to_owned()
    };
    assert_eq!(value("Type"), "notify");
    let stop: u64 = value("TimeoutStopSec").parse().unwrap();
    assert!(stop > 10, "docs/relay.md: a relay ends within 10 seconds");
    let state = format!("/var/lib/{}/", value("StateDirectory"));
    assert!(packaged("relay.toml").contains(&state));
    let run = format!("/run/{}/", value("RuntimeDirectory"));
    assert!(packaged("relay.toml").contains(&run));
    let words = value("ExecStart");
    assert!(words.ends_with("relay --config /etc/tigress/relay.toml"));
    let descriptors: u64 = value("LimitNOFILE").parse().unwrap();
    assert!(descriptors > 2 * 5_000, "connections, and their places");
}
