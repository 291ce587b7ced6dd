//! A PIN between two processes: right, wrong, then right, wrong too often.

use crate::common::Ended;
use crate::offer::Offer;
use crate::words::transfers;

fn received(offer: &Offer, pins: &[&str]) -> Ended {
    let pins: Vec<&str> = pins.iter().flat_map(|pin| ["--pin", pin]).collect();
    let more = [&["--out", "got"], &pins[..]].concat();
    offer.received(&more)
}

/// Of the same length, and another.
fn wrong(pin: &str) -> String {
    let last = if pin.ends_with('0') { '1' } else { '0' };
    let mut pin = pin.to_owned();
    pin.pop();
    pin.push(last);
    pin
}

fn tries_left(ended: &Ended) -> Vec<u64> {
    let events = ended.events();
    let rejected = events
        .iter()
        .filter(|event| event["event"] == "pin_rejected");
    rejected
        .map(|event| event["tries_left"].as_u64().unwrap())
        .collect()
}

#[test]
fn the_right_pin_opens_it_in_whatever_groups_it_is_typed() {
    let offer = Offer::with_pin();
    let (first, second) = offer.pin.split_at(3);
    let received = received(&offer, &[&format!("{first} {second}")]);
    assert_eq!(received.code, Some(0), "{:?}", received.stdout);
    assert_eq!(offer.desk.read("got"), b"the key");
    let sent = offer.sender.end();
    assert_eq!(sent.code, Some(0));
    let shown = sent.stdout.concat();
    assert_eq!(shown.matches(&format!("\"{}\"", offer.pin)).count(), 1);
}

#[test]
fn a_wrong_pin_is_refused_and_the_right_one_still_opens_it() {
    let offer = Offer::with_pin();
    let refused = received(&offer, &[&wrong(&offer.pin)]);
    assert_eq!(refused.code, Some(3), "{:?}", refused.stdout);
    assert_eq!(tries_left(&refused), [4]);
    assert_eq!(refused.event("error")["code"], "wrong_pin");
    let received = received(&offer, &[&offer.pin]);
    assert_eq!(received.code, Some(0), "{:?}", received.stdout);
    let sent = offer.sender.end();
    assert_eq!((sent.code, tries_left(&sent)), (Some(0), vec![4]));
}

#[test]
fn five_wrong_pins_destroy_it_on_both_sides() {
    let offer = Offer::with_pin();
    let wrong = wrong(&offer.pin);
    let received = received(&offer, &[wrong.as_str(); 6]);
    assert_eq!(received.code, Some(3), "{:?}", received.stdout);
    assert_eq!(tries_left(&received), [4, 3, 2, 1, 0]);
    let sent = offer.sender.end();
    assert_eq!(
        (sent.code, tries_left(&sent)),
        (Some(3), vec![4, 3, 2, 1, 0])
    );
    for side in [&sent, &received] {
        assert_eq!(side.event("closed")["outcome"], "failed");
        assert_eq!(side.event("closed")["code"], 5);
    }
}

#[test]
fn with_nobody_to_type_it_nothing_is_claimed() {
    let offer = Offer::with_pin();
    let missing = received(&offer, &[]);
    assert_eq!(missing.code, Some(2));
    assert_eq!(missing.event("error")["code"], "pin_required");
    let bad = received(&offer, &["12x"]);
    assert_eq!(
        (bad.code, &bad.event("error")["code"]),
        (Some(2), &"bad_pin".into())
    );
    let listed = offer.desk.run(&transfers("r", &[]));
    assert!(listed.stdout.is_empty());
    // Another device may still have it.
    assert_eq!(received(&offer, &[&offer.pin]).code, Some(0));
}

#[test]
fn a_link_whose_pin_mark_was_taken_away_is_refused() {
    let mut offer = Offer::with_pin();
    let marked = offer.url.clone();
    offer.url = marked.strip_suffix(".p").unwrap().to_owned();
    for pins in [&[][..], &[offer.pin.as_str()]] {
        let refused = received(&offer, pins);
        assert_eq!(refused.code, Some(3), "{:?}", refused.stdout);
        assert_eq!(refused.event("error")["code"], "pin_downgrade");
    }
    offer.url = marked;
    assert_eq!(received(&offer, &[&offer.pin]).code, Some(0));
}
