use proptest::prelude::*;

use super::read::MAX_ITEMS;
use super::*;

/// What is decoded, and only that, is written the same again.
fn judge(bytes: &[u8]) -> bool {
    decode(bytes)
        .inspect(|value| assert_eq!(*encode(value), bytes))
        .is_some()
}

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).unwrap()
}

#[test]
fn every_shortest_form_is_read() {
    for hex in [
        "00",
        "17",
        "1818",
        "18ff",
        "190100",
        "19ffff",
        "1a00010000",
        "1affffffff",
        "1b0000000100000000",
        "1bffffffffffffffff",
        "40",
        "4107",
        "60",
        "6161",
        "80",
        "8100",
        "a0",
        "a10000",
        "a200001818f6",
        "f4",
        "f5",
        "f6",
        // six in each other, the outermost counted
        "81818181818100",
        "818181818180",
        "a100a100a100a100a100a10000",
    ] {
        assert!(judge(&bytes(hex)), "{hex}");
    }
    for len in [0x17, 0x18, 0xff, 0x100, 0xffff, 0x1_0000] {
        assert!(judge(&encode(&Value::from(vec![7; len]))));
        assert!(judge(&encode(&Value::from("a".repeat(len)))));
    }
    let items = |n: u64| Value::Array((0..n).map(Value::from).collect());
    assert!(judge(&encode(&items(MAX_ITEMS))));
    assert!(!judge(&encode(&items(MAX_ITEMS + 1))));
}

//= test protocol/2-strict
#[test]
fn anything_else_is_refused() {
    for hex in [
        // longer heads than needed: integer, bytes, text, array, map, map key
        "1817",
        "1900ff",
        "1a0000ffff",
        "1b00000000ffffffff",
        "5800",
        "580107",
        "7800",
        "590001ff",
        "9800",
        "980100",
        "b800",
        "b8010000",
        "a1180000",
        "a1190017f6",
        // indefinite lengths
        "5f4107ff",
        "7f6161ff",
        "9f00ff",
        "bf0000ff",
        // negative, tag, float, undefined, simple values in one and two bytes
        "20",
        "c000",
        "f90000",
        "fb0000000000000000",
        "f7",
        "e0",
        "f820",
        "f814",
        "f816",
        // keys that repeat, go down, or are no unsigned integers
        "a200000000",
        "a201000000",
        "a1610000",
        "a12000",
        // text that is no UTF-8, cut items, trailing bytes, too deep, nothing
        "61ff",
        "42ff",
        "8200",
        "a100",
        "0000",
        "f6f6",
        "8181818181818100",
        "81818181818180",
        "a100a100a100a100a100a100a10000",
        "",
    ] {
        assert!(!judge(&bytes(hex)), "{hex}");
    }
}

proptest! {
    #[test]
    fn what_is_read_is_written_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        judge(&bytes);
    }

    #[test]
    fn a_changed_item_is_refused_or_written_the_same(at in 0usize..24, to: u8) {
        let map = Map::new()
            .with(1, 300)
            .with(2, &[7; 3])
            .with(24, "text")
            .with(300, vec![Value::Null, true.into(), Map::new().with(0, 1 << 20).into()]);
        let mut bytes = map.encode();
        prop_assert!(judge(&bytes));
        let at = at % bytes.len();
        bytes[at] = to;
        judge(&bytes);
    }
}
