//! Somebody with the URL, so with the shared secret and the credential's key, but without the PIN, who runs the
//! relay: as a false receiver, as a false sender, and between the two.

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::traits::Identity as _;
use spake2::{Ed25519Group, Group};

use super::pin::{asking, auth_with_pin, pin, take, try_answer, wrong};
use super::*;
use crate::mechanism::noise_psk::pin as spake;
use crate::mechanism::noise_psk::token::{PinAgain, PinAnswer};
use crate::pin::Pin;

fn seed() -> Secret<32> {
    Secret::new([0x77; 32])
}

/// Has answered the handshake of somebody's token 1.
struct FalseReceiver {
    keys: Keys,
    halves: keys::Halves,
    message: Vec<u8>,
    /// The sender's element.
    theirs: Vec<u8>,
}

impl FalseReceiver {
    fn answering(first: &[u8]) -> Self {
        let frame = crate::gss::parse(first).unwrap();
        let (sealed, message) = token::first(frame.id, frame.body).unwrap();
        let prologue = keys::prologue(&OID, sealed).unwrap();
        let psk = keys::psk(&auth_with_pin());
        let ephemeral = Ephemeral::new(Secret::new([0x22; 32]));
        let mut handshake = Handshake::new(Role::Acceptor, &prologue, &psk, &ephemeral).unwrap();
        let payload = handshake.read(message).unwrap();
        let theirs = token::open_first_payload(&payload, true).unwrap().element;
        let message = handshake.write(&token::answer_payload()).unwrap();
        let split = handshake.split().unwrap();
        Self {
            keys: Keys::new(&split, &NOTHING_LATE),
            halves: keys::halves(&split),
            message,
            theirs: theirs.unwrap(),
        }
    }

    fn sealed(&self, id: [u8; 2], content: &[u8]) -> Vec<u8> {
        let aad = token::join(id, &[&self.keys.hash]);
        crypto::seal(
            &self.keys.control(Role::Acceptor),
            &aad,
            content,
            &mut entropy(50),
        )
    }

    /// Token 2 with any PIN's part.
    fn second(&self, content: &[u8]) -> Vec<u8> {
        let message = token::prefixed(&self.message).unwrap();
        framed(
            token::ANSWER,
            &[&message, &self.sealed(token::ANSWER, content)],
        )
    }

    fn next(&self, content: &[u8]) -> Vec<u8> {
        framed(
            token::PIN_ANSWER,
            &[&self.sealed(token::PIN_ANSWER, content)],
        )
    }

    /// An honest answer with a guessed PIN.
    fn guess(&self, guess: &Pin, theirs: &[u8], number: u8) -> PinAnswer {
        let (element, shared) = spake::run(Role::Acceptor, guess, &seed(), theirs).unwrap();
        PinAnswer {
            element,
            number,
            proof: spake::proof(&self.keys.hash, &shared, number).to_vec(),
        }
    }

    fn again(&self, token: &[u8]) -> PinAgain {
        let frame = crate::gss::parse(token).unwrap();
        assert_eq!(frame.id, token::PIN_AGAIN);
        let aad = token::join(token::PIN_AGAIN, &[&self.keys.hash]);
        let content = crypto::open(&self.keys.control(Role::Initiator), &aad, frame.body).unwrap();
        PinAgain::decode(&content).unwrap()
    }

    /// Whether token 3 opens if `shared` is the PIN's key.
    fn opens(&self, third: &[u8], shared: &Secret<32>) -> bool {
        let keys = self.keys.with_pin(&self.halves, shared);
        let frame = crate::gss::parse(third).unwrap();
        let aad = token::join(token::CONFIRMATION, &[&keys.hash]);
        crypto::open(&keys.finish(), &aad, frame.body).is_some()
    }
}

/// Makes its own token 1 for the same credential, with any element.
struct FalseSender {
    handshake: Handshake,
    sealed: Vec<u8>,
}

impl FalseSender {
    fn new() -> Self {
        let sealed = auth_with_pin().seal(&secret(), &mut entropy(6));
        let prologue = keys::prologue(&OID, &sealed).unwrap();
        let psk = keys::psk(&auth_with_pin());
        let ephemeral = Ephemeral::new(Secret::new([0x11; 32]));
        let handshake = Handshake::new(Role::Initiator, &prologue, &psk, &ephemeral).unwrap();
        Self { handshake, sealed }
    }

    fn first(&mut self, element: Option<&[u8]>) -> Vec<u8> {
        let payload = token::first_payload(None, element, None);
        let message = self.handshake.write(&payload).unwrap();
        let [sealed, message] = [&self.sealed, &message].map(|part| token::prefixed(part).unwrap());
        framed(token::FIRST, &[&sealed, &message])
    }

    /// The channel with whoever answered, and the answer to the PIN.
    fn answer(mut self, second: &[u8]) -> (Keys, PinAnswer) {
        let frame = crate::gss::parse(second).unwrap();
        let (message, sealed) = token::answer(frame.id, frame.body).unwrap();
        self.handshake.read(message).unwrap();
        let keys = Keys::new(&self.handshake.split().unwrap(), &NOTHING_LATE);
        let answer = opened_answer(&keys, token::ANSWER, sealed);
        (keys, answer)
    }
}

fn opened_answer(keys: &Keys, id: [u8; 2], sealed: &[u8]) -> PinAnswer {
    let aad = token::join(id, &[&keys.hash]);
    let content = crypto::open(&keys.control(Role::Acceptor), &aad, sealed).unwrap();
    PinAnswer::decode(&content).unwrap()
}

/// 01 04 with any content.
fn asked_again(keys: &Keys, again: &PinAgain) -> Vec<u8> {
    let aad = token::join(token::PIN_AGAIN, &[&keys.hash]);
    let key = keys.control(Role::Initiator);
    let sealed = crypto::seal(&key, &aad, &again.encode(), &mut entropy(51));
    framed(token::PIN_AGAIN, &[&sealed])
}

fn with_side(side: u8, point: &EdwardsPoint) -> Vec<u8> {
    [&[side], &point.compress().as_bytes()[..]].concat()
}

fn point(element: &[u8]) -> EdwardsPoint {
    CompressedEdwardsY::from_slice(&element[1..])
        .unwrap()
        .decompress()
        .unwrap()
}

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
