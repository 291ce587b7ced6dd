//! How transfers end: confirmed, crossing, aborted, or with a mailbox that is gone.

use super::*;

const REASONS: [TerminateReason; 3] = [
    TerminateReason::Done,
    TerminateReason::Declined,
    TerminateReason::Cancelled,
];

/// Does what is left of a transfer whose relay refuses it for long, and says whether that ended it.
fn leave_behind(world: &mut World, at: usize) -> bool {
    let now = world.clock(at);
    world.edit(at, |transfer, _| transfer.leave_behind(now))
}

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

fn abort(world: &mut World, at: usize, code: u64) {
    let now = world.clock(at);
    world.edit(at, |transfer, entropy| transfer.abort(code, now, entropy));
}

#[test]
fn an_abort_is_answered_with_the_same_code_and_its_author_deletes_the_mailbox() {
    for (who, other) in [(SENDER, RECEIVER), (RECEIVER, SENDER)] {
        for code in [codes::CANCELLED, codes::STATE_LOST, codes::INTERNAL, 200] {
            let expected = match code {
                codes::CANCELLED => Outcome::Cancelled,
                code => Outcome::Failed(code),
            };
            let mut world = World::established();
            world.send(who, 1);
            world.send(other, 2);
            world.step(who);
            abort(&mut world, who, code);
            assert_eq!(world.outcome(who), None, "not written yet");
            world.step(who);
            // It knows the end, and does not wait for the other to hear of it.
            assert_eq!(world.outcome(who), Some(expected));
            assert!(
                world.slot().tokens.is_empty(),
                "after key 6 no token is sent again"
            );
            world.devices[other].kill();
            world.step(other);
            world.step(other);
            assert!(world.slot().abort.is_some() && world.slot().tokens.is_empty());
            assert_eq!(world.outcome(other), Some(expected));
            world.settle();
            let deletes = |call: &Call| matches!(call, Call::Delete { .. });
            assert!(world.relay.was_asked(who, deletes) && !world.relay.was_asked(other, deletes));
            assert!(world.relay.is_gone());
            assert!(world.devices[who].received().is_empty());
            assert!(world.devices[other].received().is_empty());
        }
    }
}

#[test]
fn an_abort_waits_for_its_reader_until_the_invitations_time_is_over() {
    for (who, other) in [(SENDER, RECEIVER), (RECEIVER, SENDER)] {
        let mut world = World::established();
        world.relay.expire_at(u64::MAX);
        world.send(other, 1);
        world.step(other);
        let late = world.relay.data().to_owned();
        world.devices[who].kill();
        abort(&mut world, who, codes::INTERNAL);
        world.step(who);
        world.step(who);
        let told = world.slot().abort;
        assert!(told.is_some());
        // What the other wrote before it knew comes over it.
        world.relay.put(late);
        world.sync(who);
        assert_eq!(world.slot().abort, told);
        world.wait(LIFETIME - 1);
        world.sync(who);
        assert_eq!(world.slot().abort, told, "days later");
        world.wait(LINGER + CLOCK_SKEW + 1);
        world.sync(who);
        assert!(world.relay.is_gone());
    }
}

#[test]
fn who_reads_the_others_abort_before_its_own_is_written_says_what_the_other_says() {
    for first in [SENDER, RECEIVER] {
        for [one, two] in [[7, 9], [9, 7], [3, 3]] {
            let mut world = World::established();
            abort(&mut world, first, one);
            abort(&mut world, 1 - first, two);
            world.step(first);
            world.settle();
            let [a, b] = world.outcomes();
            assert_eq!(a, b, "{one} {two}");
            let said = [Outcome::Cancelled, Outcome::Failed(7), Outcome::Failed(9)];
            assert!(said.contains(&world.outcome(first).unwrap()));
            assert!(world.relay.is_gone());
        }
    }
}

#[test]
fn aborts_that_overwrote_each_other_unread_end_both_by_their_own_code() {
    for first in [SENDER, RECEIVER] {
        let mut world = World::established();
        // A relay without conditional writes.
        world.relay.tells_versions = false;
        for at in [SENDER, RECEIVER] {
            world.devices[at].kill();
            world.step(at);
        }
        let codes = [codes::STATE_LOST, codes::INTERNAL];
        for at in [first, 1 - first] {
            abort(&mut world, at, codes[at]);
        }
        for at in [first, 1 - first] {
            assert!(matches!(world.step(at), Next::Write(_)));
        }
        world.settle();
        assert_eq!(
            world.outcomes(),
            codes.map(|code| Some(Outcome::Failed(code)))
        );
        // Neither waits: the one whose abort was overwritten sees the other's, and deletes.
        assert!(world.relay.is_gone());
    }
}

#[test]
fn an_abort_is_obeyed_whatever_its_indexes_say() {
    for at in [SENDER, RECEIVER] {
        let mut world = World::established();
        let now = world.clock(1 - at);
        let (mut fields, token) = world.edit(1 - at, |transfer, entropy| {
            let context = transfer.security.context.as_ref().unwrap();
            let token = context.abort_token(codes::STATE_LOST, entropy);
            (transfer.window.fields(transfer.side, false), token)
        });
        (fields.ack, fields.base, fields.hash, fields.abort) = (99, 77, [5; 32], token);
        fields.tokens = vec![b"not taken".to_vec()];
        world.relay.put(world.authentic(1 - at, &fields));
        world.step(at);
        world.step(at);
        assert_eq!(world.outcome(at), Some(Outcome::Failed(codes::STATE_LOST)));
        assert!(world.now == now && world.slot().abort.is_some());
    }
}

#[test]
fn no_token_is_taken_from_an_envelope_with_an_abort() {
    let mut world = World::established();
    world.send(SENDER, 1);
    let now = world.now;
    let fields = world.edit(SENDER, |transfer, entropy| {
        transfer.advance(now, entropy).unwrap();
        let mut fields = transfer.window.fields(Side::Sender, false);
        let context = transfer.security.context.as_ref().unwrap();
        fields.abort = context.abort_token(codes::CANCELLED, entropy);
        fields
    });
    assert_eq!(fields.tokens.len(), 1);
    let acknowledged = world.devices[RECEIVER].load().window;
    world.relay.put(world.authentic(SENDER, &fields));
    world.step(RECEIVER);
    world.step(RECEIVER);
    assert_eq!(world.outcome(RECEIVER), Some(Outcome::Cancelled));
    assert!(world.devices[RECEIVER].received().is_empty());
    assert_eq!(
        world.slot().ack,
        acknowledged.fields(Side::Receiver, true).ack
    );
}

#[test]
fn an_abort_that_does_not_open_ends_too() {
    for aborting in [false, true] {
        let mut world = World::established();
        if aborting {
            abort(&mut world, SENDER, codes::CANCELLED);
        }
        let receiver = world.devices[RECEIVER].load();
        let mut fields = receiver.window.fields(Side::Receiver, false);
        fields.abort = Some(b"no token".to_vec());
        world.relay.put(world.authentic(RECEIVER, &fields));
        for _ in 0..3 {
            world.step(SENDER);
        }
        let expected = match aborting {
            true => Outcome::Cancelled,
            false => Outcome::Failed(codes::UNDECODABLE),
        };
        assert_eq!(world.outcome(SENDER), Some(expected));
    }
}

#[test]
fn before_the_third_token_the_receiver_ends_by_an_abort() {
    for reason in REASONS {
        let mut world = World::invited();
        world.accept(RECEIVER).unwrap();
        world.step(RECEIVER);
        world.terminate(RECEIVER, reason);
        // The sender has no keys yet: token 2 is with the abort.
        world.step(RECEIVER);
        assert!(world.slot().abort.is_some() && world.slot().tokens.len() == 1);
        world.settle();
        let expected = match reason {
            TerminateReason::Declined => Outcome::Declined,
            _ => Outcome::Cancelled,
        };
        assert_eq!(world.outcomes(), [Some(expected); 2]);
        assert!(world.devices[SENDER].has(&TransferEvent::Accepted));
        assert!(world.relay.is_gone());
    }
}

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

#[test]
fn not_found_is_final_in_the_relays_own_words() {
    let mut world = World::established();
    world.relay.lose();
    world.step(SENDER);
    assert_eq!(world.outcome(SENDER), Some(Outcome::Unconfirmed));
}

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

/// The receiver is done; the sender has acknowledged that, which the receiver does not know yet.
fn acknowledged() -> World {
    let mut world = World::established();
    world.terminate(RECEIVER, TerminateReason::Done);
    world.step(RECEIVER);
    world.step(SENDER);
    world.step(SENDER);
    assert_eq!(world.outcome(SENDER), Some(Outcome::Completed));
    world
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

#[test]
fn who_aborts_says_its_own_reason_where_the_other_side_says_none() {
    for (token, outcome) in [
        (None, codes::INTERNAL),
        (Some(codes::TOO_LARGE), codes::TOO_LARGE),
    ] {
        let mut world = World::established();
        let now = world.clock(SENDER);
        world.edit(SENDER, |transfer, entropy| {
            transfer.abort(codes::INTERNAL, now, entropy);
        });
        let mut fields = world.slot();
        fields.side = Side::Receiver;
        fields.abort = Some(match token {
            // Authentic, but for an abort that does not open.
            None => vec![1; 60],
            Some(code) => world.edit(RECEIVER, |transfer, entropy| {
                let context = transfer.security.context.as_ref().unwrap();
                context.abort_token(code, entropy).unwrap()
            }),
        });
        world.relay.put(world.authentic(RECEIVER, &fields));
        world.devices[SENDER].kill();
        world.step(SENDER);
        world.run();
        let expected = Some(Outcome::Failed(outcome));
        assert_eq!(world.outcome(SENDER), expected, "{token:?}");
    }
}

#[test]
fn what_is_read_after_the_end_is_no_news() {
    let mut world = acknowledged();
    world.relay.put("junk".to_owned());
    world.devices[SENDER].kill();
    assert_eq!(world.step(SENDER), Next::Read);
    assert!(!world.devices[SENDER].has(&TransferEvent::RejectedToken));
}
