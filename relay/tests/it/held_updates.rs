//! An update whose answer waits for the other side's next payload: docs/protocol.md, section 7.1.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tigress_relay::Relay;
use tigress_relay::store::MemoryStore;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::common::observed::{Observed, Seen as Happened, next};
use crate::common::{RECEIVER, SENDER, Seen, THIRD, TestRelay, config, run, start};

const HELD: [(&str, &str); 1] = [("Prefer", "wait=60, return=representation")];
/// Shorter than an answer is held that nothing ends.
const SOON: Duration = Duration::from_secs(20);

/// A relay with a bound mailbox, and what its store sees.
async fn bound() -> (TestRelay, String, UnboundedReceiver<Happened>) {
    let (store, seen) = Observed::new(MemoryStore::default());
    let relay = run(Relay::new(config(), store)).await;
    let url = relay.create().await;
    relay.read(&url, RECEIVER).await;
    (relay, url, seen)
}

/// That an update was done, and nothing more.
fn only_done(answer: &Seen) {
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({ "isPushNotificationSupported": false })
    );
}

//= test protocol/7.1-applied
#[tokio::test]
async fn it_is_done_at_once_and_answered_with_what_the_other_side_writes() {
    let (relay, url, mut seen) = bound().await;
    let held = relay.update_with(&url, RECEIVER, 1, "answer", &HELD);
    let other = async {
        next(&mut seen, Happened::Watched).await;
        let read = relay.read(&url, SENDER).await;
        assert_eq!(read.json()["payload"]["data"], "answer", "done already");
        relay.update(&url, SENDER, 1, "second").await
    };
    let (held, written) = tokio::join!(held, other);
    assert_eq!(held.status, 200);
    let mut wanted = relay.read(&url, RECEIVER).await.json();
    wanted["isPushNotificationSupported"] = json!(false);
    assert_eq!(
        held.json(),
        wanted,
        "what a read has, and what an update has"
    );
    assert_eq!(held.json()["payload"]["data"], "second");
    assert_eq!(held.version(), written.version());
    assert_eq!(
        held.header("preference-applied"),
        Some("return=representation, wait=50")
    );
}

#[tokio::test]
async fn a_repeated_one_is_answered_at_once_with_what_there_is() {
    let (relay, url, _) = bound().await;
    relay.update(&url, RECEIVER, 1, "answer").await;
    let begun = Instant::now();
    let same = relay.update_with(&url, RECEIVER, 1, "answer", &HELD).await;
    assert_eq!(
        (same.status, same.json()["payload"]["data"].clone()),
        (201, json!("answer"))
    );
    relay.update(&url, SENDER, 1, "second").await;
    let other = relay.update_with(&url, RECEIVER, 1, "answer", &HELD).await;
    assert_eq!(
        (other.status, other.json()["payload"]["data"].clone()),
        (201, json!("second")),
        "nothing is lost with an answer"
    );
    assert!(begun.elapsed() < SOON);
}

#[tokio::test]
async fn after_its_time_it_says_what_a_plain_one_does() {
    let (relay, url, _) = bound().await;
    let list = [("Prefer", "return=representation, wait=1")];
    let begun = Instant::now();
    let done = relay.update_with(&url, RECEIVER, 1, "answer", &list).await;
    assert!(begun.elapsed() >= Duration::from_millis(900));
    only_done(&done);
    assert_eq!(done.version(), relay.read(&url, SENDER).await.version());
    assert_eq!(done.header("preference-applied"), Some("wait=1"));
}

#[tokio::test]
async fn it_was_done_whatever_becomes_of_the_mailbox() {
    for ending in ["deleted", "expired", "given up"] {
        let (relay, url, mut seen) = bound().await;
        let held = relay.update_with(&url, RECEIVER, 1, "answer", &HELD);
        let begun = Instant::now();
        let (held, ()) = tokio::join!(held, async {
            next(&mut seen, Happened::Watched).await;
            match ending {
                "deleted" => drop(relay.leave(Method::DELETE, &url, SENDER, 2).await),
                "expired" => relay.clock.advance(1000),
                _ => {
                    relay.leave(Method::PATCH, &url, RECEIVER, 2).await;
                    relay.update(&url, SENDER, 3, "for another").await;
                }
            }
        });
        only_done(&held);
        assert!(begun.elapsed() < SOON);
    }
}

#[tokio::test]
async fn it_was_done_also_where_the_relay_can_not_wait() {
    let store = Observed::blind(MemoryStore::default());
    let relay = run(Relay::new(config(), store)).await;
    let url = relay.create().await;
    let done = relay.update_with(&url, SENDER, 1, "second", &HELD).await;
    only_done(&done);
    let read = relay.read(&url, RECEIVER).await;
    assert_eq!(read.json()["payload"]["data"], "second");
}

#[tokio::test]
async fn a_relay_that_ends_answers_it() {
    let (relay, url, mut seen) = bound().await;
    let client = relay.client.clone();
    let held = client
        .put(&url)
        .header("Mailbox-Device-Claim", RECEIVER)
        .header("Mailbox-Request-ID", crate::common::id(1))
        .header(HELD[0].0, HELD[0].1)
        .body(crate::common::payload("answer").to_string());
    let held = tokio::spawn(held.send());
    next(&mut seen, Happened::Watched).await;
    relay.running.shutdown().await;
    only_done(&crate::common::seen(held.await.unwrap().unwrap()).await);
}

#[tokio::test]
async fn what_is_refused_or_asks_for_one_half_is_not_held() {
    let relay = start().await;
    let url = relay.create().await;
    relay.read(&url, RECEIVER).await;
    let begun = Instant::now();
    let conditional = [HELD[0], ("If-Match", "\"x\"")];
    let late = relay.update_with(&url, RECEIVER, 1, "no", &conditional);
    assert_eq!(late.await.status, 412);
    let stranger = relay.update_with(&url, THIRD, 1, "no", &HELD).await;
    assert_eq!(stranger.status, 401);
    for (n, half) in [(2, "wait=60"), (3, "return=representation")] {
        let list = [("Prefer", half)];
        let done = relay.update_with(&url, RECEIVER, n, "yes", &list).await;
        only_done(&done);
        assert_eq!(done.header("preference-applied"), None);
    }
    assert!(begun.elapsed() < SOON);
}
