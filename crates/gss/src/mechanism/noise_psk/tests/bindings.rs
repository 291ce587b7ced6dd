//! What both sides must see alike, and what the application says with the first token.

use super::*;
use crate::gss::{CheckedToken, check_token};
use crate::pin::Pin;
use tigress_primitives::cbor::Map;

//= test gss/2743-1.1.6-bindings
#[test]
fn bindings_must_agree_where_both_sides_give_them() {
    let other = ChannelBindings::for_relay("https://relay.other.example");
    let attempt = |ours: Option<&ChannelBindings>, theirs: Option<&ChannelBindings>| {
        let credential = InitiatorCredential::new(auth(), secret());
        let (_, first) =
            init_sec_context(registry(), &credential, ours, None, NOW, &mut entropy(2)).unwrap();
        let credential = AcceptorCredential::new(secret());
        let entropy = &mut entropy(3);
        accept_sec_context(
            registry(),
            &credential,
            theirs,
            &first,
            &never_used,
            NOW,
            entropy,
        )
        .map(drop)
    };
    let differ = failed(MajorStatus::BAD_BINDINGS, MinorStatus::Bindings);
    let relay = relay();
    assert_eq!(attempt(Some(&relay), Some(&relay)), Ok(()));
    assert_eq!(attempt(Some(&relay), Some(&other)), Err(differ));
    assert_eq!(attempt(Some(&relay), None), Ok(()));
    assert_eq!(attempt(None, Some(&relay)), Ok(()));
}

#[test]
fn late_bindings_must_agree_and_are_given_before_the_answer() {
    let mailbox = |id: &str| ChannelBindings::for_mailbox("https://relay.example", id);
    let answer = |first: &[u8], bindings: &ChannelBindings| {
        let credential = AcceptorCredential::new(secret());
        let draws = &mut entropy(3);
        let used = &never_used;
        accept_sec_context(
            registry(),
            &credential,
            Some(bindings),
            first,
            used,
            NOW,
            draws,
        )
    };
    let not_authentic = failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::NotAuthentic);
    // Learnt by the initiator only after token 1, and kept over a restart.
    let (mut sender, first) = initiate();
    sender.bind_late(&mailbox("one").late_data).unwrap();
    let mut sender = SecurityContext::restore(registry(), &sender.save()).unwrap();
    let mut other = answer(&first, &mailbox("two")).unwrap();
    let third = sender
        .tentative()
        .continue_with(&other.token, NOW, &mut entropy(4));
    let third = third.unwrap().token.unwrap();
    let refused = other.context.continue_with(&third, NOW, &mut entropy(5));
    assert_eq!(refused, Err(not_authentic));
    let body = b"an envelope";
    let mut tried = sender.tentative();
    tried.open_answer(&other.token).unwrap();
    let mic = other.context.envelope_mic(Role::Acceptor, body).unwrap();
    assert!(!tried.verify_envelope(Role::Acceptor, body, &mic));
    // Given by one side alone is different, too.
    let mut none = accept(&first);
    let third = sender
        .tentative()
        .continue_with(&none.token, NOW, &mut entropy(4));
    let third = third.unwrap().token.unwrap();
    assert!(
        none.context
            .continue_with(&third, NOW, &mut entropy(5))
            .is_err()
    );

    let mut same = answer(&first, &mailbox("one")).unwrap();
    let third = sender
        .continue_with(&same.token, NOW, &mut entropy(4))
        .unwrap();
    let last = same
        .context
        .continue_with(&third.token.unwrap(), NOW, &mut entropy(5));
    assert!(last.unwrap().complete);
    let too_late = failed(MajorStatus::FAILURE, MinorStatus::BindingTooLate);
    assert_eq!(sender.bind_late(b""), Err(too_late));
    assert_eq!(same.context.bind_late(b""), Err(too_late));
}

#[test]
fn the_first_token_carries_what_the_application_says() {
    for data in [None, Some(vec![]), Some(vec![7; 1000])] {
        let mut credential = InitiatorCredential::new(auth(), secret());
        if let Some(data) = &data {
            credential = credential.with_application_data(data.clone());
        }
        let draws = &mut entropy(2);
        let (_, first) = init_sec_context(registry(), &credential, None, None, NOW, draws).unwrap();
        let credential = AcceptorCredential::new(secret());
        let used = &never_used;
        let read = check_token(registry(), &credential, None, &first, used, NOW).unwrap();
        assert_eq!(read.application_data, data);
    }
    let malformed = Map::new().with(0, 1u64).with(1, 0x7eu64).with(10, "text");
    let refused = try_accept(&Puppet::new().first(&malformed.encode())).map(drop);
    let minor = MinorStatus::TokenBody;
    assert_eq!(refused, Err(failed(MajorStatus::DEFECTIVE_TOKEN, minor)));
}

/// What an acceptor finds in a first token, without answering it.
fn checked(first: &[u8], credential: &AcceptorCredential) -> Result<CheckedToken, Error> {
    check_token(registry(), credential, None, first, &never_used, NOW)
}

/// A first token with a summary.
fn summarised(auth: AuthCredential, pin: Option<Pin>) -> (SecurityContext, Vec<u8>) {
    let mut credential = InitiatorCredential::new(auth, secret()).with_summary(SUMMARY.to_vec());
    if let Some(pin) = pin {
        credential = credential.with_pin(pin, 5);
    }
    let draws = &mut entropy(2);
    init_sec_context(registry(), &credential, None, None, NOW, draws).unwrap()
}

const SUMMARY: &[u8] = b"Key to the house, from Ada";

//= test protocol/7.2-sealed
#[test]
fn who_has_the_secret_reads_the_summary_and_nobody_else() {
    let (_, first) = summarised(auth(), None);
    let shown = first
        .windows(4)
        .any(|four| SUMMARY.windows(4).any(|word| word == four));
    assert!(!shown, "a token must not show it");
    let read = checked(&first, &AcceptorCredential::new(secret())).unwrap();
    assert_eq!(read.summary.as_deref(), Some(SUMMARY));
    assert_eq!(read.application_data, None);
    let other = AcceptorCredential::new(Secret::new([0x5f; 32]));
    let refused = failed(
        MajorStatus::DEFECTIVE_CREDENTIAL,
        MinorStatus::SealedCredential,
    );
    assert_eq!(checked(&first, &other), Err(refused));
    // A token without it is as it ever was.
    let (_, plain) = initiate();
    let read = checked(&plain, &AcceptorCredential::new(secret())).unwrap();
    assert_eq!(read.summary, None);
    let malformed = Map::new().with(0, 1u64).with(1, 0x7eu64).with(11, "text");
    let refused = try_accept(&Puppet::new().first(&malformed.encode())).map(drop);
    let minor = MinorStatus::TokenBody;
    assert_eq!(refused, Err(failed(MajorStatus::DEFECTIVE_TOKEN, minor)));
}

//= test protocol/7.2-sealed
#[test]
fn the_summary_is_there_before_the_pin_is() {
    let pin = Pin::parse("042917").unwrap();
    let (_, first) = summarised(super::pin::auth_with_pin(), Some(pin));
    let read = checked(&first, &AcceptorCredential::new(secret())).unwrap();
    assert!(read.pin_required);
    assert_eq!(read.summary.as_deref(), Some(SUMMARY));
}

//= test protocol/7.2-sealed
#[test]
fn a_first_token_whose_summary_was_touched_or_taken_out_is_refused() {
    let (_, first) = summarised(auth(), None);
    let credential = AcceptorCredential::new(secret());
    let sealed = first.len() - SUMMARY.len() - 16;
    for at in sealed..first.len() {
        let mut altered = first.clone();
        altered[at] ^= 1;
        assert!(checked(&altered, &credential).is_err(), "{at}");
    }
    // Cut out, the lengths made to fit.
    let frame = crate::gss::parse(&first).unwrap();
    let (sealed, message) = token::first(frame.id, frame.body).unwrap();
    let short = &message[..message.len() - SUMMARY.len()];
    let parts = [sealed, short].map(|part| token::prefixed(part).unwrap());
    let cut = framed(token::FIRST, &[&parts[0], &parts[1]]);
    let refused = failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::NotAuthentic);
    assert_eq!(checked(&cut, &credential), Err(refused));
}

//= test protocol/7.2-sealed
#[test]
fn the_summary_is_bound_into_all_keys() {
    // One credential and one ephemeral key: only the summary tells them apart.
    let (mut sender, first) = summarised(auth(), None);
    let draws = &mut entropy(2);
    let plain = InitiatorCredential::new(auth(), secret());
    let (_, other) = init_sec_context(registry(), &plain, None, None, NOW, draws).unwrap();
    let answer = |first: &[u8]| {
        let (credential, draws) = (AcceptorCredential::new(secret()), &mut entropy(3));
        let made = accept_sec_context(
            registry(),
            &credential,
            None,
            first,
            &never_used,
            NOW,
            draws,
        );
        made.unwrap().token
    };
    let refused = failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::NotAuthentic);
    let of_other = sender.continue_with(&answer(&other), NOW, &mut entropy(4));
    assert_eq!(of_other, Err(refused));
    let third = sender.continue_with(&answer(&first), NOW, &mut entropy(4));
    assert!(third.unwrap().complete);
}
