//! `tigress conformance`: what it says of relays, and of what is none.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::common::{Desk, Signal};

#[test]
fn ours_passes_and_every_check_is_told_by_its_section() {
    let desk = Desk::new();
    let relay = desk.relay();
    let ended = desk.run(&["conformance", &relay.url]);
    assert_eq!(ended.code, Some(0), "{:?}", ended.stdout);
    let sum = ended.stdout.last().unwrap();
    assert!(sum.ends_with(" passed, 0 failed, 1 skipped"), "{sum}");
    let line = "passed   6.6.3  a-repeated-relinquish-unbinds-nobody";
    assert!(ended.stdout.iter().any(|said| said == line));

    let ended = desk.run(&["conformance", &relay.url, "--json"]);
    assert_eq!(ended.code, Some(0));
    let events = ended.events();
    assert!(events.iter().all(|event| event["event"] == "check"));
    let find = |name: &str| events.iter().find(|event| event["name"] == name).unwrap();
    let https = find("links-are-https");
    assert_eq!(https["result"], "skipped");
    assert_eq!(https["section"], "4.2");
    assert_eq!(https["source"], "draft-vinokurov-tigress-http-00");
    assert!(https["says"].as_str().unwrap().contains("MUST be accessed"));
}

/// A web server that answers everything like this, and its origin.
fn web(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let mut head = [0; 8192];
            let _ = client.read(&mut head);
            let length = body.len();
            let _ = write!(
                client,
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    url
}

#[test]
fn what_is_no_relay_is_told() {
    let desk = Desk::new();
    for (status, said) in [
        ("404 Not Found", "404"),
        ("200 OK", "200"),
        ("302 Found", "302"),
    ] {
        let ended = desk.run(&["conformance", &web(status, "<html>"), "--json"]);
        assert_eq!(ended.code, Some(1));
        let error = ended.event("error");
        assert_eq!(error["code"], "no_relay");
        let reason = format!(
            "there is no relay: CreateMailbox (POST /v1/m) was answered by {said}, text/html"
        );
        assert_eq!(error["reason"], reason);
    }
}

#[test]
fn a_relay_that_refuses_what_it_should_take_fails() {
    let desk = Desk::new();
    let limit = "first_payload_bytes=1000";
    let mut relay = desk.start(&["relay", "--store", "memory", "--limit", limit]);
    let url = relay.line().unwrap();
    let ended = desk.run(&["conformance", url.strip_prefix("listening on ").unwrap()]);
    assert_eq!(ended.code, Some(1));
    let failed =
        "failed   7      a-payload-of-16-kib-is-taken: a creation was answered by 413, not 200";
    let at = ended.stdout.iter().position(|line| line == failed).unwrap();
    assert_eq!(
        ended.stdout[at + 1].trim(),
        "docs/protocol.md, 7: \"it takes a `payload` of at least 16 KiB\""
    );
}

#[test]
fn a_relay_that_does_not_answer_is_tried_until_the_patience_ends() {
    let desk = Desk::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let words = ["conformance", &url, "--give-up-after"];
    let ended = desk.run(&[&words[..], &["1"]].concat());
    assert_eq!(ended.code, Some(4));

    let process = desk.start(&[&words[..], &["3600"]].concat());
    process.warns("no answer from the relay; trying on");
    process.signal(Signal::INT);
    // Nothing was made that would have to be deleted.
    assert_eq!(process.end().code, Some(130));
}

#[test]
fn only_a_relays_origin_is_taken() {
    let desk = Desk::new();
    for url in [
        "http://relay.example",
        "relay.example",
        "https://relay.example/v1/m",
    ] {
        assert_eq!(desk.run(&["conformance", url]).code, Some(2), "{url}");
    }
}
