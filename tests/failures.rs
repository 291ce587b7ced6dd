//! What may go wrong between the two: each failure with its exact error or event, and what still works after it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tigress::gss::{MajorStatus, MinorStatus};
use tigress::invitation::{InvitationFile, ShareUrl};
use tigress::mailbox::{
    CreateRequest, CreateResponse, DeviceClaim, DisplayInformation, RequestId, create_request,
};
use tigress::secret::Secret;
use tigress::{
    AcceptOptions, Credential, Error, HttpTransport, Invitation, InvitationRequest, MemoryStore,
    Outcome, StoreError, TerminateReason, TransferClient, TransferEvent, TransferId, TransferState,
    TransferStore,
};
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
        .accept_invitation(url.as_str(), AcceptOptions::default())
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
    let mut bob = Side::new(&bob, theirs);
    bob.step().await.unwrap();
    (Side::new(&alice, invitation.transfer), bob)
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

// --- the invitation ---------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_wrong_secret_is_told_and_the_right_device_succeeds() {
    let relay = plain();
    let (alice, mallory, bob) = (client(&relay), client(&relay), client(&relay));
    let invitation = invite(&alice).await;
    let wrong = ShareUrl {
        secret: Secret::new([0; 32]),
        ..invitation.share_url.clone()
    };
    let error = accept(&mallory, &wrong).await.unwrap_err();
    let expected = (
        MajorStatus::DEFECTIVE_CREDENTIAL,
        MinorStatus::SealedCredential,
    );
    assert_eq!(security(&error), (expected.0.code(), expected.1.code()));
    assert!(!error.is_retryable());
    let theirs = accept(&bob, &invitation.share_url).await.unwrap();
    completes(
        &mut Side::new(&alice, invitation.transfer),
        &mut Side::new(&bob, theirs),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_our_relay_a_wrong_secret_binds_nobody() {
    let relay = TestRelay::start().await;
    let (alice, mallory, bob) = (relay.client(), relay.client(), relay.client());
    let invitation = invite(&alice).await;
    let wrong = ShareUrl {
        secret: Secret::new([0; 32]),
        ..invitation.share_url.clone()
    };
    // Its recipient proof is wrong: the relay can't tell this from another device.
    let error = accept(&mallory, &wrong).await.unwrap_err();
    assert_eq!(error, Error::ClaimedByAnother);
    assert_eq!(mallory.transfers().await.unwrap(), []);
    let theirs = accept(&bob, &invitation.share_url).await.unwrap();
    let mut receiver = Follower::start(&bob, theirs);
    let _sender = Follower::start(&alice, invitation.transfer);
    assert_eq!(receiver.received(1).await, [Apps::credential()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_device_is_told_that_another_was_faster() {
    let relay = TestRelay::start().await;
    let (alice, bob, mallory) = (relay.client(), relay.client(), relay.client());
    let invitation = invite(&alice).await;
    let theirs = accept(&bob, &invitation.share_url).await.unwrap();
    for _ in 0..2 {
        let error = accept(&mallory, &invitation.share_url).await.unwrap_err();
        assert_eq!(error, Error::ClaimedByAnother);
    }
    assert_eq!(mallory.transfers().await.unwrap(), [], "nothing was begun");
    let mut receiver = Follower::start(&bob, theirs);
    let _sender = Follower::start(&alice, invitation.transfer);
    assert_eq!(receiver.received(1).await, [Apps::credential()]);
}

/// A mailbox that somebody filled by hand, as a malicious sender would.
async fn planted(relay: &PlainRelay, token: &[u8], like: &ShareUrl) -> ShareUrl {
    let body = CreateRequest::new(
        first_envelope(token),
        DisplayInformation::default(),
        4_000_000_000,
        &Secret::new([1; 32]),
        None,
    );
    let request = create_request(
        PlainRelay::ORIGIN,
        &DeviceClaim(uuid::Uuid::from_u128(1)),
        &RequestId(uuid::Uuid::from_u128(2)),
        serde_json::to_vec(&body).unwrap(),
        None,
    );
    let response = relay.answer(&request);
    let created: CreateResponse = serde_json::from_slice(&response.body).unwrap();
    let (_, mailbox) = tigress::invitation::parse_mailbox_url(&created.url_link).unwrap();
    ShareUrl {
        mailbox,
        ..like.clone()
    }
}

fn token_of(invitation: &Invitation) -> Vec<u8> {
    let file = InvitationFile::parse(&invitation.file).unwrap();
    file.token.unwrap()
}

#[tokio::test]
async fn a_credential_used_before_on_this_device_is_refused() {
    let relay = plain();
    let (alice, bob, carol) = (client(&relay), client(&relay), client(&relay));
    let invitation = invite(&alice).await;
    let again = planted(&relay, &token_of(&invitation), &invitation.share_url).await;
    // Read but not answered, it is not used yet.
    let first = accept(&bob, &invitation.share_url).await.unwrap();
    let second = accept(&bob, &again).await.unwrap();
    assert_ne!(first, second);
    bob.decline(second).await.unwrap();
    bob.sync(std::time::Duration::from_secs(5)).await.unwrap();
    // The first was answered by that round: from now on it counts as used, on this device.
    assert_eq!(accept(&bob, &again).await, Err(Error::AlreadyUsed));
    assert!(accept(&carol, &again).await.is_ok(), "it was given back");
}

#[tokio::test]
async fn an_unknown_mechanism_is_refused_and_given_back() {
    let relay = plain();
    let (alice, bob, carol) = (client(&relay), client(&relay), client(&relay));
    let invitation = invite(&alice).await;
    // A well-framed token of the OID 1.2.3, then nothing that anybody here knows.
    let token = [0x60, 8, 6, 2, 0x2a, 3, 1, 1, b'?', b'?'];
    let url = planted(&relay, &token, &invitation.share_url).await;
    for client in [&bob, &carol] {
        let error = accept(client, &url).await.unwrap_err();
        let expected = (MajorStatus::BAD_MECH, MinorStatus::UnknownMechanism);
        assert_eq!(security(&error), (expected.0.code(), expected.1.code()));
    }
}

#[tokio::test]
async fn a_mailbox_without_a_first_token_is_told() {
    let relay = plain();
    let (alice, bob) = (client(&relay), client(&relay));
    let invitation = invite(&alice).await;
    for data in ["", "?", "AAAA", "glkBPg=="] {
        relay.set_payload(data);
        let error = accept(&bob, &invitation.share_url).await.unwrap_err();
        assert_eq!(error.code(), "bad_mailbox", "{data}");
    }
    // The sender puts token 1 back, and the right device succeeds.
    let mut alice = Side::new(&alice, invitation.transfer);
    assert_eq!(alice.step().await.unwrap(), [TransferEvent::RejectedToken]);
    let theirs = accept(&bob, &invitation.share_url).await.unwrap();
    completes(&mut alice, &mut Side::new(&bob, theirs)).await;
}

#[tokio::test]
async fn a_file_with_another_token_than_the_mailbox_is_told() {
    let relay = plain();
    let (alice, bob) = (client(&relay), client(&relay));
    let (first, second) = (invite(&alice).await, invite(&alice).await);
    let mixed = InvitationFile {
        token: Some(token_of(&second)),
        ..InvitationFile::parse(&first.file).unwrap()
    };
    let bytes = mixed.to_bytes().unwrap();
    let accepted = bob
        .accept_invitation(&bytes[..], AcceptOptions::default())
        .await;
    assert_eq!(accepted.unwrap_err().code(), "bad_mailbox");
    let accepted = bob
        .accept_invitation(&first.file[..], AcceptOptions::default())
        .await;
    assert!(accepted.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_not_trusted_is_named_and_the_user_may_trust_it() {
    let (home, away) = (TestRelay::start().await, TestRelay::start().await);
    let (alice, bob) = (away.client(), home.client());
    let invitation = invite(&alice).await;
    let url = invitation.share_url.to_url();
    let error = accept(&bob, &invitation.share_url).await.unwrap_err();
    assert_eq!(
        error,
        Error::UntrustedRelay {
            host: "127.0.0.1".into()
        }
    );
    assert_eq!(bob.transfers().await.unwrap(), []);
    let options = AcceptOptions {
        trust: Some(away.url().into()),
        ..AcceptOptions::default()
    };
    let theirs = bob.accept_invitation(url.as_str(), options).await.unwrap();
    // The trust is the transfer's, also for all that follows.
    let mut receiver = Follower::start(&bob, theirs);
    let _sender = Follower::start(&alice, invitation.transfer);
    assert_eq!(receiver.received(1).await, [Apps::credential()]);
}

#[tokio::test]
async fn plain_http_is_refused() {
    let relay = plain();
    let invitation = invite(&client(&relay)).await;
    let url = invitation.share_url.to_url();
    // To another machine: never.
    let elsewhere = url.replace("127.0.0.1:9", "relay.example");
    let accepted = client(&relay)
        .accept_invitation(&elsewhere, AcceptOptions::default())
        .await;
    assert_eq!(accepted.unwrap_err().code(), "bad_invitation");
    // To this one: only where it is enabled.
    let http: Arc<dyn HttpTransport> = relay.clone();
    let config = tigress::Config::with_relay(PlainRelay::ORIGIN);
    let strict = TransferClient::new(config, Arc::new(MemoryStore::new()), Some(http)).unwrap();
    assert_eq!(
        accept(&strict, &invitation.share_url)
            .await
            .unwrap_err()
            .code(),
        "bad_config"
    );
    let created = strict.create_invitation(InvitationRequest::default()).await;
    assert_eq!(created.unwrap_err().code(), "bad_config");
}

// --- tokens -----------------------------------------------------------------------------------------------------------

/// What somebody who can write to the mailbox does to the envelope in it.
fn altered(data: &str, at: usize) -> String {
    let mut bytes = STANDARD.decode(data).unwrap();
    let at = at % bytes.len();
    bytes[at] ^= 0x10;
    STANDARD.encode(bytes)
}

#[tokio::test]
async fn an_altered_answer_changes_nothing_and_is_reported() {
    for at in [0, 5, 20, 60, 100, 140, 180] {
        let relay = plain();
        let (mut alice, mut bob) = answered(&relay).await;
        relay.set_payload(&altered(&relay.payload().unwrap(), at));
        assert_eq!(
            alice.step().await.unwrap(),
            [TransferEvent::RejectedToken],
            "{at}"
        );
        let transfers = alice.client.transfers().await.unwrap();
        assert_eq!(transfers[0].state, TransferState::Invited, "not used up");
        completes(&mut alice, &mut bob).await;
    }
}

#[tokio::test]
async fn a_cut_answer_changes_nothing_and_is_reported() {
    for keep in [0, 4, 40, 200] {
        let relay = plain();
        let (mut alice, mut bob) = answered(&relay).await;
        let data = relay.payload().unwrap();
        relay.set_payload(&data[..keep]);
        assert_eq!(
            alice.step().await.unwrap(),
            [TransferEvent::RejectedToken],
            "{keep}"
        );
        completes(&mut alice, &mut bob).await;
    }
}

/// Both established; two messages of the sender lie in the slot, unread.
async fn two_messages(relay: &Arc<PlainRelay>) -> (Side, Side) {
    let (mut alice, mut bob) = answered(relay).await;
    let second = Credential::new("org.example.key", b"the second".to_vec());
    alice
        .client
        .send_credential(alice.id, second)
        .await
        .unwrap();
    alice.step().await.unwrap();
    assert_eq!(bob.events, []);
    bob.events.clear();
    (alice, bob)
}

#[tokio::test]
async fn reordered_tokens_are_not_taken() {
    let relay = plain();
    let (mut alice, mut bob) = two_messages(&relay).await;
    relay.set_payload(&swap_tokens(&relay.payload().unwrap()));
    assert_eq!(bob.step().await.unwrap(), [TransferEvent::RejectedToken]);
    // The two write what they have to say again; the order is the sender's.
    for _ in 0..4 {
        alice.step().await.unwrap();
        bob.step().await.unwrap();
    }
    let contents: Vec<_> = Apps::received(&bob.events)
        .into_iter()
        .map(|c| c.content.to_vec())
        .collect();
    assert_eq!(
        contents,
        [b"the one and only key".to_vec(), b"the second".to_vec()]
    );
}

#[tokio::test]
async fn replayed_envelopes_change_nothing() {
    let relay = plain();
    let (mut alice, mut bob) = answered(&relay).await;
    let mut old = vec![relay.payload().unwrap()];
    // Before each round the slot shows something that it held before, the oldest first.
    for n in 0..8 {
        alice.step().await.unwrap();
        old.push(relay.payload().unwrap());
        relay.set_payload(&old[n % old.len()].clone());
        bob.step().await.unwrap();
        old.push(relay.payload().unwrap());
        relay.set_payload(&old[n / 2].clone());
    }
    completes(&mut alice, &mut bob).await;
    assert_eq!(count(&bob.events, &TransferEvent::Established), 1);
}

#[tokio::test]
async fn an_envelope_of_another_transfer_is_not_taken() {
    let (relay, other) = (plain(), plain());
    let (mut alice, mut bob) = answered(&relay).await;
    let _ = answered(&other).await;
    relay.set_payload(&other.payload().unwrap());
    assert_eq!(alice.step().await.unwrap(), [TransferEvent::RejectedToken]);
    completes(&mut alice, &mut bob).await;
}

// --- the store --------------------------------------------------------------------------------------------------------

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
    for (invitation, bytes) in [(&bad, &b"no record"[..]), (&later, &[0xa1, 0, 0x18, 99])] {
        let key = invitation.transfer.to_string();
        let record = store.load(&key).unwrap().unwrap();
        store.save(&key, Some(&record.version), bytes).unwrap();
    }
    let load = |id| alice.poll(id, std::time::Duration::ZERO, 0);
    for (invitation, reason) in [
        (&bad, "a record is damaged"),
        (&later, "a record was written by a later version"),
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
        [&mut alice, &mut bob][restored].client = fresh;
        let outcomes = Side::finish([&mut alice, &mut bob]).await;
        assert_eq!(outcomes, [Some(Outcome::Failed(7)); 2], "side {restored}");
    }
}
