//! A context that moves to another process, and what both sides derive from it.

use super::*;

fn key(byte: u8) -> Secret<32> {
    Secret::new([byte; 32])
}

//= test gss/2743-2.2.8-gone
#[test]
fn an_exported_context_goes_on_elsewhere_and_no_longer_here() {
    let (mut sender, mut receiver) = established();
    let one = sender.wrap(true, 0, b"one", NOW, &mut entropy(8)).unwrap();
    let token = sender.export_sec_context(&key(1), &mut entropy(9)).unwrap();

    let deleted = failed(MajorStatus::NO_CONTEXT, MinorStatus::Deleted);
    let wrapped = sender.wrap(true, 0, b"two", NOW, &mut entropy(10));
    assert_eq!(wrapped, Err(deleted));
    let again = sender.export_sec_context(&key(1), &mut entropy(9));
    assert_eq!(again, Err(deleted));
    assert!(!sender.inquire(NOW).open);

    let mut moved = SecurityContext::import_sec_context(registry(), &key(1), &token).unwrap();
    assert!(moved.inquire(NOW).open && moved.inquire(NOW).locally_initiated);
    let two = moved.wrap(true, 0, b"two", NOW, &mut entropy(11)).unwrap();
    for (token, message) in [(one, b"one"), (two, b"two")] {
        let opened = receiver.unwrap(&token, NOW).unwrap();
        assert_eq!(&**opened.data, message);
        assert_eq!(opened.supplementary, MajorStatus::COMPLETE, "in order");
    }
}

//= test gss/2743-1.2.10-interprocess
#[test]
fn an_interprocess_token_opens_only_whole_and_under_its_key() {
    let (mut sender, _) = established();
    let token = sender.export_sec_context(&key(1), &mut entropy(9)).unwrap();
    let import = |key: &Secret<32>, token: &[u8]| {
        SecurityContext::import_sec_context(registry(), key, token).map(drop)
    };
    let not_authentic = Err(failed(
        MajorStatus::DEFECTIVE_TOKEN,
        MinorStatus::NotAuthentic,
    ));
    let version = Err(failed(
        MajorStatus::DEFECTIVE_TOKEN,
        MinorStatus::TokenVersion,
    ));
    assert_eq!(import(&key(2), &token), not_authentic);
    for at in 0..token.len() {
        let mut altered = token.clone();
        altered[at] ^= 1;
        let expected = if at == 0 { version } else { not_authentic };
        assert_eq!(import(&key(1), &altered), expected, "byte {at}");
        assert!(import(&key(1), &token[..at]).is_err(), "cut at {at}");
    }
    assert_eq!(import(&key(1), &token), Ok(()));
}

//= test gss/2743-2.2.8-no-token
#[test]
fn only_an_established_context_is_exported() {
    let (mut sender, first) = initiate();
    let mut receiver = accept(&first).context;
    let early = Err(failed(MajorStatus::NO_CONTEXT, MinorStatus::NotEstablished));
    for context in [&mut sender, &mut receiver] {
        assert_eq!(context.export_sec_context(&key(1), &mut entropy(9)), early);
    }
    let (mut sender, mut receiver) = established();
    let deletion = sender.delete_sec_context(1, &mut entropy(8)).unwrap();
    receiver.process_context_token(&deletion).unwrap();
    for context in [&mut sender, &mut receiver] {
        let late = context.export_sec_context(&key(1), &mut entropy(9));
        assert_eq!(late.unwrap_err().major, MajorStatus::NO_CONTEXT);
    }
}

#[test]
fn both_sides_derive_the_same_and_nobody_else() {
    let (sender, receiver) = established();
    let derive = |context: &SecurityContext, input: &[u8], length| {
        context.pseudo_random(input, length, NOW).unwrap().to_vec()
    };
    let ours = derive(&sender, b"input", 48);
    assert_eq!(ours, derive(&receiver, b"input", 48));
    assert_eq!(
        ours[..16],
        derive(&sender, b"input", 16),
        "a shorter one is its beginning"
    );
    assert_ne!(ours, derive(&sender, b"Input", 48));
    assert_eq!(derive(&sender, b"", 0), [0u8; 0]);
    assert_eq!(derive(&sender, b"", 8160).len(), 8160);

    let too_long = failed(MajorStatus::FAILURE, MinorStatus::MessageTooLong);
    assert_eq!(sender.pseudo_random(b"", 8161, NOW), Err(too_long));
    assert_eq!(sender.pseudo_random(b"", usize::MAX, NOW), Err(too_long));
    let expired = failed(MajorStatus::CONTEXT_EXPIRED, MinorStatus::ContextExpired);
    assert_eq!(sender.pseudo_random(b"", 32, EXPIRES), Err(expired));
    let early = failed(MajorStatus::NO_CONTEXT, MinorStatus::NotEstablished);
    assert_eq!(initiate().0.pseudo_random(b"", 32, NOW), Err(early));
}
