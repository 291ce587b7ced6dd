//! Before the receiver's user has agreed nothing leaves that the sender could take for an answer.

use proptest::prelude::*;

use super::*;

/// What a receiver was offered, and has read; its user has said nothing.
fn offered(mut world: World) -> World {
    let url = world.share_url();
    let now = world.clock(RECEIVER);
    let mut unread = world.unread(&url, None, now);
    unread.offer_anew(false);
    world.devices[RECEIVER].store(&unread);
    world.look_at_offer(RECEIVER, &[]).unwrap();
    assert_eq!(world.state(RECEIVER), TransferState::Offered);
    world
}

fn confirm(world: &mut World, pin: Option<&Pin>) -> Result<(), Refused> {
    let now = world.clock(RECEIVER);
    let mut transfer = world.devices[RECEIVER].load();
    let confirmed = transfer.confirm(pin, now, &mut world.entropy());
    // As the client does: what fails is not stored.
    if confirmed.is_ok() {
        world.devices[RECEIVER].store(&transfer);
    }
    confirmed
}

/// All that was asked of the relay for the receiver is to read.
fn only_reads(world: &World) -> bool {
    let is_other = |call: &Call| !matches!(call, Call::Read { .. });
    !world.relay.was_asked(RECEIVER, is_other)
}

//= test protocol/6.2-consent
#[test]
fn rounds_in_the_background_answer_nothing_until_the_user_agrees() {
    for pin in [None, Some((pin(), 5))] {
        let needs_pin = pin.is_some();
        let mut world = World::begun(LIFETIME, 0, pin);
        world.step(SENDER);
        world.send(SENDER, 1);
        let mut world = offered(world);
        world.run();
        assert!(only_reads(&world));
        assert_eq!(world.state(SENDER), TransferState::Invited);
        assert_eq!(world.state(RECEIVER), TransferState::Offered);
        assert_eq!(world.devices[RECEIVER].events, []);

        confirm(&mut world, None).unwrap();
        world.run();
        if needs_pin {
            // The user is asked for the PIN only now, and still nothing is answered.
            assert!(only_reads(&world));
            assert_eq!(world.state(RECEIVER), TransferState::PinRequired);
            let events = &world.devices[RECEIVER].events;
            assert_eq!(events, &[TransferEvent::PinRequired]);
            world.type_pin(&super::pin());
            world.run();
        }
        assert_eq!(world.devices[RECEIVER].received(), [message(1)]);
    }
}

#[test]
fn the_pin_may_come_with_the_consent() {
    let mut world = offered(World::with_pin(5));
    assert_eq!(
        world.edit(RECEIVER, |t, entropy| t.provide_pin(&pin(), START, entropy)),
        Err(Refused::PinNotAsked),
        "a PIN alone is no consent"
    );
    confirm(&mut world, Some(&wrong_pin())).unwrap();
    assert_eq!(world.state(RECEIVER), TransferState::Establishing);
    // Once more before it was judged: one try, not two.
    confirm(&mut world, None).unwrap();
    assert_eq!(confirm(&mut world, Some(&pin())), Err(Refused::PinNotAsked));
    world.run();
    assert_eq!(
        world.devices[RECEIVER].events,
        [TransferEvent::PinRejected { tries_left: 4 }]
    );
    // From then on it is the same as typing it.
    confirm(&mut world, Some(&pin())).unwrap();
    world.run();
    assert_eq!(world.state(RECEIVER), TransferState::Established);
    assert_eq!(confirm(&mut world, None), Ok(()));
}

#[test]
fn a_pin_typed_with_the_acceptance_waits_for_the_consent() {
    let mut world = offered(World::with_pin(5));
    world.edit(RECEIVER, |transfer, _| {
        assert!(transfer.type_pin(&wrong_pin()));
    });
    world.run();
    assert!(only_reads(&world));
    // What is typed last counts.
    confirm(&mut world, Some(&pin())).unwrap();
    world.run();
    assert_eq!(world.state(RECEIVER), TransferState::Established);
}

#[test]
fn a_pin_where_none_is_asked_for_is_no_consent() {
    let mut world = offered(World::invited());
    assert_eq!(confirm(&mut world, Some(&pin())), Err(Refused::PinNotAsked));
    assert_eq!(world.state(RECEIVER), TransferState::Offered);
    world.run();
    assert!(only_reads(&world));
}

#[test]
fn what_is_offered_can_be_declined_and_the_link_works_on_another_device() {
    let mut world = offered(World::invited());
    world.terminate(RECEIVER, TerminateReason::Declined);
    assert_eq!(confirm(&mut world, None), Err(Refused::Closing));
    world.run();
    let declined = Outcome::Declined;
    assert_eq!(world.outcome(RECEIVER), Some(declined));
    assert_eq!(confirm(&mut world, None), Err(Refused::Closed(declined)));
    super::offers::the_right_device_still_succeeds(world);
}

#[test]
fn what_nobody_has_agreed_to_expires_and_is_given_back() {
    let mut world = offered(World::invited());
    world.relay.keeps_mailboxes = true;
    world.wait(LIFETIME + CLOCK_SKEW);
    assert_eq!(confirm(&mut world, None), Err(Refused::Expired));
    assert_eq!(world.state(RECEIVER), TransferState::Offered);
    world.step(RECEIVER);
    assert_eq!(world.outcome(RECEIVER), Some(Outcome::Expired));
    assert!(world.relay.writes(RECEIVER).is_empty());
    let relinquished = |call: &Call| matches!(call, Call::Relinquish { .. });
    assert!(world.relay.was_asked(RECEIVER, relinquished));
}

#[test]
fn only_a_receiver_that_has_read_the_offer_can_agree_to_it() {
    let mut world = World::invited();
    let entropy = &mut world.entropy();
    let mut sender = world.devices[SENDER].load();
    assert_eq!(
        sender.confirm(None, START, entropy),
        Err(Refused::NotTheReceiver)
    );
    let url = world.share_url();
    let mut unread = world.unread(&url, None, START);
    unread.offer_anew(false);
    assert_eq!(unread.confirm(None, START, entropy), Err(Refused::NotRead));
    assert!(!unread.answer(START, entropy).unwrap());
}

#[test]
fn accepting_anew_asks_anew_only_what_was_not_read() {
    let mut world = World::invited();
    let url = world.share_url();
    // The app had asked before, and the relay did not answer.
    let mut unread = world.unread(&url, None, START);
    unread.offer_anew(false);
    world.devices[RECEIVER].store(&unread);
    world.look_at_offer(RECEIVER, &[]).unwrap();
    assert_eq!(world.state(RECEIVER), TransferState::Offered);
    // What was agreed to stays so.
    confirm(&mut world, None).unwrap();
    world.edit(RECEIVER, |transfer, _| transfer.offer_anew(false));
    assert_eq!(world.state(RECEIVER), TransferState::Establishing);
}

#[derive(Clone, Debug)]
enum Act {
    Step(bool, Fault),
    Send,
    Wait(u64),
    Put(prop::sample::Index),
    Junk,
    Instead(usize),
    Cancel,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let fault = prop::sample::select(vec![
        Fault::None,
        Fault::BeforeStore,
        Fault::BeforeRequest,
        Fault::LostRequest,
        Fault::BeforeAnswer,
        Fault::LostAnswer,
        Fault::BeforeLastStore,
    ]);
    let act = prop_oneof![
        12 => (any::<bool>(), fault).prop_map(|(who, fault)| Act::Step(who, fault)),
        2 => Just(Act::Send),
        2 => (0..LIFETIME / 8).prop_map(Act::Wait),
        2 => any::<prop::sample::Index>().prop_map(Act::Put),
        1 => Just(Act::Junk),
        1 => (0usize..4).prop_map(Act::Instead),
        1 => Just(Act::Cancel),
    ];
    prop::collection::vec(act, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    //= test protocol/6.2-consent
    #[test]
    fn whatever_happens_nothing_is_answered_before_the_user_agrees(
        acts in acts(),
        with_pin in any::<bool>(),
        typed in any::<bool>(),
    ) {
        let world = if with_pin { World::with_pin(5) } else { World::invited() };
        let mut world = offered(world);
        if typed {
            world.edit(RECEIVER, |transfer, _| transfer.type_pin(&pin()));
        }
        for act in acts {
            match act {
                Act::Step(who, fault) => _ = world.try_step(usize::from(who), fault),
                Act::Send => _ = world.edit(RECEIVER, |t, _| t.send(&message(1))),
                Act::Wait(seconds) => world.wait(seconds),
                Act::Put(which) => {
                    let old = which.get(&world.relay.held).clone();
                    world.relay.put(old);
                }
                Act::Junk => world.relay.put("junk"),
                Act::Instead(n) => world.relay.answers = vec![super::model::instead(n)],
                Act::Cancel if world.outcome(SENDER).is_none() => {
                    world.terminate(SENDER, TerminateReason::Cancelled);
                }
                Act::Cancel => {}
            }
            prop_assert!(world.relay.writes(RECEIVER).is_empty());
            prop_assert!(!world.devices[RECEIVER].load().has_used_credential());
            // The claim is given back once the offer's time is over, and not before.
            let over = world.outcome(RECEIVER).is_some();
            prop_assert!(over || only_reads(&world));
            prop_assert!(over || world.state(RECEIVER) == TransferState::Offered);
            prop_assert!(!world.devices[SENDER].has(&TransferEvent::Accepted));
        }
    }
}
