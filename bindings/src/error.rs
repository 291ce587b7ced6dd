//! The one error of all functions.

use tigress::Error;

use crate::{Outcome, TimeSpan, TransportFailure};

/// Why a call failed. `code` is a stable word, `reason` a text for developers, never with a secret, a URL or a payload;
/// apps show their own words. `docs/errors.md` tells of each what an app can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum TigressError {
    /// The invitation can't be read.
    #[error("bad invitation: {reason}")]
    BadInvitation {
        /// A stable word for what is wrong with it, such as `secret_missing`.
        what: String,
        /// The same as a text for developers.
        reason: String,
    },
    /// The invitation's relay is not trusted. An app may ask its user and accept again with that trust.
    #[error("the relay {host} is not trusted")]
    UntrustedRelay {
        /// The relay's host.
        host: String,
    },
    /// The invitation's time is over.
    #[error("the invitation has expired")]
    Expired,
    /// The invitation was used already, on this device.
    #[error("the invitation was used already")]
    AlreadyUsed,
    /// Another device has claimed the invitation.
    #[error("another device was faster, or the link was changed")]
    ClaimedByAnother,
    /// The mailbox is gone: ended, taken back, or never there.
    #[error("the invitation is no longer there")]
    NoLongerThere,
    /// What was to be sent is not in order.
    #[error("bad credential: {reason}")]
    BadCredential {
        /// What is wrong with it.
        reason: String,
    },
    /// More than the protocol allows.
    #[error("too large: {reason}")]
    TooLarge {
        /// What, and the limit.
        reason: String,
    },
    /// No answer from the relay.
    #[error("no answer from the relay: {reason}")]
    RelayUnreachable {
        /// What kind of failure it was.
        kind: TransportFailure,
        /// What the transport says.
        reason: String,
        /// The client asks for nothing more in this time, whoever calls.
        retry_after: Option<TimeSpan>,
    },
    /// The relay's certificate is not to be trusted: it is not asked again by itself.
    #[error("no secure connection to the relay: {reason}")]
    UntrustedCertificate {
        /// What the transport says.
        reason: String,
    },
    /// The relay answered, but not as it should.
    #[error("the relay refused ({status}): {reason}")]
    RelayRefused {
        /// The HTTP status; 0 if the answer itself was not understood.
        status: u16,
        /// What was wrong.
        reason: String,
        /// The client asks for nothing more in this time, whoever calls: the relay wants it so.
        retry_after: Option<TimeSpan>,
    },
    /// The store failed. Whether the last change was stored is not known.
    #[error("the store failed: {reason}")]
    Store {
        /// What it says.
        reason: String,
    },
    /// Somebody else was writing the same record. Try again.
    #[error("the store is busy")]
    StoreBusy,
    /// The transfer has ended.
    #[error("the transfer has ended: {outcome}")]
    Closed {
        /// How.
        outcome: Outcome,
    },
    /// A wrong PIN.
    #[error("wrong PIN, {tries_left} tries left")]
    WrongPin {
        /// Tries left on this side.
        tries_left: u8,
    },
    /// The invitation and its auth credential do not agree about the PIN, or one was given where none is asked for:
    /// somebody may have changed the invitation.
    #[error("the invitation and what was given do not agree about a PIN")]
    PinDowngrade,
    /// The library was built without its own HTTP client, and was given no transport.
    #[error("no HTTP transport")]
    NoTransport,
    /// The security context refused.
    #[error("{text}")]
    Security {
        /// RFC 2744's major status.
        major: u32,
        /// The minor status, this project's own.
        minor: u32,
        /// Both in words.
        text: String,
    },
    /// The call was stopped by its `Cancellation`.
    #[error("cancelled")]
    Cancelled,
    /// Anything else.
    #[error("{reason}")]
    Other {
        /// A stable word of its own, such as `unknown_transfer`.
        word: String,
        /// What it means.
        reason: String,
        /// Whether trying again may help.
        retryable: bool,
    },
}

#[uniffi::export]
impl TigressError {
    /// The stable code, such as `relay_unreachable`.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::BadInvitation { .. } => "bad_invitation",
            Self::UntrustedRelay { .. } => "untrusted_relay",
            Self::Expired => "expired",
            Self::AlreadyUsed => "already_used",
            Self::ClaimedByAnother => "claimed_by_another",
            Self::NoLongerThere => "no_longer_there",
            Self::BadCredential { .. } => "bad_credential",
            Self::TooLarge { .. } => "too_large",
            Self::RelayUnreachable { .. } => "relay_unreachable",
            Self::UntrustedCertificate { .. } => "untrusted_certificate",
            Self::RelayRefused { .. } => "relay_refused",
            Self::Store { .. } => "store",
            Self::StoreBusy => "store_busy",
            Self::Closed { .. } => "closed",
            Self::WrongPin { .. } => "wrong_pin",
            Self::PinDowngrade => "pin_downgrade",
            Self::NoTransport => "no_transport",
            Self::Security { .. } => "security",
            Self::Cancelled => "cancelled",
            Self::Other { word, .. } => word,
        }
        .to_owned()
    }

    /// How long the client asks its relay for nothing, whoever calls; for calls that are made again and again.
    #[must_use]
    pub fn retry_after(&self) -> Option<TimeSpan> {
        match self {
            Self::RelayUnreachable { retry_after, .. } | Self::RelayRefused { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }

    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::RelayUnreachable { .. }
            | Self::StoreBusy
            | Self::Store { .. }
            | Self::Cancelled => true,
            Self::RelayRefused {
                status,
                retry_after,
                ..
            } => *status == 429 || *status >= 500 || retry_after.is_some(),
            Self::Other { retryable, .. } => *retryable,
            _ => false,
        }
    }
}

impl From<Error> for TigressError {
    fn from(error: Error) -> Self {
        match error {
            Error::BadInvitation { what } => Self::BadInvitation {
                what: what.code().into(),
                reason: what.to_string(),
            },
            Error::UntrustedRelay { host } => Self::UntrustedRelay { host },
            Error::Expired => Self::Expired,
            Error::AlreadyUsed => Self::AlreadyUsed,
            Error::ClaimedByAnother => Self::ClaimedByAnother,
            Error::NoLongerThere => Self::NoLongerThere,
            Error::BadCredential { reason } => Self::BadCredential {
                reason: reason.into(),
            },
            Error::TooLarge { reason } => Self::TooLarge {
                reason: reason.into(),
            },
            Error::RelayUnreachable {
                kind,
                reason,
                retry_after,
            } => Self::RelayUnreachable {
                kind: kind.into(),
                reason,
                retry_after: retry_after.map(TimeSpan),
            },
            Error::UntrustedCertificate { reason } => Self::UntrustedCertificate { reason },
            Error::RelayRefused {
                status,
                reason,
                retry_after,
            } => Self::RelayRefused {
                status,
                reason: reason.into(),
                retry_after: retry_after.map(TimeSpan),
            },
            Error::Store { reason } => Self::Store { reason },
            Error::StoreBusy => Self::StoreBusy,
            Error::Closed { outcome } => Self::Closed {
                outcome: outcome.into(),
            },
            Error::WrongPin { tries_left } => Self::WrongPin { tries_left },
            Error::PinDowngrade => Self::PinDowngrade,
            Error::NoTransport => Self::NoTransport,
            Error::Security { major, minor, text } => Self::Security { major, minor, text },
            // `Other`, and whatever the core may get that these bindings have no name for.
            other => Self::Other {
                word: other.code().into(),
                reason: other.to_string(),
                retryable: other.is_retryable(),
            },
        }
    }
}

impl TigressError {
    /// A setting that only these bindings have is out of its range.
    pub(crate) fn bad_config(reason: &str) -> Self {
        Self::Other {
            word: "bad_config".into(),
            reason: reason.into(),
            retryable: false,
        }
    }
}

/// What of an exception that a trait's declaration does not have may be told: its type. Its text is the app's, and may
/// hold anything.
pub(crate) fn unexpected(error: &uniffi::UnexpectedUniFFICallbackError) -> String {
    let is_name = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '$');
    let name: String = error.reason.chars().take_while(is_name).take(100).collect();
    format!("the app's code failed unexpectedly: {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code, text and whether to try again are the core's own, for every kind of error.
    #[test]
    fn errors_cross_the_border_unchanged() {
        let text = || "why".to_owned();
        let all = [
            tigress::invitation::parse_invitation(b"?")
                .unwrap_err()
                .into(),
            Error::UntrustedRelay { host: text() },
            Error::Expired,
            Error::AlreadyUsed,
            Error::ClaimedByAnother,
            Error::NoLongerThere,
            Error::BadCredential { reason: "why" },
            Error::TooLarge { reason: "why" },
            Error::RelayUnreachable {
                kind: tigress::TransportFailure::TimedOut,
                reason: text(),
                retry_after: Some(std::time::Duration::from_secs(3)),
            },
            Error::UntrustedCertificate { reason: text() },
            Error::RelayRefused {
                status: 503,
                reason: "why",
                retry_after: None,
            },
            Error::RelayRefused {
                status: 403,
                reason: "why",
                retry_after: None,
            },
            Error::RelayRefused {
                status: 302,
                reason: "why",
                retry_after: Some(std::time::Duration::from_secs(3)),
            },
            Error::Store { reason: text() },
            Error::StoreBusy,
            Error::Closed {
                outcome: tigress::Outcome::Failed(9),
            },
            Error::WrongPin { tries_left: 3 },
            Error::PinDowngrade,
            Error::NoTransport,
            Error::Security {
                major: 1,
                minor: 2,
                text: text(),
            },
            Error::Other {
                code: "internal",
                reason: "why",
                retryable: true,
            },
        ];
        for error in all {
            let ours = TigressError::from(error.clone());
            assert_eq!(ours.code(), error.code());
            assert_eq!(ours.to_string(), error.to_string());
            assert_eq!(ours.is_retryable(), error.is_retryable());
        }
    }

    #[test]
    fn an_apps_exception_tells_its_type_and_nothing_else() {
        let thrown = uniffi::UnexpectedUniFFICallbackError::new(
            "java.lang.IllegalStateException: https://relay.example/v1/m/1#secret",
        );
        assert_eq!(
            unexpected(&thrown),
            "the app's code failed unexpectedly: java.lang.IllegalStateException"
        );
    }
}
