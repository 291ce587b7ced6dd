//! A mailbox that is gone, or is said to be, and a relay that does no more.

use super::*;

/// Does what is left of a transfer whose relay refuses it for long, and says whether that ended it.
fn leave_behind(world: &mut World, at: usize) -> bool {
    let now = world.clock(at);
    world.edit(at, |transfer, _| transfer.leave_behind(now))
}

//= test protocol/9-gone
#[test]
fn a_mailbox_that_is_gone_confirms_nothing() {
    for (who, other) in [(SENDER, RECEIVER), (RECEIVER, SENDER)] {
        // Two messages are acknowledged, a third is not; the deletion of the other side never arrived.
        let mut world = World::established();
        world.send(who, 1);
        world.send(who, 2);
        world.run();
        world.send(who, 3);
        world.step(who);
        world.terminate(other, TerminateReason::Done);
        world.relay.lose();
        world.run();
        assert_eq!(world.outcomes(), [Some(Outcome::Unconfirmed); 2]);
        assert_eq!(world.devices[who].delivered(), [0, 1]);
    }
}

#[test]
fn a_known_ending_stays_known_when_the_mailbox_is_gone() {
    let mut world = World::established();
    world.terminate(RECEIVER, TerminateReason::Done);
    world.step(RECEIVER);
    world.step(SENDER);
    world.relay.lose();
    world.run();
    assert_eq!(
        world.outcome(SENDER),
        Some(Outcome::Completed),
        "it has the deletion"
    );
    assert_eq!(
        world.outcome(RECEIVER),
        Some(Outcome::Unconfirmed),
        "nobody told it"
    );
}

//= test protocol/7-not-found
#[test]
fn not_found_is_final_in_the_relays_own_words() {
    let mut world = World::established();
    world.relay.lose();
    world.step(SENDER);
    assert_eq!(world.outcome(SENDER), Some(Outcome::Unconfirmed));
}

//= test protocol/7-not-found
#[test]
fn other_not_founds_are_final_three_times_over_a_minute() {
    let step = |world: &mut World, seconds| {
        world.wait(seconds);
        world.devices[SENDER].kill();
        world.step(SENDER);
        world.outcome(SENDER)
    };
    let lost = || {
        let mut world = World::established();
        world.relay.says_gone = false;
        world.relay.lose();
        world
    };
    // Often, but within a minute.
    let mut world = lost();
    for _ in 0..59 {
        assert_eq!(step(&mut world, 1), None);
    }
    assert_eq!(step(&mut world, 1), None);
    assert_eq!(step(&mut world, 1), Some(Outcome::Unconfirmed));
    // Over a minute, but only twice.
    let mut world = lost();
    assert_eq!(step(&mut world, 0), None);
    assert_eq!(step(&mut world, 3600), None);
    assert_eq!(step(&mut world, 0), Some(Outcome::Unconfirmed));
    // Another answer in between starts the count anew.
    let mut world = World::established();
    let gone = Reply::Gone { final_: false };
    for seconds in [0, 40, 40] {
        world.relay.answers = vec![gone.clone()];
        assert_eq!(step(&mut world, seconds), None);
        world.devices[SENDER].kill();
        world.step(SENDER);
    }
    world.send(SENDER, 1);
    world.run();
    assert_eq!(world.devices[SENDER].delivered(), [0]);
}

#[test]
fn a_proxys_not_found_does_not_count_as_a_claim_given_back() {
    let mut world = World::invited();
    world.accept(RECEIVER).unwrap();
    world.terminate(RECEIVER, TerminateReason::Declined);
    world.relay.answers = vec![Reply::Gone { final_: false }];
    world.step(RECEIVER);
    assert!(!world.devices[RECEIVER].load().may_be_accepted_again());
    world.step(RECEIVER);
    assert_eq!(world.outcome(RECEIVER), Some(Outcome::Declined));
    assert!(!world.relay.is_claimed());
}

#[test]
fn a_transfer_ends_and_is_forgotten_although_its_relay_never_comes_back() {
    let mut world = acknowledged();
    let mut ended = world.devices[SENDER].load();
    assert!(ended.is_forgettable(ended.expires_at() + 2 * CLOCK_SKEW + 1));
    // The terminator, too: nobody can tell it.
    let late = START + LIFETIME + LINGER + 2 * CLOCK_SKEW;
    let mut transfer = world.devices[RECEIVER].load();
    transfer.advance(late, &mut world.entropy()).unwrap();
    assert_eq!(transfer.outcome(), Some(Outcome::Unconfirmed));
}

#[test]
fn what_is_decided_ends_although_the_relay_refuses_the_rest_and_that_is_tried_on() {
    // Its deletion is confirmed; the mailbox would be deleted.
    let mut world = World::established();
    world.terminate(SENDER, TerminateReason::Done);
    world.step(SENDER);
    assert!(!leave_behind(&mut world, SENDER), "nothing is decided");
    world.devices[RECEIVER].kill();
    world.step(RECEIVER);
    // The other side's is taken; the acknowledgement would be written.
    assert!(leave_behind(&mut world, RECEIVER));
    assert_eq!(world.outcome(RECEIVER), Some(Outcome::Completed));
    world.sync(RECEIVER);
    assert!(world.slot().tokens.is_empty(), "written later");
    world.devices[SENDER].kill();
    world.step(SENDER);
    assert!(leave_behind(&mut world, SENDER));
    assert_eq!(world.outcome(SENDER), Some(Outcome::Completed));
    assert!(!leave_behind(&mut world, SENDER), "once");
    world.sync(SENDER);
    assert!(world.relay.is_gone(), "deleted later");

    // Taken back before anybody answered; given back.
    let mut world = World::invited();
    world.accept(RECEIVER).unwrap();
    world.terminate(RECEIVER, TerminateReason::Declined);
    assert!(leave_behind(&mut world, RECEIVER));
    assert_eq!(world.outcome(RECEIVER), Some(Outcome::Declined));
    world.sync(RECEIVER);
    assert!(!world.relay.is_claimed());
    world.terminate(SENDER, TerminateReason::Cancelled);
    assert!(leave_behind(&mut world, SENDER));
    assert_eq!(world.outcome(SENDER), Some(Outcome::Cancelled));
    world.sync(SENDER);
    assert!(world.relay.is_gone());

    // An abort that nobody has read yet stays to be read.
    let mut world = World::established();
    abort(&mut world, SENDER, codes::INTERNAL);
    assert!(leave_behind(&mut world, SENDER));
    assert_eq!(
        world.outcome(SENDER),
        Some(Outcome::Failed(codes::INTERNAL))
    );
    world.sync(SENDER);
    assert!(world.slot().abort.is_some());
    world.settle();
    assert_eq!(
        world.outcome(RECEIVER),
        Some(Outcome::Failed(codes::INTERNAL))
    );
}

#[test]
fn a_mailbox_that_is_gone_when_the_time_is_over_has_expired() {
    for (late, outcome) in [(0, Outcome::Unconfirmed), (LIFETIME, Outcome::Expired)] {
        let mut world = World::invited();
        let now = world.clock(SENDER) + late;
        let mut slot = Slot::default();
        world.edit(SENDER, |transfer, entropy| {
            let answer = Answer {
                reply: Reply::Gone { final_: true },
                now,
                date: None,
            };
            transfer
                .handle(&Next::Read, answer, &mut slot, entropy)
                .unwrap();
        });
        assert_eq!(world.outcome(SENDER), Some(outcome), "{late}");
    }
}
