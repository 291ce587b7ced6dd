//! What an app shows as a list: the transfers of a wallet, as they change.

use std::sync::Arc;
use std::time::Duration;

use tigress::{InvitationRequest, MemoryStore, Outcome, TerminateReason, TransferState};
use tigress_testkit::{Apps, PlainRelay};

/// A list that an app shows, while transfers come, go on and end.
#[tokio::test]
async fn a_list_of_transfers_comes_at_once_and_whenever_it_is_another() {
    let relay = Arc::new(PlainRelay::default());
    let store = Arc::new(MemoryStore::new());
    let client = Apps::client(store.clone(), relay.clone());
    let mut watch = client.watch_transfers();
    assert!(watch.next().await.unwrap().is_empty(), "at once");
    let invitation = client
        .create_invitation(InvitationRequest::default())
        .await
        .unwrap();
    let list = watch.next().await.unwrap();
    assert_eq!(list[0].id, invitation.transfer);
    assert_eq!(list[0].relay.to_string(), PlainRelay::ORIGIN);

    // Nothing is told twice, and what changes while nobody asks is told then.
    tokio::select! {
        biased;
        list = watch.next() => panic!("nothing has changed: {list:?}"),
        () = std::future::ready(()) => {}
    }
    client
        .terminate(invitation.transfer, TerminateReason::Cancelled)
        .await
        .unwrap();
    assert_eq!(watch.next().await.unwrap()[0].state, TransferState::Closing);
    client.sync(Duration::from_secs(5)).await.unwrap();
    let ended = TransferState::Closed(Outcome::Cancelled);
    while watch.next().await.unwrap()[0].state != ended {}
    client.forget(invitation.transfer).await.unwrap();
    assert!(watch.next().await.unwrap().is_empty(), "forgotten");
}
