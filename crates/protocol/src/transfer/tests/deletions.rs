//! What a deletion token must say to be taken, and what it says of what has arrived.

use super::proof::{SIDES, aborting, puts};
use super::*;
use tigress_gss::mechanism;
use tigress_primitives::cbor;

#[test]
fn the_deletion_says_with_its_envelope_what_has_arrived() {
    for (who, other) in SIDES {
        let mut world = World::established();
        world.send(other, 1);
        world.step(other);
        // Taken, and not acknowledged before the deletion.
        world.step(who);
        world.terminate(who, TerminateReason::Done);
        world.run();
        assert_eq!(world.outcomes(), [Some(Outcome::Completed); 2]);
        assert_eq!(world.counts(other), [1, 1, 0]);
        assert_eq!(world.devices[other].delivered(), [0]);
    }
}

/// A deletion token that says what a broken or false peer's might: of a context that stands elsewhere.
fn forged_deletion(
    context: &SecurityContext,
    code: u64,
    number: u64,
    next_expected: u64,
    entropy: &mut Entropy,
) -> Vec<u8> {
    let saved = context.save();
    let state = cbor::decode_map(&saved).unwrap();
    let state = state.with(4, number).with(5, next_expected);
    let state = state.with(7, false).with(8, false).encode();
    let mut forger = SecurityContext::restore(mechanism::registry(), &state).unwrap();
    forger.delete_sec_context(code, entropy).unwrap()
}

/// How a side ends that reads a deletion with this number and this "next expected", with one message delivered and
/// one under way.
fn deleted(who: usize, number: impl Fn(u64) -> u64, expected: u64) -> (Option<Outcome>, [u64; 3]) {
    let other = 1 - who;
    let mut world = World::established();
    world.send(other, 1);
    world.send(who, 2);
    world.run();
    world.send(other, 3);
    world.step(other);
    puts(&mut world, who, |fields, transfer, entropy| {
        let context = transfer.security.context.as_mut().unwrap();
        let token = forged_deletion(context, codes::DONE, number(1), expected, entropy);
        fields.tokens.push(token);
    });
    world.step(other);
    world.step(other);
    (world.outcome(other), world.counts(other))
}

//= test protocol/5.2-deletion
#[test]
fn a_deletion_whose_number_is_not_the_next_one_is_not_taken() {
    for (who, _) in SIDES {
        let undecodable = Some(Outcome::Failed(codes::UNDECODABLE));
        assert_eq!(
            deleted(who, |next| next, 1),
            (Some(Outcome::Unconfirmed), [2, 1, 1])
        );
        for number in [0, 2, 3, 100, u64::MAX] {
            assert_eq!(deleted(who, |_| number, 1).0, undecodable, "{number}");
        }
    }
}

//= test protocol/5.2-deletion
#[test]
fn a_deletion_that_expects_more_than_its_envelope_acknowledges_is_not_taken() {
    for (who, _) in SIDES {
        let undecodable = Some(Outcome::Failed(codes::UNDECODABLE));
        // Fewer may be: the rest arrived after it was made.
        assert_eq!(deleted(who, |next| next, 0).0, Some(Outcome::Unconfirmed));
        // Sent, but not acknowledged; never sent.
        for expected in [2, 3, u64::MAX] {
            assert_eq!(
                deleted(who, |next| next, expected).0,
                undecodable,
                "{expected}"
            );
        }
    }
}

#[test]
fn what_follows_a_deletion_in_its_envelope_is_not_taken() {
    for (who, other) in SIDES {
        for second in [false, true] {
            let mut world = World::established();
            world.terminate(who, TerminateReason::Declined);
            puts(&mut world, who, |fields, transfer, entropy| {
                let context = transfer.security.context.as_mut().unwrap();
                let token = match second {
                    true => forged_deletion(context, codes::DONE, 0, 0, entropy),
                    false => b"whatever".to_vec(),
                };
                fields.tokens.push(token);
            });
            let known = world.slot().base + 1;
            world.step(other);
            world.step(other);
            assert_eq!(
                world.outcome(other),
                Some(Outcome::Declined),
                "the first counts"
            );
            assert_eq!(world.slot().ack, known);
        }
    }
}

#[test]
fn the_last_envelope_keeps_the_base_of_what_it_leaves_out() {
    let mut world = World::established();
    world.send(SENDER, 1);
    world.step(SENDER);
    let unacknowledged = world.slot();
    puts(&mut world, RECEIVER, |fields, transfer, entropy| {
        let context = transfer.security.context.as_mut().unwrap();
        fields
            .tokens
            .push(forged_deletion(context, codes::DONE, 0, 0, entropy));
    });
    world.step(SENDER);
    world.step(SENDER);
    let last = world.slot();
    assert_eq!(unacknowledged.tokens.len(), 1);
    assert_eq!((last.base, last.tokens.len()), (unacknowledged.base, 0));
}

#[test]
fn an_own_deletion_that_was_not_acknowledged_gives_way_to_an_abort() {
    for (who, other) in SIDES {
        let mut world = World::established();
        world.terminate(who, TerminateReason::Done);
        puts(&mut world, other, |fields, transfer, entropy| {
            aborting(fields, transfer, codes::INTERNAL, entropy);
        });
        world.step(who);
        world.step(who);
        assert_eq!(world.outcome(who), Some(Outcome::Failed(codes::INTERNAL)));
    }
}
