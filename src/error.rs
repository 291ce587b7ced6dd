//! The one error type that apps see: stable codes, whether trying again helps, a reason for developers.
//! Never a secret, a URL or a payload.

use std::time::Duration;

use tigress_gss::pin::NotAPin;
use tigress_mailbox::TransportFailure;
use tigress_protocol::invitation::{InvitationError, RelayPolicyError};
use tigress_protocol::transfer::{MessageError, NotATransferId, Outcome, Refused};

/// Why a call failed. [`Error::code`] is stable; `docs/errors.md` lists them all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The invitation can't be read.
    #[error("bad invitation: {what}")]
    BadInvitation {
        /// What is wrong with it.
        what: InvitationError,
    },
    /// The invitation's relay is not trusted; an app may ask its user and accept again with that trust.
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
    /// Another device has the mailbox, or the secret of the link is not the invitation's.
    #[error("another device was faster, or the link was changed")]
    ClaimedByAnother,
    /// The mailbox is gone: ended, taken back, or never there.
    #[error("the invitation is no longer there")]
    NoLongerThere,
    /// What was to be sent is not in order.
    #[error("bad credential: {reason}")]
    BadCredential {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// More than the protocol allows.
    #[error("too large: {reason}")]
    TooLarge {
        /// What, and the limit.
        reason: &'static str,
    },
    /// No answer from the relay.
    #[error("no answer from the relay: {reason}")]
    RelayUnreachable {
        /// What kind of failure it was.
        kind: TransportFailure,
        /// What the transport says.
        reason: String,
        /// The client asks for nothing more in this time, whoever calls.
        retry_after: Option<Duration>,
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
        reason: &'static str,
        /// The client asks for nothing more in this time, whoever calls: the relay wants it so.
        retry_after: Option<Duration>,
    },
    /// The store failed.
    #[error("the store failed: {reason}")]
    Store {
        /// What it says.
        reason: String,
    },
    /// Somebody else was writing the same record; try again.
    #[error("the store is busy")]
    StoreBusy,
    /// The transfer has ended.
    #[error("the transfer has ended: {outcome}")]
    Closed {
        /// How.
        outcome: Outcome,
    },
    /// The PIN was wrong. A wrong PIN is an event of the transfer; this error tells that no try is left.
    #[error("wrong PIN, {tries_left} tries left")]
    WrongPin {
        /// Tries left on this side.
        tries_left: u8,
    },
    /// The invitation and its auth credential do not agree about the PIN, or one was given where none is asked
    /// for: somebody may have changed the invitation.
    #[error("the invitation and what was given do not agree about a PIN")]
    PinDowngrade,
    /// The client was built without a transport and given none.
    #[error("no HTTP transport")]
    NoTransport,
    /// The security layer refused.
    #[error("{text}")]
    Security {
        /// RFC 2744's major status.
        major: u32,
        /// The minor status, this project's own.
        minor: u32,
        /// Both in words.
        text: String,
    },
    /// Anything else.
    #[error("{reason}")]
    Other {
        /// A stable code of its own.
        code: &'static str,
        /// What it means.
        reason: &'static str,
        /// Whether trying again may help.
        retryable: bool,
    },
}

impl Error {
    /// The stable code, such as `relay_unreachable`.
    #[must_use]
    pub fn code(&self) -> &'static str {
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
            Self::Other { code, .. } => code,
        }
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::RelayUnreachable { .. } | Self::StoreBusy | Self::Store { .. } => true,
            // Any other refusal as long as the client itself tries on: then it says when.
            Self::RelayRefused {
                status,
                retry_after,
                ..
            } => *status == 429 || *status >= 500 || retry_after.is_some(),
            Self::Other { retryable, .. } => *retryable,
            _ => false,
        }
    }

    /// How long the client asks its relay for nothing, whoever calls; for calls that are made again and again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RelayUnreachable { retry_after, .. } | Self::RelayRefused { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }

    /// The same, with the time in which nothing is asked.
    pub(crate) fn not_before(mut self, time: Duration) -> Self {
        if let Self::RelayUnreachable { retry_after, .. } | Self::RelayRefused { retry_after, .. } =
            &mut self
        {
            *retry_after = Some(time);
        }
        self
    }

    /// Whether the two tell the same of a relay, whenever it may be asked again.
    pub(crate) fn is_same_trouble(&self, other: &Self) -> bool {
        self.clone().not_before(Duration::ZERO) == other.clone().not_before(Duration::ZERO)
    }

    /// A relay that is not talked to.
    pub(crate) fn of_policy(error: RelayPolicyError) -> Self {
        match error {
            RelayPolicyError::UntrustedRelay { host } => Self::UntrustedRelay { host },
            RelayPolicyError::LoopbackHttpDisabled => {
                Self::bad_config("plain http is refused unless loopback http is enabled")
            }
        }
    }

    /// An error that has no variant of its own: made here only, so that all codes are in this file.
    const fn other(code: &'static str, reason: &'static str) -> Self {
        Self::Other {
            code,
            reason,
            retryable: false,
        }
    }

    pub(crate) const fn unknown_transfer() -> Self {
        Self::other("unknown_transfer", "no such transfer on this device")
    }

    pub(crate) const fn closing() -> Self {
        Self::other("closing", "the transfer is being ended")
    }

    pub(crate) const fn not_the_receiver() -> Self {
        Self::other("not_the_receiver", "only the receiver can do this")
    }

    pub(crate) const fn already_observed() -> Self {
        Self::other(
            "already_observed",
            "another observer has this transfer's events",
        )
    }

    pub(crate) const fn bad_pin() -> Self {
        Self::other("bad_pin", "a PIN has 6 to 12 digits")
    }

    pub(crate) const fn pin_not_asked() -> Self {
        Self::other("pin_not_asked", "no PIN is asked for now")
    }

    pub(crate) const fn invitation_used() -> Self {
        Self::other("invitation_used", "the invitation was answered")
    }

    pub(crate) const fn not_ended() -> Self {
        Self::other("not_ended", "the transfer has not ended")
    }

    pub(crate) const fn bad_config(reason: &'static str) -> Self {
        Self::other("bad_config", reason)
    }

    pub(crate) const fn internal(reason: &'static str) -> Self {
        Self::other("internal", reason)
    }

    pub(crate) const fn queue_full() -> Self {
        Self::Other {
            code: "queue_full",
            reason: "too many messages wait to be sent (64, or 4 MiB), or events to be acknowledged (256)",
            retryable: true,
        }
    }

    /// The mailbox holds something else than this invitation's token.
    pub(crate) const fn bad_mailbox(reason: &'static str) -> Self {
        Self::other("bad_mailbox", reason)
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Expired => Self::Expired,
            Refused::AlreadyUsed => Self::AlreadyUsed,
            Refused::NoLongerThere | Refused::NotFound => Self::NoLongerThere,
            Refused::ClaimedByAnother => Self::ClaimedByAnother,
            Refused::Closed(outcome) => Self::Closed { outcome },
            Refused::Closing => Self::closing(),
            Refused::NotTheReceiver => Self::not_the_receiver(),
            Refused::PinNotAsked => Self::pin_not_asked(),
            Refused::PinTriesUsedUp => Self::WrongPin { tries_left: 0 },
            Refused::PinDowngrade => Self::PinDowngrade,
            Refused::QueueFull => Self::queue_full(),
            Refused::Message(MessageError::TooLarge) => Self::TooLarge {
                reason: "a message's content has at most 256 KiB",
            },
            Refused::Message(error) => Self::BadCredential {
                reason: error.reason(),
            },
            Refused::BadMailbox(reason) => Self::bad_mailbox(reason),
            Refused::Relay { status, reason } => Self::RelayRefused {
                status,
                reason,
                retry_after: None,
            },
            Refused::Security(error) => Self::Security {
                major: error.major.code(),
                minor: error.minor.code(),
                text: error.to_string(),
            },
            Refused::Internal(reason) => Self::internal(reason),
        }
    }
}

impl From<NotATransferId> for Error {
    /// A text that is no id names no transfer.
    fn from(_: NotATransferId) -> Self {
        Self::unknown_transfer()
    }
}

impl From<InvitationError> for Error {
    fn from(what: InvitationError) -> Self {
        Self::BadInvitation { what }
    }
}

impl From<NotAPin> for Error {
    fn from(_: NotAPin) -> Self {
        Self::bad_pin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCS: &str = include_str!("../docs/errors.md");

    /// Every error that has a variant of its own, by one value of it. A new variant does not compile here.
    fn variants() -> Vec<Error> {
        let reason = String::new;
        let all = vec![
            Error::BadInvitation {
                what: InvitationError::NotAnInvitation,
            },
            Error::UntrustedRelay { host: reason() },
            Error::Expired,
            Error::AlreadyUsed,
            Error::ClaimedByAnother,
            Error::NoLongerThere,
            Error::BadCredential { reason: "" },
            Error::TooLarge { reason: "" },
            Error::RelayUnreachable {
                kind: TransportFailure::TimedOut,
                reason: reason(),
                retry_after: None,
            },
            Error::UntrustedCertificate { reason: reason() },
            Error::RelayRefused {
                status: 503,
                reason: "",
                retry_after: None,
            },
            Error::Store { reason: reason() },
            Error::StoreBusy,
            Error::Closed {
                outcome: Outcome::Completed,
            },
            Error::WrongPin { tries_left: 0 },
            Error::PinDowngrade,
            Error::NoTransport,
            Error::Security {
                major: 0,
                minor: 0,
                text: reason(),
            },
        ];
        for error in &all {
            match error {
                Error::BadInvitation { .. }
                | Error::UntrustedRelay { .. }
                | Error::Expired
                | Error::AlreadyUsed
                | Error::ClaimedByAnother
                | Error::NoLongerThere
                | Error::BadCredential { .. }
                | Error::TooLarge { .. }
                | Error::RelayUnreachable { .. }
                | Error::UntrustedCertificate { .. }
                | Error::RelayRefused { .. }
                | Error::Store { .. }
                | Error::StoreBusy
                | Error::Closed { .. }
                | Error::WrongPin { .. }
                | Error::PinDowngrade
                | Error::NoTransport
                | Error::Security { .. } => {}
                Error::Other { .. } => unreachable!("those are in others()"),
            }
        }
        all
    }

    /// Every error without a variant of its own.
    fn others() -> Vec<Error> {
        vec![
            Error::unknown_transfer(),
            Error::closing(),
            Error::already_observed(),
            Error::not_the_receiver(),
            Error::bad_pin(),
            Error::pin_not_asked(),
            Error::invitation_used(),
            Error::not_ended(),
            Error::bad_config(""),
            Error::internal(""),
            Error::queue_full(),
            Error::bad_mailbox(""),
        ]
    }

    /// Code and "retryable" of each row in the documentation.
    fn documented() -> Vec<(&'static str, &'static str)> {
        let cells = |row: &'static str| {
            let mut cells = row.strip_prefix("| `")?.split(" | ");
            let code = cells.next()?.trim_end_matches('`');
            Some((code, cells.nth(2)?))
        };
        DOCS.lines().filter_map(cells).collect()
    }

    #[test]
    fn the_documentation_lists_exactly_the_codes() {
        let mut made: Vec<_> = [variants(), others()].concat();
        made.sort_by_key(Error::code);
        let made: Vec<_> = made.iter().map(Error::code).collect();
        let mut listed: Vec<_> = documented().iter().map(|(code, _)| *code).collect();
        listed.sort_unstable();
        assert_eq!(listed, made);
    }

    #[test]
    fn the_documentation_says_what_is_retryable() {
        for error in [variants(), others()].concat() {
            let rows = documented();
            let (_, retryable) = rows.iter().find(|(code, _)| *code == error.code()).unwrap();
            assert_eq!(
                retryable.starts_with("yes"),
                error.is_retryable(),
                "{error:?}"
            );
        }
    }

    #[test]
    fn no_code_is_made_outside_the_list() {
        let source = include_str!("error.rs");
        let source = &source[..source.find("#[cfg(test)]").unwrap()];
        let made =
            source.matches("Self::other(").count() + source.matches("            code: \"").count();
        assert_eq!(made, others().len());
    }
}
