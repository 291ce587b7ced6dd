//! Accepting an invitation at a relay that answers oddly: the claim is never lost, and nothing is answered that
//! was not checked.

use std::sync::Arc;
use std::time::Duration;

use tigress::{
    AcceptOptions, HttpTransport, MemoryStore, Outcome, TransferClient, TransferEvent,
    TransferState, TransferStore, TransportError,
};
use tigress_mailbox::{HttpRequest, HttpResponse, Method};
use tigress_testkit::{Apps, Faulty, PlainRelay, Recorder, Sender};

fn status(status: u16) -> Result<HttpResponse, TransportError> {
    Ok(HttpResponse {
        status,
        ..HttpResponse::default()
    })
}

/// A sender who has invited, and where.
async fn invited(relay: &Arc<PlainRelay>) -> (TransferClient, Sender, String) {
    let alice = Apps::client(Arc::new(MemoryStore::new()), relay.clone());
    let mut sender = Sender::default();
    sender.step(&alice).await.unwrap();
    let url = sender.url.clone().unwrap();
    (alice, sender, url)
}

fn receiver(
    relay: &Arc<PlainRelay>,
    fault: impl Fn(usize, &HttpRequest) -> Option<Result<HttpResponse, TransportError>>
    + Send
    + Sync
    + 'static,
) -> TransferClient {
    let http = Faulty::new(relay.clone(), fault);
    Apps::client(Arc::new(MemoryStore::new()), http)
}

#[tokio::test]
async fn a_claim_survives_a_proxys_not_found() {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let (_alice, _, url) = invited(&relay).await;
    // The first read binds, and its answer is lost; the second meets a proxy.
    let inner = relay.clone();
    let bob = receiver(&relay, move |n, request| match n {
        0 => {
            inner.answer(request);
            Some(Err(Faulty::unreachable()))
        }
        1 => Some(status(404)),
        _ => None,
    });
    let accept = || bob.accept_invitation(&url, AcceptOptions::confirmed());
    assert_eq!(accept().await.unwrap_err().code(), "relay_unreachable");
    assert_eq!(accept().await.unwrap_err().code(), "no_longer_there");
    // It is no transfer yet, and nothing goes on by itself.
    assert!(bob.transfers().await.unwrap().is_empty());
    bob.sync(Duration::from_secs(5)).await.unwrap();
    accept().await.expect("the claim is still this device's");
}

#[tokio::test]
async fn a_claim_is_given_back_before_there_is_another() {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let (_alice, _, url) = invited(&relay).await;
    let proxy = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let in_the_way = Arc::clone(&proxy);
    let bob = receiver(&relay, move |_, request| {
        let here = in_the_way.load(std::sync::atomic::Ordering::SeqCst);
        (here && request.method == Method::Patch).then(|| status(404))
    });
    let accept = || bob.accept_invitation(&url, AcceptOptions::confirmed());
    let id = accept().await.unwrap();
    bob.decline(id).await.unwrap();
    let error = accept().await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    proxy.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(accept().await.unwrap(), id);
    let update = bob.poll(id, Duration::ZERO, 0).await.unwrap();
    assert_eq!(update.state, TransferState::Establishing);
}

#[tokio::test]
async fn after_declining_and_accepting_the_cursor_goes_on() {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let (alice, mut sender, url) = invited(&relay).await;
    let bob = receiver(&relay, |_, _| None);
    let accept = || bob.accept_invitation(&url, AcceptOptions::confirmed());
    let id = accept().await.unwrap();
    bob.decline(id).await.unwrap();
    let declined = bob.poll(id, Duration::ZERO, 0).await.unwrap();
    let outcome = Outcome::Declined;
    assert_eq!(declined.events, [TransferEvent::Closed { outcome }]);
    assert_eq!(accept().await.unwrap(), id);
    // Both go on in the background, until this one has received.
    for _ in 0..4 {
        bob.sync(Duration::from_secs(5)).await.unwrap();
        sender.step(&alice).await.unwrap();
    }
    let update = bob.poll(id, Duration::ZERO, declined.cursor).await.unwrap();
    assert_eq!(update.events[0], TransferEvent::Established);
    assert_eq!(Apps::received(&update.events), [Apps::credential()]);
}

#[tokio::test]
async fn a_record_that_cant_be_read_stops_no_other_transfer() {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let (_alice, _, url) = invited(&relay).await;
    let store = Arc::new(MemoryStore::new());
    let key = "00000000-0000-4000-8000-000000000000";
    store.save(key, None, b"damaged").unwrap();
    let bob = Apps::client(store, relay.clone());
    bob.accept_invitation(&url, AcceptOptions::confirmed())
        .await
        .unwrap();
}

/// The requests of one method that a receiver's client made, as (id, body).
fn made(recorder: &Recorder, method: Method) -> Vec<(String, Option<Vec<u8>>)> {
    let one = |request: HttpRequest| {
        let found = request
            .headers
            .iter()
            .find(|(k, _)| *k == "mailbox-request-id");
        (found.unwrap().1.clone(), request.body)
    };
    let log = recorder
        .log()
        .into_iter()
        .map(|exchanged| exchanged.request);
    log.filter(|r| r.method == method).map(one).collect()
}

#[tokio::test(start_paused = true)]
async fn a_retry_repeats_bytes_and_id_and_any_answer_retires_them() {
    for lost in [Err(Faulty::unreachable()), status(503), status(429)] {
        let relay = Arc::new(PlainRelay::with_final_not_found());
        let (_alice, _, url) = invited(&relay).await;
        let inner = relay.clone();
        // The first write is processed and its answer lost, twice.
        let writes = std::sync::atomic::AtomicUsize::new(0);
        let faulty = Faulty::new(relay.clone(), move |_, request| {
            let write = request.method == Method::Put
                && writes.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2;
            write.then(|| {
                inner.answer(request);
                lost.clone()
            })
        });
        let recorder = Recorder::new(faulty);
        let http: Arc<dyn HttpTransport> = recorder.clone();
        let bob = Apps::client(Arc::new(MemoryStore::new()), http);
        let id = bob
            .accept_invitation(&url, AcceptOptions::confirmed())
            .await
            .unwrap();
        bob.poll(id, Duration::from_secs(1), 0).await.unwrap();
        let written = made(&recorder, Method::Put);
        assert_eq!(written.len(), 3, "two lost, one answered: 201");
        assert!(written.iter().all(|one| *one == written[0]));
        // What is overwritten is written again, under another id.
        relay.set_payload("junk");
        let update = bob.poll(id, Duration::from_secs(10), 0).await.unwrap();
        assert_eq!(update.events, [TransferEvent::RejectedToken]);
        bob.poll(id, Duration::from_secs(10), update.cursor)
            .await
            .unwrap();
        let written = made(&recorder, Method::Put);
        assert!(written[3].0 != written[0].0 && written[3].1 == written[0].1);
    }
}

#[tokio::test]
async fn what_the_relay_does_not_have_leaves_no_record() {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let (_alice, _, url) = invited(&relay).await;
    relay.lose_mailboxes();
    let store = Arc::new(MemoryStore::new());
    let bob = Apps::client(store.clone(), relay.clone());
    let refused = bob
        .accept_invitation(&url, AcceptOptions::confirmed())
        .await;
    assert_eq!(refused.unwrap_err().code(), "no_longer_there");
    // The secret among the rest of it.
    assert_eq!(store.list().unwrap(), Vec::<String>::new());
}
