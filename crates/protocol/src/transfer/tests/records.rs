//! What is stored: one record of every kind, as each version of the form has written it. What an app has stored
//! once, opens with every later version.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use super::*;
use crate::invitation::PeerText;
use crate::summary::Summary;
use tigress_mailbox::DisplayInformation;
use tigress_primitives::cbor::{self, Map};

/// The golden file of each version, the one that is written now at the end.
const VERSIONS: [&str; 3] = [
    concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/records-2.json"
    ),
    concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/records-3.json"
    ),
    concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/records-4.json"
    ),
];

/// Records of a sender and a receiver, each from the story that leads to it.
#[derive(Default)]
struct Kinds(Vec<(&'static str, Zeroizing<Vec<u8>>)>);

impl Kinds {
    fn all() -> Self {
        let mut kinds = Self::default();
        kinds.with_a_pin();
        kinds.given_back();
        kinds.not_confirmed();
        kinds.handed_over();
        kinds.crossed();
        kinds.aborted();
        kinds.unfinished();
        kinds.summarised();
        kinds
    }

    fn keep(&mut self, name: &'static str, world: &World, device: usize) {
        let record = world.devices[device].record.clone();
        self.0.push((name, record.expect("stored")));
    }

    /// From the first record of a sender to two that are established, by a PIN that was wrong at first.
    fn with_a_pin(&mut self) {
        let mut world = begun(Some((pin(), 5)));
        for device in &mut world.devices {
            device.acknowledges = false;
        }
        self.keep("sender: creating the mailbox", &world, SENDER);
        world.step(SENDER);
        self.keep("sender: invited", &world, SENDER);
        let unread = offered(&mut world);
        world.devices[RECEIVER].store(&unread);
        self.keep("receiver: offered, unread", &world, RECEIVER);
        world.look_at_offer(RECEIVER, &[]).unwrap();
        self.keep("receiver: PIN required", &world, RECEIVER);
        world.edit(RECEIVER, |receiver, _| receiver.type_pin(&wrong_pin()));
        self.keep("receiver: PIN typed", &world, RECEIVER);
        world.step(RECEIVER);
        self.keep("receiver: establishing", &world, RECEIVER);
        world.step(SENDER);
        self.keep("sender: establishing, a wrong PIN counted", &world, SENDER);
        world.run();
        self.keep("receiver: PIN required again", &world, RECEIVER);
        world.type_pin(&pin());
        world.run();
        self.keep("sender: established", &world, SENDER);
        self.keep("receiver: established", &world, RECEIVER);
    }

    fn given_back(&mut self) {
        let mut world = begun(None);
        world.step(SENDER);
        world.relay.answers = vec![Reply::Gone { final_: false }];
        world.step(SENDER);
        world.send(SENDER, 1);
        self.keep(
            "sender: invited, a message waits, not found once",
            &world,
            SENDER,
        );
        world.accept(RECEIVER).unwrap();
        self.keep("receiver: offered, read", &world, RECEIVER);
        world.terminate(RECEIVER, TerminateReason::Declined);
        self.keep("receiver: relinquishing", &world, RECEIVER);
        world.step(RECEIVER);
        self.keep("receiver: given back", &world, RECEIVER);
    }

    /// What nobody has agreed to yet: no record of version 2 is of this kind.
    fn not_confirmed(&mut self) {
        for (pin, name) in [
            (None, "receiver: offered, not confirmed"),
            (
                Some((pin(), 5)),
                "receiver: offered, not confirmed, a PIN needed",
            ),
        ] {
            let mut world = begun(pin);
            world.step(SENDER);
            let mut unread = offered(&mut world);
            unread.offer_anew(false);
            world.devices[RECEIVER].store(&unread);
            world.look_at_offer(RECEIVER, &[]).unwrap();
            self.keep(name, &world, RECEIVER);
        }
    }

    /// What only whoever holds the invitation can read: no record before version 4 has it.
    fn summarised(&mut self) {
        let mut world = World::with_lifetime(LIFETIME, 0);
        let format = Some("digitalwallet.carkey.ccc".to_owned());
        let summary = Summary::new("Car key", "For the weekend", "Ada", format, true);
        let start = SenderStart {
            summary: summary.ok(),
            ..start(None)
        };
        let sender = Transfer::new_sender(start, world.now, &mut world.entropy()).unwrap();
        world.devices[SENDER].store(&sender);
        self.keep("sender: creating, with a summary", &world, SENDER);
        world.step(SENDER);
        world.accept(RECEIVER).unwrap();
        self.keep("receiver: offered, read, with a summary", &world, RECEIVER);
        world.terminate(RECEIVER, TerminateReason::Declined);
        world.run();
        self.keep("receiver: given back, with a summary", &world, RECEIVER);
    }

    /// More messages than the window holds, events that nobody acknowledges, the end by "done".
    fn handed_over(&mut self) {
        let mut world = both();
        world.devices[RECEIVER].acknowledges = false;
        for n in 0..20 {
            world.send(SENDER, n);
        }
        world.step(SENDER);
        self.keep(
            "sender: established, messages wait and are under way",
            &world,
            SENDER,
        );
        world.terminate(SENDER, TerminateReason::Done);
        self.keep("sender: ends when nothing waits", &world, SENDER);
        world.step(RECEIVER);
        self.keep("receiver: established, with events", &world, RECEIVER);
        while !matches!(world.state(SENDER), TransferState::Closing)
            || world.devices[SENDER].load().messages.waits()
        {
            world.step(SENDER);
            world.step(RECEIVER);
        }
        world.step(SENDER);
        self.keep("sender: deleting", &world, SENDER);
        world.run();
        self.keep("sender: completed", &world, SENDER);
        self.keep("receiver: completed, with events", &world, RECEIVER);
    }

    /// Both delete their context, neither knowing of the other.
    fn crossed(&mut self) {
        let mut world = both();
        world.terminate(SENDER, TerminateReason::Cancelled);
        world.terminate(RECEIVER, TerminateReason::Declined);
        world.step(SENDER);
        world.step(RECEIVER);
        self.keep(
            "receiver: acknowledging a deletion that crossed its own",
            &world,
            RECEIVER,
        );
        world.step(RECEIVER);
        self.keep(
            "receiver: ended, its last envelope lies there",
            &world,
            RECEIVER,
        );
        world.step(SENDER);
        self.keep("sender: removing the mailbox", &world, SENDER);
    }

    fn aborted(&mut self) {
        let mut world = both();
        let now = world.now;
        world.edit(SENDER, |sender, entropy| {
            sender.abort(codes::INTERNAL, now, entropy);
        });
        self.keep("sender: aborting", &world, SENDER);
        world.step(SENDER);
        self.keep("sender: aborted, its abort lies there", &world, SENDER);
        world.step(RECEIVER);
        self.keep("receiver: answering an abort", &world, RECEIVER);
        world.run();
        self.keep("receiver: ended by the other's abort", &world, RECEIVER);
    }

    /// Nobody answers who has the invitation; the relay says that it has little time.
    fn unfinished(&mut self) {
        let mut world = begun(None);
        world.devices[SENDER].acknowledges = false;
        world.step(SENDER);
        world.relay.says_expiration = Some(START + HOUR);
        world.relay.put("nobody's".to_owned());
        world.step(SENDER);
        self.keep("sender: invited, a foreign token seen", &world, SENDER);
        world.wait(LIFETIME + HOUR);
        world.step(SENDER);
        self.keep("sender: expired", &world, SENDER);
        let later = world.now + 60 * 24 * HOUR;
        world.edit(SENDER, |sender, _| assert!(!sender.is_forgettable(later)));
        self.keep("sender: expired, its events are overdue", &world, SENDER);
    }
}

const TITLE: &str = "Car key";
const DESCRIPTION: &str = "For the weekend";
const IMAGE_URL: &str = "https://cards.example/key.png";

/// A sender who says all that there is to say, to everybody.
fn begun(pin: Option<(Pin, u8)>) -> World {
    let mut world = World::with_lifetime(LIFETIME, 0);
    world.relay.display = DisplayInformation {
        title: TITLE.to_owned(),
        description: DESCRIPTION.to_owned(),
        image_url: IMAGE_URL.to_owned(),
    };
    let sender = Transfer::new_sender(start(pin), world.now, &mut world.entropy()).unwrap();
    world.devices[SENDER].store(&sender);
    world
}

fn start(pin: Option<(Pin, u8)>) -> SenderStart {
    SenderStart {
        id: TransferId::from(uuid::Uuid::from_u128(1)),
        relay: RelayOrigin::parse(relay::ORIGIN).unwrap(),
        vertical: Vertical::CarKey,
        public: PublicTexts {
            title: PeerText::cut(TITLE),
            description: PeerText::cut(DESCRIPTION),
            image_url: Some(IMAGE_URL.to_owned()),
            ..PublicTexts::default()
        },
        summary: None,
        lifetime: LIFETIME,
        pin,
        notification: Some(notification("sender")),
        attestation: Some("this app is this app".to_owned()),
    }
}

/// A receiver that has the invitation as a file, and was not at the relay.
fn offered(world: &mut World) -> Transfer {
    let sender = world.devices[SENDER].load();
    let (share_url, file, _) = sender.invitation().unwrap();
    let start = ReceiverStart {
        id: TransferId::from(uuid::Uuid::from_u128(2)),
        share_url: &share_url,
        token: file.token,
        said: Some(sender.public),
        confirmed: true,
        notification: Some(notification("receiver")),
    };
    Transfer::new_receiver(start, world.now, &mut world.entropy())
}

fn both() -> World {
    let mut world = begun(None);
    world.step(SENDER);
    world.accept(RECEIVER).unwrap();
    world.run();
    world
}

fn notification(of: &str) -> NotificationToken {
    NotificationToken {
        token_type: "com.example.push".to_owned(),
        token_data: format!("token of the {of}"),
    }
}

/// What a golden file says of a record, beside its bytes.
fn row(name: &str, record: &[u8]) -> Value {
    let transfer = Transfer::from_record(record).unwrap();
    let summary = transfer.summary();
    json!({
        "name": name,
        "state": format!("{:?}", summary.state),
        "counts": [summary.sent, summary.delivered, summary.received],
        "events": transfer.update_after(0).events.len(),
        "record": hex::encode(record),
    })
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Name and bytes of each record of a golden file, and its row.
fn golden(path: &str) -> Vec<(String, Vec<u8>, Value)> {
    let file: Value = serde_json::from_str(&read(path)).unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let rows = file["records"].as_array().unwrap().iter();
    rows.map(|row| {
        let record = hex::decode(text(row, "record")).unwrap();
        (text(row, "name"), record, row.clone())
    })
    .collect()
}

/// The records of every version that was ever written.
static GOLDEN: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let files = VERSIONS.iter().flat_map(|path| golden(path));
    files.map(|(_, record, _)| record).collect()
});

#[test]
fn every_kind_of_record_is_written_as_the_golden_file_has_it() {
    let path = VERSIONS.last().unwrap();
    let rows: Vec<Value> = Kinds::all()
        .0
        .iter()
        .map(|(name, record)| row(name, record))
        .collect();
    let made = serde_json::to_string_pretty(&json!({ "records": rows })).unwrap() + "\n";
    if std::env::var_os("TIGRESS_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(path, &made).unwrap();
    }
    assert!(
        read(path) == made,
        "{path} differs: a new form needs a new version and a file of its own; the old one stays"
    );
}

#[test]
fn every_version_that_was_ever_written_opens_and_says_what_it_said() {
    let written = Kinds::all().0;
    for (name, record, said) in VERSIONS.iter().flat_map(|path| golden(path)) {
        assert_eq!(row(&name, &record), said);
        // What is written of it next is of the newest version.
        let (_, newest) = written.iter().find(|(kind, _)| *kind == name).unwrap();
        let opened = Transfer::from_record(&record).unwrap().to_record();
        let opened = cbor::decode_map(&opened).unwrap();
        // Only version 4 still knows of a PIN that has done its work.
        let newest = cbor::decode_map(newest).unwrap();
        let opened = match name.ends_with(": established") && newest.get(26).is_some() {
            true => opened.with(26, true),
            false => opened,
        };
        assert_eq!(opened.encode(), newest.encode(), "{name}");
    }
}

#[test]
fn a_record_of_a_later_version_is_told_from_a_damaged_one() {
    for record in &*GOLDEN {
        let later = cbor::decode_map(record).unwrap();
        let later = later.with(0, 5).with(1, "another id").with(99, 0).encode();
        let error = Transfer::from_record(&later).err();
        assert_eq!(error, Some(RecordError::Version(5)));
    }
}

#[test]
fn who_accepted_before_there_was_consent_has_agreed() {
    let read = |kind: &str, path: &str| {
        let found = golden(path).into_iter().find(|(name, ..)| name == kind);
        found.map(|(_, record, _)| record)
    };
    let [before, .., now] = VERSIONS;
    let old = read("receiver: offered, read", before).unwrap();
    let mut transfer = Transfer::from_record(&old).unwrap();
    assert_eq!(transfer.state(), TransferState::Establishing);
    let entropy = &mut Entropy::from_seed(&Secret::new([1; 32]));
    assert!(transfer.answer(START, entropy).unwrap());

    let new = read("receiver: offered, not confirmed", now).unwrap();
    let mut transfer = Transfer::from_record(&new).unwrap();
    assert_eq!(transfer.state(), TransferState::Offered);
    assert!(!transfer.answer(START, entropy).unwrap());
    // Nobody has written such a record as one of version 2.
    let as_old = cbor::decode_map(&new).unwrap().with(0, 2).encode();
    let error = Transfer::from_record(&as_old).err();
    assert_eq!(error, Some(RecordError::Damaged));
}

#[test]
fn a_record_from_before_there_were_summaries_has_none() {
    let [_, before, now] = VERSIONS;
    let read = |path: &str| {
        let mut found = golden(path).into_iter();
        let named = found.find(|(name, ..)| name.starts_with("receiver: offered, read"));
        Transfer::from_record(&named.unwrap().1).unwrap().summary()
    };
    assert_eq!(read(before).display.sender, PeerText::default());
    let mut newest = golden(now).into_iter();
    let (_, record, _) = newest
        .find(|(name, ..)| name == "receiver: offered, read, with a summary")
        .unwrap();
    let display = Transfer::from_record(&record).unwrap().summary().display;
    assert_eq!(display.sender.raw(), "Ada");
    // Nobody has written such a record as one of version 3.
    let as_old = cbor::decode_map(&record).unwrap().with(0, 3).encode();
    let error = Transfer::from_record(&as_old).err();
    assert_eq!(error, Some(RecordError::Damaged));
}

#[test]
fn a_record_from_before_a_pin_was_noted_knows_of_one_until_it_is_proven() {
    let [before, between, now] = VERSIONS;
    let asks = |path: &str, kind: &str| {
        let mut found = golden(path).into_iter();
        let (_, record, _) = found.find(|(name, ..)| name == kind).unwrap();
        let transfer = Transfer::from_record(&record).unwrap();
        transfer.summary().pin_required
    };
    for path in [before, between, now] {
        for kind in [
            "sender: creating the mailbox",
            "sender: invited",
            "receiver: offered, unread",
            "receiver: PIN typed",
            "receiver: establishing",
            "sender: establishing, a wrong PIN counted",
        ] {
            assert!(asks(path, kind), "{path}: {kind}");
        }
        assert!(!asks(path, "receiver: offered, read"), "{path}");
        for kind in ["sender: established", "receiver: established"] {
            assert_eq!(asks(path, kind), path == now, "{path}: {kind}");
        }
    }
    // Nobody has written such a record as one of version 3, nor one of version 4 that has nothing to prove it by.
    let (_, record, _) = golden(now).remove(0);
    let map = cbor::decode_map(&record).unwrap();
    let read = |map: Map| Transfer::from_record(&map.encode()).err();
    assert_eq!(read(map.clone()), None);
    assert_eq!(read(map.clone().with(0, 3)), Some(RecordError::Damaged));
    assert_eq!(
        read(map.clone().with(26, false)),
        Some(RecordError::Damaged)
    );
    let (_, before, _) = golden(between).remove(0);
    let unnoted = cbor::decode_map(&before).unwrap();
    assert_eq!(read(unnoted.clone()), None);
    assert_eq!(read(unnoted.with(0, 4)), Some(RecordError::Damaged));
}

#[test]
fn a_cut_record_is_an_error() {
    for record in &*GOLDEN {
        for end in 0..record.len() {
            let cut = Transfer::from_record(&record[..end]).err();
            assert_eq!(cut, Some(RecordError::Damaged), "{end}");
        }
    }
}

#[test]
fn a_key_that_is_not_known_is_damage_wherever_it_stands() {
    for record in &*GOLDEN {
        let map = cbor::decode_map(record).unwrap();
        let inside = |key| Some(map.clone().with(key, map.map(key)?.clone().with(99, 0)));
        let more = (0..30).filter_map(inside);
        for map in more.chain([map.clone().with(99, 0)]) {
            let error = Transfer::from_record(&map.encode()).err();
            assert_eq!(error, Some(RecordError::Damaged));
        }
    }
}

#[test]
fn what_would_be_written_in_another_way_is_damage() {
    let record = &GOLDEN[0];
    let map = cbor::decode_map(record).unwrap();
    let creating = map.map(21).unwrap();
    let read = |map: Map| Transfer::from_record(&map.encode()).err();
    let phase = |pin: &'static [u8]| map.clone().with(21, creating.clone().with(5, pin));
    assert_eq!(read(phase(b"042917")), None);
    assert_eq!(read(phase(b"042-917")), Some(RecordError::Damaged));
    let relay = |origin| map.clone().with(3, origin);
    assert_eq!(read(relay("https://relay.example")), None);
    let slash = relay("https://relay.example/");
    assert_eq!(read(slash), Some(RecordError::Damaged));
    let display = map.map(8).unwrap();
    let title = |len| {
        map.clone()
            .with(8, display.clone().with(1, "a".repeat(len)))
    };
    assert_eq!(read(title(PeerText::MAX_LEN)), None);
    assert_eq!(
        read(title(PeerText::MAX_LEN + 1)),
        Some(RecordError::Damaged)
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4096,
        rng_seed: RngSeed::Fixed(4),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_altered_record_is_an_error_or_written_as_it_was_read(
        which: prop::sample::Index,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut record = which.get(&GOLDEN).clone();
        for (at, to) in changes {
            let at = at.index(record.len());
            record[at] = to;
        }
        if let Ok(transfer) = Transfer::from_record(&record) {
            let read = cbor::decode_map(&record).unwrap();
            let newest = match transfer.summary().pin_required {
                true => read.with(26, true),
                false => read,
            };
            prop_assert_eq!(transfer.to_record(), newest.with(0, 4).encode());
            let _ = (transfer.summary(), transfer.next(&Slot::default(), START));
        }
    }
}
