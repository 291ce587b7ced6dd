//! What can be wrong with an invitation. No variant carries any part of what was read, so that
//! neither `Display` nor `Debug` can leak a secret into a log.

use thiserror::Error;

use super::peer_text::PeerText;

/// Why an invitation was refused. The texts are for developers; apps match variants or [`code`](Self::code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvitationError {
    /// Neither a URL nor a JSON object.
    #[error("this is neither a share URL nor a .tigress file")]
    NotAnInvitation,
    /// The file is over 256 KiB, or the URL over 2048 characters.
    #[error("the invitation is longer than {limit} bytes")]
    TooLarge {
        /// The limit that was passed, in bytes.
        limit: usize,
    },
    /// The URL has a space, a control character or a character outside ASCII.
    #[error("the share URL contains a character that no URL may contain")]
    UrlCharacter,
    /// The URL's relay part is no valid relay origin.
    #[error("the share URL's relay is not valid: {0}")]
    Relay(#[from] RelayOriginError),
    /// The path is not exactly `/v1/m/{uuid}`.
    #[error("the share URL's path is not /v1/m/ followed by a mailbox id (a hyphenated UUID)")]
    Path,
    /// `v` is none of `a`, `h`, `c`.
    #[error("the share URL's vertical (query key v) is none of a, h, c")]
    UnknownVertical,
    /// `v` is there more than once.
    #[error("the share URL has its vertical (query key v) more than once")]
    RepeatedVertical,
    /// There is no fragment: the link was cut, or is the mailbox's address only.
    #[error("the share URL has no shared secret: the part after # is missing")]
    SecretMissing,
    /// There is a fragment where none may be.
    #[error("a mailbox URL has no fragment, but this one does")]
    UnexpectedFragment,
    /// The fragment has another suffix than `.p`.
    #[error("the part of the share URL after the shared secret is not .p")]
    UnknownFlag,
    /// The secret has a character that belongs to no base64 alphabet, or misplaced padding.
    #[error("the shared secret is not base64url")]
    SecretEncoding,
    /// The secret has characters of the URL-safe and of the standard alphabet.
    #[error("the shared secret mixes the base64url and the standard base64 alphabet")]
    SecretMixedAlphabets,
    /// The secret is not 32 bytes.
    #[error("the shared secret is not exactly 32 bytes (43 base64 characters)")]
    SecretLength,
    /// The unused low bits of the secret's last character are not zero.
    #[error("the spare bits of the shared secret's last character are not zero")]
    SecretSpareBits,
    /// The file is not UTF-8.
    #[error("the file is not valid UTF-8")]
    NotUtf8,
    /// The file is not JSON.
    #[error("the file is not valid JSON (line {line}, column {column})")]
    Json {
        /// From 1.
        line: usize,
        /// From 1, in bytes; 0 at the end of a line.
        column: usize,
    },
    /// A known key has a value of the wrong type, or is there twice.
    #[error(
        "the file has a value of the wrong type or a repeated key (line {line}, column {column})"
    )]
    JsonShape {
        /// From 1.
        line: usize,
        /// From 1, in bytes; 0 at the end of a line.
        column: usize,
    },
    /// A required key is missing.
    #[error("the file lacks {key}")]
    MissingKey {
        /// The key, as in the specification.
        key: &'static str,
    },
    /// The file is of another version than 1.
    #[error("the file's version is not 1: it needs a newer app")]
    UnsupportedVersion,
    /// Title or description is over [`PeerText::MAX_LEN`].
    #[error("{key} is longer than {limit} bytes", limit = PeerText::MAX_LEN)]
    TextTooLong {
        /// The key, as in the specification.
        key: &'static str,
    },
    /// The image's URL is not https, not a URL, or over 2048 characters.
    #[error("imageURL is not an https URL of at most 2048 characters")]
    ImageUrl,
    /// The expiration is not `YYYY-MM-DDThh:mm:ssZ`, or before 1970 or after 9999.
    #[error("expiration is not a time of the form YYYY-MM-DDThh:mm:ssZ")]
    Expiration,
    /// The token is not unpadded base64url.
    #[error("token is not base64url without padding")]
    TokenEncoding,
    /// The token is over 64 KiB.
    #[error("token is longer than 65536 bytes")]
    TokenTooLarge,
    /// The token is not framed as RFC 2743 §3.1 says.
    #[error("token is not a framed context token (RFC 2743, section 3.1)")]
    TokenFrame,
}

impl InvitationError {
    /// The error's stable name: it never changes once released.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAnInvitation => "not_an_invitation",
            Self::TooLarge { .. } => "invitation_too_large",
            Self::UrlCharacter => "url_character",
            Self::Relay(error) => error.code(),
            Self::Path => "url_path",
            Self::UnknownVertical => "url_vertical_unknown",
            Self::RepeatedVertical => "url_vertical_repeated",
            Self::SecretMissing => "secret_missing",
            Self::UnexpectedFragment => "url_fragment",
            Self::UnknownFlag => "url_flag_unknown",
            Self::SecretEncoding => "secret_encoding",
            Self::SecretMixedAlphabets => "secret_mixed_alphabets",
            Self::SecretLength => "secret_length",
            Self::SecretSpareBits => "secret_spare_bits",
            Self::NotUtf8 => "file_not_utf8",
            Self::Json { .. } => "file_json",
            Self::JsonShape { .. } => "file_shape",
            Self::MissingKey { .. } => "file_key_missing",
            Self::UnsupportedVersion => "file_version",
            Self::TextTooLong { .. } => "file_text_too_long",
            Self::ImageUrl => "file_image_url",
            Self::Expiration => "file_expiration",
            Self::TokenEncoding => "file_token_encoding",
            Self::TokenTooLarge => "file_token_too_large",
            Self::TokenFrame => "file_token_frame",
        }
    }
}

/// Why a text is no relay origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RelayOriginError {
    /// There is no `scheme://`.
    #[error("it is not an absolute URL")]
    NotAUrl,
    /// The scheme is neither https nor http.
    #[error("its scheme is not https")]
    Scheme,
    /// Plain http to a host that is not loopback.
    #[error("plain http is possible only for a loopback host")]
    PlainHttp,
    /// `user@` or `user:password@`.
    #[error("it has user information before the host")]
    UserInfo,
    /// The host is missing, too long, or not in its one canonical form.
    #[error(
        "its host is not a domain name (ASCII, no final dot), an IPv4 address or an IPv6 address in brackets"
    )]
    Host,
    /// The port is not 1 to 65535 in plain digits.
    #[error("its port is not a number from 1 to 65535")]
    Port,
    /// A path, query or fragment follows.
    #[error("it has more than scheme, host and port")]
    NotAnOrigin,
}

impl RelayOriginError {
    /// The error's stable name: it never changes once released.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAUrl => "relay_not_a_url",
            Self::Scheme => "relay_scheme",
            Self::PlainHttp => "relay_plain_http",
            Self::UserInfo => "relay_user_info",
            Self::Host => "relay_host",
            Self::Port => "relay_port",
            Self::NotAnOrigin => "relay_not_an_origin",
        }
    }
}

/// Why a relay may not be talked to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RelayPolicyError {
    /// The relay is neither the app's own nor a trusted one: the app may ask its user.
    #[error("the relay {host} is not trusted")]
    UntrustedRelay {
        /// The relay's host, without port; ASCII only, so safe to show.
        host: String,
    },
    /// The relay is plain http on loopback, which is not enabled.
    #[error("plain http to a loopback relay is not enabled")]
    LoopbackHttpDisabled,
}

impl RelayPolicyError {
    /// The error's stable name: it never changes once released.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UntrustedRelay { .. } => "untrusted_relay",
            Self::LoopbackHttpDisabled => "loopback_http_disabled",
        }
    }
}
