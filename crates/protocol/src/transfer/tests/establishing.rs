//! From the invitation to the established context: who may answer, once, and what a refusal leaves behind.

use super::offers::the_right_device_still_succeeds;
use super::*;

//= test protocol/6.1-mic
#[test]
fn only_one_form_is_taken_without_a_mic() {
    type Change = fn(&mut Fields);
    let changes: [Change; 6] = [
        |fields| fields.side = Side::Receiver,
        |fields| fields.ack = 1,
        |fields| fields.base = 1,
        |fields| fields.tokens.push(vec![1]),
        |fields| fields.hash = [1; 32],
        |fields| fields.abort = Some(vec![1]),
    ];
    for change in changes {
        let mut world = World::invited();
        let good = world.relay.data().to_owned();
        let mut fields = world.slot();
        change(&mut fields);
        world.relay.put(fields.encode(|_| None));
        let refused = world.accept(RECEIVER);
        assert!(
            matches!(refused, Err(Refused::BadMailbox(_))),
            "{refused:?}"
        );
        world.relay.put(good);
        the_right_device_still_succeeds(world);
    }
    let mut world = World::invited();
    let good = world.relay.data().to_owned();
    world.relay.put(world.slot().encode(|_| Some([0; 32])));
    let refused = world.accept(RECEIVER);
    assert!(
        matches!(refused, Err(Refused::BadMailbox(_))),
        "{refused:?}"
    );
    world.relay.put(good);
    the_right_device_still_succeeds(world);
}

//= test protocol/6.2-writes-nothing
#[test]
fn the_receiver_writes_nothing_before_its_token_is_stored() {
    let mut world = World::invited();
    world.accept(RECEIVER).unwrap();
    assert!(world.relay.writes(RECEIVER).is_empty());
    world.try_step(RECEIVER, Fault::BeforeStore).unwrap();
    assert!(world.relay.writes(RECEIVER).is_empty());
    assert!(!world.devices[RECEIVER].load().has_used_credential());
    world.try_step(RECEIVER, Fault::BeforeRequest).unwrap();
    assert!(world.relay.writes(RECEIVER).is_empty());
    // Stored: it counts as used, and these bytes are what is written, after a look at the slot.
    let stored = world.devices[RECEIVER].load();
    assert!(stored.has_used_credential());
    assert_eq!(world.step(RECEIVER), Next::Read);
    assert_eq!(
        world.step(RECEIVER),
        Next::Write(stored.envelope().unwrap())
    );
    world.run();
    assert_eq!(world.state(SENDER), TransferState::Established);
}

//= test protocol/6.2-no-relinquish
#[test]
fn after_its_first_write_the_receiver_never_gives_the_claim_back() {
    for steps in 1..8 {
        let mut world = World::invited();
        world.accept(RECEIVER).unwrap();
        for n in 0..steps {
            world.step(if n % 2 == 0 { RECEIVER } else { SENDER });
        }
        world.terminate(RECEIVER, TerminateReason::Declined);
        world.settle();
        let relinquished = |call: &Call| matches!(call, Call::Relinquish { .. });
        assert!(!world.relay.was_asked(RECEIVER, relinquished));
        assert_eq!(world.outcomes(), [Some(Outcome::Declined); 2]);
        assert!(world.relay.is_gone());
    }
}

//= test protocol/6.2-put-back
#[test]
fn the_sender_puts_its_token_back_under_a_new_id_and_slower_each_time() {
    let mut world = World::invited();
    let first = world.relay.data().to_owned();
    let mut ids = Vec::new();
    let mut pauses = Vec::new();
    for junk in ["", "junk", "AAAA", "oQ==", "gkD2"] {
        world.relay.put(junk);
        assert_eq!(world.step(SENDER), Next::Wait);
        assert_eq!(world.step(SENDER), Next::Write(first.clone()));
        assert_eq!(world.relay.data(), first);
        pauses.push(world.devices[SENDER].slot.back_off());
        if let Some(Call::Update { request_id, .. }) = world.relay.writes(SENDER).pop() {
            assert!(!ids.contains(&request_id));
            ids.push(request_id);
        }
    }
    assert!(
        pauses[1..].is_sorted() && pauses[4] > pauses[1],
        "{pauses:?}"
    );
    assert_eq!(world.state(SENDER), TransferState::Invited);
    assert!(world.devices[SENDER].has(&TransferEvent::RejectedToken));
    // Another type of payload is no answer either.
    world.relay.put_as("OTHER", first.clone());
    world.step(SENDER);
    assert_eq!(world.step(SENDER), Next::Write(first));
    world.accept(RECEIVER).unwrap();
    world.run();
    assert_eq!(world.state(SENDER), TransferState::Established);
}

/// A world in which token 2 lies in the slot, unread.
fn answered() -> World {
    let mut world = World::invited();
    world.accept(RECEIVER).unwrap();
    world.step(RECEIVER);
    world
}

//= test protocol/3-single-use
#[test]
fn an_answer_counts_only_if_its_mic_holds_all_or_nothing() {
    let good = answered();
    let envelope = Envelope::decode(good.relay.data()).unwrap();
    let fields = good.slot();
    let mic = envelope.mic.unwrap();
    let mut bad = vec![
        // The right token under no MIC, and under a wrong one.
        fields.encode(|_| None),
        fields.encode(|_| Some([mic[0] ^ 1; 32])),
    ];
    for change in [
        (|fields: &mut Fields| fields.ack = 0) as fn(&mut Fields),
        |fields| fields.base = 1,
        |fields| fields.side = Side::Sender,
        |fields| fields.tokens.clear(),
        |fields| fields.tokens[0][60] ^= 1,
        |fields| *fields.tokens[0].last_mut().unwrap() ^= 1,
        |fields| {
            fields.tokens[0].pop();
        },
        |fields| fields.hash = [0; 32],
    ] {
        let mut fields = fields.clone();
        change(&mut fields);
        bad.push(fields.encode(|_| Some(mic)));
    }
    // Its author claims that token 2 is another one.
    let later = Fields { base: 1, ..fields };
    bad.push(good.authentic(RECEIVER, &later));
    for data in bad {
        let mut world = answered();
        let right = world.relay.data().to_owned();
        world.relay.put(data);
        world.step(SENDER);
        assert_eq!(world.state(SENDER), TransferState::Invited);
        assert!(world.devices[SENDER].has(&TransferEvent::RejectedToken));
        assert!(!world.devices[SENDER].has(&TransferEvent::Accepted));
        // Nothing was used up: the right answer is taken.
        world.relay.put(right);
        world.devices[SENDER].kill();
        world.step(SENDER);
        assert_eq!(world.state(SENDER), TransferState::Established);
    }
}

#[test]
fn the_first_answer_uses_the_credential_up_and_any_other_is_refused() {
    // Two devices have the invitation, and the relay lets both read it.
    let mut world = answered();
    let first = world.relay.data().to_owned();
    let mut other = Device::new();
    other.record = None;
    world.devices.push(other);
    let token1 = world.relay.held[0].clone();
    let url = world.share_url();
    let start = ReceiverStart {
        id: TransferId::from(uuid::Uuid::from_u128(3)),
        share_url: &url,
        token: None,
        said: None,
        confirmed: true,
        notification: None,
    };
    let mut second = Transfer::new_receiver(start, START, &mut world.entropy());
    let answer = Answer {
        reply: Reply::Content(tigress_mailbox::Content {
            data: token1,
            payload_type: tigress_mailbox::PAYLOAD_TYPE.into(),
            display: tigress_mailbox::DisplayInformation::default(),
            expiration: None,
            version: None,
        }),
        now: START,
        date: None,
    };
    let mut slot = Slot::default();
    second
        .handle(&Next::Read, answer, &mut slot, &mut world.entropy())
        .unwrap();
    second.validate(&|_| false, START, None).unwrap();
    second.advance(START, &mut world.entropy()).unwrap();
    let second = second.envelope().unwrap();

    world.relay.put(first);
    world.step(SENDER);
    assert_eq!(world.state(SENDER), TransferState::Established);
    assert!(world.devices[SENDER].load().invitation().is_none());
    world.relay.put(second);
    world.devices[SENDER].kill();
    world.step(SENDER);
    assert!(world.devices[SENDER].has(&TransferEvent::RejectedToken));
    world.run();
    assert_eq!(world.state(RECEIVER), TransferState::Established);
    let accepted = |event: &&TransferEvent| **event == TransferEvent::Accepted;
    assert_eq!(
        world.devices[SENDER].events.iter().filter(accepted).count(),
        1
    );
}

#[test]
fn secrets_are_erased_in_the_same_store_write_that_ends_their_work() {
    let holds = |world: &World, at: usize, secret: &[u8]| {
        let record = world.devices[at].record.as_ref().unwrap();
        record.windows(secret.len()).any(|window| window == secret)
    };
    let mut world = World::invited();
    let secret = world.share_url().secret;
    let secret = secret.expose();
    assert!(holds(&world, SENDER, secret));
    world.accept(RECEIVER).unwrap();
    assert!(holds(&world, RECEIVER, secret));
    world.step(RECEIVER);
    assert!(!holds(&world, RECEIVER, secret), "token 2 is stored");
    world.step(SENDER);
    assert!(world.devices[SENDER].has(&TransferEvent::Accepted));
    assert!(!holds(&world, SENDER, secret), "the answer is taken");
}

//= test protocol/4-third-token protocol/6.2-after-token-3
#[test]
fn the_receiver_is_established_by_the_third_token_only() {
    let mut world = answered();
    world.send(RECEIVER, 7);
    let token1 = world.relay.held[0].clone();
    for _ in 0..3 {
        // Token 1 once more says nothing about who is there now.
        world.relay.put(token1.clone());
        world.step(RECEIVER);
        assert_eq!(world.state(RECEIVER), TransferState::Establishing);
        world.step(RECEIVER);
        assert_eq!(world.slot().tokens.len(), 1, "no message leaves before");
    }
    assert!(!world.devices[RECEIVER].has(&TransferEvent::RejectedToken));
    world.run();
    assert_eq!(world.state(RECEIVER), TransferState::Established);
    assert_eq!(world.devices[SENDER].received(), [message(7)]);
}

#[test]
fn the_credential_may_be_queued_before_or_sent_after() {
    for when in 0..6 {
        let mut world = World::with_lifetime(LIFETIME, 0);
        for now in 0..6 {
            if now == when {
                world.send(SENDER, 1);
            }
            match now {
                0 | 3 => _ = world.step(SENDER),
                1 => world.accept(RECEIVER).unwrap(),
                2 => _ = world.step(RECEIVER),
                _ => world.run(),
            }
        }
        world.run();
        assert_eq!(world.devices[RECEIVER].received(), [message(1)], "{when}");
        if when < 4 {
            // With token 3, in one envelope.
            let with_token3 = world.relay.held.iter().any(|data| {
                let fields = Envelope::decode(data).unwrap().fields().unwrap();
                fields.side == Side::Sender && fields.base == 1 && fields.tokens.len() == 2
            });
            assert!(with_token3, "{when}");
        }
    }
}

#[test]
fn a_creation_without_an_answer_is_repeated_and_makes_one_mailbox() {
    let mut world = World::with_lifetime(LIFETIME, 0);
    let request = world.devices[SENDER].load().creation();
    world.try_step(SENDER, Fault::BeforeAnswer).unwrap();
    assert_eq!(world.devices[SENDER].load().creation(), request);
    world.step(SENDER);
    assert_eq!(world.state(SENDER), TransferState::Invited);
    assert!(world.devices[SENDER].load().invitation().is_some());
}

#[test]
fn a_relay_that_repeats_no_answer_is_asked_for_another_mailbox() {
    let mut world = World::with_lifetime(LIFETIME, 0);
    world.relay.repeats_creation = false;
    world.try_step(SENDER, Fault::BeforeAnswer).unwrap();
    world.step(SENDER);
    assert!(world.devices[SENDER].load().is_creating());
    world.step(SENDER);
    world.accept(RECEIVER).unwrap();
    world.run();
    assert_eq!(world.state(SENDER), TransferState::Established);
}

//= test protocol/7-origin
#[test]
fn a_mailbox_at_another_relay_is_refused() {
    for url in [
        "https://other.example/v1/m/67e55044-10b1-426f-9247-bb680e5fe0c8",
        "http://relay.example/v1/m/67e55044-10b1-426f-9247-bb680e5fe0c8",
        "https://relay.example/67e55044-10b1-426f-9247-bb680e5fe0c8",
    ] {
        let mut world = World::with_lifetime(LIFETIME, 0);
        world.relay.url_link = url.into();
        let error = world.try_step(SENDER, Fault::None).unwrap_err();
        assert!(matches!(error, Refused::Relay { .. }), "{error:?}");
        assert!(world.devices[SENDER].load().is_creating());
    }
}
