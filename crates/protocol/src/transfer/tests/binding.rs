//! What token 1 and the keys are bound to beside the relay: the mailbox, and what the sender says to people.

use super::deadlines::offered;
use super::*;
use crate::invitation::PeerText;
use crate::summary::Summary;
use tigress_mailbox::DisplayInformation;

const ELSEWHERE: &str = "https://relay.example/v1/m/0b0e5f6c-5d0e-4ff2-9d6a-5a1a8f1f8e11";

/// Two invitations with one secret, one credential and one token 1: only the mailbox tells them apart.
fn twins() -> [World; 2] {
    let here = World::invited();
    let mut there = World::with_lifetime(LIFETIME, 0);
    there.relay.url_link = ELSEWHERE.to_owned();
    there.step(SENDER);
    assert_eq!(here.relay.data(), there.relay.data());
    [here, there]
}

//= test protocol/4-one-mailbox
#[test]
fn an_answer_made_for_another_mailbox_of_the_same_secret_is_none() {
    let [mut here, mut there] = twins();
    here.accept(RECEIVER).unwrap();
    here.step(RECEIVER);
    there.relay.put(here.relay.data());
    there.step(SENDER);
    assert_eq!(there.devices[SENDER].events, [TransferEvent::RejectedToken]);
    assert_eq!(there.state(SENDER), TransferState::Invited);
    // Nothing was used up: token 1 is put back, and its own receiver's answer counts.
    there.step(SENDER);
    there.accept(RECEIVER).unwrap();
    there.step(RECEIVER);
    there.step(SENDER);
    assert_eq!(there.state(SENDER), TransferState::Established);
}

//= test protocol/4-one-mailbox
#[test]
fn a_confirmation_made_for_another_mailbox_establishes_nothing() {
    let [mut here, mut there] = twins();
    for world in [&mut here, &mut there] {
        world.accept(RECEIVER).unwrap();
        world.step(RECEIVER);
        world.step(SENDER);
        world.step(SENDER);
    }
    assert_eq!(here.state(SENDER), TransferState::Established);
    there.relay.put(here.relay.data());
    there.step(RECEIVER);
    assert_eq!(there.state(RECEIVER), TransferState::Establishing);
}

pub(super) fn said(title: &str) -> PublicTexts {
    PublicTexts {
        title: PeerText::cut(title),
        description: PeerText::cut("For the weekend"),
        image_url: Some("https://pictures.example/car.png".into()),
        ..PublicTexts::default()
    }
}

/// What an app shows of it, where there is nothing else.
fn shows(public: &PublicTexts) -> Display {
    Display::of(public, None)
}

/// A sender that says this, and a relay that says that.
fn saying(sender: &PublicTexts, relay: &PublicTexts) -> World {
    offering(sender, None, relay)
}

/// The same, with a summary.
pub(super) fn offering(
    sender: &PublicTexts,
    summary: Option<Summary>,
    relay: &PublicTexts,
) -> World {
    let mut world = World::with_lifetime(LIFETIME, 0);
    let start = start(sender, summary);
    let made = Transfer::new_sender(start, START, &mut world.entropy()).unwrap();
    world.devices[SENDER].store(&made);
    world.step(SENDER);
    says(&mut world, relay);
    world
}

pub(super) fn start(public: &PublicTexts, summary: Option<Summary>) -> SenderStart {
    SenderStart {
        id: TransferId::from(uuid::Uuid::from_u128(1)),
        relay: RelayOrigin::parse(relay::ORIGIN).unwrap(),
        vertical: Vertical::General,
        public: public.clone(),
        summary,
        lifetime: LIFETIME,
        pin: None,
        notification: None,
        attestation: None,
    }
}

fn says(world: &mut World, display: &PublicTexts) {
    world.relay.display = DisplayInformation {
        title: display.title.raw().to_owned(),
        description: display.description.raw().to_owned(),
        image_url: display.image_url.clone().unwrap_or_default(),
    };
}

/// What a receiver shows that accepts, by the link or by a file that says something.
pub(super) fn shown(world: &mut World, file: Option<PublicTexts>) -> Display {
    let url = world.share_url();
    world.relay.free();
    let start = ReceiverStart {
        id: TransferId::from(uuid::Uuid::from_u128(2)),
        share_url: &url,
        said: file,
        token: None,
        confirmed: true,
        notification: None,
    };
    let transfer = Transfer::new_receiver(start, START, &mut world.entropy());
    world.devices[RECEIVER].store(&transfer);
    world.look_at_offer(RECEIVER, &[]).unwrap();
    world.devices[RECEIVER].load().summary().display
}

//= test protocol/7-texts
#[test]
fn what_a_receiver_shows_as_the_senders_is_the_senders() {
    let (sender, other) = (said("Car key"), said("Your bank"));
    let authentic = Display {
        authenticity: Authenticity::Authentic,
        ..shows(&sender)
    };
    let altered = Display {
        authenticity: Authenticity::Altered,
        ..Display::default()
    };
    let mut world = saying(&sender, &sender);
    assert_eq!(world.devices[SENDER].load().summary().display, authentic);
    assert_eq!(shown(&mut world, None), authentic);
    // A relay that says something else: to whoever has the link nothing is left, a file's words stay.
    assert_eq!(shown(&mut saying(&sender, &other), None), altered);
    let file = Some(sender.clone());
    assert_eq!(shown(&mut saying(&sender, &other), file), authentic);
    let file = Some(other.clone());
    assert_eq!(shown(&mut saying(&sender, &sender), file), authentic);
    let picture = PublicTexts {
        image_url: Some("https://pictures.example/other.png".into()),
        ..sender.clone()
    };
    assert_eq!(shown(&mut saying(&sender, &picture), None), altered);
}

//= test protocol/7-texts
#[test]
fn what_was_judged_is_not_replaced_by_what_is_read_later() {
    let sender = said("Car key");
    let mut world = saying(&sender, &sender);
    let before = shown(&mut world, None);
    says(&mut world, &said("Your bank"));
    // While the user decides, and from then on.
    let claim = world.devices[RECEIVER].load().place.claim;
    let (wait, known) = (0, None);
    let read = Call::Read { wait, known };
    let answer = Answer {
        reply: world.relay.answer(RECEIVER, claim, &read, START, false),
        now: START,
        date: None,
    };
    world.edit(RECEIVER, |transfer, entropy| {
        let slot = &mut Slot::default();
        transfer.handle(&Next::Read, answer, slot, entropy).unwrap();
    });
    assert_eq!(world.devices[RECEIVER].load().summary().display, before);
    world.run();
    assert_eq!(world.state(RECEIVER), TransferState::Established);
    assert_eq!(world.devices[RECEIVER].load().summary().display, before);
}

#[test]
fn a_token_that_says_nothing_of_the_texts_is_taken_and_they_are_nobodys() {
    let (mut world, accepted) = offered(START, START + HOUR, None);
    assert_eq!(accepted, Ok(()));
    says(&mut world, &said("Car key"));
    assert_eq!(shown(&mut world, None), shows(&said("Car key")));
    assert_eq!(
        shown(&mut world, Some(said("The file's"))),
        shows(&said("The file's"))
    );
}
