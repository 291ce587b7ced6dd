//! A relay that is down, slow, wrong or not a relay at all: over real sockets, with the built-in transport.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tigress::{
    Config, Error, InvitationRequest, MemoryStore, TransferClient, TransferState, TransportFailure,
};
use tigress_testkit::{Apps, RawServer, Reaction, TestRelay};

fn client(config: Config) -> TransferClient {
    TransferClient::new(config, Arc::new(MemoryStore::new()), None).unwrap()
}

pub(crate) fn request() -> InvitationRequest {
    InvitationRequest {
        credential: Some(Apps::credential()),
        idempotency_key: Some("the user's tap".into()),
        ..InvitationRequest::default()
    }
}

async fn create(config: Config) -> Error {
    client(config)
        .create_invitation(request())
        .await
        .unwrap_err()
}

pub(crate) fn refused(status: u16) -> impl Fn(&Error) -> bool {
    move |error| matches!(error, Error::RelayRefused { status: found, .. } if *found == status)
}

fn unreachable(kind: TransportFailure, reason: &str) -> Error {
    Error::RelayUnreachable {
        kind,
        reason: reason.into(),
        retry_after: None,
    }
}

/// CreateMailbox's good answer.
fn created(origin: &str) -> Reaction {
    let body = format!(
        r#"{{"urlLink":"{origin}/v1/m/2bba630e-519b-41ec-81d3-0242ac130003","isPushNotificationSupported":false}}"#
    );
    Reaction::answer(200, "", body.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_down_is_unreachable_and_the_same_call_goes_on_once_it_is_up() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap();
    drop(port);
    let mut config = Config::with_relay(format!("http://{address}"));
    config.allow_loopback_http = true;
    config.give_up_after = Duration::ZERO;
    let alice = client(config);
    let error = alice.create_invitation(request()).await.unwrap_err();
    assert_eq!(
        error,
        unreachable(TransportFailure::Unreachable, "can't connect")
    );
    assert!(error.is_retryable());
    let kept = alice.transfers().await.unwrap();
    assert_eq!(kept[0].state, TransferState::Invited);
    let _relay = TestRelay::start_at(address).await;
    let invitation = alice.create_invitation(request()).await.unwrap();
    assert_eq!(invitation.transfer, kept[0].id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_down_for_a_while_is_waited_for() {
    let server = RawServer::start(|count, origin| match count {
        0 => Reaction::Close,
        1 => Reaction::answer(503, "", b""),
        _ => created(origin),
    })
    .await;
    let mut config = server.config();
    config.give_up_after = Duration::from_secs(20);
    client(config).create_invitation(request()).await.unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_does_not_answer_in_time_is_unreachable() {
    let server = RawServer::start(|_, _| Reaction::Silence).await;
    let mut config = server.config();
    config.request_timeout = Duration::from_millis(100);
    assert_eq!(
        create(config).await,
        unreachable(TransportFailure::TimedOut, "timed out")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_is_unreachable() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_vec();
    for bytes in [vec![], b"SSH-2.0-OpenSSH_9\r\n".to_vec(), half] {
        let server = RawServer::start(move |_, _| Reaction::Bytes(bytes.clone())).await;
        let error = create(server.config()).await;
        assert_eq!(error.code(), "relay_unreachable", "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_error_is_told_and_may_be_tried_again() {
    for status in [500, 502, 503, 504] {
        let server = RawServer::start(move |_, _| Reaction::answer(status, "", b"oops")).await;
        let error = create(server.config()).await;
        assert!(refused(status)(&error) && error.is_retryable(), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_waited_for() {
    let server = RawServer::start(|count, origin| match count {
        0 => Reaction::answer(429, "retry-after: 1\r\n", b""),
        _ => created(origin),
    })
    .await;
    let mut config = server.config();
    config.give_up_after = Duration::from_secs(20);
    let started = Instant::now();
    client(config).create_invitation(request()).await.unwrap();
    assert!(
        started.elapsed() >= Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
    // Who has less time is told at once, not when it is over.
    let server = RawServer::start(|_, _| Reaction::answer(429, "retry-after: 1800\r\n", b"")).await;
    let mut config = server.config();
    config.give_up_after = Duration::from_secs(900);
    let told = tokio::time::timeout(Duration::from_secs(60), create(config));
    let error = told.await.unwrap();
    assert!(refused(429)(&error) && error.is_retryable(), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absurd_retry_after_is_only_a_refusal() {
    for after in [
        "18446744073709551615",
        "-1",
        "soon",
        "Fri, 01 Jan 2999 00:00:00 GMT",
    ] {
        let line = format!("retry-after: {after}\r\n");
        let server = RawServer::start(move |_, _| Reaction::answer(429, &line, b"")).await;
        assert!(refused(429)(&create(server.config()).await), "{after}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let target = Arc::new(RawServer::start(|_, origin| created(origin)).await);
    for status in [301, 302, 303, 307, 308] {
        let line = format!("location: {}/v1/m\r\n", target.url());
        let server = RawServer::start(move |_, _| Reaction::answer(status, &line, b"")).await;
        let error = create(server.config()).await;
        assert!(refused(status)(&error) && !error.is_retryable(), "{error}");
    }
    assert_eq!(target.requests(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_more_than_a_mebibyte_is_not_read() {
    let endless = RawServer::start(|_, _| Reaction::Endless).await;
    assert_eq!(
        create(endless.config()).await,
        unreachable(TransportFailure::TooLarge, "the answer is too large")
    );
    let large =
        |size: usize| RawServer::start(move |_, _| Reaction::answer(200, "", &vec![b' '; size]));
    let over = large(1024 * 1024 + 1).await;
    assert_eq!(
        create(over.config()).await,
        unreachable(TransportFailure::TooLarge, "the answer is too large")
    );
    // Just as large as is allowed: read, and found to be no answer.
    let within = large(1024 * 1024).await;
    assert!(refused(0)(&create(within.config()).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_of_a_relay_is_told() {
    let bodies = [
        "",
        "<html>Welcome</html>",
        "{}",
        r#"{"urlLink":7}"#,
        r#"{"urlLink":""}"#,
    ];
    for body in bodies {
        let server = RawServer::start(move |_, _| Reaction::answer(200, "", body.as_bytes())).await;
        let error = create(server.config()).await;
        assert!(refused(0)(&error), "{body}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_at_another_origin_is_refused() {
    let origins = [
        "https://elsewhere.example",
        "http://127.0.0.1:1",
        "https://127.0.0.1",
    ];
    for origin in origins {
        let server = RawServer::start(move |_, _| created(origin)).await;
        assert_eq!(
            create(server.config()).await,
            Error::RelayRefused {
                status: 0,
                reason: "urlLink is of another origin",
                retry_after: None,
            }
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_a_new_mailbox_are_told_with_their_status() {
    for status in [400, 401, 403, 404, 413] {
        let server = RawServer::start(move |_, _| Reaction::answer(status, "", b"")).await;
        let error = create(server.config()).await;
        assert!(refused(status)(&error) && !error.is_retryable(), "{error}");
        assert_eq!(server.requests().len(), 1, "asked once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_swallows_each_new_mailbox_is_given_up() {
    let server = RawServer::start(|_, _| Reaction::answer(201, "", b"")).await;
    assert!(refused(0)(&create(server.config()).await));
    assert_eq!(server.requests().len(), 3);
}
