//! The JSON bodies. Unknown keys are ignored when reading.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use super::object::{object, optional};
use super::time::format_timestamp;
use tigress_primitives::hash::sha256;
use tigress_primitives::secret::Secret;

/// The payload type of this protocol.
pub const PAYLOAD_TYPE: &str = "GSS_API";

/// What the slot holds: opaque to the relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// What the data is, such as [`PAYLOAD_TYPE`].
    #[serde(rename = "type")]
    pub payload_type: String,
    /// The data, as text.
    pub data: String,
}

impl Payload {
    //= draft/3.3-opaque draft/8.1.3-does-not-look
    /// A payload of this protocol's type.
    #[must_use]
    pub fn gss_api(data: String) -> Self {
        Self {
            payload_type: PAYLOAD_TYPE.to_owned(),
            data,
        }
    }
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
    pub token_type: String,
    /// Opaque.
    #[serde(rename = "tokenData")]
    pub token_data: String,
}

tigress_primitives::record! {
    struct NotificationToken { token_type: 1, token_data: 2 }
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
    #[serde(deserialize_with = "object")]
    pub payload: Payload,
    /// For the preview page.
    #[serde(rename = "displayInformation", deserialize_with = "object")]
    pub display_information: DisplayInformation,
    /// Where the creator can be woken.
    #[serde(
        rename = "notificationToken",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub notification_token: Option<NotificationToken>,
    /// Rights and expiration.
    #[serde(
        rename = "mailboxConfiguration",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub mailbox_configuration: Option<MailboxConfiguration>,
    /// Base64url of SHA-256(R): then only who shows R can bind. This project's addition.
    #[serde(rename = "recipientProof", skip_serializing_if = "Option::is_none")]
    pub recipient_proof: Option<String>,
}

impl CreateRequest {
    //= protocol/7-creation
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
            payload: Payload::gss_api(data),
            display_information: display,
            notification_token: notification,
            mailbox_configuration: Some(MailboxConfiguration {
                access_rights: Some("RWD".to_owned()),
                expiration: Some(format_timestamp(expires_at)),
            }),
            recipient_proof: Some(recipient_proof_hash(proof)),
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
    #[serde(deserialize_with = "object")]
    pub payload: Payload,
    /// Where the caller can be woken.
    #[serde(
        rename = "notificationToken",
        default,
        deserialize_with = "optional",
        skip_serializing_if = "Option::is_none"
    )]
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
    #[serde(deserialize_with = "object")]
    pub payload: Payload,
    /// As given at creation.
    #[serde(rename = "displayInformation", deserialize_with = "object")]
    pub display_information: DisplayInformation,
    /// `YYYY-MM-DDThh:mm:ssZ`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<String>,
}

/// The answer to an UpdateMailbox that was to be held, once there is another payload: both in one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldUpdateResponse {
    /// What an update is told.
    #[serde(flatten)]
    pub updated: UpdateResponse,
    /// What a read is.
    #[serde(flatten)]
    pub read: ReadResponse,
}

/// An error, RFC 9457 (`application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// One of [`problems`](super::problems).
    #[serde(rename = "type")]
    pub problem_type: String,
    /// In words, the same for each of its type.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong with this request; never what it held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What the recipient may do with a mailbox; the initiator may always do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRights {
    /// `R`
    pub read: bool,
    /// `W`
    pub write: bool,
    /// `D`
    pub delete: bool,
}

impl AccessRights {
    /// `RWD`: what a transfer needs.
    pub const ALL: Self = Self {
        read: true,
        write: true,
        delete: true,
    };
}

impl Default for AccessRights {
    /// `RD`, the draft's default.
    fn default() -> Self {
        Self {
            read: true,
            write: false,
            delete: true,
        }
    }
}

/// The access rights name no right, an unknown one, or one twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown access right")]
pub struct InvalidRights;

impl FromStr for AccessRights {
    type Err = InvalidRights;

    fn from_str(text: &str) -> Result<Self, InvalidRights> {
        let mut rights = Self {
            read: false,
            write: false,
            delete: false,
        };
        for letter in text.chars() {
            let right = match letter {
                'R' => &mut rights.read,
                'W' => &mut rights.write,
                'D' => &mut rights.delete,
                _ => return Err(InvalidRights),
            };
            if std::mem::replace(right, true) {
                return Err(InvalidRights);
            }
        }
        if text.is_empty() {
            Err(InvalidRights)
        } else {
            Ok(rights)
        }
    }
}

impl fmt::Display for AccessRights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [(self.read, "R"), (self.write, "W"), (self.delete, "D")];
        letters
            .iter()
            .filter(|(on, _)| *on)
            .try_for_each(|(_, letter)| f.write_str(letter))
    }
}

/// What CreateMailbox carries: base64url (no padding) of SHA-256 of the proof.
#[must_use]
pub fn recipient_proof_hash(proof: &Secret<32>) -> String {
    URL_SAFE_NO_PAD.encode(sha256(&[proof.expose()]))
}

/// What a binding read carries: base64url (no padding) of the proof itself.
#[must_use]
pub fn recipient_proof_header(proof: &Secret<32>) -> String {
    URL_SAFE_NO_PAD.encode(proof.expose())
}

/// 32 bytes of unpadded base64url, as both forms of the recipient proof are written; `None` for anything else.
#[must_use]
pub fn decode_recipient_proof(text: &str) -> Option<Secret<32>> {
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    let length = URL_SAFE_NO_PAD
        .decode_slice(text, bytes.as_mut_slice())
        .ok()?;
    (length == 32).then(|| Secret::new(*bytes))
}
