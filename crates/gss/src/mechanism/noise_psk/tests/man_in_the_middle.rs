//! Somebody with the URL, so with the shared secret and the credential's key, but without the PIN, who runs the
//! relay: as a false receiver, as a false sender, and between the two.

use curve25519_dalek::constants::EIGHT_TORSION;

use super::pin::{asking, pin, take, try_answer, wrong};
use super::puppets::*;
use super::*;
use crate::mechanism::noise_psk::pin as spake;
use crate::mechanism::noise_psk::token::{PinAgain, PinAnswer};

/// Elements that nobody honest sends, in the place of `good`; `reflected` is the other side's.
fn bad_elements(good: &[u8], reflected: &[u8]) -> Vec<Vec<u8>> {
    let side = good[0];
    let mut bad = vec![
        vec![],
        good[..32].to_vec(),
        [good, &[0]].concat(),
        reflected.to_vec(),
        [&[0x53], &good[1..]].concat(),
        // y = 2 is on no point of the curve.
        [&[side, 2][..], &[0; 31]].concat(),
        // The identity once more, with y = p + 1: a second encoding.
        [&[side, 0xee][..], &[0xff; 30], &[0x7f]].concat(),
        // The identity with the sign of an x that is 0.
        [&[side, 1][..], &[0; 30], &[0x80]].concat(),
    ];
    bad.extend(EIGHT_TORSION.iter().map(|torsion| with_side(side, torsion)));
    let shifted = EIGHT_TORSION[1..].iter();
    bad.extend(shifted.map(|torsion| with_side(side, &(point(good) + torsion))));
    bad
}

//= test protocol/5.3-elements
#[test]
fn a_bad_element_from_the_receiver_is_a_wrong_pin_and_counted() {
    let (_, first) = asking(5);
    let attacker = FalseReceiver::answering(&first);
    // Even beside the proof of somebody who knows the PIN.
    let honest = attacker.guess(&pin(), &attacker.theirs, 1);
    let reflected = [&[0x41], &attacker.theirs[1..]].concat();
    let mut bad = bad_elements(&honest.element, &attacker.theirs);
    bad.push(reflected);
    for element in bad {
        let (mut sender, _) = asking(5);
        let answer = PinAnswer {
            element: element.clone(),
            number: 1,
            proof: honest.proof.clone(),
        };
        let step = take(&mut sender, &attacker.second(&answer.encode()), 4);
        assert_eq!(step.wrong_pin, Some(4), "{}", hex::encode(element));
    }
    let (mut sender, _) = asking(5);
    assert!(take(&mut sender, &attacker.second(&honest.encode()), 4).complete);
}

//= test protocol/5.3-elements
#[test]
fn a_bad_element_from_the_sender_is_refused_unanswered() {
    let malformed = failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::TokenBody);
    let good = spake::element(Role::Initiator, &wrong(), &seed());
    let reflected = spake::element(Role::Acceptor, &wrong(), &seed());
    let bad = bad_elements(&good, &reflected);
    for element in &bad {
        let first = FalseSender::new().first(Some(element));
        let shown = hex::encode(element);
        assert_eq!(
            try_answer(&first, Some(pin())).unwrap_err(),
            malformed,
            "{shown}"
        );
    }
    let first = FalseSender::new().first(None);
    assert_eq!(try_answer(&first, Some(pin())).unwrap_err(), malformed);

    // The same when it asks again.
    for element in bad.iter().chain([&reflected]) {
        let mut attacker = FalseSender::new();
        let first = attacker.first(Some(&good));
        let mut accepted = try_answer(&first, Some(pin())).unwrap();
        let (keys, _) = attacker.answer(&accepted.token);
        let again = |element: &[u8]| {
            let again = PinAgain {
                element: element.to_vec(),
                tries_left: 4,
                number: 2,
            };
            asked_again(&keys, &again)
        };
        let refused = accepted
            .context
            .continue_with(&again(element), NOW, &mut entropy(5));
        assert_eq!(refused, Err(malformed), "{}", hex::encode(element));
        assert!(!accepted.context.pin_needed());
        assert_eq!(
            take(&mut accepted.context, &again(&good), 5).wrong_pin,
            Some(4)
        );
    }
}

#[test]
fn a_wrong_try_number_is_undecodable() {
    let malformed = failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::TokenBody);
    let (mut sender, first) = asking(5);
    let attacker = FalseReceiver::answering(&first);
    for number in [0, 2, 255] {
        let answer = attacker.guess(&pin(), &attacker.theirs, number);
        let second = attacker.second(&answer.encode());
        let refused = sender.continue_with(&second, NOW, &mut entropy(4));
        assert_eq!(refused, Err(malformed), "{number}");
    }
    let mut receiver_side = FalseSender::new();
    let good = spake::element(Role::Initiator, &wrong(), &seed());
    let first = receiver_side.first(Some(&good));
    let mut accepted = try_answer(&first, Some(pin())).unwrap();
    let (keys, _) = receiver_side.answer(&accepted.token);
    for (number, tries_left) in [(1, 4), (3, 4), (2, 0), (2, 10)] {
        let again = PinAgain {
            element: good.clone(),
            tries_left,
            number,
        };
        let token = asked_again(&keys, &again);
        let refused = accepted.context.continue_with(&token, NOW, &mut entropy(5));
        assert_eq!(refused, Err(malformed), "try {number}, {tries_left} left");
    }
}

//= test protocol/5.3-judged-once
#[test]
fn an_answer_is_judged_once() {
    let (mut sender, first) = asking(5);
    let attacker = FalseReceiver::answering(&first);
    let (a, b) = (wrong(), pin());
    let second = attacker.second(&attacker.guess(&a, &attacker.theirs, 1).encode());
    let again = take(&mut sender, &second, 4);
    assert_eq!(again.wrong_pin, Some(4));
    // The element is used up: the right PIN's proof for it comes too late, in whatever form.
    let late = attacker.guess(&b, &attacker.theirs, 1);
    let malformed = failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::TokenBody);
    let unexpected = failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::UnexpectedToken);
    let retried = [
        (attacker.second(&late.encode()), unexpected),
        (attacker.next(&late.encode()), malformed),
    ];
    for (token, error) in retried {
        let refused = sender.continue_with(&token, NOW, &mut entropy(5));
        assert_eq!(refused, Err(error));
    }
    // Made for the old element under the new number: a wrong PIN, and counted.
    let late = PinAnswer { number: 2, ..late };
    let token = attacker.next(&late.encode());
    assert_eq!(take(&mut sender, &token, 6).wrong_pin, Some(3));
}

#[test]
fn token_2_without_its_pin_is_undecodable() {
    let (mut sender, first) = asking(5);
    let attacker = FalseReceiver::answering(&first);
    let message = token::prefixed(&attacker.message).unwrap();
    let bare = framed(token::ANSWER, &[&message]);
    let error = sender
        .continue_with(&bare, NOW, &mut entropy(4))
        .unwrap_err();
    assert_eq!(
        error,
        failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::NotAuthentic)
    );
    assert!(!sender.is_complete());

    // And a PIN's part where none is asked for.
    let (mut sender, first) = initiate();
    let mut accepted = accept(&first);
    let frame = crate::gss::parse(&accepted.token).unwrap();
    let more = framed(token::ANSWER, &[frame.body, &[0; 80]]);
    let malformed = failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::TokenBody);
    let refused = sender.continue_with(&more, NOW, &mut entropy(4));
    assert_eq!(refused, Err(malformed));
    // Nor is a receiver without a PIN ever asked again.
    let asked = framed(token::PIN_AGAIN, &[&[0; 80]]);
    let refused = accepted.context.continue_with(&asked, NOW, &mut entropy(5));
    let unexpected = failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::UnexpectedToken);
    assert_eq!(refused, Err(unexpected));
}

#[test]
fn passing_the_elements_on_between_two_handshakes_proves_nothing() {
    // Both honest sides use the right PIN; between them somebody who passes their elements on unchanged.
    let (mut sender, first) = asking(5);
    let to_sender = FalseReceiver::answering(&first);
    let mut to_receiver = FalseSender::new();
    let forged = to_receiver.first(Some(&to_sender.theirs));
    let mut receiver = try_answer(&forged, Some(pin())).unwrap();
    let (keys, answer) = to_receiver.answer(&receiver.token);
    // The two now share a key that the one between does not know; but the proof is bound to the handshake.
    let step = take(&mut sender, &to_sender.second(&answer.encode()), 4);
    assert_eq!(step.wrong_pin, Some(4));
    // Nor can it confirm to the receiver.
    let confirmed = third(&keys, &token::confirmation());
    let refused = receiver
        .context
        .continue_with(&confirmed, NOW, &mut entropy(5));
    let not_authentic = failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::NotAuthentic);
    assert_eq!(refused, Err(not_authentic));
    assert!(!receiver.context.is_complete());
}
