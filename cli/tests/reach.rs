//! How a relay is reached: by which name, and under whose authority.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{Desk, Process, Relay, text};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// A relay with an authority of its own, whose certificate is in `ca.pem` and, as DER, in `ca.der`.
fn private_relay(desk: &Desk) -> Relay {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &ca).unwrap();
    desk.write("ca.pem", ca.pem().as_bytes());
    desk.write("ca.der", ca.der());
    desk.write("relay.pem", certificate.pem().as_bytes());
    desk.write("relay.key", key.serialize_pem().as_bytes());
    let words = ["relay", "--store", "memory", "--tls-cert", "relay.pem"];
    let mut process = desk.start(&[&words[..], &["--tls-key", "relay.key"]].concat());
    let line = process.line().unwrap();
    let url = line.strip_prefix("listening on ").unwrap().to_owned();
    Relay { process, url }
}

#[test]
fn a_relay_with_its_own_authority_is_reached_by_naming_that() {
    let desk = Desk::new();
    let relay = private_relay(&desk);
    desk.write("key", b"the key");
    let words = ["send", "key", "--relay", &relay.url, "--state", "s"];
    let mut sender = desk.start(&[&words[..], &["--ca", "ca.pem", "--json"]].concat());
    let invited = sender.until("invited");
    let (id, url) = (text(&invited, "transfer"), text(&invited, "url"));
    // It is noted: what goes on needs it no more.
    sender.kill();
    std::fs::remove_file(desk.path("ca.pem")).unwrap();
    let sender = desk.start(&["resume", &id, "--state", "s", "--json"]);
    let words = ["receive", &url, "--relay-trust", &relay.url, "--state", "r"];
    let received = desk.run(&[&words[..], &["--ca", "ca.der", "--out", "got", "--json"]].concat());
    assert_eq!(received.code, Some(0), "{:?}", received.stdout);
    assert_eq!(desk.read("got"), b"the key");
    assert_eq!(sender.end().code, Some(0));
    let ended = desk.run(&["terminate", &id, "--state", "s", "--ca", "ca.der"]);
    assert_eq!(ended.code, Some(0));
}

#[test]
fn one_relay_on_this_machine_has_several_names() {
    let desk = Desk::new();
    let relay = desk.relay();
    desk.write("key", b"the key");
    let port = relay.url.rsplit(':').next().unwrap();
    let localhost = format!("http://localhost:{port}");
    // Of this machine the same port by another name, on either side.
    for (at, (inviting, trusting)) in [
        (&localhost, &localhost),
        (&localhost, &relay.url),
        (&relay.url, &localhost),
    ]
    .into_iter()
    .enumerate()
    {
        let (sender, url) = desk.invited(&["key", "--relay", inviting, "--state", "s"]);
        assert!(
            url.starts_with(inviting),
            "what it was called is what it is called"
        );
        let state = format!("r{at}");
        let words = [
            "receive",
            &url,
            "--relay-trust",
            trusting,
            "--state",
            &state,
        ];
        let received = desk.run(&[&words[..], &["--out", &format!("got{at}"), "--json"]].concat());
        assert_eq!(received.code, Some(0), "{:?}", received.stdout);
        assert_eq!(sender.end().code, Some(0));
    }
    // Another port is another relay.
    let (_sender, url) = desk.invited(&["key", "--relay", &relay.url, "--state", "s"]);
    let other = "http://localhost:9";
    let refused = desk.run(&[
        "receive",
        &url,
        "--relay-trust",
        other,
        "--state",
        "x",
        "--json",
    ]);
    assert_eq!(refused.event("error")["code"], "untrusted_relay");
}

#[test]
fn certificates_that_are_none_are_told_at_once() {
    let desk = Desk::new();
    desk.write("key", b"k");
    desk.write(
        "none.pem",
        b"-----BEGIN CERTIFICATE-----\nsesame\n-----END CERTIFICATE-----\n",
    );
    for ca in ["none.pem", "key", "missing"] {
        let words = [
            "send",
            "key",
            "--relay",
            "https://127.0.0.1:9",
            "--state",
            "s",
        ];
        let mut command = desk.command(&[&words[..], &["--ca", ca, "--json"]].concat());
        command.env("RUST_LOG", "off");
        let refused = Process::of(command).end();
        assert!(
            matches!(refused.code, Some(1 | 2)),
            "{ca}: {:?}",
            refused.stdout
        );
        let error = refused.event("error");
        assert_ne!(error["code"], "relay_unreachable");
        assert!(!text(&error, "reason").contains("sesame"));
    }
}
