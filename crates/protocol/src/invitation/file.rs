//! The `.tigress` file: a share URL with its display information, and context token 1 if there is room.

use std::fmt;
use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

use super::error::InvitationError;
use super::image_url::check_image_url;
use super::share_url::ShareUrl;
use tigress_mailbox::{PeerText, format_timestamp, parse_timestamp};

/// The file's media type.
pub const MEDIA_TYPE: &str = "application/vnd.tigress+json";

const VERSION: u64 = 1;
/// The largest file, in bytes.
pub(super) const MAX_FILE_LEN: usize = 256 * 1024;
/// The largest context token, in bytes.
const MAX_TOKEN_LEN: usize = 64 * 1024;

/// An invitation as a file, `name.tigress`, of type [`MEDIA_TYPE`]: for mail, messengers, nearby sharing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationFile {
    /// Relay, mailbox and shared secret.
    pub share_url: ShareUrl,
    /// Shown to the receiver's user as the sender's words.
    pub title: PeerText,
    /// Shown to the receiver's user as the sender's words.
    pub description: PeerText,
    /// A picture, https, at most 2048 characters.
    pub image_url: Option<String>,
    /// When the invitation expires, in Unix seconds, before the year 10000.
    pub expiration: u64,
    /// Context token 1, framed, at most 64 KiB; must equal the mailbox's.
    pub token: Option<Vec<u8>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    version: u64,
    #[serde(rename = "shareURL")]
    share_url: &'a str,
    display_information: WrittenDisplay<'a>,
    expiration: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

#[derive(Serialize)]
struct WrittenDisplay<'a> {
    title: &'a str,
    description: &'a str,
    #[serde(rename = "imageURL", skip_serializing_if = "Option::is_none")]
    image_url: Option<&'a str>,
}

/// A JSON object: serde's structs would be read from arrays, too.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// Read alone and first: another version may have another shape.
#[derive(Deserialize)]
struct ReadVersion {
    version: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Read {
    #[serde(rename = "shareURL")]
    share_url: Option<SecretText>,
    display_information: Option<Object<ReadDisplay>>,
    expiration: Option<String>,
    token: Option<String>,
}

#[derive(Deserialize)]
struct ReadDisplay {
    title: Option<String>,
    description: Option<String>,
    #[serde(rename = "imageURL")]
    image_url: Option<String>,
}

/// The share URL's text, wiped after use.
struct SecretText(Zeroizing<String>);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

impl InvitationFile {
    /// The file's bytes: JSON in UTF-8. They hold the secret.
    ///
    /// # Errors
    /// What [`parse`](Self::parse) would refuse: a bad picture URL, a time that can't be written, a token over
    /// 64 KiB, more than 256 KiB in all.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, InvitationError> {
        self.image_url.as_deref().map_or(Ok(()), check_image_url)?;
        self.token.as_deref().map_or(Ok(()), check_token)?;
        let url = self.share_url.to_url();
        let written = Written {
            version: VERSION,
            share_url: &url,
            display_information: WrittenDisplay {
                title: self.title.raw(),
                description: self.description.raw(),
                image_url: self.image_url.as_deref(),
            },
            expiration: format_time(self.expiration).ok_or(InvitationError::Expiration)?,
            token: self
                .token
                .as_ref()
                .map(|token| URL_SAFE_NO_PAD.encode(token)),
        };
        // A buffer that never grows leaves no copy of the secret behind; what does not fit is too large.
        let mut bytes = Zeroizing::new(vec![0; MAX_FILE_LEN]);
        let mut room = bytes.as_mut_slice();
        serde_json::to_writer(&mut room, &written).map_err(|_| InvitationError::TooLarge {
            limit: MAX_FILE_LEN,
        })?;
        let length = MAX_FILE_LEN - room.len();
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Reads a file. Unknown keys are ignored; `null` counts as missing. The token's frame is not looked at.
    ///
    /// # Errors
    /// [`InvitationError`]: too large, not UTF-8, not JSON, another version, a key missing, repeated or of the wrong type, and
    /// everything that [`ShareUrl::parse`] refuses.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvitationError> {
        if bytes.len() > MAX_FILE_LEN {
            return Err(InvitationError::TooLarge {
                limit: MAX_FILE_LEN,
            });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| InvitationError::NotUtf8)?;
        let ReadVersion { version } = from_json(text)?;
        if required("version", version)? != VERSION {
            return Err(InvitationError::UnsupportedVersion);
        }
        let read: Read = from_json(text)?;
        let Object(display) = required("displayInformation", read.display_information)?;
        let image_url = display.image_url;
        image_url.as_deref().map_or(Ok(()), check_image_url)?;
        Ok(Self {
            share_url: ShareUrl::parse(&required("shareURL", read.share_url)?.0)?,
            title: peer_text("title", display.title)?,
            description: peer_text("description", display.description)?,
            image_url,
            expiration: parse_time(&required("expiration", read.expiration)?)?,
            token: read.token.as_deref().map(parse_token).transpose()?,
        })
    }
}

fn from_json<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, InvitationError> {
    let read: Result<Object<T>, _> = serde_json::from_str(text);
    read.map(|object| object.0).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        if error.is_data() {
            InvitationError::JsonShape { line, column }
        } else {
            InvitationError::Json { line, column }
        }
    })
}

fn required<T>(key: &'static str, value: Option<T>) -> Result<T, InvitationError> {
    value.ok_or(InvitationError::MissingKey { key })
}

fn peer_text(key: &'static str, text: Option<String>) -> Result<PeerText, InvitationError> {
    PeerText::new(required(key, text)?).map_err(|_| InvitationError::TextTooLong { key })
}

fn check_token(token: &[u8]) -> Result<(), InvitationError> {
    if token.len() > MAX_TOKEN_LEN {
        return Err(InvitationError::TokenTooLarge);
    }
    Ok(())
}

fn parse_token(text: &str) -> Result<Vec<u8>, InvitationError> {
    let token = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| InvitationError::TokenEncoding)?;
    check_token(&token)?;
    Ok(token)
}

/// `YYYY-MM-DDThh:mm:ssZ`; `None` after the year 9999.
pub(super) fn format_time(seconds: u64) -> Option<String> {
    let text = format_timestamp(seconds);
    (parse_timestamp(&text) == Some(seconds)).then_some(text)
}

fn parse_time(text: &str) -> Result<u64, InvitationError> {
    parse_timestamp(text).ok_or(InvitationError::Expiration)
}
