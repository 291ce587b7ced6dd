//! Stores that fail, conflict, hold damaged records, or were rolled back.

use super::*;

fn failing(writes: std::ops::Range<usize>, error: StoreError) -> Arc<FaultyStore> {
    FaultyStore::new(Arc::new(MemoryStore::new()), move |write| {
        writes.contains(&write).then(|| error.clone())
    })
}

fn full() -> StoreError {
    StoreError::Failed {
        reason: "the disk is full".into(),
    }
}

#[tokio::test]
async fn a_store_that_fails_is_told_in_its_words_and_the_call_can_be_made_again() {
    let relay = plain();
    let alice = over(failing(0..1, full()), &relay);
    let request = InvitationRequest {
        idempotency_key: Some("tap".into()),
        ..InvitationRequest::default()
    };
    let error = alice.create_invitation(request.clone()).await.unwrap_err();
    assert_eq!(
        error,
        Error::Store {
            reason: "the disk is full".into()
        }
    );
    assert!(error.is_retryable());
    assert_eq!(relay.mailboxes(), 0, "stored before it is asked for");
    alice.create_invitation(request).await.unwrap();
    assert_eq!(relay.mailboxes(), 1);
}

//= test protocol/6.2-durable
#[tokio::test]
async fn what_could_not_be_stored_is_not_sent() {
    let relay = plain();
    let alice = over(failing(2..3, full()), &relay);
    let invitation = alice
        .create_invitation(InvitationRequest::default())
        .await
        .unwrap();
    let sent = alice
        .send_credential(invitation.transfer, Apps::credential())
        .await;
    assert_eq!(sent.unwrap_err().code(), "store");
    assert_eq!(
        alice
            .send_credential(invitation.transfer, Apps::credential())
            .await,
        Ok(0)
    );
    let bob = client(&relay);
    let theirs = accept(&bob, &invitation.share_url).await.unwrap();
    completes(
        &mut Side::new(&alice, invitation.transfer),
        &mut Side::new(&bob, theirs),
    )
    .await;
}

#[tokio::test]
async fn a_conflict_is_tried_again_and_one_that_stays_is_busy() {
    let relay = plain();
    let alice = over(failing(2..5, StoreError::Conflict), &relay);
    let invitation = alice
        .create_invitation(InvitationRequest::default())
        .await
        .unwrap();
    assert_eq!(
        alice
            .send_credential(invitation.transfer, Apps::credential())
            .await,
        Ok(0)
    );
    let alice = over(failing(2..1000, StoreError::Conflict), &relay);
    let invitation = alice
        .create_invitation(InvitationRequest::default())
        .await
        .unwrap();
    let error = alice
        .send_credential(invitation.transfer, Apps::credential())
        .await
        .unwrap_err();
    assert_eq!(
        (error.clone(), error.is_retryable()),
        (Error::StoreBusy, true)
    );
}

#[tokio::test]
async fn a_damaged_record_is_an_error_and_the_others_go_on() {
    let relay = plain();
    let store = Arc::new(MemoryStore::new());
    let alice = over(store.clone(), &relay);
    let (bad, later, good) = (
        invite(&alice).await,
        invite(&alice).await,
        invite(&alice).await,
    );
    let unread = [(&bad, &b"no record"[..]), (&later, &[0xa1, 0, 0x18, 99])];
    for (invitation, bytes) in unread {
        restore(&store, invitation.transfer, bytes);
    }
    let load = |id| alice.poll(id, std::time::Duration::ZERO, 0);
    for (invitation, reason) in [
        (&bad, "a record is damaged"),
        (
            &later,
            "a record was written by another version of this library (its form is 99)",
        ),
    ] {
        let error = load(invitation.transfer).await.unwrap_err();
        assert_eq!(
            error,
            Error::Store {
                reason: reason.into()
            }
        );
    }
    let listed = alice.transfers().await.unwrap();
    assert_eq!(
        listed.iter().map(|t| t.id).collect::<Vec<_>>(),
        [good.transfer]
    );
    assert!(load(good.transfer).await.is_ok());
    let unknown = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    assert_eq!(load(unknown).await.unwrap_err().code(), "unknown_transfer");
    // Nothing of it is lost for the library that can read it, whatever this one is asked.
    for (invitation, bytes) in unread {
        let id = invitation.transfer;
        let done = TerminateReason::Done;
        assert!(alice.terminate(id, done).await.is_err());
        assert!(alice.invitation(id).await.is_err() && alice.forget(id).await.is_err());
        assert!(alice.send_credential(id, Apps::credential()).await.is_err());
        alice.sync(std::time::Duration::ZERO).await.ok();
        assert_eq!(backup(&store, id), bytes);
    }
}

/// Puts a record back to what it was, as a restored backup does.
fn restore(store: &MemoryStore, id: TransferId, bytes: &[u8]) {
    let key = id.to_string();
    let record = store.load(&key).unwrap().unwrap();
    store.save(&key, Some(&record.version), bytes).unwrap();
}

fn backup(store: &MemoryStore, id: TransferId) -> Vec<u8> {
    store.load(&id.to_string()).unwrap().unwrap().bytes.to_vec()
}

#[tokio::test]
async fn a_side_restored_from_a_backup_ends_as_state_lost() {
    for restored in [0, 1] {
        let relay = plain();
        let stores = [(); 2].map(|()| Arc::new(MemoryStore::new()));
        let clients = [0, 1].map(|side| over(stores[side].clone(), &relay));
        let invitation = invite(&clients[0]).await;
        let theirs = accept(&clients[1], &invitation.share_url).await.unwrap();
        let ids = [invitation.transfer, theirs];
        let [mut alice, mut bob] = [0, 1].map(|side| Side::new(&clients[side], ids[side]));
        bob.step().await.unwrap();
        alice.step().await.unwrap();
        bob.step().await.unwrap();
        // Established; the backup is taken, then a message goes each way and is acknowledged.
        let saved = backup(&stores[restored], ids[restored]);
        for (client, id) in clients.iter().zip(ids) {
            client
                .send_credential(id, Apps::credential())
                .await
                .unwrap();
        }
        for _ in 0..3 {
            alice.step().await.unwrap();
            bob.step().await.unwrap();
        }
        restore(&stores[restored], ids[restored], &saved);
        // A new process: it knows nothing but its record.
        let fresh = over(stores[restored].clone(), &relay);
        *[&mut alice, &mut bob][restored] = Side::new(&fresh, ids[restored]);
        let outcomes = Side::finish([&mut alice, &mut bob]).await;
        assert_eq!(outcomes, [Some(Outcome::Failed(7)); 2], "side {restored}");
    }
}
