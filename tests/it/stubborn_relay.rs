//! A relay that takes no write keeps no poll for ever, and is not flooded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tigress::{AcceptOptions, InvitationRequest, MemoryStore, TransferClient, TransferId};
use tigress_mailbox::{HttpResponse, Method};
use tigress_testkit::{Apps, Faulty, PlainRelay};

/// A receiver whose every write the relay answers with `status`, and the number of its writes.
async fn receiver(status: u16) -> (TransferClient, TransferId, Arc<AtomicUsize>) {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let sender = Apps::client(
        Arc::new(MemoryStore::new()),
        Arc::<PlainRelay>::clone(&relay),
    );
    let invitation = sender
        .create_invitation(InvitationRequest::default())
        .await
        .unwrap();
    let writes = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&writes);
    let stubborn = Faulty::new(relay, move |_, request| {
        (request.method == Method::Put).then(|| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(HttpResponse {
                status,
                ..HttpResponse::default()
            })
        })
    });
    let client = Apps::client(Arc::new(MemoryStore::new()), stubborn);
    let url = invitation.share_url.to_url();
    let id = client
        .accept_invitation(url.as_str(), AcceptOptions::confirmed())
        .await
        .unwrap();
    (client, id, writes)
}

#[tokio::test]
async fn one_round_ends_although_no_write_is_taken() {
    // Changed since it was read; processed before.
    for status in [412, 201] {
        let (client, id, writes) = receiver(status).await;
        let round = client.poll(id, Duration::ZERO, 0);
        let ended = tokio::time::timeout(Duration::from_secs(5), round).await;
        assert!(ended.is_ok(), "{status}: one round goes on for ever");
        assert!(writes.load(Ordering::SeqCst) <= 3, "{status}: flooded");
    }
}

#[tokio::test]
async fn a_poll_backs_off_and_ends_at_its_time() {
    for status in [412, 201] {
        let (client, id, writes) = receiver(status).await;
        let wait = Duration::from_millis(300);
        let poll = client.poll(id, wait, 0);
        let ended = tokio::time::timeout(Duration::from_secs(5), poll).await;
        assert!(ended.is_ok(), "{status}: a poll goes on past its time");
        assert!(writes.load(Ordering::SeqCst) <= 6, "{status}: flooded");
    }
}

#[tokio::test]
async fn a_relay_that_never_names_the_mailbox_is_an_error() {
    let vague = Faulty::new(Arc::new(PlainRelay::with_final_not_found()), |_, _| {
        Some(Ok(HttpResponse {
            status: 201,
            ..HttpResponse::default()
        }))
    });
    let client = Apps::client(Arc::new(MemoryStore::new()), vague);
    let create = client.create_invitation(InvitationRequest::default());
    let ended = tokio::time::timeout(Duration::from_secs(5), create).await;
    let error = ended.expect("it asks for ever").unwrap_err();
    assert_eq!(error.code(), "relay_refused");
}
