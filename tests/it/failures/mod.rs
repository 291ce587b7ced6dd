//! What may go wrong between the two: each failure with its exact error or event, and what still works after it.

mod clocks;
mod invitation;
mod midway;
mod relay;
mod store;
mod tokens;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tigress::invitation::ShareUrl;
use tigress::secret::Secret;
use tigress::{
    AcceptOptions, Credential, Error, HttpTransport, Invitation, InvitationRequest, MemoryStore,
    Outcome, StoreError, TerminateReason, TransferClient, TransferEvent, TransferId, TransferState,
    TransferStore,
};
use tigress_gss::gss::{MajorStatus, MinorStatus};
use tigress_mailbox::{
    CreateRequest, CreateResponse, DeviceClaim, DisplayInformation, RequestId, create_request,
};
use tigress_protocol::invitation::InvitationFile;
use tigress_testkit::{
    Apps, FaultyStore, Follower, PlainRelay, Side, TestRelay, first_envelope, swap_tokens,
};

fn client(relay: &Arc<PlainRelay>) -> TransferClient {
    over(Arc::new(MemoryStore::new()), relay)
}

fn over(store: Arc<dyn TransferStore>, relay: &Arc<PlainRelay>) -> TransferClient {
    let http: Arc<dyn HttpTransport> = relay.clone();
    Apps::client(store, http)
}

fn plain() -> Arc<PlainRelay> {
    Arc::new(PlainRelay::with_final_not_found())
}

async fn invite(client: &TransferClient) -> Invitation {
    let request = InvitationRequest {
        credential: Some(Apps::credential()),
        ..InvitationRequest::default()
    };
    client.create_invitation(request).await.unwrap()
}

async fn accept(client: &TransferClient, url: &ShareUrl) -> Result<TransferId, Error> {
    let url = url.to_url();
    client
        .accept_invitation(url.as_str(), AcceptOptions::confirmed())
        .await
}

fn security(error: &Error) -> (u32, u32) {
    match error {
        Error::Security { major, minor, .. } => (*major, *minor),
        other => panic!("{other:?}"),
    }
}

fn count(events: &[TransferEvent], wanted: &TransferEvent) -> usize {
    events.iter().filter(|event| *event == wanted).count()
}

/// Both sides, the invitation accepted, token 2 in the slot.
async fn answered(relay: &Arc<PlainRelay>) -> (Side, Side) {
    let (alice, bob) = (client(relay), client(relay));
    let invitation = invite(&alice).await;
    let theirs = accept(&bob, &invitation.share_url).await.unwrap();
    let mut bob = Side::unhurried(&bob, theirs);
    bob.step().await.unwrap();
    (Side::unhurried(&alice, invitation.transfer), bob)
}

/// Goes on to the end: the credential arrives exactly once, and both complete.
async fn completes(alice: &mut Side, bob: &mut Side) {
    for _ in 0..4 {
        alice.step().await.unwrap();
        bob.step().await.unwrap();
    }
    assert_eq!(Apps::received(&bob.events), [Apps::credential()]);
    bob.client
        .terminate(bob.id, TerminateReason::Done)
        .await
        .unwrap();
    let outcomes = Side::finish([&mut *alice, &mut *bob]).await;
    assert_eq!(outcomes, [Some(Outcome::Completed); 2]);
    assert_eq!(
        count(
            &alice.events,
            &TransferEvent::CredentialDelivered { index: 0 }
        ),
        1
    );
    assert_eq!(count(&alice.events, &TransferEvent::Accepted), 1);
}
