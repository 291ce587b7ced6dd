//! Wrong clocks: a wrong phone clock kills no transfer, and a lying relay gains nothing.

use super::*;

const DAY: i64 = 24 * 3600;

/// Whether a receiver accepts an offer `left` seconds before its credential expires.
fn accepts(left: i64, skew: i64, date: Option<i64>) -> bool {
    let mut world = World::invited();
    // The mailbox outlives the credential: the relay does not decide this.
    world.relay.expire_at(u64::MAX);
    world.now = (START + LIFETIME).saturating_add_signed(-left);
    world.devices[RECEIVER].skew = skew;
    world.relay.date = date;
    let accepted = world.accept(RECEIVER);
    assert!(matches!(accepted, Ok(()) | Err(Refused::Expired)));
    accepted.is_ok()
}

//= test protocol/3-time
#[test]
fn a_receiver_refuses_only_what_both_clocks_call_expired() {
    // Right clocks: ten minutes are forgiven by the device's own, not by the relay's.
    assert!(accepts(1, 0, Some(0)));
    assert!(accepts(0, 0, Some(-600)));
    // Expired by the relay, not yet by the device less its skew, and the other way round.
    assert!(accepts(-599, 0, Some(0)));
    assert!(!accepts(-600, 0, Some(0)));
    assert!(accepts(-700, 0, Some(-701)));
    // A device's clock that is years ahead or behind kills nothing.
    assert!(accepts(1, 3000 * DAY, Some(0)));
    assert!(accepts(1, -3000 * DAY, Some(0)));
    // A relay that claims another time gains nothing: not an end…
    assert!(accepts(1, 0, Some(3000 * DAY)));
    // …and what it prolongs, the sender ends.
    assert!(accepts(-DAY, 0, Some(-3000 * DAY)));
    // Without a relay's clock the own one counts.
    assert!(accepts(1, 600, None));
    assert!(!accepts(1, 601, None));
    assert!(accepts(-599, 0, None));
    assert!(!accepts(-600, 0, None));
}

/// A world with token 2 in the slot, and a mailbox that stays.
fn answered(skew: i64) -> World {
    let mut world = World::with_lifetime(LIFETIME, skew);
    world.step(SENDER);
    world.relay.expire_at(START + 400 * 24 * HOUR);
    world.accept(RECEIVER).unwrap();
    world.step(RECEIVER);
    world
}

#[test]
fn the_sender_judges_by_its_own_clock_when_it_takes_the_answer() {
    for (skew, date) in [
        (0, Some(0)),
        (DAY, Some(0)),
        (-DAY, Some(0)),
        (0, Some(3000 * DAY)),
        (0, Some(-3000 * DAY)),
        (0, None),
    ] {
        let mut world = answered(skew);
        world.relay.date = date;
        world.relay.expire_at(u64::MAX);
        world.wait(LIFETIME - 1);
        world.step(SENDER);
        assert_eq!(world.state(SENDER), TransferState::Established, "{skew}");

        let mut world = answered(skew);
        world.relay.date = date;
        world.relay.expire_at(u64::MAX);
        world.wait(LIFETIME);
        world.step(SENDER);
        assert_eq!(world.state(SENDER), TransferState::Closing, "{skew}");
    }
}

#[test]
fn an_answer_that_came_too_late_uses_the_credential_up_and_is_told_by_an_abort() {
    let mut world = answered(0);
    world.send(SENDER, 1);
    let late = world.relay.data().to_owned();
    world.wait(LIFETIME);
    world.step(SENDER);
    assert!(world.devices[SENDER].has(&TransferEvent::Accepted));
    assert!(!world.devices[SENDER].has(&TransferEvent::Established));
    assert!(world.devices[SENDER].load().invitation().is_none());
    world.step(SENDER);
    let told = world.slot();
    assert!(told.abort.is_some() && world.slot_has_mic());
    assert_eq!(told.ack, 1, "every envelope with a MIC acknowledges");
    // Killed in between, and shown the same answer again, it stays so.
    world.devices[SENDER].kill();
    world.relay.put(late);
    world.step(SENDER);
    world.step(SENDER);
    assert_eq!(world.slot().abort, told.abort);
    world.settle();
    assert_eq!(world.outcomes(), [Some(Outcome::Expired); 2]);
    assert!(world.devices[RECEIVER].received().is_empty());
    assert!(world.relay.is_gone());
}

#[test]
fn a_receiver_that_has_not_read_yet_shows_no_end() {
    let mut world = World::invited();
    world.step(SENDER);
    let unread = world.unread(&world.share_url(), None, START);
    assert_eq!(unread.summary().expires_at, None);
    world.accept(RECEIVER).unwrap();
    let read = world.devices[RECEIVER].load();
    assert_eq!(read.summary().expires_at, Some(START + LIFETIME));
}

//= test protocol/7-expiration
#[test]
fn an_earlier_end_of_the_mailbox_is_shown_and_ends_nothing() {
    let mut world = World::invited();
    world.relay.says_expiration = Some(START + HOUR);
    world.step(SENDER);
    world.accept(RECEIVER).unwrap();
    let shown = |world: &World, at: usize| world.devices[at].load().expires_at();
    assert_eq!(
        [SENDER, RECEIVER].map(|at| shown(&world, at)),
        [START + HOUR; 2]
    );
    world.wait(2 * HOUR);
    world.run();
    for at in [SENDER, RECEIVER] {
        assert_eq!(world.state(at), TransferState::Established);
        // With keys it is the credential's end that counts, and that is shown.
        assert_eq!(shown(&world, at), START + LIFETIME);
    }
}

#[test]
fn the_mailbox_outlives_the_credential_so_that_a_late_answer_is_told() {
    // A relay that erases in time, as an honest one does.
    let mut world = World::invited();
    world.accept(RECEIVER).unwrap();
    world.step(RECEIVER);
    world.wait(LIFETIME + LINGER - 1);
    world.step(SENDER);
    assert!(world.devices[SENDER].has(&TransferEvent::Accepted));
    assert!(!world.devices[SENDER].has(&TransferEvent::Established));
    world.step(SENDER);
    assert!(world.slot().abort.is_some());
}

#[test]
fn the_mailboxs_end_is_read_back_in_the_relays_time() {
    for skew in [0, DAY, -DAY] {
        let mut world = World::with_lifetime(LIFETIME, skew);
        world.step(SENDER);
        world.relay.says_expiration = Some(START + HOUR);
        world.step(SENDER);
        let expires = world.devices[SENDER].load().expires_at();
        assert_eq!(expires, (START + HOUR).saturating_add_signed(skew));
        // Longer is not later.
        world.relay.says_expiration = Some(u64::MAX);
        world.relay.put("");
        world.step(SENDER);
        assert_eq!(world.devices[SENDER].load().expires_at(), expires);
    }
}

#[test]
fn nobody_answered_in_time_is_expired_and_the_mailbox_deleted() {
    let mut world = World::invited();
    world.relay.expire_at(u64::MAX);
    world.wait(LIFETIME + LINGER - 1);
    world.run();
    assert_eq!(world.outcome(SENDER), None, "a late answer is told so");
    world.wait(1);
    world.run();
    assert_eq!(world.outcome(SENDER), Some(Outcome::Expired));
    assert!(world.relay.is_gone());
}

#[test]
fn an_established_transfer_expires_on_both_sides() {
    let mut world = World::established();
    world.relay.expire_at(u64::MAX);
    world.send(SENDER, 1);
    world.wait(LIFETIME + CLOCK_SKEW);
    world.run();
    assert_eq!(world.outcomes(), [Some(Outcome::Unconfirmed); 2]);
    assert!(world.devices[RECEIVER].received().is_empty());
    assert!(world.devices[SENDER].delivered().is_empty());
    assert!(world.relay.is_gone());
}

#[test]
fn a_message_that_comes_when_the_time_is_over_is_not_taken() {
    let mut world = World::established();
    world.relay.expire_at(u64::MAX);
    world.send(SENDER, 1);
    world.wait(LIFETIME - 10);
    world.step(SENDER);
    world.wait(CLOCK_SKEW);
    // The relay holds the answer, and the time is over meanwhile.
    world.relay.takes = 20;
    world.step(RECEIVER);
    assert!(world.devices[RECEIVER].received().is_empty());
    assert_eq!(world.outcome(RECEIVER), Some(Outcome::Unconfirmed));
}

#[test]
fn clocks_that_differ_by_days_do_not_matter_to_a_transfer() {
    for skews in [[3, -3], [-1, 1], [1, 400], [0, -400]] {
        let mut world = World::with_lifetime(LIFETIME, skews[0] * DAY);
        world.devices[RECEIVER].skew = skews[1] * DAY;
        world.relay.date = Some(0);
        world.send(SENDER, 1);
        world.devices[RECEIVER].done_after = Some(1);
        world.step(SENDER);
        world.accept(RECEIVER).unwrap();
        world.run();
        assert_eq!(world.outcomes(), [Some(Outcome::Completed); 2], "{skews:?}");
    }
}
