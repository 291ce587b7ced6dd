use super::*;
use crate::gss::{FLAGS, Name, Oid};
use tigress_primitives::cbor::Map;

//= test gss/2743-2.2.1-continue
#[test]
fn three_tokens_establish_a_context() {
    let (mut sender, first) = initiate();
    assert!(first.len() <= 320, "token 1 has {} bytes", first.len());
    assert!(!sender.is_complete());

    let Accepted {
        context: mut receiver,
        token: second,
        credential_id,
        ..
    } = accept(&first);
    assert_eq!(credential_id, auth().id);
    assert!(
        !receiver.is_complete(),
        "token 1 may be a replay: only token 3 shows who is there"
    );

    let third = sender.continue_with(&second, NOW, &mut entropy(4)).unwrap();
    assert!(third.complete && sender.is_complete());
    let third = third.token.unwrap();

    let last = receiver
        .continue_with(&third, NOW, &mut entropy(5))
        .unwrap();
    assert!(last.complete && last.token.is_none() && receiver.is_complete());
}

//= test gss/2743-1.2.7-prot-ready gss/2743-2.2.1-mech gss/2743-2.2.6-open
#[test]
fn the_context_tells_what_it_is() {
    let (mut sender, first) = initiate();
    let before = sender.inquire(NOW);
    assert!(!before.open && !before.prot_ready && before.locally_initiated);
    assert_eq!((before.flags, before.lifetime), (FLAGS, EXPIRES - NOW));
    assert_eq!(
        (before.initiator, before.acceptor),
        (Name::Anonymous, Name::Anonymous)
    );
    assert_eq!(
        before.mechanism.to_string(),
        "1.2.840.113556.1.8000.2554.16599.9875.5902.16932.48070.11520688.5094240.1"
    );

    let accepted = accept(&first);
    assert!(!accepted.context.inquire(NOW).open);
    sender
        .continue_with(&accepted.token, NOW, &mut entropy(4))
        .unwrap();
    let after = sender.inquire(NOW);
    assert!(after.open && after.prot_ready);
    assert_eq!(sender.context_time(NOW), Ok(EXPIRES - NOW));
}

#[test]
fn credentials_tell_what_they_are() {
    let sender = InitiatorCredential::new(auth(), secret()).inquire_cred(NOW);
    assert_eq!(
        (sender.usage, sender.lifetime),
        (Role::Initiator, Some(EXPIRES - NOW))
    );
    assert_eq!(sender.mechanisms, [OID]);
    let receiver = AcceptorCredential::new(secret())
        .inquire_cred(registry())
        .unwrap();
    assert_eq!((receiver.usage, receiver.lifetime), (Role::Acceptor, None));
    assert_eq!(receiver.mechanisms, registry().mechanisms());
    let none = AcceptorCredential::default()
        .inquire_cred(registry())
        .unwrap_err();
    assert_eq!(
        none,
        failed(MajorStatus::NO_CRED, MinorStatus::NoSharedSecret)
    );
}

#[test]
fn a_lifetime_shortens_the_context() {
    let credential = InitiatorCredential::new(auth(), secret());
    let lifetime = |asked| {
        init_sec_context(registry(), &credential, None, asked, NOW, &mut entropy(2))
            .unwrap()
            .0
            .inquire(NOW)
            .lifetime
    };
    assert_eq!(lifetime(Some(600)), 600);
    assert_eq!(lifetime(Some(u64::MAX)), EXPIRES - NOW);
    assert_eq!(
        lifetime(Some(0)),
        EXPIRES - NOW,
        "0 asks for the default (RFC 2743 §2.2.1)"
    );
}

#[test]
fn the_acceptor_needs_the_secret() {
    let (_, first) = initiate();
    let attempt = |credential: &AcceptorCredential| {
        accept_sec_context(
            registry(),
            credential,
            None,
            &first,
            &never_used,
            NOW,
            &mut entropy(3),
        )
        .unwrap_err()
    };
    assert_eq!(
        attempt(&AcceptorCredential::default()),
        failed(MajorStatus::NO_CRED, MinorStatus::NoSharedSecret)
    );
    assert_eq!(
        attempt(&AcceptorCredential::new(Secret::new([0; 32]))),
        failed(
            MajorStatus::DEFECTIVE_CREDENTIAL,
            MinorStatus::SealedCredential
        )
    );
    // The wrong attempts leave nothing behind: the right device still succeeds.
    accept(&first);
}

#[test]
fn an_expired_credential_is_refused_on_both_sides() {
    let expired = failed(
        MajorStatus::CREDENTIALS_EXPIRED,
        MinorStatus::CredentialExpired,
    );
    let credential = InitiatorCredential::new(auth(), secret());
    let start =
        |now| init_sec_context(registry(), &credential, None, None, now, &mut entropy(2)).map(drop);
    assert_eq!((start(EXPIRES - 1), start(EXPIRES)), (Ok(()), Err(expired)));

    let (_, first) = initiate();
    let credential = AcceptorCredential::new(secret());
    let answer = |now| {
        let entropy = &mut entropy(3);
        accept_sec_context(
            registry(),
            &credential,
            None,
            &first,
            &never_used,
            now,
            entropy,
        )
        .map(drop)
    };
    assert_eq!(
        (answer(EXPIRES - 1), answer(EXPIRES)),
        (Ok(()), Err(expired))
    );
}

#[test]
fn a_late_answer_gives_an_abort_and_nothing_else() {
    let (mut sender, first) = initiate();
    let Accepted {
        context: receiver,
        token: second,
        ..
    } = accept(&first);
    let expired = failed(
        MajorStatus::CREDENTIALS_EXPIRED,
        MinorStatus::CredentialExpired,
    );
    assert_eq!(
        sender.continue_with(&second, EXPIRES, &mut entropy(4)),
        Err(expired)
    );
    assert_eq!(
        sender.abort_token(4, &mut entropy(4)),
        None,
        "nothing has changed"
    );

    let forged = framed([1, 2], &[&[0, 48], &[7; 48]]);
    assert!(sender.open_answer(&forged).is_err());
    assert_eq!(sender.abort_token(4, &mut entropy(4)), None);

    sender.open_answer(&second).unwrap();
    assert_eq!(
        sender.continue_with(&second, EXPIRES, &mut entropy(4)),
        Err(expired)
    );
    let abort = sender.abort_token(4, &mut entropy(4)).unwrap();
    assert_eq!(receiver.open_abort(&abort), Some(4));
    assert!(!sender.is_complete());
    assert_eq!(
        sender
            .wrap(true, 0, b"key", NOW, &mut entropy(4))
            .unwrap_err(),
        failed(MajorStatus::NO_CONTEXT, MinorStatus::NotEstablished)
    );
    sender.end();
    assert_eq!(
        sender.continue_with(&second, NOW, &mut entropy(4)),
        Err(failed(MajorStatus::NO_CONTEXT, MinorStatus::Deleted))
    );
    let restored = SecurityContext::restore(registry(), &sender.save()).unwrap();
    assert!(!restored.is_complete());
}

#[test]
fn a_used_credential_is_refused() {
    let (_, first) = initiate();
    let credential = AcceptorCredential::new(secret());
    let used = |id: &CredentialId| *id == auth().id;
    let error = accept_sec_context(
        registry(),
        &credential,
        None,
        &first,
        &used,
        NOW,
        &mut entropy(3),
    )
    .unwrap_err();
    assert_eq!(
        error,
        failed(MajorStatus::DUPLICATE_TOKEN, MinorStatus::CredentialUsed)
    );
}

#[test]
fn an_unknown_mechanism_is_refused_without_a_token() {
    let unknown = failed(MajorStatus::BAD_MECH, MinorStatus::UnknownMechanism);
    let elsewhere = Oid::from_content(&[0x2a, 3]).unwrap();
    let token = crate::gss::frame(&elsewhere, &[1, 1]);
    assert_eq!(try_accept(&token).unwrap_err(), unknown);
    let auth = AuthCredential {
        mechanism: elsewhere,
        ..auth()
    };
    let credential = InitiatorCredential::new(auth, secret());
    let error =
        init_sec_context(registry(), &credential, None, None, NOW, &mut entropy(2)).unwrap_err();
    assert_eq!(error, unknown);
}

//= test protocol/0-reserved protocol/2-unknown-keys protocol/5.2-flags gss/2743-1.2.9-no-delegation
#[test]
fn payloads_are_exactly_what_they_must_be() {
    let good = Map::new().with(0, 1u64).with(1, 0x7eu64);
    let answer = |payload: &Map| try_accept(&Puppet::new().first(&payload.encode())).map(drop);
    assert_eq!(answer(&good), Ok(()));
    let refused = |minor, payload: Map| {
        assert_eq!(
            answer(&payload),
            Err(failed(MajorStatus::DEFECTIVE_TOKEN, minor)),
            "{payload:?}"
        );
    };
    refused(MinorStatus::TokenVersion, good.clone().with(0, 2u64));
    refused(MinorStatus::Flags, good.clone().with(1, 0x7fu64));
    refused(MinorStatus::Flags, good.clone().with(1, 0x3eu64));
    refused(MinorStatus::TokenBody, good.clone().with(3, &[0; 31]));
    refused(MinorStatus::TokenBody, good.clone().with(3, "relay"));
    // Key 4 is the PIN's, which this credential does not ask for.
    refused(MinorStatus::TokenBody, good.clone().with(4, &[42; 33]));
    refused(MinorStatus::TokenBody, good.clone().with(2, 0u64));
    refused(MinorStatus::TokenBody, Map::new().with(0, 1u64));
    refused(MinorStatus::TokenBody, Map::new());
}

//= test protocol/5.2-flags
#[test]
fn the_confirmation_is_exactly_what_it_must_be() {
    let good = Map::new().with(1, 0x7eu64);
    let confirm = |content: &Map| {
        let mut puppet = Puppet::new();
        let mut accepted =
            accept(&puppet.first(&token::first_payload(None, None, &Said::default())));
        let third = third(&puppet.keys(&accepted.token), &content.encode());
        let step = accepted.context.continue_with(&third, NOW, &mut entropy(5));
        assert_eq!(accepted.context.is_complete(), step.is_ok());
        step.map(|step| step.complete)
    };
    assert_eq!(confirm(&good), Ok(true));
    let refused = |minor| Err(failed(MajorStatus::DEFECTIVE_TOKEN, minor));
    assert_eq!(
        confirm(&good.clone().with(1, 0u64)),
        refused(MinorStatus::Flags)
    );
    assert_eq!(
        confirm(&good.with(2, 0u64)),
        refused(MinorStatus::TokenBody)
    );
}

#[test]
fn an_established_context_takes_no_more_context_tokens() {
    let (mut sender, first) = initiate();
    let second = accept(&first).token;
    sender.continue_with(&second, NOW, &mut entropy(4)).unwrap();
    assert_eq!(
        sender.continue_with(&second, NOW, &mut entropy(4)),
        Err(failed(MajorStatus::FAILURE, MinorStatus::Established))
    );
}

#[test]
fn the_answer_to_another_invitation_is_refused() {
    let (mut sender, _) = initiate();
    let other = AuthCredential::new(OID, ISSUED, EXPIRES, false, &mut entropy(20));
    let (_, first) = initiate_with(other);
    assert_eq!(
        sender.continue_with(&accept(&first).token, NOW, &mut entropy(4)),
        Err(failed(
            MajorStatus::DEFECTIVE_TOKEN,
            MinorStatus::NotAuthentic
        ))
    );
}

#[test]
fn a_replayed_confirmation_does_not_establish_another_context() {
    let (mut sender, first) = initiate();
    let second = accept(&first).token;
    let third = sender
        .continue_with(&second, NOW, &mut entropy(4))
        .unwrap()
        .token
        .unwrap();
    // The same token 1 again, taken with a fresh ephemeral key.
    let credential = AcceptorCredential::new(secret());
    let mut again = accept_sec_context(
        registry(),
        &credential,
        None,
        &first,
        &never_used,
        NOW,
        &mut entropy(30),
    )
    .unwrap();
    assert_ne!(again.token, second);
    assert_eq!(
        again.context.continue_with(&third, NOW, &mut entropy(5)),
        Err(failed(
            MajorStatus::DEFECTIVE_TOKEN,
            MinorStatus::NotAuthentic
        ))
    );
    assert!(!again.context.is_complete());
}
