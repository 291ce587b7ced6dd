//! Why the machine does not take an input, or can't go on: it touches no store and no network, so it can't say a word of them.

use super::message::MessageError;
use super::outcome::Outcome;
use tigress_gss::gss::{self, MajorStatus, MinorStatus};
use tigress_mailbox::Reply;

/// What the shell turns into the error that apps see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The invitation's time is over.
    Expired,
    /// The invitation was used already, on this device.
    AlreadyUsed,
    /// The mailbox is gone.
    NoLongerThere,
    /// There is no such mailbox, says perhaps a proxy.
    NotFound,
    /// The mailbox is another device's.
    ClaimedByAnother,
    /// The transfer has ended.
    Closed(Outcome),
    /// It is being ended.
    Closing,
    /// What was offered was not read yet.
    NotRead,
    /// Only the receiver can do this.
    NotTheReceiver,
    /// No PIN is asked for now.
    PinNotAsked,
    /// The PIN was wrong, and no try is left.
    PinTriesUsedUp,
    /// The invitation and its auth credential do not agree about the PIN.
    PinDowngrade,
    /// Too much waits to be sent, or to be acknowledged.
    QueueFull,
    /// What was to be sent is no message.
    Message(MessageError),
    /// The mailbox holds something else than this invitation's token.
    BadMailbox(&'static str),
    /// The relay's answer is not what was asked for; the status is 0 if it was not understood.
    Relay {
        /// The HTTP status.
        status: u16,
        /// What was wrong.
        reason: &'static str,
    },
    /// The security layer refused.
    Security(gss::Error),
    /// What can't be.
    Internal(&'static str),
}

impl Refused {
    /// The relay says something that this protocol has no place for.
    pub const fn bad_relay(reason: &'static str) -> Self {
        Self::relay(0, reason)
    }

    /// The relay asks to come again later.
    pub const fn later(status: u16) -> Self {
        Self::relay(status, "the relay asks to try later")
    }

    /// Whether there is nothing at the relay for this device, so that what was to begin has not begun.
    pub const fn begins_nothing(&self) -> bool {
        matches!(self, Self::NoLongerThere | Self::ClaimedByAnother)
    }

    /// CreateMailbox was not found: whatever is there, it makes no mailboxes.
    pub(super) const fn no_relay() -> Self {
        Self::relay(404, "there is no relay at this address")
    }

    const fn relay(status: u16, reason: &'static str) -> Self {
        Self::Relay { status, reason }
    }
}

impl From<&Reply> for Refused {
    /// What an answer means that no call expects.
    fn from(reply: &Reply) -> Self {
        match reply {
            Reply::Unauthorized => Self::relay(401, "not this device's mailbox"),
            Reply::Gone { final_: true } => Self::NoLongerThere,
            Reply::Gone { final_: false } => Self::NotFound,
            Reply::Conflict => Self::relay(412, "the mailbox has changed"),
            Reply::Refused { status, reason } => Self::relay(*status, reason),
            Reply::Redirected { status } => Self::relay(*status, "redirects are not followed"),
            Reply::RetryLater { status, .. } => Self::later(*status),
            _ => Self::bad_relay("the answer is not what was asked for"),
        }
    }
}

impl From<MessageError> for Refused {
    fn from(error: MessageError) -> Self {
        Self::Message(error)
    }
}

impl From<gss::Error> for Refused {
    fn from(error: gss::Error) -> Self {
        if error.major.has(MajorStatus::CREDENTIALS_EXPIRED) {
            return Self::Expired;
        }
        if error.major.has(MajorStatus::DUPLICATE_TOKEN) {
            return Self::AlreadyUsed;
        }
        match error.minor {
            MinorStatus::PinDowngrade => Self::PinDowngrade,
            _ => Self::Security(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_of_the_relay_keeps_its_status() {
        let relay = |status: u16, reply: Reply| match Refused::from(&reply) {
            Refused::Relay { status: told, .. } => assert_eq!(told, status, "{reply:?}"),
            other => panic!("{other:?} for {reply:?}"),
        };
        relay(401, Reply::Unauthorized);
        relay(412, Reply::Conflict);
        relay(307, Reply::Redirected { status: 307 });
        let (after, status) = (None, 503);
        relay(503, Reply::RetryLater { after, status });
        let reason = "no";
        relay(
            400,
            Reply::Refused {
                status: 400,
                reason,
            },
        );
        relay(0, Reply::Malformed);
        let gone = |final_| Refused::from(&Reply::Gone { final_ });
        assert_eq!(gone(true), Refused::NoLongerThere);
        assert_eq!(gone(false), Refused::NotFound);
    }
    #[test]
    fn what_the_security_layer_says_of_time_use_and_pin_has_words_of_its_own() {
        let of = |major, minor| Refused::from(gss::Error { major, minor });
        let failure = |minor| of(MajorStatus::FAILURE, minor);
        let expired = of(
            MajorStatus::CREDENTIALS_EXPIRED,
            MinorStatus::CredentialExpired,
        );
        assert_eq!(expired, Refused::Expired);
        let used = of(MajorStatus::DUPLICATE_TOKEN, MinorStatus::CredentialUsed);
        assert_eq!(used, Refused::AlreadyUsed);
        assert_eq!(failure(MinorStatus::PinDowngrade), Refused::PinDowngrade);
        let other = gss::Error::new(MajorStatus::DEFECTIVE_TOKEN, MinorStatus::TokenBody);
        assert_eq!(Refused::from(other), Refused::Security(other));
    }
}
