//! A PIN and the end: what is nobody's word before it has proven anybody, who knows the end says it, and who is at the
//! prompt is told.

use super::*;

/// The receiver has typed so many wrong PINs, all judged by the sender but the last.
fn guessed(tries: u8, wrong: usize) -> World {
    let mut world = World::with_pin(tries);
    world.send(SENDER, 1);
    world.accept(RECEIVER).unwrap();
    for n in 0..wrong {
        if n > 0 {
            world.run();
        }
        world.type_pin(&wrong_pin());
        world.step(RECEIVER);
    }
    world
}

/// An abort of `at` with any code, alone in the slot.
fn aborts(world: &mut World, at: usize, code: u64) {
    let data = world.edit(at, |transfer, entropy| {
        let context = transfer.security.context.as_ref().unwrap();
        let needed = at == RECEIVER && transfer.window.acknowledged() == 0;
        let mut fields = transfer.window.fields(transfer.side, !needed);
        fields.abort = context.abort_token(code, entropy);
        fields.encode(|body| context.envelope_mic(role(transfer.side), body))
    });
    world.relay.put(data);
    world.devices[1 - at].kill();
}

/// So it does after a kill at any stage: each look is at what is stored.
#[test]
fn a_list_says_on_both_sides_and_at_every_stage_whether_there_is_a_pin() {
    let says = |world: &World, at: usize, asked: bool| {
        let summary = world.devices[at].load().summary();
        assert_eq!(summary.pin_required, asked, "{:?}", summary.state);
        summary.state
    };
    for asked in [true, false] {
        let mut world = World::begun(LIFETIME, 0, asked.then(|| (pin(), 5)));
        assert_eq!(says(&world, SENDER, asked), TransferState::Invited);
        world.step(SENDER);
        assert_eq!(says(&world, SENDER, asked), TransferState::Invited);
        let mut unread = world.unread(&world.share_url(), None, START);
        unread.offer_anew(false);
        world.devices[RECEIVER].store(&unread);
        assert_eq!(says(&world, RECEIVER, asked), TransferState::Offered);
        world.look_at_offer(RECEIVER, &[]).unwrap();
        assert_eq!(says(&world, RECEIVER, asked), TransferState::Offered);

        let mut declined = world.clone();
        declined.terminate(RECEIVER, TerminateReason::Declined);
        declined.run();
        let given_back = TransferState::Closed(Outcome::Declined);
        assert_eq!(says(&declined, RECEIVER, asked), given_back);

        world.edit(RECEIVER, |receiver, entropy| {
            receiver.confirm(None, START, entropy).unwrap();
        });
        if asked {
            assert_eq!(says(&world, RECEIVER, asked), TransferState::PinRequired);
            world.type_pin(&wrong_pin());
            world.step(RECEIVER);
            assert_eq!(says(&world, RECEIVER, asked), TransferState::Establishing);
            world.step(SENDER);
            assert_eq!(says(&world, SENDER, asked), TransferState::Establishing);
            world.run();
            world.type_pin(&pin());
        }
        world.run();
        for at in [SENDER, RECEIVER] {
            assert_eq!(says(&world, at, asked), TransferState::Established);
        }
        world.terminate(RECEIVER, TerminateReason::Done);
        assert_eq!(says(&world, RECEIVER, asked), TransferState::Closing);
        world.run();
        for at in [SENDER, RECEIVER] {
            let completed = TransferState::Closed(Outcome::Completed);
            assert_eq!(says(&world, at, asked), completed);
        }
    }
}

//= test protocol/6.3-unproven
#[test]
fn an_abort_before_the_pin_has_proven_anybody_is_told_as_unproven() {
    for code in [
        codes::DONE,
        codes::DECLINED,
        codes::PIN_TRIES,
        codes::INTERNAL,
        300,
    ] {
        let claimed = match code {
            codes::DONE => codes::UNDECODABLE,
            code => code,
        };
        // Whoever has the link and no PIN, with a first answer and after it.
        for judged in [false, true] {
            let mut world = guessed(5, 1);
            if judged {
                world.run();
            }
            aborts(&mut world, RECEIVER, code);
            world.step(SENDER);
            world.step(SENDER);
            assert_eq!(world.outcome(SENDER), Some(Outcome::Unproven(claimed)));
            assert!(world.devices[SENDER].delivered().is_empty());
        }
        // The same of the sender, at the prompt and before the PIN is judged.
        for judged in [false, true] {
            let mut world = guessed(5, 1);
            world.step(SENDER);
            if judged {
                world.run();
                assert_eq!(world.state(RECEIVER), TransferState::PinRequired);
            }
            aborts(&mut world, SENDER, code);
            world.step(RECEIVER);
            world.step(RECEIVER);
            assert_eq!(world.outcome(RECEIVER), Some(Outcome::Unproven(claimed)));
        }
    }
}

#[test]
fn what_has_proven_the_pin_is_the_other_sides_word() {
    let right = || {
        let mut world = World::with_pin(5);
        world.accept(RECEIVER).unwrap();
        world.type_pin(&pin());
        world.step(RECEIVER);
        world
    };
    // With the answer that proves it, and once established.
    for established in [false, true] {
        let mut world = right();
        if established {
            world.run();
        }
        aborts(&mut world, RECEIVER, codes::DECLINED);
        world.step(SENDER);
        world.step(SENDER);
        assert_eq!(world.outcome(SENDER), Some(Outcome::Declined));
    }
    let mut world = right();
    world.run();
    aborts(&mut world, SENDER, codes::INTERNAL);
    world.step(RECEIVER);
    world.step(RECEIVER);
    assert_eq!(
        world.outcome(RECEIVER),
        Some(Outcome::Failed(codes::INTERNAL))
    );
}

#[test]
fn a_sender_with_no_try_left_has_ended_and_nobody_talks_it_out_of_that() {
    // Its own count, although the receiver never comes back.
    let mut world = guessed(1, 1);
    assert_eq!(world.step(SENDER), Next::Wait);
    assert!(matches!(world.step(SENDER), Next::Write(_)));
    assert_eq!(
        world.outcome(SENDER),
        Some(Outcome::Failed(codes::PIN_TRIES))
    );
    assert!(world.slot().abort.is_some());
    // Who comes back hears of it, and has counted less than five itself.
    world.settle();
    assert_eq!(
        world.outcome(RECEIVER),
        Some(Outcome::Unproven(codes::PIN_TRIES))
    );
    let rejected = TransferEvent::PinRejected { tries_left: 0 };
    assert!(world.devices[RECEIVER].has(&rejected));
    assert!(world.relay.is_gone());

    // A guesser that says something else at the same time.
    for code in [codes::DECLINED, codes::DONE, codes::STATE_LOST] {
        let mut world = guessed(1, 1);
        world.step(SENDER);
        aborts(&mut world, RECEIVER, code);
        for _ in 0..3 {
            world.step(SENDER);
        }
        assert_eq!(
            world.outcome(SENDER),
            Some(Outcome::Failed(codes::PIN_TRIES))
        );
    }
}

#[test]
fn a_receiver_that_has_made_its_five_answers_knows_that_no_try_is_left() {
    for tries in [5, 6] {
        let mut world = guessed(tries, 5);
        world.settle();
        assert_eq!(
            world.outcome(RECEIVER),
            Some(Outcome::Failed(codes::PIN_TRIES))
        );
        let sender = match tries {
            5 => Outcome::Failed(codes::PIN_TRIES),
            _ => Outcome::Unproven(codes::PIN_TRIES),
        };
        assert_eq!(world.outcome(SENDER), Some(sender));
    }
    // With an answer fewer it is a claim.
    let mut world = guessed(4, 4);
    world.settle();
    assert_eq!(
        world.outcome(RECEIVER),
        Some(Outcome::Unproven(codes::PIN_TRIES))
    );
}

/// At the prompt for the first PIN, or for another one.
fn at_the_prompt(again: bool) -> World {
    let mut world = guessed(5, usize::from(again));
    world.relay.expire_at(u64::MAX);
    world.run();
    assert_eq!(world.state(RECEIVER), TransferState::PinRequired);
    world
}

#[test]
fn while_the_user_is_asked_for_a_pin_the_transfer_is_followed() {
    for again in [false, true] {
        let mut world = at_the_prompt(again);
        world.terminate(SENDER, TerminateReason::Cancelled);
        world.step(SENDER);
        assert_eq!(world.outcome(SENDER), Some(Outcome::Cancelled));
        world.step(RECEIVER);
        if again {
            world.step(RECEIVER);
        }
        // Before token 2 there are no keys to say it with: the mailbox is gone.
        let expected = match again {
            false => Outcome::Unconfirmed,
            true => Outcome::Unproven(codes::CANCELLED),
        };
        assert_eq!(world.outcome(RECEIVER), Some(expected));

        let mut world = at_the_prompt(again);
        world.relay.lose();
        world.step(RECEIVER);
        assert_eq!(world.outcome(RECEIVER), Some(Outcome::Unconfirmed));

        let mut world = at_the_prompt(again);
        world.wait(LIFETIME + CLOCK_SKEW);
        world.step(RECEIVER);
        assert_eq!(world.outcome(RECEIVER), Some(Outcome::Expired));
    }
}

#[test]
fn a_prompt_that_is_over_takes_no_pin() {
    let mut world = at_the_prompt(true);
    world.terminate(SENDER, TerminateReason::Cancelled);
    world.settle();
    let outcome = Outcome::Unproven(codes::CANCELLED);
    let now = world.now;
    let late = world.edit(RECEIVER, |transfer, entropy| {
        transfer.provide_pin(&pin(), now, entropy)
    });
    assert_eq!(late, Err(Refused::Closed(outcome)));
}

#[test]
fn whoever_gives_a_pin_that_nobody_asks_for_is_told_why() {
    let refused = |world: &mut World| {
        let now = world.clock(RECEIVER);
        world.edit(RECEIVER, |transfer, entropy| {
            transfer.provide_pin(&pin(), now, entropy).unwrap_err()
        })
    };
    // Answered, and not judged.
    let mut world = guessed(5, 1);
    assert_eq!(refused(&mut world), Refused::PinNotAsked);
    // The sender allows no more, which the receiver only hears.
    let mut world = guessed(1, 1);
    world.run();
    let heard = Some(Outcome::Unproven(codes::PIN_TRIES));
    assert_eq!(world.outcome(RECEIVER), heard);
    assert_eq!(refused(&mut world), Refused::PinTriesUsedUp);
    // Its own tries are used up.
    let mut world = guessed(10, 5);
    world.run();
    let counted = Some(Outcome::Failed(codes::PIN_TRIES));
    assert_eq!(world.outcome(RECEIVER), counted);
    assert_eq!(refused(&mut world), Refused::PinTriesUsedUp);
    // Any other end.
    let mut world = guessed(5, 1);
    world.terminate(RECEIVER, TerminateReason::Cancelled);
    assert_eq!(world.outcome(RECEIVER), None, "it is being told");
    assert_eq!(refused(&mut world), Refused::PinNotAsked);
    world.run();
    let outcome = world.outcome(RECEIVER).unwrap();
    assert_eq!(refused(&mut world), Refused::Closed(outcome));
}

#[test]
fn an_offer_takes_a_pin_only_where_it_asks_for_one() {
    for (pinned, taken) in [(true, true), (false, false)] {
        let mut world = match pinned {
            true => World::with_pin(5),
            false => World::invited(),
        };
        world.accept(RECEIVER).unwrap();
        let typed = world.edit(RECEIVER, |transfer, _| transfer.type_pin(&pin()));
        assert_eq!(typed, taken);
        // What was typed outlives the process.
        let kept = match world.devices[RECEIVER].load().phase {
            Phase::Offered {
                pin: OfferedPin::Given(kept),
                ..
            } => Some(kept),
            Phase::Offered {
                pin: OfferedPin::None,
                ..
            } => None,
            _ => panic!("it is offered, and no PIN is missing"),
        };
        assert_eq!(kept, taken.then(pin));
    }
}

#[test]
fn an_abort_for_the_tries_is_a_judgement_only_for_whoever_waits_for_one() {
    let last = TransferEvent::PinRejected { tries_left: 0 };
    let told = |world: &mut World, from: usize| {
        aborts(world, from, codes::PIN_TRIES);
        for _ in 0..2 {
            world.step(1 - from);
        }
        world.devices[1 - from].has(&last)
    };
    // The receiver has answered and is not judged yet.
    let mut world = guessed(5, 1);
    world.step(SENDER);
    assert!(told(&mut world, SENDER));
    // Its PIN was right: nothing is to be judged any more.
    let mut world = World::with_pin(5);
    world.accept(RECEIVER).unwrap();
    world.type_pin(&pin());
    world.run();
    assert_eq!(world.state(RECEIVER), TransferState::Established);
    assert!(!told(&mut world, SENDER));
    // The receiver's own tries are nothing that the sender has judged.
    let mut world = guessed(5, 1);
    world.run();
    assert!(!told(&mut world, RECEIVER));
}
