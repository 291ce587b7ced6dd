//! Every exit code, and what leads to it.

use crate::common::{Desk, Signal, Watcher, text};
use crate::words::{receive, receive_in, resume, send, terminate, transfers};

const NOBODY: &str = "http://127.0.0.1:9";
const LINK: &str =
    "/v1/m/8958099f-6507-4638-b1ab-ad27b4dc5bcb#zJ9r5gtRzv1-Owns4I_Zsa09JP-fHw7qwwiUCEvV2v0";

#[test]
fn ctrl_c_of_a_sender_takes_the_invitation_back() {
    let desk = Desk::new();
    let relay = desk.relay();
    desk.write("key", b"k");
    let (sender, url) = desk.offer(&relay.url);
    sender.signal(Signal::INT);
    let sender = sender.end();
    assert_eq!(sender.code, Some(130));
    assert_eq!(sender.event("closed")["outcome"], "cancelled");
    let words = receive(&url, &relay.url, &[]);
    let late = desk.run(&words);
    assert_eq!(late.code, Some(3));
    assert_eq!(late.event("error")["code"], "no_longer_there");
    // How it ended stays known, to the exit code.
    let closed = sender.event("closed");
    let again = desk.run(&resume(&text(&closed, "transfer"), "s", &[]));
    assert_eq!((again.code, again.events()), (Some(3), vec![closed]));
}

#[test]
fn ctrl_c_of_a_receiver_tells_the_sender() {
    let desk = Desk::new();
    let (watcher, _relay) = Watcher::before(&desk);
    desk.write("key", b"k");
    let mut sender = desk.start(&send(&watcher.url, &[]));
    let invited = sender.until("invited");
    sender.kill();
    let url = text(&invited, "url");
    let receiver = desk.start(&receive(&url, &watcher.url, &[]));
    // Token 2 is with the relay, and the sender is away.
    watcher.written();
    let id = text(&invited, "transfer");
    receiver.signal(Signal::INT);
    watcher.written();
    let sender = desk.run(&resume(&id, "s", &[]));
    assert_eq!(sender.code, Some(3));
    assert_eq!(sender.event("closed")["outcome"], "declined");
    let receiver = receiver.end();
    assert_eq!(receiver.code, Some(130));
    assert_eq!(receiver.event("closed")["outcome"], "declined");
}

#[test]
fn terminate_ends_a_transfer_that_another_process_carries() {
    let desk = Desk::new();
    let relay = desk.relay();
    desk.write("key", b"k");
    let mut sender = desk.start(&send(&relay.url, &[]));
    let id = text(&sender.until("invited"), "transfer");
    let ended = desk.run(&terminate(&id, "s", &[]));
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.event("closed")["outcome"], "cancelled");
    let sender = sender.end();
    assert_eq!(sender.code, Some(3));
    assert_eq!(sender.event("closed")["outcome"], "cancelled");
    // Once more does no harm.
    let again = desk.run(&terminate(&id, "s", &[]));
    assert_eq!(again.code, Some(0));
    let unknown = desk.run(&terminate(&id, "other", &[]));
    assert_eq!(unknown.code, Some(1));
    assert_eq!(unknown.event("error")["code"], "unknown_transfer");
}

#[test]
fn an_invitation_that_another_device_has_is_refused() {
    let desk = Desk::new();
    let relay = desk.relay();
    desk.write("key", b"k");
    let (sender, url) = desk.offer(&relay.url);
    sender.kill();
    let mut first = desk.start(&receive(&url, &relay.url, &[]));
    first.until("accepted");
    let words = receive_in("other", &url, &relay.url, &[]);
    let second = desk.run(&words);
    assert_eq!(second.code, Some(3));
    assert_eq!(second.event("error")["code"], "claimed_by_another");
}

#[test]
fn a_relay_that_is_not_there_is_given_up() {
    let desk = Desk::new();
    desk.write("key", b"k");
    let link = format!("{NOBODY}{LINK}");
    for words in [
        send(NOBODY, &["--give-up-after", "0.5"]),
        receive(&link, NOBODY, &["--give-up-after", "0.5"]),
    ] {
        let ended = desk.run(&words);
        assert_eq!(ended.code, Some(4), "{words:?}");
        assert_eq!(ended.event("error")["code"], "relay_unreachable");
    }
}

#[test]
fn a_relay_that_dies_meanwhile_is_given_up_and_the_transfer_is_not() {
    let desk = Desk::new();
    let relay = desk.relay();
    desk.write("key", b"k");
    let mut sender = desk.start(&send(&relay.url, &["--give-up-after", "0.5"]));
    sender.until("invited");
    relay.process.kill();
    let sender = sender.end();
    assert_eq!(sender.code, Some(4));
    let error = sender.event("error");
    assert_eq!(error["code"], "relay_unreachable");
    let listed = desk.run(&transfers("s", &[]));
    assert_eq!(listed.events()[0]["transfer"], error["transfer"]);
    assert_eq!(listed.events()[0]["state"], "invited");
}

#[test]
fn a_wrong_secret_fails_and_the_right_one_still_succeeds() {
    let desk = Desk::new();
    let relay = desk.relay();
    desk.write("key", b"k");
    let (sender, url) = desk.offer(&relay.url);
    let (address, _) = url.split_once('#').unwrap();
    let wrong = format!("{address}#{}", "A".repeat(43));
    let words = |link: &str| {
        let words = receive(link, &relay.url, &[]);
        desk.run(&words)
    };
    let failed = words(&wrong);
    assert_eq!(failed.code, Some(3), "{:?}", failed.stdout);
    let error = failed.event("error");
    assert_eq!(error["code"], "claimed_by_another");
    let reason = "another device was faster, or the link was changed";
    assert_eq!(error["reason"], reason);
    assert_eq!(words(&url).code, Some(0));
    assert_eq!(sender.end().code, Some(0));
}

/// A sender that is done before it has sent anything.
async fn empty_handed(relay: String, told: std::sync::mpsc::Sender<String>) {
    use tigress::{
        Config, InvitationRequest, MemoryStore, TerminateReason, TransferClient, TransferEvent,
    };
    let config = Config {
        allow_loopback_http: true,
        ..Config::with_relay(relay)
    };
    let store = std::sync::Arc::new(MemoryStore::new());
    let client = TransferClient::new(config, store, None).unwrap();
    let request = InvitationRequest::default();
    let invitation = client.create_invitation(request).await.unwrap();
    told.send(invitation.share_url.to_url().to_string())
        .unwrap();
    let id = invitation.transfer;
    let mut events = client.events(id).unwrap();
    while let Some(event) = events.next().await.unwrap() {
        if event == TransferEvent::Established {
            client.terminate(id, TerminateReason::Done).await.unwrap();
        }
    }
}

#[test]
fn a_receiver_that_gets_nothing_has_not_succeeded_however_it_was_called() {
    let desk = Desk::new();
    let relay = desk.relay();
    let (told, tells) = std::sync::mpsc::channel();
    let url = relay.url.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(empty_handed(url, told));
    });
    let url = tells.recv().unwrap();
    let words = receive(&url, &relay.url, &["--out", "got"]);
    let received = desk.run(&words);
    assert_eq!(received.code, Some(1), "{:?}", received.stdout);
    let closed = received.event("closed");
    assert_eq!(
        (&closed["outcome"], &closed["received"]),
        (&"completed".into(), &0.into())
    );
    let error = received.event("error");
    assert_eq!(error["code"], "nothing_received");
    assert!(!desk.path("got").exists());
    // Asked again it says the same.
    let id = text(&closed, "transfer");
    let again = desk.run(&resume(&id, "r", &[]));
    assert_eq!((again.code, again.event("error")), (Some(1), error));
}
