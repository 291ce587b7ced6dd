//! Every way in which the two may end a transfer.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn declining_before_the_answer_gives_the_invitation_back() {
    let relay = TestRelay::start().await;
    let (alice, bob, carol) = (relay.client(), relay.client(), relay.client());
    let (invitation, url) = invite(&alice).await;
    alice
        .send_credential(invitation.transfer, note("key"))
        .await
        .unwrap();
    let declined = accept(&bob, &url).await;
    bob.decline(declined).await.unwrap();
    let mut receiver = Follower::start(&bob, declined);
    assert_eq!(receiver.outcome().await, Outcome::Declined);
    // Nothing was used up, and the sender was told nothing: another device may have it.
    let theirs = accept(&carol, &url).await;
    let (mut sender, mut receiver) = (
        Follower::start(&alice, invitation.transfer),
        Follower::start(&carol, theirs),
    );
    assert_eq!(receiver.received(1).await, [note("key")]);
    carol
        .terminate(theirs, TerminateReason::Done)
        .await
        .unwrap();
    assert_eq!(sender.outcome().await, Outcome::Completed);
}

//= test protocol/3-same-transfer
#[tokio::test(flavor = "multi_thread")]
async fn accept_decline_accept_on_one_device() {
    let relay = TestRelay::start().await;
    let (alice, (bob, at_bob)) = (relay.client(), recorded(&relay));
    let (invitation, url) = invite(&alice).await;
    let first = accept(&bob, &url).await;
    assert_eq!(
        accept(&bob, &url).await,
        first,
        "the same invitation, the same transfer"
    );
    bob.decline(first).await.unwrap();
    let again = accept(&bob, &url).await;
    assert_eq!(again, first);
    // A claim that was given up is not used again.
    let claims: std::collections::BTreeSet<_> = at_bob
        .log()
        .iter()
        .flat_map(|one| one.request.headers.clone())
        .filter(|(name, _)| *name == headers::DEVICE_CLAIM)
        .map(|(_, value)| value)
        .collect();
    assert_eq!(claims.len(), 2);
    let mut sender = Follower::start(&alice, invitation.transfer);
    let mut receiver = Follower::start(&bob, again);
    receiver.event(&TransferEvent::Established).await;
    sender.event(&TransferEvent::Established).await;
    assert!(
        !receiver.events().contains(&closed(Outcome::Declined)),
        "that was before"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn declining_after_the_answer_is_told() {
    let relay = TestRelay::start().await;
    let mut pair = Pair::established(&relay).await;
    pair.bob.decline(pair.theirs).await.unwrap();
    assert_eq!(pair.outcomes().await, [Outcome::Declined; 2]);
    let error = pair.alice.decline(pair.ours).await.unwrap_err();
    assert_eq!(error.code(), "not_the_receiver");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_before_anybody_answered_is_no_longer_there() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.client(), relay.client());
    let (invitation, url) = invite(&alice).await;
    alice
        .terminate(invitation.transfer, TerminateReason::Cancelled)
        .await
        .unwrap();
    let mut sender = Follower::start(&alice, invitation.transfer);
    assert_eq!(sender.outcome().await, Outcome::Cancelled);
    assert_eq!(page(&invitation).await, 404);
    let error = bob
        .accept_invitation(&*url, AcceptOptions::confirmed())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "no_longer_there");
    assert_eq!(bob.transfers().await.unwrap(), [], "nothing was begun");
    let error = alice.invitation(invitation.transfer).await.unwrap_err();
    assert_eq!(error.code(), "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn either_side_terminates_with_each_reason() {
    let relay = TestRelay::start().await;
    let reasons = [
        (TerminateReason::Done, Outcome::Completed),
        (TerminateReason::Declined, Outcome::Declined),
        (TerminateReason::Cancelled, Outcome::Cancelled),
    ];
    for (reason, outcome) in reasons {
        for by_sender in [true, false] {
            let mut pair = Pair::established(&relay).await;
            let (client, id) = if by_sender {
                (&pair.alice, pair.ours)
            } else {
                (&pair.bob, pair.theirs)
            };
            client.terminate(id, reason).await.unwrap();
            assert_eq!(
                pair.outcomes().await,
                [outcome; 2],
                "{reason:?} {by_sender}"
            );
            // Over is over.
            let error = pair
                .alice
                .send_credential(pair.ours, note("late"))
                .await
                .unwrap_err();
            assert_eq!(error, tigress::Error::Closed { outcome });
            let error = pair.bob.terminate(pair.theirs, reason).await.unwrap_err();
            assert_eq!(error.code(), "closed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn done_lets_waiting_messages_leave_first_and_cancelled_does_not() {
    let relay = TestRelay::start().await;
    for (reason, arrives) in [(TerminateReason::Done, 20), (TerminateReason::Cancelled, 0)] {
        let (alice, bob) = (relay.client(), relay.client());
        let (invitation, url) = invite(&alice).await;
        let ours = invitation.transfer;
        let theirs = accept(&bob, &url).await;
        let (mut ours_seen, mut theirs_seen) = (0, 0);
        for _ in 0..2 {
            round(&bob, theirs, &mut theirs_seen).await;
            round(&alice, ours, &mut ours_seen).await;
        }
        for n in 0..20 {
            alice
                .send_credential(ours, note(format!("{n}")))
                .await
                .unwrap();
        }
        alice.terminate(ours, reason).await.unwrap();
        let error = alice.send_credential(ours, note("late")).await.unwrap_err();
        assert_eq!(error.code(), "closing");
        let mut sender = Follower::start(&alice, ours);
        let mut receiver = Follower::start(&bob, theirs);
        let outcomes = [sender.outcome().await, receiver.outcome().await];
        assert_eq!(Apps::received(&receiver.events()).len(), arrives);
        let expected = if arrives == 0 {
            Outcome::Cancelled
        } else {
            Outcome::Completed
        };
        assert_eq!(outcomes, [expected; 2]);
    }
}

//= test protocol/9-events
#[tokio::test(flavor = "multi_thread")]
async fn unacknowledged_events_stay_past_the_end() {
    let relay = TestRelay::start().await;
    let mut pair = Pair::established(&relay).await;
    pair.alice
        .terminate(pair.ours, TerminateReason::Done)
        .await
        .unwrap();
    pair.outcomes().await;
    let (invitation, url) = invite(&pair.alice).await;
    pair.alice
        .send_credential(invitation.transfer, note("key"))
        .await
        .unwrap();
    let theirs = accept(&pair.bob, &url).await;
    let mut sender = Follower::start(&pair.alice, invitation.transfer);
    // The receiver's app never looks; only background rounds happen.
    while sender.events().last() != Some(&delivered(0)) {
        pair.bob.sync(10 * SECOND).await.unwrap();
        tokio::task::yield_now().await;
    }
    pair.alice
        .terminate(invitation.transfer, TerminateReason::Cancelled)
        .await
        .unwrap();
    while Apps::outcome(&sender.events()).is_none() {
        pair.bob.sync(10 * SECOND).await.unwrap();
        tokio::task::yield_now().await;
    }
    sender.outcome().await;
    let look = || pair.bob.poll(theirs, Duration::ZERO, 0);
    let update = look().await.unwrap();
    assert_eq!(Apps::received(&update.events), [note("key")]);
    assert_eq!(Apps::outcome(&update.events), Some(Outcome::Cancelled));
    assert_eq!(
        look().await.unwrap(),
        update,
        "the same poll, the same events"
    );
    let after = pair
        .bob
        .poll(theirs, Duration::ZERO, update.cursor)
        .await
        .unwrap();
    assert_eq!(after.events, []);
}
