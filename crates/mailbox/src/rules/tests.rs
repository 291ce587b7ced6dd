//! What the relay's conformance suite for stores does not say of the rules: rights one by one, and who comes back.

use tigress_primitives::secret::Secret;
use uuid::Uuid;

use super::record::{CreateKey, NotAVersion, ProofDigest};
use super::*;
use crate::AccessRights;
use crate::{DeviceClaim, DisplayInformation, RequestId};

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

//= test draft/6.6.3-stored
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

//= test draft/6.6.3-by-claim
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

#[test]
fn whoever_may_delete_deletes_and_a_stranger_never() {
    let mut mailbox = record(AccessRights::ALL);
    told(&mut mailbox, read(RECEIVER)).unwrap();
    let stranger = Command::Delete { claim: device(1) };
    assert_eq!(told(&mut mailbox, stranger), Err(Refusal::Unauthorized));
    let deleted = told(&mut mailbox, Command::Delete { claim: RECEIVER });
    assert_eq!(deleted, Ok(Answer::Deleted));
}

#[test]
fn nobody_gives_up_the_place_of_another() {
    let mut mailbox = record(AccessRights::ALL);
    told(&mut mailbox, read(RECEIVER)).unwrap();
    for claim in [SENDER, device(1)] {
        let refused = told(&mut mailbox, relinquish(claim, 1));
        assert_eq!(refused, Err(Refusal::Unauthorized));
    }
    assert!(
        told(&mut mailbox, read(RECEIVER)).is_ok(),
        "it is still there"
    );
    assert_eq!(
        told(&mut mailbox, read(device(1))),
        Err(Refusal::Unauthorized)
    );
}

#[test]
fn where_a_proof_is_wanted_nothing_else_binds() {
    let proof = |n: u8| ProofDigest::of(&Secret::new([n; 32]));
    let mut mailbox = Record::new(NewMailbox {
        proof: Some(proof(1)),
        ..new_mailbox()
    });
    let showing = |proof: Option<ProofDigest>| Command::Read {
        claim: RECEIVER,
        proof,
        bind: true,
        known: None,
    };
    for shown in [None, Some(proof(2))] {
        let refused = told(&mut mailbox, showing(shown));
        assert_eq!(refused, Err(Refusal::Unauthorized));
    }
    assert!(told(&mut mailbox, showing(Some(proof(1)))).is_ok());
    assert!(told(&mut mailbox, read(RECEIVER)).is_ok(), "once is enough");
}

#[test]
fn a_condition_holds_for_its_version_alone() {
    let mut mailbox = record(AccessRights::ALL);
    let current = mailbox.version();
    let conditional = |id: u128, asked: Condition| {
        let mut command = update(SENDER, id);
        if let Command::Update { condition, .. } = &mut command {
            *condition = asked;
        }
        command
    };
    let other = Version(Uuid::from_u128(999));
    for refused in [Condition::Is(other), Condition::Never] {
        let answer = told(&mut mailbox, conditional(1, refused));
        assert_eq!(answer, Err(Refusal::Conflict));
    }
    assert!(!repeated(
        &mut mailbox,
        conditional(1, Condition::Is(current))
    ));
    // Repeated, it is done already, although its own effect changed the version.
    assert!(repeated(
        &mut mailbox,
        conditional(1, Condition::Is(current))
    ));
    assert!(!repeated(&mut mailbox, conditional(2, Condition::None)));
}

//= test draft/6.2.6-stored draft/6.2.6-by-claim
#[test]
fn a_device_repeats_any_of_its_last_requests() {
    let mut mailbox = record(AccessRights::ALL);
    let last = REMEMBERED_REQUESTS as u128;
    for id in 0..=last {
        assert!(!repeated(&mut mailbox, update(SENDER, id)), "{id}");
    }
    for id in 1..=last {
        assert!(repeated(&mut mailbox, update(SENDER, id)), "{id}");
    }
    assert!(
        !repeated(&mut mailbox, update(SENDER, 0)),
        "that one was forgotten"
    );
}

#[test]
fn a_mailbox_takes_what_was_put_in_and_what_is_kept_of_each_device() {
    const OVERHEAD: usize = 128;
    const REQUEST: usize = 16;
    let display = DisplayInformation {
        title: "t".to_owned(),
        description: "dd".to_owned(),
        image_url: "iii".to_owned(),
    };
    let mut mailbox = Record::new(NewMailbox {
        display,
        ..new_mailbox()
    });
    let payload = Payload::gss_api("one".to_owned());
    let content = payload.payload_type.len() + payload.data.len();
    let (shown, notified) = (1 + 2 + 3, "test".len() + "sender".len());
    let sender = OVERHEAD + REQUEST + notified;
    let new = OVERHEAD + content + shown + sender;
    assert_eq!(mailbox.size(), new);
    told(&mut mailbox, read(RECEIVER)).unwrap();
    assert_eq!(mailbox.size(), new + OVERHEAD);
    told(&mut mailbox, update(RECEIVER, 1)).unwrap();
    told(&mut mailbox, update(RECEIVER, 2)).unwrap();
    assert_eq!(
        mailbox.size(),
        new + OVERHEAD + 2 * REQUEST,
        "of equal length"
    );
    // Its requests are kept when it has gone.
    told(&mut mailbox, relinquish(RECEIVER, 3)).unwrap();
    assert_eq!(mailbox.size(), new + OVERHEAD + 3 * REQUEST);
    told(&mut mailbox, read(device(1))).unwrap();
    assert_eq!(mailbox.size(), new + 2 * OVERHEAD + 3 * REQUEST);
}

#[test]
fn what_names_a_device_or_a_request_is_not_shown() {
    let version = Version(Uuid::from_u128(0xab));
    assert_eq!(version.to_string(), "000000000000000000000000000000ab");
    let proof = ProofDigest::of(&Secret::new([7; 32]));
    assert_eq!(format!("{proof:?}"), "ProofDigest(..)");
    assert_eq!(format!("{:?}", ClaimDigest::of(SENDER)), "ClaimDigest(..)");
    let key = CreateKey::of(SENDER, RequestId(Uuid::from_u128(1)));
    assert_eq!(format!("{key:?}"), "CreateKey(..)");
    assert!(key != CreateKey::of(SENDER, RequestId(Uuid::from_u128(2))));
}

#[test]
fn a_version_is_known_in_the_one_form_that_it_is_shown_in() {
    let version = Version(Uuid::from_u128(0xab));
    let shown = version.to_string();
    assert_eq!(shown.parse(), Ok(version));
    for other in [
        shown.to_uppercase(),
        version.0.to_string(),
        String::new(),
        "x".into(),
    ] {
        assert_eq!(other.parse::<Version>(), Err(NotAVersion), "{other}");
    }
}

#[test]
fn what_the_reader_knows_is_left_out() {
    let mut mailbox = record(AccessRights::ALL);
    let knows = |known| Command::Read {
        claim: SENDER,
        proof: None,
        bind: true,
        known,
    };
    let current = mailbox.version();
    let expires = mailbox.expires();
    assert_eq!(expires, NOW + 100);
    let unchanged = told(&mut mailbox, knows(Some(current)));
    assert_eq!(unchanged, Ok(Answer::Unchanged { expires }));
    for known in [None, Some(Version(Uuid::from_u128(999)))] {
        let told = told(&mut mailbox, knows(known));
        assert!(matches!(told, Ok(Answer::Content { version, .. }) if version == current));
    }
}

#[test]
fn a_look_says_what_the_rules_say_and_nothing_where_they_change_something() {
    let bound = {
        let mut mailbox = record(AccessRights::ALL);
        told(&mut mailbox, read(RECEIVER)).unwrap();
        mailbox
    };
    let free = record(AccessRights::ALL);
    let known = Command::Read {
        claim: RECEIVER,
        proof: None,
        bind: false,
        known: Some(bound.version()),
    };
    let reads = [
        Command::Show,
        read(SENDER),
        read(RECEIVER),
        read(device(1)),
        known,
    ];
    let writes = [update(SENDER, 1), relinquish(RECEIVER, 2)];
    let mut looked = 0;
    for record in [bound, free] {
        for command in reads.iter().chain(&writes) {
            for now in [NOW, record.expires()] {
                let mut after = record.clone();
                let applied = apply(&mut after, command.clone(), now);
                let reads = !command.needs_room();
                let expected = (reads || now > NOW) && applied.effect == Effect::Unchanged;
                let seen = look(&record, command, now);
                assert_eq!(seen, expected.then_some(applied), "{command:?}");
                assert!(seen.is_none() || after == record);
                looked += usize::from(seen.is_some());
            }
        }
    }
    assert_eq!(looked, 22, "two of the reads take the free place");
}
