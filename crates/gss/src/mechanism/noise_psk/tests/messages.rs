use proptest::prelude::*;

use super::*;
use crate::gss::MinorStatus as Minor;

/// A message there and its token.
fn wrapped(sender: &mut SecurityContext, text: &[u8]) -> Vec<u8> {
    sender.wrap(true, 0, text, NOW, &mut entropy(8)).unwrap()
}

fn not_authentic() -> Error {
    failed(MajorStatus::BAD_MIC, Minor::NotAuthentic)
}

fn defective(minor: Minor) -> Error {
    failed(MajorStatus::DEFECTIVE_TOKEN, minor)
}

#[test]
fn messages_go_both_ways() {
    let (mut sender, mut receiver) = established();
    let token = wrapped(&mut sender, b"provisioning information");
    let opened = receiver.unwrap(&token, NOW).unwrap();
    assert_eq!(&**opened.data, b"provisioning information");
    assert!(opened.conf_state);
    assert_eq!(opened.supplementary, MajorStatus::COMPLETE);

    let reply = wrapped(&mut receiver, b"");
    assert_eq!(sender.unwrap(&reply, NOW).unwrap().data.len(), 0);
}

//= test protocol/5.2-bits
#[test]
fn any_other_bit_of_the_flags_is_malformed_rather_than_forged() {
    let (mut sender, mut receiver) = established();
    let token = wrapped(&mut sender, b"x");
    let mic = sender.get_mic(0, b"x", NOW).unwrap();
    for bit in (2..8).map(|n| 1 << n) {
        let (mut token, mut mic) = (token.clone(), mic.clone());
        token[2] ^= bit;
        mic[2] ^= bit;
        let malformed = defective(Minor::MessageHeader);
        assert_eq!(receiver.unwrap(&token, NOW), Err(malformed));
        assert_eq!(receiver.verify_mic(b"x", &mic, NOW), Err(malformed));
    }
}

//= test gss/2744-5.15-mic-of-nothing gss/2744-5.31-unwrap-of-nothing gss/2744-5.32-verify-of-nothing gss/2744-5.33-wrap-of-nothing
#[test]
fn a_message_of_no_bytes_is_wrapped_and_has_a_mic() {
    let (mut sender, mut receiver) = established();
    for conf in [true, false] {
        let token = sender.wrap(conf, 0, b"", NOW, &mut entropy(8)).unwrap();
        assert_eq!(receiver.unwrap(&token, NOW).unwrap().data.len(), 0);
    }
    let mic = sender.get_mic(0, b"", NOW).unwrap();
    assert_eq!(receiver.verify_mic(b"x", &mic, NOW), Err(not_authentic()));
    assert!(receiver.verify_mic(b"", &mic, NOW).is_ok());
}

#[test]
fn integrity_only_shows_the_text_and_protects_it() {
    let (mut sender, mut receiver) = established();
    let mut token = sender
        .wrap(false, 0, b"in clear", NOW, &mut entropy(8))
        .unwrap();
    assert_eq!(token.len(), 8 + 52);
    let at = token
        .windows(8)
        .position(|bytes| bytes == b"in clear")
        .unwrap();
    let opened = receiver.unwrap(&token, NOW).unwrap();
    assert_eq!(
        (&**opened.data, opened.conf_state),
        (&b"in clear"[..], false)
    );
    token[at] ^= 1;
    assert_eq!(receiver.unwrap(&token, NOW), Err(not_authentic()));
    assert_eq!(
        receiver.unwrap(&token[..40], NOW),
        Err(defective(Minor::MessageHeader))
    );
}

#[test]
fn padding_hides_the_length_at_a_small_cost() {
    let (mut sender, _) = established();
    let len = |sender: &mut SecurityContext, n: usize| wrapped(sender, &vec![7; n]).len();
    assert_eq!(len(&mut sender, 0), len(&mut sender, 1020));
    for n in [0usize, 1020, 1021, 5000, 262_144] {
        let padded = super::super::padding::padme((n + 4).max(1024)).unwrap();
        let beside = len(&mut sender, n) - (padded - 4);
        assert!(beside <= 64, "{beside} bytes beside padding for {n}");
        assert_eq!(sender.wrapped_len(true, n), Some(len(&mut sender, n)));
    }
}

#[test]
fn a_mic_protects_a_message_that_travels_by_itself() {
    let (mut sender, mut receiver) = established();
    let mic = sender.get_mic(0, b"message", NOW).unwrap();
    assert_eq!(
        receiver.verify_mic(b"massage", &mic, NOW),
        Err(not_authentic())
    );
    assert_eq!(
        receiver.verify_mic(b"message", &mic, NOW),
        Ok(MajorStatus::COMPLETE)
    );
    assert_eq!(
        receiver.verify_mic(b"message", &mic, NOW),
        Ok(MajorStatus::DUPLICATE_TOKEN)
    );
    let longer = [&mic[..], &[0]].concat();
    assert_eq!(
        receiver.verify_mic(b"message", &longer, NOW),
        Err(defective(Minor::TokenBody))
    );
}

#[test]
fn order_is_told_with_the_message() {
    let (mut sender, mut receiver) = established();
    let tokens: Vec<_> = (0u8..70).map(|n| wrapped(&mut sender, &[n])).collect();
    let mut arrive = |n: u8| {
        let opened = receiver.unwrap(&tokens[usize::from(n)], NOW).unwrap();
        assert_eq!(**opened.data, [n], "the message comes with the status");
        opened.supplementary
    };
    assert_eq!(arrive(0), MajorStatus::COMPLETE);
    assert_eq!(arrive(0), MajorStatus::DUPLICATE_TOKEN);
    assert_eq!(arrive(2), MajorStatus::GAP_TOKEN);
    assert_eq!(arrive(1), MajorStatus::UNSEQ_TOKEN);
    assert_eq!(arrive(69), MajorStatus::GAP_TOKEN);
    assert_eq!(arrive(5), MajorStatus::OLD_TOKEN);
}

#[test]
fn wrap_and_mic_share_one_sequence_for_each_direction() {
    let (mut sender, mut receiver) = established();
    let mic = sender.get_mic(0, b"first", NOW).unwrap();
    let token = wrapped(&mut sender, b"second");
    assert_eq!(sender.next_send_seq(), 2);
    assert_eq!(receiver.next_send_seq(), 0);
    assert_eq!(
        receiver.unwrap(&token, NOW).unwrap().supplementary,
        MajorStatus::GAP_TOKEN
    );
    assert_eq!(
        receiver.verify_mic(b"first", &mic, NOW),
        Ok(MajorStatus::UNSEQ_TOKEN)
    );
}

//= test gss/2743-1.2.8-qop-failure gss/2743-1.2.8-sequence-unchanged
#[test]
fn only_the_default_quality_of_protection_exists() {
    let (mut sender, _) = established();
    let bad = failed(MajorStatus::BAD_QOP, Minor::Qop);
    assert_eq!(sender.wrap(true, 1, b"", NOW, &mut entropy(8)), Err(bad));
    assert_eq!(sender.get_mic(1, b"", NOW), Err(bad));
    assert_eq!(sender.wrap_size_limit(true, 1, 2000, NOW), Err(bad));
    assert_eq!(sender.next_send_seq(), 0);
}

#[test]
fn nothing_is_protected_before_the_context_is_established() {
    let (mut sender, first) = initiate();
    let mut receiver = accept(&first).context;
    let none = failed(MajorStatus::NO_CONTEXT, Minor::NotEstablished);
    let (mut far, _) = established();
    let token = wrapped(&mut far, b"early");
    for context in [&mut sender, &mut receiver] {
        assert_eq!(context.wrap(true, 0, b"", NOW, &mut entropy(8)), Err(none));
        assert_eq!(context.get_mic(0, b"", NOW), Err(none));
        assert_eq!(context.unwrap(&token, NOW), Err(none));
        assert_eq!(context.verify_mic(b"", &token, NOW), Err(none));
        assert_eq!(context.wrap_size_limit(true, 0, 2000, NOW), Err(none));
        assert_eq!(context.context_time(NOW), Err(none));
        assert_eq!(context.process_context_token(&token), Err(none));
    }
}

#[test]
fn nothing_is_protected_after_the_lifetime() {
    let (mut sender, mut receiver) = established();
    let token = wrapped(&mut sender, b"late");
    let mic = sender.get_mic(0, b"late", NOW).unwrap();
    let expired = failed(MajorStatus::CONTEXT_EXPIRED, Minor::ContextExpired);
    assert!(
        sender
            .wrap(true, 0, b"", EXPIRES - 1, &mut entropy(8))
            .is_ok()
    );
    assert_eq!(
        sender.wrap(true, 0, b"", EXPIRES, &mut entropy(8)),
        Err(expired)
    );
    assert_eq!(sender.get_mic(0, b"", EXPIRES), Err(expired));
    assert_eq!(receiver.unwrap(&token, EXPIRES), Err(expired));
    assert_eq!(receiver.verify_mic(b"late", &mic, EXPIRES), Err(expired));
    assert_eq!(sender.context_time(EXPIRES), Err(expired));
    assert_eq!(sender.inquire(EXPIRES).lifetime, 0);
}

//= test protocol/5.2-own-direction
#[test]
fn a_token_does_not_pass_as_its_own_reflection_or_another_kind() {
    let (mut sender, mut receiver) = established();
    let mut token = wrapped(&mut sender, b"mine");
    let bad = defective(Minor::MessageHeader);
    assert_eq!(sender.unwrap(&token, NOW), Err(bad));
    token[2] ^= 1;
    assert_eq!(
        sender.unwrap(&token, NOW),
        Err(not_authentic()),
        "other keys, too"
    );
    token[2] ^= 1;
    assert_eq!(receiver.verify_mic(b"mine", &token, NOW), Err(bad));
    assert_eq!(receiver.process_context_token(&token), Err(bad));
    for (at, undefined) in [(2, 0x06), (2, 0x82), (3, 0xfe), (0, 1), (1, 4)] {
        let mut token = token.clone();
        token[at] = undefined;
        assert_eq!(receiver.unwrap(&token, NOW), Err(bad), "{at}");
    }
}

#[test]
fn a_message_beyond_16_mib_is_refused() {
    let (mut sender, _) = established();
    let long = vec![0; (16 << 20) + 1];
    assert_eq!(
        sender.wrap(true, 0, &long, NOW, &mut entropy(8)),
        Err(failed(MajorStatus::FAILURE, Minor::MessageTooLong))
    );
    assert_eq!(
        sender.wrap_size_limit(false, 0, usize::MAX, NOW),
        Ok(16 << 20)
    );
    assert_eq!(sender.wrapped_len(true, long.len()), None);
}

/// The keys of an initiator that sends what it likes, and the other side, established.
fn with_puppet() -> (Keys, SecurityContext) {
    let mut puppet = Puppet::new();
    let Accepted {
        mut context, token, ..
    } = accept(&puppet.first(&token::first_payload(None, None, &Said::default())));
    let keys = puppet.keys(&token);
    let third = third(&keys, &token::confirmation());
    context.continue_with(&third, NOW, &mut entropy(5)).unwrap();
    (keys, context)
}

//= test protocol/5.2-padding
#[test]
fn padding_must_be_exact() {
    let (keys, mut receiver) = with_puppet();

    // A peer with the right keys that pads as it likes.
    let mut send = |plain: &[u8]| {
        let header = [2, 1, 2, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];
        let key = keys.message(super::super::keys::Use::Wrap, Role::Initiator);
        let sealed = crypto::seal(&key, &header, plain, &mut entropy(9));
        let opened = receiver.unwrap(&[&header[..], &sealed].concat(), NOW);
        opened.map(|opened| opened.data.to_vec())
    };
    let padded = |length: u32, size: usize| {
        let mut plain = vec![0; size];
        plain[..4].copy_from_slice(&length.to_be_bytes());
        plain
    };
    let refused = Err(defective(Minor::Padding));
    assert_eq!(send(&padded(2, 1024)), Ok(vec![0, 0]));
    assert_eq!(send(&padded(2, 1088)), refused, "more than needed");
    assert_eq!(send(&padded(2, 1025)), refused, "no padded length");
    assert_eq!(send(&padded(2, 512)), refused, "too short");
    assert_eq!(send(&padded(1021, 1024)), refused, "longer than its token");
    assert_eq!(send(&padded(u32::MAX, 1024)), refused, "far longer");
    let mut dirty = padded(2, 1024);
    dirty[1023] = 1;
    assert_eq!(send(&dirty), refused, "padding that is not zero");
}

#[test]
fn the_last_sequence_number_is_never_taken() {
    let (keys, mut receiver) = with_puppet();
    let puppet = super::super::message::Protection {
        keys: &keys,
        role: Role::Initiator,
    };
    let token = puppet.wrap(true, u64::MAX, b"", &mut entropy(9)).unwrap();
    assert_eq!(
        receiver.unwrap(&token, NOW),
        Err(defective(Minor::MessageHeader))
    );
    let token = puppet
        .wrap(true, u64::MAX - 1, b"", &mut entropy(9))
        .unwrap();
    let status = receiver.unwrap(&token, NOW).unwrap().supplementary;
    assert_eq!(status, MajorStatus::GAP_TOKEN);
}

#[test]
fn the_smallest_sealed_token_has_room_for_what_its_padding_would_be() {
    let (sender, _) = established();
    // Header, nonce and tag, then 1024 bytes: four for the length, the rest for the data.
    let limit = |size| sender.wrap_size_limit(true, 0, size, NOW).unwrap();
    let smallest = 12 + 24 + 16 + 1024;
    assert_eq!([smallest - 1, smallest].map(limit), [0, 1020]);
}

#[test]
fn a_sealed_length_that_no_padding_gives_is_told_from_a_forgery() {
    let (mut sender, mut receiver) = established();
    let token = sender.wrap(true, 0, b"", NOW, &mut entropy(8)).unwrap();
    let of = |length: usize| [&token[..12], &vec![1; 24 + length + 16]].concat();
    let padding = failed(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::Padding);
    // 512 is a padded length, but below the least; 1025 is none.
    for length in [0, 512, 1023, 1025] {
        assert_eq!(receiver.unwrap(&of(length), NOW), Err(padding), "{length}");
    }
    let forged = failed(MajorStatus::BAD_MIC, MinorStatus::NotAuthentic);
    for length in [1024, 1088] {
        assert_eq!(receiver.unwrap(&of(length), NOW), Err(forged), "{length}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_size_limit_is_exact(conf: bool, size in 0usize..20_000) {
        let (sender, _) = established();
        let limit = sender.wrap_size_limit(conf, 0, size, NOW).unwrap();
        let len = |n| sender.wrapped_len(conf, n).unwrap();
        prop_assert!(len(limit) <= size || limit == 0 && len(0) > size);
        prop_assert!(len(limit + 1) > size);
    }

    #[test]
    fn any_message_arrives_as_it_was(conf: bool, data in proptest::collection::vec(any::<u8>(), 0..3000)) {
        let (mut sender, mut receiver) = established();
        let token = sender.wrap(conf, 0, &data, NOW, &mut entropy(8)).unwrap();
        prop_assert_eq!(Some(token.len()), sender.wrapped_len(conf, data.len()));
        let opened = receiver.unwrap(&token, NOW).unwrap();
        prop_assert_eq!(&*opened.data, &data);
        prop_assert_eq!(opened.conf_state, conf);
    }
}
