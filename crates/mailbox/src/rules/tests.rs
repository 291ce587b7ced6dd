//! What the relay's conformance suite for stores does not say of the rules: rights one by one, and who comes back.

use uuid::Uuid;

use super::*;
use crate::AccessRights;

const NOW: u64 = 1_900_000_000;
const SENDER: DeviceClaim = DeviceClaim(Uuid::from_u128(2));
const RECEIVER: DeviceClaim = DeviceClaim(Uuid::from_u128(3));

pub(super) fn token(name: &str) -> NotificationToken {
    NotificationToken {
        token_type: "test".to_owned(),
        token_data: name.to_owned(),
    }
}

pub(super) fn new_mailbox() -> NewMailbox {
    NewMailbox {
        claim: SENDER,
        request_id: RequestId(Uuid::from_u128(100)),
        payload: Payload::gss_api("one".to_owned()),
        display: DisplayInformation {
            title: "t".to_owned(),
            description: "d".to_owned(),
            image_url: String::new(),
        },
        notification: Some(token("sender")),
        rights: AccessRights::ALL,
        expires: NOW + 100,
        bound_expires: NOW + 100,
        proof: None,
        version: Version(Uuid::from_u128(5)),
    }
}

fn read(claim: DeviceClaim) -> Command {
    Command::Read {
        claim,
        proof: None,
        bind: true,
        known: None,
    }
}

/// Another device than both.
fn device(n: u128) -> DeviceClaim {
    DeviceClaim(Uuid::from_u128(1000 + n))
}

fn relinquish(claim: DeviceClaim, id: u128) -> Command {
    let request_id = RequestId(Uuid::from_u128(id));
    Command::Relinquish { claim, request_id }
}

fn update(claim: DeviceClaim, id: u128) -> Command {
    Command::Update {
        claim,
        request_id: RequestId(Uuid::from_u128(id)),
        condition: Condition::None,
        payload: Arc::new(Payload::gss_api("new".to_owned())),
        notification: None,
        version: Version(Uuid::from_u128(id)),
    }
}

fn record(rights: AccessRights) -> Record {
    let record = new_mailbox();
    Record::new(NewMailbox { rights, ..record })
}

fn told(record: &mut Record, command: Command) -> Result<Answer, Refusal> {
    apply(record, command, NOW).answer
}

fn repeated(record: &mut Record, command: Command) -> bool {
    match told(record, command) {
        Ok(Answer::Done { repeated, .. }) => repeated,
        other => panic!("not done but {other:?}"),
    }
}

#[test]
fn only_what_can_grow_asks_for_room_and_only_a_deletion_makes_some() {
    let delete = Command::Delete { claim: SENDER };
    let cases = [
        (Command::Show, false, false),
        (read(RECEIVER), false, false),
        (update(SENDER, 1), true, false),
        (relinquish(RECEIVER, 1), true, false),
        (delete, false, true),
    ];
    for (command, needs, makes) in cases {
        let found = (command.needs_room(), command.makes_room());
        assert_eq!(found, (needs, makes), "{command:?}");
    }
}

#[test]
fn each_right_that_the_recipient_lacks_is_refused_to_it_and_to_nobody_else() {
    let all = AccessRights::ALL;
    let refused = Err(Refusal::Unauthorized);

    let read_off = AccessRights { read: false, ..all };
    let mut mailbox = record(read_off);
    assert_eq!(told(&mut mailbox, read(RECEIVER)), refused);
    assert!(told(&mut mailbox, read(SENDER)).is_ok());

    let write_off = AccessRights {
        write: false,
        ..all
    };
    let mut mailbox = record(write_off);
    assert!(told(&mut mailbox, read(RECEIVER)).is_ok());
    assert_eq!(told(&mut mailbox, update(RECEIVER, 1)), refused);
    assert!(told(&mut mailbox, update(SENDER, 1)).is_ok());

    let no_deletion = AccessRights {
        delete: false,
        ..all
    };
    let mut mailbox = record(no_deletion);
    assert!(told(&mut mailbox, read(RECEIVER)).is_ok());
    assert_eq!(
        told(&mut mailbox, Command::Delete { claim: RECEIVER }),
        refused
    );
    let deleted = told(&mut mailbox, Command::Delete { claim: SENDER });
    assert_eq!(deleted, Ok(Answer::Deleted));
}

#[test]
fn a_device_that_came_back_keeps_its_place_when_its_giving_up_is_repeated() {
    let mut mailbox = record(AccessRights::ALL);
    told(&mut mailbox, read(RECEIVER)).unwrap();
    assert!(!repeated(&mut mailbox, relinquish(RECEIVER, 1)));
    told(&mut mailbox, read(RECEIVER)).unwrap();
    // The network repeats the first request: nothing is given up a second time.
    assert!(repeated(&mut mailbox, relinquish(RECEIVER, 1)));
    assert_eq!(
        told(&mut mailbox, read(device(1))),
        Err(Refusal::Unauthorized)
    );
    assert!(!repeated(&mut mailbox, relinquish(RECEIVER, 2)));
    assert!(told(&mut mailbox, read(device(1))).is_ok());
}

#[test]
fn the_last_devices_that_gave_their_place_up_are_remembered() {
    let mut mailbox = record(AccessRights::ALL);
    let devices = REMEMBERED_FORMER as u128 + 1;
    for n in 0..devices {
        told(&mut mailbox, read(device(n))).unwrap();
        assert!(!repeated(&mut mailbox, relinquish(device(n), 1)));
    }
    let forgotten = told(&mut mailbox, relinquish(device(0), 1));
    assert_eq!(forgotten, Err(Refusal::Unauthorized));
    for n in 1..devices {
        assert!(repeated(&mut mailbox, relinquish(device(n), 1)), "{n}");
        // What another one asked for is nothing that this one may repeat.
        let others = told(&mut mailbox, relinquish(device(n), 2));
        assert_eq!(others, Err(Refusal::Unauthorized));
    }
}

#[test]
fn a_place_that_was_given_up_notifies_nobody() {
    let mut mailbox = record(AccessRights::ALL);
    told(&mut mailbox, read(RECEIVER)).unwrap();
    let mut write = update(RECEIVER, 1);
    if let Command::Update { notification, .. } = &mut write {
        *notification = Some(token("receiver"));
    }
    told(&mut mailbox, write).unwrap();
    let notified = apply(&mut mailbox, update(SENDER, 1), NOW).notify;
    assert_eq!(notified, Some(token("receiver")));
    told(&mut mailbox, relinquish(RECEIVER, 2)).unwrap();
    assert_eq!(apply(&mut mailbox, update(SENDER, 2), NOW).notify, None);
    told(&mut mailbox, read(RECEIVER)).unwrap();
    assert_eq!(apply(&mut mailbox, update(SENDER, 3), NOW).notify, None);
}
