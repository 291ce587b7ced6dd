//! The worked example of a transfer above the security context: message, envelopes, share URL, CreateMailbox.
//! It goes on from `tests/vectors/protocol.json`, is written to `tests/vectors/transfer.json`, and both are
//! shown in `docs/protocol.md` with `tests/vectors/pin.json`. `TIGRESS_BLESS=1` writes them anew (twice, if one
//! of the others changes too).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::clocks::LINGER;
use super::display::Display;
use super::message;
use super::types::Credential;
use crate::exchange::{Envelope, Side, Window};
use crate::invitation::{PeerText, RelayOrigin, ShareUrl, Vertical};
use tigress_gss::crypto;
use tigress_mailbox::{CreateRequest, DisplayInformation};
use tigress_primitives::secret::Secret;

/// What the worked invitation says to people.
fn worked_display() -> Display {
    Display {
        title: PeerText::cut("Car key"),
        description: PeerText::cut("For the weekend"),
        ..Display::default()
    }
}

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
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

/// An envelope of the vectors: who writes it, with or without its tokens, and whether it aborts.
struct Step<'a> {
    name: &'a str,
    side: Side,
    window: &'a Window,
    mic: Option<&'a Secret<32>>,
    silent: bool,
    abort: Option<Vec<u8>>,
    /// What it ends the transfer with, at whom.
    ends: Option<&'a str>,
}

impl<'a> Step<'a> {
    /// One that ends nothing.
    fn plain(name: &'a str, side: Side, window: &'a Window, mic: Option<&'a Secret<32>>) -> Self {
        Self {
            name,
            side,
            window,
            mic,
            silent: false,
            abort: None,
            ends: None,
        }
    }

    fn row(self) -> Value {
        let mut fields = self.window.fields(self.side, self.silent);
        fields.abort = self.abort;
        let data = fields.encode(|body| self.mic.map(|key| crypto::hmac(key, &[body])));
        let envelope = Envelope::decode(&data).unwrap();
        assert_eq!(envelope.fields(), Some(fields));
        json!({
            "name": self.name,
            "ends": self.ends,
            "body": hex::encode(&envelope.body),
            "mic": envelope.mic.map(hex::encode),
            "data": data,
        })
    }
}

/// The two windows after each of the tokens that establish the context, and the keys of their MICs.
struct Story {
    keys: [Secret<32>; 2],
    /// Token 2 taken, token 3 not made.
    answered: [Window; 2],
    /// Token 3 not acknowledged.
    confirming: [Window; 2],
    /// Both established.
    established: [Window; 2],
}

impl Story {
    fn tell(worked: &Worked) -> (Self, Vec<Value>) {
        let keys = [worked.key("K_env[i]"), worked.key("K_env[a]")];
        let [one, two, three] = ["01 01", "01 02", "01 03"].map(|id| worked.token(id));
        let (mut sender, mut receiver) = (Window::default(), Window::default());
        sender.push(one.clone()).unwrap();
        let mut rows = vec![Step::plain("token 1, without MIC", Side::Sender, &sender, None).row()];
        receiver.take(&one);
        receiver.push(two.clone()).unwrap();
        rows.push(Step::plain("token 2", Side::Receiver, &receiver, Some(&keys[1])).row());
        let says = receiver.fields(Side::Receiver, false);
        sender.acknowledge(&says).unwrap();
        sender.take(&two);
        let answered = [sender.clone(), receiver.clone()];
        sender.push(three.clone()).unwrap();
        rows.push(Step::plain("token 3", Side::Sender, &sender, Some(&keys[0])).row());
        let confirming = [sender.clone(), receiver.clone()];
        let says = sender.fields(Side::Sender, false);
        receiver.acknowledge(&says).unwrap();
        receiver.take(&three);
        let says = receiver.fields(Side::Receiver, true);
        sender.acknowledge(&says).unwrap();
        let story = Self {
            keys,
            answered,
            confirming,
            established: [sender, receiver],
        };
        (story, rows)
    }

    fn step<'a>(
        &'a self,
        name: &'a str,
        side: Side,
        window: &'a Window,
        ends: &'a str,
    ) -> Step<'a> {
        let mic = &self.keys[usize::from(side == Side::Receiver)];
        Step {
            ends: Some(ends),
            ..Step::plain(name, side, window, Some(mic))
        }
    }

    /// By deletions, after the establishment.
    fn deletions(&self, worked: &Worked) -> Vec<Value> {
        let mut rows = Vec::new();
        let [sender, _] = &self.established;
        let mut ends = |name, side: Side, id, ends| {
            let mut window = self.established[usize::from(side == Side::Receiver)].clone();
            let token = worked.token(id);
            window.push_last(token.clone()).unwrap();
            rows.push(self.step(name, side, &window, ends).row());
            token
        };
        let done = ends(
            "deletion: done",
            Side::Receiver,
            "02 03 [a], done",
            "the sender: completed",
        );
        ends(
            "deletion: declined",
            Side::Receiver,
            "02 03 [a], declined",
            "the sender: declined",
        );
        ends(
            "deletion: cancelled",
            Side::Sender,
            "02 03 [i], cancelled",
            "the receiver: cancelled",
        );
        let unknown = "the receiver: failed, code 18446744073709551615";
        ends(
            "deletion: another code",
            Side::Sender,
            "02 03 [i], 2^64 - 1",
            unknown,
        );

        let mut window = sender.clone();
        window.take(&done);
        let name = "acknowledging the deletion done";
        let step = self.step(name, Side::Sender, &window, "the receiver: completed");
        rows.push(
            Step {
                silent: true,
                ..step
            }
            .row(),
        );
        let mut window = sender.clone();
        window.push(worked.token("02 01 sealed [i]")).unwrap();
        window.take(&done);
        let name = "acknowledging it with a message unacknowledged, whose base stays (the sender: unconfirmed)";
        let step = self.step(name, Side::Sender, &window, "the receiver: completed");
        rows.push(
            Step {
                silent: true,
                ..step
            }
            .row(),
        );
        let mut window = sender.clone();
        window
            .push_last(worked.token("02 03 [i], cancelled"))
            .unwrap();
        window.take(&done);
        let name = "crossing deletions, done and cancelled";
        rows.push(
            self.step(name, Side::Sender, &window, "the receiver: completed")
                .row(),
        );
        rows
    }

    /// By aborts, each in the envelope of who aborts or answers.
    fn aborts(&self, worked: &Worked) -> Vec<Value> {
        let abort = |name, side, window, silent, id, ends| {
            let step = self.step(name, side, window, ends);
            let abort = Some(worked.token(id));
            Step {
                silent,
                abort,
                ..step
            }
            .row()
        };
        let [late, _] = &self.answered;
        let [unread, waiting] = &self.confirming;
        let [sender, receiver] = &self.established;
        let (i, a) = (Side::Sender, Side::Receiver);
        vec![
            abort(
                "abort, token 2 not yet acknowledged: token 2 is with it",
                a,
                waiting,
                false,
                "01 ff [a], declined",
                "the sender: declined",
            ),
            abort(
                "abort that follows an answer that came too late",
                i,
                late,
                true,
                "01 ff [i], expired",
                "the receiver: expired",
            ),
            abort(
                "abort, token 3 not yet acknowledged",
                i,
                unread,
                true,
                "01 ff [i]",
                "the receiver: failed, code 7",
            ),
            abort(
                "its answer, token 2 not yet acknowledged",
                a,
                waiting,
                false,
                "01 ff [a]",
                "nobody any more",
            ),
            abort(
                "abort of an established context",
                i,
                sender,
                true,
                "01 ff [i]",
                "the receiver: failed, code 7",
            ),
            abort(
                "its answer",
                a,
                receiver,
                true,
                "01 ff [a]",
                "nobody any more",
            ),
        ]
    }
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

fn envelope_rows(out: &mut String, title: &str, table: &Value) {
    out.push_str(&format!("### {title}\n\n"));
    for row in table.as_array().unwrap() {
        let mic = match &row["mic"] {
            Value::Null => "null".into(),
            mic => shown(mic),
        };
        let mut text = format!(
            "body\n{}\nmic\n{mic}\ndata\n{}",
            wrapped(&shown(&row["body"])),
            wrapped(&shown(&row["data"]))
        );
        if let Value::String(ends) = &row["ends"] {
            text = format!("ends at {ends}\n{text}");
        }
        block(out, &shown(&row["name"]), "", &text);
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
    envelope_rows(
        &mut out,
        "Envelopes, in the order of a transfer",
        &transfer["envelopes"],
    );
    let title = "Endings: envelopes that go on from there";
    envelope_rows(&mut out, title, &transfer["endings"]);
    out.push_str("### Invitation and mailbox\n\n");
    for name in [
        "share URL",
        "share URL with PIN",
        "display",
        "display hash",
        "Mailbox-Recipient-Proof",
    ] {
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
