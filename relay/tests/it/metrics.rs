//! What an operator sees of a relay's work, as a scraper gets it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tigress_relay::store::MemoryStore;
use tigress_relay::{Limits, Listen, Relay, RelayConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::common::observed::{Observed, Seen, next};
use crate::common::{
    RECEIVER, SENDER, TestRelay, config, create_body, id, run, start, start_with, url_of,
};

/// With a snapshot each hundredth of a second.
fn watched() -> RelayConfig {
    RelayConfig {
        metrics_listen: Some("127.0.0.1:0".parse().unwrap()),
        metrics_interval: Duration::from_millis(10),
        ..config()
    }
}

/// What is shown, by name and words as they stand there.
async fn scrape(relay: &TestRelay) -> BTreeMap<String, f64> {
    let text = text(relay).await;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let numbers = lines.map(|line| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let name = name.strip_prefix("tigress_relay_").unwrap();
        (name.to_owned(), value.parse().unwrap())
    });
    numbers.collect()
}

async fn text(relay: &TestRelay) -> String {
    let place = relay.running.metrics().unwrap();
    let url = format!("http://{place}/metrics");
    let answer = relay.client.get(url).send().await.unwrap();
    let media = answer.headers()["content-type"].to_str().unwrap();
    assert_eq!(media, "text/plain; version=0.0.4; charset=utf-8");
    answer.text().await.unwrap()
}

/// Scrapes until it is so.
async fn until(
    relay: &TestRelay,
    so: impl Fn(&BTreeMap<String, f64>) -> bool,
) -> BTreeMap<String, f64> {
    let seen = async {
        loop {
            let shown = scrape(relay).await;
            if so(&shown) {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), seen)
        .await
        .unwrap()
}

fn answers(call: &str, status: &str) -> String {
    format!("answers_total{{call=\"{call}\",status=\"{status}\"}}")
}

async fn relay_that_loses_lines() -> (TestRelay, Arc<AtomicU64>) {
    let lost = Arc::<AtomicU64>::default();
    let config = RelayConfig {
        sweep_interval: Duration::from_secs(3600), // the first is the only one
        ..watched()
    };
    let relay = Relay::new(config, MemoryStore::default()).with_lost_lines(lost.clone());
    (run(relay).await, lost)
}

/// Waits until all is shown that will be: what is the relay's alone shows that there was a snapshot, and of sixteen one
/// shows all.
async fn all_is_shown(relay: &TestRelay, lost: &AtomicU64) {
    for _ in 0..16 {
        let now = lost.fetch_add(1, Ordering::Relaxed) + 1;
        let now = f64::from(u32::try_from(now).unwrap());
        until(relay, |shown| shown["log_lines_lost_total"] == now).await;
    }
}

#[tokio::test]
async fn metrics_are_on_their_own_listener_and_nowhere_else() {
    let usual = start().await;
    assert!(usual.running.metrics().is_none(), "off if nobody asks");
    let relay = start_with(watched()).await;
    let public = relay.call(Method::GET, "/metrics", &[], None).await;
    assert_eq!(public.status, 404);
    let place = relay.running.metrics().unwrap().clone();
    for (method, path, status) in [
        (Method::GET, "/metrics", 200),
        (Method::POST, "/metrics", 405),
        (Method::GET, "/healthz", 404),
        (Method::POST, "/v1/m", 404),
    ] {
        let url = format!("http://{place}{path}");
        let answer = relay.call(method, &url, &[], None).await;
        assert_eq!(answer.status, status, "{path}");
    }
    relay.running.shutdown().await;
    let Listen::Tcp(address) = place else {
        unreachable!("a port")
    };
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn metrics_may_be_on_a_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.sock");
    let relay = start_with(RelayConfig {
        metrics_listen: Some(Listen::Unix(path.clone())),
        ..watched()
    })
    .await;
    let mut stream = UnixStream::connect(&path).await.unwrap();
    let asked = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(asked).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    relay.running.shutdown().await;
    assert!(!path.exists());
}

/// A whole transfer of one person leaves no trace in what is shown.
#[tokio::test]
async fn one_person_can_not_be_seen() {
    let (relay, lost) = relay_that_loses_lines().await;
    all_is_shown(&relay, &lost).await;
    let before = text(&relay).await;
    let mut body = create_body();
    body["notificationToken"] = json!({"type": "test", "tokenData": "push-token"});
    let url = url_of(&relay.create_from(&body).await);
    let version = relay.read(&url, RECEIVER).await.version();
    let list = [
        ("Prefer", "wait=60"),
        ("Mailbox-Payload-Version", version.as_str()),
    ];
    let held = relay.read_with(&url, SENDER, &list);
    let large = "x".repeat(500_000);
    let (held, updated) = tokio::join!(held, relay.update(&url, RECEIVER, 1, &large));
    assert_eq!((held.status, updated.status), (200, 200));
    relay
        .read(&url, "33333333-3333-4333-8333-333333333333")
        .await;
    all_is_shown(&relay, &lost).await;
    let after = text(&relay).await;
    let but_lost = |text: &str| {
        let lines = text
            .lines()
            .filter(|line| !line.contains("log_lines_lost_total "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(but_lost(&after), but_lost(&before));
    let mailbox = url.rsplit('/').next().unwrap();
    for hidden in [mailbox, SENDER, RECEIVER, &id(1), "push-token", "127.0.0.1"] {
        assert!(!after.contains(hidden), "{hidden} in {after}");
    }
}

/// Whatever is asked of a relay, no words are shown but those that are known beforehand.
#[tokio::test]
async fn no_word_comes_from_a_request() {
    let relay = start_with(watched()).await;
    let before = scrape(&relay).await;
    for n in 0..30 {
        let path = format!("/v1/m/{n}?call={n}");
        relay.call(Method::GET, &path, &[], None).await;
        let other = format!("/{n}");
        let method = Method::from_bytes(format!("M{n}").as_bytes()).unwrap();
        relay.call(method, &other, &[], None).await;
    }
    let other = answers("other", "4xx");
    let after = until(&relay, |shown| shown[&other] >= 10.0).await;
    let words = |shown: &BTreeMap<String, f64>| shown.keys().cloned().collect::<Vec<_>>();
    assert_eq!(words(&after), words(&before));
}

#[tokio::test]
async fn what_many_do_is_counted() {
    let relay = start_with(RelayConfig {
        limits: Limits {
            max_wait: 60,
            ..Limits::default()
        },
        ..watched()
    })
    .await;
    for n in 0..40 {
        let request_id = id(n);
        let list = [
            ("Mailbox-Device-Claim", SENDER),
            ("Mailbox-Request-ID", request_id.as_str()),
        ];
        let made = relay
            .call(Method::POST, "/v1/m", &list, Some(&create_body()))
            .await;
        assert_eq!(made.status, 200);
    }
    let made = answers("CreateMailbox", "2xx");
    let shown = until(&relay, |shown| {
        shown[&made] > 20.0 && shown["mailboxes"] > 20.0
    })
    .await;
    assert!(shown[&made] <= 40.0 && shown["mailboxes"] <= 40.0);
    assert_eq!(
        shown["answer_seconds_count{call=\"CreateMailbox\"}"] % 10.0,
        0.0
    );
    assert!(shown["store_seconds_count{operation=\"create\"}"] > 0.0);
    assert_eq!(shown[&answers("CreateMailbox", "4xx")], 0.0);
    assert_eq!(shown["mailbox_bytes"], 0.0, "far from a step");
}

#[tokio::test]
async fn reads_are_counted_while_they_are_held_and_their_time_is_not_the_relays() {
    let (store, mut seen_by_store) = Observed::new(MemoryStore::default());
    let relay = run(Relay::new(watched(), store)).await;
    let url = relay.create().await;
    let version = relay.read(&url, RECEIVER).await.version();
    let list = [
        ("Prefer", "wait=60"),
        ("Mailbox-Payload-Version", version.as_str()),
    ];
    let reads = (0..30).map(|_| relay.read_with(&url, RECEIVER, &list));
    let reads = futures_of(reads);
    let story = async {
        for _ in 0..30 {
            next(&mut seen_by_store, Seen::Watched).await;
        }
        let held = until(&relay, |shown| shown["held_reads"] > 10.0).await;
        assert!(held["held_reads"] <= 30.0 && held["connections"] > 10.0);
        relay.update(&url, SENDER, 1, "next").await
    };
    let (read, updated) = tokio::join!(reads, story);
    assert_eq!(updated.status, 200);
    assert!(read.iter().all(|status| *status == 200));
    let shown = until(&relay, |shown| {
        shown["wakeups_total"] > 10.0 && shown["held_reads"] == 0.0
    })
    .await;
    assert_eq!(
        shown["answer_seconds_count{call=\"ReadSecureContent\"}"],
        0.0
    );
}

/// The statuses of all of them, which are under way together.
async fn futures_of(
    reads: impl Iterator<Item = impl Future<Output = crate::common::Seen>>,
) -> Vec<u16> {
    let mut reads: Vec<_> = reads
        .map(|read| Box::pin(async { read.await.status }))
        .collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        reads.retain_mut(|read| match read.as_mut().poll(context) {
            std::task::Poll::Ready(status) => {
                done.push(status);
                false
            }
            std::task::Poll::Pending => true,
        });
        match reads.is_empty() {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    done
}

#[tokio::test]
async fn what_a_limit_stands_against_is_counted() {
    let relay = start_with(RelayConfig {
        limits: Limits {
            limit_loopback: true,
            burst: tigress_relay::Bound::new(5, 5, 5),
            requests_per_second: tigress_relay::Bound::new(1, 1, 1),
            ..Limits::default()
        },
        ..watched()
    })
    .await;
    for _ in 0..35 {
        relay.call(Method::GET, "/v1/m", &[], None).await;
    }
    let limited = "refused_total{limit=\"rate\"}";
    let shown = until(&relay, |shown| shown[limited] > 10.0).await;
    assert!(shown[limited] <= 30.0);
    assert_eq!(shown["refused_total{limit=\"room\"}"], 0.0);
}

#[tokio::test]
async fn a_store_that_fails_is_seen_at_once() {
    let relay = run(Relay::new(watched(), crate::operation::Broken)).await;
    let failed = relay.create_from(&create_body()).await;
    assert_eq!(failed.status, 503);
    let failures = answers("CreateMailbox", "5xx");
    let shown = until(&relay, |shown| shown[&failures] == 1.0).await;
    assert!(shown["store_errors_total{error=\"unavailable\"}"] >= 1.0);
    assert_eq!(shown["store_errors_total{error=\"full\"}"], 0.0);
    assert!(!shown.contains_key("mailboxes"), "it can't say");
}
