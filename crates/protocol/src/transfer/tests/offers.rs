//! What a receiver is offered: what it refuses without a token, and how it gives it back.

use super::*;
use tigress_gss::gss::MajorStatus;

/// What a refused offer must leave: nothing written, the claim given back, and the right device succeeds.
pub(super) fn the_right_device_still_succeeds(mut world: World) {
    assert!(world.relay.writes(RECEIVER).is_empty());
    assert!(!world.relay.is_claimed());
    assert!(world.devices[RECEIVER].outcome().is_some());
    let right = world.devices.len();
    world.devices.push(Device::new());
    world.accept(right).unwrap();
    world.run();
    assert_eq!(world.state(right), TransferState::Established);
    assert_eq!(world.state(SENDER), TransferState::Established);
}

/// The slot's envelope with another first token.
fn with_token(world: &World, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut fields = world.slot();
    change(&mut fields.tokens[0]);
    fields.encode(|_| None)
}

fn is(refused: &Refused, status: MajorStatus) -> bool {
    matches!(refused, Refused::Security(error) if error.major == status)
}

#[test]
fn a_device_with_another_secret_writes_nothing_and_the_right_one_succeeds() {
    let mut world = World::invited();
    let mut url = world.share_url();
    url.secret = Secret::new([9; 32]);
    let error = world.accept_as(RECEIVER, &url, None, &[]).unwrap_err();
    assert!(is(&error, MajorStatus::DEFECTIVE_CREDENTIAL));
    the_right_device_still_succeeds(world);
}

#[test]
fn an_unknown_mechanism_is_refused_without_a_token() {
    let mut world = World::invited();
    let good = world.relay.data().to_owned();
    // The last octet of the mechanism's OID.
    world.relay.put(with_token(&world, |token| token[38] = 2));
    let error = world.accept(RECEIVER).unwrap_err();
    assert!(is(&error, MajorStatus::BAD_MECH));
    world.relay.put(good);
    the_right_device_still_succeeds(world);
}

#[test]
fn an_altered_or_cut_first_token_is_refused_without_a_token() {
    for change in [
        (|token: &mut Vec<u8>| *token.last_mut().unwrap() ^= 1) as fn(&mut Vec<u8>),
        |token| token[100] ^= 1,
        |token| token.truncate(token.len() - 1),
        Vec::clear,
    ] {
        let mut world = World::invited();
        let good = world.relay.data().to_owned();
        world.relay.put(with_token(&world, change));
        world.accept(RECEIVER).unwrap_err();
        world.relay.put(good);
        the_right_device_still_succeeds(world);
    }
}

#[test]
fn a_credential_used_on_this_device_before_is_refused() {
    let mut world = World::invited();
    let url = world.share_url();
    let used = *world.devices[SENDER].load().credential_id().unwrap();
    let error = world.accept_as(RECEIVER, &url, None, &[used]).unwrap_err();
    assert_eq!(error, Refused::AlreadyUsed);
    the_right_device_still_succeeds(world);
}

#[test]
fn a_mailbox_that_holds_another_token_than_the_file_is_refused() {
    let mut world = World::invited();
    let url = world.share_url();
    let other = Some(vec![0x60, 0]);
    let error = world.accept_as(RECEIVER, &url, other, &[]).unwrap_err();
    assert!(matches!(error, Refused::BadMailbox(_)), "{error:?}");
    the_right_device_still_succeeds(world);
}

//= test protocol/9-relinquish
#[test]
fn an_offer_that_expired_is_given_back_and_never_deleted() {
    // Without a relay's clock the device's own, far ahead, is all there is.
    let mut world = World::invited();
    world.relay.date = None;
    world.devices[RECEIVER].skew = 30 * 24 * 3600;
    assert_eq!(world.accept(RECEIVER), Err(Refused::Expired));
    the_right_device_still_succeeds(world);

    // It expires after the user was asked.
    let mut world = World::invited();
    world.relay.date = None;
    world.accept(RECEIVER).unwrap();
    world.devices[RECEIVER].skew = 30 * 24 * 3600;
    while world.outcome(RECEIVER).is_none() {
        world.step(RECEIVER);
    }
    assert_eq!(world.outcome(RECEIVER), Some(Outcome::Expired));
    world.devices[RECEIVER].skew = 0;
    the_right_device_still_succeeds(world);
}

#[test]
fn an_offer_that_was_not_checked_is_not_answered() {
    // The first look at the mailbox got no answer, and `accept_invitation` failed: nobody has checked the
    // credential, and the app's user was not asked.
    let mut world = World::invited();
    let url = world.share_url();
    let transfer = world.unread(&url, None, START);
    world.devices[RECEIVER].store(&transfer);
    for _ in 0..5 {
        world.step(RECEIVER);
    }
    assert!(world.relay.writes(RECEIVER).is_empty());
    assert!(!world.devices[RECEIVER].load().has_used_credential());
    // Asking again goes on with the same claim.
    world.look_at_offer(RECEIVER, &[]).unwrap();
    world.run();
    assert_eq!(world.state(RECEIVER), TransferState::Established);
}

#[test]
fn declining_gives_the_claim_back_and_accepting_later_works() {
    let mut world = World::invited();
    let url = world.share_url();
    world.accept(RECEIVER).unwrap();
    let first = world.devices[RECEIVER].load();
    world.terminate(RECEIVER, TerminateReason::Declined);
    // Killed on the way: it is given back after the restart.
    world.try_step(RECEIVER, Fault::LostRequest).unwrap();
    world.devices[RECEIVER].kill();
    assert_eq!(world.step(RECEIVER), Next::Relinquish);
    assert_eq!(world.outcome(RECEIVER), Some(Outcome::Declined));
    assert!(!world.relay.is_claimed());
    let declined = world.devices[RECEIVER].load();
    assert!(declined.may_be_accepted_again() && !declined.has_used_credential());

    world.accept_as(RECEIVER, &url, None, &[]).unwrap();
    assert!(world.devices[RECEIVER].load().place.claim != first.place.claim);
    world.run();
    assert_eq!(world.state(RECEIVER), TransferState::Established);
    assert!(!world.devices[RECEIVER].load().may_be_accepted_again());
}

//= test protocol/3-same-transfer
#[test]
fn accepting_again_goes_on_with_the_apps_cursor() {
    let mut world = World::invited();
    let url = world.share_url();
    world.accept(RECEIVER).unwrap();
    world.terminate(RECEIVER, TerminateReason::Declined);
    world.run();
    assert_eq!(world.devices[RECEIVER].cursor, 1);
    let declined = world.devices[RECEIVER].load();
    world.accept_as(RECEIVER, &url, None, &[]).unwrap();
    world.edit(RECEIVER, |transfer, _| transfer.follow(&declined));
    let update = world.devices[RECEIVER].load().update_after(1);
    assert_eq!((update.cursor, update.events.len()), (1, 0));
    world.run();
    let closed = TransferEvent::Closed {
        outcome: Outcome::Declined,
    };
    let events = [closed, TransferEvent::Established];
    assert_eq!(world.devices[RECEIVER].events, events);
}

#[test]
fn an_offer_that_was_given_back_is_not_accepted_any_more() {
    let mut world = World::invited();
    world.accept(RECEIVER).unwrap();
    let validated = |world: &mut World| {
        let now = world.clock(RECEIVER);
        world.edit(RECEIVER, |transfer, _| {
            transfer.validate(&|_| false, now, None)
        })
    };
    assert_eq!(validated(&mut world), Ok(()));
    world.terminate(RECEIVER, TerminateReason::Declined);
    assert_eq!(validated(&mut world), Err(Refused::Expired));
    world.run();
    assert_eq!(world.outcome(RECEIVER), Some(Outcome::Declined));
    assert_eq!(validated(&mut world), Err(Refused::Expired));
}
