//! What a body may hold, beside its form.

use tigress_mailbox::{AccessRights, CreateRequest, NotificationToken, decode_recipient_proof};

use super::fault::Fault;
use crate::store::ProofDigest;

/// Longest title, description and notification token, in bytes; longest URL of a picture.
pub(super) const MAX_TEXT: usize = 4096;
pub(super) const MAX_IMAGE_URL: usize = 2048;

/// What people and the push gateway are shown is bounded (docs/protocol.md, section 10), and so is the first payload, since
/// anybody may make a mailbox.
pub(super) fn check_sizes(body: &CreateRequest, first_payload: usize) -> Result<(), Fault> {
    let (payload, shown) = (&body.payload, &body.display_information);
    let payload = payload
        .data
        .len()
        .saturating_add(payload.payload_type.len());
    let fits = payload <= first_payload
        && shown.title.len() <= MAX_TEXT
        && shown.description.len() <= MAX_TEXT
        && shown.image_url.len() <= MAX_IMAGE_URL;
    if !fits {
        return Err(Fault::TooLarge);
    }
    check_token(body.notification_token.as_ref())
}

pub(super) fn check_token(token: Option<&NotificationToken>) -> Result<(), Fault> {
    let size = token.map_or(0, |token| token.token_type.len() + token.token_data.len());
    if size > MAX_TEXT {
        return Err(Fault::TooLarge);
    }
    Ok(())
}

pub(super) fn rights(wanted: Option<&str>) -> Result<AccessRights, Fault> {
    let Some(text) = wanted else {
        return Ok(AccessRights::default());
    };
    text.parse().map_err(|_| Fault::Malformed("accessRights"))
}

pub(super) fn proof(text: &str) -> Result<ProofDigest, Fault> {
    let digest = decode_recipient_proof(text).ok_or(Fault::Malformed("recipientProof"))?;
    Ok(ProofDigest::new(*digest.expose()))
}
