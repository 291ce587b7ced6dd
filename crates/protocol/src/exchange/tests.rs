use proptest::prelude::*;

use super::window::{RolledBack, WindowFull};
use super::*;
use tigress_primitives::record;

/// The limits as docs/protocol.md has them (sections 6.3 and 10).
const TOKENS: usize = 16;
const BYTES: usize = 524_288;
const KEPT: usize = 4_096;

fn no_mic(fields: &Fields) -> String {
    fields.encode(|_| None)
}

fn read(data: &str) -> Fields {
    Envelope::decode(data).unwrap().fields().unwrap()
}

/// Takes everything that is new in an envelope and drops what it acknowledges.
fn receive(window: &mut Window, envelope: &Fields) -> Result<Vec<Vec<u8>>, RolledBack> {
    window.acknowledge(envelope)?;
    let tokens = window.new_tokens(envelope)?.to_vec();
    for token in &tokens {
        window.take(token);
    }
    Ok(tokens)
}

#[test]
fn an_envelope_reads_back_as_written() {
    assert_eq!(
        read(&no_mic(&Window::default().fields(Side::Sender, false))).side,
        Side::Sender
    );
    let fields = Fields {
        side: Side::Receiver,
        ack: 3,
        base: 2,
        tokens: vec![vec![1, 2], vec![]],
        hash: [7; 32],
        abort: Some(vec![9]),
    };
    let data = fields.encode(|body| Some(tigress_primitives::hash::sha256(&[body])));
    let envelope = Envelope::decode(&data).unwrap();
    assert_eq!(
        envelope.mic,
        Some(tigress_primitives::hash::sha256(&[&envelope.body]))
    );
    assert_eq!(envelope.fields().unwrap(), fields);
}

/// Whether an envelope with these tokens is read.
fn is_read(tokens: Vec<Vec<u8>>) -> bool {
    let mut fields = Window::default().fields(Side::Sender, false);
    fields.tokens = tokens;
    let envelope = Envelope::decode(&no_mic(&fields)).unwrap();
    envelope.fields().is_some_and(|read| read == fields)
}

//= test protocol/6.1-limits
#[test]
fn more_than_sixteen_tokens_or_half_a_mebibyte_are_refused() {
    assert!(is_read(vec![vec![0]; TOKENS]));
    assert!(!is_read(vec![vec![0]; TOKENS + 1]));
    assert!(is_read(vec![vec![0; BYTES / TOKENS]; TOKENS]));
    assert!(is_read(vec![vec![0; BYTES]]));
    assert!(!is_read(vec![vec![0; BYTES + 1]]));
    assert!(!is_read(vec![vec![0; BYTES], vec![0]]));
}

#[test]
fn data_that_no_envelope_can_have_is_not_even_decoded() {
    let longest = "!".repeat(1_048_576);
    let words = |data: &str| Envelope::from_base64(data).unwrap_err();
    assert!(words(&longest).contains("base64"));
    assert!(words(&(longest + "!")).contains("longer"));
}

#[test]
fn tokens_arrive_once_and_in_order_however_often_an_envelope_is_read() {
    let (mut a, mut b) = (Window::default(), Window::default());
    a.push(b"one".to_vec()).unwrap();
    let old = read(&no_mic(&a.fields(Side::Sender, false)));
    assert_eq!(receive(&mut b, &old).unwrap(), [b"one"]);
    a.push(b"two".to_vec()).unwrap();
    let new = read(&no_mic(&a.fields(Side::Sender, false)));
    assert_eq!(receive(&mut b, &new).unwrap(), [b"two"]);
    assert!(receive(&mut b, &new).unwrap().is_empty());
    assert!(receive(&mut b, &old).unwrap().is_empty());
    assert!(a.has_unacknowledged());
    assert_eq!(a.acknowledge(&b.fields(Side::Receiver, false)), Ok(2));
    assert!(!a.has_unacknowledged());
    assert_eq!((a.acknowledged(), a.next_index()), (2, 2));
}

#[test]
fn the_last_place_is_kept_for_the_deletion() {
    let mut window = Window::default();
    for _ in 0..TOKENS - 1 {
        window.push(vec![0; 8]).unwrap();
    }
    assert_eq!(window.push(vec![0]), Err(WindowFull));
    assert_eq!(window.push_last(vec![0; 60]), Ok(15));
    assert_eq!(window.push_last(vec![0; 60]), Err(WindowFull));

    let mut window = Window::default();
    assert_eq!(window.push(vec![0; BYTES - KEPT + 1]), Err(WindowFull));
    window.push(vec![0; BYTES - KEPT - 1]).unwrap();
    assert_eq!(window.push(vec![0; 2]), Err(WindowFull));
    window.push(vec![0]).unwrap();
    assert_eq!(window.push_last(vec![0; KEPT + 1]), Err(WindowFull));
    window.push_last(vec![0; KEPT]).unwrap();
}

#[test]
fn a_restored_older_copy_is_noticed_by_ack_base_hash_and_own_envelope() {
    let (mut a, mut b) = (Window::default(), Window::default());
    let before = a.clone();
    a.push(b"one".to_vec()).unwrap();
    receive(&mut b, &a.fields(Side::Sender, false)).unwrap();

    // Its acknowledgement is beyond what the restored copy has sent.
    let mut restored = before.clone();
    assert_eq!(
        restored.acknowledge(&b.fields(Side::Receiver, false)),
        Err(RolledBack)
    );
    // The restored copy sent something else since.
    restored.push(b"other".to_vec()).unwrap();
    assert_eq!(
        restored.acknowledge(&b.fields(Side::Receiver, false)),
        Err(RolledBack)
    );
    // Its base is beyond what a restored receiver expects.
    a.acknowledge(&b.fields(Side::Receiver, false)).unwrap();
    a.push(b"two".to_vec()).unwrap();
    assert_eq!(
        Window::default().new_tokens(&a.fields(Side::Sender, false)),
        Err(RolledBack)
    );
    // Its own envelope in the slot knows more.
    assert!(before.is_behind(&a.fields(Side::Sender, false)));
    assert!(Window::default().is_behind(&b.fields(Side::Receiver, false)));
    assert!(!a.is_behind(&a.fields(Side::Sender, false)));
    // It is not longer, but holds something else.
    let mut other = before.clone();
    other.push(b"other".to_vec()).unwrap();
    let mut sent = before.clone();
    sent.push(b"one".to_vec()).unwrap();
    assert!(other.is_behind(&sent.fields(Side::Sender, false)));
    assert!(!sent.is_behind(&before.fields(Side::Sender, false)));
    // It has dropped what the restored copy still holds: the other side has acknowledged it.
    let mut later = sent.fields(Side::Sender, true);
    later.base += 1;
    assert!(sent.is_behind(&later));
    later.base = u64::MAX;
    assert!(sent.is_behind(&later));
    // An older one of its own is no news.
    assert!(!a.is_behind(&sent.fields(Side::Sender, false)));
    // All of its own are acknowledged: none is in the envelope, and its base says how many there were.
    receive(&mut b, &a.fields(Side::Sender, false)).unwrap();
    a.acknowledge(&b.fields(Side::Receiver, false)).unwrap();
    assert!(!a.is_behind(&a.fields(Side::Sender, false)));
    assert!(before.is_behind(&a.fields(Side::Sender, false)));
}

#[test]
fn an_acknowledgement_of_nothing_new_still_shows_what_was_received() {
    let (mut a, mut b) = (Window::default(), Window::default());
    a.push(b"one".to_vec()).unwrap();
    receive(&mut b, &a.fields(Side::Sender, false)).unwrap();
    let theirs = b.fields(Side::Receiver, false);
    assert_eq!(a.acknowledge(&theirs), Ok(1));
    assert_eq!(a.acknowledge(&theirs), Ok(1));
    let other = Fields {
        hash: [7; 32],
        ..theirs
    };
    assert_eq!(a.acknowledge(&other), Err(RolledBack));
    // One that is older than what was acknowledged is not looked at.
    let older = Fields { ack: 0, ..other };
    assert_eq!(a.acknowledge(&older), Ok(1));
}

#[test]
fn the_state_is_stored_and_restored() {
    let mut window = Window::default();
    window.push(b"one".to_vec()).unwrap();
    window.take(b"theirs");
    assert_eq!(record::from_map(&record::to_map(&window)), Some(window));
}

/// What may happen on the way between two sides and one slot.
#[derive(Clone, Debug)]
enum Act {
    Push(bool),
    Write(bool),
    Read(bool),
    /// The relay shows one of the envelopes that it once held.
    Replay(prop::sample::Index),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        any::<bool>().prop_map(Act::Push),
        any::<bool>().prop_map(Act::Write),
        any::<bool>().prop_map(Act::Read),
        any::<prop::sample::Index>().prop_map(Act::Replay),
    ];
    prop::collection::vec(act, 0..200)
}

proptest! {
    #[test]
    fn whatever_is_lost_repeated_or_replayed_arrives_once_and_in_order(acts in acts()) {
        let sides = [Side::Sender, Side::Receiver];
        let mut windows = [Window::default(), Window::default()];
        let (mut sent, mut got) = ([vec![], vec![]], [vec![], vec![]]);
        let mut held: Vec<Fields> = vec![];
        let mut slot = None;
        for act in acts {
            match act {
                Act::Push(who) => {
                    let token = (sent[usize::from(who)].len() as u64).to_be_bytes().to_vec();
                    if windows[usize::from(who)].push(token.clone()).is_ok() {
                        sent[usize::from(who)].push(token);
                    }
                }
                Act::Write(who) => {
                    let fields = windows[usize::from(who)].fields(sides[usize::from(who)], false);
                    held.push(fields.clone());
                    slot = Some(fields);
                }
                Act::Read(who) => {
                    if let Some(fields) = slot.clone().filter(|f| f.side != sides[usize::from(who)]) {
                        let new = receive(&mut windows[usize::from(who)], &fields)?;
                        got[usize::from(who)].extend(new);
                    }
                }
                Act::Replay(which) => {
                    if !held.is_empty() {
                        slot = Some(which.get(&held).clone());
                    }
                }
            }
            for who in 0..2 {
                prop_assert!(sent[1 - who].starts_with(&got[who]));
                prop_assert!(windows[1 - who].acknowledged() <= got[who].len() as u64);
            }
        }
    }

    #[test]
    fn hostile_bytes_are_refused_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        use base64::Engine as _;
        let data = base64::engine::general_purpose::STANDARD.encode(&bytes);
        if let Some(envelope) = Envelope::decode(&data) {
            let _ = envelope.fields();
        }
        let _ = Envelope { body: bytes, mic: None }.fields();
    }
}
