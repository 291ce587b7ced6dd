//! A relay, or a proxy before it, that fails in the middle of a transfer: what that leaves of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tigress::{
    AcceptOptions, InvitationRequest, MemoryStore, Outcome, TerminateReason, TransferClient,
    TransferEvent, TransferId,
};
use tigress_mailbox::{HttpResponse, Method};
use tigress_testkit::{Apps, Faulty, Follower, PlainRelay, Recorder, Side, TestClock, TestRelay};

use super::relay::{refused, request};

/// One invites and the other accepts: the transfer of each.
async fn meet(
    alice: &TransferClient,
    bob: &TransferClient,
    request: InvitationRequest,
) -> (TransferId, TransferId) {
    let invitation = alice.create_invitation(request).await.unwrap();
    let url = invitation.share_url.to_url();
    let accepted = bob.accept_invitation(url.as_str(), AcceptOptions::confirmed());
    (invitation.transfer, accepted.await.unwrap())
}

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
        let (ours, theirs) = meet(&alice, &bob, request()).await;
        let mut scene = Self {
            relay,
            clock,
            status,
            alice: Side::unhurried(&alice, ours),
            bob: Side::unhurried(&bob, theirs),
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
        let done = TerminateReason::Done;
        self.bob.client.terminate(self.bob.id, done).await.unwrap();
        let outcomes = Side::finish([&mut self.alice, &mut self.bob]).await;
        assert_eq!(outcomes, [Some(Outcome::Completed); 2]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxys_not_found_ends_nothing() {
    let mut scene = Scene::established().await;
    scene.status.store(404, Ordering::SeqCst);
    for _ in 0..5 {
        assert_eq!(scene.bob.step().await.unwrap(), []);
        assert_eq!(scene.alice.step().await.unwrap(), []);
    }
    scene.completes().await;
}

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn not_found_in_between_starts_the_count_again() {
    let mut scene = Scene::established().await;
    for _ in 0..4 {
        scene.status.store(404, Ordering::SeqCst);
        for _ in 0..2 {
            scene.clock.advance(40);
            assert_eq!(
                scene.alice.client.sync(Duration::from_secs(60)).await,
                Ok(())
            );
        }
        scene.status.store(0, Ordering::SeqCst);
        scene.alice.step().await.unwrap();
    }
    scene.completes().await;
}

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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
        let (_, theirs) = meet(&alice, &bob, request()).await;
        let before = recorder.log().len();
        bob.poll(theirs, Duration::ZERO, 0).await.unwrap();
        let once = recorder.log().len() - before;
        assert!(once <= 10, "{once} requests of one round");
        bob.poll(theirs, Duration::from_secs(2), 0).await.unwrap();
        let longer = recorder.log().len() - before - once;
        assert!(longer <= 20, "{longer} requests in two seconds");
    }
}

#[tokio::test(start_paused = true)]
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
    let accept = || bob.accept_invitation(url.as_str(), AcceptOptions::confirmed());
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
    let (ours, theirs) = meet(&alice, &bob, InvitationRequest::default()).await;
    {
        let mut sender = Follower::start(&alice, ours);
        let mut receiver = Follower::start(&bob, theirs);
        sender.event(&TransferEvent::Established).await;
        receiver.event(&TransferEvent::Established).await;
    }
    relay.shutdown().await;
    let _empty = TestRelay::start_at(address).await;
    for (client, id) in [(&alice, ours), (&bob, theirs)] {
        assert_eq!(
            Follower::start(client, id).outcome().await,
            Outcome::Unconfirmed
        );
    }
}
