//! The story of an invitation on its way, and what hostile ones meet.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod docs;
mod edited;
mod file;
mod pasted;
mod qr;
mod relay_origin;
mod share_url;

use std::fmt::{Debug, Display};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use uuid::Uuid;

use super::*;
use tigress_primitives::secret::SharedSecret;

/// The same cases in every run: the core's tests draw no randomness.
fn config() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(4),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Bytes 0, 1, 2 … 31.
fn counted_secret() -> SharedSecret {
    SharedSecret::new(std::array::from_fn(|index| index as u8))
}

const COUNTED: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn example() -> ShareUrl {
    ShareUrl {
        relay: RelayOrigin::parse("https://relay.example.com").unwrap(),
        mailbox: Uuid::from_u128(0x2bba630e_519b_11ec_81d3_0242ac130003),
        vertical: Vertical::General,
        secret: counted_secret(),
        pin_required: false,
    }
}

/// A framed token of a mechanism with the OID 1.3.6.1.4.1.1 (content 2b 06 01 04 01 01).
fn framed_token() -> Vec<u8> {
    b"\x60\x0e\x06\x06\x2b\x06\x01\x04\x01\x01\x01\x01body".to_vec()
}

fn example_file() -> InvitationFile {
    InvitationFile {
        share_url: example(),
        title: PeerText::new("Car key").unwrap(),
        description: PeerText::new("For the weekend").unwrap(),
        image_url: Some("https://pictures.example/car.png".to_owned()),
        expiration: 1_893_456_000,
        token: Some(framed_token()),
    }
}

fn relays() -> impl Strategy<Value = RelayOrigin> {
    let texts = prop_oneof![
        "https://[a-z][a-z0-9]{0,9}(\\.[a-z][a-z0-9-]{0,8}[a-z0-9]){0,3}(:[1-9][0-9]{0,3})?",
        "http://127\\.0\\.0\\.[1-9](:[1-9][0-9]{0,3})?",
        Just("http://[::1]:8080".to_owned()),
        Just("http://localhost".to_owned()),
        Just("https://[2001:db8::7]".to_owned()),
    ];
    // A name may by chance start like punycode that is none.
    texts.prop_filter_map("an origin", |text| RelayOrigin::parse(&text).ok())
}

fn verticals() -> impl Strategy<Value = Vertical> {
    prop_oneof![
        Just(Vertical::General),
        Just(Vertical::HomeKey),
        Just(Vertical::CarKey)
    ]
}

prop_compose! {
    fn share_urls()(
        relay in relays(),
        mailbox in any::<u128>(),
        vertical in verticals(),
        secret in any::<[u8; 32]>(),
        pin_required in any::<bool>(),
    ) -> ShareUrl {
        let (mailbox, secret) = (Uuid::from_u128(mailbox), SharedSecret::new(secret));
        ShareUrl { relay, mailbox, vertical, secret, pin_required }
    }
}

/// What a value shows, in every way that it can be shown.
fn all_shown(value: &(impl Debug + Display)) -> String {
    format!("{value} {value:?} {value:#?}")
}

/// No run of twelve characters of `input` is in `shown`.
fn echoes(shown: &str, input: &str) -> bool {
    let chars: Vec<char> = input.chars().collect();
    chars
        .windows(12)
        .any(|window| shown.contains(&window.iter().collect::<String>()))
}

/// One edit of a text.
fn edited(text: &str, at: usize, edit: u8, with: char) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = at % chars.len();
    match edit % 4 {
        0 => chars[at] = with,
        1 => chars.insert(at, with),
        2 => drop(chars.remove(at)),
        _ => chars.truncate(at),
    }
    chars.into_iter().collect()
}
