//! The webhook, alone and behind a whole relay.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha2::Sha256;
use tigress_mailbox::format_timestamp;
use tigress_relay::Relay;
use tigress_relay::push::{Outcome, Webhook, Why};
use tigress_relay::store::MemoryStore;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::service::{Act, Received, Service};
use super::{later, notify, token};
use crate::common::{Log, NOW, RECEIVER, SENDER, config, create_body, run, url_of};
use crate::tls::Authority;

const KEY: [u8; 32] = [9; 32];
const KIND: &str = "com.example.wallet";

fn webhook(url: &str) -> Webhook {
    let key = format!("whsec_{}", STANDARD.encode(KEY));
    Webhook::new(url, &key, vec![KIND.to_owned()]).unwrap()
}

/// As a receiver does it, by another implementation than the sender's.
fn is_signed(received: &Received) -> bool {
    let signature = received
        .header("webhook-signature")
        .strip_prefix("v1,")
        .unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&KEY).unwrap();
    mac.update(received.header("webhook-id").as_bytes());
    mac.update(b".");
    mac.update(received.header("webhook-timestamp").as_bytes());
    mac.update(b".");
    mac.update(&received.body);
    mac.verify_slice(&STANDARD.decode(signature).unwrap())
        .is_ok()
}

async fn relay_with(webhook: Webhook) -> crate::common::TestRelay {
    let relay = Relay::new(config(), MemoryStore::default());
    run(relay.with_push(Arc::new(webhook))).await
}

#[tokio::test]
async fn a_device_is_notified_by_a_signed_message_that_says_nothing_of_the_transfer() {
    let mut service = Service::start(Vec::new()).await;
    let relay = relay_with(webhook(&format!("{}/hook", service.url))).await;
    let mut body = create_body();
    body["notificationToken"] = json!({"type": KIND, "tokenData": "the phone"});
    let url = url_of(&relay.create_from(&body).await);
    relay.read(&url, RECEIVER).await;
    let received = service.next().await;
    assert_eq!(received.path, "POST /hook");
    assert_eq!(received.header("content-type"), "application/json");
    assert!(is_signed(&received));
    assert_eq!(received.header("webhook-timestamp"), NOW.to_string());
    let data = json!({"type": KIND, "tokenData": "the phone"});
    let told = json!({"type": "wake", "timestamp": format_timestamp(NOW), "data": data});
    assert_eq!(received.json(), told, "and nothing else");
    let all = format!("{:?}", received.headers);
    let mailbox = url.rsplit('/').next().unwrap();
    for hidden in [mailbox, SENDER, RECEIVER] {
        assert!(!all.contains(hidden), "{all}");
    }
    let names = received.headers.keys().map(|name| name.as_str());
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    let usual = ["accept", "content-length", "content-type", "host"];
    let own = ["webhook-id", "webhook-signature", "webhook-timestamp"];
    assert_eq!(names, [&usual[..], &own].concat());
}

#[tokio::test]
async fn what_is_said_of_push_depends_on_the_token() {
    let service = Service::start(Vec::new()).await;
    let relay = relay_with(webhook(&service.url)).await;
    assert_eq!(relay.running.push_types(), [KIND]);
    let mut body = create_body();
    let said = relay.create_from(&body).await.json();
    assert_eq!(said["isPushNotificationSupported"], true, "some are served");
    for (kind, served) in [(KIND, true), ("com.example.other", false)] {
        body["notificationToken"] = json!({"type": kind, "tokenData": "x"});
        let created = relay.create_from(&body).await;
        assert_eq!(
            created.json()["isPushNotificationSupported"],
            served,
            "{kind}"
        );
        let mut body = crate::common::payload("more");
        body["notificationToken"] = json!({"type": kind, "tokenData": "x"});
        let request_id = crate::common::id(u32::from(served) + 1);
        let list = [
            ("Mailbox-Device-Claim", SENDER),
            ("Mailbox-Request-ID", request_id.as_str()),
        ];
        let url = url_of(&created);
        let updated = relay
            .call(reqwest::Method::PUT, &url, &list, Some(&body))
            .await;
        assert_eq!(
            updated.json()["isPushNotificationSupported"],
            served,
            "{kind}"
        );
    }
}

#[tokio::test]
async fn a_service_that_fails_is_asked_again_with_the_same_id_and_no_call_waits() {
    let mut service = Service::start(vec![Act::Answer(500, "")]).await;
    let relay = relay_with(webhook(&service.url)).await;
    let log = Log::default();
    let _guard = log.collect();
    let mut body = create_body();
    body["notificationToken"] = json!({"type": KIND, "tokenData": "the-phones-token"});
    let url = url_of(&relay.create_from(&body).await);
    relay.read(&url, RECEIVER).await;
    let first = service.next().await;
    relay.clock.advance(5);
    let second = service.next().await;
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body);
    assert_eq!(second.header("webhook-timestamp"), (NOW + 5).to_string());
    assert!(is_signed(&first) && is_signed(&second));

    service.will(Act::Never);
    relay.update(&url, RECEIVER, 1, "more").await;
    service.next().await;
    let begun = Instant::now();
    for n in 2..5 {
        assert_eq!(relay.update(&url, RECEIVER, n, "more").await.status, 200);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "while a try hangs"
    );
    assert!(service.is_left_alone(), "one at a time for a token");
    let counts = relay.running.push_counts();
    assert_eq!((counts.sent, counts.retried), (1, 1));
    assert_eq!((counts.waiting, counts.merged), (1, 3));
    relay.running.shutdown().await;
    assert!(!log.text().contains("the-phones-token"), "{}", log.text());
}

#[tokio::test]
async fn each_answer_has_its_outcome() {
    let elsewhere = Service::start(Vec::new()).await;
    let to = elsewhere.url.clone();
    let refused = |status| Outcome::Refused(Why::answered(status, ""));
    let cases = [
        (Act::Answer(204, ""), Outcome::Sent),
        (Act::Answer(500, "no"), later(500, "", None)),
        (
            Act::With(429, "retry-after", "77".to_owned()),
            later(429, "", Some(77)),
        ),
        (Act::With(307, "location", to.clone()), refused(307)),
        (Act::With(301, "location", to), refused(301)),
        (Act::Answer(400, ""), refused(400)),
        (Act::Answer(404, ""), refused(404)),
        (Act::Answer(410, ""), Outcome::Ended(Why::answered(410, ""))),
    ];
    let mut service = Service::start(Vec::new()).await;
    let (webhook, token) = (webhook(&service.url), token(KIND, "x"));
    for (act, outcome) in cases {
        service.will(act);
        assert_eq!(notify(&webhook, &token).await, outcome);
        service.next().await;
    }
    let mut elsewhere = elsewhere;
    assert!(elsewhere.is_left_alone(), "redirects are not followed");
}

#[tokio::test]
async fn a_body_without_an_end_is_not_taken_and_the_status_counts() {
    let given = Arc::new(AtomicUsize::new(0));
    let acts = vec![Act::Endless(given.clone()), Act::Stalls];
    let service = Service::start(acts).await;
    let (webhook, token) = (webhook(&service.url), token(KIND, "x"));
    for _ in 0..2 {
        assert_eq!(notify(&webhook, &token).await, Outcome::Sent);
    }
    // The rest is what the sockets hold.
    let given = given.load(Ordering::Relaxed);
    assert!(given < 32 << 20, "{given}");
}

#[tokio::test]
async fn a_connection_that_fails_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/secret-path", listener.local_addr().unwrap());
    let cutting = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
    });
    let (webhook, token) = (webhook(&url), token(KIND, "x"));
    let tried = |word| Outcome::Later {
        after: None,
        why: Why::new(word),
    };
    assert_eq!(
        notify(&webhook, &token).await,
        tried("the connection failed")
    );
    cutting.await.unwrap();
    assert_eq!(notify(&webhook, &token).await, tried("not reached"));
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_gets_nothing() {
    let mut service = Service::start_with_tls(&Authority::new(), Vec::new()).await;
    let webhook = webhook(&service.url);
    let outcome = notify(&webhook, &token(KIND, "x")).await;
    assert!(matches!(outcome, Outcome::Later { .. }), "{outcome:?}");
    assert!(service.is_left_alone());
}
