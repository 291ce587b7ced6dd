//! Stdin and stdout in the place of files, and a stdout that takes nothing.

use std::fs::{File, OpenOptions};
use std::process::{Command, Output};

use crate::common::{Desk, Process, arbitrary, text};
use crate::offer::Offer;
use crate::words::{resume, send, spoken};

/// What is sent from stdin.
fn offer(content: &[u8]) -> Offer {
    let desk = Desk::new();
    let relay = desk.relay();
    desk.write("key", content);
    let mut words = send(&relay.url, &[]);
    words[1] = "-";
    let mut command = desk.command(&words);
    command.stdin(File::open(desk.path("key")).unwrap());
    Offer::of(desk, relay, Process::of(command))
}

fn receiver(offer: &Offer, more: &[&str]) -> Command {
    offer.desk.command(&offer.receive(more))
}

/// A disk that is full.
fn full(mut command: Command) -> Output {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    command.stdout(full).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn what_is_sent_from_stdin_arrives_on_stdout_with_nothing_beside_it() {
    let content = arbitrary(70_000);
    let offer = offer(&content);
    let received = receiver(&offer, &["--out", "-"]).output().unwrap();
    assert_eq!(received.status.code(), Some(0), "{}", said(&received));
    assert_eq!(received.stdout, content);
    assert!(said(&received).lines().all(|line| line.starts_with('{')));
    assert!(said(&received).contains("\"outcome\":\"completed\""));
    assert_eq!(offer.sender.end().code, Some(0));
}

#[test]
fn what_was_kept_is_written_to_stdout_later_and_the_words_go_to_stderr() {
    let offer = offer(b"the key");
    let received = receiver(&offer, &[]).output().unwrap();
    assert_eq!(received.status.code(), Some(0));
    let last = String::from_utf8(received.stdout).unwrap();
    let id = text(
        &serde_json::from_str(last.lines().last().unwrap()).unwrap(),
        "transfer",
    );
    let words = spoken(resume(&id, "r", &["--out", "-"]));
    let resumed = offer.desk.command(&words).output().unwrap();
    assert_eq!(resumed.stdout, b"the key");
    assert!(
        said(&resumed).contains("received: 7 bytes") && said(&resumed).contains("ended: completed")
    );
    // Once it is there it is not kept any longer.
    let again = offer.desk.command(&words).output().unwrap();
    assert!(again.stdout.is_empty());
    assert_eq!(
        again.status.code(),
        Some(1),
        "an empty file would be taken for it"
    );
}

#[test]
fn a_stdout_that_is_full_receives_nothing_and_loses_nothing() {
    let offer = offer(b"the key");
    let refused = full(offer.desk.command(&spoken(offer.receive(&["--out", "-"]))));
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said(&refused).contains("stdout can't be written"),
        "{}",
        said(&refused)
    );
    // Words alone are no reason to stop.
    let received = full(
        offer
            .desk
            .command(&spoken(offer.receive(&["--out", "got"]))),
    );
    assert_eq!(received.status.code(), Some(0), "{}", said(&received));
    assert_eq!(offer.desk.read("got"), b"the key");
    assert_eq!(offer.sender.end().code, Some(0));
}

#[test]
fn what_the_command_is_for_and_can_not_say_is_a_failure() {
    let offer = offer(b"the key");
    for words in [
        &["send", "key", "--state", "s"][..],
        &["send", "key", "--state", "s", "--json"],
        &["transfers", "--state", "s"],
        &["inspect", &offer.url, "--json"],
    ] {
        let failed = full(offer.desk.command(words));
        assert_eq!(failed.status.code(), Some(1), "{words:?}");
        let said = said(&failed);
        assert_eq!(
            said.lines()
                .filter(|line| line.contains("stdout can't be written"))
                .count(),
            1,
            "{said}"
        );
    }
}
