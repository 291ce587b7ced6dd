//! Where rules begin and end, to the second and to the byte, in the numbers of the documents.

use super::*;
use crate::transfer::message::{self, MessageError};

const MINUTE: u64 = 60;
const END: u64 = START + LIFETIME;

fn sized(bytes: usize) -> Credential {
    Credential::new("org.example.key", vec![7; bytes])
}

#[test]
fn a_message_has_at_most_256_kibibytes() {
    assert_eq!(message::check(&sized(262_144)), Ok(()));
    let refused = message::check(&sized(262_145)).unwrap_err();
    assert_eq!(refused, MessageError::TooLarge);
    assert!(refused.reason().contains("256 KiB"));
    assert_eq!(refused.code(), codes::TOO_LARGE);
    assert_eq!(MessageError::Malformed.code(), codes::UNDECODABLE);
    assert_eq!(MessageError::Version.code(), codes::UNDECODABLE);
}

#[test]
fn names_are_1_to_255_visible_characters() {
    let longest = "x".repeat(255);
    for (name, good) in [
        ("a b", true),
        (&*longest, true),
        (&*(longest.clone() + "x"), false),
        ("", false),
        ("tab\t", false),
        ("é", false),
    ] {
        let format = Credential::new(name, vec![]);
        assert_eq!(message::check(&format).is_ok(), good, "{name:?}");
        let media_type = Credential {
            media_type: Some(name.to_owned()),
            ..Credential::new("org.example.key", vec![])
        };
        assert_eq!(message::check(&media_type).is_ok(), good, "{name:?}");
    }
}

#[test]
fn at_most_64_messages_wait() {
    let mut sender = World::invited().devices[SENDER].load();
    for index in 0..64 {
        assert_eq!(sender.send(&message(1)), Ok(index));
    }
    assert_eq!(sender.send(&message(1)), Err(Refused::QueueFull));
}

#[test]
fn at_most_four_mebibytes_of_messages_wait() {
    let frame = message::encode(&sized(262_000)).len() - 262_000;
    let sixteenth = 262_144 - frame;
    let sixteen = || {
        let mut sender = World::invited().devices[SENDER].load();
        for _ in 0..15 {
            sender.send(&sized(sixteenth)).unwrap();
        }
        sender
    };
    assert!(sixteen().send(&sized(sixteenth)).is_ok());
    let too_much = sixteen().send(&sized(sixteenth + 1));
    assert_eq!(too_much, Err(Refused::QueueFull));
}

#[test]
fn nothing_is_sent_once_it_is_being_ended() {
    let mut world = World::established();
    world.terminate(RECEIVER, TerminateReason::Done);
    let refused = |world: &World| world.devices[RECEIVER].load().send(&message(1));
    assert_eq!(refused(&world), Err(Refused::Closing));
    world.run();
    let outcome = Outcome::Completed;
    assert_eq!(refused(&world), Err(Refused::Closed(outcome)));
}

#[test]
fn what_the_relay_has_not_is_ended_without_it() {
    let mut world = World::with_lifetime(LIFETIME, 0);
    world.terminate(SENDER, TerminateReason::Cancelled);
    assert!(world.outcome(SENDER).is_some());
    assert_eq!(world.step(SENDER), Next::Over);
}

#[test]
fn the_context_judges_by_the_credentials_clock() {
    let sender = World::invited().devices[SENDER].load();
    for now in [START - 5, START + 10, END, END + 7] {
        assert_eq!(sender.clocks.judged(now), now);
    }
    // A phone that is a year ahead, before the relay's clock was known: what is left, is left.
    let mut world = World::invited();
    let ahead = 365 * 24 * HOUR;
    world.devices[RECEIVER].skew = i64::try_from(ahead).unwrap();
    world.accept(RECEIVER).unwrap();
    let receiver = world.devices[RECEIVER].load();
    let over = START + ahead + receiver.clocks.left(START + ahead);
    for beside in [0, 1, 7] {
        assert_eq!(receiver.clocks.judged(over + beside), END + beside);
        assert_eq!(receiver.clocks.judged(over - beside), END - beside);
    }
}

#[test]
fn a_clock_is_followed_back_when_it_is_more_than_ten_minutes() {
    let mut sender = World::invited().devices[SENDER].load();
    sender.follow_clock(START - 10 * MINUTE);
    assert_eq!(sender.clocks.left(START), LIFETIME);
    sender.follow_clock(START - 10 * MINUTE - 1);
    assert_eq!(sender.clocks.left(START - 10 * MINUTE - 1), LIFETIME);
}

#[test]
fn the_last_envelope_is_left_for_ten_minutes_by_a_clock_that_is_followed_back() {
    let mut world = World::established();
    world.terminate(RECEIVER, TerminateReason::Cancelled);
    world.run();
    let parting = |transfer: &Transfer| match &transfer.phase {
        Phase::Closed {
            parting: Some(parting),
            ..
        } => Some(parting.until),
        _ => None,
    };
    let mut devices = world.devices.iter().map(Device::load);
    let mut left = devices
        .find(|transfer| parting(transfer).is_some())
        .unwrap();
    let until = START + 10 * MINUTE;
    assert_eq!(parting(&left), Some(until));
    left.follow_clock(START - 10 * MINUTE);
    assert_eq!(parting(&left), Some(until));
    let back = 10 * MINUTE + 1;
    left.follow_clock(START - back);
    assert_eq!(parting(&left), Some(until - back));
}

#[test]
fn an_end_that_the_relay_says_is_shown_if_it_is_sooner_by_more_than_a_second() {
    let shown = |expirations: &[(u64, Option<u64>)]| {
        let mut sender = World::invited().devices[SENDER].load();
        for (at, date) in expirations {
            sender.note_expiration(Some(*at), START, *date);
        }
        sender.expires_at()
    };
    assert_eq!(shown(&[(END - 1, None)]), END);
    assert_eq!(shown(&[(END - 2, None)]), END - 2);
    let known = (END - HOUR, None);
    assert_eq!(shown(&[known, (END - HOUR - 1, None)]), END - HOUR);
    assert_eq!(shown(&[known, (END - HOUR - 2, None)]), END - HOUR - 2);
    // By the sender's clock; but what is over by the relay's own is over.
    let relays = START - HOUR;
    assert_eq!(shown(&[(relays + 5, Some(relays))]), START + 5);
    assert_eq!(shown(&[(relays, Some(relays))]), relays);
    assert_eq!(shown(&[(relays - 5, Some(relays))]), relays - 5);
}

#[test]
fn what_was_not_checked_is_not_gone_on_with() {
    let mut world = World::invited();
    let url = world.share_url();
    let said = None;
    let start = ReceiverStart {
        id: TransferId::from(uuid::Uuid::from_u128(2)),
        share_url: &url,
        token: None,
        confirmed: true,
        notification: None,
        said,
    };
    let unread = Transfer::new_receiver(start, START, &mut world.entropy());
    assert_eq!(unread.next(&Slot::default(), START), Next::Over);
    world.accept(RECEIVER).unwrap();
    let checked = world.devices[RECEIVER].load();
    assert_eq!(checked.next(&Slot::default(), START), Next::Read);
}

#[test]
fn only_a_receiver_shows_the_recipient_proof() {
    let world = World::established();
    let read = Call::Read {
        wait: 0,
        known: None,
    };
    let requests = [SENDER, RECEIVER].map(|device| {
        let transfer = world.devices[device].load();
        assert!(transfer.mailbox().is_some());
        transfer.request(&read).unwrap()
    });
    assert_eq!(requests[0].url, requests[1].url);
    assert!(requests[0].url.starts_with(relay::ORIGIN));
    let proofs = requests.map(|request| {
        let mut names = request.headers.iter().map(|(name, _)| *name);
        names.any(|name| name.eq_ignore_ascii_case("mailbox-recipient-proof"))
    });
    assert_eq!(proofs, [false, true]);
}

#[test]
fn what_has_ended_is_not_ended_again() {
    let mut world = World::established();
    world.terminate(RECEIVER, TerminateReason::Done);
    world.run();
    for device in [SENDER, RECEIVER] {
        let before = world.devices[device].load().to_record();
        let refused = world.edit(device, |transfer, entropy| {
            transfer.terminate(TerminateReason::Cancelled, START, entropy)
        });
        let outcome = Outcome::Completed;
        assert_eq!(refused, Err(Refused::Closed(outcome)));
        assert_eq!(world.devices[device].load().to_record(), before);
    }
}
