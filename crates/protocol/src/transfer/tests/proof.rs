//! `completed` is said only where it was proven; what nobody's word says is told as such; and whatever way a transfer
//! ends, each side knows what of its own has arrived.

use super::*;

pub(super) const SIDES: [(usize, usize); 2] = [(SENDER, RECEIVER), (RECEIVER, SENDER)];

/// Puts an authentic envelope of `at` into the slot that says what its next one would, changed.
pub(super) fn puts(
    world: &mut World,
    at: usize,
    change: impl FnOnce(&mut Fields, &mut Transfer, &mut Entropy),
) {
    let now = world.clock(at);
    let data = world.edit(at, |transfer, entropy| {
        transfer.advance(now, entropy).unwrap();
        let mut fields = transfer.window.fields(transfer.side, false);
        change(&mut fields, transfer, entropy);
        let context = transfer.security.context.as_ref().unwrap();
        fields.encode(|body| context.envelope_mic(role(transfer.side), body))
    });
    world.relay.put(data);
    world.devices[1 - at].kill();
}

pub(super) fn aborting(fields: &mut Fields, transfer: &Transfer, code: u64, entropy: &mut Entropy) {
    let context = transfer.security.context.as_ref().unwrap();
    fields.abort = context.abort_token(code, entropy);
}

#[test]
fn an_established_side_never_says_expired_whatever_the_other_claims() {
    for (who, other) in SIDES {
        let mut world = World::established();
        puts(&mut world, who, |fields, transfer, entropy| {
            aborting(fields, transfer, codes::EXPIRED, entropy);
        });
        world.step(other);
        world.step(other);
        assert_eq!(world.outcome(other), Some(Outcome::Unconfirmed));

        let mut world = World::established();
        puts(&mut world, who, |fields, transfer, entropy| {
            let context = transfer.security.context.as_mut().unwrap();
            let token = context.delete_sec_context(codes::EXPIRED, entropy).unwrap();
            fields.tokens.push(token);
        });
        world.step(other);
        world.step(other);
        assert_eq!(world.outcome(other), Some(Outcome::Unconfirmed));
    }
}

#[test]
fn an_abort_after_ones_own_deletion_says_only_what_is_known() {
    for (who, other) in SIDES {
        let mut world = World::established();
        world.terminate(who, TerminateReason::Done);
        world.step(who);
        world.step(other);
        world.step(other);
        assert_eq!(world.outcome(other), Some(Outcome::Completed));
        // It has not seen the acknowledgement when it fails.
        let now = world.clock(who);
        world.edit(who, |transfer, entropy| {
            transfer.abort(codes::INTERNAL, now, entropy)
        });
        world.relay.lose();
        world.settle();
        assert_eq!(world.outcome(who), Some(Outcome::Unconfirmed));
    }
}

//= test protocol/6.3-never-completes
#[test]
fn an_abort_never_completes() {
    for (who, other) in SIDES {
        let mut world = World::established();
        puts(&mut world, who, |fields, transfer, entropy| {
            aborting(fields, transfer, codes::DONE, entropy);
        });
        world.step(other);
        world.step(other);
        let expected = Outcome::Failed(codes::UNDECODABLE);
        assert_eq!(world.outcome(other), Some(expected));
        // The answer says the code that it counts as.
        let answer = world.slot().abort.unwrap();
        let context = world.devices[who].load().security.context.unwrap();
        assert_eq!(context.open_abort(&answer), Some(codes::UNDECODABLE));
    }
    // Before anything was handed over, too: one answer and an abort "done", without a PIN.
    let mut world = World::invited();
    world.accept(RECEIVER).unwrap();
    world.step(RECEIVER);
    puts(&mut world, RECEIVER, |fields, transfer, entropy| {
        aborting(fields, transfer, codes::DONE, entropy);
    });
    world.step(SENDER);
    world.step(SENDER);
    let expected = Outcome::Failed(codes::UNDECODABLE);
    assert_eq!(world.outcome(SENDER), Some(expected));
}

#[test]
fn codes_are_shown_as_they_are_however_large() {
    for code in [0, 10, 255, 256, 1 << 32, u64::MAX] {
        for (who, other) in SIDES {
            let mut world = World::established();
            puts(&mut world, who, |fields, transfer, entropy| {
                aborting(fields, transfer, code, entropy);
            });
            world.step(other);
            world.step(other);
            assert_eq!(world.outcome(other), Some(Outcome::Failed(code)));

            let mut world = World::established();
            let now = world.now;
            world.edit(who, |transfer, entropy| {
                transfer.delete_context(code, entropy).unwrap();
                transfer.advance(now, entropy).unwrap();
            });
            world.run();
            assert_eq!(world.outcomes(), [Some(Outcome::Failed(code)); 2]);
        }
    }
}

//= test protocol/9-completed
#[test]
fn done_with_something_undelivered_is_unconfirmed_at_whoever_has_it() {
    for (who, other) in SIDES {
        let mut world = World::established();
        world.send(other, 1);
        world.run();
        world.send(other, 2);
        world.terminate(who, TerminateReason::Done);
        world.step(who);
        // The other has written its message into a window that nobody will read.
        world.devices[other].kill();
        world.run();
        assert_eq!(world.outcome(other), Some(Outcome::Unconfirmed));
        assert_eq!(
            world.outcome(who),
            Some(Outcome::Completed),
            "it has sent nothing"
        );
        assert_eq!(world.counts(other), [2, 1, 0]);
        assert_eq!(world.counts(who), [0, 0, 1]);
        let closed = TransferEvent::Closed {
            outcome: Outcome::Unconfirmed,
        };
        let [.., delivered, last] = &world.devices[other].events[..] else {
            panic!("no events");
        };
        assert_eq!(*delivered, TransferEvent::CredentialDelivered { index: 0 });
        assert_eq!(*last, closed);
    }
}

#[test]
fn what_waited_when_the_app_cancelled_was_not_delivered_and_is_not_done() {
    for (who, other) in SIDES {
        // It cancels with a message in its queue; the other was done before it heard of that.
        let mut world = World::established();
        world.send(who, 1);
        world.terminate(who, TerminateReason::Cancelled);
        world.terminate(other, TerminateReason::Done);
        world.step(who);
        world.settle();
        assert_eq!(world.outcome(who), Some(Outcome::Unconfirmed));
        assert_eq!(world.outcome(other), Some(Outcome::Completed));
        assert_eq!(world.counts(who), [1, 0, 0]);
        assert!(world.devices[other].received().is_empty());
    }
}

#[test]
fn what_was_proven_stays_so_when_the_other_side_loses_its_state() {
    let mut world = World::established();
    world.terminate(RECEIVER, TerminateReason::Done);
    world.step(RECEIVER);
    world.step(SENDER);
    puts(&mut world, RECEIVER, |fields, transfer, entropy| {
        aborting(fields, transfer, codes::STATE_LOST, entropy);
    });
    world.step(SENDER);
    world.step(SENDER);
    assert_eq!(world.outcome(SENDER), Some(Outcome::Completed));
}

#[test]
fn a_base_at_the_end_of_the_numbers_is_lost_state_and_no_overflow() {
    for (who, other) in SIDES {
        for base in [u64::MAX, u64::MAX - 1, 1 << 40] {
            let mut world = World::established();
            puts(&mut world, who, |fields, _, _| {
                (fields.base, fields.tokens) = (base, vec![vec![]; 2]);
            });
            world.step(other);
            world.step(other);
            assert_eq!(
                world.outcome(other),
                Some(Outcome::Failed(codes::STATE_LOST))
            );
            // In its own name, too.
            let mut world = World::established();
            puts(&mut world, who, |fields, _, _| {
                (fields.base, fields.tokens) = (base, vec![vec![]; 2]);
            });
            world.devices[who].kill();
            world.step(who);
            world.step(who);
            assert_eq!(world.outcome(who), Some(Outcome::Failed(codes::STATE_LOST)));
        }
    }
}

#[test]
fn messages_of_the_receiver_before_the_third_token_are_taken() {
    // The sender is established with token 2 and can't tell.
    let mut world = World::invited();
    let before = world.devices[SENDER].record.clone();
    world.accept(RECEIVER).unwrap();
    world.step(RECEIVER);
    let answer = world.slot();
    world.run();
    world.send(RECEIVER, 7);
    puts(&mut world, RECEIVER, |fields, _, _| {
        let message = fields.tokens.pop().unwrap();
        *fields = answer;
        fields.tokens.push(message);
    });
    world.devices[SENDER].record = before;
    world.devices[SENDER].kill();
    world.devices[SENDER].cursor = 0;
    world.devices[SENDER].events.clear();
    world.step(SENDER);
    assert_eq!(world.devices[SENDER].received(), [message(7)]);
    assert!(world.devices[SENDER].has(&TransferEvent::Established));
}

#[test]
fn an_envelope_of_a_later_version_is_not_decoded_with_keys_and_ignored_without() {
    let later = |data: &str, mic: &dyn Fn(&[u8]) -> Option<[u8; 32]>| {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;
        use tigress_primitives::cbor::{self, Value};
        let body = Envelope::decode(data).unwrap().body;
        let mut map = cbor::decode_map(&body).unwrap();
        map.set(0, 2);
        let body = map.encode();
        let mic = mic(&body).map_or(Value::Null, |mic| Value::from(mic.to_vec()));
        let envelope = Value::Array(vec![Value::from(&body[..]), mic]);
        STANDARD.encode(&*cbor::encode(&envelope))
    };
    let mut world = World::established();
    world.send(RECEIVER, 1);
    world.step(RECEIVER);
    let receiver = world.devices[RECEIVER].load();
    let context = receiver.security.context.unwrap();
    let data = later(world.relay.data(), &|body| {
        context.envelope_mic(Role::Acceptor, body)
    });
    world.relay.put(data);
    world.step(SENDER);
    world.step(SENDER);
    assert_eq!(
        world.outcome(SENDER),
        Some(Outcome::Failed(codes::UNDECODABLE))
    );

    let mut world = World::invited();
    world.accept(RECEIVER).unwrap();
    world.step(RECEIVER);
    let right = world.relay.data().to_owned();
    let receiver = world.devices[RECEIVER].load();
    let context = receiver.security.context.unwrap();
    let data = later(&right, &|body| context.envelope_mic(Role::Acceptor, body));
    world.relay.put(data);
    world.step(SENDER);
    assert_eq!(world.state(SENDER), TransferState::Invited);
    world.relay.put(right);
    world.devices[SENDER].kill();
    world.step(SENDER);
    assert_eq!(world.state(SENDER), TransferState::Established);
}

#[test]
fn what_was_answered_is_never_accepted_again() {
    let mut world = World::established();
    world.terminate(RECEIVER, TerminateReason::Done);
    world.run();
    let ended = world.devices[RECEIVER].load();
    assert!(matches!(ended.phase, Phase::Closed { parting: None, .. }));
    assert!(!ended.may_be_accepted_again());
    // Nor is one whose mailbox was lost after the answer.
    let mut world = World::invited();
    world.accept(RECEIVER).unwrap();
    world.step(RECEIVER);
    world.relay.lose();
    world.devices[RECEIVER].kill();
    world.step(RECEIVER);
    let ended = world.devices[RECEIVER].load();
    assert!(ended.outcome().is_some() && !ended.may_be_accepted_again());
}

#[test]
fn what_still_waited_is_erased_at_the_end() {
    for at in [SENDER, RECEIVER] {
        let mut world = World::established();
        for _ in 0..40 {
            world.send(at, 0x5a);
        }
        world.step(at);
        let holds = |world: &World| {
            let record = world.devices[at].record.as_ref().unwrap();
            record.windows(5).any(|window| window == [0x5a; 5])
        };
        assert!(holds(&world), "more than the window takes");
        world.relay.lose();
        world.devices[at].kill();
        world.step(at);
        assert_eq!(world.outcome(at), Some(Outcome::Unconfirmed));
        assert!(!holds(&world));
    }
}

#[test]
fn what_was_read_and_not_judged_is_not_answered() {
    let mut world = World::invited();
    let url = world.share_url();
    let now = world.now;
    let mut receiver = world.unread(&url, None, now);
    let call = Call::Read {
        wait: 0,
        known: None,
    };
    let claim = receiver.place.claim;
    let reply = world.relay.answer(RECEIVER, claim, &call, now, false);
    let answer = Answer {
        reply,
        now,
        date: None,
    };
    let mut slot = Slot::default();
    receiver
        .handle(&Next::Read, answer, &mut slot, &mut world.entropy())
        .unwrap();
    // Killed before it was judged: token 1 is there, and `advance` is what the next start does.
    receiver.advance(now, &mut world.entropy()).unwrap();
    assert!(receiver.phase.is_offered() && !receiver.has_used_credential());
    receiver.validate(&|_| false, now, None).unwrap();
    receiver.advance(now, &mut world.entropy()).unwrap();
    assert!(receiver.has_used_credential());
}

#[test]
fn an_own_envelope_with_a_higher_base_is_lost_state() {
    for (who, _) in SIDES {
        for ahead in [1, 2] {
            let mut world = World::established();
            world.send(who, 1);
            world.step(who);
            puts(&mut world, who, |fields, _, _| {
                (fields.base, fields.tokens) = (fields.base + ahead, vec![]);
            });
            world.devices[who].kill();
            world.step(who);
            world.step(who);
            assert_eq!(
                world.outcome(who),
                Some(Outcome::Failed(codes::STATE_LOST)),
                "{ahead}"
            );
        }
    }
}
