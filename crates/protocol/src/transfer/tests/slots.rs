//! What is known of the slot, and when it is known no more.

use std::time::Duration;

use super::*;

fn version() -> Option<String> {
    Some("7".to_owned())
}

#[test]
fn a_write_under_way_leaves_nothing_known() {
    let mut slot = Slot::default();
    assert!(!slot.is_known() && !slot.has_version());
    slot.saw(Some("theirs"), version(), true);
    assert!(slot.is_known() && slot.has_version());
    assert!(slot.holds("theirs") && slot.needs_answer());
    slot.attempt();
    assert!(!slot.is_known() && !slot.has_version());
    assert!(!slot.holds("theirs") && !slot.needs_answer());
}

#[test]
fn what_was_written_is_held_and_asks_for_no_answer() {
    let mut slot = Slot::default();
    slot.saw(Some("theirs"), version(), true);
    slot.wrote("ours", None);
    assert!(slot.holds("ours") && !slot.holds("theirs"));
    assert!(slot.is_known() && !slot.has_version() && !slot.needs_answer());
}

#[test]
fn two_slots_are_alike_by_what_they_hold() {
    let mut one = Slot::default();
    let mut other = one.clone();
    assert!(one.is_as(&other));
    one.saw(Some("data"), version(), true);
    assert!(!one.is_as(&other));
    other.wrote("data", None);
    assert!(one.is_as(&other));
    other.wrote("other data", None);
    assert!(!one.is_as(&other));
}

#[test]
fn what_is_of_another_type_is_known_and_is_nothing_that_was_written() {
    let mut slot = Slot::default();
    slot.wrote("", None);
    slot.saw(None, version(), false);
    assert!(slot.is_known() && slot.has_version() && !slot.holds(""));
    for _ in 0..8 {
        slot.saw(None, version(), false);
    }
    assert!(slot.back_off().is_zero(), "the same once more");
}

#[test]
fn each_progress_is_counted() {
    let mut slot = Slot::default();
    let before = slot.advances();
    slot.progress();
    assert_eq!(slot.advances(), before + 1);
    slot.progress();
    assert_eq!(slot.advances(), before + 2);
}

#[test]
fn three_futile_readings_are_at_once_and_then_it_takes_longer_and_longer() {
    let mut slot = Slot::default();
    let pauses = |slot: &mut Slot| -> Vec<u128> {
        let mut pauses = Vec::new();
        for n in 0..12 {
            pauses.push(slot.back_off().as_millis());
            slot.saw(Some(&format!("garbage {n}")), None, false);
        }
        pauses
    };
    let expected = [
        0, 0, 0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000,
    ];
    assert_eq!(pauses(&mut slot), expected);
    // What is known already tells nothing, neither way.
    let before = slot.back_off();
    slot.saw(Some("garbage 11"), None, false);
    assert_eq!(slot.back_off(), before);
    // Progress begins anew, at the next reading; an answer of no use counts as garbage does.
    slot.progress();
    slot.saw(Some("theirs"), None, true);
    assert_eq!(slot.back_off(), Duration::ZERO);
    for _ in 0..3 {
        slot.useless();
        assert!(!slot.is_known());
    }
    assert_eq!(slot.back_off(), Duration::from_secs(1));
}
