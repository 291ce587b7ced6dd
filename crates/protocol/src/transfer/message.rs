//! A message between the two: CBOR {0: 1, 1: format, 2: content, 3: media type?}; unknown keys are ignored.

use zeroize::Zeroizing;

use super::types::Credential;
use crate::name::is_name;
use tigress_primitives::cbor::{self, Map};

/// Most bytes of one message's content.
pub const MAX_CONTENT: usize = 256 * 1024;
const VERSION: u64 = 1;
/// The formats of the TIGRESS draft, whose content is a JSON object.
const JSON_FORMATS: &str = "digitalwallet.";

/// Why a credential can't be a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageError {
    /// More than 256 KiB of content.
    TooLarge,
    /// Not 1 to 255 visible ASCII characters.
    Format,
    /// Not 1 to 255 visible ASCII characters.
    MediaType,
    /// The format asks for a JSON object.
    NotJson,
    /// Not a message.
    Malformed,
    /// Of a version that is not known.
    Version,
}

impl MessageError {
    /// In words that are fit for an error to the app.
    pub fn reason(self) -> &'static str {
        match self {
            Self::TooLarge => "the content is larger than 256 KiB",
            Self::Format => "the format is 1 to 255 visible ASCII characters",
            Self::MediaType => "the media type is 1 to 255 visible ASCII characters",
            Self::NotJson => "the content of this format must be a JSON object",
            Self::Malformed => "not a message",
            Self::Version => "a message of an unknown version",
        }
    }

    /// The protocol's code for a message of the other side that is refused.
    pub fn code(self) -> u64 {
        match self {
            Self::TooLarge => super::codes::TOO_LARGE,
            _ => super::codes::UNDECODABLE,
        }
    }
}

//= protocol/8-json
pub(super) fn check(credential: &Credential) -> Result<(), MessageError> {
    if credential.content.len() > MAX_CONTENT {
        return Err(MessageError::TooLarge);
    }
    if !is_name(&credential.format) {
        return Err(MessageError::Format);
    }
    if !credential.media_type.as_deref().is_none_or(is_name) {
        return Err(MessageError::MediaType);
    }
    if credential.format.starts_with(JSON_FORMATS) {
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&credential.content)
            .map_err(|_| MessageError::NotJson)?;
    }
    Ok(())
}

pub(super) fn encode(credential: &Credential) -> Zeroizing<Vec<u8>> {
    Map::new()
        .with(0, VERSION)
        .with(1, credential.format.as_str())
        .with(2, &credential.content[..])
        .with_opt(3, credential.media_type.as_deref())
        .encode()
}

pub(super) fn decode(bytes: &[u8]) -> Result<Credential, MessageError> {
    let map = cbor::decode_map(bytes).ok_or(MessageError::Malformed)?;
    if map.uint(0).ok_or(MessageError::Malformed)? != VERSION {
        return Err(MessageError::Version);
    }
    let media_type = match map.get(3) {
        Some(text) => Some(text.text().ok_or(MessageError::Malformed)?.to_owned()),
        None => None,
    };
    let credential = Credential {
        format: map.text(1).ok_or(MessageError::Malformed)?.to_owned(),
        content: Zeroizing::new(map.bytes(2).ok_or(MessageError::Malformed)?.to_vec()),
        media_type,
    };
    check(&credential)?;
    Ok(credential)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_back_and_unknown_keys_are_ignored() {
        let mut credential = Credential::new("org.example.key", b"\0\xff".to_vec());
        credential.media_type = Some("application/cbor".into());
        assert_eq!(decode(&encode(&credential)), Ok(credential.clone()));
        let encoded = encode(&credential);
        let mut map = cbor::decode_map(&encoded).unwrap();
        map.set(99, "later");
        assert_eq!(decode(&map.encode()), Ok(credential));
        map.set(0, 2);
        assert_eq!(decode(&map.encode()), Err(MessageError::Version));
    }

    //= test protocol/8-json
    #[test]
    fn a_draft_format_needs_a_json_object() {
        for (content, expected) in [
            ("{\"a\":1}", Ok(())),
            ("[]", Err(MessageError::NotJson)),
            ("no", Err(MessageError::NotJson)),
        ] {
            let credential = Credential::new("digitalwallet.carkey.ccc", content.into());
            assert_eq!(check(&credential), expected);
        }
    }

    #[test]
    fn limits_are_exact() {
        let sized = |n| check(&Credential::new("x", vec![0; n]));
        assert_eq!(sized(MAX_CONTENT), Ok(()));
        assert_eq!(sized(MAX_CONTENT + 1), Err(MessageError::TooLarge));
        let named = |n| check(&Credential::new("f".repeat(n), vec![]));
        assert_eq!(named(0), Err(MessageError::Format));
        assert_eq!(named(255), Ok(()));
        assert_eq!(named(256), Err(MessageError::Format));
    }
}
