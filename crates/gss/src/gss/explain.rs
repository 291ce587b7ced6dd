//! Takes a token apart and names its parts, for whoever debugs an integration. Only its form is judged; no context is
//! needed, and none changes.

use super::establish::{CheckedToken, checked, defective, late};
use super::mechanism::{First, Mechanism, Registry, Said};
use super::part::{Part, Taken, hex};
use super::status::Error;
use super::token::{self, Frame};
use crate::auth_credential::AuthCredential;
use crate::oid::Oid;
use tigress_primitives::secret::SharedSecret;

/// What is malformed, in words that hold nothing of what was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

/// A token taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExplainedToken {
    /// The OID in a context token's frame; `None`: a message token, which has no frame.
    pub oid: Option<Oid>,
    /// The name of the mechanism, if it is one of the registry's.
    pub mechanism: Option<&'static str>,
    /// The token id.
    pub id: [u8; 2],
    /// What the mechanism says it is.
    pub name: Option<&'static str>,
    /// Its parts, in order: together they are the whole token.
    pub parts: Vec<TokenPart>,
    /// What the shared secret opened. `None` if it was not given, or opens nothing in such a token.
    pub opened: Option<Result<OpenedToken, Error>>,
}

impl ExplainedToken {
    /// The whole token's length in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.parts.iter().map(|part| part.length).sum()
    }
}

/// One part of a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenPart {
    /// What it is.
    pub name: &'static str,
    /// Where it begins, in bytes from the token's begin.
    pub offset: usize,
    /// Its length in bytes.
    pub length: usize,
    /// Whether it is encrypted.
    pub sealed: bool,
    /// What it says, if that is short and in clear.
    pub value: Option<String>,
}

/// What a first token holds for whoever has the shared secret. Keys are not among it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenedToken {
    /// The auth credential, for the mechanism whose token it is in.
    pub credential: CheckedToken,
    /// What else the mechanism says in it: names and values.
    pub payload: Vec<(&'static str, String)>,
}

/// Takes a token apart: a framed context token, or a message token of one of the registry's mechanisms. With the
/// shared secret of its invitation, a first token is opened as well; no other one can be, because their keys come
/// from ephemeral keys too (forward secrecy).
///
/// # Errors
/// What is malformed. A mechanism that is not known is no error, nor is a secret that does not fit.
pub fn explain(
    registry: &Registry,
    token: &[u8],
    secret: Option<&SharedSecret>,
) -> Result<ExplainedToken, Malformed> {
    if token.first() == Some(&token::FRAME) {
        return explain_framed(registry, token, secret).map_err(Malformed);
    }
    let mut mechanisms = registry.all();
    let explained = mechanisms.find_map(|one| Some((one, one.explain_message(token)?)));
    let (mechanism, explained) = explained.ok_or(Malformed(
        "neither a framed context token (60 …) nor a message token of a known mechanism",
    ))?;
    let Taken { name, parts } = explained.map_err(Malformed)?;
    let id = token.first_chunk().copied().unwrap_or_default();
    Ok(ExplainedToken {
        oid: None,
        mechanism: Some(mechanism.name()),
        id,
        name: Some(name),
        parts: lay_out(parts),
        opened: None,
    })
}

fn explain_framed(
    registry: &Registry,
    token: &[u8],
    secret: Option<&SharedSecret>,
) -> Result<ExplainedToken, &'static str> {
    let frame = token::parse_precisely(token)?;
    let mechanism = registry.find(&frame.oid);
    let taken = match mechanism {
        Some(mechanism) => mechanism.explain(frame.id, frame.body)?,
        None => Taken::unknown(frame.body),
    };
    let opened = mechanism
        .zip(secret)
        .and_then(|(mechanism, secret)| open(mechanism, &frame, secret));
    let name = mechanism.map(|_| taken.name);
    let mut parts = framing(token, &frame);
    parts.extend(taken.parts);
    Ok(ExplainedToken {
        mechanism: mechanism.map(Mechanism::name),
        id: frame.id,
        name,
        parts: lay_out(parts),
        opened,
        oid: Some(frame.oid),
    })
}

/// RFC 2743 §3.1.
fn framing<'t>(token: &'t [u8], frame: &Frame<'t>) -> Vec<Part<'t>> {
    let (head, rest) = token.split_at(token.len() - frame.content_len());
    let (inner, _) = rest.split_at(rest.len() - frame.body.len());
    let (oid, id) = inner.split_at(inner.len() - frame.id.len());
    vec![
        Part::saying("frame: tag and length", head, format!("60, {}", rest.len())),
        Part::saying("mechanism's OID", oid, frame.oid.to_string()),
        Part::saying("token id", id, hex(id)),
    ]
}

/// What the secret opens; nothing but first tokens.
fn open(
    mechanism: &dyn Mechanism,
    frame: &Frame<'_>,
    secret: &SharedSecret,
) -> Option<Result<OpenedToken, Error>> {
    let sealed = mechanism.sealed_credential(frame.id, frame.body).ok()?;
    let opened = AuthCredential::open(secret, &frame.oid, sealed);
    Some(opened.map_err(defective).and_then(|credential| {
        let first = First {
            credential: &credential,
            sealed,
            bindings: None,
            late: late(None),
            said: Said::default(),
            pin: None,
            tries: 1,
        };
        let heard = mechanism.check(&first, frame.body)?;
        Ok(OpenedToken {
            payload: mechanism.explain_payload(&first, frame.body)?,
            credential: checked(&credential, heard),
        })
    }))
}

fn lay_out(parts: Vec<Part<'_>>) -> Vec<TokenPart> {
    let mut offset = 0;
    let place = |part: Part<'_>| {
        let length = part.bytes.len();
        let placed = TokenPart {
            name: part.name,
            offset,
            length,
            sealed: part.sealed,
            value: part.value,
        };
        offset += length;
        placed
    };
    parts.into_iter().map(place).collect()
}
