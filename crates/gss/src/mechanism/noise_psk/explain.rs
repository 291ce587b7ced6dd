//! The context tokens taken apart, for whoever debugs an integration.

use super::handshake;
use super::message::sealed_parts;
use super::token::{self, ABORT, ANSWER, CONFIRMATION, FIRST, FirstPayload, PIN_AGAIN, PIN_ANSWER};
use crate::auth_credential;
use crate::gss::{FLAGS, Part, Taken, hex};

/// Length of the prefix of LP(x).
const PREFIX_LEN: usize = 2;

/// Takes the body of a context token apart; else says what is malformed.
pub(super) fn context_token(id: [u8; 2], body: &[u8]) -> Result<Taken<'_>, &'static str> {
    let (name, parts) = match id {
        FIRST => (
            "first token: auth credential and Noise message 1",
            first(body)?,
        ),
        ANSWER => ("second token: Noise message 2", answer(body)?),
        CONFIRMATION => (
            "third token: the initiator's key confirmation",
            sealed_parts(body)?,
        ),
        PIN_AGAIN => ("the PIN was wrong: another try", sealed_parts(body)?),
        PIN_ANSWER => ("answer to another try at the PIN", sealed_parts(body)?),
        ABORT => ("abort", sealed_parts(body)?),
        _ => return Err("the mechanism has no context token with this token id"),
    };
    Ok(Taken { name, parts })
}

fn first(body: &[u8]) -> Result<Vec<Part<'_>>, &'static str> {
    let (sealed, message) = token::first(FIRST, body).map_err(
        |_| "the lengths of auth credential and Noise message do not add up to the token's",
    )?;
    let (version, nonce, data) = auth_credential::split(sealed)
        .ok_or("the sealed auth credential is too short to be one")?;
    let (prefix, rest) = body.split_at(PREFIX_LEN);
    let (_, rest) = rest.split_at(sealed.len());
    let (second_prefix, _) = rest.split_at(PREFIX_LEN);
    let mut parts = vec![
        length(prefix, sealed),
        Part::saying("auth credential: version", version, hex(version)),
        Part::clear("auth credential: nonce", nonce),
        Part::sealed("auth credential: content and tag", data),
        length(second_prefix, message),
    ];
    parts.extend(noise(message)?);
    Ok(parts)
}

fn answer(body: &[u8]) -> Result<Vec<Part<'_>>, &'static str> {
    let (message, pin) = token::answer(ANSWER, body)
        .map_err(|_| "the length of the Noise message goes beyond the token")?;
    let (prefix, _) = body.split_at(PREFIX_LEN);
    let mut parts = vec![length(prefix, message)];
    parts.extend(noise(message)?);
    if !pin.is_empty() {
        parts.extend(sealed_parts(pin).map_err(|_| "the PIN's answer is too short to be one")?);
    }
    Ok(parts)
}

fn length<'t>(prefix: &'t [u8], of: &[u8]) -> Part<'t> {
    Part::saying("length", prefix, of.len().to_string())
}

fn noise(message: &[u8]) -> Result<[Part<'_>; 2], &'static str> {
    let (key, payload) =
        handshake::split(message).ok_or("the Noise message is shorter than a key and a tag")?;
    Ok([
        Part::clear("Noise message: ephemeral key", key),
        Part::sealed("Noise message: payload and tag", payload),
    ])
}

/// What token 1 says inside.
pub(super) fn first_payload(payload: &FirstPayload) -> Vec<(&'static str, String)> {
    let element = payload.element.as_ref();
    let element = element.map(|element| ("PIN's element", format!("{} bytes", element.len())));
    let bindings = payload
        .bindings
        .map(|hash| ("channel bindings", hex(&hash)));
    // Reading the payload has checked that they are these.
    let flags = ("flags", format!("{FLAGS:02x}"));
    let data = payload.said.application_data.as_deref();
    let data = data.map(|data| ("application data", hex(data)));
    let summary = payload.said.summary.as_ref();
    let summary = summary.map(|summary| ("summary", format!("{} bytes", summary.len())));
    [Some(flags), bindings, element, data, summary]
        .into_iter()
        .flatten()
        .collect()
}
