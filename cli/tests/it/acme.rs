//! `tigress relay --acme`, with a real authority on this machine.

use std::time::{Duration, Instant};

use tigress_servers::{Pebble, free_port, get_by_tls};

use crate::common::Desk;

#[test]
fn a_name_gives_a_relay_its_certificate() {
    let (desk, port) = (Desk::new(), free_port());
    let authority = Pebble::start(port);
    let listen = format!("127.0.0.1:{port}");
    desk.write("authority.pem", authority.authority().as_bytes());
    let words = [
        "relay",
        "--acme",
        "relay.example",
        "--listen",
        &listen,
        "--store",
        "mailboxes",
        "--acme-directory",
        &authority.directory(),
        "--acme-root",
        "authority.pem",
    ];
    let mut relay = desk.start(&words);
    assert_eq!(
        relay.line().unwrap(),
        format!("listening on https://{listen} as https://relay.example")
    );
    let trusted = authority.root();
    let until = Instant::now() + Duration::from_secs(60);
    let answer = loop {
        match get_by_tls(&trusted, "relay.example", port, "/readyz") {
            Ok(answer) => break answer,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(desk.path("acme").is_dir(), "beside the store");
    relay.kill();

    drop(authority);
    let mut again = desk.start(&words);
    let line = again.line();
    assert!(line.is_some(), "{:?}", again.end().stderr);
    let answer = get_by_tls(&trusted, "relay.example", port, "/healthz").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "from what is kept");
}

#[test]
fn what_can_not_work_is_told_with_its_setting() {
    let desk = Desk::new();
    for (words, told) in [
        (
            &["--acme", "192.0.2.1"][..],
            "192.0.2.1: an address is no name",
        ),
        (&["--acme", "*.relay.example"], "give each name"),
        (&["--acme-contact", "me@a.example"], "need a name: --acme"),
        (
            &["--acme", "a.example", "--public-url", "https://b.example"],
            "the public URL must be https, with one of its names",
        ),
        (
            &[
                "--acme",
                "a.example",
                "--client-ip-header",
                "x-forwarded-for",
            ],
            "behind no proxy",
        ),
    ] {
        let mut all = vec!["relay", "--store", "memory", "--listen", "127.0.0.1:0"];
        all.extend(words);
        let ended = desk.run(&all);
        assert_eq!(ended.code, Some(2), "{words:?}");
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
}
