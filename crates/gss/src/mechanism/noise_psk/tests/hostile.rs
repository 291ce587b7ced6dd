use std::cell::RefCell;

use proptest::prelude::*;

use super::*;
use tigress_primitives::cbor::Map;

/// What an attacker does to bytes on their way.
fn tampered(token: &[u8], at: prop::sample::Index, how: u8, with: u8) -> Vec<u8> {
    let at = at.index(token.len());
    let mut token = token.to_vec();
    match how {
        0 => token[at] ^= with.max(1),
        1 => token.truncate(at),
        2 => token.push(with),
        3 => token.insert(at, with),
        _ => drop(token.remove(at)),
    }
    token
}

thread_local! {
    /// Established once: making a context for each case would be most of the time.
    static PAIR: RefCell<(SecurityContext, SecurityContext)> = RefCell::new(established());
}

proptest! {
    #[test]
    fn arbitrary_bytes_open_nowhere(bytes in proptest::collection::vec(any::<u8>(), 0..200), id in 1u8..6) {
        let inner = framed([1, id], &[&bytes]);
        for token in [&bytes, &inner] {
            prop_assert!(try_accept(token).is_err());
            let (mut sender, first) = initiate();
            prop_assert!(sender.continue_with(token, NOW, &mut entropy(4)).is_err());
            let mut receiver = accept(&first).context;
            prop_assert!(receiver.continue_with(token, NOW, &mut entropy(5)).is_err());
            prop_assert!(receiver.open_abort(token).is_none());
            prop_assert!(SecurityContext::restore(registry(), token).is_err());
        }
    }

    #[test]
    fn arbitrary_message_tokens_open_nowhere(
        content in proptest::collection::vec(any::<u8>(), 0..1200),
        kind in 0u8..5,
        flags in 0u8..4,
        sequence: u64,
    ) {
        let header = [&[2, kind, flags, 0xff], &sequence.to_be_bytes()[..]].concat();
        let token = [&header[..], &content].concat();
        PAIR.with_borrow_mut(|(sender, receiver)| {
            for context in [sender, receiver] {
                for token in [&token, &content] {
                    prop_assert!(context.unwrap(token, NOW).is_err());
                    prop_assert!(context.verify_mic(b"message", token, NOW).is_err());
                    prop_assert!(context.process_context_token(token).is_err());
                }
            }
            Ok(())
        })?;
    }

    //= test draft/8.2.1-checksum
    #[test]
    fn a_tampered_message_token_is_refused(conf: bool, at: prop::sample::Index, how in 0u8..5, with: u8) {
        PAIR.with_borrow_mut(|(sender, receiver)| {
            let before = receiver.save();
            let token = sender.wrap(conf, 0, b"credential", NOW, &mut entropy(8)).unwrap();
            let bad = tampered(&token, at, how, with);
            prop_assert!(bad == token || receiver.unwrap(&bad, NOW).is_err());
            let mic = sender.get_mic(0, b"credential", NOW).unwrap();
            let bad = tampered(&mic, at, how, with);
            prop_assert!(bad == mic || receiver.verify_mic(b"credential", &bad, NOW).is_err());
            prop_assert_eq!(before, receiver.save());
            Ok(())
        })?;
    }

    #[test]
    fn a_tampered_context_token_is_refused_and_changes_nothing(
        at: prop::sample::Index, how in 0u8..5, with: u8,
    ) {
        let (mut sender, first) = initiate();
        let bad = tampered(&first, at, how, with);
        prop_assert!(bad == first || try_accept(&bad).is_err());

        let Accepted { context: mut receiver, token: second, .. } = accept(&first);
        let bad = tampered(&second, at, how, with);
        let before = sender.save();
        if bad != second {
            let error = sender.continue_with(&bad, NOW, &mut entropy(4)).unwrap_err();
            prop_assert_eq!(error.major, MajorStatus::DEFECTIVE_TOKEN);
            prop_assert_eq!(before, sender.save());
        }

        // The right one still does.
        let third = sender.continue_with(&second, NOW, &mut entropy(4)).unwrap().token.unwrap();
        let bad = tampered(&third, at, how, with);
        let before = receiver.save();
        if bad != third {
            prop_assert!(receiver.continue_with(&bad, NOW, &mut entropy(5)).is_err());
            prop_assert_eq!(before, receiver.save());
        }
        prop_assert!(receiver.continue_with(&third, NOW, &mut entropy(5)).unwrap().complete);
    }
}

//= test gss/2743-2.2.2-distinguish
#[test]
fn a_token_out_of_its_turn_is_refused() {
    let (mut sender, first) = initiate();
    let Accepted {
        context: mut receiver,
        token: second,
        ..
    } = accept(&first);
    let unexpected = failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::UnexpectedToken);
    assert_eq!(try_accept(&second).unwrap_err(), unexpected);
    assert_eq!(
        sender.continue_with(&first, NOW, &mut entropy(4)),
        Err(unexpected)
    );
    assert_eq!(
        receiver.continue_with(&first, NOW, &mut entropy(5)),
        Err(unexpected)
    );
    assert_eq!(
        receiver.continue_with(&second, NOW, &mut entropy(5)),
        Err(unexpected)
    );
    for pin in [[1, 4], [1, 5]] {
        let token = framed(pin, &[&[0; 80]]);
        assert_eq!(
            receiver.continue_with(&token, NOW, &mut entropy(5)),
            Err(unexpected)
        );
    }
}

#[test]
fn a_point_of_low_order_gives_nothing_without_the_credential() {
    // Noise takes it; the pre-shared key decides. Token 1 with the point 0 instead of an ephemeral key:
    let (_, first) = initiate();
    let frame = crate::gss::parse(&first).unwrap();
    let (sealed, message) = token::first(frame.id, frame.body).unwrap();
    let mut message = message.to_vec();
    message[..32].fill(0);
    let sealed = token::prefixed(sealed).unwrap();
    let zero = framed(
        token::FIRST,
        &[&sealed, &token::prefixed(&message).unwrap()],
    );
    assert_eq!(
        try_accept(&zero).unwrap_err(),
        failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::NotAuthentic)
    );
}

#[test]
fn the_longest_noise_message_is_judged_without_panic() {
    let body = [&[0u8, 0][..], &[0xff, 0xff], &[1; 65_400]].concat();
    assert!(try_accept(&framed(token::FIRST, &[&body])).is_err());
    let prologue = keys::prologue(&OID, &[]).unwrap();
    let (psk, ephemeral) = (Secret::new([1; 32]), Ephemeral::new(Secret::new([2; 32])));
    let new = |role| Handshake::new(role, &prologue, &psk, &ephemeral).unwrap();
    for length in [0, 1, 47, 48, 65_535, 65_536, 100_000] {
        assert!(
            new(Role::Acceptor).read(&vec![9; length]).is_none(),
            "{length}"
        );
    }
    assert!(new(Role::Initiator).write(&vec![0; 65_535 - 48]).is_some());
    assert!(new(Role::Initiator).write(&vec![0; 65_536 - 48]).is_none());
    // Out of turn, and after the end.
    assert!(new(Role::Acceptor).write(&[]).is_none());
    let (mut one, mut two) = (new(Role::Initiator), new(Role::Acceptor));
    assert!(one.read(&[0; 48]).is_none());
    two.read(&one.write(&[]).unwrap()).unwrap();
    one.read(&two.write(&[]).unwrap()).unwrap();
    assert!(one.read(&[0; 48]).is_none() && one.write(&[]).is_none());
    assert!(new(Role::Initiator).split().is_none());
    assert!(one.split().is_some());
}

#[test]
fn the_answer_is_exactly_what_it_must_be() {
    let (sender, first) = initiate();
    let frame = crate::gss::parse(&first).unwrap();
    let (sealed, message) = token::first(frame.id, frame.body).unwrap();
    let prologue = keys::prologue(&OID, sealed).unwrap();
    let ephemeral = Ephemeral::new(Secret::new([0x22; 32]));
    // An acceptor that holds the right keys and sends what it likes.
    let answer = |payload: Map, trailing: &[u8]| {
        let psk = keys::psk(&auth());
        let mut puppet = Handshake::new(Role::Acceptor, &prologue, &psk, &ephemeral).unwrap();
        puppet.read(message).unwrap();
        let message = token::prefixed(&puppet.write(&payload.encode()).unwrap()).unwrap();
        let token = framed(token::ANSWER, &[&message, trailing]);
        let step = sender
            .tentative()
            .continue_with(&token, NOW, &mut entropy(4));
        step.map(|step| step.complete)
    };
    let good = Map::new().with(0, 1u64).with(1, 0x7eu64);
    let refused = |minor| Err(failed(MajorStatus::DEFECTIVE_TOKEN, minor));
    assert_eq!(answer(good.clone(), &[]), Ok(true));
    assert_eq!(answer(good.clone(), &[0]), refused(MinorStatus::TokenBody));
    assert_eq!(
        answer(good.clone().with(0, 2u64), &[]),
        refused(MinorStatus::TokenVersion)
    );
    assert_eq!(
        answer(good.clone().with(1, 0xfeu64), &[]),
        refused(MinorStatus::Flags)
    );
    assert_eq!(
        answer(good.with(3, &[0; 32]), &[]),
        refused(MinorStatus::TokenBody)
    );
}

#[test]
fn deletion_and_abort_hold_nothing_more() {
    let mut puppet = Puppet::new();
    let mut accepted = accept(&puppet.first(&token::first_payload(None, None, &Said::default())));
    let keys = puppet.keys(&accepted.token);
    let abort = |content: Map| {
        let aad = token::join(token::ABORT, &[&keys.hash]);
        let key = keys.control(Role::Initiator);
        let sealed = crypto::seal(&key, &aad, &content.encode(), &mut entropy(9));
        accepted
            .context
            .open_abort(&framed(token::ABORT, &[&sealed]))
    };
    assert_eq!(abort(Map::new().with(8, 3u64)), Some(3));
    assert_eq!(abort(Map::new().with(8, 3u64).with(9, 0u64)), None);
    assert_eq!(abort(Map::new().with(8, u64::MAX)), Some(u64::MAX));
    assert_eq!(abort(Map::new().with(8, "3")), None);

    let third = third(&keys, &token::confirmation());
    accepted
        .context
        .continue_with(&third, NOW, &mut entropy(5))
        .unwrap();
    let delete = |content: Map| {
        let header = [2, 3, 2, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];
        let key = keys.message(super::super::keys::Use::Delete, Role::Initiator);
        let sealed = crypto::seal(&key, &header, &content.encode(), &mut entropy(9));
        let token = [&header[..], &sealed].concat();
        accepted
            .context
            .tentative()
            .process_context_token(&token)
            .map(|told| told.code)
    };
    let good = Map::new().with(8, 3u64).with(9, 0u64);
    let refused = Err(failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::TokenBody));
    assert_eq!(delete(good.clone()), Ok(3));
    assert_eq!(delete(good.clone().with(10, 0u64)), refused);
    assert_eq!(delete(good.clone().with(8, u64::MAX)), Ok(u64::MAX));
    assert_eq!(delete(good.with(8, "3")), refused);
}
