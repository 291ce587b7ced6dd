//! What the invitation says to whoever holds it, and to nobody else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::binding::{offering, said, shown, start};
use super::*;
use crate::invitation::PeerText;
use crate::summary::Summary;
use tigress_gss::auth_credential::AuthCredential;
use tigress_gss::gss::{self, ChannelBindings, InitiatorCredential};
use tigress_gss::mechanism::registry;

const MALFORMED: Refused = Refused::BadMailbox("the first token's summary is malformed");

fn car_key() -> Summary {
    let format = Some("digitalwallet.carkey.ccc".to_owned());
    Summary::new("Car key", "For the weekend", "Ada", format, true).unwrap()
}

/// As an app shows it.
fn car_key_shown() -> Display {
    Display {
        title: PeerText::cut("Car key"),
        description: PeerText::cut("For the weekend"),
        sender: PeerText::cut("Ada"),
        format: Some("digitalwallet.carkey.ccc".to_owned()),
        may_be_passed_on: true,
        image_url: None,
        authenticity: Authenticity::Authentic,
    }
}

//= test protocol/7.2-first
#[test]
fn the_summary_is_shown_whatever_the_relay_and_a_file_say() {
    let (silent, other) = (PublicTexts::default(), said("Your bank"));
    for relay in [&silent, &other] {
        let mut world = offering(&silent, Some(car_key()), relay);
        let sender = world.devices[SENDER].load().summary().display;
        assert_eq!(sender, car_key_shown());
        assert_eq!(shown(&mut world, None), car_key_shown());
        assert_eq!(shown(&mut world, Some(other.clone())), car_key_shown());
    }
    // A picture is in public: it is shown where it is the sender's.
    let picture = said("A key");
    let shown = |relay| shown(&mut offering(&picture, Some(car_key()), relay), None);
    assert_eq!(shown(&picture).image_url, picture.image_url);
    assert_eq!(shown(&other), car_key_shown());
}

//= test protocol/7.2-sealed
#[test]
fn the_request_that_makes_the_mailbox_has_no_word_of_the_summary() {
    let made = |summary| {
        let entropy = &mut Entropy::from_seed(&Secret::new([1; 32]));
        let start = start(&PublicTexts::default(), summary);
        let made = Transfer::new_sender(start, START, entropy).unwrap();
        let request = made.creation().unwrap();
        (request.url, request.body.unwrap())
    };
    let (url, body) = made(Some(car_key()));
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    // As whoever takes the base64 off sees it.
    let data = json["payload"]["data"].as_str().unwrap();
    let envelope = STANDARD.decode(data).unwrap();
    for word in ["Car key", "weekend", "Ada", "carkey"] {
        let has = |bytes: &[u8]| {
            bytes
                .windows(word.len())
                .any(|seen| seen == word.as_bytes())
        };
        assert!(!has(&body) && !has(&envelope), "{word}");
        assert!(!url.contains(word), "{word}");
    }
    // Nor does its length tell how much was said.
    let short = Summary::new("Key", "", "", None, false).unwrap();
    assert_eq!(made(Some(short)).1.len(), body.len());
}

/// Somebody who has the link puts a first token with this summary into the mailbox.
fn summarised(content: &[u8]) -> (World, Result<(), Refused>) {
    let mut world = World::invited();
    let secret = world.share_url().secret;
    let oid = registry().preferred().unwrap();
    let draws = &mut world.entropy();
    let auth = AuthCredential::new(oid, START, START + HOUR, false, draws);
    let credential = InitiatorCredential::new(auth, secret).with_summary(content.to_vec());
    let bindings = ChannelBindings::for_mailbox(relay::ORIGIN, relay::MAILBOX_ID);
    let made = gss::init_sec_context(registry(), &credential, Some(&bindings), None, START, draws);
    put(&mut world, made.unwrap().1);
    let accepted = world.accept(RECEIVER);
    (world, accepted)
}

fn put(world: &mut World, token: Vec<u8>) {
    let mut window = Window::default();
    window.push(token).unwrap();
    let data = window.fields(Side::Sender, false).encode(|_| None);
    world.relay.put(data);
}

//= test protocol/7.2-malformed protocol/7.2-later
#[test]
fn a_malformed_summary_is_given_back_and_a_later_one_says_nothing() {
    let good = car_key().encode().unwrap();
    let (world, accepted) = summarised(&good);
    assert_eq!(accepted, Ok(()));
    let display = world.devices[RECEIVER].load().summary().display;
    assert_eq!(display, car_key_shown());
    for later in [&[2][..], &[0xff, 1, 2]] {
        let (mut world, accepted) = summarised(later);
        assert_eq!(accepted, Ok(()));
        let display = world.devices[RECEIVER].load().summary().display;
        assert_eq!(display, Display::default());
        world.step(RECEIVER);
        assert!(world.devices[RECEIVER].load().has_used_credential());
    }
    for malformed in [&[][..], &[1, 0, 0], &good[..255]] {
        let (world, accepted) = summarised(malformed);
        assert_eq!(accepted, Err(MALFORMED));
        let receiver = world.devices[RECEIVER].load();
        assert_eq!(receiver.summary().display, Display::default());
        assert!(!receiver.has_used_credential());
    }
}

//= test protocol/7.2-sealed
#[test]
fn a_relay_that_touches_the_summary_is_found_out() {
    let silent = PublicTexts::default();
    let first = |world: &World| {
        let sender = world.devices[SENDER].load();
        sender.window.fields(Side::Sender, false).tokens.remove(0)
    };
    let mut world = offering(&silent, Some(car_key()), &silent);
    let mut token = first(&world);
    let inside = token.len() - 100;
    token[inside] ^= 1;
    put(&mut world, token);
    let refused = world.accept(RECEIVER);
    assert!(matches!(refused, Err(Refused::Security(_))), "{refused:?}");
    let shown = world.devices[RECEIVER].load().summary().display;
    assert_eq!(shown, Display::default());
    // Of another invitation, which has another secret.
    let mut world = offering(&silent, Some(car_key()), &silent);
    let entropy = &mut Entropy::from_seed(&Secret::new([9; 32]));
    let other = Transfer::new_sender(start(&silent, Some(car_key())), START, entropy).unwrap();
    put(
        &mut world,
        other.window.fields(Side::Sender, false).tokens.remove(0),
    );
    let refused = world.accept(RECEIVER);
    assert!(matches!(refused, Err(Refused::Security(_))), "{refused:?}");
}

#[test]
fn it_is_there_before_the_pin_and_for_both_sides_after_the_end() {
    let silent = PublicTexts::default();
    let mut world = World::with_lifetime(LIFETIME, 0);
    let start = SenderStart {
        pin: Some((pin(), 5)),
        ..start(&silent, Some(car_key()))
    };
    let made = Transfer::new_sender(start, START, &mut world.entropy()).unwrap();
    world.devices[SENDER].store(&made);
    world.step(SENDER);
    world.accept(RECEIVER).unwrap();
    assert_eq!(world.state(RECEIVER), TransferState::PinRequired);
    let shown = |world: &World, device: usize| world.devices[device].load().summary().display;
    assert_eq!(shown(&world, RECEIVER), car_key_shown());
    world.terminate(RECEIVER, TerminateReason::Declined);
    world.run();
    assert_eq!(shown(&world, RECEIVER), car_key_shown());
    assert_eq!(shown(&world, SENDER), car_key_shown());
}
