//! A whole transfer over a relay that knows version 1 of the draft and none of our additions.

use std::sync::Arc;
use std::time::Duration;

use tigress::{
    AcceptOptions, Config, Credential, HttpTransport, InvitationRequest, MemoryStore, Outcome,
    TerminateReason, TransferClient, TransferEvent, TransferId,
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

/// The events to the end, done with the first credential.
async fn follow(client: &TransferClient, id: TransferId) -> Vec<TransferEvent> {
    let (mut events, mut all) = (client.events(id).unwrap(), Vec::new());
    while let Some(event) = events.next().await.unwrap() {
        if matches!(event, TransferEvent::CredentialReceived { .. }) {
            client.terminate(id, TerminateReason::Done).await.unwrap();
        }
        all.push(event);
    }
    all
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
        .accept_invitation(url.as_str(), AcceptOptions::confirmed())
        .await
        .unwrap();

    let (sent, received) = tokio::join!(follow(&alice, id), follow(&bob, theirs));
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
