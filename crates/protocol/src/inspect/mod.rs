//! Explains tokens and envelopes to whoever debugs an integration: what a mailbox held, or a device sent, taken apart
//! by the parsers of the protocol itself. Nothing is authenticated by it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::exchange::{Envelope, Side};
use crate::invitation::InvitationPreview;
use crate::transfer::{Authenticity, PublicTexts};
use tigress_gss::gss::{self, ExplainedToken, Malformed, Role};
use tigress_gss::mechanism::registry;
use tigress_mailbox::{PAYLOAD_TYPE, Payload};
use tigress_primitives::secret::SharedSecret;

/// What was explained.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Explained {
    /// A context token or a message token.
    Token(ExplainedToken),
    /// An envelope: what one write puts into the mailbox.
    Envelope(ExplainedEnvelope),
}

/// An envelope taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExplainedEnvelope {
    /// Length of its CBOR in bytes.
    pub length: usize,
    /// The side that wrote it: the sender of a transfer is the initiator.
    pub side: Role,
    /// Index of the next token that it expects from the other side.
    pub ack: u64,
    /// Index of the first token in it.
    pub base: u64,
    /// Its tokens.
    pub tokens: Vec<EnvelopeToken>,
    /// Running hash of all tokens that its side has received.
    pub hash: [u8; 32],
    /// The abort, which has no index.
    pub abort: Option<EnvelopeToken>,
    /// Whether it has a MIC. The sender's have none as long as `ack` is 0, all others must have one.
    pub mic: bool,
}

/// A token in an envelope; one that is malformed leaves the others readable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnvelopeToken {
    /// Its length in bytes.
    pub length: usize,
    /// Its parts, or what is malformed.
    pub explained: Result<ExplainedToken, Malformed>,
}

/// Explains a token or an envelope: its bytes, or text of them in hexadecimal digits or base64; an envelope also as
/// the relay's payload `{"type", "data"}`, alone or in a call or answer that carries one. `None` if it is none of
/// these: perhaps it is an invitation.
///
/// With the shared secret of the invitation, a first token's auth credential is opened as well. No other token can be
/// opened with it (forward secrecy).
///
/// # Errors
/// What is malformed, in words that hold nothing of the input.
pub fn explain(
    input: &[u8],
    secret: Option<&SharedSecret>,
) -> Result<Option<Explained>, Malformed> {
    if let Some(explained) = explain_bytes(input, secret) {
        return explained.map(Some);
    }
    let text = std::str::from_utf8(input).unwrap_or_default().trim();
    if text.starts_with('{') {
        return match payload_of(text).map_err(Malformed)? {
            Some(payload) => explain_payload(&payload, secret).map(Some),
            None => Ok(None),
        };
    }
    let bytes = from_hex(text).or_else(|| from_base64(text));
    bytes
        .and_then(|bytes| explain_bytes(&bytes, secret))
        .transpose()
}

/// Whose word the texts of a `.tigress` file are, by the token in it. `None` if it holds no texts, or no token that
/// its own secret opens.
#[must_use]
pub fn authenticity(preview: &InvitationPreview) -> Option<Authenticity> {
    let said = PublicTexts::of_file(preview)?;
    let secret = Some(&preview.share_url.secret);
    let explained = gss::explain(registry(), preview.token.as_deref()?, secret).ok()?;
    let credential = explained.opened?.ok()?.credential;
    let bound = credential.application_data.as_deref();
    Some(PublicTexts::judged(bound, said, None).authenticity)
}

/// First bytes: a frame's, a message token's, and an array of two in CBOR. No text begins with one of them, but a grave
/// accent.
const FRAMED: u8 = 0x60;
const MESSAGE: u8 = 0x02;
const ENVELOPE: u8 = 0x82;

fn explain_bytes(
    bytes: &[u8],
    secret: Option<&SharedSecret>,
) -> Option<Result<Explained, Malformed>> {
    match *bytes.first()? {
        FRAMED | MESSAGE => Some(gss::explain(registry(), bytes, secret).map(Explained::Token)),
        ENVELOPE => {
            let envelope = Envelope::from_cbor(bytes).map_err(Malformed);
            Some(envelope.and_then(|envelope| explain_envelope(&envelope, bytes.len(), secret)))
        }
        _ => None,
    }
}

fn explain_envelope(
    envelope: &Envelope,
    length: usize,
    secret: Option<&SharedSecret>,
) -> Result<Explained, Malformed> {
    let fields = envelope.read_fields().map_err(Malformed)?;
    let explain = |token: &Vec<u8>| EnvelopeToken {
        length: token.len(),
        explained: gss::explain(registry(), token, secret),
    };
    Ok(Explained::Envelope(ExplainedEnvelope {
        length,
        side: match fields.side {
            Side::Sender => Role::Initiator,
            Side::Receiver => Role::Acceptor,
        },
        ack: fields.ack,
        base: fields.base,
        tokens: fields.tokens.iter().map(explain).collect(),
        hash: fields.hash,
        abort: fields.abort.as_ref().map(explain),
        mic: envelope.mic.is_some(),
    }))
}

fn explain_payload(
    payload: &Payload,
    secret: Option<&SharedSecret>,
) -> Result<Explained, Malformed> {
    if payload.payload_type != PAYLOAD_TYPE {
        return Err(Malformed("the payload's type is not GSS_API"));
    }
    let envelope = Envelope::from_base64(&payload.data).map_err(Malformed)?;
    // Padded base64, as it has just been read.
    let padding = payload.data.bytes().rev().take_while(|byte| *byte == b'=');
    let length = payload.data.len() / 4 * 3 - padding.count();
    explain_envelope(&envelope, length, secret)
}

/// The relay's payload: alone, or as `payload` of a call or answer. `None` if there is none.
fn payload_of(json: &str) -> Result<Option<Payload>, &'static str> {
    let mut value: serde_json::Value =
        serde_json::from_str(json).map_err(|_| "this begins as JSON does, but is none")?;
    let payload = if let Some(payload) = value.get_mut("payload") {
        payload.take()
    } else if value.get("data").is_some() {
        value
    } else {
        return Ok(None);
    };
    serde_json::from_value(payload)
        .map(Some)
        .map_err(|_| "the payload does not have the texts type and data")
}

/// Hexadecimal digits, with white space anywhere.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().filter(|c| !c.is_whitespace());
    let digits: Vec<u8> = digits
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks();
    rest.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// Base64 of either alphabet, padded or not.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut symbols: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '=')
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    let padding = symbols.len().next_multiple_of(4) - symbols.len();
    symbols.extend(std::iter::repeat_n('=', padding));
    STANDARD.decode(symbols).ok()
}

#[cfg(test)]
mod tests;
