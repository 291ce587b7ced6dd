//! The worked example of a transfer above the security context: message, envelopes, share URL, CreateMailbox.
//! It goes on from `tests/vectors/protocol.json`, is written to `tests/vectors/transfer.json`, and both are
//! shown in `docs/protocol.md` with `tests/vectors/pin.json`. `TIGRESS_BLESS=1` writes them anew (twice, if one
//! of the others changes too).

mod shown;
mod story;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shown::rendered;
use story::{Story, Worked};

use crate::exchange::{Envelope, Side, Window};
use crate::invitation::{PeerText, RelayOrigin, ShareUrl, Vertical};
use crate::summary::Summary;
use crate::transfer::clocks::LINGER;
use crate::transfer::types::Credential;
use crate::transfer::{PublicTexts, message};
use tigress_gss::crypto;
use tigress_mailbox::{CreateRequest, DisplayInformation};
use tigress_primitives::secret::Secret;

/// What the worked invitation says to people.
fn worked_display() -> PublicTexts {
    PublicTexts {
        title: PeerText::cut("Car key"),
        description: PeerText::cut("For the weekend"),
        ..PublicTexts::default()
    }
}

/// What it says to whoever holds it, where it does.
fn worked_summary() -> Summary {
    let format = Some("digitalwallet.carkey.ccc".to_owned());
    Summary::new("Car key", "For the weekend", "Ada", format, false).unwrap()
}

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// The summary in the token of `protocol.json`.
const SUMMARY: &str =
    include_str!("../../../../../gss/src/mechanism/noise_psk/tests/vectors/summary.hex");
const KEYS: &str = "tests/vectors/protocol.json";
const PIN: &str = "tests/vectors/pin.json";
const TRANSFER: &str = "tests/vectors/transfer.json";
const SPECIFICATION: &str = "docs/protocol.md";
const BEGIN: &str = "<!-- vectors:begin -->\n";
const END: &str = "<!-- vectors:end -->\n";
/// Hexadecimal digits a line.
const WIDTH: usize = 96;

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/{path}")).unwrap()
}

/// Compares with what is stored, or stores it when that is asked for.
fn check(path: &str, made: &str) {
    if std::env::var_os("TIGRESS_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(format!("{ROOT}/{path}"), made).unwrap();
    }
    assert!(
        read(path) == made,
        "{path} is stale: run with TIGRESS_BLESS=1 if the change is meant"
    );
}

fn share_url(worked: &Worked, pin: bool) -> String {
    let secret = worked.0["inputs"]["S"].as_str().unwrap();
    let url = ShareUrl {
        relay: worked.origin(),
        mailbox: "2bba630e-519b-41ec-81d3-0242ac130003".parse().unwrap(),
        vertical: Vertical::General,
        secret: Secret::from_slice(&hex::decode(secret).unwrap()).unwrap(),
        pin_required: pin,
    };
    url.to_url().to_string()
}

fn message_row(name: &str, credential: &Credential) -> Value {
    let made = message::encode(credential);
    assert_eq!(message::decode(&made).as_ref(), Ok(credential));
    json!({
        "name": name,
        "format": credential.format,
        "content": String::from_utf8(credential.content.to_vec()).unwrap(),
        "media type": credential.media_type,
        "out": hex::encode(&*made),
    })
}

fn worked_example() -> Value {
    let worked = Worked::load();
    let plain = Credential::new("org.example.note", b"hello".to_vec());
    let token = Credential {
        format: "digitalwallet.generic.authorizationToken".into(),
        content: br#"{"token":"example"}"#.to_vec().into(),
        media_type: Some("application/json".into()),
    };
    let (story, envelopes) = Story::tell(&worked);
    let endings = [story.deletions(&worked), story.aborts(&worked)].concat();
    let display = worked_display();
    assert_eq!(
        worked.0["inputs"]["application data"],
        hex::encode(display.hash())
    );
    let summary = worked_summary();
    let content = summary.encode().unwrap();
    assert_eq!(
        hex::encode(&content),
        SUMMARY,
        "what protocol.json has in token 1"
    );
    let create = CreateRequest::new(
        envelopes[0]["data"].as_str().unwrap().to_owned(),
        DisplayInformation {
            title: display.title.raw().into(),
            description: display.description.raw().into(),
            image_url: String::new(),
        },
        worked.0["inputs"]["expires"].as_u64().unwrap() + LINGER,
        &worked.key("R"),
        None,
    );
    json!({
        "about": "Goes on from protocol.json: messages, envelopes, share URL, CreateMailbox. Names as in docs/protocol.md.",
        "messages": [message_row("without media type", &plain), message_row("with media type", &token)],
        "envelopes": envelopes,
        "endings": endings,
        "share URL": share_url(&worked, false),
        "share URL with PIN": share_url(&worked, true),
        "display": hex::encode(&*display.canonical().encode()),
        "display hash": hex::encode(display.hash()),
        "summary": {
            "title": summary.title.raw(),
            "description": summary.description.raw(),
            "format": summary.format,
            "sender": summary.sender.raw(),
            "may be passed on": summary.may_be_passed_on,
            "out": hex::encode(&content),
        },
        "CreateMailbox": create,
        "Mailbox-Recipient-Proof": URL_SAFE_NO_PAD.encode(worked.key("R").expose()),
    })
}

//= test protocol/7-creation
#[test]
fn the_worked_transfer_is_what_the_code_does() {
    check(TRANSFER, &format!("{:#}\n", worked_example()));
}

#[test]
fn the_specification_shows_the_vectors() {
    let specification = read(SPECIFICATION);
    let (before, rest) = specification.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let pin = serde_json::from_str(&read(PIN)).unwrap();
    let section = rendered(&Worked::load().0, &worked_example(), &pin);
    check(
        SPECIFICATION,
        &format!("{before}{BEGIN}{section}{END}{after}"),
    );
}
