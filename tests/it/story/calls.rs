//! Messages each way: one after the other, back to back, crossing, before and after the establishment.

use super::*;

//= test draft/3.3-round-trips
#[tokio::test(flavor = "multi_thread")]
async fn the_other_ending_additional_calls_ten_each_way() {
    let relay = TestRelay::start().await;
    let mut pair = Pair::established(&relay).await;
    let send = |text: String| pair.alice.send_credential(pair.ours, note(text));
    send("the credential".into()).await.unwrap();
    let mut expected = vec![note("the credential")];
    for n in 0..10 {
        // Each waits for the answer before it, as calls do.
        pair.receiver.received(n + 1).await;
        let question = note(format!("question {n}"));
        pair.bob
            .send_credential(pair.theirs, question.clone())
            .await
            .unwrap();
        assert_eq!(pair.sender.received(n + 1).await.pop(), Some(question));
        let answer = note(format!("answer {n}"));
        pair.alice
            .send_credential(pair.ours, answer.clone())
            .await
            .unwrap();
        expected.push(answer);
    }
    assert_eq!(pair.receiver.received(11).await, expected);
    pair.alice
        .terminate(pair.ours, TerminateReason::Done)
        .await
        .unwrap();
    assert_eq!(pair.outcomes().await, [Outcome::Completed; 2]);
    // Each was reported delivered, once, in order, and all before the end.
    for (events, count) in [(pair.sender.events(), 11), (pair.receiver.events(), 10)] {
        let told: Vec<_> = events
            .iter()
            .filter(|e| matches!(e, TransferEvent::CredentialDelivered { .. }))
            .cloned()
            .collect();
        assert_eq!(told, (0..count).map(delivered).collect::<Vec<_>>());
        assert_eq!(events.last(), Some(&closed(Outcome::Completed)));
    }
}

//= test draft/3.3-no-turns
#[tokio::test(flavor = "multi_thread")]
async fn back_to_back_and_crossing_writes_arrive_once_and_in_order() {
    let relay = TestRelay::start().await;
    let mut pair = Pair::established(&relay).await;
    // More than fits into the window of unacknowledged tokens, from both sides at once.
    const COUNT: u64 = 40;
    let text = |side: &str, n: u64| note(format!("{side} {n}"));
    let from_alice = async {
        for n in 0..COUNT {
            let sent = pair
                .alice
                .send_credential(pair.ours, text("alice", n))
                .await;
            assert_eq!(sent, Ok(n));
        }
    };
    let from_bob = async {
        for n in 0..COUNT {
            let sent = pair.bob.send_credential(pair.theirs, text("bob", n)).await;
            assert_eq!(sent, Ok(n));
        }
    };
    tokio::join!(from_alice, from_bob);
    let expected = |side| (0..COUNT).map(|n| text(side, n)).collect::<Vec<_>>();
    assert_eq!(
        pair.receiver.received(COUNT as usize).await,
        expected("alice")
    );
    assert_eq!(pair.sender.received(COUNT as usize).await, expected("bob"));
    pair.sender.event(&delivered(COUNT - 1)).await;
    pair.receiver.event(&delivered(COUNT - 1)).await;
    pair.bob
        .terminate(pair.theirs, TerminateReason::Done)
        .await
        .unwrap();
    assert_eq!(pair.outcomes().await, [Outcome::Completed; 2]);
}

/// Requests that count: all but waiting reads that came back unchanged.
fn requests(recorders: [&Recorder; 2]) -> usize {
    let counts = |recorder: &Recorder| {
        let log = recorder.log();
        let unchanged = log.iter().filter(|one| {
            let known = one.request.headers.iter();
            let known = known
                .clone()
                .find(|(name, _)| *name == headers::PAYLOAD_VERSION);
            let now = one
                .response
                .as_ref()
                .and_then(|r| r.header(headers::PAYLOAD_VERSION));
            known.is_some_and(|(_, known)| now == Some(known))
        });
        log.len() - unchanged.count()
    };
    counts(recorders[0]) + counts(recorders[1])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_queued_before_anybody_answered_leaves_with_token_3() {
    let relay = TestRelay::start().await;
    let ((alice, at_alice), (bob, at_bob)) = (recorded(&relay), recorded(&relay));
    let request = InvitationRequest {
        credential: Some(note("queued with the invitation")),
        ..InvitationRequest::default()
    };
    let invitation = alice.create_invitation(request).await.unwrap();
    let ours = invitation.transfer;
    let second = alice.send_credential(ours, note("queued after it")).await;
    assert_eq!(second, Ok(1));
    let mut sender = Follower::start(&alice, ours);
    let theirs = accept(&bob, &invitation.share_url.to_url()).await;
    let events = receive_one(bob, theirs).await;
    assert_eq!(sender.outcome().await, Outcome::Completed);
    let received = Apps::received(&events);
    assert_eq!(
        received,
        [note("queued with the invitation"), note("queued after it")]
    );
    // Token 3 and both messages went in one envelope.
    let envelopes = at_alice
        .log()
        .into_iter()
        .filter_map(|one| slot_data(&one.request.body?))
        .map(|data| tokens_of(&data).len());
    assert!(envelopes.into_iter().any(|tokens| tokens == 3));
    let count = requests([&at_alice, &at_bob]);
    assert!(
        count <= 8,
        "{count} requests:\n{}\n{}",
        listed(&at_alice),
        listed(&at_bob)
    );
}

/// A receiving app that does one thing after the other: what it gets, it keeps, and is done.
async fn receive_one(client: TransferClient, id: TransferId) -> Vec<TransferEvent> {
    let (mut stream, mut events) = (client.events(id).unwrap(), Vec::new());
    while let Some(event) = stream.next().await.unwrap() {
        if matches!(event, TransferEvent::CredentialReceived { .. }) {
            client.terminate(id, TerminateReason::Done).await.unwrap();
        }
        events.push(event);
    }
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_made_after_established_takes_few_requests() {
    let relay = TestRelay::start().await;
    let ((alice, at_alice), (bob, at_bob)) = (recorded(&relay), recorded(&relay));
    let (invitation, url) = invite(&alice).await;
    let ours = invitation.transfer;
    let theirs = accept(&bob, &url).await;
    let receiver = tokio::spawn(receive_one(bob, theirs));
    let mut sender = Follower::start(&alice, ours);
    sender.event(&TransferEvent::Established).await;
    // The credential takes its time: token 3 was acknowledged long ago.
    let acknowledged = |one: &Exchanged| {
        let body = one.response.as_ref().map(|response| &response.body[..]);
        body.and_then(slot_data)
            .is_some_and(|data| tokens_of(&data).is_empty())
    };
    at_alice
        .until_asking_after(|log| log.iter().any(acknowledged))
        .await;
    alice.send_credential(ours, note("made now")).await.unwrap();
    assert_eq!(sender.outcome().await, Outcome::Completed);
    let events = receiver.await.unwrap();
    assert_eq!(Apps::received(&events), [note("made now")]);
    let count = requests([&at_alice, &at_bob]);
    assert!(
        count <= 10,
        "{count} requests:\n{}\n{}",
        listed(&at_alice),
        listed(&at_bob)
    );
}
