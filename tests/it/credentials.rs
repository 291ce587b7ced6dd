//! What is handed over arrives byte for byte: real wallets' documents, and contents of every size that is allowed.

use std::path::Path;

use tigress::{
    AcceptOptions, Credential, InvitationRequest, MAX_CONTENT, Outcome, TerminateReason,
};
use tigress_testkit::{Follower, TestRelay};

/// Hands all over in one transfer, and gives what arrived.
async fn hand_over(credentials: &[Credential]) -> Vec<Credential> {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.client(), relay.client());
    let invitation = alice
        .create_invitation(InvitationRequest::default())
        .await
        .unwrap();
    let ours = invitation.transfer;
    for credential in credentials {
        alice
            .send_credential(ours, credential.clone())
            .await
            .unwrap();
    }
    let url = invitation.share_url.to_url();
    let theirs = bob
        .accept_invitation(url.as_str(), AcceptOptions::confirmed())
        .await
        .unwrap();
    let (mut sender, mut receiver) = (Follower::start(&alice, ours), Follower::start(&bob, theirs));
    let received = receiver.received(credentials.len()).await;
    bob.terminate(theirs, TerminateReason::Done).await.unwrap();
    assert_eq!(sender.outcome().await, Outcome::Completed);
    assert_eq!(receiver.outcome().await, Outcome::Completed);
    received
}

fn of_size(size: usize) -> Credential {
    let content = (0..size).map(|n| (n * 31 % 253) as u8).collect();
    Credential::new("org.example.bytes", content)
}

#[tokio::test(flavor = "multi_thread")]
async fn real_documents_arrive_byte_for_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/credentials");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        return; // Not everybody has them.
    };
    let credentials: Vec<_> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            Credential::new(format!("org.example.{name}"), std::fs::read(&path).unwrap())
        })
        .collect();
    assert!(!credentials.is_empty());
    assert!(hand_over(&credentials).await == credentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_size_up_to_the_limit_arrives() {
    let sizes = [
        0,
        1,
        968,
        969,
        4096,
        65_535,
        65_536,
        MAX_CONTENT - 1,
        MAX_CONTENT,
        MAX_CONTENT,
    ];
    let credentials: Vec<_> = sizes.map(of_size).into();
    assert!(hand_over(&credentials).await == credentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn format_and_media_type_arrive_too() {
    let credentials = [
        Credential {
            media_type: Some("application/vnd.example+json; v=1".into()),
            ..Credential::new(
                "digitalwallet.carkey.ccc",
                br#" {"key": "\u00fc"} "#.to_vec(),
            )
        },
        Credential::new("x".repeat(255), b"\0\xff\r\n".to_vec()),
    ];
    assert_eq!(hand_over(&credentials).await, credentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_handed_over_is_refused_at_once() {
    let relay = TestRelay::start().await;
    let alice = relay.client();
    let invitation = alice
        .create_invitation(InvitationRequest::default())
        .await
        .unwrap();
    let refused = [
        (of_size(MAX_CONTENT + 1), "too_large"),
        (Credential::new("", vec![]), "bad_credential"),
        (Credential::new("x".repeat(256), vec![]), "bad_credential"),
        (Credential::new("ü", vec![]), "bad_credential"),
        (
            Credential::new("digitalwallet.carkey.ccc", b"[]".to_vec()),
            "bad_credential",
        ),
        (
            Credential {
                media_type: Some(String::new()),
                ..of_size(1)
            },
            "bad_credential",
        ),
    ];
    for (credential, code) in refused {
        let sent = alice.send_credential(invitation.transfer, credential).await;
        assert_eq!(sent.unwrap_err().code(), code);
    }
    // None of them took a number.
    let sent = alice.send_credential(invitation.transfer, of_size(1)).await;
    assert_eq!(sent, Ok(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_told_and_empties() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.client(), relay.client());
    let invitation = alice
        .create_invitation(InvitationRequest::default())
        .await
        .unwrap();
    let ours = invitation.transfer;
    let mut count = 0;
    let error = loop {
        match alice.send_credential(ours, of_size(1)).await {
            Ok(_) => count += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(
        (error.code(), error.is_retryable(), count),
        ("queue_full", true, 64)
    );
    let url = invitation.share_url.to_url();
    let theirs = bob
        .accept_invitation(url.as_str(), AcceptOptions::confirmed())
        .await
        .unwrap();
    let _sender = Follower::start(&alice, ours);
    let mut receiver = Follower::start(&bob, theirs);
    assert_eq!(receiver.received(64).await.len(), 64);
    assert_eq!(alice.send_credential(ours, of_size(2)).await, Ok(64));
    assert_eq!(receiver.received(65).await.pop(), Some(of_size(2)));
}

#[tokio::test]
async fn an_invitation_says_the_format_of_its_own_credential() {
    let relay = TestRelay::start().await;
    let alice = relay.client();
    let invite = |format: &str| {
        let request = InvitationRequest {
            format: Some(format.to_owned()),
            credential: Some(Credential::new("org.example.pass", vec![1])),
            ..InvitationRequest::default()
        };
        alice.create_invitation(request)
    };
    let refused = invite("org.example.other").await.unwrap_err();
    assert_eq!(refused.code(), "bad_credential");
    assert!(invite("org.example.pass").await.is_ok());
}
