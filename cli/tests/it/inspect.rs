//! `tigress inspect` of tokens and envelopes, with the worked vectors of the specification.

use serde_json::{Value, json};

use crate::common::{Desk, Ended, text};

const PROTOCOL: &str = include_str!("../../../tests/vectors/protocol.json");
const TRANSFER: &str = include_str!("../../../tests/vectors/transfer.json");
/// The secret of the vectors, as the share URL and in hexadecimal digits.
const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const DIGITS: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// The auth credential's key.
const KEY: &str = "c2c2c2c2";

fn token(name: &str) -> String {
    let vectors: Value = serde_json::from_str(PROTOCOL).unwrap();
    let all = vectors["tokens"].as_array().unwrap();
    let found = all.iter().find(|row| row["name"] == name).unwrap();
    text(found, "out")
}

fn transfer() -> Value {
    serde_json::from_str(TRANSFER).unwrap()
}

fn bytes(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn holds_no_secret(ended: &Ended) {
    let said = format!("{}{}", ended.stdout.concat(), ended.stderr);
    for piece in [&SECRET[..8], &DIGITS[..16], KEY] {
        assert!(!said.contains(piece), "{said}");
    }
}

#[test]
fn a_token_is_explained_from_a_file_from_digits_and_from_stdin() {
    let desk = Desk::new();
    let digits = token("01 02");
    desk.write("token", &bytes(&digits));
    desk.write("digits", digits.as_bytes());
    let from_stdin = |name: &str| {
        let mut command = desk.command(&["inspect", "-"]);
        command.stdin(std::fs::File::open(desk.path(name)).unwrap());
        crate::common::Process::of(command).end()
    };
    let shown = desk.run(&["inspect", &digits]);
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
    let first = "second token: Noise message 2, 95 bytes";
    assert_eq!(shown.stdout[0], first);
    assert!(shown.stdout[1].starts_with("mechanism: noise-psk, 1.2.840.113556."));
    assert!(shown.stdout.contains(&"     2      35  mechanism's OID: 1.2.840.113556.1.8000.2554.16599.9875.5902.16932.48070.11520688.5094240.1".to_owned()));
    for other in [
        desk.run(&["inspect", "token"]),
        desk.run(&["inspect", "digits"]),
        from_stdin("token"),
        from_stdin("digits"),
    ] {
        assert_eq!((other.code, &other.stdout), (Some(0), &shown.stdout));
    }
    assert!(!desk.path("home").exists(), "it needs no state");
}

#[test]
fn a_message_token_shows_its_header() {
    let desk = Desk::new();
    let shown = desk.run(&["inspect", &token("02 01 sealed [a]"), "--json"]);
    let event = shown.event("token");
    assert_eq!(event["mechanism"], Value::Null);
    assert_eq!(event["mechanism_name"], "noise-psk");
    let parts = event["parts"].as_array().unwrap();
    let says = |name: &str| parts.iter().find(|part| part["name"] == name).unwrap();
    assert_eq!(says("flags")["value"], "03: from the acceptor, sealed");
    assert_eq!(says("sequence number")["value"], "0");
    let content = json!({"name": "content", "offset": 36, "bytes": 1024, "sealed": true});
    assert_eq!(says("content"), &content);
}

#[test]
fn the_secret_opens_the_auth_credential_and_nothing_of_it_is_shown() {
    let desk = Desk::new();
    let digits = token("01 01");
    let url = text(&transfer(), "share URL");
    desk.write("link", url.as_bytes());
    desk.write("digits", DIGITS.as_bytes());
    desk.write("base64", format!("{SECRET}.p\n").as_bytes());
    desk.write("raw", &bytes(DIGITS));
    for words in [
        ["--invitation", "link"],
        ["--secret-file", "digits"],
        ["--secret-file", "base64"],
        ["--secret-file", "raw"],
    ] {
        let shown = desk.run(&["inspect", &digits, words[0], words[1]]);
        assert_eq!(
            (shown.code, shown.stderr.as_str()),
            (Some(0), ""),
            "{words:?}"
        );
        let said = shown.stdout.join("\n");
        for part in [
            "  auth credential: c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1",
            "  issued: 2023-11-14T22:13:20Z",
            "  expires: 2023-11-16T22:13:20Z",
            "  PIN: not needed",
            "  flags: 7e",
            "  channel bindings: f4be7d5a40b9408b",
            "forward secrecy",
        ] {
            assert!(said.contains(part), "{said}");
        }
        holds_no_secret(&shown);
        let shown = desk.run(&["inspect", &digits, words[0], words[1], "--json"]);
        let opened = &shown.event("token")["opened"];
        assert_eq!(
            (&opened["expires"], &opened["pin"]),
            (&json!(1_700_172_800), &json!(false))
        );
        holds_no_secret(&shown);
    }
    let closed = desk.run(&["inspect", &digits, "--json"]);
    assert_eq!(closed.event("token")["opened"], Value::Null);
}

#[test]
fn the_documentation_shows_what_the_command_says() {
    let desk = Desk::new();
    desk.write("token", &bytes(&token("01 01")));
    desk.write("link", text(&transfer(), "share URL").as_bytes());
    let docs = include_str!("../../../docs/cli.md");
    let (_, example) = docs
        .split_once("$ tigress inspect token --invitation link\n")
        .unwrap();
    let (example, _) = example.split_once("\n```").unwrap();
    let shown = desk.run(&["inspect", "token", "--invitation", "link"]);
    assert!(shown.stdout.join("\n").starts_with(example));
}

#[test]
fn a_secret_that_does_not_fit_or_is_none_is_told() {
    let desk = Desk::new();
    let digits = token("01 01");
    desk.write("other", &[7; 32]);
    let shown = desk.run(&["inspect", &digits, "--secret-file", "other", "--json"]);
    assert_eq!(shown.code, Some(1));
    let (explained, error) = (shown.event("token"), shown.event("error"));
    assert_eq!(explained["parts"].as_array().unwrap().len(), 10);
    assert_eq!(error["code"], "security");
    desk.write("none", b"sesame");
    let shown = desk.run(&["inspect", &digits, "--secret-file", "none"]);
    assert_eq!(shown.code, Some(1));
    assert!(shown.stderr.contains("neither 32 bytes") && !shown.stderr.contains("sesame"));
    // What should have been a file's name is not echoed: it may be the secret itself.
    let shown = desk.run(&["inspect", &digits, "--secret-file", SECRET]);
    assert_eq!(shown.code, Some(1));
    holds_no_secret(&shown);
    let shown = desk.run(&["inspect", "-", "--invitation", "-"]);
    assert_eq!(shown.code, Some(2));
}

#[test]
fn an_envelope_is_explained_with_each_of_its_tokens() {
    let desk = Desk::new();
    let vectors = transfer();
    let row = |rows: &str, name: &str| -> Value {
        let rows = vectors[rows].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap().clone()
    };
    let third = row("envelopes", "token 3");
    let shown = desk.run(&["inspect", &text(&third, "data"), "--json"]);
    let event = shown.event("envelope");
    for (key, value) in [
        ("version", json!(1)),
        ("side", json!("sender")),
        ("ack", json!(1)),
        ("base", json!(1)),
        ("mic", json!(true)),
        ("abort", Value::Null),
    ] {
        assert_eq!(event[key], value, "{key}");
    }
    assert!(text(&third, "body").contains(&text(&event, "hash")));
    let tokens = event["tokens"].as_array().unwrap();
    assert_eq!(
        (&tokens[0]["index"], &tokens[0]["id"]),
        (&json!(1), &json!("0103"))
    );
    let abort = row("endings", "abort of an established context");
    let shown = desk.run(&["inspect", &text(&abort, "data"), "--json"]);
    assert_eq!(shown.event("envelope")["abort"]["id"], "01ff");

    desk.write("create", vectors["CreateMailbox"].to_string().as_bytes());
    desk.write("link", text(&vectors, "share URL").as_bytes());
    let shown = desk.run(&["inspect", "create", "--invitation", "link"]);
    assert_eq!(shown.code, Some(0));
    let said = shown.stdout.join("\n");
    for part in [
        "envelope of the sender, 358 bytes, version 1",
        "MIC: none, as before the first answer",
        "token 0: first token: auth credential and Noise message 1, 304 bytes",
        "auth credential: c1c1",
    ] {
        assert!(said.contains(part), "{said}");
    }
    holds_no_secret(&shown);
}

#[test]
fn what_is_malformed_is_told_and_not_echoed() {
    let desk = Desk::new();
    let digits = token("01 02");
    let cut = &digits[..digits.len() - 2];
    let payload = json!({"type": "GSS_API", "data": "sesame!"}).to_string();
    for (input, reason) in [
        (cut, "shorter than its frame"),
        (&payload, "base64"),
        ("sesame!", "there is no such file"),
        ("#sesame!", "neither an invitation"),
        ("", "there is no such file"),
    ] {
        let shown = desk.run(&["inspect", input]);
        assert_eq!((shown.code, shown.stdout.len()), (Some(1), 0));
        assert!(shown.stderr.contains(reason), "{}", shown.stderr);
        assert!(!shown.stderr.contains("sesame") && !shown.stderr.contains(&digits[..8]));
        let shown = desk.run(&["inspect", input, "--json"]);
        assert_eq!((shown.code, shown.events().len()), (Some(1), 1));
    }
    desk.write("long", &vec![b'a'; (2 << 20) + 1]);
    assert!(
        desk.run(&["inspect", "long"])
            .stderr
            .contains("longer than")
    );
}

#[test]
fn what_an_invitation_says_is_shown_with_its_secret_and_not_without() {
    let desk = Desk::new();
    let vectors: Value = serde_json::from_str(PROTOCOL).unwrap();
    let token = vectors["with a summary"][2]["out"].as_str().unwrap();
    let without = desk.run(&["inspect", token, "--json"]);
    assert_eq!(without.code, Some(0));
    let said = without.stdout.concat();
    assert!(!said.contains("Car key") && !said.contains("Ada"), "{said}");
    desk.write("secret", DIGITS.as_bytes());
    let with = desk.run(&["inspect", token, "--json", "--secret-file", "secret"]);
    let opened = &with.event("token")["opened"];
    let summary = json!({
        "title": "Car key", "description": "For the weekend", "sender": "Ada",
        "format": "digitalwallet.carkey.ccc", "may_be_passed_on": false,
    });
    assert_eq!(opened["summary"], summary);
    let shown = desk.run(&["inspect", token, "--secret-file", "secret"]);
    let line = "  title, in the sender's words: Car key".to_owned();
    assert!(shown.stdout.contains(&line), "{:?}", shown.stdout);
}

#[test]
fn the_token_in_an_invitations_file_is_explained_too() {
    use base64::Engine as _;
    let desk = Desk::new();
    let vectors = transfer();
    let token = bytes(&token("01 01"));
    let file = |description: &str| {
        let file = json!({
            "version": 1,
            "shareURL": text(&vectors, "share URL"),
            "displayInformation": {"title": "Car key", "description": description},
            "expiration": "2023-11-16T22:13:20Z",
            "token": base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&token),
        });
        desk.write("a.tigress", file.to_string().as_bytes());
        desk.run(&["inspect", "a.tigress", "--json"])
    };
    assert_eq!(file("For the week").event("invitation")["texts"], "altered");
    let shown = file("For the weekend");
    assert_eq!(shown.code, Some(0));
    assert_eq!(shown.event("invitation")["title"], "Car key");
    assert_eq!(shown.event("invitation")["texts"], "authentic");
    assert_eq!(
        shown.event("token")["opened"]["credential"],
        "c1".repeat(16)
    );
    holds_no_secret(&shown);
}
