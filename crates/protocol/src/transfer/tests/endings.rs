//! How transfers end: confirmed, crossing, aborted, or with a mailbox that is gone.

use super::*;

/// How a transfer ends that one side ends for this reason, with nothing undelivered.
fn word(reason: TerminateReason) -> Outcome {
    match reason {
        TerminateReason::Done => Outcome::Completed,
        TerminateReason::Declined => Outcome::Declined,
        TerminateReason::Cancelled => Outcome::Cancelled,
    }
}

#[test]
fn either_side_ends_the_other_acknowledges_and_the_first_deletes_the_mailbox() {
    for (who, other) in [(SENDER, RECEIVER), (RECEIVER, SENDER)] {
        for reason in REASONS {
            let mut world = World::established();
            world.terminate(who, reason);
            world.step(who);
            assert_eq!(world.state(who), TransferState::Closing);
            world.devices[other].kill();
            world.step(other);
            // Stored, not yet told.
            assert_eq!(world.state(other), TransferState::Closing);
            world.step(other);
            assert!(
                world.slot().tokens.is_empty(),
                "an acknowledgement asks for no answer"
            );
            assert_eq!(world.outcome(who), None, "not confirmed yet");
            world.run();
            assert_eq!(world.outcomes(), [Some(word(reason)); 2]);
            let deletes = |call: &Call| matches!(call, Call::Delete { .. });
            assert!(world.relay.was_asked(who, deletes) && !world.relay.was_asked(other, deletes));
            assert!(world.relay.is_gone());
        }
    }
}

#[test]
fn done_lets_waiting_messages_leave_first_anything_else_drops_them() {
    for reason in REASONS {
        let mut world = World::established();
        for n in 0..40 {
            world.send(SENDER, n);
        }
        world.terminate(SENDER, reason);
        world.run();
        let expected = if reason == TerminateReason::Done {
            40
        } else {
            0
        };
        assert_eq!(world.devices[RECEIVER].received().len(), expected);
        assert_eq!(world.devices[SENDER].delivered().len(), expected);
        assert!(world.relay.is_gone());
    }
}

#[test]
fn crossing_deletions_are_completed_if_either_is_done_else_the_smaller_code() {
    let expected = |a: TerminateReason, b: TerminateReason| match a.code() < b.code() {
        true => word(a),
        false => word(b),
    };
    for a in REASONS {
        for b in REASONS {
            for first in [SENDER, RECEIVER] {
                let mut world = World::established();
                world.terminate(SENDER, a);
                world.terminate(RECEIVER, b);
                world.step(first);
                world.run();
                assert_eq!(world.outcomes(), [Some(expected(a, b)); 2], "{a:?} {b:?}");
            }
            // Each has read the other's deletion before it knows that its own arrived: no further
            // acknowledgement is awaited.
            let mut world = World::established();
            world.terminate(SENDER, a);
            world.terminate(RECEIVER, b);
            let deletions =
                [SENDER, RECEIVER].map(|at| world.devices[at].load().envelope().unwrap());
            for at in [SENDER, RECEIVER] {
                world.relay.put(deletions[1 - at].clone());
                world.devices[at].kill();
                assert_eq!(world.step(at), Next::Read);
                assert!(matches!(world.step(at), Next::Write(_)));
                assert_eq!(world.outcome(at), Some(expected(a, b)));
                assert_eq!(
                    world.slot().tokens.len(),
                    1,
                    "its own deletion is still in it"
                );
            }
        }
    }
}

#[test]
fn who_acknowledged_writes_it_again_if_it_was_overwritten_and_deletes_after_a_while() {
    let mut world = World::established();
    world.terminate(RECEIVER, TerminateReason::Done);
    world.step(RECEIVER);
    let deletion = world.relay.data().to_owned();
    world.step(SENDER);
    world.step(SENDER);
    let last = world.relay.data().to_owned();
    assert_eq!(world.outcome(SENDER), Some(Outcome::Completed));
    // A late write of the other's comes over it.
    world.relay.put(deletion);
    world.devices[SENDER].kill();
    assert_eq!(world.step(SENDER), Next::Read);
    assert_eq!(world.step(SENDER), Next::Write(last.clone()));
    assert_eq!(world.relay.data(), last);
    // The terminator never comes back.
    world.wait(LINGER - 1);
    assert_eq!(world.step(SENDER), Next::Over);
    world.wait(1);
    assert_eq!(world.step(SENDER), Next::Delete);
    assert!(world.relay.is_gone());
    assert_eq!(world.step(SENDER), Next::Over);
    // For it the mailbox is gone without a word.
    world.step(RECEIVER);
    assert_eq!(world.outcome(RECEIVER), Some(Outcome::Unconfirmed));
}

#[test]
fn who_was_killed_after_acknowledging_sees_that_it_did() {
    for ending in ["deletion", "abort"] {
        let mut world = World::established();
        if ending == "deletion" {
            world.terminate(RECEIVER, TerminateReason::Done);
        } else {
            abort(&mut world, RECEIVER, codes::INTERNAL);
        }
        world.step(RECEIVER);
        world.step(SENDER);
        world.try_step(SENDER, Fault::BeforeAnswer).unwrap();
        assert_eq!(world.outcome(SENDER), None);
        assert_eq!(world.step(SENDER), Next::Read);
        assert!(world.outcome(SENDER).is_some(), "{ending}");
        world.settle();
        assert!(world.relay.is_gone());
    }
}

#[test]
fn a_sender_who_cancels_before_anybody_answered_deletes_the_mailbox() {
    let mut world = World::invited();
    let url = world.share_url();
    world.terminate(SENDER, TerminateReason::Cancelled);
    world.run();
    assert_eq!(world.outcome(SENDER), Some(Outcome::Cancelled));
    assert!(world.relay.is_gone());
    let error = world.accept_as(RECEIVER, &url, None, &[]).unwrap_err();
    assert_eq!(error, Refused::NoLongerThere);
}

#[test]
fn keys_and_waiting_messages_are_erased_and_events_stay() {
    let mut world = World::established();
    world.devices[RECEIVER].acknowledges = false;
    world.send(SENDER, 0x5a);
    world.run();
    world.terminate(RECEIVER, TerminateReason::Done);
    world.run();
    let holds = |world: &World, at: usize| {
        let record = world.devices[at].record.as_ref().unwrap();
        record.windows(5).any(|window| window == [0x5a; 5])
    };
    for at in [SENDER, RECEIVER] {
        let transfer = world.devices[at].load();
        assert!(transfer.security.context.is_none() && transfer.window == Window::default());
    }
    assert!(!holds(&world, SENDER));
    // The credential is the app's until it says that it has it.
    assert!(holds(&world, RECEIVER));
    let receiver = world.devices[RECEIVER].load();
    let all = receiver.update_after(0);
    assert_eq!(all.events, world.devices[RECEIVER].events[1..]);
    world.edit(RECEIVER, |transfer, _| {
        assert!(transfer.acknowledge_events(all.cursor))
    });
    assert!(!holds(&world, RECEIVER));
}

/// Both are done in the last second, and the receiver has written it first; the sender reads that after the end. By the
/// receiver's clock, which is as much ahead as is forgiven, both have the same end.
fn crossing_the_end(message: Option<u8>) -> World {
    let mut world = World::invited();
    world.devices[RECEIVER].skew = CLOCK_SKEW.cast_signed();
    world.accept(RECEIVER).unwrap();
    world.run();
    world.relay.expire_at(u64::MAX);
    world.wait(LIFETIME - 1);
    if let Some(message) = message {
        world.send(RECEIVER, message);
    }
    for at in [SENDER, RECEIVER] {
        world.terminate(at, TerminateReason::Done);
    }
    world.step(RECEIVER);
    world.wait(10);
    world.devices[SENDER].kill();
    assert_eq!(world.step(SENDER), Next::Read);
    world
}

#[test]
fn deletions_that_cross_the_end_have_their_while_to_be_taken() {
    let mut world = crossing_the_end(None);
    assert!(matches!(world.step(SENDER), Next::Write(_)));
    world.run();
    assert_eq!(world.outcomes(), [Some(Outcome::Completed); 2]);
}

#[test]
fn a_message_that_comes_after_the_end_is_not_taken_and_aborts_nothing() {
    let mut world = crossing_the_end(Some(1));
    assert_eq!(world.devices[SENDER].received(), []);
    assert!(matches!(world.step(SENDER), Next::Write(_)));
    assert!(world.slot().abort.is_none());
    assert_eq!(world.state(SENDER), TransferState::Closing);
    world.wait(LINGER);
    world.step(SENDER);
    assert_eq!(world.outcome(SENDER), Some(Outcome::Unconfirmed));
}

#[test]
fn who_hears_of_the_others_deletion_with_its_own_acknowledged_removes_the_mailbox_at_once() {
    let mut world = World::established();
    world.terminate(SENDER, TerminateReason::Done);
    world.terminate(RECEIVER, TerminateReason::Done);
    while !matches!(world.step(SENDER), Next::Write(_)) {}
    // The receiver's first write comes too late: it reads before the next.
    while world.slot().side == Side::Sender {
        world.step(RECEIVER);
    }
    // One envelope with both: the acknowledgement of the sender's deletion, and the receiver's.
    assert_eq!(world.step(SENDER), Next::Wait);
    assert_eq!(world.step(SENDER), Next::Delete);
    assert!(world.relay.is_gone());
}
