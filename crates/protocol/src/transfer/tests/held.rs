//! Held writes: one answer that tells of a write and of what came after it (docs/protocol.md, section 7.1).

use super::*;

/// What a device asks next, if its answers may be held for 50 seconds.
fn asked(world: &mut World, at: usize) -> Ask {
    let (now, slot) = (world.clock(at), world.devices[at].slot.clone());
    let aim = Aim::GoOn { wait: 50 };
    let ask = world.edit(at, |transfer, entropy| {
        transfer.ask(aim, &slot, now, entropy)
    });
    ask.unwrap().unwrap()
}

fn hold(ask: &Ask) -> Option<u64> {
    match ask.ticket.call {
        Some(Call::Update { wait, .. }) => Some(wait),
        _ => None,
    }
}

/// Takes the answer of the relay that held it until now.
fn answered(world: &mut World, at: usize, ask: &Ask, repeated: bool) {
    let (now, date) = (world.clock(at), world.date());
    let Reply::Content(content) = world.relay.content() else {
        unreachable!()
    };
    let reply = Reply::DoneAndRead { repeated, content };
    let answer = Answer { reply, now, date };
    let mut slot = world.devices[at].slot.clone();
    let taken = world.edit(at, |transfer, entropy| {
        transfer.take_answer(&ask.ticket.next, answer, &[], &mut slot, entropy)
    });
    assert_eq!(taken, Ok(()));
    world.devices[at].slot = slot;
    world.devices[at].look();
}

/// The receiver's token 2 is written, and its answer held.
fn waiting() -> (World, Ask) {
    let mut world = World::invited();
    world.send(SENDER, 1);
    world.accept(RECEIVER).unwrap();
    let ask = asked(&mut world, RECEIVER);
    assert!(ask.ticket.is_held_write() && ask.ticket.is_write());
    assert_eq!((hold(&ask), ask.request.wait), (Some(10), 10));
    world.devices[RECEIVER].slot.attempt();
    world.reply(RECEIVER, &ask);
    (world, ask)
}

//= test protocol/7.1-one-step
#[test]
fn one_answer_tells_that_it_was_written_and_what_the_other_side_wrote() {
    for repeated in [false, true] {
        let (mut world, ask) = waiting();
        world.step(SENDER);
        world.step(SENDER);
        let requests = world.relay.requests();
        answered(&mut world, RECEIVER, &ask, repeated);
        assert_eq!(world.state(RECEIVER), TransferState::Established);
        assert_eq!(world.devices[RECEIVER].received(), [message(1)]);
        assert_eq!(world.relay.requests(), requests, "nothing more was asked");
        // Its version is that of what was read: the next write names it.
        let next = asked(&mut world, RECEIVER);
        let Some(Call::Update { if_match, .. }) = &next.ticket.call else {
            panic!("what was taken is acknowledged")
        };
        assert_eq!(
            *if_match,
            world.devices[RECEIVER].slot.version().map(str::to_owned)
        );
        world.terminate(RECEIVER, TerminateReason::Done);
        world.run();
        assert_eq!(world.outcomes(), [Some(Outcome::Completed); 2]);
    }
}

#[test]
fn what_a_relay_shows_with_it_is_judged_as_any_read() {
    let (mut world, ask) = waiting();
    answered(&mut world, RECEIVER, &ask, false);
    for _ in 0..4 {
        world.devices[RECEIVER].slot.attempt();
        answered(&mut world, RECEIVER, &ask, false);
    }
    assert!(world.devices[RECEIVER].slot.back_off().is_zero());
    assert!(asked(&mut world, RECEIVER).ticket.is_held_read(), "its own");

    let (mut world, ask) = waiting();
    let old = world.relay.held[0].clone();
    world.relay.put(old);
    answered(&mut world, RECEIVER, &ask, false);
    assert_eq!(world.state(RECEIVER), TransferState::Establishing);
    assert!(hold(&asked(&mut world, RECEIVER)).is_some(), "put back");

    let (mut world, ask) = waiting();
    world.relay.put("nobody's");
    answered(&mut world, RECEIVER, &ask, false);
    assert!(world.devices[RECEIVER].has(&TransferEvent::RejectedToken));
    assert!(hold(&asked(&mut world, RECEIVER)).is_some(), "put back");
}

//= test protocol/7.1-given-up
#[test]
fn one_that_is_given_up_is_read_first_and_none_is_held_until_there_is_progress() {
    let (mut world, _) = waiting();
    world.devices[RECEIVER].slot.give_up();
    let next = asked(&mut world, RECEIVER);
    assert!(next.ticket.is_read() && !next.ticket.is_held_read());
    // Another's word is there instead: it writes again, and does not wait.
    let old = world.relay.held[0].clone();
    world.relay.put(old);
    world.ask(RECEIVER, next, Fault::None).unwrap();
    assert_eq!(hold(&asked(&mut world, RECEIVER)), Some(0));
    world.step(RECEIVER);
    world.step(SENDER);
    world.step(SENDER);
    world.step(RECEIVER);
    assert_eq!(world.state(RECEIVER), TransferState::Established);
    assert_eq!(hold(&asked(&mut world, RECEIVER)), Some(10));
}

#[test]
fn nothing_is_held_where_nobody_would_wait() {
    // By an aim that has no time, and at a relay that tells no version.
    let mut world = World::invited();
    world.accept(RECEIVER).unwrap();
    let (now, slot) = (world.clock(RECEIVER), world.devices[RECEIVER].slot.clone());
    let at_once = world.edit(RECEIVER, |transfer, entropy| {
        transfer.ask(Aim::GoOn { wait: 0 }, &slot, now, entropy)
    });
    assert_eq!(hold(&at_once.unwrap().unwrap()), Some(0));
    let mut plain = World::invited();
    plain.relay.tells_versions = false;
    plain.accept(RECEIVER).unwrap();
    assert_eq!(hold(&asked(&mut plain, RECEIVER)), Some(0));

    // With a last word: an abort, and what acknowledges a deletion.
    let mut world = World::established();
    world.terminate(RECEIVER, TerminateReason::Done);
    assert_eq!(
        hold(&asked(&mut world, RECEIVER)),
        Some(10),
        "a deletion is answered"
    );
    world.step(RECEIVER);
    world.step(SENDER);
    assert_eq!(hold(&asked(&mut world, SENDER)), Some(0));
    let mut world = World::established();
    abort(&mut world, SENDER, 9);
    assert_eq!(hold(&asked(&mut world, SENDER)), Some(0));
}

//= test protocol/6.2-pace
#[test]
fn nothing_is_held_where_reads_are_paced() {
    let (mut world, mut ask) = waiting();
    for n in 0..4 {
        world.relay.put(format!("nobody's {n}"));
        answered(&mut world, RECEIVER, &ask, false);
        ask = asked(&mut world, RECEIVER);
        // With the offer it is the third that led to nothing.
        let wait = if n < 1 { 10 } else { 0 };
        assert_eq!(hold(&ask), Some(wait), "{n}");
    }
}
