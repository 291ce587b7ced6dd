//! Invitations that can't be accepted.

use super::*;

#[tokio::test(start_paused = true)]
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
        &mut Side::unhurried(&alice, invitation.transfer),
        &mut Side::unhurried(&bob, theirs),
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
    let (_, mailbox) = tigress_protocol::invitation::parse_mailbox_url(&created.url_link).unwrap();
    ShareUrl {
        mailbox,
        ..like.clone()
    }
}

fn token_of(invitation: &Invitation) -> Vec<u8> {
    let file = InvitationFile::parse(&invitation.file).unwrap();
    file.token.unwrap()
}

#[tokio::test(start_paused = true)]
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
    bob.sync(std::time::Duration::from_secs(60)).await.unwrap();
    // The first was answered by that round: from now on it counts as used, on this device.
    assert_eq!(accept(&bob, &again).await, Err(Error::AlreadyUsed));
    assert!(accept(&carol, &again).await.is_ok(), "it was given back");
}

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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
    let mut alice = Side::unhurried(&alice, invitation.transfer);
    assert_eq!(alice.step().await.unwrap(), [TransferEvent::RejectedToken]);
    let theirs = accept(&bob, &invitation.share_url).await.unwrap();
    completes(&mut alice, &mut Side::unhurried(&bob, theirs)).await;
}

#[tokio::test(start_paused = true)]
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
        .accept_invitation(&bytes[..], AcceptOptions::confirmed())
        .await;
    assert_eq!(accepted.unwrap_err().code(), "bad_mailbox");
    let accepted = bob
        .accept_invitation(&first.file[..], AcceptOptions::confirmed())
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
        ..AcceptOptions::confirmed()
    };
    let theirs = bob.accept_invitation(url.as_str(), options).await.unwrap();
    // The trust is the transfer's, also for all that follows.
    let mut receiver = Follower::start(&bob, theirs);
    let _sender = Follower::start(&alice, invitation.transfer);
    assert_eq!(receiver.received(1).await, [Apps::credential()]);
}

#[tokio::test(start_paused = true)]
async fn plain_http_is_refused() {
    let relay = plain();
    let invitation = invite(&client(&relay)).await;
    let url = invitation.share_url.to_url();
    // To another machine: never.
    let elsewhere = url.replace("127.0.0.1:9", "relay.example");
    let accepted = client(&relay)
        .accept_invitation(&elsewhere, AcceptOptions::confirmed())
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
