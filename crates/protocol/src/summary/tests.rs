use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

/// The longest that there can be.
fn longest() -> Summary {
    let (text, name) = ("é".repeat(2048), "n".repeat(256));
    Summary::new(text.clone(), text, name, Some("f".repeat(255)), true).unwrap()
}

fn car_key() -> Summary {
    let format = Some("digitalwallet.carkey.ccc".to_owned());
    Summary::new("Car key", "For the weekend", "Ada", format, false).unwrap()
}

/// A content with any map in it.
fn content(map: &[u8]) -> Vec<u8> {
    let length = u16::try_from(map.len()).unwrap();
    let mut content = [&[1][..], &length.to_be_bytes(), map].concat();
    content.resize(content.len().next_multiple_of(256), 0);
    content
}

fn of_map(map: &Map) -> Result<Option<Summary>, MalformedSummary> {
    Summary::decode(&content(&map.encode()))
}

#[test]
fn a_summary_reads_back_and_its_length_tells_little() {
    for (summary, length) in [
        (Summary::default(), 256),
        (car_key(), 256),
        (longest(), 35 * 256),
    ] {
        let written = summary.encode().unwrap();
        assert_eq!(written.len(), length);
        assert_eq!(Summary::decode(&written), Ok(Some(summary)));
    }
    // One byte more than a block holds.
    let titled = |length| {
        let summary = Summary::new("t".repeat(length), "", "", None, false).unwrap();
        summary.encode().unwrap().len()
    };
    let most = 256 - titled_overhead();
    assert_eq!((titled(most), titled(most + 1)), (256, 512));
}

/// Version, length, a map of two, key and length of a title, key and value of the last.
fn titled_overhead() -> usize {
    3 + 1 + 3 + 2
}

#[test]
fn the_longest_summary_leaves_room_in_a_relays_first_payload() {
    // What a relay takes at least (docs/protocol.md, section 7), in base64, with the rest of an envelope.
    let token = longest().encode().unwrap().len() + 400;
    assert!(token.div_ceil(3) * 4 + 200 < 16 * 1024);
}

#[test]
fn limits_are_exact() {
    let (long, name) = ("t".repeat(4097), "n".repeat(257));
    let made = |title: &str, sender: &str, format: Option<&str>| {
        Summary::new(title, "", sender, format.map(str::to_owned), false).err()
    };
    assert_eq!(made(&long[1..], &name[1..], Some("f")), None);
    assert_eq!(made(&long, "", None), Some(SummaryError::Text));
    assert_eq!(made("", &name, None), Some(SummaryError::Sender));
    for format in ["", "ключ", "a\nb", &long[..256]] {
        assert_eq!(made("", "", Some(format)), Some(SummaryError::Format));
    }
    let base = Map::new().with(5, true);
    for (key, longest) in [(1, 4096), (2, 4096), (3, 255), (4, 256)] {
        let of = |length: usize| of_map(&base.clone().with(key, "x".repeat(length)));
        assert!(of(longest).is_ok(), "{key}");
        assert_eq!(of(longest + 1), Err(MalformedSummary), "{key}");
        assert_eq!(of(0), Err(MalformedSummary), "{key}");
    }
}

//= test protocol/7.2-later
#[test]
fn a_later_version_says_nothing_and_later_keys_are_passed_over() {
    let mut later = car_key().encode().unwrap();
    later[0] = 2;
    assert_eq!(Summary::decode(&later), Ok(None));
    assert_eq!(Summary::decode(&[0]), Ok(None));
    assert_eq!(Summary::decode(&[9, 1, 2, 3]), Ok(None));
    let more = Map::new().with(1, "Car key").with(5, true).with(6, "later");
    let read = of_map(&more).unwrap().unwrap();
    assert_eq!(read.title.raw(), "Car key");
    assert!(read.may_be_passed_on);
}

//= test protocol/7.2-malformed
#[test]
fn what_nobody_would_write_is_malformed() {
    let good = car_key().encode().unwrap();
    assert_eq!(Summary::decode(&good), Ok(Some(car_key())));
    let malformed = |content: &[u8]| {
        assert_eq!(Summary::decode(content), Err(MalformedSummary));
    };
    for end in 0..good.len() {
        malformed(&good[..end]);
    }
    // Padding that is not zero, a block too many, a length that reaches into the padding or out of the content.
    let mut padded = good.clone();
    *padded.last_mut().unwrap() = 1;
    malformed(&padded);
    malformed(&[&good[..], &[0; 256]].concat());
    for length in [0u16, 1, 252, 254, u16::MAX] {
        let mut other = good.clone();
        other[1..3].copy_from_slice(&length.to_be_bytes());
        malformed(&other);
    }
    let refused = |map: Map| assert_eq!(of_map(&map), Err(MalformedSummary), "{map:?}");
    refused(Map::new());
    refused(Map::new().with(1, "Car key"));
    refused(Map::new().with(1, "Car key").with(5, 1));
    refused(Map::new().with(1, &[0xff]).with(5, true));
    // {1: not UTF-8, 5: true}; {5: true, 5: false}; {5: true, 1: "a"}; {5: true} with a longer form of the key.
    for map in [
        &[0xa2, 1, 0x61, 0xff, 5, 0xf5][..],
        &[0xa2, 5, 0xf5, 5, 0xf4],
        &[0xa2, 5, 0xf5, 1, 0x61, b'a'],
        &[0xa1, 0x18, 5, 0xf5],
        &[0xa1, 5, 0xf5, 0],
        &[0x80],
    ] {
        malformed(&content(map));
    }
}

#[test]
fn hostile_words_are_shown_in_one_line_without_disguise() {
    let evil = "Bank\u{202e}yek rac\u{202c}\r\n\0Your key";
    let made = Summary::new(evil, evil, evil, None, false).unwrap();
    let read = Summary::decode(&made.encode().unwrap()).unwrap().unwrap();
    assert_eq!(read.sender.raw(), evil);
    for shown in [&read.title, &read.description, &read.sender] {
        assert_eq!(shown.to_string(), "Bankyek rac Your key");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2048,
        rng_seed: RngSeed::Fixed(11),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_summary_within_the_limits_reads_back(
        title in "\\PC{0,600}",
        description in "\\PC{0,600}",
        sender in "[\\x20-\\x7e]{0,256}",
        format in prop::option::of("[\\x20-\\x7e]{1,255}"),
        may_be_passed_on: bool,
    ) {
        let made = Summary::new(title, description, sender, format, may_be_passed_on).unwrap();
        let content = made.encode().unwrap();
        prop_assert_eq!(content.len() % 256, 0);
        prop_assert_eq!(Summary::decode(&content), Ok(Some(made)));
    }

    /// Whatever is read, is what would be written, but for keys that are not known.
    #[test]
    fn altered_bytes_are_malformed_or_another_summary(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        cuts: bool,
    ) {
        let mut content = car_key().encode().unwrap();
        for (at, to) in changes {
            let at = at.index(content.len());
            content[at] = to;
        }
        if cuts {
            content.truncate(cut.index(content.len()));
        }
        if let Ok(Some(read)) = Summary::decode(&content) {
            let written = read.encode().unwrap();
            prop_assert_eq!(Summary::decode(&written), Ok(Some(read)));
            prop_assert_eq!(written.len(), content.len());
        }
    }

    #[test]
    fn no_bytes_make_the_parser_fail_otherwise(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = Summary::decode(&bytes);
        let _ = Summary::decode(&[&[1], &bytes[..]].concat());
        if bytes.len() < 250 {
            let _ = Summary::decode(&content(&bytes));
        }
    }
}
