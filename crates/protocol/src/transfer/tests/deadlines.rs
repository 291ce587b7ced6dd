//! What ends a transfer, and when it may be forgotten, whatever the peer and the relay say of the time; and what a
//! device's clock that leaps does.

use super::*;
use tigress_gss::auth_credential::{AuthCredential, MAX_LIFETIME};
use tigress_gss::gss::{self, ChannelBindings, InitiatorCredential, MajorStatus, MinorStatus};
use tigress_gss::mechanism::registry;

const DAY: u64 = 24 * HOUR;
const TEN_YEARS: u64 = 3650 * DAY;
/// More steps than a whole transfer has.
const PHASES: usize = 14;

/// A transfer of one message, so many steps old; the first is the sender's, then the receiver looks.
fn aged(steps: usize) -> World {
    let mut world = World::with_lifetime(LIFETIME, 0);
    world.send(SENDER, 1);
    world.devices[RECEIVER].done_after = Some(1);
    for at in 0..steps {
        take_turn(&mut world, at);
    }
    world
}

/// Whose turn it is after so many steps.
fn take_turn(world: &mut World, at: usize) {
    match at {
        1 => world.accept(RECEIVER).unwrap(),
        _ if at.is_multiple_of(2) => drop(world.step(SENDER)),
        _ => drop(world.step(RECEIVER)),
    }
}

/// The rest of it.
fn finish(world: &mut World, steps: usize) {
    for at in steps..PHASES {
        take_turn(world, at);
    }
    world.run();
}

//= test protocol/3-time
#[test]
fn whatever_the_relay_says_of_the_time_at_whatever_phase_ends_nothing() {
    let past = [0, START - TEN_YEARS, START - 1];
    let future = [START + 1, START + TEN_YEARS, u64::MAX];
    let dates = [
        Some(-(TEN_YEARS as i64)),
        Some(TEN_YEARS as i64),
        Some(i64::MIN),
        None,
    ];
    let lies: Vec<_> = past
        .iter()
        .chain(&future)
        .map(|at| (Some(*at), Some(0)))
        .chain(dates.map(|date| (None, date)))
        .chain([
            (Some(0), Some(TEN_YEARS as i64)),
            (Some(u64::MAX), Some(i64::MIN)),
        ])
        .collect();
    for steps in 0..PHASES {
        for (expiration, date) in &lies {
            let mut world = aged(steps);
            world.relay.keeps_mailboxes = true;
            world.relay.says_expiration = *expiration;
            world.relay.date = *date;
            finish(&mut world, steps);
            let lie = (steps, expiration, date);
            assert_eq!(world.outcomes(), [Some(Outcome::Completed); 2], "{lie:?}");
            assert_eq!(world.devices[RECEIVER].received(), [message(1)], "{lie:?}");
        }
    }
}

#[test]
fn a_receivers_keys_end_by_its_own_clock_whatever_the_date() {
    for date in [
        -(8 * 365 * DAY as i64),
        -(HOUR as i64),
        i64::MIN,
        TEN_YEARS as i64,
    ] {
        // At the first read, and only later.
        for first in [Some(0), Some(date)] {
            let mut world = World::invited();
            world.relay.keeps_mailboxes = true;
            world.relay.date = first;
            world.accept(RECEIVER).unwrap();
            world.relay.date = Some(date);
            world.run();
            assert_eq!(world.state(RECEIVER), TransferState::Established, "{date}");
            world.wait(LIFETIME + CLOCK_SKEW - 1);
            world.step(RECEIVER);
            assert_eq!(world.state(RECEIVER), TransferState::Established, "{date}");
            world.wait(1);
            world.step(RECEIVER);
            assert!(
                world.devices[RECEIVER].load().security.context.is_none(),
                "{date}"
            );
        }
    }
}

#[test]
fn an_offer_that_was_never_read_is_not_kept_for_ever() {
    let mut world = World::invited();
    let url = world.share_url();
    let mut unread = world.unread(&url, None, START);
    let longest = START + MAX_LIFETIME + CLOCK_SKEW;
    assert!(!unread.advance(longest - 1, &mut world.entropy()).unwrap());
    assert!(unread.advance(longest, &mut world.entropy()).unwrap());
    assert!(unread.outcome().is_some() && !unread.has_used_credential());
}

#[test]
fn a_clock_that_was_set_back_lengthens_nothing_at_any_phase() {
    for steps in 0..PHASES {
        for device in [SENDER, RECEIVER] {
            let mut world = aged(steps);
            if world.devices[device].record.is_none() {
                continue;
            }
            world.relay.keeps_mailboxes = true;
            world.devices[device].skew = -(TEN_YEARS as i64);
            // It notices as soon as it does anything.
            let look = |world: &mut World| {
                let now = world.clock(device);
                world.edit(device, |transfer, entropy| {
                    transfer.advance(now, entropy).unwrap();
                });
            };
            look(&mut world);
            world.wait(LIFETIME + CLOCK_SKEW + LINGER);
            look(&mut world);
            let ended = world.devices[device].load();
            let unread = device == RECEIVER && !ended.is_read();
            assert!(ended.outcome().is_some() || unread, "{steps} {device}");
            assert!(ended.security.context.is_none(), "{steps} {device}");
            let mut ended = ended;
            let now = world.clock(device) + 2 * MAX_LIFETIME;
            ended.acknowledge_events(u64::MAX);
            assert!(ended.is_forgettable(now) || unread, "{steps} {device}");
        }
    }
}

#[test]
fn a_clock_that_leaps_ends_the_transfer_and_gives_nothing_back() {
    for steps in 2..PHASES {
        let mut world = aged(steps);
        let before = world.devices[RECEIVER].load();
        world.devices[RECEIVER].skew = TEN_YEARS as i64;
        world.step(RECEIVER);
        world.devices[RECEIVER].skew = 0;
        let mut after = world.devices[RECEIVER].load();
        assert!(after.outcome().is_some(), "{steps}");
        assert_eq!(after.has_used_credential(), before.has_used_credential());
        // Come back, the clock finds it as young as it is.
        after.acknowledge_events(u64::MAX);
        assert!(!after.is_forgettable(START + MAX_LIFETIME), "{steps}");
        if after.has_used_credential() {
            assert!(!after.may_be_accepted_again(), "{steps}");
        }
    }
}

#[test]
fn unseen_events_are_forgotten_only_by_a_clock_that_stays() {
    let mut world = aged(2);
    world.devices[RECEIVER].acknowledges = false;
    finish(&mut world, 2);
    let mut receiver = world.devices[RECEIVER].load();
    let kept = START + MAX_LIFETIME + 2 * CLOCK_SKEW + 1;
    assert!(!receiver.is_forgettable(kept - 2));
    // A clock that leaps, for however long a look takes, and comes back.
    for _ in 0..3 {
        assert!(!receiver.is_forgettable(START + TEN_YEARS));
        assert!(!receiver.is_forgettable(START + HOUR));
    }
    // One that goes on.
    assert!(!receiver.is_forgettable(kept));
    assert!(!receiver.is_forgettable(kept + DAY - 1));
    let mut receiver = Transfer::from_record(&receiver.to_record()).unwrap();
    assert!(receiver.is_forgettable(kept + DAY));
}

/// A link that somebody has, who makes a first token with these times and puts it into the mailbox.
pub(super) fn offered(
    issued_at: u64,
    expires_at: u64,
    date: Option<i64>,
) -> (World, Result<(), Refused>) {
    let mut world = World::invited();
    let secret = world.share_url().secret;
    let auth = AuthCredential {
        issued_at,
        expires_at,
        ..AuthCredential::new(
            registry().preferred().unwrap(),
            0,
            0,
            false,
            &mut world.entropy(),
        )
    };
    let credential = InitiatorCredential::new(auth, secret);
    let bindings = ChannelBindings::for_mailbox(relay::ORIGIN, relay::MAILBOX_ID);
    let draws = &mut world.entropy();
    let made = gss::init_sec_context(registry(), &credential, Some(&bindings), None, 0, draws);
    let mut window = Window::default();
    window.push(made.unwrap().1).unwrap();
    let data = window.fields(Side::Sender, false).encode(|_| None);
    world.relay.keeps_mailboxes = true;
    world.relay.date = date;
    world.relay.put(data);
    let accepted = world.accept(RECEIVER);
    (world, accepted)
}

//= test protocol/3-bounds
#[test]
fn a_credential_whose_times_are_out_of_bounds_is_given_back() {
    let (major, minor) = (
        MajorStatus::DEFECTIVE_CREDENTIAL,
        MinorStatus::CredentialTimes,
    );
    let times = Refused::from(gss::Error::new(major, minor));
    let furthest = START + MAX_LIFETIME + CLOCK_SKEW;
    for (issued_at, expires_at) in [
        (START, u64::MAX),
        (u64::MAX - 1, u64::MAX),
        (START, START - 1),
        (START, START + 31 * DAY),
        (START, START + MAX_LIFETIME + 1),
        (furthest, furthest + 1),
    ] {
        for date in [None, Some(0), Some(-(TEN_YEARS as i64))] {
            let (world, accepted) = offered(issued_at, expires_at, date);
            assert_eq!(accepted, Err(times.clone()), "{issued_at} {expires_at}");
            let receiver = world.devices[RECEIVER].load();
            assert!(!receiver.has_used_credential() && receiver.may_be_accepted_again());
            assert!(!world.relay.is_claimed());
        }
    }
    // As far as may be; and a phone that is years behind believes the relay's clock.
    assert_eq!(offered(furthest - HOUR, furthest, None).1, Ok(()));
    let later = furthest + TEN_YEARS;
    assert_eq!(
        offered(later - HOUR, later, Some(TEN_YEARS as i64)).1,
        Ok(())
    );
    assert!(offered(later - HOUR, later, Some(0)).1.is_err());
}

//= test protocol/3-tombstones
#[test]
fn who_has_answered_keeps_the_tombstone_for_a_time_of_its_own_clock() {
    let ten_years = TEN_YEARS as i64;
    for (issued_at, expires_at, date) in [
        (START - HOUR, START - CLOCK_SKEW + 1, Some(0)),
        (START - 1, START - 1, None),
        (
            START - TEN_YEARS,
            START - TEN_YEARS + HOUR,
            Some(-ten_years),
        ),
        (START, START + MAX_LIFETIME, Some(ten_years)),
        (START + TEN_YEARS, START + TEN_YEARS + HOUR, Some(ten_years)),
    ] {
        let (mut world, accepted) = offered(issued_at, expires_at, date);
        assert_eq!(accepted, Ok(()), "{issued_at} {expires_at} {date:?}");
        world.step(RECEIVER);
        world.relay.says_expiration = Some(0);
        world.relay.date = Some(i64::MIN);
        world.step(RECEIVER);
        world.terminate(RECEIVER, TerminateReason::Cancelled);
        world.relay.lose();
        world.step(RECEIVER);
        let mut receiver = world.devices[RECEIVER].load();
        assert!(receiver.outcome().is_some() && !receiver.may_be_accepted_again());
        receiver.acknowledge_events(u64::MAX);
        let until = START + MAX_LIFETIME + 2 * CLOCK_SKEW;
        assert!(!receiver.is_forgettable(until), "{issued_at} {expires_at}");
        assert!(
            receiver.is_forgettable(until + 1),
            "{issued_at} {expires_at}"
        );
    }
}

#[test]
fn times_of_another_form_are_no_record() {
    let world = World::invited();
    let record = world.devices[SENDER].record.clone().unwrap();
    let map = tigress_primitives::cbor::decode_map(&record).unwrap();
    let times = map.map(10).unwrap();
    for other in [
        times.clone().with(6, 1),
        times.clone().with(1, "soon"),
        times.clone().with(4, false),
        tigress_primitives::cbor::Map::new(),
    ] {
        let record = map.clone().with(10, other).encode();
        assert_eq!(
            Transfer::from_record(&record).err(),
            Some(RecordError::Damaged)
        );
    }
    // What stood there before there was this form.
    let record = map.clone().with(10, START).encode();
    assert_eq!(
        Transfer::from_record(&record).err(),
        Some(RecordError::Damaged)
    );
}
