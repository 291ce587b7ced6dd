//! A device whose state was restored from an older copy, at every point of a transfer: the transfer ends, both
//! are told, nothing is sent again, no nonce is used twice.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// One step of the story, in which messages go both ways.
fn act(world: &mut World, n: usize) {
    match n {
        0 => _ = world.step(SENDER),
        1 => world.accept(RECEIVER).unwrap(),
        4 | 9 => world.send(SENDER, n as u8),
        7 | 12 => world.send(RECEIVER, n as u8),
        n => {
            world.step(n % 2);
            world.step(n % 2);
        }
    }
}

const STEPS: usize = 18;

/// What both devices had stored at one moment.
type Copies = [Option<Zeroizing<Vec<u8>>>; 2];

/// The story, and what the devices had stored after each step.
fn story() -> (World, Vec<Copies>) {
    let mut world = World::with_lifetime(LIFETIME, 0);
    let stored = |world: &World| [SENDER, RECEIVER].map(|at| world.devices[at].record.clone());
    let mut copies = vec![stored(&world)];
    for n in 0..STEPS {
        act(&mut world, n);
        copies.push(stored(&world));
    }
    (world, copies)
}

/// Whether a device's state had keys.
fn has_keys(record: &[u8]) -> bool {
    let transfer = Transfer::from_record(record).unwrap();
    let context = transfer.security.context.as_ref();
    context.is_some_and(|c| c.envelope_mic(role(transfer.side), b"").is_some())
}

/// Every sealed token that was ever in the slot, by its nonce.
fn no_nonce_is_used_twice(world: &World) {
    let mut nonces = BTreeMap::new();
    for data in &world.relay.held {
        let fields = Envelope::decode(data).unwrap().fields().unwrap();
        for token in fields.tokens.iter().filter(|token| token[..1] == [2]) {
            let nonce = token[12..36].to_vec();
            let before = nonces
                .entry((fields.side.code(), nonce))
                .or_insert(token.clone());
            assert_eq!(before, token);
        }
    }
}

/// The tokens of one side in what the slot has held since `from`, those it had held before left out.
fn new_tokens(world: &World, side: Side, from: usize) -> usize {
    let tokens = |data: &String| {
        let fields = Envelope::decode(data).unwrap().fields().unwrap();
        if fields.side == side {
            fields.tokens
        } else {
            Vec::new()
        }
    };
    let before: BTreeSet<_> = world.relay.held[..from].iter().flat_map(tokens).collect();
    let after = world.relay.held[from..].iter().flat_map(tokens);
    after.filter(|token| !before.contains(token)).count()
}

//= test protocol/6.2-rolled-back
#[test]
fn a_restored_copy_with_keys_ends_the_transfer_on_both_sides_and_sends_nothing_again() {
    let (_, copies) = story();
    let mut noticed = 0;
    for at in [SENDER, RECEIVER] {
        for point in 0..=STEPS {
            let (mut world, _) = story();
            let Some(copy) = copies[point][at].clone().filter(|copy| has_keys(copy)) else {
                continue;
            };
            if copies[STEPS][at].as_ref() == Some(&copy) {
                continue;
            }
            let (from, side) = (world.relay.held.len(), world.devices[at].load().side);
            let before = world.devices[1 - at].received().len();
            world.devices[at].record = Some(copy);
            world.devices[at].kill();
            world.run();
            // What it does not know yet shows with the next envelope of either side.
            if world.outcome(1 - at).is_none() {
                world.edit(1 - at, |transfer, _| _ = transfer.send(&message(99)));
                world.run();
            }
            world.settle();
            let lost = Some(Outcome::Failed(codes::STATE_LOST));
            if world.outcomes() == [lost; 2] {
                noticed += 1;
                assert_eq!(new_tokens(&world, side, from), 0, "{at} {point}");
                assert_eq!(
                    world.devices[1 - at].received().len(),
                    before,
                    "{at} {point}"
                );
                assert!(world.relay.is_gone());
            } else {
                // The copy lacked nothing that ever left the device: its transfer goes on.
                assert_eq!(world.outcomes(), [None; 2], "{at} {point}");
            }
            no_nonce_is_used_twice(&world);
        }
    }
    assert!(noticed > 10, "{noticed}");
}

#[test]
fn a_restored_copy_with_another_message_is_noticed() {
    for at in [SENDER, RECEIVER] {
        for read in [false, true] {
            let mut world = World::established();
            let copy = world.devices[at].record.clone();
            world.send(at, 1);
            world.step(at);
            if read {
                world.run();
            }
            world.devices[at].record = copy;
            world.devices[at].kill();
            world.send(at, 2);
            world.run();
            let lost = Some(Outcome::Failed(codes::STATE_LOST));
            assert_eq!(world.outcomes(), [lost; 2], "{at} {read}");
            assert!(!world.devices[1 - at].received().contains(&message(2)));
            no_nonce_is_used_twice(&world);
        }
    }
}

#[test]
fn a_copy_restored_from_before_an_abort_sees_it_in_its_own_envelope() {
    for at in [SENDER, RECEIVER] {
        let mut world = World::established();
        let copy = world.devices[at].record.clone();
        let now = world.now;
        world.edit(at, |transfer, entropy| {
            transfer.abort(codes::INTERNAL, now, entropy)
        });
        world.devices[at].kill();
        world.step(at);
        world.step(at);
        assert!(world.slot().abort.is_some());
        world.devices[at].record = copy;
        world.devices[at].kill();
        world.step(at);
        assert_eq!(world.state(at), TransferState::Closing);
        world.run();
        // The other may have read the first abort or the second.
        for at in [SENDER, RECEIVER] {
            assert!(matches!(world.outcome(at), Some(Outcome::Failed(7 | 9))));
        }
    }
}

#[test]
fn a_sender_restored_to_before_the_answer_sees_that_its_confirmation_was_taken() {
    let mut world = World::invited();
    let copy = world.devices[SENDER].record.clone();
    world.accept(RECEIVER).unwrap();
    world.step(RECEIVER);
    world.step(SENDER);
    world.step(SENDER);
    world.run();
    // The relay shows the receiver's second envelope, which still holds token 2 but knows token 3.
    let receiver = world.devices[RECEIVER].load();
    let mut fields = receiver.window.fields(Side::Receiver, false);
    let answer = Envelope::decode(&world.relay.held[1])
        .unwrap()
        .fields()
        .unwrap();
    (fields.base, fields.tokens) = (0, answer.tokens);
    world.relay.put(world.authentic(RECEIVER, &fields));
    world.devices[SENDER].record = copy;
    world.devices[SENDER].kill();
    world.devices[SENDER].events.clear();
    world.step(SENDER);
    world.step(SENDER);
    assert!(!world.devices[SENDER].has(&TransferEvent::Established));
    assert_eq!(world.slot().ack, 1, "an envelope with a MIC acknowledges");
    world.run();
    assert_eq!(
        world.outcomes(),
        [Some(Outcome::Failed(codes::STATE_LOST)); 2]
    );
}

#[test]
fn a_restored_copy_without_keys_can_tell_nobody_and_ends_at_expiry() {
    let (_, copies) = story();
    for at in [SENDER, RECEIVER] {
        for copies in &copies[2..] {
            let Some(copy) = copies[at].clone().filter(|copy| !has_keys(copy)) else {
                continue;
            };
            let (mut world, _) = story();
            let before = [SENDER, RECEIVER].map(|at| world.devices[at].received());
            world.devices[at].record = Some(copy);
            world.devices[at].kill();
            for _ in 0..20 {
                world.step(SENDER);
                world.step(RECEIVER);
            }
            world.wait(LIFETIME + CLOCK_SKEW + LINGER);
            for _ in 0..5 {
                world.step(SENDER);
                world.step(RECEIVER);
            }
            for at in [SENDER, RECEIVER] {
                let told = [Outcome::Expired, Outcome::Unconfirmed].map(Some);
                assert!(
                    told.contains(&world.outcome(at)),
                    "{at} {:?}",
                    world.outcome(at)
                );
                assert_eq!(world.devices[at].received(), before[at]);
            }
            no_nonce_is_used_twice(&world);
        }
    }
}
