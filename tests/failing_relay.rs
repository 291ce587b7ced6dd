//! A relay that is down, slow, wrong or not a relay at all: over real sockets with the built-in transport where it is
//! the transport that must hold, and what each failure leaves of a transfer.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use tigress::mailbox::{HttpResponse, Method};
use tigress::{
    AcceptOptions, Config, Error, InvitationRequest, MemoryStore, Outcome, TransferClient,
    TransferEvent, TransferState,
};
use tigress_testkit::{
    Apps, Faulty, Follower, PlainRelay, RawServer, Reaction, Recorder, Side, TestClock, TestRelay,
};

fn client(config: Config) -> TransferClient {
    TransferClient::new(config, Arc::new(MemoryStore::new()), None).unwrap()
}

fn request() -> InvitationRequest {
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

fn refused(status: u16) -> impl Fn(&Error) -> bool {
    move |error| matches!(error, Error::RelayRefused { status: found, .. } if *found == status)
}

fn unreachable(reason: &str) -> Error {
    Error::RelayUnreachable {
        reason: reason.into(),
    }
}

/// CreateMailbox's good answer.
fn created(origin: &str) -> Reaction {
    let body = format!(
        r#"{{"urlLink":"{origin}/v1/m/2bba630e-519b-41ec-81d3-0242ac130003","isPushNotificationSupported":false}}"#
    );
    Reaction::answer(200, "", body.as_bytes())
}

// --- no answer --------------------------------------------------------------------------------------------------------

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
    assert_eq!(error, unreachable("can't connect"));
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
    assert_eq!(create(config).await, unreachable("timed out"));
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

// --- a wrong answer ---------------------------------------------------------------------------------------------------

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
    // Who has less time is told at once.
    let server = RawServer::start(|_, _| Reaction::answer(429, "retry-after: 60\r\n", b"")).await;
    let mut config = server.config();
    config.give_up_after = Duration::from_secs(20);
    let started = Instant::now();
    let error = create(config).await;
    assert!(refused(429)(&error) && error.is_retryable(), "{error}");
    assert!(started.elapsed() < Duration::from_secs(10));
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
        unreachable("the answer is too large")
    );
    let large =
        |size: usize| RawServer::start(move |_, _| Reaction::answer(200, "", &vec![b' '; size]));
    let over = large(1024 * 1024 + 1).await;
    assert_eq!(
        create(over.config()).await,
        unreachable("the answer is too large")
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
                reason: "urlLink is of another origin"
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

// --- in the middle of a transfer --------------------------------------------------------------------------------------

/// A transfer over a plain relay, behind a proxy that answers for it with a status while one is set.
struct Scene {
    relay: Arc<PlainRelay>,
    clock: Arc<TestClock>,
    status: Arc<AtomicU16>,
    alice: Side,
    bob: Side,
}

impl Scene {
    async fn established() -> Self {
        let relay = Arc::new(PlainRelay::with_final_not_found());
        let (clock, status) = (TestClock::start(), Arc::new(AtomicU16::new(0)));
        let client = || {
            let status = Arc::clone(&status);
            let proxy = Faulty::new(relay.clone(), move |_, _| {
                let status = status.load(Ordering::SeqCst);
                (status != 0).then(|| {
                    Ok(HttpResponse {
                        status,
                        headers: vec![("content-type".into(), "text/html".into())],
                        body: b"<html>Sorry</html>".to_vec(),
                    })
                })
            });
            Apps::client_at(clock.clone(), Arc::new(MemoryStore::new()), proxy)
        };
        let (alice, bob) = (client(), client());
        let invitation = alice.create_invitation(request()).await.unwrap();
        let url = invitation.share_url.to_url();
        let theirs = bob
            .accept_invitation(url.as_str(), AcceptOptions::default())
            .await
            .unwrap();
        let mut scene = Self {
            relay,
            clock,
            status,
            alice: Side::new(&alice, invitation.transfer),
            bob: Side::new(&bob, theirs),
        };
        scene.bob.step().await.unwrap();
        scene.alice.step().await.unwrap();
        scene
    }

    async fn completes(&mut self) {
        self.status.store(0, Ordering::SeqCst);
        for _ in 0..3 {
            self.bob.step().await.unwrap();
            self.alice.step().await.unwrap();
        }
        assert_eq!(Apps::received(&self.bob.events), [Apps::credential()]);
        let done = tigress::TerminateReason::Done;
        self.bob.client.terminate(self.bob.id, done).await.unwrap();
        let outcomes = Side::finish([&mut self.alice, &mut self.bob]).await;
        assert_eq!(outcomes, [Some(Outcome::Completed); 2]);
    }
}

#[tokio::test]
async fn a_proxys_not_found_ends_nothing() {
    let mut scene = Scene::established().await;
    scene.status.store(404, Ordering::SeqCst);
    for _ in 0..5 {
        assert_eq!(scene.bob.step().await.unwrap(), []);
        assert_eq!(scene.alice.step().await.unwrap(), []);
    }
    scene.completes().await;
}

#[tokio::test]
async fn not_found_three_times_over_a_minute_is_the_end_but_confirms_nothing() {
    let mut scene = Scene::established().await;
    scene.status.store(404, Ordering::SeqCst);
    let mut seen = Vec::new();
    while seen.is_empty() {
        scene.clock.advance(30);
        seen = scene.alice.step().await.unwrap();
    }
    let outcome = Outcome::Unconfirmed;
    assert_eq!(seen, [TransferEvent::Closed { outcome }]);
    let delivered = TransferEvent::CredentialDelivered { index: 0 };
    assert!(!scene.alice.events.contains(&delivered));
    assert!(scene.clock.get() >= 60);
}

#[tokio::test]
async fn not_found_in_between_starts_the_count_again() {
    let mut scene = Scene::established().await;
    for _ in 0..4 {
        scene.status.store(404, Ordering::SeqCst);
        for _ in 0..2 {
            scene.clock.advance(40);
            assert_eq!(
                scene.alice.client.sync(Duration::from_secs(5)).await,
                Ok(())
            );
        }
        scene.status.store(0, Ordering::SeqCst);
        scene.alice.step().await.unwrap();
    }
    scene.completes().await;
}

#[tokio::test]
async fn the_relays_own_not_found_is_the_end_at_once_and_confirms_nothing() {
    let mut scene = Scene::established().await;
    // Somebody deletes the mailbox at the relay.
    scene.relay.lose_mailboxes();
    let outcome = Outcome::Unconfirmed;
    for side in [&mut scene.alice, &mut scene.bob] {
        let events = side.step().await.unwrap();
        assert_eq!(events.last(), Some(&TransferEvent::Closed { outcome }));
    }
}

#[tokio::test]
async fn other_refusals_are_errors_and_end_nothing() {
    for (status, code) in [
        (401, "relay_refused"),
        (403, "relay_refused"),
        (500, "relay_refused"),
        (302, "relay_refused"),
    ] {
        let mut scene = Scene::established().await;
        scene.status.store(status, Ordering::SeqCst);
        for _ in 0..3 {
            for side in [&mut scene.alice, &mut scene.bob] {
                let error = side.step().await.unwrap_err();
                assert!(error.code() == code && refused(status)(&error), "{error}");
            }
        }
        scene.completes().await;
    }
}

#[tokio::test]
async fn a_relay_that_takes_no_write_is_not_stormed() {
    // "Changed since" and "did that before", whatever is written.
    for status in [412, 201] {
        let relay = Arc::new(PlainRelay::with_final_not_found());
        let http = Faulty::new(relay, move |_, request| {
            (request.method == Method::Put).then(|| {
                Ok(HttpResponse {
                    status,
                    ..HttpResponse::default()
                })
            })
        });
        let recorder = Recorder::new(http);
        let client = || Apps::client(Arc::new(MemoryStore::new()), recorder.clone());
        let (alice, bob) = (client(), client());
        let invitation = alice.create_invitation(request()).await.unwrap();
        let url = invitation.share_url.to_url();
        let theirs = bob
            .accept_invitation(url.as_str(), AcceptOptions::default())
            .await
            .unwrap();
        let before = recorder.log().len();
        bob.poll(theirs, Duration::ZERO, 0).await.unwrap();
        let once = recorder.log().len() - before;
        assert!(once <= 10, "{once} requests of one round");
        bob.poll(theirs, Duration::from_secs(2), 0).await.unwrap();
        let longer = recorder.log().len() - before - once;
        assert!(longer <= 20, "{longer} requests in two seconds");
    }
}

#[tokio::test]
async fn a_claim_that_may_be_bound_is_kept_when_a_proxy_says_not_found() {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let alice = Apps::client(Arc::new(MemoryStore::new()), relay.clone());
    let invitation = alice.create_invitation(request()).await.unwrap();
    let url = invitation.share_url.to_url();
    // The first read binds, but its answer is lost; then a proxy answers for the relay.
    let answering = relay.clone();
    let http = Faulty::new(relay.clone(), move |count, request| match count {
        0 => {
            answering.answer(request);
            Some(Err(Faulty::unreachable()))
        }
        1 => Some(Ok(HttpResponse {
            status: 404,
            ..HttpResponse::default()
        })),
        _ => None,
    });
    let recorder = Recorder::new(http);
    let bob = Apps::client(Arc::new(MemoryStore::new()), recorder.clone());
    let accept = || bob.accept_invitation(url.as_str(), AcceptOptions::default());
    assert_eq!(accept().await.unwrap_err().code(), "relay_unreachable");
    assert_eq!(accept().await.unwrap_err().code(), "no_longer_there");
    accept().await.unwrap();
    assert!(
        recorder
            .log()
            .iter()
            .all(|one| one.request.method == Method::Post)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_restarts_empty_is_told_to_both() {
    let relay = TestRelay::start().await;
    let address = relay
        .url()
        .strip_prefix("http://")
        .unwrap()
        .parse()
        .unwrap();
    let (alice, bob) = (relay.client(), relay.client());
    let invitation = alice
        .create_invitation(InvitationRequest::default())
        .await
        .unwrap();
    let url = invitation.share_url.to_url();
    let theirs = bob
        .accept_invitation(url.as_str(), AcceptOptions::default())
        .await
        .unwrap();
    {
        let mut sender = Follower::start(&alice, invitation.transfer);
        let mut receiver = Follower::start(&bob, theirs);
        sender.event(&TransferEvent::Established).await;
        receiver.event(&TransferEvent::Established).await;
    }
    relay.shutdown().await;
    let _empty = TestRelay::start_at(address).await;
    for (client, id) in [(&alice, invitation.transfer), (&bob, theirs)] {
        assert_eq!(
            Follower::start(client, id).outcome().await,
            Outcome::Unconfirmed
        );
    }
}
