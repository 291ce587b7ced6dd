//! `--json`, `inspect`, the relay's first line, and the demonstration.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::{Desk, Signal, text};
use crate::words::{receive, transfers};

const DOCS: &str = include_str!("../../../docs/cli.md");
const SECRET: &str = "zJ9r5gtRzv1-Owns4I_Zsa09JP-fHw7qwwiUCEvV2v0";

/// Event and keys of each row of the documentation: `| `name` | `key`, `key?` | …`.
fn documented(name: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let start = format!("| `{name}` | ");
    let row = DOCS.lines().find_map(|line| line.strip_prefix(&start));
    let keys = row.unwrap_or_else(|| panic!("{name} is not documented"));
    let keys = keys.split(" | ").next().unwrap();
    let keys = keys.split(", ").filter(|key| key.starts_with('`'));
    let (maybe, always): (Vec<_>, Vec<_>) = keys
        .map(|key| key.trim_matches('`').to_owned())
        .partition(|key| key.ends_with('?'));
    let maybe = maybe.iter().map(|key| key.trim_end_matches('?').to_owned());
    (always.into_iter().collect(), maybe.collect())
}

/// The first of these in the worked vectors.
fn first(rows: &str, key: &str) -> String {
    let file = match rows {
        "tokens" => include_str!("../../../tests/vectors/protocol.json"),
        _ => include_str!("../../../tests/vectors/transfer.json"),
    };
    let vectors: Value = serde_json::from_str(file).unwrap();
    text(&vectors[rows][0], key)
}

fn check(event: &Value) {
    let object = event.as_object().unwrap();
    let name = text(event, "event");
    let (always, maybe) = documented(&name);
    let found: BTreeSet<_> = object
        .keys()
        .filter(|key| !["event", "transfer"].contains(&key.as_str()))
        .cloned()
        .collect();
    assert!(always.is_subset(&found), "{event}");
    let all = always.union(&maybe).cloned().collect();
    assert!(found.is_subset(&all), "{event}");
}

#[test]
fn every_line_of_json_is_an_event_as_documented() {
    let desk = Desk::new();
    desk.write("key", b"k");
    let words = [
        "send",
        "key",
        "--json",
        "--stats",
        "--state",
        "s",
        "--title",
        "A key",
        "--pin",
        "--note",
        "to the house",
        "--sender",
        "Ada",
        "--may-be-passed-on",
    ];
    let mut sender = desk.start(&words);
    let relay = text(&sender.until("relay"), "url");
    let invited = sender.until("invited");
    let (url, pin) = (text(&invited, "url"), text(&invited, "pin"));
    let received = desk.run(&receive(
        &url,
        &relay,
        &["--stats", "--pin", "000000000000", "--pin", &pin],
    ));
    let sent = sender.end();
    assert_eq!((received.code, sent.code), (Some(0), Some(0)));
    let offered = received.event("offered");
    assert_eq!(offered["title"], "A key");
    assert_eq!(offered["description"], "to the house");
    assert_eq!(
        (&offered["sender"], &offered["may_be_passed_on"]),
        (&json!("Ada"), &json!(true))
    );
    assert_eq!(offered["format"], "application/octet-stream");
    assert_eq!(offered["texts"], "authentic");
    let mut events = [sent.events(), received.events()].concat();
    for words in [
        &transfers("r", &[])[..],
        &["inspect", &url, "--json"],
        &["inspect", "x", "--json"],
        &["inspect", &first("tokens", "out"), "--json"],
        &["inspect", &first("envelopes", "data"), "--json"],
    ] {
        events.extend(desk.run(words).events());
    }
    let mut names = BTreeSet::new();
    for event in &events {
        check(event);
        names.insert(text(event, "event"));
        let is_of_a_transfer = event.get("transfer").is_some();
        let of_none = ["relay", "invitation", "error", "token", "envelope"];
        assert_eq!(
            is_of_a_transfer,
            !of_none.contains(&event["event"].as_str().unwrap())
        );
    }
    assert!(names.len() >= 14, "{names:?}");
    assert!(sent.stderr.is_empty() && received.stderr.is_empty());
}

#[test]
fn people_get_words_and_a_picture_only_on_a_terminal() {
    let desk = Desk::new();
    desk.write("key", b"k");
    let mut sender = desk.start(&["send", "key", "--state", "s"]);
    let mut url = None;
    while url.is_none() {
        let line = sender.line().unwrap();
        url = line.starts_with("http").then_some(line);
    }
    let url = url.unwrap();
    let relay = url.split("/v1/").next().unwrap();
    let received = desk.run(&[
        "receive",
        "--yes",
        &url,
        "--relay-trust",
        relay,
        "--state",
        "r",
        "--out",
        "got",
    ]);
    assert_eq!(received.code, Some(0));
    assert_eq!(received.stdout.last().unwrap(), "ended: completed");
    let said = sender.end().stdout.concat();
    assert!(!said.contains('\u{1b}'), "no QR code, no colours");
}

#[test]
fn inspect_shows_the_parts_and_never_the_secret() {
    let desk = Desk::new();
    let url =
        format!("https://relay.example/v1/m/8958099f-6507-4638-b1ab-ad27b4dc5bcb?v=c#{SECRET}.p");
    desk.write("link", url.as_bytes());
    for from in [url.as_str(), "link"] {
        let shown = desk.run(&["inspect", from]);
        assert_eq!(shown.code, Some(0));
        let text = shown.stdout.join("\n");
        for part in [
            "https://relay.example",
            "8958099f-6507-4638-b1ab-ad27b4dc5bcb",
            "car key",
            "PIN: needed",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains(&SECRET[..6]));
    }
    assert!(!desk.path("home").exists(), "it needs no state");
}

#[test]
fn inspect_says_what_is_wrong_and_echoes_nothing() {
    let desk = Desk::new();
    let good = format!("https://relay.example/v1/m/8958099f-6507-4638-b1ab-ad27b4dc5bcb#{SECRET}");
    for (bad, reason) in [
        (good.replace("8958", "XYZW"), "path"),
        (format!("{good}x"), "32 bytes"),
        (good.replace('#', "?v=q#"), "vertical"),
        (good.replace("https://", "http://"), "plain http"),
        (
            good.split('#').next().unwrap().to_owned(),
            "no shared secret",
        ),
        ("no-such-file-named-sesame".to_owned(), "no such file"),
        ("no file, but # like a link: sesame".to_owned(), "neither"),
        (format!("{{\"shareURL\":\"{good}\"}}"), "version"),
    ] {
        let shown = desk.run(&["inspect", &bad]);
        assert_eq!(shown.code, Some(1), "{bad}");
        assert!(shown.stdout.is_empty());
        assert!(shown.stderr.contains(reason), "{}", shown.stderr);
        for piece in [&SECRET[..6], "XYZW", "sesame", "relay.example"] {
            assert!(!shown.stderr.contains(piece), "{}", shown.stderr);
        }
    }
}

#[test]
fn the_relay_says_first_where_it_listens_and_ends_at_sigterm() {
    let desk = Desk::new();
    for (words, ending) in [
        (&["relay"][..], ""),
        (
            &[
                "relay",
                "--listen",
                "127.0.0.1:0",
                "--store",
                "memory",
                "--public-url",
                "https://r.example",
            ],
            " as https://r.example",
        ),
    ] {
        for signal in [Signal::TERM, Signal::INT] {
            let mut relay = desk.start(words);
            let line = relay.line().unwrap();
            let address = line.strip_prefix("listening on http://").unwrap();
            let address = address.strip_suffix(ending).unwrap();
            let address: std::net::SocketAddr = address.parse().unwrap();
            assert!(std::net::TcpStream::connect(address).is_ok());
            relay.signal(signal);
            let ended = relay.end();
            assert_eq!((ended.code, ended.stdout.len()), (Some(0), 1));
        }
    }
    let taken = desk.relay();
    let address = taken.url.strip_prefix("http://").unwrap();
    assert_eq!(desk.run(&["relay", "--listen", address]).code, Some(1));
}

/// The number before `word` in the first line with `name`.
fn figure(lines: &[String], name: &str, limit: &str) -> Vec<u64> {
    let of = |line: &String| {
        let (_, figure) = line.split_once(name)?;
        let (figure, rest) = figure.trim_start().split_once(' ')?;
        rest.contains(limit).then(|| figure.parse().unwrap())
    };
    lines.iter().filter_map(of).collect()
}

#[test]
fn the_demonstration_succeeds_within_its_budget() {
    let desk = Desk::new();
    let demo = desk.run(&["demo", "--stats"]);
    assert_eq!(demo.code, Some(0), "{}", demo.stderr);
    for step in 1..=8 {
        let start = format!("{step} ");
        assert!(
            demo.stdout.iter().any(|line| line.starts_with(&start)),
            "step {step}"
        );
    }
    let lines = &demo.stdout;
    for (name, limit) in [
        ("requests:", 11),
        ("requests:", 15),
        ("characters:", 128),
        ("token 1:", 576),
        ("padding:", 64),
    ] {
        let found = figure(lines, name, &format!("at most {limit}"));
        assert!(found.len() == 1 && found[0] <= limit, "{name} {found:?}");
    }
}
