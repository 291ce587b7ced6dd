//! What an app can tell its user while a call goes on trying, and what is no trouble at all: a held answer that is cut
//! on the way. By tokio's paused clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tigress::{
    AcceptOptions, Config, Error, HttpTransport, InvitationRequest, MemoryStore, Outcome,
    TerminateReason, TransferClient, TransferId, TransferState, TransportError, TransportFailure,
};
use tigress_mailbox::{HttpRequest, HttpResponse, headers};
use tigress_testkit::PlainRelay;
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// What is between the client and its relay.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Open,
    /// Cuts each answer that takes more than 20 seconds, by this status or by closing.
    Cut(Option<u16>),
    Fails(TransportFailure),
    Silent,
    /// Answers for the relay, as a captive portal does.
    Says(u16),
}

/// A relay that holds answers, and whose mailbox never changes.
struct Holding {
    relay: PlainRelay,
    way: Mutex<Way>,
    /// What each read was to be held, in seconds.
    holds: Mutex<Vec<u64>>,
}

#[async_trait]
impl HttpTransport for Holding {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.holds.lock().unwrap().push(request.wait);
        let way = *self.way.lock().unwrap();
        let hold = Duration::from_secs(request.wait);
        match way {
            Way::Fails(kind) => return Err(TransportError::new(kind, "no")),
            Way::Silent => std::future::pending().await,
            Way::Says(status) => {
                return Ok(HttpResponse {
                    status,
                    body: b"<html>Welcome</html>".to_vec(),
                    ..HttpResponse::default()
                });
            }
            Way::Cut(status) if hold > 20 * SECOND => {
                sleep(20 * SECOND).await;
                let cut = TransportError::new(TransportFailure::CutOff, "the answer was cut off");
                return status.ok_or(cut).map(|status| HttpResponse {
                    status,
                    ..HttpResponse::default()
                });
            }
            Way::Open | Way::Cut(_) => sleep(hold).await,
        }
        let mut answer = self.relay.answer(&request);
        let version = (headers::PAYLOAD_VERSION.to_owned(), "1".to_owned());
        answer.headers.push(version);
        Ok(answer)
    }
}

fn wallet(relay: &Arc<Holding>) -> TransferClient {
    let mut config = Config::with_relay(PlainRelay::ORIGIN);
    config.allow_loopback_http = true;
    let http: Arc<dyn HttpTransport> = relay.clone();
    TransferClient::new(config, Arc::new(MemoryStore::new()), Some(http)).unwrap()
}

/// A sender that waits for somebody to answer.
struct Waiting {
    relay: Arc<Holding>,
    client: TransferClient,
    id: TransferId,
}

impl Waiting {
    async fn start() -> Self {
        let relay = Arc::new(Holding {
            relay: PlainRelay::with_final_not_found(),
            way: Mutex::new(Way::Open),
            holds: Mutex::default(),
        });
        let client = wallet(&relay);
        let invitation = client.create_invitation(InvitationRequest::default());
        let id = invitation.await.unwrap().transfer;
        Self { relay, client, id }
    }

    fn becomes(&self, way: Way) {
        *self.relay.way.lock().unwrap() = way;
        self.relay.holds.lock().unwrap().clear();
    }

    fn holds(&self) -> Vec<u64> {
        self.relay.holds.lock().unwrap().clone()
    }

    fn trouble(&self) -> Option<Error> {
        self.client.watch_relay(self.id).trouble()
    }

    async fn poll(&self, seconds: u32) -> Result<TransferState, Error> {
        let update = self.client.poll(self.id, seconds * SECOND, 0).await?;
        Ok(update.state)
    }
}

#[tokio::test(start_paused = true)]
async fn a_held_answer_that_is_cut_is_no_trouble_and_the_next_is_held_for_less() {
    for status in [Some(504), Some(502), None] {
        let waiting = Waiting::start().await;
        waiting.becomes(Way::Cut(status));
        let mut watch = waiting.client.watch_relay(waiting.id);
        let polled = waiting.poll(120);
        tokio::select! {
            update = polled => assert_eq!(update.unwrap(), TransferState::Invited),
            trouble = watch.changed() => panic!("{trouble:?}"),
        }
        let holds = waiting.holds();
        assert_eq!(holds[..3], [50, 15, 15], "{holds:?}");
        assert!(holds.len() <= 10, "{holds:?}");
        // The next call knows it, too, and in a while it is tried again.
        waiting.poll(40).await.unwrap();
        assert!(waiting.holds()[1..].iter().all(|hold| *hold < 20));
        waiting.poll(900).await.unwrap();
        assert!(waiting.holds()[1..].contains(&50));
    }
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_is_not_there_is_told_while_a_poll_goes_on_trying() {
    use TransportFailure::{CutOff, Other, TimedOut, TooLarge, Unreachable};
    let waiting = Waiting::start().await;
    let mut watch = waiting.client.watch_relay(waiting.id);
    for kind in [Unreachable, TimedOut, CutOff, TooLarge, Other] {
        waiting.becomes(Way::Fails(kind));
        let (client, id) = (waiting.client.clone(), waiting.id);
        let poll = tokio::spawn(async move { client.poll(id, 50 * SECOND, 0).await });
        let started = Instant::now();
        let trouble = watch.changed().await.unwrap();
        assert!(started.elapsed() <= 3 * SECOND, "{:?}", started.elapsed());
        assert!(matches!(&trouble, Error::RelayUnreachable { kind: found, .. } if *found == kind));
        assert!(!poll.is_finished(), "it goes on trying");
        assert_eq!(waiting.trouble(), watch.trouble());
        // Cleared by the next answer.
        waiting.becomes(Way::Open);
        assert_eq!(watch.changed().await, None);
        assert_eq!(waiting.trouble(), None);
        poll.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_says_nothing_is_told_within_three_seconds() {
    let waiting = Waiting::start().await;
    waiting.becomes(Way::Silent);
    let key = "another";
    let mut watch = waiting
        .client
        .watch_relay(TransferId::of_idempotency_key(key));
    let client = waiting.client.clone();
    let create = tokio::spawn(async move {
        let request = InvitationRequest {
            idempotency_key: Some(key.into()),
            ..InvitationRequest::default()
        };
        client.create_invitation(request).await
    });
    let started = Instant::now();
    let trouble = watch.changed().await.unwrap();
    assert!(started.elapsed() <= 3 * SECOND, "{:?}", started.elapsed());
    assert!(matches!(
        trouble,
        Error::RelayUnreachable {
            kind: TransportFailure::TimedOut,
            ..
        }
    ));
    let error = create.await.unwrap().unwrap_err();
    assert_eq!(error.code(), "relay_unreachable");
    assert!(started.elapsed() <= 31 * SECOND, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_polls_a_silent_relay_is_told_though_each_answer_may_be_held() {
    let waiting = Waiting::start().await;
    waiting.becomes(Way::Silent);
    let first = waiting.poll(10).await;
    assert_eq!(
        first.unwrap(),
        TransferState::Invited,
        "nothing was missed yet"
    );
    let error = waiting.poll(10).await.unwrap_err();
    assert_eq!(error.code(), "relay_unreachable");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_is_not_trusted_ends_the_call_at_once() {
    let waiting = Waiting::start().await;
    waiting.becomes(Way::Fails(TransportFailure::Untrusted));
    let started = Instant::now();
    let error = waiting.poll(50).await.unwrap_err();
    assert_eq!(error.code(), "untrusted_certificate");
    assert!(!error.is_retryable());
    let again = waiting
        .client
        .create_invitation(InvitationRequest::default())
        .await;
    assert_eq!(again.unwrap_err().code(), "untrusted_certificate");
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(waiting.holds().len(), 2, "asked once each time");
}

/// What no call can go on with: a redirect, refusals that say nothing of this mailbox, a page.
const STRANGE: [u16; 8] = [200, 302, 307, 400, 401, 403, 410, 412];

#[tokio::test(start_paused = true)]
async fn one_strange_answer_to_a_waiting_read_is_told_and_ends_nothing() {
    for status in STRANGE {
        let waiting = Waiting::start().await;
        waiting.becomes(Way::Says(status));
        let mut watch = waiting.client.watch_relay(waiting.id);
        let (client, id) = (waiting.client.clone(), waiting.id);
        let poll = tokio::spawn(async move { client.poll(id, 50 * SECOND, 0).await });
        let trouble = watch.changed().await.unwrap();
        assert_eq!(trouble.code(), "relay_refused", "{status}");
        assert!(trouble.is_retryable(), "{status}: {trouble}");
        waiting.becomes(Way::Open);
        assert_eq!(watch.changed().await, None);
        let update = poll.await.unwrap().unwrap();
        assert_eq!(update.state, TransferState::Invited);
    }
}

#[tokio::test(start_paused = true)]
async fn a_strange_answer_that_stays_ends_a_call_after_a_minute_and_a_few_requests() {
    for status in STRANGE {
        for each in [0, 7, 600] {
            let waiting = Waiting::start().await;
            waiting.becomes(Way::Says(status));
            let started = Instant::now();
            let error = loop {
                let error = waiting.poll(each).await.unwrap_err();
                assert_eq!(error.code(), "relay_refused");
                if !error.is_retryable() {
                    break error;
                }
                // As long as it says, nothing is asked, whoever calls.
                let asked = waiting.holds().len();
                let _ = waiting.poll(0).await;
                assert_eq!(waiting.holds().len(), asked, "{status}, {each}");
                sleep(SECOND).await;
            };
            let took = started.elapsed();
            let bounds = 60 * SECOND..=90 * SECOND;
            assert!(bounds.contains(&took), "{status}, {each}: {took:?}");
            assert!(waiting.holds().len() <= 30, "{}", waiting.holds().len());
            assert_eq!(waiting.trouble(), Some(error));
            // Not for ever: whoever asks later is answered.
            waiting.becomes(Way::Open);
            sleep(60 * SECOND).await;
            assert_eq!(waiting.poll(5).await.unwrap(), TransferState::Invited);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_deletion_keeps_no_outcome_from_the_app_and_is_tried_again_later() {
    for status in [302, 400, 403, 410, 412] {
        let waiting = Waiting::start().await;
        let reason = TerminateReason::Cancelled;
        waiting.client.terminate(waiting.id, reason).await.unwrap();
        waiting.becomes(Way::Says(status));
        let closed = TransferState::Closed(Outcome::Cancelled);
        assert_eq!(waiting.poll(600).await.unwrap(), closed, "{status}");
        assert!(waiting.holds().len() <= 30);
        assert!(waiting.client.sync(60 * SECOND).await.is_err());
        waiting.becomes(Way::Open);
        sleep(60 * SECOND).await;
        waiting.client.sync(60 * SECOND).await.unwrap();
        assert_eq!(waiting.holds().len(), 1);
        waiting.client.sync(60 * SECOND).await.unwrap();
        assert_eq!(waiting.holds().len(), 1, "nothing is left to be done");
    }
}

#[tokio::test(start_paused = true)]
async fn that_another_device_was_faster_is_an_answer_and_no_trouble() {
    let waiting = Waiting::start().await;
    let invitation = waiting.client.invitation(waiting.id).await.unwrap();
    let link = invitation.share_url.to_url();
    let [first, second] = [wallet(&waiting.relay), wallet(&waiting.relay)];
    let accept = |wallet: TransferClient| {
        let link = link.clone();
        async move {
            wallet
                .accept_invitation(link.as_bytes(), AcceptOptions::confirmed())
                .await
        }
    };
    let id = accept(first).await.unwrap();
    let watch = second.watch_relay(id);

    waiting.becomes(Way::Fails(TransportFailure::Unreachable));
    let unreachable = accept(second.clone()).await.unwrap_err();
    assert_eq!(unreachable.code(), "relay_unreachable");
    assert_eq!(
        watch.trouble().map(|trouble| trouble.code()),
        Some("relay_unreachable")
    );
    waiting.becomes(Way::Open);
    assert_eq!(accept(second.clone()).await, Err(Error::ClaimedByAnother));
    assert_eq!(watch.trouble(), None);
    assert_eq!(second.transfers().await.unwrap(), [], "nothing was begun");
}

#[tokio::test(start_paused = true)]
async fn what_is_there_already_waits_for_nobody_who_watches() {
    let waiting = Waiting::start().await;
    let (alice, bob) = (waiting.client.clone(), wallet(&waiting.relay));
    let request = InvitationRequest {
        idempotency_key: Some("the user's tap".into()),
        ..InvitationRequest::default()
    };
    let made = alice.create_invitation(request.clone()).await.unwrap();
    let link = made.share_url.to_url().to_string();
    let accept = || bob.accept_invitation(&link, AcceptOptions::default());
    let accepted = accept().await.unwrap();
    for (client, id) in [(&alice, made.transfer), (&bob, accepted)] {
        waiting.becomes(Way::Open);
        let client = client.clone();
        tokio::spawn(async move { client.poll(id, 50 * SECOND, 0).await });
        while waiting.holds().last().is_none_or(|hold| *hold == 0) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    // The relay holds both reads. The user touches the link once more.
    let touched = Instant::now();
    let again = alice.create_invitation(request).await.unwrap();
    assert_eq!(again.share_url, made.share_url);
    assert_eq!(accept().await.unwrap(), accepted);
    assert_eq!(touched.elapsed(), Duration::ZERO);
}
