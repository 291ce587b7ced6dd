//! What can be wrong with an invitation. No variant carries any part of what was read, so that
//! neither `Display` nor `Debug` can leak a secret into a log.

use thiserror::Error;

use tigress_mailbox::PeerText;

/// Why an invitation was refused. The texts say in plain words what a person can do; apps match variants or
/// [`code`](Self::code), and show words of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvitationError {
    /// Neither a URL nor a JSON object.
    #[error(
        "there is no invitation in this: it takes the whole link, a message with the link in it, or the content of a .tigress file"
    )]
    NotAnInvitation,
    /// A file's name or path where its content should be.
    #[error(
        "this is the name of a file that was not found or not opened: check its spelling and its folder"
    )]
    FileName,
    /// The text has two different share URLs.
    #[error("there is more than one invitation in this text: copy the one link alone")]
    SeveralLinks,
    /// The link is not as it was sent, in a way that is recognised.
    #[error("{0}")]
    Changed(LinkChange),
    /// The file or text is over 256 KiB, or the URL over 2048 characters.
    #[error("this is no invitation: it is longer than {limit} bytes")]
    TooLarge {
        /// The limit that was passed, in bytes.
        limit: usize,
    },
    /// The URL has a space, a control character or a character outside ASCII.
    #[error(
        "the link was changed on the way: copy it again (it has a space, a sign or a letter that no link may have)"
    )]
    UrlCharacter,
    /// The URL's relay part is no valid relay origin.
    #[error(
        "this is no invitation's link, or it was changed on the way: copy it again (its relay is not valid: {0})"
    )]
    Relay(#[from] RelayOriginError),
    /// The path is not exactly `/v1/m/{uuid}`.
    #[error(
        "this is no invitation's link, or it was changed on the way: copy it again (its path is not /v1/m/ and a mailbox's id)"
    )]
    Path,
    /// `v` is none of `a`, `h`, `c`.
    #[error(
        "the link was changed on the way: copy it again (v, the vertical or kind of credential, is none of a, h, c)"
    )]
    UnknownVertical,
    /// There is a query, but no `v` in it.
    #[error(
        "the link was changed on the way: copy it again (v, the vertical or kind of credential, is missing after the ?)"
    )]
    MissingVertical,
    /// `v` is there more than once.
    #[error(
        "the link was changed on the way: copy it again (v, the vertical or kind of credential, is there twice)"
    )]
    RepeatedVertical,
    /// There is no fragment: the link was cut, or is the mailbox's address only.
    #[error(
        "the link was changed on the way: copy it again, to its end (there is no shared secret: what comes after # is missing)"
    )]
    SecretMissing,
    /// There is a fragment where none may be.
    #[error("a mailbox URL has no fragment, but this one does")]
    UnexpectedFragment,
    /// The fragment has another suffix than `.p`.
    #[error(
        "the link was changed on the way, or needs a newer app: copy it again (after the secret comes something else than .p)"
    )]
    UnknownFlag,
    /// The secret has a character that belongs to no base64 alphabet, or misplaced padding.
    #[error(
        "the link was changed on the way: copy it again (its secret has a character that it can't have)"
    )]
    SecretEncoding,
    /// The secret has characters of the URL-safe and of the standard alphabet.
    #[error(
        "the link was changed on the way: copy it again (its secret mixes two base64 alphabets)"
    )]
    SecretMixedAlphabets,
    /// The secret is not 32 bytes.
    #[error(
        "the link was changed on the way: copy it again, to its end (its secret is not exactly 32 bytes, 43 characters)"
    )]
    SecretLength,
    /// The unused low bits of the secret's last character are not zero.
    #[error(
        "the link was changed on the way: copy it again (its secret's last character is another one)"
    )]
    SecretSpareBits,
    /// The file is not UTF-8.
    #[error("the file is damaged: get it again (it is not valid UTF-8)")]
    NotUtf8,
    /// The file is not JSON.
    #[error("the file is damaged: get it again (not JSON at line {line}, column {column})")]
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
            Self::FileName => "file_name",
            Self::SeveralLinks => "several_links",
            Self::Changed(change) => change.code(),
            Self::TooLarge { .. } => "invitation_too_large",
            Self::UrlCharacter => "url_character",
            Self::Relay(error) => error.code(),
            Self::Path => "url_path",
            Self::UnknownVertical => "url_vertical_unknown",
            Self::MissingVertical => "url_vertical_missing",
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

/// What happened to a link between sender and receiver, where that can be recognised. The link is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LinkChange {
    /// Microsoft SafeLinks has put it into a link of its own.
    #[error(
        "the link was changed on the way: a mail gateway, Microsoft SafeLinks, has put it into a link of its own and has seen its secret. Ask the sender to invite again, by a messenger"
    )]
    SafeLinks,
    /// A mail gateway, a social network, a shortener has put it into a link of its own.
    #[error(
        "the link was changed on the way: a mail gateway or a redirecting service has put it into a link of its own and has seen its secret. Ask the sender to invite again, another way"
    )]
    Gateway,
    /// It was percent-encoded: its `#` became `%23`.
    #[error(
        "the link was changed on the way: copy it again (its # became %23). If it was opened like that, the relay has seen its secret: ask the sender to invite again"
    )]
    Escaped,
    /// It was put into capital or into small letters.
    #[error(
        "the link was changed on the way: copy it again (somebody made its letters all capital or all small)"
    )]
    Case,
    /// A browser has added or put in a pointer to a text of the page, `:~:text=`.
    #[error(
        "the link was changed on the way: copy it again, from the message and not from a browser (:~: was added)"
    )]
    TextFragment,
    /// It has a `#` twice, as when it was pasted twice.
    #[error("the link was changed on the way: copy it again, once (it has more than one #)")]
    Repeated,
    /// A line break or a space stands within it.
    #[error("the link was changed on the way: copy it again (it was broken apart before its end)")]
    Broken,
    /// Its `https://` is missing.
    #[error("the link was changed on the way: copy it again (https:// at its start is missing)")]
    SchemeLost,
}

impl LinkChange {
    /// The error's stable name: it never changes once released.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SafeLinks => "link_safelinks",
            Self::Gateway => "link_gateway",
            Self::Escaped => "link_escaped",
            Self::Case => "link_case",
            Self::TextFragment => "link_text_fragment",
            Self::Repeated => "link_repeated",
            Self::Broken => "link_broken",
            Self::SchemeLost => "link_scheme_lost",
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
