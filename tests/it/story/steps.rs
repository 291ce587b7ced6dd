//! The eight steps, one by one.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_eight_steps() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (recorded(&relay), recorded(&relay));
    let invitation = steps_1_to_3(&relay, &alice).await;
    let theirs = steps_4_and_5(&invitation, &bob).await;
    let mut sides = [(alice, invitation.transfer, 0), (bob, theirs, 0)];
    let [(alice, ours, seen), _] = &mut sides;
    assert_eq!(round(&alice.0, *ours, seen).await, []);
    step_6(&mut sides).await;
    steps_7_and_8(&mut sides).await;
    the_end(&mut sides).await;
    assert_eq!(page(&invitation).await, 404);
    assert_eq!(methods(&sides[1].0.1).last(), Some(&"DELETE"));
}

/// A client, and what it has asked.
type Recorded = (TransferClient, Arc<Recorder>);
/// The same with its transfer, and the event that it has seen last.
type Sides = [(Recorded, TransferId, u64); 2];

/// Sender: one request makes the mailbox, with token 1 in it.
async fn steps_1_to_3(relay: &TestRelay, (alice, at_alice): &Recorded) -> Invitation {
    let request = InvitationRequest {
        title: "Room 7".into(),
        description: "Until Sunday".into(),
        ..InvitationRequest::default()
    };
    let invitation = alice.create_invitation(request).await.unwrap();
    assert_eq!(methods(at_alice), ["POST"]);
    let secret = invitation.share_url.secret.clone();
    let tokens = tokens_of(&last_written(at_alice));
    let [token] = &tokens[..] else {
        panic!("one token")
    };
    assert!(token.len() <= 576, "{} bytes", token.len());

    // Step 1: the auth credential lies in it, sealed under the shared secret.
    let mechanism = mechanism_of(token).unwrap();
    let start = token.windows(4).position(|w| w[..3] == [1, 1, 0]).unwrap() + 2;
    let length = usize::from(u16::from_be_bytes([token[start], token[start + 1]]));
    let sealed = &token[start + 2..start + 2 + length];
    let auth = AuthCredential::open(&secret, &mechanism, sealed).unwrap();
    assert_eq!(auth.expires_at, invitation.expires_at);
    assert_eq!(auth.expires_at - auth.issued_at, 48 * 3600);
    assert!(!auth.pin_required);

    // Step 2: token 1 is what the file carries, too.
    let file = InvitationFile::parse(&invitation.file).unwrap();
    assert_eq!(file.token.as_ref(), Some(token));

    // Step 3: the share URL is the mailbox's, with the secret in its fragment.
    let url = invitation.share_url.to_url();
    assert!(
        url.starts_with(relay.url()) && url.len() <= 128,
        "{}",
        url.len()
    );
    assert_eq!(page(&invitation).await, 200);
    let ours = invitation.transfer;
    assert_eq!(state(alice, ours).await, TransferState::Invited);
    invitation
}

async fn steps_4_and_5(invitation: &Invitation, (bob, at_bob): &Recorded) -> TransferId {
    // Step 4, receiver: link, file and QR code say the same.
    let url = invitation.share_url.to_url();
    let parsed = parse_invitation(url.as_bytes()).unwrap();
    assert_eq!(parsed.share_url, invitation.share_url);
    let from_file = parse_invitation(&invitation.file).unwrap();
    assert_eq!(from_file.share_url, invitation.share_url);
    assert_eq!(from_file.summary.unwrap().title.raw(), "Room 7");
    assert_eq!(from_file.title.unwrap().raw(), "");
    assert!(!qr_code(&invitation.share_url).is_empty());

    // Step 5, receiver: the mailbox is claimed and read, the credential validated; nothing is answered.
    let theirs = accept(bob, &url).await;
    assert_eq!(methods(at_bob), ["POST"]);
    let summary = bob.transfers().await.unwrap().remove(0);
    assert_eq!(summary.role, TransferRole::Receiver);
    assert_eq!(summary.state, TransferState::Establishing);
    assert_eq!(summary.display.title.raw(), "Room 7");
    assert_eq!(summary.expires_at, Some(invitation.expires_at));
    theirs
}

async fn step_6([ours, theirs]: &mut Sides) {
    let ((alice, _), ours, ours_seen) = ours;
    let ((bob, at_bob), theirs, theirs_seen) = theirs;
    let (ours, theirs) = (*ours, *theirs);
    // Step 6: token 2 from the receiver, which is not established by that…
    assert_eq!(round(bob, theirs, theirs_seen).await, []);
    assert_eq!(tokens_of(&last_written(at_bob)).len(), 1);
    assert_eq!(state(bob, theirs).await, TransferState::Establishing);
    // … token 3 from the sender, which is…
    let events = round(alice, ours, ours_seen).await;
    assert_eq!(
        events,
        [TransferEvent::Accepted, TransferEvent::Established]
    );
    assert_eq!(state(alice, ours).await, TransferState::Established);
    // … and by token 3 the receiver.
    let events = round(bob, theirs, theirs_seen).await;
    assert_eq!(events, [TransferEvent::Established]);
}

async fn steps_7_and_8([ours, theirs]: &mut Sides) {
    let ((alice, at_alice), ours, ours_seen) = ours;
    let ((bob, _), theirs, theirs_seen) = theirs;
    let (ours, theirs) = (*ours, *theirs);
    // Step 7: the credential is made now, wrapped and sent.
    let credential = Credential {
        media_type: Some("application/json".into()),
        ..Credential::new(
            "digitalwallet.generic.authorizationToken",
            br#"{"room":7}"#.to_vec(),
        )
    };
    let index = alice
        .send_credential(ours, credential.clone())
        .await
        .unwrap();
    assert_eq!(index, 0);
    assert_eq!(round(alice, ours, ours_seen).await, []);
    let wrapped = tokens_of(&last_written(at_alice)).pop().unwrap();
    assert_eq!(&wrapped[..2], [2, 1], "a wrap token");
    assert_eq!(
        wrapped.len(),
        52 + 1024,
        "padded: its size does not tell what it is"
    );

    // Step 8: unwrapped; the sender learns that it arrived.
    let events = round(bob, theirs, theirs_seen).await;
    assert_eq!(
        events,
        [TransferEvent::CredentialReceived {
            credential,
            index: 0
        }]
    );
    assert_eq!(round(alice, ours, ours_seen).await, [delivered(0)]);
}

async fn the_end([ours, theirs]: &mut Sides) {
    let ((alice, _), ours, ours_seen) = ours;
    let ((bob, _), theirs, theirs_seen) = theirs;
    let (ours, theirs) = (*ours, *theirs);
    // Step 8, its end: the receiver is done, the sender acknowledges, the mailbox is deleted.
    bob.terminate(theirs, TerminateReason::Done).await.unwrap();
    assert_eq!(state(bob, theirs).await, TransferState::Closing);
    assert_eq!(round(bob, theirs, theirs_seen).await, []);
    let events = round(alice, ours, ours_seen).await;
    assert_eq!(events, [closed(Outcome::Completed)]);
    let events = round(bob, theirs, theirs_seen).await;
    assert_eq!(events, [closed(Outcome::Completed)]);
}
