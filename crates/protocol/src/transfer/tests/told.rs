//! What a transfer tells of itself to the client and its app, and how long it is there to tell it. Times are numbers
//! here, as the documents have them.

use super::*;
use tigress_mailbox::NotificationToken;
use tigress_primitives::record;

const DAY: u64 = 24 * HOUR;
const MINUTE: u64 = 60;

#[test]
fn each_side_says_which_it_is_and_which_relay_it_uses() {
    let world = World::established();
    for (device, sender) in [(SENDER, true), (RECEIVER, false)] {
        let transfer = world.devices[device].load();
        assert_eq!(transfer.is_sender(), sender);
        assert_eq!(transfer.relay(), relay::ORIGIN);
        let role = transfer.summary().role;
        assert_eq!(role == TransferRole::Sender, sender);
    }
}

#[test]
fn the_credential_is_known_by_its_id_once_it_was_read() {
    let mut world = World::invited();
    world.accept(RECEIVER).unwrap();
    let known = |at: usize| world.devices[at].load().credential_id().copied();
    assert!(known(SENDER).is_some());
    assert_eq!(known(RECEIVER), known(SENDER));
}

#[test]
fn the_state_follows_the_phases() {
    let mut world = World::invited();
    world.accept(RECEIVER).unwrap();
    assert_eq!(world.state(RECEIVER), TransferState::Establishing);
    world.run();
    world.terminate(RECEIVER, TerminateReason::Done);
    assert_eq!(world.state(RECEIVER), TransferState::Closing);
    world.run();
    for device in [SENDER, RECEIVER] {
        let closed = TransferState::Closed(Outcome::Completed);
        assert_eq!(world.state(device), closed);
    }
}

#[test]
fn there_are_events_until_the_last_one_was_seen() {
    let mut world = World::invited();
    world.devices[RECEIVER].acknowledges = false;
    world.accept(RECEIVER).unwrap();
    world.run();
    world.send(SENDER, 1);
    world.run();
    let receiver = world.devices[RECEIVER].load();
    let all = receiver.update_after(0);
    assert_eq!(all.events.len(), 2, "established, received");
    for (cursor, more) in [(0, true), (1, true), (2, false), (3, false)] {
        assert_eq!(receiver.has_events_after(cursor), more, "{cursor}");
    }
}

#[test]
fn writing_carries_the_notification_token_of_now() {
    let mut world = World::established();
    let written = |world: &World| {
        let transfer = world.devices[SENDER].load();
        let request_id = tigress_mailbox::RequestId(uuid::Uuid::from_u128(9));
        let next = Next::Write("data".to_owned());
        match transfer.call(&next, &Slot::default(), 0, request_id) {
            Some(Call::Update { notification, .. }) => notification,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(written(&world), None);
    let token = NotificationToken {
        token_type: "com.example.push".to_owned(),
        token_data: "opaque".to_owned(),
    };
    for now in [Some(token), None] {
        world.edit(SENDER, |transfer, _| transfer.set_notification(now.clone()));
        assert_eq!(written(&world), now);
    }
}

#[test]
fn only_what_changed_is_stored() {
    let mut world = World::invited();
    world.accept(RECEIVER).unwrap();
    let now = world.now;
    let mut advance = |device| world.edit(device, |t, draws| t.advance(now, draws).unwrap());
    assert!(advance(RECEIVER), "token 2 is made");
    assert!(!advance(RECEIVER));
    assert!(!advance(SENDER));
    world.run();
    world.send(SENDER, 1);
    let mut advance = |device| world.edit(device, |t, draws| t.advance(now, draws).unwrap());
    assert!(advance(SENDER), "the message is wrapped");
    assert!(!advance(SENDER));
}

/// A transfer that is over at once, two days before its credential.
fn ended() -> World {
    let mut world = World::established();
    world.terminate(RECEIVER, TerminateReason::Done);
    world.run();
    assert_eq!(world.outcomes(), [Some(Outcome::Completed); 2]);
    world
}

/// Whether it may be forgotten, looked at at each of these times in turn.
fn forgettable<const N: usize>(mut transfer: Transfer, times: [u64; N]) -> [bool; N] {
    times.map(|now| transfer.is_forgettable(START + now))
}

#[test]
fn what_was_seen_is_forgotten_when_nobody_can_ask_for_it_any_more() {
    let world = ended();
    let over = 2 * DAY + 20 * MINUTE;
    let mut sender = world.devices[SENDER].load();
    sender.acknowledge_events(u64::MAX);
    assert_eq!(forgettable(sender, [over, over + 1]), [false, true]);
    // The receiver has used a credential up: that is known for longer than any credential lives.
    let over = 30 * DAY + 20 * MINUTE;
    let mut receiver = world.devices[RECEIVER].load();
    receiver.acknowledge_events(u64::MAX);
    assert_eq!(forgettable(receiver, [over, over + 1]), [false, true]);
}

#[test]
fn what_nobody_has_seen_is_kept_for_thirty_days_and_one_more() {
    let mut world = World::established();
    world.devices[SENDER].acknowledges = false;
    world.terminate(RECEIVER, TerminateReason::Done);
    world.run();
    let sender = || world.devices[SENDER].load();
    let over = 30 * DAY + 1;
    assert_eq!(
        forgettable(sender(), [over, over + DAY - 1, over + DAY]),
        [false, false, true]
    );
    assert_eq!(
        forgettable(sender(), [over - 1, over + DAY - 1, over + 2 * DAY - 1]),
        [false, false, true]
    );
}

#[test]
fn each_outcome_has_its_word_and_code_and_comes_back_from_its_stored_form() {
    let all = [
        (Outcome::Completed, "completed", None),
        (Outcome::Declined, "declined", None),
        (Outcome::Cancelled, "cancelled", None),
        (Outcome::Expired, "expired", None),
        (Outcome::Unconfirmed, "unconfirmed", None),
        (Outcome::Unproven(5), "unproven", Some(5)),
        (Outcome::Failed(7), "failed", Some(7)),
    ];
    for (outcome, word, code) in all {
        assert_eq!((outcome.name(), outcome.code()), (word, code));
        let shown = code.map_or(word.to_owned(), |code| format!("{word} (code {code})"));
        assert_eq!(outcome.to_string(), shown);
        assert_eq!(record::from_map(&record::to_map(&outcome)), Some(outcome));
    }
}

#[test]
fn an_id_is_written_as_the_uuid_that_it_is() {
    let id = uuid::Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    assert_eq!(TransferId::from(id).to_string(), id.to_string());
    assert_eq!(TransferId::from(id).as_bytes(), id.as_bytes());
    assert_eq!(id.to_string().len(), 36);
}

#[test]
fn each_state_has_its_word() {
    let all = [
        (TransferState::Invited, "invited"),
        (TransferState::Establishing, "establishing"),
        (TransferState::PinRequired, "pin_required"),
        (TransferState::Established, "established"),
        (TransferState::Closing, "closing"),
        (TransferState::Closed(Outcome::Expired), "closed"),
    ];
    for (state, word) in all {
        assert_eq!(state.name(), word);
    }
}

#[test]
fn a_log_is_full_by_its_bytes_or_by_its_number() {
    let received = |bytes: usize| TransferEvent::CredentialReceived {
        credential: Credential::new("format", vec![0; bytes]),
        index: 0,
    };
    const MAX_BYTES: usize = 4 * 1_048_576;
    for (bytes, full) in [(MAX_BYTES - 1, false), (MAX_BYTES, true)] {
        let mut log = EventLog::default();
        log.push(received(bytes));
        assert_eq!(log.is_full(), full, "{bytes}");
    }
    let mut log = EventLog::default();
    for n in 0..256 {
        assert!(!log.is_full(), "{n}");
        log.push(TransferEvent::Accepted);
    }
    assert!(log.is_full());
}
