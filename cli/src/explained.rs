//! Tokens and envelopes taken apart, as `tigress inspect` shows them.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use tigress::Error;
use tigress_gss::gss::{ExplainedToken, OpenedToken, Role};
use tigress_mailbox::format_timestamp;
use tigress_protocol::inspect::{EnvelopeToken, ExplainedEnvelope};
use tigress_protocol::transfer::Refused;

use crate::exit::{FAILED, Failure};
use crate::offer::Offer;

/// A token.
#[derive(Serialize)]
pub(crate) struct Token {
    bytes: usize,
    mechanism: Option<String>,
    mechanism_name: Option<&'static str>,
    id: String,
    name: Option<&'static str>,
    parts: Vec<Part>,
    opened: Option<Opened>,
}

#[derive(Serialize)]
struct Part {
    name: &'static str,
    offset: usize,
    bytes: usize,
    sealed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

/// What the secret opened.
#[derive(Serialize)]
struct Opened {
    credential: String,
    issued: u64,
    expires: u64,
    pin: bool,
    payload: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Box<Offer>>,
}

/// An envelope.
#[derive(Serialize)]
pub(crate) struct Envelope {
    bytes: usize,
    version: u8,
    side: &'static str,
    ack: u64,
    base: u64,
    tokens: Vec<Item>,
    hash: String,
    abort: Option<Item>,
    mic: bool,
}

/// A token of an envelope; an abort has no index.
#[derive(Serialize)]
struct Item {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(flatten)]
    content: Content,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content {
    Token(Token),
    Malformed { bytes: usize, malformed: String },
}

impl Token {
    /// Why the secret did not open it.
    pub(crate) fn flaw(token: &ExplainedToken) -> Option<Failure> {
        let error = token.opened.as_ref()?.as_ref().err()?;
        Some(Failure {
            exit: FAILED,
            ..Error::from(Refused::from(*error)).into()
        })
    }
}

impl From<ExplainedToken> for Token {
    fn from(token: ExplainedToken) -> Self {
        let bytes = token.length();
        let part = |part: tigress_gss::gss::TokenPart| Part {
            name: part.name,
            offset: part.offset,
            bytes: part.length,
            sealed: part.sealed,
            value: part.value,
        };
        Self {
            bytes,
            mechanism: token.oid.map(|oid| oid.to_string()),
            mechanism_name: token.mechanism,
            id: hex(&token.id),
            name: token.name,
            parts: token.parts.into_iter().map(part).collect(),
            opened: token.opened.and_then(Result::ok).map(Opened::from),
        }
    }
}

impl From<OpenedToken> for Opened {
    fn from(opened: OpenedToken) -> Self {
        let credential = opened.credential;
        Self {
            credential: credential.credential_id.to_string(),
            issued: credential.issued_at,
            expires: credential.expires_at,
            pin: credential.pin_required,
            payload: opened.payload.into_iter().collect(),
            summary: credential
                .summary
                .as_deref()
                .and_then(Offer::of)
                .map(Box::new),
        }
    }
}

impl Envelope {
    /// What is wrong with its tokens: the first flaw.
    pub(crate) fn flaw(envelope: &ExplainedEnvelope) -> Option<Failure> {
        let all = envelope.tokens.iter().chain(&envelope.abort);
        let flaw = |token: &EnvelopeToken| match &token.explained {
            Ok(token) => Token::flaw(token),
            Err(what) => Some(Failure::new(
                "malformed",
                format!("a token in the envelope is malformed: {what}"),
            )),
        };
        all.filter_map(flaw).next()
    }
}

impl From<ExplainedEnvelope> for Envelope {
    fn from(envelope: ExplainedEnvelope) -> Self {
        let tokens = envelope.tokens.into_iter();
        Self {
            bytes: envelope.length,
            version: 1,
            side: match envelope.side {
                Role::Initiator => "sender",
                Role::Acceptor => "receiver",
            },
            ack: envelope.ack,
            base: envelope.base,
            tokens: tokens
                .zip(0..)
                .map(|(token, nth)| Item::new(Some(envelope.base.saturating_add(nth)), token))
                .collect(),
            hash: hex(&envelope.hash),
            abort: envelope.abort.map(|abort| Item::new(None, abort)),
            mic: envelope.mic,
        }
    }
}

impl Item {
    fn new(index: Option<u64>, token: EnvelopeToken) -> Self {
        let content = match token.explained {
            Ok(explained) => Content::Token(explained.into()),
            Err(what) => Content::Malformed {
                bytes: token.length,
                malformed: what.to_string(),
            },
        };
        Self { index, content }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self
            .name
            .unwrap_or("token of a mechanism that is not known");
        write!(f, "{name}, {} bytes", self.bytes)?;
        match (self.mechanism_name, &self.mechanism) {
            (Some(name), Some(oid)) => write!(f, "\nmechanism: {name}, {oid}")?,
            (Some(name), None) => {
                write!(f, "\nmechanism: {name}, as its form tells: it has no frame")?
            }
            (None, oid) => write!(f, "\nmechanism: {}", oid.as_deref().unwrap_or_default())?,
        }
        write!(f, "\noffset   bytes")?;
        for part in &self.parts {
            write!(f, "\n{:6}  {:6}  {}", part.offset, part.bytes, part.name)?;
            if part.sealed {
                f.write_str(", sealed")?;
            }
            if let Some(value) = &part.value {
                write!(f, ": {value}")?;
            }
        }
        self.opened.as_ref().map_or(Ok(()), |opened| opened.fmt(f))
    }
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pin = if self.pin { "needed" } else { "not needed" };
        write!(f, "\nopened with the secret, keys not shown:")?;
        write!(f, "\n  auth credential: {}", self.credential)?;
        write!(f, "\n  issued: {}", format_timestamp(self.issued))?;
        write!(f, "\n  expires: {}", format_timestamp(self.expires))?;
        write!(f, "\n  PIN: {pin}")?;
        let mut payload = self.payload.iter();
        payload.try_for_each(|(name, value)| write!(f, "\n  {name}: {value}"))?;
        let summary = self.summary.as_ref();
        summary.map_or(Ok(()), |summary| write!(f, "{summary}"))
    }
}

impl fmt::Display for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            side,
            bytes,
            ack,
            base,
            ..
        } = self;
        write!(
            f,
            "envelope of the {side}, {bytes} bytes, version {}",
            self.version
        )?;
        write!(f, "\nack: {ack}, the next token that it expects")?;
        write!(f, "\nbase: {base}, its first token")?;
        write!(f, "\nhash of all tokens received: {}", self.hash)?;
        let mic = match (self.mic, *side, ack) {
            (true, ..) => "there",
            (false, "sender", 0) => "none, as before the first answer",
            (false, ..) => "missing",
        };
        write!(f, "\nMIC: {mic}")?;
        if self.tokens.is_empty() {
            write!(f, "\nno tokens")?;
        }
        self.tokens
            .iter()
            .chain(&self.abort)
            .try_for_each(|item| item.fmt(f))
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "\n\ntoken {index}: ")?,
            None => write!(f, "\n\nabort: ")?,
        }
        match &self.content {
            Content::Token(token) => token.fmt(f),
            Content::Malformed { bytes, malformed } => {
                write!(f, "{bytes} bytes, malformed: {malformed}")
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
