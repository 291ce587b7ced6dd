//! A whole transfer over a relay that knows version 1 of the draft and none of our additions.

use std::sync::Arc;
use std::time::Duration;

use tigress::{
    AcceptOptions, Config, Credential, HttpTransport, InvitationRequest, MemoryStore, Outcome,
    TerminateReason, TransferClient, TransferEvent, TransferId, TransferState,
};
use tigress_testkit::PlainRelay;

fn client(relay: &Arc<PlainRelay>) -> TransferClient {
    let mut config = Config::with_relay(PlainRelay::ORIGIN);
    config.allow_loopback_http = true;
    config.poll_interval = Duration::from_millis(5);
    config.poll_interval_max = Duration::from_millis(20);
    let http: Arc<dyn HttpTransport> = relay.clone();
    TransferClient::new(config, Arc::new(MemoryStore::new()), Some(http)).unwrap()
}

/// Collects events until the transfer has one that `last` recognises.
async fn until(
    client: &TransferClient,
    id: TransferId,
    cursor: &mut u64,
    last: impl Fn(&TransferEvent) -> bool,
) -> Vec<TransferEvent> {
    let mut all = Vec::new();
    loop {
        let update = client
            .poll(id, Duration::from_secs(20), *cursor)
            .await
            .unwrap();
        *cursor = update.cursor;
        let done = update.events.iter().any(&last);
        all.extend(update.events);
        if done {
            return all;
        }
        assert!(!matches!(update.state, TransferState::Closed(_)), "{all:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_arrives() {
    let relay = Arc::new(PlainRelay::default());
    let (alice, bob) = (client(&relay), client(&relay));
    let invitation = alice
        .create_invitation(InvitationRequest::default())
        .await
        .unwrap();
    let id = invitation.transfer;
    alice
        .send_credential(id, Credential::new("org.example", b"key".to_vec()))
        .await
        .unwrap();
    let url = invitation.share_url.to_url();
    let theirs = bob
        .accept_invitation(url.as_str(), AcceptOptions::default())
        .await
        .unwrap();

    let sender = async {
        let mut cursor = 0;
        until(&alice, id, &mut cursor, |e| {
            matches!(e, TransferEvent::Closed { .. })
        })
        .await
    };
    let receiver = async {
        let mut cursor = 0;
        let mut events = until(&bob, theirs, &mut cursor, |e| {
            matches!(e, TransferEvent::CredentialReceived { .. })
        })
        .await;
        bob.terminate(theirs, TerminateReason::Done).await.unwrap();
        events.extend(
            until(&bob, theirs, &mut cursor, |e| {
                matches!(e, TransferEvent::Closed { .. })
            })
            .await,
        );
        events
    };
    let (sent, received) = tokio::join!(sender, receiver);
    let closed = TransferEvent::Closed {
        outcome: Outcome::Completed,
    };
    assert_eq!(
        sent,
        [
            TransferEvent::Accepted,
            TransferEvent::Established,
            TransferEvent::CredentialDelivered { index: 0 },
            closed.clone(),
        ]
    );
    assert_eq!(
        received,
        [
            TransferEvent::Established,
            TransferEvent::CredentialReceived {
                credential: Credential::new("org.example", b"key".to_vec()),
                index: 0
            },
            closed,
        ]
    );
    assert_eq!(relay.mailboxes(), 0);
}
