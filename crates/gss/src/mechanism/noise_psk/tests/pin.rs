//! The PIN between two honest sides.

use super::*;
use crate::gss::{CheckedToken, Step, check_token};
use crate::pin::Pin;

pub(super) fn pin() -> Pin {
    Pin::parse("042 917").unwrap()
}

pub(super) fn wrong() -> Pin {
    Pin::parse("042918").unwrap()
}

pub(super) fn auth_with_pin() -> AuthCredential {
    AuthCredential {
        pin_required: true,
        ..auth()
    }
}

/// A sender with the PIN, after token 1.
pub(super) fn asking(tries: u8) -> (SecurityContext, Vec<u8>) {
    let credential = InitiatorCredential::new(auth_with_pin(), secret()).with_pin(pin(), tries);
    let draws = &mut entropy(2);
    init_sec_context(registry(), &credential, Some(&relay()), None, NOW, draws).unwrap()
}

pub(super) fn try_answer(first: &[u8], pin: Option<Pin>) -> Result<Accepted, Error> {
    let mut credential = AcceptorCredential::new(secret());
    if let Some(pin) = pin {
        credential = credential.with_pin(pin);
    }
    accept_sec_context(
        registry(),
        &credential,
        Some(&relay()),
        first,
        &never_used,
        NOW,
        &mut entropy(3),
    )
}

pub(super) fn answering_with(first: &[u8], pin: Pin) -> (SecurityContext, Vec<u8>) {
    let accepted = try_answer(first, Some(pin)).unwrap();
    (accepted.context, accepted.token)
}

pub(super) fn take(context: &mut SecurityContext, token: &[u8], fresh: u8) -> Step {
    context
        .continue_with(token, NOW, &mut entropy(fresh))
        .unwrap()
}

fn works(sender: &mut SecurityContext, receiver: &mut SecurityContext) {
    assert!(sender.is_complete() && receiver.is_complete());
    let token = sender.wrap(true, 0, b"key", NOW, &mut entropy(90)).unwrap();
    assert_eq!(&**receiver.unwrap(&token, NOW).unwrap().data, b"key");
    let reply = receiver
        .wrap(true, 0, b"ok", NOW, &mut entropy(91))
        .unwrap();
    assert_eq!(&**sender.unwrap(&reply, NOW).unwrap().data, b"ok");
}

/// The context as it comes back after a kill.
fn revived(context: SecurityContext) -> SecurityContext {
    SecurityContext::restore(registry(), &context.save()).unwrap()
}

#[test]
fn the_right_pin_establishes_in_three_tokens() {
    let (mut sender, first) = asking(5);
    let (mut receiver, second) = answering_with(&first, pin());
    let third = take(&mut sender, &second, 4);
    assert_eq!(third.status(), MajorStatus::COMPLETE);
    assert_eq!(third.wrong_pin, None);
    assert!(take(&mut receiver, &third.token.unwrap(), 5).complete);
    works(&mut sender, &mut receiver);
}

#[test]
fn a_wrong_pin_is_told_to_both_and_the_right_one_still_works() {
    let (mut sender, first) = asking(5);
    let (mut receiver, second) = answering_with(&first, wrong());
    let again = take(&mut sender, &second, 4);
    assert!(!again.complete);
    assert_eq!(
        (again.wrong_pin, again.minor()),
        (Some(4), Some(MinorStatus::WrongPin))
    );
    let continued = MajorStatus::DEFECTIVE_CREDENTIAL.with(MajorStatus::CONTINUE_NEEDED);
    assert_eq!(again.status(), continued);

    let told = take(&mut receiver, &again.token.unwrap(), 5);
    assert_eq!((told.wrong_pin, told.token), (Some(4), None));
    assert!(receiver.pin_needed() && !receiver.is_complete());
    let answer = receiver.provide_pin(&pin(), NOW, &mut entropy(6)).unwrap();
    assert!(!receiver.pin_needed());

    let third = take(&mut sender, &answer, 7);
    assert!(take(&mut receiver, &third.token.unwrap(), 8).complete);
    works(&mut sender, &mut receiver);
}

#[test]
fn the_senders_tries_end_it_for_good() {
    for tries in 1..=4u8 {
        let (mut sender, first) = asking(tries);
        let (mut receiver, mut answer) = answering_with(&first, wrong());
        for left in (1..tries).rev() {
            let again = take(&mut sender, &answer, 10 + left);
            assert_eq!(again.wrong_pin, Some(left));
            assert_eq!(
                take(&mut receiver, &again.token.unwrap(), 5).wrong_pin,
                Some(left)
            );
            answer = receiver
                .provide_pin(&wrong(), NOW, &mut entropy(20 + left))
                .unwrap();
        }
        let last = take(&mut sender, &answer, 9);
        assert_eq!((last.wrong_pin, last.token.clone()), (Some(0), None));
        assert_eq!(last.status(), MajorStatus::DEFECTIVE_CREDENTIAL);
        // Not even the right PIN: nothing is taken any more, across a restart.
        let mut sender = revived(sender);
        let (_, right) = answering_with(&first, pin());
        let ended = failed(MajorStatus::NO_CONTEXT, MinorStatus::Deleted);
        for token in [&right, &answer] {
            assert_eq!(
                sender.continue_with(token, NOW, &mut entropy(4)),
                Err(ended)
            );
        }
        let abort = sender.abort_token(5, &mut entropy(4)).unwrap();
        assert_eq!(receiver.open_abort(&abort), Some(5));
    }
}

#[test]
fn a_receiver_answers_five_times_whatever_the_sender_allows() {
    let (mut sender, first) = asking(10);
    let (mut receiver, mut answer) = answering_with(&first, wrong());
    for left in (1..=4).rev() {
        let again = take(&mut sender, &answer, 10 + left);
        assert_eq!(again.wrong_pin, Some(5 + left));
        let told = take(&mut receiver, &again.token.unwrap(), 5);
        assert_eq!(
            told.wrong_pin,
            Some(left),
            "the smaller of both sides' tries"
        );
        // A kill gives no try back.
        receiver = revived(receiver);
        sender = revived(sender);
        answer = receiver
            .provide_pin(&wrong(), NOW, &mut entropy(20 + left))
            .unwrap();
        receiver = revived(receiver);
    }
    let again = take(&mut sender, &answer, 30);
    assert_eq!(again.wrong_pin, Some(5));
    assert_eq!(
        take(&mut receiver, &again.token.unwrap(), 5).wrong_pin,
        Some(0)
    );
    let mut receiver = revived(receiver);
    assert!(receiver.provide_pin(&pin(), NOW, &mut entropy(6)).is_err());
}

#[test]
fn a_kill_between_any_two_steps_changes_nothing() {
    let run = |kill: bool| {
        let rest = |context| if kill { revived(context) } else { context };
        let (sender, first) = asking(5);
        let mut sender = rest(sender);
        let (receiver, second) = answering_with(&first, wrong());
        let mut receiver = rest(receiver);
        let again = take(&mut sender, &second, 4).token.unwrap();
        let mut sender = rest(sender);
        take(&mut receiver, &again, 5);
        let mut receiver = rest(receiver);
        let answer = receiver.provide_pin(&pin(), NOW, &mut entropy(6)).unwrap();
        let mut receiver = rest(receiver);
        let third = take(&mut sender, &answer, 7).token.unwrap();
        let sender = rest(sender);
        take(&mut receiver, &third, 8);
        let tokens = [first, second, again, answer, third].concat();
        (tokens, sender.save(), rest(receiver).save())
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn a_pin_is_asked_for_and_given_only_where_the_credential_says_so() {
    let needed = failed(MajorStatus::NO_CRED, MinorStatus::PinNeeded);
    let downgrade = failed(MajorStatus::DEFECTIVE_CREDENTIAL, MinorStatus::PinDowngrade);
    let init = |credential: InitiatorCredential| {
        init_sec_context(registry(), &credential, None, None, NOW, &mut entropy(2)).map(drop)
    };
    let without = InitiatorCredential::new(auth_with_pin(), secret());
    assert_eq!(init(without), Err(needed));
    let with = InitiatorCredential::new(auth(), secret()).with_pin(pin(), 5);
    assert_eq!(init(with), Err(downgrade));

    let (_, first) = asking(5);
    assert_eq!(try_answer(&first, None).unwrap_err(), needed);
    let (_, plain) = initiate();
    assert_eq!(try_answer(&plain, Some(pin())).unwrap_err(), downgrade);
}

#[test]
fn a_token_is_checked_before_there_is_a_pin() {
    let (_, first) = asking(5);
    let check = |token: &[u8], pin: Option<Pin>| {
        let mut credential = AcceptorCredential::new(secret());
        if let Some(pin) = pin {
            credential = credential.with_pin(pin);
        }
        check_token(
            registry(),
            &credential,
            Some(&relay()),
            token,
            &never_used,
            NOW,
        )
    };
    let found = CheckedToken {
        credential_id: auth().id,
        issued_at: ISSUED,
        expires_at: EXPIRES,
        pin_required: true,
        application_data: None,
        summary: None,
    };
    assert_eq!(check(&first, None), Ok(found.clone()));
    let (_, plain) = initiate();
    assert_eq!(
        check(&plain, None),
        Ok(CheckedToken {
            pin_required: false,
            ..found
        })
    );
    let downgrade = failed(MajorStatus::DEFECTIVE_CREDENTIAL, MinorStatus::PinDowngrade);
    assert_eq!(check(&plain, Some(pin())), Err(downgrade));
    // As thorough as an acceptance: an altered token is refused.
    for at in 0..first.len() {
        let mut altered = first.clone();
        altered[at] ^= 1;
        assert!(check(&altered, None).is_err(), "byte {at}");
    }
}

#[test]
fn nothing_of_the_pin_outlives_its_work() {
    let holds = |context: &SecurityContext, secret: &[u8]| {
        let saved = context.save();
        saved.windows(secret.len()).any(|bytes| bytes == secret)
    };
    let digits = pin().as_str().as_bytes().to_vec();
    let typed = wrong().as_str().as_bytes().to_vec();
    // What `asking` drew: the nonce of the sealed credential, the ephemeral key, then the seed.
    let seed: Secret<32> = {
        let mut drawn = entropy(2);
        drawn.bytes::<12>();
        drawn.secret::<32>();
        drawn.secret()
    };
    let (mut sender, first) = asking(5);
    assert!(holds(&sender, &digits) && holds(&sender, seed.expose()));
    let (mut receiver, second) = answering_with(&first, wrong());
    // The acceptor's seed is gone at once, as its ephemeral key is.
    let theirs: [Secret<32>; 2] = {
        let mut drawn = entropy(3);
        [drawn.secret(), drawn.secret()]
    };
    assert!(!holds(&receiver, &typed));
    assert!(
        theirs
            .iter()
            .all(|secret| !holds(&receiver, secret.expose()))
    );

    let again = take(&mut sender, &second, 4).token.unwrap();
    assert!(!holds(&sender, seed.expose()), "the run is used up");
    take(&mut receiver, &again, 5);
    let answer = receiver.provide_pin(&pin(), NOW, &mut entropy(6)).unwrap();
    assert!(!holds(&receiver, &digits));
    let next: Secret<32> = entropy(4).secret();
    assert!(holds(&sender, next.expose()));
    take(&mut sender, &answer, 7);
    assert!(!holds(&sender, &digits) && !holds(&sender, next.expose()));

    // An end before that wipes it, too.
    let (mut sender, _) = asking(5);
    sender.open_answer(&second).unwrap();
    assert!(holds(&sender, &digits));
    sender.end();
    assert!(!holds(&sender, &digits));
}

#[test]
fn a_pin_that_nobody_asked_for_is_refused() {
    let not_asked = failed(MajorStatus::FAILURE, MinorStatus::PinNotAsked);
    let (mut sender, first) = asking(5);
    let (mut receiver, _) = answering_with(&first, wrong());
    for context in [&mut sender, &mut receiver] {
        assert!(!context.pin_needed());
        assert_eq!(
            context.provide_pin(&pin(), NOW, &mut entropy(6)),
            Err(not_asked)
        );
    }
}

#[test]
fn a_pin_comes_too_late_after_the_expiry() {
    let (mut sender, first) = asking(5);
    let (mut receiver, second) = answering_with(&first, wrong());
    let again = take(&mut sender, &second, 4).token.unwrap();
    take(&mut receiver, &again, 5);
    let expired = failed(
        MajorStatus::CREDENTIALS_EXPIRED,
        MinorStatus::CredentialExpired,
    );
    let late = receiver.provide_pin(&pin(), EXPIRES, &mut entropy(6));
    assert_eq!(late, Err(expired));
    assert!(receiver.pin_needed());
}

#[test]
fn after_its_fifth_answer_the_acceptor_knows_that_it_was_the_last() {
    let (mut sender, first) = asking(10);
    let (mut receiver, mut answer) = answering_with(&first, wrong());
    for answers in 1..=5 {
        assert_eq!(receiver.answers_used_up(), answers == 5, "{answers}");
        assert!(!sender.answers_used_up());
        let again = take(&mut sender, &answer, 10 + answers).token.unwrap();
        if answers == 5 {
            break;
        }
        take(&mut receiver, &again, 20 + answers);
        assert!(receiver.pin_needed() && !receiver.answers_used_up());
        let draws = &mut entropy(30 + answers);
        answer = receiver.provide_pin(&wrong(), NOW, draws).unwrap();
    }
}
