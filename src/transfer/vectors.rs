//! The worked example of a transfer above the security context: message, envelopes, share URL, CreateMailbox.
//! It goes on from `tests/vectors/protocol.json`, is written to `tests/vectors/transfer.json`, and both are
//! shown in `docs/protocol.md` with `tests/vectors/pin.json`. `TIGRESS_BLESS=1` writes them anew (twice, if one
//! of the others changes too).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::clocks::LINGER;
use super::message;
use super::types::Credential;
use crate::crypto;
use crate::exchange::{Envelope, Side, Window};
use crate::invitation::{RelayOrigin, ShareUrl, Vertical};
use crate::mailbox::{CreateRequest, DisplayInformation};
use crate::secret::Secret;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
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

/// The keys and tokens that this goes on from.
struct Worked(Value);

impl Worked {
    fn load() -> Self {
        Self(serde_json::from_str(&read(KEYS)).unwrap())
    }

    fn find(&self, table: &str, name: &str) -> Vec<u8> {
        let mut rows = self.0[table].as_array().unwrap().iter();
        let row = rows.find(|row| row["name"] == name);
        hex::decode(row.expect(name)["out"].as_str().unwrap()).unwrap()
    }

    fn key(&self, name: &str) -> Secret<32> {
        Secret::from_slice(&self.find("keys", name)).unwrap()
    }

    fn token(&self, name: &str) -> Vec<u8> {
        self.find("tokens", name)
    }

    fn origin(&self) -> RelayOrigin {
        RelayOrigin::parse(self.0["inputs"]["relay origin"].as_str().unwrap()).unwrap()
    }
}

fn step(
    what: &str,
    side: Side,
    window: &Window,
    mic: Option<&Secret<32>>,
    abort: Option<Vec<u8>>,
) -> Value {
    let mut fields = window.fields(side, false);
    fields.abort = abort;
    let data = fields.encode(|body| mic.map(|key| crypto::hmac(key, &[body])));
    let envelope = Envelope::decode(&data).unwrap();
    assert_eq!(envelope.fields(), Some(fields));
    json!({
        "name": what,
        "body": hex::encode(&envelope.body),
        "mic": envelope.mic.map(hex::encode),
        "data": data,
    })
}

/// The envelopes of an establishment, the integrity-only wrap token standing for a (shorter) message, and an
/// abort.
fn envelopes(worked: &Worked) -> Vec<Value> {
    let (k_i, k_a) = (worked.key("K_env[i]"), worked.key("K_env[a]"));
    let (one, two, three) = (
        worked.token("01 01"),
        worked.token("01 02"),
        worked.token("01 03"),
    );
    let deletion = worked.token("02 03 [a]");
    let (mut sender, mut receiver) = (Window::default(), Window::default());

    sender.push(one.clone()).unwrap();
    let first = step("token 1, without MIC", Side::Sender, &sender, None, None);
    receiver.take(&one);
    receiver.push(two.clone()).unwrap();
    let answer = step("token 2", Side::Receiver, &receiver, Some(&k_a), None);
    sender
        .acknowledge(&receiver.fields(Side::Receiver, false))
        .unwrap();
    sender.take(&two);
    sender.push(three.clone()).unwrap();
    let confirmation = step("token 3", Side::Sender, &sender, Some(&k_i), None);
    receiver
        .acknowledge(&sender.fields(Side::Sender, false))
        .unwrap();
    receiver.take(&three);
    receiver.push_last(deletion).unwrap();
    let end = step("deletion", Side::Receiver, &receiver, Some(&k_a), None);
    let abort = worked.token("01 ff [i]");
    let abort = step(
        "abort, token 3 not yet acknowledged",
        Side::Sender,
        &sender,
        Some(&k_i),
        Some(abort),
    );
    vec![first, answer, confirmation, end, abort]
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
    let envelopes = envelopes(&worked);
    let create = CreateRequest::new(
        envelopes[0]["data"].as_str().unwrap().to_owned(),
        DisplayInformation {
            title: "Car key".into(),
            description: "For the weekend".into(),
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
        "share URL": share_url(&worked, false),
        "share URL with PIN": share_url(&worked, true),
        "CreateMailbox": create,
        "Mailbox-Recipient-Proof": URL_SAFE_NO_PAD.encode(worked.key("R").expose()),
    })
}

/// A heading and a block of text.
fn block(out: &mut String, heading: &str, from: &str, lines: &str) {
    let from = if from.is_empty() {
        String::new()
    } else {
        format!(" — from {from}")
    };
    out.push_str(&format!("**{heading}**{from}\n\n```text\n{lines}\n```\n\n"));
}

fn wrapped(text: &str) -> String {
    let chars: Vec<_> = text.chars().collect();
    let lines: Vec<String> = chars
        .chunks(WIDTH)
        .map(|line| line.iter().collect())
        .collect();
    lines.join("\n")
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) => {
            let parts: Vec<_> = map
                .iter()
                .map(|(k, v)| format!("{k} {}", shown(v)))
                .collect();
            parts.join(", ")
        }
        other => other.to_string(),
    }
}

fn inputs(out: &mut String, title: &str, table: &Value) {
    out.push_str(&format!("\n### {title}\n\n| input | value |\n|---|---|\n"));
    for (name, value) in table.as_object().unwrap() {
        out.push_str(&format!("| {name} | `{}` |\n", shown(value)));
    }
    out.push('\n');
}

fn rows(out: &mut String, title: &str, table: &Value) {
    out.push_str(&format!("### {title}\n\n"));
    for row in table.as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        block(
            out,
            name,
            &shown(&row["from"]),
            &wrapped(row["out"].as_str().unwrap()),
        );
    }
}

/// The section of the specification between its two markers.
fn rendered(keys: &Value, transfer: &Value, pin: &Value) -> String {
    let mut out = String::new();
    inputs(&mut out, "Inputs", &keys["inputs"]);
    rows(&mut out, "Keys and what they come from", &keys["keys"]);
    rows(
        &mut out,
        "Tokens, framed where they are context tokens",
        &keys["tokens"],
    );
    out.push_str("### Padmé\n\n| length | padded |\n|---|---|\n");
    for pair in keys["padme"].as_array().unwrap() {
        out.push_str(&format!("| {} | {} |\n", pair[0], pair[1]));
    }
    out.push_str("\n### Messages\n\n");
    for row in transfer["messages"].as_array().unwrap() {
        let from = format!(
            "format `{}`, content `{}`",
            shown(&row["format"]),
            shown(&row["content"])
        );
        block(
            &mut out,
            &shown(&row["name"]),
            &from,
            &wrapped(&shown(&row["out"])),
        );
    }
    out.push_str("### Envelopes, in the order of a transfer\n\n");
    for row in transfer["envelopes"].as_array().unwrap() {
        let mic = if row["mic"].is_null() {
            "null".into()
        } else {
            shown(&row["mic"])
        };
        let text = format!(
            "body\n{}\nmic\n{mic}\ndata\n{}",
            wrapped(&shown(&row["body"])),
            wrapped(&shown(&row["data"]))
        );
        block(&mut out, &shown(&row["name"]), "", &text);
    }
    out.push_str("### Invitation and mailbox\n\n");
    for name in ["share URL", "share URL with PIN", "Mailbox-Recipient-Proof"] {
        block(&mut out, name, "", &shown(&transfer[name]));
    }
    block(
        &mut out,
        "CreateMailbox, its body",
        "",
        &wrapped(&transfer["CreateMailbox"].to_string()),
    );
    inputs(&mut out, "With a PIN: inputs", &pin["inputs"]);
    let title = "With a PIN, typed wrong and then right: keys and what they come from";
    rows(&mut out, title, &pin["keys"]);
    let title = "With a PIN: tokens, in the order of a transfer";
    rows(&mut out, title, &pin["tokens"]);
    out
}

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
