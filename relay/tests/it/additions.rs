//! What our relay adds, each part optional for a client.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::json;
use tigress_mailbox::Secret;
use tigress_mailbox::{format_timestamp, recipient_proof_hash, recipient_proof_header};
use tigress_relay::Relay;
use tigress_relay::push::{Notification, Outcome, PushGateway};
use tigress_relay::store::MemoryStore;
use tokio::sync::mpsc;

use crate::common::observed::{Observed, Seen, next};
use crate::common::{NOW, RECEIVER, SENDER, THIRD, config, create_body, id, run, start, url_of};

fn held<'a>(version: &'a str, wait: &'a str) -> [(&'a str, &'a str); 2] {
    [("Prefer", wait), ("Mailbox-Payload-Version", version)]
}

#[tokio::test]
async fn each_payload_has_its_own_version() {
    let relay = start().await;
    let created = relay.create_from(&create_body()).await;
    let url = url_of(&created);
    assert_eq!(
        relay.read(&url, RECEIVER).await.version(),
        created.version()
    );
    let updated = relay.update(&url, SENDER, 1, "first").await;
    assert_ne!(updated.version(), created.version(), "also of equal bytes");
    assert_eq!(
        relay.read(&url, RECEIVER).await.version(),
        updated.version()
    );
}

#[tokio::test]
async fn a_held_read_is_answered_when_the_payload_changes() {
    let relay = start().await;
    let url = relay.create().await;
    let version = relay.read(&url, RECEIVER).await.version();
    let list = held(&version, "wait=60");
    let waiting = relay.read_with(&url, RECEIVER, &list);
    let writing = relay.update(&url, SENDER, 1, "second");
    let (read, written) = tokio::join!(waiting, writing);
    assert_eq!(
        (read.status, read.json()["payload"]["data"].clone()),
        (200, json!("second"))
    );
    assert_eq!(read.version(), written.version());
    assert_eq!(
        read.header("preference-applied"),
        Some("wait=50"),
        "less than a proxy's usual 60 s, whatever is asked for"
    );
}

#[tokio::test]
async fn a_held_read_is_answered_when_the_mailbox_ends() {
    let relay = start().await;
    let url = relay.create().await;
    let version = relay.read(&url, RECEIVER).await.version();
    let list = held(&version, "wait=60");
    let deleting = relay.leave(Method::DELETE, &url, SENDER, 1);
    let (read, _) = tokio::join!(relay.read_with(&url, RECEIVER, &list), deleting);
    assert_eq!(read.status, 404);

    let mut body = create_body();
    body["displayInformation"]["title"] = json!("another");
    let request_id = id(5);
    let own = [
        ("Mailbox-Device-Claim", SENDER),
        ("Mailbox-Request-ID", request_id.as_str()),
    ];
    let url = url_of(&relay.call(Method::POST, "/v1/m", &own, Some(&body)).await);
    let version = relay.read(&url, RECEIVER).await.version();
    let list = held(&version, "wait=60");
    let expiring = async { relay.clock.advance(1000) };
    let (read, ()) = tokio::join!(relay.read_with(&url, RECEIVER, &list), expiring);
    assert_eq!(read.status, 404);
}

#[tokio::test]
async fn a_held_read_ends_with_the_same_content_after_its_time() {
    let relay = start().await;
    let url = relay.create().await;
    let version = relay.read(&url, RECEIVER).await.version();
    let read = relay
        .read_with(&url, RECEIVER, &held(&version, "wait=1"))
        .await;
    assert_eq!((read.status, read.version()), (200, version));
}

#[tokio::test]
async fn a_read_is_not_held_without_a_version_or_with_another() {
    let relay = start().await;
    let url = relay.create().await;
    for list in [
        vec![("Prefer", "wait=60")],
        vec![("Mailbox-Payload-Version", "x")],
        held("some-other-relays-version", "wait=60").to_vec(),
        held("x", "respond-async, wait=60").to_vec(),
    ] {
        let read = relay.read_with(&url, RECEIVER, &list);
        let read = tokio::time::timeout(Duration::from_secs(20), read)
            .await
            .unwrap();
        assert_eq!(read.status, 200);
    }
}

#[tokio::test]
async fn a_held_read_never_takes_the_place_that_its_device_gave_up() {
    let (store, mut seen) = Observed::new(MemoryStore::default());
    let relay = run(Relay::new(config(), store)).await;
    let url = relay.create().await;
    let version = relay.read(&url, RECEIVER).await.version();
    let list = held(&version, "wait=60");
    let leaving = async {
        next(&mut seen, Seen::Watched).await;
        relay.leave(Method::PATCH, &url, RECEIVER, 1).await;
        relay.update(&url, SENDER, 1, "second").await
    };
    let (read, _) = tokio::join!(relay.read_with(&url, RECEIVER, &list), leaving);
    assert_eq!(
        read.status, 401,
        "it is woken, and its claim has no place any more"
    );
    assert_eq!(relay.read(&url, THIRD).await.status, 200);
}

#[tokio::test]
async fn a_conditional_update_needs_the_current_version() {
    let relay = start().await;
    let url = relay.create().await;
    let version = relay.read(&url, RECEIVER).await.version();
    let quoted = format!("\"{version}\"");
    for other in [
        "\"x\"",
        "*",
        "x",
        &version,
        &format!("W/{quoted}"),
        &format!("{quoted}, \"x\""),
    ] {
        let seen = relay
            .update_with(&url, RECEIVER, 1, "no", &[("If-Match", other)])
            .await;
        assert_eq!(
            (seen.status, seen.problem().as_str()),
            (412, "urn:tigress:relay:conflict"),
            "{other}"
        );
    }
    let first = relay
        .update_with(&url, RECEIVER, 1, "yes", &[("If-Match", &quoted)])
        .await;
    assert_eq!(
        first.status, 200,
        "a refused request is not a processed one"
    );
    let again = relay
        .update_with(&url, RECEIVER, 1, "yes", &[("If-Match", &quoted)])
        .await;
    assert_eq!(
        again.status, 201,
        "the request id comes before the condition"
    );
    let third = relay
        .update_with(&url, THIRD, 1, "yes", &[("If-Match", "*")])
        .await;
    assert_eq!(third.status, 401, "the claim comes before the condition");
    assert_eq!(
        relay.read(&url, SENDER).await.json()["payload"]["data"],
        "yes"
    );
}

#[tokio::test]
async fn only_who_shows_the_recipient_proof_binds() {
    let relay = start().await;
    let secret = Secret::new([5; 32]);
    let mut body = create_body();
    body["recipientProof"] = json!(recipient_proof_hash(&secret));
    let url = url_of(&relay.create_from(&body).await);
    let wrong = recipient_proof_header(&Secret::new([6; 32]));
    let hash = recipient_proof_hash(&secret);
    for shown in ["", "x", wrong.as_str(), hash.as_str()] {
        let list = [("Mailbox-Recipient-Proof", shown)];
        assert_eq!(relay.read_with(&url, THIRD, &list).await.status, 401);
    }
    assert_eq!(relay.read(&url, THIRD).await.status, 401);
    assert_eq!(
        relay.read(&url, SENDER).await.status,
        200,
        "the initiator needs none"
    );

    let right = recipient_proof_header(&secret);
    let list = [("Mailbox-Recipient-Proof", right.as_str())];
    assert_eq!(relay.read_with(&url, RECEIVER, &list).await.status, 200);
    assert_eq!(
        relay.read(&url, RECEIVER).await.status,
        200,
        "bound, the claim is enough"
    );
    assert_eq!(relay.read_with(&url, THIRD, &list).await.status, 401);
    relay.leave(Method::PATCH, &url, RECEIVER, 1).await;
    assert_eq!(
        relay.read(&url, THIRD).await.status,
        401,
        "also the next binding"
    );
    assert_eq!(relay.read_with(&url, THIRD, &list).await.status, 200);
}

/// Remembers what it was given.
struct Gateway(mpsc::UnboundedSender<String>);

#[async_trait]
impl PushGateway for Gateway {
    fn types(&self) -> Vec<String> {
        vec!["test".to_owned()]
    }

    async fn notify(&self, notification: &Notification<'_>) -> Outcome {
        let _ = self.0.send(notification.token.token_data.clone());
        Outcome::Sent
    }
}

#[tokio::test]
async fn the_other_device_is_notified() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let relay = Relay::new(crate::common::config(), MemoryStore::default());
    let relay = run(relay.with_push(Arc::new(Gateway(sender)))).await;
    let mut body = create_body();
    body["notificationToken"] = json!({"type": "test", "tokenData": "initiator"});
    let created = relay.create_from(&body).await;
    assert_eq!(created.json()["isPushNotificationSupported"], true);
    let url = url_of(&created);
    relay.read(&url, RECEIVER).await;
    assert_eq!(told.recv().await.as_deref(), Some("initiator"), "bound");

    let mut body = crate::common::payload("second");
    body["notificationToken"] = json!({"type": "test", "tokenData": "recipient"});
    let request_id = id(1);
    let list = [
        ("Mailbox-Device-Claim", RECEIVER),
        ("Mailbox-Request-ID", request_id.as_str()),
    ];
    relay.call(Method::PUT, &url, &list, Some(&body)).await;
    assert_eq!(told.recv().await.as_deref(), Some("initiator"), "written");
    relay.call(Method::PUT, &url, &list, Some(&body)).await;
    relay.leave(Method::DELETE, &url, SENDER, 1).await;
    assert_eq!(
        told.recv().await.as_deref(),
        Some("recipient"),
        "deleted; the repetition told nobody"
    );
}

#[tokio::test]
async fn the_relays_time_and_the_mailboxs_end_are_told() {
    let relay = start().await;
    let mut body = create_body();
    body["mailboxConfiguration"]["expiration"] = json!(format_timestamp(NOW + 365 * 24 * 3600));
    let url = url_of(&relay.create_from(&body).await);
    let read = relay.read(&url, RECEIVER).await;
    let end = format_timestamp(NOW + 30 * 24 * 3600 + 600);
    assert_eq!(
        read.json()["expiration"],
        end,
        "brought forward to the longest life"
    );
    let date = tigress_mailbox::parse_http_date(read.header("date").unwrap());
    assert_eq!(date, Some(NOW));
}
