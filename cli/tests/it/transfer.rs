//! Transfers between two processes: all at once, killed at any point, never online together.

use crate::common::{Desk, Watcher, arbitrary, text};
use crate::words::{receive, resume, send};

#[test]
fn bytes_of_any_kind_arrive_as_they_were_and_so_does_the_reply() {
    let desk = Desk::new();
    let relay = desk.relay();
    let content = arbitrary(50_000);
    desk.write("key", &content);
    desk.write("thanks", b"thank you\n");
    let mut sender = desk.start(&send(&relay.url, &["--out", "replies"]));
    let url = text(&sender.until("invited"), "url");
    let received = desk.run(&receive(
        &url,
        &relay.url,
        &["--out", "got", "--reply", "thanks"],
    ));
    let sent = sender.end();
    assert_eq!((received.code, sent.code), (Some(0), Some(0)));
    assert_eq!(desk.read("got"), content);
    let got = received.event("credential_received");
    assert_eq!(got["bytes"], 50_000);
    assert_eq!(got["format"], "application/octet-stream");
    assert_eq!(text(&got, "out"), desk.path("got").to_str().unwrap());
    let reply = text(&sent.event("credential_received"), "out");
    assert_eq!(std::fs::read(reply).unwrap(), b"thank you\n");
    for side in [&received, &sent] {
        assert_eq!(side.event("closed")["outcome"], "completed");
        side.event("credential_delivered");
    }
}

#[test]
fn the_least_and_the_most_that_a_message_holds_arrive_and_more_is_refused() {
    let desk = Desk::new();
    for size in [0, 256 * 1024] {
        let content = arbitrary(size);
        desk.write("key", &content);
        let (sender, url) = desk.invited(&["key", "--state", "s"]);
        let relay = url.split("/v1/").next().unwrap();
        let out = format!("got-{size}");
        let received = desk.run(&receive(&url, relay, &["--out", &out]));
        assert_eq!(received.code, Some(0), "{}", received.stderr);
        assert_eq!(sender.end().code, Some(0));
        assert_eq!(desk.read(&out), content);
    }
    desk.write("key", &arbitrary(256 * 1024 + 1));
    let refused = desk.run(&["send", "key", "--json", "--state", "s"]);
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.event("error")["code"], "too_large");
}

#[test]
fn without_a_relay_one_is_started_and_stays_until_the_receiver_has_seen_the_end() {
    let desk = Desk::new();
    desk.write("key", b"k");
    let mut sender = desk.start(&["send", "key", "--json", "--state", "s"]);
    let relay = text(&sender.until("relay"), "url");
    let url = text(&sender.until("invited"), "url");
    let receiver = desk.run(&receive(&url, &relay, &["--out", "got"]));
    assert_eq!(receiver.code, Some(0));
    assert_eq!(sender.end().code, Some(0));
}

#[test]
fn a_tigress_file_is_as_good_as_the_link() {
    let desk = Desk::new();
    desk.write("key", b"k");
    let words = ["key", "--state", "s", "--invitation", "offer.tigress"];
    let (sender, url) = desk.invited(&words);
    let relay = url.split("/v1/").next().unwrap();
    let words = receive("offer.tigress", relay, &["--out", "got"]);
    assert_eq!(desk.run(&words).code, Some(0));
    assert_eq!(sender.end().code, Some(0));
    assert_eq!(crate::common::mode(&desk.path("offer.tigress")), 0o600);
}

#[test]
fn the_two_are_never_online_together_and_each_is_killed_whenever_it_has_spoken() {
    let desk = Desk::new();
    let (watcher, _relay) = Watcher::before(&desk);
    let content = arbitrary(3000);
    desk.write("key", &content);
    desk.write("thanks", b"thanks");
    let mut sender = desk.start(&send(&watcher.url, &["--out", "replies"]));
    let invited = sender.until("invited");
    let (sending, url) = (text(&invited, "transfer"), text(&invited, "url"));
    sender.kill();
    std::fs::remove_file(desk.path("key")).unwrap();

    let mut receiver = desk.start(&receive(
        &url,
        &watcher.url,
        &["--out", "got", "--reply", "thanks"],
    ));
    let receiving = text(&receiver.until("accepted"), "transfer");
    watcher.written();
    receiver.kill();
    std::fs::remove_file(desk.path("thanks")).unwrap();

    let resume_sender = resume(&sending, "s", &[]);
    let resume_receiver = resume(&receiving, "r", &[]);
    let mut sender = desk.start(&resume_sender);
    sender.until("accepted");
    watcher.written();
    sender.kill();

    let mut receiver = desk.start(&resume_receiver);
    receiver.until("credential_received");
    watcher.written();
    receiver.kill();
    assert_eq!(desk.read("got"), content);

    let ended = desk.run(&resume_sender);
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.event("closed")["outcome"], "completed");
    let reply = text(&ended.event("credential_received"), "out");
    assert_eq!(std::fs::read(reply).unwrap(), b"thanks");

    let ended = desk.run(&resume_receiver);
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.event("closed")["outcome"], "completed");
    assert_eq!(desk.read("got"), content);
}

#[test]
fn a_receiver_killed_after_its_file_was_written_finds_it_no_obstacle() {
    let desk = Desk::new();
    let (watcher, _relay) = Watcher::before(&desk);
    desk.write("key", b"the key");
    let (sender, url) = desk.offer(&watcher.url);
    let words = receive(&url, &watcher.url, &["--out", "got"]);
    let mut receiver = desk.start(&words);
    // The line comes after the file and before its acknowledgement.
    receiver.until("credential_received");
    receiver.kill();
    let again = desk.run(&words);
    assert_eq!(again.code, Some(0), "{:?}", again.stdout);
    assert_eq!(desk.read("got"), b"the key");
    assert_eq!(sender.end().code, Some(0));
}

#[test]
fn resume_of_an_ended_transfer_says_again_how_it_ended() {
    let desk = Desk::new();
    desk.write("key", b"k");
    let (sender, url) = desk.invited(&["key", "--state", "s"]);
    let relay = url.split("/v1/").next().unwrap();
    let words = receive(&url, relay, &["--out", "got"]);
    let received = desk.run(&words);
    let sent = sender.end();
    // The relay has ended with the sender: nothing more is asked of it.
    for (side, state) in [(&sent, "s"), (&received, "r")] {
        let closed = side.event("closed");
        let again = desk.run(&resume(&text(&closed, "transfer"), state, &[]));
        assert_eq!(again.code, Some(0));
        assert_eq!(again.events(), [closed]);
    }
    // Nor does the same invitation begin another.
    let again = desk.run(&words);
    assert_eq!(again.code, Some(0));
    assert_eq!(again.event("closed")["outcome"], "completed");
}
