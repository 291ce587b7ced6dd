use super::*;
use tigress_primitives::cbor;

/// The context as it comes back after a kill.
fn revived(context: &SecurityContext) -> SecurityContext {
    let saved = context.save();
    let restored = SecurityContext::restore(registry(), &saved).unwrap();
    assert_eq!(restored.save(), saved);
    restored
}

#[test]
fn a_kill_between_any_two_steps_changes_nothing() {
    let (sender, first) = initiate();
    let mut sender = revived(&sender);
    let accepted = accept(&first);
    let mut receiver = revived(&accepted.context);
    let third = sender
        .continue_with(&accepted.token, NOW, &mut entropy(4))
        .unwrap();
    let mut sender = revived(&sender);
    receiver
        .continue_with(&third.token.unwrap(), NOW, &mut entropy(5))
        .unwrap();
    let mut receiver = revived(&receiver);

    let one = sender.wrap(true, 0, b"one", NOW, &mut entropy(8)).unwrap();
    let mut sender = revived(&sender);
    let two = sender.wrap(true, 0, b"two", NOW, &mut entropy(9)).unwrap();
    receiver.unwrap(&one, NOW).unwrap();
    let mut receiver = revived(&receiver);
    let again = receiver.unwrap(&one, NOW).unwrap();
    assert_eq!(again.supplementary, MajorStatus::DUPLICATE_TOKEN);
    let opened = receiver.unwrap(&two, NOW).unwrap();
    assert_eq!(opened.supplementary, MajorStatus::COMPLETE);

    let deletion = receiver.delete_sec_context(1, &mut entropy(10)).unwrap();
    let mut receiver = revived(&receiver);
    assert!(receiver.delete_sec_context(1, &mut entropy(10)).is_err());
    sender.process_context_token(&deletion).unwrap();
    let mut sender = revived(&sender);
    assert!(sender.process_context_token(&deletion).is_err());
}

#[test]
fn the_initiator_goes_on_as_if_it_had_never_stopped() {
    let (mut awake, first) = initiate();
    let mut revived = revived(&awake);
    let second = accept(&first).token;
    let step = awake.continue_with(&second, NOW, &mut entropy(4));
    assert_eq!(revived.continue_with(&second, NOW, &mut entropy(4)), step);
    assert_eq!(revived.save(), awake.save());
}

#[test]
fn keys_that_have_done_their_work_are_not_kept() {
    let holds = |saved: &[u8], key: &[u8]| saved.windows(key.len()).any(|bytes| bytes == key);
    let (mut sender, first) = initiate();
    let psk = keys::psk(&auth());
    // What `initiate` drew: the nonce of the sealed credential, then the ephemeral key.
    let ephemeral: Secret<32> = {
        let mut drawn = entropy(2);
        drawn.bytes::<12>();
        drawn.secret()
    };
    assert!(holds(&sender.save(), psk.expose()) && holds(&sender.save(), ephemeral.expose()));
    let accepted = accept(&first);
    sender
        .continue_with(&accepted.token, NOW, &mut entropy(4))
        .unwrap();
    assert!(!holds(&sender.save(), psk.expose()) && !holds(&sender.save(), ephemeral.expose()));

    let theirs: Secret<32> = entropy(3).secret();
    let saved = accepted.context.save();
    assert!(!holds(&saved, theirs.expose()) && !holds(&saved, psk.expose()));
    for saved in [sender.save(), saved] {
        assert!(!holds(&saved, auth().key.expose()) && !holds(&saved, secret().expose()));
    }
}

#[test]
fn the_pins_master_is_not_kept_in_an_ended_context() {
    use super::pin::{asking, pin, take, try_answer};
    let keys = |context: &SecurityContext| {
        let saved = context.save();
        let map = cbor::decode_map(&saved).unwrap();
        let inner = map.map(9).unwrap();
        [7, 8].map(|key| inner.bytes(key).unwrap().to_vec())
    };
    let (mut sender, first) = asking(5);
    let mut accepted = try_answer(&first, Some(pin())).unwrap();
    let third = take(&mut sender, &accepted.token, 4).token.unwrap();
    take(&mut accepted.context, &third, 5);
    for mut context in [sender, accepted.context] {
        let [root, master] = keys(&context);
        assert_ne!(root, master, "a PIN is in it");
        context.end();
        assert_eq!(keys(&context), [root.clone(), root], "for envelopes alone");
        let saved = context.save();
        assert!(!saved.windows(32).any(|bytes| bytes == master));
    }
}

#[test]
fn a_saved_context_that_is_not_understood_is_refused() {
    let (sender, _) = established();
    let saved = sender.save();
    let saved = cbor::decode_map(&saved).unwrap();
    let restore = |map: &cbor::Map| SecurityContext::restore(registry(), &map.encode()).map(drop);
    let malformed = Err(failed(MajorStatus::FAILURE, MinorStatus::State));
    assert_eq!(restore(&saved), Ok(()));
    assert_eq!(
        restore(&saved.clone().with(0, 2u64)),
        Err(failed(MajorStatus::FAILURE, MinorStatus::StateVersion))
    );
    assert_eq!(
        restore(&saved.clone().with(1, &[0x2a, 3])),
        Err(failed(MajorStatus::BAD_MECH, MinorStatus::UnknownMechanism))
    );
    assert_eq!(restore(&saved.clone().with(10, 0u64)), malformed);
    assert_eq!(restore(&saved.clone().with(3, "never")), malformed);
    let inner = saved.map(9).unwrap().clone();
    for bad in [
        inner.clone().with(0, 3u64),
        inner.clone().with(0, 6u64),
        inner.clone().with(0, 0u64),
        // An initiator never awaits a confirmation.
        inner.clone().with(0, 1u64),
        inner.clone().with(7, &[0; 31]),
        inner.with(9, 0u64),
    ] {
        assert_eq!(restore(&saved.clone().with(9, bad)), malformed);
    }
}

//= test protocol/5-no-transport
#[test]
fn a_restored_backup_never_repeats_a_nonce() {
    let (sender, _) = established();
    let backup = sender.save();
    let wrapped = |text: &[u8], fresh: u8| {
        let mut sender = SecurityContext::restore(registry(), &backup).unwrap();
        sender
            .wrap(true, 0, text, NOW, &mut entropy(fresh))
            .unwrap()
    };
    // The same place in the sequence twice, as a phone does that was set back.
    let (one, two) = (wrapped(b"before", 40), wrapped(b"after", 41));
    assert_eq!(one[..12], two[..12]);
    assert_ne!(one[12..36], two[12..36]);
}
