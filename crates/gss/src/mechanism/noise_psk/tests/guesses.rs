//! What somebody without the PIN learns from a run of SPAKE2: one guess, and nothing to test another on.

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::traits::Identity as _;
use spake2::{Ed25519Group, Group};

use super::pin::{asking, pin, take, try_answer, wrong};
use super::puppets::*;
use super::*;
use crate::mechanism::noise_psk::pin as spake;
use crate::mechanism::noise_psk::token::PinAnswer;
use crate::pin::Pin;

/// Candidate PINs, the right one and the guessed one among them.
fn candidates() -> Vec<Pin> {
    let near = 41_900..43_100u32;
    let all = near.chain((0..1_000_000).step_by(2_501));
    let mut all: Vec<_> = all
        .map(|n| Pin::parse(&format!("{n:06}")).unwrap())
        .collect();
    assert!(all.contains(&pin()) && all.contains(&wrong()));
    all.push(Pin::parse("0042917").unwrap());
    all
}

fn password(pin: &Pin) -> <Ed25519Group as Group>::Scalar {
    Ed25519Group::hash_to_scalar(pin.as_str().as_bytes())
}

/// Z as the transcript makes it, for one's own elements and point.
fn shared_key(pin: &Pin, x: &[u8], y: &[u8], key: &EdwardsPoint) -> Secret<32> {
    let ids = [&b"tigress v1 receiver"[..], b"tigress v1 sender"].map(|id| crypto::sha256(&[id]));
    let digits = crypto::sha256(&[pin.as_str().as_bytes()]);
    let key = key.compress();
    let parts = [
        &digits[..],
        &ids[0],
        &ids[1],
        &x[1..],
        &y[1..],
        key.as_bytes(),
    ];
    Secret::new(crypto::sha256(&parts))
}

/// A false sender's own scalar, and the element that bets on one guess.
fn bet(guess: &Pin) -> (<Ed25519Group as Group>::Scalar, Vec<u8>) {
    let scalar = Ed25519Group::hash_to_scalar(b"the attacker's own");
    let blinded = Ed25519Group::basepoint_mult(&scalar)
        + Ed25519Group::scalarmult(&Ed25519Group::const_n(), &password(guess));
    (scalar, with_side(0x42, &blinded))
}

#[test]
fn a_false_sender_learns_one_guess_from_an_answer_and_can_test_no_other() {
    for guess in [wrong(), pin()] {
        let mut attacker = FalseSender::new();
        let (y, element) = bet(&guess);
        let first = attacker.first(Some(&element));
        let receiver = try_answer(&first, Some(pin())).unwrap();
        let (keys, answer) = attacker.answer(&receiver.token);
        let matches = |candidate: &Pin| {
            let unblinded = point(&answer.element)
                - Ed25519Group::scalarmult(&Ed25519Group::const_m(), &password(candidate));
            let key = shared_key(candidate, &answer.element, &element, &(unblinded * y));
            spake::proves(&keys.hash, &key, 1, &answer.proof)
        };
        let found: Vec<_> = candidates().into_iter().filter(matches).collect();
        // The right guess is confirmed; after a wrong one, not even the right PIN can be told from others.
        let expected = if guess == pin() { vec![pin()] } else { vec![] };
        assert_eq!(found, expected);
    }
}

#[test]
fn a_false_receiver_learns_one_guess_from_a_try_and_can_test_no_other() {
    for guess in [wrong(), pin()] {
        let (mut sender, first) = asking(5);
        let attacker = FalseReceiver::answering(&first);
        let x = Ed25519Group::hash_to_scalar(b"the attacker's own");
        let blinded = Ed25519Group::basepoint_mult(&x)
            + Ed25519Group::scalarmult(&Ed25519Group::const_m(), &password(&guess));
        let element = with_side(0x41, &blinded);
        let key_of = |candidate: &Pin, theirs: &[u8]| {
            let unblinded = point(theirs)
                - Ed25519Group::scalarmult(&Ed25519Group::const_n(), &password(candidate));
            shared_key(candidate, &element, theirs, &(unblinded * x))
        };
        let key = key_of(&guess, &attacker.theirs);
        let answer = PinAnswer {
            element: element.clone(),
            number: 1,
            proof: spake::proof(&attacker.keys.hash, &key, 1).to_vec(),
        };
        let step = take(&mut sender, &attacker.second(&answer.encode()), 4);
        let recorded = step.token.unwrap();
        let opens =
            |candidate: &Pin| attacker.opens(&recorded, &key_of(candidate, &attacker.theirs));
        let found: Vec<_> = candidates().into_iter().filter(opens).collect();
        if guess == pin() {
            assert_eq!((step.wrong_pin, found), (None, vec![pin()]));
            continue;
        }
        assert_eq!((step.wrong_pin, found), (Some(4), vec![]));
        // All that comes back is another element, fresh, that fits every PIN alike.
        let again = attacker.again(&recorded);
        assert_ne!(again.element, attacker.theirs);
        for theirs in [&again.element, &attacker.theirs] {
            let fits = |candidate: &Pin| {
                let unblinded = point(theirs)
                    - Ed25519Group::scalarmult(&Ed25519Group::const_n(), &password(candidate));
                unblinded.is_torsion_free() && unblinded != EdwardsPoint::identity()
            };
            assert!(candidates().iter().all(fits));
        }
    }
}

#[test]
fn whoever_only_records_has_nothing_to_test_a_pin_on() {
    // With the URL, token 1 can be read; all else is under keys of the two ephemeral secrets.
    let (mut sender, first) = asking(5);
    let mut receiver = try_answer(&first, Some(wrong())).unwrap();
    let again = take(&mut sender, &receiver.token, 4).token.unwrap();
    take(&mut receiver.context, &again, 5);
    let answer = receiver
        .context
        .provide_pin(&pin(), NOW, &mut entropy(6))
        .unwrap();
    let third = take(&mut sender, &answer, 7).token.unwrap();
    let recorder = FalseReceiver::answering(&first);
    let frame = crate::gss::parse(&receiver.token).unwrap();
    let (_, sealed) = token::answer(frame.id, frame.body).unwrap();
    let aad = token::join(token::ANSWER, &[&recorder.keys.hash]);
    let key = recorder.keys.control(Role::Acceptor);
    assert!(crypto::open(&key, &aad, sealed).is_none());
    let opens = |candidate: &Pin| {
        let (_, shared) = spake::run(Role::Acceptor, candidate, &seed(), &recorder.theirs).unwrap();
        recorder.opens(&third, &shared)
    };
    assert!(!candidates().iter().any(opens));
    // Neither an element nor the digits are in anything that crossed the relay.
    let element = &spake::element(Role::Initiator, &pin(), &seed_of_asking())[1..];
    assert_eq!(element, &recorder.theirs[1..]);
    for token in [&first, &receiver.token, &again, &answer, &third] {
        let holds = |part: &[u8]| token.windows(part.len()).any(|bytes| bytes == part);
        assert!(!holds(element) && !holds(pin().as_str().as_bytes()));
    }
}

fn seed_of_asking() -> Secret<32> {
    let mut drawn = entropy(2);
    drawn.bytes::<12>();
    drawn.secret::<32>();
    drawn.secret()
}
