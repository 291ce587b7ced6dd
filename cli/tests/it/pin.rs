//! A PIN between two processes: right, wrong, then right, wrong too often.

use crate::common::{Desk, Ended, Process, Relay, text};

struct Invited {
    desk: Desk,
    relay: Relay,
    sender: Process,
    url: String,
    pin: String,
}

fn invited() -> Invited {
    let desk = Desk::new();
    let relay = desk.relay();
    desk.write("key", b"k");
    let words = [
        "send", "key", "--pin", "--relay", &relay.url, "--state", "s", "--json",
    ];
    let mut sender = desk.start(&words);
    let invited = sender.until("invited");
    Invited {
        desk,
        relay,
        sender,
        url: text(&invited, "url"),
        pin: text(&invited, "pin"),
    }
}

impl Invited {
    fn receive(&self, pins: &[&str]) -> Ended {
        let mut words = vec!["receive", &self.url, "--relay-trust", &self.relay.url];
        words.extend(["--state", "r", "--out", "got", "--json"]);
        words.extend(pins.iter().flat_map(|pin| ["--pin", pin]));
        self.desk.run(&words)
    }

    /// Of the same length, and another.
    fn wrong(&self) -> String {
        let last = if self.pin.ends_with('0') { '1' } else { '0' };
        let mut pin = self.pin.clone();
        pin.pop();
        pin.push(last);
        pin
    }
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
    let invited = invited();
    let (first, second) = invited.pin.split_at(3);
    let received = invited.receive(&[&format!("{first} {second}")]);
    assert_eq!(received.code, Some(0), "{:?}", received.stdout);
    assert_eq!(invited.desk.read("got"), b"k");
    let sent = invited.sender.end();
    assert_eq!(sent.code, Some(0));
    let shown = sent.stdout.concat();
    assert_eq!(shown.matches(&format!("\"{}\"", invited.pin)).count(), 1);
}

#[test]
fn a_wrong_pin_is_refused_and_the_right_one_still_opens_it() {
    let invited = invited();
    let refused = invited.receive(&[&invited.wrong()]);
    assert_eq!(refused.code, Some(3), "{:?}", refused.stdout);
    assert_eq!(tries_left(&refused), [4]);
    assert_eq!(refused.event("error")["code"], "wrong_pin");
    let received = invited.receive(&[&invited.pin]);
    assert_eq!(received.code, Some(0), "{:?}", received.stdout);
    let sent = invited.sender.end();
    assert_eq!((sent.code, tries_left(&sent)), (Some(0), vec![4]));
}

#[test]
fn five_wrong_pins_destroy_it_on_both_sides() {
    let invited = invited();
    let wrong = invited.wrong();
    let received = invited.receive(&[wrong.as_str(); 6]);
    assert_eq!(received.code, Some(3), "{:?}", received.stdout);
    assert_eq!(tries_left(&received), [4, 3, 2, 1, 0]);
    let sent = invited.sender.end();
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
    let invited = invited();
    let missing = invited.receive(&[]);
    assert_eq!(missing.code, Some(2));
    assert_eq!(missing.event("error")["code"], "pin_required");
    let bad = invited.receive(&["12x"]);
    assert_eq!(
        (bad.code, &bad.event("error")["code"]),
        (Some(2), &"bad_pin".into())
    );
    let listed = invited.desk.run(&["transfers", "--state", "r", "--json"]);
    assert!(listed.stdout.is_empty());
    // Another device may still have it.
    assert_eq!(invited.receive(&[&invited.pin]).code, Some(0));
}

#[test]
fn a_link_whose_pin_mark_was_taken_away_is_refused() {
    let mut invited = invited();
    let marked = invited.url.clone();
    invited.url = marked.strip_suffix(".p").unwrap().to_owned();
    for pins in [&[][..], &[invited.pin.as_str()]] {
        let refused = invited.receive(pins);
        assert_eq!(refused.code, Some(3), "{:?}", refused.stdout);
        assert_eq!(refused.event("error")["code"], "pin_downgrade");
    }
    invited.url = marked;
    assert_eq!(invited.receive(&[&invited.pin]).code, Some(0));
}
