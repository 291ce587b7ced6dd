//! Polls that wait.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_read_does_not_delay_a_write() {
    let relay = TestRelay::start().await;
    let mut pair = Pair::established(&relay).await;
    // Both wait at the relay, each time for longer than a test does; ten calls each way pass through.
    for n in 0..10 {
        pair.alice
            .send_credential(pair.ours, note("ping"))
            .await
            .unwrap();
        pair.receiver.received(n + 1).await;
        pair.bob
            .send_credential(pair.theirs, note("pong"))
            .await
            .unwrap();
        pair.sender.received(n + 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_poll_asks_a_few_times_only() {
    let relay = TestRelay::start().await;
    let (alice, at_alice) = recorded(&relay);
    let (invitation, _) = invite(&alice).await;
    let wait = Duration::from_millis(1900);
    let started = Instant::now();
    let update = alice.poll(invitation.transfer, wait, 0).await.unwrap();
    assert_eq!(update.state, TransferState::Invited);
    assert!(
        started.elapsed() >= wait,
        "it waits as long as it was asked to"
    );
    let count = at_alice.log().len();
    assert!(count <= 6, "{count} requests in two seconds of waiting");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_may_wait_for_ever() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.client(), relay.client());
    let (invitation, url) = invite(&alice).await;
    let waiting = {
        let alice = alice.clone();
        tokio::spawn(async move { alice.poll(invitation.transfer, Duration::MAX, 0).await })
    };
    let theirs = accept(&bob, &url).await;
    let _receiver = Follower::start(&bob, theirs);
    let update = waiting.await.unwrap().unwrap();
    assert_eq!(update.events[0], TransferEvent::Accepted);
}
