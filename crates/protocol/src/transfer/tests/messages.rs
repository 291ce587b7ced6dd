//! Messages both ways over one slot.

use super::*;
use crate::exchange::{MAX_BYTES, MAX_TOKENS};

fn messages(range: std::ops::Range<u8>) -> Vec<Credential> {
    range.map(message).collect()
}

#[test]
fn ten_additional_calls_each_way() {
    let mut world = World::invited();
    world.send(SENDER, 0);
    world.accept(RECEIVER).unwrap();
    for n in 1..11 {
        world.send(RECEIVER, n);
        world.run();
        world.send(SENDER, n);
        world.run();
    }
    world.terminate(RECEIVER, TerminateReason::Done);
    world.run();
    assert_eq!(world.devices[RECEIVER].received(), messages(0..11));
    assert_eq!(world.devices[SENDER].received(), messages(1..11));
    assert_eq!(world.outcomes(), [Some(Outcome::Completed); 2]);
}

#[test]
fn back_to_back_writes_overwrite_the_slot_and_lose_nothing() {
    let mut world = World::established();
    for n in 0..10 {
        world.send(SENDER, n);
        world.step(SENDER);
    }
    world.run();
    assert_eq!(world.devices[RECEIVER].received(), messages(0..10));
    assert_eq!(
        world.devices[SENDER].delivered(),
        (0..10).collect::<Vec<_>>()
    );
}

#[test]
fn crossing_writes_lose_nothing() {
    for tells_versions in [false, true] {
        let mut world = World::established();
        world.relay.tells_versions = tells_versions;
        for n in 0..10 {
            for at in [SENDER, RECEIVER] {
                world.send(at, n);
                world.step(at);
            }
        }
        world.run();
        for at in [SENDER, RECEIVER] {
            assert_eq!(world.devices[at].received(), messages(0..10));
            assert_eq!(world.devices[at].delivered(), (0..10).collect::<Vec<_>>());
        }
    }
}

#[test]
fn the_two_are_never_online_together() {
    let mut world = World::with_lifetime(LIFETIME, 0);
    world.send(SENDER, 1);
    world.devices[RECEIVER].done_after = Some(1);
    let rounds = |world: &mut World, at: usize| {
        world.wait(HOUR);
        world.devices[at].kill();
        for _ in 0..6 {
            world.step(at);
        }
    };
    rounds(&mut world, SENDER);
    world.accept(RECEIVER).unwrap();
    for _ in 0..4 {
        rounds(&mut world, RECEIVER);
        rounds(&mut world, SENDER);
    }
    assert_eq!(world.devices[RECEIVER].received(), [message(1)]);
    // The receiver saw the acknowledgement and deleted the mailbox.
    assert_eq!(world.outcomes(), [Some(Outcome::Completed); 2]);
    assert!(world.relay.is_gone());
}

#[test]
fn at_most_fifteen_tokens_wait_and_the_last_place_is_the_deletions() {
    let mut world = World::established();
    for n in 0..20 {
        world.send(SENDER, n);
    }
    world.step(SENDER);
    assert_eq!(world.slot().tokens.len(), MAX_TOKENS - 1);
    // All of it leaves, in order, before "done".
    world.terminate(SENDER, TerminateReason::Done);
    world.run();
    assert_eq!(world.devices[RECEIVER].received(), messages(0..20));

    let mut world = World::established();
    for n in 0..20 {
        world.send(SENDER, n);
    }
    world.step(SENDER);
    world.terminate(SENDER, TerminateReason::Cancelled);
    world.step(SENDER);
    assert_eq!(world.slot().tokens.len(), MAX_TOKENS);
    world.run();
    assert_eq!(world.outcomes(), [Some(Outcome::Cancelled); 2]);
}

#[test]
fn large_messages_wait_for_room() {
    let mut world = World::established();
    let large = Credential::new("large", vec![1; MAX_CONTENT]);
    for _ in 0..3 {
        world.edit(SENDER, |transfer, _| transfer.send(&large).unwrap());
    }
    world.step(SENDER);
    let bytes: usize = world.slot().tokens.iter().map(Vec::len).sum();
    assert!(bytes <= MAX_BYTES && world.slot().tokens.len() == 1);
    world.run();
    assert_eq!(
        world.devices[RECEIVER].received(),
        [large.clone(), large.clone(), large]
    );
    let too_large = Credential::new("large", vec![1; MAX_CONTENT + 1]);
    let error = world.edit(SENDER, |transfer, _| transfer.send(&too_large).unwrap_err());
    assert_eq!(error, Refused::Message(MessageError::TooLarge));
}

#[test]
fn an_app_that_hears_of_no_delivery_may_send_no_more_and_its_record_can_be_read() {
    let mut world = World::established();
    world.devices[SENDER].acknowledges = false;
    let mut sent = 0;
    for _ in 0..1500 {
        while world.edit(SENDER, |t, _| t.send(&message(sent as u8)).is_ok()) {
            sent += 1;
        }
        for at in [SENDER, RECEIVER] {
            world.step(at);
        }
    }
    assert!((256..512).contains(&sent), "{sent}");
    assert_eq!(world.devices[SENDER].delivered().len(), sent);
    world.devices[SENDER].acknowledges = true;
    world.devices[SENDER].look();
    assert!(world.edit(SENDER, |t, _| t.send(&message(0)).is_ok()));
}

#[test]
fn an_app_that_acknowledges_no_events_stops_the_flow_and_loses_nothing() {
    let mut world = World::established();
    world.devices[RECEIVER].acknowledges = false;
    let count = 1000;
    let mut sent = 0;
    for _ in 0..300 {
        while sent < count && world.edit(SENDER, |t, _| t.send(&message(sent as u8)).is_ok()) {
            sent += 1;
        }
        for at in [SENDER, RECEIVER] {
            world.step(at);
        }
    }
    let taken = world.devices[RECEIVER].received().len();
    assert!((200..300).contains(&taken), "{taken}");
    assert!(world.devices[SENDER].delivered().len() <= taken);
    world.devices[RECEIVER].acknowledges = true;
    world.devices[RECEIVER].look();
    while world.devices[RECEIVER].received().len() < count {
        while sent < count && world.edit(SENDER, |t, _| t.send(&message(sent as u8)).is_ok()) {
            sent += 1;
        }
        for at in [SENDER, RECEIVER] {
            world.step(at);
        }
    }
    let received = world.devices[RECEIVER].received();
    assert!(
        received
            .iter()
            .enumerate()
            .all(|(n, one)| *one == message(n as u8))
    );
}

#[test]
fn an_envelope_without_tokens_asks_for_no_answer() {
    let mut world = World::established();
    world.run();
    let writes = world.relay.held.len();
    world.send(SENDER, 1);
    world.run();
    assert_eq!(
        world.relay.held.len(),
        writes + 2,
        "the message, its acknowledgement"
    );
}

#[test]
fn a_senders_own_first_token_that_comes_late_is_no_news() {
    let mut world = World::established();
    world.send(SENDER, 1);
    world.relay.put(world.relay.held[0].clone());
    world.run();
    assert_eq!(world.devices[RECEIVER].received(), [message(1)]);
    for at in [SENDER, RECEIVER] {
        assert!(!world.devices[at].has(&TransferEvent::RejectedToken));
    }
}

#[test]
fn a_first_token_that_is_not_the_senders_own_is_told_to_it() {
    let mut world = World::invited();
    let mut fields = world.slot();
    fields.tokens[0][20] ^= 1;
    world.relay.put(fields.encode(|_| None));
    world.devices[SENDER].kill();
    world.step(SENDER);
    assert!(world.devices[SENDER].has(&TransferEvent::RejectedToken));
    assert_eq!(world.state(SENDER), TransferState::Invited);
}

#[test]
fn what_says_nothing_new_is_no_progress() {
    let mut world = World::established();
    world.send(SENDER, 1);
    world.step(SENDER);
    world.devices[RECEIVER].kill();
    world.step(RECEIVER);
    assert_eq!(world.devices[RECEIVER].slot.advances(), 1, "a message");
    while world.slot().side == Side::Sender {
        world.step(RECEIVER);
    }
    world.devices[SENDER].kill();
    world.step(SENDER);
    assert_eq!(world.devices[SENDER].slot.advances(), 1, "its arrival");
    world.run();
    for at in [SENDER, RECEIVER] {
        world.devices[at].kill();
        world.step(at);
        assert!(world.devices[at].slot.is_known());
        assert_eq!(world.devices[at].slot.advances(), 0);
    }
}

#[test]
fn a_credential_is_shown_by_its_size_alone() {
    let shown = format!("{:?}", Credential::new("format", b"content".to_vec()));
    assert_eq!(shown, "Credential { bytes: 7, .. }");
}
