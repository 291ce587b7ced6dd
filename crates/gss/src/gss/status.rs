//! Major and minor status (RFC 2743 §1.2.1, RFC 2744 §3.9).

use std::fmt;

/// A major status: calling error, routine error and supplementary bits in one word, with RFC 2744's numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct MajorStatus(u32);

macro_rules! major {
    ($($(#[$doc:meta])* $name:ident = $value:expr, $text:literal;)*) => {
        impl MajorStatus {
            $($(#[$doc])* pub const $name: Self = Self($value);)*
        }
        /// Every code with its text.
        const TEXTS: &[(MajorStatus, &str)] = &[$((MajorStatus::$name, $text)),*];
    };
}

major! {
    /// A required input was not readable.
    CALL_INACCESSIBLE_READ = 1 << 24, "a required input could not be read";
    /// A required output was not writable.
    CALL_INACCESSIBLE_WRITE = 2 << 24, "a required output could not be written";
    /// A parameter was malformed.
    CALL_BAD_STRUCTURE = 3 << 24, "a parameter is malformed";
    /// The mechanism is not supported.
    BAD_MECH = 1 << 16, "the mechanism is not supported";
    /// A name is invalid.
    BAD_NAME = 2 << 16, "the name is invalid";
    /// A name's type is not supported.
    BAD_NAMETYPE = 3 << 16, "the name's type is not supported";
    /// The two sides' channel bindings differ.
    BAD_BINDINGS = 4 << 16, "the channel bindings differ";
    /// A status code is invalid.
    BAD_STATUS = 5 << 16, "the status code is invalid";
    /// A token's integrity check failed (also named `BAD_SIG`).
    BAD_MIC = 6 << 16, "the token's integrity check failed";
    /// No credential was given.
    NO_CRED = 7 << 16, "there is no credential";
    /// There is no context, or not one that allows this.
    NO_CONTEXT = 8 << 16, "there is no established context";
    /// The token is malformed.
    DEFECTIVE_TOKEN = 9 << 16, "the token is defective";
    /// The credential is malformed or does not open.
    DEFECTIVE_CREDENTIAL = 10 << 16, "the credential is defective";
    /// The credential has expired.
    CREDENTIALS_EXPIRED = 11 << 16, "the credential has expired";
    /// The context has expired.
    CONTEXT_EXPIRED = 12 << 16, "the context has expired";
    /// Failed for the reason that the minor status gives.
    FAILURE = 13 << 16, "failed";
    /// The quality of protection is not supported.
    BAD_QOP = 14 << 16, "the quality of protection is not supported";
    /// Not permitted by local policy.
    UNAUTHORIZED = 15 << 16, "not permitted";
    /// The operation is not available.
    UNAVAILABLE = 16 << 16, "not available";
    /// A credential element exists already.
    DUPLICATE_ELEMENT = 17 << 16, "the credential element exists already";
    /// A name is not a mechanism name.
    NAME_NOT_MN = 18 << 16, "the name is not one of a mechanism";
    /// Another token from the peer is needed.
    CONTINUE_NEEDED = 1, "another token is needed";
    /// The token was processed before.
    DUPLICATE_TOKEN = 1 << 1, "the token was processed before";
    /// The token is too old to tell whether it was processed before.
    OLD_TOKEN = 1 << 2, "the token is too old to be checked for repetition";
    /// A later token was processed already.
    UNSEQ_TOKEN = 1 << 3, "a later token was processed already";
    /// An expected earlier token has not arrived.
    GAP_TOKEN = 1 << 4, "an expected earlier token has not arrived";
}

const CALLING: u32 = 0xff00_0000;
const ROUTINE: u32 = 0x00ff_0000;
const ERRORS: u32 = 0xffff_0000;
const SUPPLEMENTARY: u32 = 0x0000_ffff;

impl MajorStatus {
    /// Done, with nothing to add.
    pub const COMPLETE: Self = Self(0);

    /// The whole word, as RFC 2744's `OM_uint32`.
    #[must_use]
    pub const fn code(self) -> u32 {
        self.0
    }

    /// The calling error alone.
    #[must_use]
    pub const fn calling(self) -> Self {
        Self(self.0 & CALLING)
    }

    /// The routine error alone.
    #[must_use]
    pub const fn routine(self) -> Self {
        Self(self.0 & ROUTINE)
    }

    /// The supplementary bits alone.
    #[must_use]
    pub const fn supplementary(self) -> Self {
        Self(self.0 & SUPPLEMENTARY)
    }

    /// Whether there is a calling or a routine error (`GSS_ERROR`).
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 & ERRORS != 0
    }

    /// Both statuses' bits; for adding supplementary bits.
    #[must_use]
    pub const fn with(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// Whether all the bits of `part`, a supplementary one, are set.
    #[must_use]
    pub const fn has(self, part: Self) -> bool {
        self.0 & part.0 == part.0
    }
}

impl fmt::Display for MajorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&display_status(*self).join("; "))
    }
}

impl fmt::Debug for MajorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MajorStatus({:#010x}: {self})", self.0)
    }
}

/// The texts of a major status: errors first, then each supplementary bit (`GSS_Display_status`). The minor
/// status has its text as `Display`.
#[must_use]
pub fn display_status(major: MajorStatus) -> Vec<&'static str> {
    if major == MajorStatus::COMPLETE {
        return vec!["complete"];
    }
    let shown = |code: MajorStatus| {
        if code.is_error() {
            code == major.calling() || code == major.routine()
        } else {
            major.has(code)
        }
    };
    let mut texts: Vec<_> = TEXTS
        .iter()
        .filter(|(code, _)| shown(*code))
        .map(|(_, text)| *text)
        .collect();
    if texts.is_empty() {
        texts.push("unknown status");
    }
    texts
}

macro_rules! minor {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// Why, in more detail than the major status: this project's codes, which stay as they are.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u32)]
        #[non_exhaustive]
        pub enum MinorStatus {
            $($(#[$doc])* $name = $code,)*
        }

        impl fmt::Display for MinorStatus {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $text,)*
                })
            }
        }
    };
}

minor! {
    /// The token is not framed as RFC 2743 §3.1 says.
    Frame = 1, "the token is not framed as RFC 2743 section 3.1 says";
    /// A context token is longer than 64 KiB.
    TokenTooLong = 2, "the token is too long";
    /// The token is not one that the context takes now.
    UnexpectedToken = 3, "the context does not take this token now";
    /// The token's body is malformed.
    TokenBody = 4, "the token's body is malformed";
    /// The token was not made with this context's keys, or was altered.
    NotAuthentic = 5, "the token is not authentic";
    /// The token has a version that is not known here.
    TokenVersion = 6, "the token's version is not known";
    /// The token asks for other services than the fixed ones.
    Flags = 7, "the token's flags are not the fixed ones";
    /// No mechanism has this OID.
    UnknownMechanism = 8, "no mechanism has this identifier";
    /// The sealed auth credential does not open under the shared secret.
    SealedCredential = 9, "the auth credential does not open under the shared secret";
    /// The auth credential has a version that is not known here.
    CredentialVersion = 10, "the auth credential's version is not known";
    /// The auth credential opened, but is malformed.
    CredentialContent = 11, "the auth credential is malformed";
    /// The auth credential is for another mechanism than the token's.
    CredentialMechanism = 12, "the auth credential is for another mechanism";
    /// The auth credential has expired.
    CredentialExpired = 13, "the auth credential has expired";
    /// The single-use auth credential was used before.
    CredentialUsed = 14, "the single-use auth credential was used before";
    /// The acceptor was given no shared secret.
    NoSharedSecret = 15, "there is no shared secret";
    /// The two sides' channel bindings differ.
    Bindings = 16, "the channel bindings differ";
    /// A quality of protection other than 0 was asked for.
    Qop = 17, "only the default quality of protection exists";
    /// The context is not established yet.
    NotEstablished = 18, "the context is not established yet";
    /// The context is established and takes no more context tokens.
    Established = 19, "the context is established already";
    /// The context was deleted on this side.
    Deleted = 20, "the context was deleted here";
    /// The context was deleted by the peer.
    PeerDeleted = 21, "the context was deleted by the peer";
    /// The context's lifetime is over.
    ContextExpired = 22, "the context's lifetime is over";
    /// The message token's header is malformed, or the token is this side's own.
    MessageHeader = 23, "the message token's header is malformed";
    /// The message token's padding is not what it must be.
    Padding = 24, "the message token's padding is malformed";
    /// The message is longer than a token can hold.
    MessageTooLong = 25, "the message is too long";
    /// All sequence numbers are used.
    SequenceExhausted = 26, "all sequence numbers are used";
    /// A saved context is malformed.
    State = 27, "the saved context is malformed";
    /// A saved context has a version that is not known here.
    StateVersion = 28, "the saved context's version is not known";
    /// A PIN is needed, and none was given.
    PinNeeded = 29, "a PIN is needed";
    /// The mechanism could not make its token.
    Mechanism = 30, "the mechanism failed";
    /// The PIN was wrong.
    WrongPin = 31, "the PIN is wrong";
    /// A PIN was given, and the credential asks for none.
    PinDowngrade = 32, "the auth credential asks for no PIN";
    /// A PIN was given while the context did not ask for one.
    PinNotAsked = 33, "no PIN is asked for now";
    /// The auth credential expires before it was issued, or later than 30 days allow.
    CredentialTimes = 34, "the auth credential's times are out of bounds";
    /// Something was to be bound after the peer's answer was taken.
    BindingTooLate = 35, "the peer's answer was taken: nothing more can be bound";
}

impl MinorStatus {
    /// The code.
    #[must_use]
    pub const fn code(self) -> u32 {
        self as u32
    }
}

/// A call that failed; it says why and holds no secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{major}: {minor}")]
pub struct Error {
    /// What failed, in RFC 2744's terms.
    pub major: MajorStatus,
    /// Why.
    pub minor: MinorStatus,
}

impl Error {
    /// With both statuses.
    pub const fn new(major: MajorStatus, minor: MinorStatus) -> Self {
        Self { major, minor }
    }

    pub(crate) const fn token(minor: MinorStatus) -> Self {
        Self::new(MajorStatus::DEFECTIVE_TOKEN, minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_rfc_2744() {
        assert_eq!(MajorStatus::DEFECTIVE_TOKEN.code(), 589_824);
        assert_eq!(MajorStatus::CONTEXT_EXPIRED.code(), 786_432);
        assert_eq!(MajorStatus::UNAVAILABLE.code(), 1_048_576);
        assert_eq!(MajorStatus::CALL_BAD_STRUCTURE.code(), 50_331_648);
        assert_eq!(MajorStatus::GAP_TOKEN.code(), 16);
    }

    #[test]
    fn a_status_is_taken_apart_and_shown() {
        let status = MajorStatus::CALL_BAD_STRUCTURE
            .with(MajorStatus::FAILURE)
            .with(MajorStatus::GAP_TOKEN);
        assert_eq!(status.calling(), MajorStatus::CALL_BAD_STRUCTURE);
        assert_eq!(status.routine(), MajorStatus::FAILURE);
        assert_eq!(status.supplementary(), MajorStatus::GAP_TOKEN);
        assert!(status.is_error() && !status.supplementary().is_error());
        assert_eq!(
            status.to_string(),
            "a parameter is malformed; failed; an expected earlier token has not arrived"
        );
        assert_eq!(display_status(MajorStatus::COMPLETE), ["complete"]);
        // Routine errors are numbers, not bits: 11 is not "1 and 2 and 8".
        assert_eq!(
            display_status(MajorStatus::CREDENTIALS_EXPIRED),
            ["the credential has expired"]
        );
        assert_eq!(display_status(MajorStatus(99 << 16)), ["unknown status"]);
    }

    #[test]
    fn an_error_says_what_and_why() {
        let error = Error::token(MinorStatus::Padding);
        assert_eq!(
            error.to_string(),
            "the token is defective: the message token's padding is malformed"
        );
        assert_eq!(error.minor.code(), 24);
    }
}
