//! The JSON bodies. Unknown keys are ignored when reading.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::time::format_timestamp;
use crate::crypto::sha256;
use crate::secret::Secret;

/// The payload type of this protocol.
pub const PAYLOAD_TYPE: &str = "GSS_API";

/// What the slot holds: opaque to the relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// What the data is, such as [`PAYLOAD_TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// The data, as text.
    pub data: String,
}

/// What the preview page shows; the relay can read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisplayInformation {
    /// A short title.
    pub title: String,
    /// A sentence.
    pub description: String,
    /// An https image; empty for none.
    #[serde(rename = "imageURL")]
    pub image_url: String,
}

/// Where a push gateway can wake a device.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationToken {
    /// The gateway, such as `com.apple.apns`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Opaque.
    #[serde(rename = "tokenData")]
    pub token_data: String,
}

impl std::fmt::Debug for NotificationToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NotificationToken(..)")
    }
}

/// What the creator decides about a mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxConfiguration {
    /// The recipient's rights: R read, W update, D delete; the relay's default is `RD`.
    #[serde(rename = "accessRights", skip_serializing_if = "Option::is_none")]
    pub access_rights: Option<String>,
    /// `YYYY-MM-DDThh:mm:ssZ`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<String>,
}

/// CreateMailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateRequest {
    /// The first payload.
    pub payload: Payload,
    /// For the preview page.
    #[serde(rename = "displayInformation")]
    pub display_information: DisplayInformation,
    /// Where the creator can be woken.
    #[serde(rename = "notificationToken", skip_serializing_if = "Option::is_none")]
    pub notification_token: Option<NotificationToken>,
    /// Rights and expiration.
    #[serde(
        rename = "mailboxConfiguration",
        skip_serializing_if = "Option::is_none"
    )]
    pub mailbox_configuration: Option<MailboxConfiguration>,
    /// Base64url of SHA-256(R): then only who shows R can bind. This project's addition.
    #[serde(rename = "recipientProof", skip_serializing_if = "Option::is_none")]
    pub recipient_proof: Option<String>,
}

impl CreateRequest {
    /// A mailbox as this protocol needs it: the recipient may read, write and delete, and must show `proof`
    /// where the relay supports that. `expires_at` in Unix seconds.
    #[must_use]
    pub fn new(
        data: String,
        display: DisplayInformation,
        expires_at: u64,
        proof: &Secret<32>,
        notification: Option<NotificationToken>,
    ) -> Self {
        Self {
            payload: Payload {
                kind: PAYLOAD_TYPE.to_owned(),
                data,
            },
            display_information: display,
            notification_token: notification,
            mailbox_configuration: Some(MailboxConfiguration {
                access_rights: Some("RWD".to_owned()),
                expiration: Some(format_timestamp(expires_at)),
            }),
            recipient_proof: Some(URL_SAFE_NO_PAD.encode(sha256(&[proof.expose()]))),
        }
    }
}

/// The answer to CreateMailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateResponse {
    /// The mailbox's URL.
    #[serde(rename = "urlLink")]
    pub url_link: String,
    /// Whether the relay can wake devices.
    #[serde(rename = "isPushNotificationSupported", default)]
    pub is_push_notification_supported: bool,
}

/// UpdateMailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateRequest {
    /// What the slot holds from now on.
    pub payload: Payload,
    /// Where the caller can be woken.
    #[serde(rename = "notificationToken", skip_serializing_if = "Option::is_none")]
    pub notification_token: Option<NotificationToken>,
}

/// The answer to UpdateMailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateResponse {
    /// Whether the relay can wake devices.
    #[serde(rename = "isPushNotificationSupported", default)]
    pub is_push_notification_supported: bool,
}

/// The answer to ReadSecureContentFromMailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadResponse {
    /// What the slot holds.
    pub payload: Payload,
    /// As given at creation.
    #[serde(rename = "displayInformation")]
    pub display_information: DisplayInformation,
    /// `YYYY-MM-DDThh:mm:ssZ`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<String>,
}

/// An error, RFC 9457 (`application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// One of [`problem_type`].
    #[serde(rename = "type")]
    pub kind: String,
    /// In words, the same for each of its type.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong with this request; never what it held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The problem types of our relay.
pub mod problem_type {
    /// 400: a body, header or field is missing or malformed.
    pub const BAD_REQUEST: &str = "urn:tigress:relay:bad-request";
    /// 401: the claim does not allow this.
    pub const UNAUTHORIZED: &str = "urn:tigress:relay:unauthorized";
    /// 404: no such mailbox; a client takes this as final.
    pub const NOT_FOUND: &str = "urn:tigress:relay:not-found";
    /// 412: the payload is not at the expected version.
    pub const CHANGED: &str = "urn:tigress:relay:changed";
    /// 413: the body is larger than allowed.
    pub const TOO_LARGE: &str = "urn:tigress:relay:too-large";
    /// 429: too many requests.
    pub const TOO_MANY: &str = "urn:tigress:relay:too-many-requests";
    /// 500: the relay failed.
    pub const INTERNAL: &str = "urn:tigress:relay:internal";
    /// 503: the relay is full, starting or stopping.
    pub const UNAVAILABLE: &str = "urn:tigress:relay:unavailable";
}
