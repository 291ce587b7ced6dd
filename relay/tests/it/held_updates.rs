//! An update whose answer waits for the other side's next payload: docs/protocol.md, section 7.1.

use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use serde_json::json;
use tigress_relay::Relay;
use tigress_relay::store::MemoryStore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use crate::common::observed::{Observed, Seen as Happened, next};
use crate::common::{RECEIVER, SENDER, Seen, THIRD, TestRelay, config, id, payload, run, start};

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

/// The same with other limits of its client's.
async fn bound_with(
    requests: usize,
    incoming_bytes: usize,
) -> (TestRelay, String, UnboundedReceiver<Happened>) {
    let mut config = config();
    config.limits.requests.client = requests;
    config.limits.incoming_bytes.client = incoming_bytes;
    let (store, seen) = Observed::new(MemoryStore::default());
    let relay = run(Relay::new(config, store)).await;
    let url = relay.create().await;
    relay.read(&url, RECEIVER).await;
    (relay, url, seen)
}

/// An update that is held, by a client that waits for it elsewhere.
fn hold(relay: &TestRelay, url: &str, n: u32, data: &str) -> JoinHandle<reqwest::Result<Response>> {
    let request = relay.client.put(url);
    let request = request
        .header("Mailbox-Device-Claim", RECEIVER)
        .header("Mailbox-Request-ID", id(n))
        .header(HELD[0].0, HELD[0].1)
        .body(payload(data).to_string());
    tokio::spawn(request.send())
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
    let held = hold(&relay, &url, 1, "answer");
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

#[tokio::test]
async fn what_it_wrote_is_no_body_under_way_any_more_while_it_waits() {
    // One body is all that the client has.
    let large = "x".repeat(300_000);
    let (relay, url, mut seen) = bound_with(8, 400_000).await;
    let held = hold(&relay, &url, 1, &large);
    next(&mut seen, Happened::Watched).await;
    let begun = Instant::now();
    let other = relay.update(&url, SENDER, 1, &large).await;
    assert_eq!(other.status, 200, "{other:?}");
    assert!(begun.elapsed() < relay_patience(), "at once");
    let told = crate::common::seen(held.await.unwrap().unwrap()).await;
    assert_eq!(told.version(), other.version());
}

/// How long a request waits for its client's bytes.
fn relay_patience() -> Duration {
    config().limits.patience
}

#[tokio::test]
async fn it_is_a_request_under_way_until_it_is_answered_or_given_up() {
    let (relay, url, mut seen) = bound_with(1, 400_000).await;
    let held = hold(&relay, &url, 1, "answer");
    next(&mut seen, Happened::Watched).await;
    let refused = relay.read(&url, SENDER).await;
    assert_eq!(refused.status, 429, "{refused:?}");
    held.abort();
    assert!(held.await.is_err(), "its client has gone");
    // The relay hears of it when it does.
    let served = async {
        loop {
            let read = relay.read(&url, SENDER).await;
            if read.status == 200 {
                return read;
            }
            tokio::task::yield_now().await;
        }
    };
    let read = tokio::time::timeout(SOON, served).await.unwrap();
    assert_eq!(read.json()["payload"]["data"], "answer", "it was done");
}

#[tokio::test]
async fn of_two_that_one_device_has_held_the_first_is_told_of_the_second() {
    let (relay, url, mut seen) = bound().await;
    let first = hold(&relay, &url, 1, "one");
    next(&mut seen, Happened::Watched).await;
    let second = hold(&relay, &url, 2, "two");
    let first = crate::common::seen(first.await.unwrap().unwrap()).await;
    assert_eq!(
        first.json()["payload"]["data"],
        "two",
        "it judges that itself"
    );
    relay.update(&url, SENDER, 3, "three").await;
    let second = crate::common::seen(second.await.unwrap().unwrap()).await;
    assert_eq!(second.json()["payload"]["data"], "three");
}
