use super::*;
use crate::gss::MinorStatus as Minor;

fn no_context(minor: Minor) -> Error {
    failed(MajorStatus::NO_CONTEXT, minor)
}

#[test]
fn a_deletion_tells_the_peer_why_and_what_arrived() {
    let (mut sender, mut receiver) = established();
    let token = sender
        .wrap(true, 0, b"credential", NOW, &mut entropy(8))
        .unwrap();
    receiver.unwrap(&token, NOW).unwrap();
    let deletion = receiver.delete_sec_context(1, &mut entropy(9)).unwrap();
    assert_eq!(receiver.next_send_seq(), 0, "a deletion consumes no number");
    let told = sender.process_context_token(&deletion).unwrap();
    assert_eq!((told.code, told.next_expected), (1, 1));
    assert_eq!(told.supplementary, MajorStatus::COMPLETE);

    // Nothing goes on after it.
    assert!(!sender.inquire(NOW).open);
    let over = no_context(Minor::PeerDeleted);
    assert_eq!(sender.process_context_token(&deletion), Err(over));
    assert_eq!(sender.wrap(true, 0, b"", NOW, &mut entropy(8)), Err(over));
    assert_eq!(sender.get_mic(0, b"", NOW), Err(over));
    assert_eq!(sender.unwrap(&token, NOW), Err(over));
    assert_eq!(sender.delete_sec_context(1, &mut entropy(8)), Err(over));
}

#[test]
fn who_deleted_sends_nothing_more_but_takes_what_is_under_way() {
    let (mut sender, mut receiver) = established();
    let under_way = sender
        .wrap(true, 0, b"under way", NOW, &mut entropy(8))
        .unwrap();
    receiver.delete_sec_context(3, &mut entropy(9)).unwrap();
    let deleted = no_context(Minor::Deleted);
    assert_eq!(
        receiver.wrap(true, 0, b"", NOW, &mut entropy(9)),
        Err(deleted)
    );
    assert_eq!(receiver.get_mic(0, b"", NOW), Err(deleted));
    assert_eq!(receiver.wrap_size_limit(true, 0, 2000, NOW), Err(deleted));
    assert_eq!(
        receiver.delete_sec_context(3, &mut entropy(9)),
        Err(deleted)
    );
    assert_eq!(
        &**receiver.unwrap(&under_way, NOW).unwrap().data,
        b"under way"
    );
}

#[test]
fn crossing_deletions_tell_both_sides_both_reasons() {
    let (mut sender, mut receiver) = established();
    let theirs = receiver.delete_sec_context(1, &mut entropy(9)).unwrap();
    let ours = sender.delete_sec_context(3, &mut entropy(8)).unwrap();
    assert_eq!(sender.process_context_token(&theirs).unwrap().code, 1);
    assert_eq!(receiver.process_context_token(&ours).unwrap().code, 3);
}

#[test]
fn a_deletion_shows_what_is_missing() {
    let (mut sender, mut receiver) = established();
    sender.wrap(true, 0, b"lost", NOW, &mut entropy(8)).unwrap();
    let deletion = sender.delete_sec_context(1, &mut entropy(8)).unwrap();
    let told = receiver.process_context_token(&deletion).unwrap();
    assert_eq!(told.supplementary, MajorStatus::GAP_TOKEN);
}

#[test]
fn an_altered_deletion_changes_nothing() {
    let (mut sender, mut receiver) = established();
    let deletion = sender.delete_sec_context(1, &mut entropy(8)).unwrap();
    for at in 0..deletion.len() {
        let mut altered = deletion.clone();
        altered[at] ^= 1;
        let error = receiver.process_context_token(&altered).unwrap_err();
        assert_eq!(error.major, MajorStatus::DEFECTIVE_TOKEN, "byte {at}");
        assert!(receiver.process_context_token(&deletion[..at]).is_err());
    }
    assert!(receiver.process_context_token(&deletion).is_ok());
}

//= test gss/2744-5.9-half-built
#[test]
fn a_context_that_is_not_established_is_deleted_without_a_token() {
    let (mut sender, first) = initiate();
    let second = accept(&first).token;
    assert_eq!(sender.delete_sec_context(3, &mut entropy(8)), Ok(vec![]));
    let deleted = no_context(Minor::Deleted);
    assert_eq!(
        sender.continue_with(&second, NOW, &mut entropy(4)),
        Err(deleted)
    );
}

#[test]
fn a_deletion_works_after_the_lifetime() {
    let (mut sender, mut receiver) = established();
    assert!(sender.context_time(EXPIRES).is_err());
    let deletion = sender.delete_sec_context(4, &mut entropy(8)).unwrap();
    assert_eq!(receiver.process_context_token(&deletion).unwrap().code, 4);
}

#[test]
fn envelopes_have_a_mic_as_soon_as_both_share_a_key() {
    let (mut sender, first) = initiate();
    assert_eq!(sender.envelope_mic(Role::Initiator, b"body"), None);
    assert!(!sender.verify_envelope(Role::Acceptor, b"body", &[0; 32]));
    let Accepted {
        context: receiver,
        token: second,
        ..
    } = accept(&first);
    let mic = receiver.envelope_mic(Role::Acceptor, b"body").unwrap();

    // The sender tries token 2 on a copy, checks the MIC, and only then keeps the copy.
    let mut tried = sender.tentative();
    tried.continue_with(&second, NOW, &mut entropy(4)).unwrap();
    assert!(!sender.is_complete());
    assert!(tried.verify_envelope(Role::Acceptor, b"body", &mic));
    sender = tried;

    assert!(!sender.verify_envelope(Role::Acceptor, b"bodY", &mic));
    assert!(
        !sender.verify_envelope(Role::Initiator, b"body", &mic),
        "per direction"
    );
    assert!(!sender.verify_envelope(Role::Acceptor, b"body", &mic[..31]));
    assert!(
        receiver.verify_envelope(Role::Acceptor, b"body", &mic),
        "one's own, read back"
    );
    // Outside the sequence numbers, also after the end.
    sender.delete_sec_context(1, &mut entropy(8)).unwrap();
    assert!(sender.envelope_mic(Role::Initiator, b"ack").is_some());
    assert_eq!(sender.next_send_seq(), 0);
}

#[test]
fn the_envelope_key_comes_from_the_handshake_alone() {
    let mut puppet = Puppet::new();
    let accepted = accept(&puppet.first(&token::first_payload(None, None, &Said::default())));
    let mut keys = puppet.keys(&accepted.token);
    let (envelope, control) = (keys.envelope(Role::Acceptor), keys.control(Role::Acceptor));
    let finish = keys.finish();
    // What a PIN will be mixed into.
    keys.master = Secret::new([0; 32]);
    assert_eq!(keys.envelope(Role::Acceptor), envelope);
    assert_eq!(keys.control(Role::Acceptor), control);
    assert_ne!(keys.finish(), finish);
}

#[test]
fn an_abort_is_read_by_the_peer_only() {
    let (sender, receiver) = established();
    let abort = sender.abort_token(7, &mut entropy(8)).unwrap();
    assert_eq!(receiver.open_abort(&abort), Some(7));
    assert_eq!(sender.open_abort(&abort), None, "not one's own, reflected");
    for at in 0..abort.len() {
        let mut altered = abort.clone();
        altered[at] ^= 1;
        assert_eq!(receiver.open_abort(&altered), None, "byte {at}");
        assert_eq!(receiver.open_abort(&abort[..at]), None);
    }
    let (other, _) = initiate();
    assert_eq!(other.open_abort(&abort), None, "no shared key yet");
}

#[test]
fn the_acceptor_can_abort_before_it_is_confirmed() {
    let (mut sender, first) = initiate();
    let accepted = accept(&first);
    let abort = accepted.context.abort_token(6, &mut entropy(9)).unwrap();
    sender
        .continue_with(&accepted.token, NOW, &mut entropy(4))
        .unwrap();
    assert_eq!(sender.open_abort(&abort), Some(6));
}

#[test]
fn a_deletion_that_says_it_is_not_sealed_is_malformed_rather_than_forged() {
    let (mut sender, mut receiver) = established();
    let mut deletion = receiver.delete_sec_context(1, &mut entropy(9)).unwrap();
    assert_eq!(deletion[2], 0x03, "sealed, from the acceptor");
    deletion[2] = 0x01;
    let malformed = Error::token(Minor::MessageHeader);
    assert_eq!(sender.process_context_token(&deletion), Err(malformed));
    deletion[2] = 0x03;
    assert!(sender.process_context_token(&deletion).is_ok());
}
