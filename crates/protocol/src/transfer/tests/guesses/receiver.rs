//! A receiver whose user looks for the PIN, and mistypes it, at a relay that says what it likes.

use super::*;

fn receiver(url: &ShareUrl) -> Transfer {
    let start = ReceiverStart {
        id: TransferId::from(uuid::Uuid::nil()),
        share_url: url,
        token: None,
        said: None,
        confirmed: true,
        notification: None,
    };
    Transfer::new_receiver(start, NOW, &mut entropy(40))
}

fn unused(_: &CredentialId) -> bool {
    false
}

#[test]
fn what_was_judged_stays_while_the_user_looks_for_the_pin() {
    let (honest, _) = sender();
    let (url, _, _) = honest.invitation().unwrap();
    let mut receiver = receiver(&url);
    let mut slot = Slot::default();
    shows(&mut receiver, &honest.first_envelope(), &mut slot, 3);
    receiver.validate(&unused, NOW, None).unwrap();
    assert_eq!(events(&receiver), [PinRequired]);
    assert_eq!(receiver.state(), TransferState::PinRequired);

    // Somebody with the URL makes a token 1 of their own, with a credential that was never judged.
    let auth = tigress_gss::auth_credential::AuthCredential::new(
        registry().preferred().unwrap(),
        NOW,
        NOW + 3600,
        true,
        &mut entropy(50),
    );
    let credential = InitiatorCredential::new(auth, url.secret.clone()).with_pin(wrong(), 5);
    let draws = &mut entropy(51);
    let (_, forged) =
        gss::init_sec_context(registry(), &credential, None, None, NOW, draws).unwrap();
    let mut window = Window::default();
    window.push(forged).unwrap();
    let data = window.fields(Side::Sender, false).encode(|_| None);
    shows(&mut receiver, &data, &mut slot, 4);

    receiver
        .provide_pin(&right(), NOW, &mut entropy(5))
        .unwrap();
    assert_eq!(receiver.state(), TransferState::Establishing);
    let (mut honest, mut slot) = sender();
    shows(&mut honest, &receiver.envelope().unwrap(), &mut slot, 6);
    assert_eq!(honest.state(), TransferState::Established);
}

#[test]
fn what_was_not_judged_is_never_answered() {
    let (honest, _) = sender();
    let (url, _, _) = honest.invitation().unwrap();
    let mut receiver = receiver(&url);
    let mut slot = Slot::default();
    shows(&mut receiver, &honest.first_envelope(), &mut slot, 3);
    // A kill came before it was judged: neither by itself nor for a PIN is it answered.
    assert!(!receiver.advance(NOW, &mut entropy(4)).unwrap());
    let refused = receiver.provide_pin(&right(), NOW, &mut entropy(5));
    assert_eq!(refused, Err(Refused::PinNotAsked));
    assert!(receiver.phase.is_offered() && receiver.envelope().is_none());
}

#[test]
fn after_a_wrong_pin_the_receiver_asks_its_user_again() {
    let (mut honest, mut slot) = sender();
    let (url, _, _) = honest.invitation().unwrap();
    let mut receiver = receiver(&url);
    let mut seen = Slot::default();
    shows(&mut receiver, &honest.first_envelope(), &mut seen, 3);
    receiver.validate(&unused, NOW, None).unwrap();
    receiver
        .provide_pin(&wrong(), NOW, &mut entropy(4))
        .unwrap();
    assert_eq!(receiver.state(), TransferState::Establishing);

    shows(&mut honest, &receiver.envelope().unwrap(), &mut slot, 5);
    shows(&mut receiver, &honest.envelope().unwrap(), &mut seen, 6);
    assert_eq!(
        events(&receiver),
        [PinRequired, PinRejected { tries_left: 4 }]
    );
    assert_eq!(receiver.state(), TransferState::PinRequired);
    receiver
        .provide_pin(&right(), NOW, &mut entropy(7))
        .unwrap();
    assert_eq!(receiver.state(), TransferState::Establishing);
    shows(&mut honest, &receiver.envelope().unwrap(), &mut slot, 8);
    assert_eq!(honest.state(), TransferState::Established);
}

/// A sender and a receiver whose user types a wrong PIN, as long as one is asked for, but at most so often.
fn mistyped(times: u8) -> (Transfer, Transfer) {
    let (mut honest, mut slot) = sender();
    let (url, _, _) = honest.invitation().unwrap();
    let mut receiver = receiver(&url);
    let mut seen = Slot::default();
    shows(&mut receiver, &honest.first_envelope(), &mut seen, 3);
    receiver.validate(&unused, NOW, None).unwrap();
    for time in 0..times {
        let fresh = 60 + 3 * time;
        receiver
            .provide_pin(&wrong(), NOW, &mut entropy(fresh))
            .unwrap();
        let answer = receiver.envelope().unwrap();
        shows(&mut honest, &answer, &mut slot, fresh + 1);
        let judged = honest.envelope().unwrap();
        shows(&mut receiver, &judged, &mut seen, fresh + 2);
    }
    (honest, receiver)
}

#[test]
fn the_receiver_is_told_that_its_last_pin_was_wrong_and_none_is_left() {
    let (sender, receiver) = mistyped(5);
    let none_left = PinRejected { tries_left: 0 };
    assert!(events(&sender).contains(&none_left));
    assert!(events(&receiver).contains(&none_left));
    assert_ne!(receiver.state(), TransferState::PinRequired);
}

#[test]
fn an_abort_for_another_reason_says_nothing_of_a_pin() {
    let (mut sender, mut receiver) = mistyped(1);
    let before = events(&receiver);
    sender
        .terminate(TerminateReason::Cancelled, NOW, &mut entropy(80))
        .unwrap();
    receiver
        .provide_pin(&right(), NOW, &mut entropy(81))
        .unwrap();
    assert_eq!(receiver.state(), TransferState::Establishing);
    let (abort, mut seen) = (sender.envelope().unwrap(), Slot::default());
    shows(&mut receiver, &abort, &mut seen, 82);
    // Shown again it is not answered again.
    let answered = receiver.to_record();
    shows(&mut receiver, &abort, &mut Slot::default(), 83);
    assert_eq!(receiver.to_record(), answered);
    let rejected = |event: &TransferEvent| matches!(event, PinRejected { .. });
    let after = events(&receiver);
    let count = |events: &[TransferEvent]| events.iter().filter(|e| rejected(e)).count();
    assert_eq!(count(&before), count(&after));
    assert_ne!(receiver.state(), TransferState::Establishing);
}
