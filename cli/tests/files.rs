//! What is written where: received files, the state folder.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{Desk, Ended, Process, Relay, mode, text};

struct Offer {
    desk: Desk,
    relay: Relay,
    sender: Process,
    url: String,
}

fn offer() -> Offer {
    let desk = Desk::new();
    let relay = desk.relay();
    desk.write("key", b"the key");
    let (sender, url) = desk.invited(&["key", "--relay", &relay.url, "--state", "s"]);
    Offer {
        desk,
        relay,
        sender,
        url,
    }
}

impl Offer {
    fn receive(&self, more: &[&str]) -> Ended {
        let words = [
            "receive",
            &self.url,
            "--relay-trust",
            &self.relay.url,
            "--json",
        ];
        self.desk
            .run(&[&words[..], &["--state", "r"], more].concat())
    }
}

#[test]
fn another_file_is_never_overwritten_without_force() {
    let offer = offer();
    offer.desk.write("got", b"something else");
    let refused = offer.receive(&["--out", "got"]);
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.event("error")["code"], "file_exists");
    assert_eq!(offer.desk.read("got"), b"something else");
    let forced = offer.receive(&["--out", "got", "--force"]);
    assert_eq!(forced.code, Some(0), "{:?}", forced.stdout);
    assert_eq!(offer.desk.read("got"), b"the key");
    assert_eq!(mode(&offer.desk.path("got")), 0o600);
    assert_eq!(offer.sender.end().code, Some(0));
}

#[test]
fn a_file_that_appears_meanwhile_loses_nothing() {
    let offer = offer();
    // Noted before anything is received: the receiver is refused at the very end.
    let words = [
        "receive",
        &offer.url,
        "--relay-trust",
        &offer.relay.url,
        "--json",
    ];
    let words = [&words[..], &["--state", "r", "--out", "got"]].concat();
    let mut receiver = offer.desk.start(&words);
    receiver.until("accepted");
    receiver.kill();
    offer.desk.write("got", b"something else");
    let refused = offer.receive(&[]);
    assert_eq!(refused.code, Some(1), "{:?}", refused.stdout);
    let error = refused.event("error");
    assert_eq!(error["code"], "file_exists");
    let id = text(&error, "transfer");
    let resumed = offer
        .desk
        .run(&["resume", &id, "--state", "r", "--out", "other", "--json"]);
    assert_eq!(resumed.code, Some(0), "{:?}", resumed.stdout);
    assert_eq!(offer.desk.read("other"), b"the key");
    assert_eq!(offer.desk.read("got"), b"something else");
    assert_eq!(offer.sender.end().code, Some(0));
}

#[test]
fn without_out_it_is_kept_sealed_until_a_file_is_named() {
    let offer = offer();
    let received = offer.receive(&[]);
    assert_eq!(received.code, Some(0));
    let event = received.event("credential_received");
    assert!(event["out"].is_null());
    for entry in std::fs::read_dir(offer.desk.path("r")).unwrap() {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!content.windows(7).any(|seven| seven == b"the key"));
    }
    let id = text(&event, "transfer");
    let resumed = offer
        .desk
        .run(&["resume", &id, "--state", "r", "--out", "got", "--json"]);
    assert_eq!(resumed.code, Some(0));
    assert_eq!(offer.desk.read("got"), b"the key");
    assert_eq!(resumed.event("closed")["outcome"], "completed");
    // Once written, it is not kept any longer.
    let again = offer
        .desk
        .run(&["resume", &id, "--state", "r", "--out", "more", "--json"]);
    assert_eq!(again.code, Some(0));
    assert!(!offer.desk.path("more").exists());
}

#[test]
fn a_folder_that_is_not_there_is_told_before_anything_is_claimed() {
    let offer = offer();
    for out in ["nowhere/got", "."] {
        let refused = offer.receive(&["--out", out]);
        assert_eq!(
            (refused.code, &refused.event("error")["code"]),
            (Some(1), &"file".into())
        );
    }
    let words = [
        "receive",
        &offer.url,
        "--relay-trust",
        &offer.relay.url,
        "--state",
        "another",
    ];
    assert_eq!(offer.desk.run(&words).code, Some(0));
}

#[test]
fn the_state_folder_has_its_own_key_for_its_user_alone() {
    let offer = offer();
    let key = offer.desk.path("s/key");
    assert_eq!((mode(&key), mode(&offer.desk.path("s"))), (0o600, 0o700));
    assert_eq!(std::fs::read(&key).unwrap().len(), 32);
    assert_eq!(offer.receive(&["--out", "got"]).code, Some(0));
    assert_eq!(offer.sender.end().code, Some(0));
    // Under another key nothing opens, and nothing is taken for lost.
    let id = text(
        &offer
            .desk
            .run(&["transfers", "--state", "r", "--json"])
            .events()[0],
        "transfer",
    );
    std::fs::write(offer.desk.path("r/key"), [7; 32]).unwrap();
    let resumed = offer.desk.run(&["resume", &id, "--state", "r", "--json"]);
    assert_eq!(resumed.code, Some(1));
}

#[test]
fn without_state_the_users_own_folder_is_taken() {
    let desk = Desk::new();
    assert_eq!(desk.run(&["transfers"]).code, Some(0));
    assert_eq!(mode(&desk.path("home/.local/state/tigress/key")), 0o600);
    let mut command = desk.command(&["transfers"]);
    command.env("XDG_STATE_HOME", desk.path("xdg"));
    assert_eq!(Process::of(command).end().code, Some(0));
    assert!(desk.path("xdg/tigress/key").is_file());
}
