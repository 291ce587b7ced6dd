//! The one error of all functions: the core's, as fields.

use tigress::Error;

use crate::failure::TransportFailure;
use crate::outcome::Outcome;
use crate::time::TimeSpan;

/// Why a call failed. `docs/errors.md` tells of each code what an app can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum TigressError {
    /// All calls fail with this one: apps look at the code, and at what comes with it.
    #[error("{reason}")]
    Failed {
        /// A stable word, such as `relay_unreachable`.
        code: String,
        /// Whether the same call may succeed later, unchanged.
        retryable: bool,
        /// A text for developers, never with a secret, a URL or a payload: apps show their own words.
        reason: String,
        /// `bad_invitation`: a stable word for what is wrong with it, such as `secret_missing`.
        what: Option<String>,
        /// `untrusted_relay`: its host. An app may ask its user and accept again with that trust.
        host: Option<String>,
        /// `relay_unreachable`, `untrusted_certificate`: what kind of failure it was.
        failure: Option<TransportFailure>,
        /// `relay_refused`: the HTTP status; none if the answer itself was not understood.
        status: Option<u16>,
        /// The client asks its relay for nothing more in this time, whoever calls.
        retry_after: Option<TimeSpan>,
        /// `closed`: how the transfer ended.
        outcome: Option<Outcome>,
        /// `wrong_pin`: tries left on this side.
        tries_left: Option<u8>,
        /// `security`: RFC 2744's major status.
        major_status: Option<u32>,
        /// `security`: the minor status, this project's own.
        minor_status: Option<u32>,
    },
}

#[uniffi::export]
impl TigressError {
    /// The stable code, such as `relay_unreachable`.
    #[must_use]
    pub fn code(&self) -> String {
        let Self::Failed { code, .. } = self;
        code.clone()
    }

    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let Self::Failed { retryable, .. } = self;
        *retryable
    }
}

impl TigressError {
    fn new(with_code: &str, may_succeed: bool, text: &str) -> Self {
        Self::Failed {
            code: with_code.to_owned(),
            retryable: may_succeed,
            reason: text.to_owned(),
            what: None,
            host: None,
            failure: None,
            status: None,
            retry_after: None,
            outcome: None,
            tries_left: None,
            major_status: None,
            minor_status: None,
        }
    }

    /// A setting that only these bindings have is out of its range.
    pub(crate) fn bad_config(reason: &str) -> Self {
        Self::new("bad_config", false, reason)
    }

    /// The call was stopped by its `Cancellation`.
    pub(crate) fn cancelled() -> Self {
        Self::new("cancelled", true, "cancelled")
    }
}

impl From<Error> for TigressError {
    fn from(error: Error) -> Self {
        let mut ours = Self::new(error.code(), error.is_retryable(), &error.to_string());
        let Self::Failed {
            what,
            host,
            failure,
            status,
            retry_after,
            outcome,
            tries_left,
            major_status,
            minor_status,
            ..
        } = &mut ours;
        *retry_after = error.retry_after().map(TimeSpan);
        match error {
            Error::BadInvitation { what: found } => *what = Some(found.code().to_owned()),
            Error::UntrustedRelay { host: named } => *host = Some(named),
            Error::RelayUnreachable { kind, .. } => *failure = Some(kind.into()),
            Error::UntrustedCertificate { .. } => *failure = Some(TransportFailure::Untrusted),
            Error::RelayRefused { status: told, .. } => {
                *status = Some(told).filter(|status| *status != 0);
            }
            Error::Closed { outcome: ended } => *outcome = Some(ended.into()),
            Error::WrongPin { tries_left: left } => *tries_left = Some(left),
            Error::Security { major, minor, .. } => {
                *major_status = Some(major);
                *minor_status = Some(minor);
            }
            _ => {}
        }
        ours
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
    use std::time::Duration;

    use super::*;
    use crate::outcome::EndReason;

    /// Code, text and whether to try again are the core's own, and what an app needs comes with them.
    #[test]
    fn errors_cross_the_border_unchanged() {
        let refused = Error::RelayRefused {
            status: 503,
            reason: "busy",
            retry_after: Some(Duration::from_secs(3)),
        };
        let bad = tigress::invitation::parse_invitation(b"?").unwrap_err();
        for error in [
            Error::StoreBusy,
            Error::Expired,
            bad.into(),
            refused.clone(),
        ] {
            let ours = TigressError::from(error.clone());
            assert_eq!(ours.code(), error.code());
            assert_eq!(ours.to_string(), error.to_string());
            assert_eq!(ours.is_retryable(), error.is_retryable());
        }
        let TigressError::Failed {
            status,
            retry_after,
            outcome,
            ..
        } = refused.into();
        assert_eq!(status, Some(503));
        assert_eq!(retry_after, Some(TimeSpan(Duration::from_secs(3))));
        assert_eq!(outcome, None);
        let ended = tigress::Outcome::Failed(9);
        let TigressError::Failed { outcome, .. } = Error::Closed { outcome: ended }.into();
        let reason = EndReason::Internal;
        assert_eq!(outcome, Some(Outcome::Failed { reason, code: 9 }));
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
