//! Ends by an abort: answered, waited for, obeyed whatever else is said with it.

use super::*;

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

//= test protocol/6.3-not-indexed
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

//= test protocol/6.3-not-indexed
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
