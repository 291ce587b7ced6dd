//! Time: expiry, and phones or relays whose clock is wrong.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tigress::{
    AcceptOptions, Error, HttpTransport, Invitation, InvitationRequest, MemoryStore, Outcome,
    TerminateReason, TransferClient, TransferEvent, TransferId, TransportError,
};
use tigress_mailbox::{HttpRequest, HttpResponse};
use tigress_testkit::{Apps, PlainRelay, Side, TestClock, TestRelay};

const HOUR: u64 = 3600;
const YEAR: i64 = 365 * 24 * 3600;

/// A plain relay, which never lets a mailbox expire, and says this of the time.
struct Dated(Arc<PlainRelay>, &'static str);

#[async_trait]
impl HttpTransport for Dated {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let mut response = self.0.answer(&request);
        response.headers.push(("Date".into(), self.1.into()));
        Ok(response)
    }
}

const LONG_AGO: &str = "Fri, 01 Jan 1999 00:00:00 GMT";
const FAR_OFF: &str = "Tue, 01 Jan 2999 00:00:00 GMT";

fn at(clock: &Arc<TestClock>, http: Arc<dyn HttpTransport>) -> TransferClient {
    Apps::client_at(clock.clone(), Arc::new(MemoryStore::new()), http)
}

async fn invite(client: &TransferClient) -> Result<Invitation, Error> {
    let request = InvitationRequest {
        credential: Some(Apps::credential()),
        lifetime: Some(Duration::from_secs(HOUR)),
        ..InvitationRequest::default()
    };
    client.create_invitation(request).await
}

async fn accept(client: &TransferClient, invitation: &Invitation) -> Result<TransferId, Error> {
    let url = invitation.share_url.to_url();
    client
        .accept_invitation(url.as_str(), AcceptOptions::confirmed())
        .await
}

async fn completes(alice: &mut Side, bob: &mut Side) {
    for _ in 0..4 {
        bob.step().await.unwrap();
        alice.step().await.unwrap();
    }
    assert_eq!(Apps::received(&bob.events), [Apps::credential()]);
    bob.client
        .terminate(bob.id, TerminateReason::Done)
        .await
        .unwrap();
    let outcomes = Side::finish([alice, bob]).await;
    assert_eq!(outcomes, [Some(Outcome::Completed); 2]);
}

/// A whole transfer over the real relay, between phones whose clocks are so wrong.
async fn with_wrong_clocks(sender: i64, receiver: i64) {
    let clock = TestClock::start();
    let relay = TestRelay::start_with_clock(clock.clone()).await;
    let client = |wrong| {
        let store = Arc::new(MemoryStore::new());
        TransferClient::with_clock(relay.config(), store, None, clock.ahead(wrong)).unwrap()
    };
    let (alice, bob) = (client(sender), client(receiver));
    let invitation = invite(&alice).await.unwrap();
    let theirs = accept(&bob, &invitation).await.unwrap();
    let (mut alice, mut bob) = (
        Side::new(&alice, invitation.transfer),
        Side::new(&bob, theirs),
    );
    completes(&mut alice, &mut bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receivers_wrong_clock_kills_no_transfer() {
    for wrong in [-50 * YEAR, -YEAR, -7200, 300, 7200, YEAR, 50 * YEAR] {
        with_wrong_clocks(0, wrong).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_senders_clock_that_is_ahead_kills_no_transfer() {
    for wrong in [300, 7200, 29 * 24 * HOUR as i64] {
        with_wrong_clocks(wrong, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_a_year_ahead_is_told_apart_from_one_that_has_expired() {
    let clock = TestClock::start();
    let relay = TestRelay::start_with_clock(clock.clone()).await;
    let client = |wrong| {
        let store = Arc::new(MemoryStore::new());
        TransferClient::with_clock(relay.config(), store, None, clock.ahead(wrong)).unwrap()
    };
    let invitation = invite(&client(YEAR)).await.unwrap();
    let refused = accept(&client(0), &invitation).await.unwrap_err();
    let Error::Security { minor, .. } = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(minor, 34);
    // A receiver whose clock is as wrong takes it.
    accept(&client(YEAR), &invitation).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_senders_clock_that_is_behind_kills_no_transfer_unless_by_the_lifetime() {
    with_wrong_clocks(-1800, 0).await;
    with_wrong_clocks(-1800, YEAR).await;
    let relay = TestRelay::start().await;
    let clock = TestClock::start().ahead(-YEAR);
    let store = Arc::new(MemoryStore::new());
    let alice = TransferClient::with_clock(relay.config(), store, None, clock).unwrap();
    let error = invite(&alice).await.unwrap_err();
    let Error::RelayRefused { status, reason, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(
        (status, reason),
        (
            400,
            "the request is not in order; is this device's clock right?"
        )
    );
}

#[tokio::test]
async fn expired_by_both_clocks_is_refused_and_given_back() {
    let (clock, relay) = (TestClock::start(), Arc::new(PlainRelay::default()));
    let alice = at(&clock, relay.clone());
    let invitation = invite(&alice).await.unwrap();
    // The skew is forgiven…
    let late = clock.ahead(HOUR as i64 + 590);
    let bob = at(&late, Arc::new(Dated(relay.clone(), FAR_OFF)));
    let declined = accept(&bob, &invitation).await.unwrap();
    bob.decline(declined).await.unwrap();
    bob.sync(Duration::from_secs(60)).await.unwrap();
    // … and no more, when the relay says the same.
    late.advance(11);
    let bob = at(&late, Arc::new(Dated(relay.clone(), FAR_OFF)));
    assert_eq!(accept(&bob, &invitation).await, Err(Error::Expired));
    // A device whose clock is right may come still.
    let carol = at(&clock, relay.clone());
    let theirs = accept(&carol, &invitation).await.unwrap();
    let (mut alice, mut carol) = (
        Side::new(&alice, invitation.transfer),
        Side::new(&carol, theirs),
    );
    completes(&mut alice, &mut carol).await;
}

#[tokio::test]
async fn a_relay_that_lies_about_the_time_gains_nothing() {
    for date in [
        LONG_AGO,
        FAR_OFF,
        "yesterday",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        let (clock, relay) = (TestClock::start(), Arc::new(PlainRelay::default()));
        let client = || at(&clock, Arc::new(Dated(relay.clone(), date)));
        let (alice, bob) = (client(), client());
        let invitation = invite(&alice).await.unwrap();
        let theirs = accept(&bob, &invitation).await.unwrap();
        let (mut alice, mut bob) = (
            Side::new(&alice, invitation.transfer),
            Side::new(&bob, theirs),
        );
        completes(&mut alice, &mut bob).await;
    }
}

#[tokio::test]
async fn an_answer_after_the_senders_expiry_is_too_late_whatever_the_relay_says() {
    let (clock, relay) = (TestClock::start(), Arc::new(PlainRelay::default()));
    let client = || at(&clock, Arc::new(Dated(relay.clone(), LONG_AGO)));
    let (alice, bob) = (client(), client());
    let invitation = invite(&alice).await.unwrap();
    clock.advance(HOUR + 1);
    // The relay pretends that there is time; the receiver believes it, the sender does not.
    let theirs = accept(&bob, &invitation).await.unwrap();
    let (mut alice, mut bob) = (
        Side::new(&alice, invitation.transfer),
        Side::new(&bob, theirs),
    );
    bob.step().await.unwrap();
    let outcomes = Side::finish([&mut alice, &mut bob]).await;
    assert_eq!(outcomes, [Some(Outcome::Expired); 2]);
    assert_eq!(
        alice.events[0],
        TransferEvent::Accepted,
        "used up, and told"
    );
    assert_eq!(Apps::received(&bob.events), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_answered_expires_and_is_forgotten() {
    let clock = TestClock::start();
    let relay = TestRelay::start_with_clock(clock.clone()).await;
    let store = Arc::new(MemoryStore::new());
    let alice = TransferClient::with_clock(relay.config(), store, None, clock.clone()).unwrap();
    let invitation = invite(&alice).await.unwrap();
    let mut sender = Side::new(&alice, invitation.transfer);
    clock.advance(HOUR - 1);
    assert_eq!(sender.step().await.unwrap(), []);
    clock.advance(601);
    let outcome = Outcome::Expired;
    assert_eq!(
        sender.step().await.unwrap(),
        [TransferEvent::Closed { outcome }]
    );
    // Acknowledged; the tombstone stays a while.
    assert_eq!(sender.step().await.unwrap(), []);
    assert_eq!(alice.transfers().await.unwrap().len(), 1);
    clock.advance(1201);
    alice.sync(Duration::from_secs(60)).await.unwrap();
    assert_eq!(alice.transfers().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn expiry_in_the_middle_ends_both_sides() {
    let clock = TestClock::start();
    let relay = TestRelay::start_with_clock(clock.clone()).await;
    let client = || {
        let store = Arc::new(MemoryStore::new());
        TransferClient::with_clock(relay.config(), store, None, clock.clone()).unwrap()
    };
    let (alice, bob) = (client(), client());
    let invitation = invite(&alice).await.unwrap();
    let theirs = accept(&bob, &invitation).await.unwrap();
    let (mut alice, mut bob) = (
        Side::new(&alice, invitation.transfer),
        Side::new(&bob, theirs),
    );
    bob.step().await.unwrap();
    alice.step().await.unwrap();
    bob.step().await.unwrap();
    assert_eq!(Apps::received(&bob.events), [Apps::credential()]);
    clock.advance(HOUR + 601);
    let outcomes = Side::finish([&mut alice, &mut bob]).await;
    assert_eq!(outcomes, [Some(Outcome::Unconfirmed); 2]);
    let delivered = TransferEvent::CredentialDelivered { index: 0 };
    assert!(
        !alice.events.contains(&delivered),
        "never told: never claimed"
    );
}

//= test protocol/9-events
#[tokio::test]
async fn unread_events_of_an_ended_transfer_are_kept_for_thirty_days() {
    let (clock, relay) = (
        TestClock::start(),
        Arc::new(PlainRelay::with_final_not_found()),
    );
    let (alice, bob) = (at(&clock, relay.clone()), at(&clock, relay.clone()));
    let invitation = invite(&alice).await.unwrap();
    let theirs = accept(&bob, &invitation).await.unwrap();
    let mut sender = Side::new(&alice, invitation.transfer);
    let background = |client: &TransferClient| {
        let client = client.clone();
        async move { client.sync(Duration::from_secs(60)).await.unwrap() }
    };
    for _ in 0..3 {
        background(&bob).await;
        sender.step().await.unwrap();
    }
    alice
        .terminate(sender.id, TerminateReason::Done)
        .await
        .unwrap();
    for _ in 0..3 {
        sender.step().await.unwrap();
        background(&bob).await;
    }
    assert_eq!(Apps::outcome(&sender.events), Some(Outcome::Completed));
    clock.advance(29 * 24 * HOUR);
    background(&bob).await;
    let update = bob.poll(theirs, Duration::ZERO, 0).await.unwrap();
    assert_eq!(Apps::received(&update.events), [Apps::credential()]);
    clock.advance(25 * HOUR);
    background(&bob).await;
    // Not by the first look of a clock that may have leapt.
    assert_eq!(bob.transfers().await.unwrap().len(), 1);
    clock.advance(24 * HOUR);
    background(&bob).await;
    assert_eq!(bob.transfers().await.unwrap(), []);
    assert_eq!(accept(&bob, &invitation).await, Err(Error::AlreadyUsed));
}
