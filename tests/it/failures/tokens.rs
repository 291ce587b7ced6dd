//! What somebody who can write to the mailbox may do to the envelope in it.

use super::*;

/// What somebody who can write to the mailbox does to the envelope in it.
fn altered(data: &str, at: usize) -> String {
    let mut bytes = STANDARD.decode(data).unwrap();
    let at = at % bytes.len();
    bytes[at] ^= 0x10;
    STANDARD.encode(bytes)
}

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn an_envelope_of_another_transfer_is_not_taken() {
    let (relay, other) = (plain(), plain());
    let (mut alice, mut bob) = answered(&relay).await;
    let _ = answered(&other).await;
    relay.set_payload(&other.payload().unwrap());
    assert_eq!(alice.step().await.unwrap(), [TransferEvent::RejectedToken]);
    completes(&mut alice, &mut bob).await;
}
