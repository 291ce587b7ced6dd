//! The one error type that apps see: stable codes, whether trying again helps, a reason for developers.
//! Never a secret, a URL or a payload.

use std::fmt;
use std::time::Duration;

use tigress_gss::pin::NotAPin;
use tigress_mailbox::TransportFailure;
use tigress_protocol::invitation::{InvitationError, RelayPolicyError};
use tigress_protocol::summary::SummaryError;
use tigress_protocol::transfer::{MessageError, NotATransferId, Outcome, Refused};

/// Why a call failed. [`Error::code`] is stable; `docs/errors.md` lists them all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", Reason(self))]
#[non_exhaustive]
pub enum Error {
    /// The invitation can't be read.
    BadInvitation {
        /// What is wrong with it.
        what: InvitationError,
    },
    /// The invitation's relay is not trusted; an app may ask its user and accept again with that trust.
    UntrustedRelay {
        /// The relay's host.
        host: String,
    },
    /// The invitation's time is over.
    Expired,
    /// The invitation was used already, on this device.
    AlreadyUsed,
    /// Another device has the mailbox, or the secret of the link is not the invitation's.
    ClaimedByAnother,
    /// The mailbox is gone: ended, taken back, or never there.
    NoLongerThere,
    /// What was to be sent is not in order.
    BadCredential {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// More than the protocol allows.
    TooLarge {
        /// What, and the limit.
        reason: &'static str,
    },
    /// No answer from the relay.
    RelayUnreachable {
        /// What kind of failure it was.
        kind: TransportFailure,
        /// What the transport says.
        reason: String,
        /// The client asks for nothing more in this time, whoever calls.
        retry_after: Option<Duration>,
    },
    /// The relay's certificate is not to be trusted: it is not asked again by itself.
    UntrustedCertificate {
        /// What the transport says.
        reason: String,
    },
    /// The relay answered, but not as it should.
    RelayRefused {
        /// The HTTP status; 0 if the answer itself was not understood.
        status: u16,
        /// What was wrong.
        reason: &'static str,
        /// The client asks for nothing more in this time, whoever calls: the relay wants it so.
        retry_after: Option<Duration>,
    },
    /// The store failed.
    Store {
        /// What it says.
        reason: String,
    },
    /// Somebody else was writing the same record; try again.
    StoreBusy,
    /// The transfer has ended.
    Closed {
        /// How.
        outcome: Outcome,
    },
    /// The PIN was wrong. A wrong PIN is an event of the transfer; this error tells that no try is left.
    WrongPin {
        /// Tries left on this side.
        tries_left: u8,
    },
    /// The invitation and its auth credential do not agree about the PIN, or one was given where none is asked
    /// for: somebody may have changed the invitation.
    PinDowngrade,
    /// The client was built without a transport and given none.
    NoTransport,
    /// The security layer refused.
    Security {
        /// RFC 2744's major status.
        major: u32,
        /// The minor status, this project's own.
        minor: u32,
        /// Both in words.
        text: String,
    },
    /// Anything else.
    Other {
        /// A stable code of its own.
        code: &'static str,
        /// What it means.
        reason: &'static str,
        /// Whether trying again may help.
        retryable: bool,
    },
}

/// The table of all errors: a stable code, whether the same call may succeed later, and the reason for developers.
/// The rare ones share the variant [`Error::Other`]: with a reason that stands here, or of those who make them.
macro_rules! table {
    (
        variants { $($variant:ident $({ $($field:ident),* })? $code:literal $again:tt $reason:literal;)* }
        rare { $($rare:ident $rare_again:tt $rare_reason:literal;)* }
        told { $($told:ident $told_again:tt;)* }
    ) => {
        impl Error {
            #[allow(unused_variables, reason = "what a row does not use")]
            fn row(&self) -> (&'static str, bool) {
                match self {
                    $(Self::$variant $({ $($field,)* .. })? => ($code, $again),)*
                    Self::Other { code, retryable, .. } => (code, *retryable),
                }
            }

            $(pub(crate) const fn $rare() -> Self {
                Self::Other { code: stringify!($rare), reason: $rare_reason, retryable: $rare_again }
            })*

            $(pub(crate) const fn $told(reason: &'static str) -> Self {
                Self::Other { code: stringify!($told), reason, retryable: $told_again }
            })*
        }

        impl fmt::Display for Reason<'_> {
            #[allow(unused_variables, reason = "what a row does not use")]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.0 {
                    $(Error::$variant $({ $($field,)* .. })? => write!(f, $reason),)*
                    Error::Other { reason, .. } => f.write_str(reason),
                }
            }
        }

        /// Codes, and when they are retryable.
        #[cfg(test)]
        const TABLE: &[(&str, &str)] = &[
            $(($code, stringify!($again)),)*
            $((stringify!($rare), stringify!($rare_again)),)*
            $((stringify!($told), stringify!($told_again)),)*
        ];
    };
}

table! {
    variants {
        BadInvitation { what } "bad_invitation" false "bad invitation: {what}";
        UntrustedRelay { host } "untrusted_relay" false "the relay {host} is not trusted";
        Expired "expired" false "the invitation has expired";
        AlreadyUsed "already_used" false "the invitation was used already";
        ClaimedByAnother "claimed_by_another" false "another device was faster, or the link was changed";
        NoLongerThere "no_longer_there" false "the invitation is no longer there";
        BadCredential { reason } "bad_credential" false "bad credential: {reason}";
        TooLarge { reason } "too_large" false "too large: {reason}";
        RelayUnreachable { reason } "relay_unreachable" true "no answer from the relay: {reason}";
        UntrustedCertificate { reason } "untrusted_certificate" false "no secure connection to the relay: {reason}";
        // Any other refusal as long as the client itself tries on: then it says when.
        RelayRefused { status, reason, retry_after } "relay_refused"
            { *status == 429 || *status >= 500 || retry_after.is_some() } "the relay refused ({status}): {reason}";
        Store { reason } "store" true "the store failed: {reason}";
        StoreBusy "store_busy" true "the store is busy";
        Closed { outcome } "closed" false "the transfer has ended: {outcome}";
        WrongPin { tries_left } "wrong_pin" false "wrong PIN, {tries_left} tries left";
        PinDowngrade "pin_downgrade" false "the invitation and what was given do not agree about a PIN";
        NoTransport "no_transport" false "no HTTP transport";
        Security { text } "security" false "{text}";
    }
    rare {
        unknown_transfer false "no such transfer on this device";
        closing false "the transfer is being ended";
        not_approved false "the sender's user did not agree";
        not_the_receiver false "only the receiver can do this";
        already_observed false "another observer has this transfer's events";
        bad_pin false "a PIN has 6 to 12 digits";
        pin_not_asked false "no PIN is asked for now";
        invitation_used false "the invitation was answered";
        own_invitation false "this device made the invitation itself";
        not_ended false "the transfer has not ended";
        queue_full true "too many messages wait to be sent (64, or 4 MiB), or events to be acknowledged (256)";
    }
    told {
        bad_config false;
        internal false;
        // It holds something else than this invitation's token.
        bad_mailbox false;
    }
}

/// An error's reason.
struct Reason<'a>(&'a Error);

impl Error {
    /// The stable code, such as `relay_unreachable`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.row().0
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.row().1
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

    /// What an invitation can't say.
    pub(crate) fn of_summary(error: SummaryError) -> Self {
        let reason = error.reason();
        match error {
            SummaryError::Text | SummaryError::Sender => Self::TooLarge { reason },
            SummaryError::Format => Self::BadCredential { reason },
        }
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
            Refused::NotRead => Self::unknown_transfer(),
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

    /// Code and "retryable" of each row in the documentation.
    fn documented() -> Vec<(&'static str, &'static str)> {
        let cells = |row: &'static str| {
            let mut cells = row.strip_prefix("| `")?.split(" | ");
            let code = cells.next()?.trim_end_matches('`');
            Some((code, cells.nth(2)?))
        };
        let docs = include_str!("../docs/errors.md");
        docs.lines().filter_map(cells).collect()
    }

    #[test]
    fn the_documentation_lists_exactly_the_codes() {
        let mut made: Vec<_> = TABLE.iter().map(|(code, _)| *code).collect();
        let mut listed: Vec<_> = documented().iter().map(|(code, _)| *code).collect();
        made.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, made);
    }

    #[test]
    fn the_documentation_says_what_is_retryable() {
        for (code, retryable) in documented() {
            let (_, again) = TABLE.iter().find(|(made, _)| *made == code).unwrap();
            let said = match *again {
                "true" => "yes",
                "false" => "no",
                _ => "yes for",
            };
            assert!(retryable.starts_with(said), "{code}: {retryable}");
            assert_eq!(retryable.len() > said.len(), said == "yes for", "{code}");
        }
    }

    #[test]
    fn codes_are_made_by_the_table_alone() {
        let source = include_str!("error.rs").split("table! {").next().unwrap();
        assert_eq!(source.matches("Self::Other { code: ").count(), 2);
        let rest = include_str!("error.rs")
            .split("An error's reason")
            .nth(1)
            .unwrap();
        assert_eq!(rest.matches("Other {").count(), 1, "this line");
    }

    #[test]
    fn a_refusal_is_retryable_while_the_client_itself_tries_on() {
        let refused = |status, retry_after| Error::RelayRefused {
            status,
            reason: "busy",
            retry_after,
        };
        for (status, retryable) in [
            (503, true),
            (429, true),
            (403, false),
            (302, false),
            (0, false),
        ] {
            assert_eq!(refused(status, None).is_retryable(), retryable, "{status}");
            assert!(refused(status, Some(Duration::ZERO)).is_retryable());
        }
        let text = refused(503, None).to_string();
        assert_eq!(text, "the relay refused (503): busy");
    }
}
