//! How the command ends: exit codes, and failures with a stable code each.

use tigress::{Error, Outcome, TransferId, TransportError, TransportFailure};

/// All is done.
pub(crate) const DONE: u8 = 0;
/// Something failed.
pub(crate) const FAILED: u8 = 1;
/// The command was not used as it can be.
pub(crate) const USAGE: u8 = 2;
/// Refused, declined, cancelled, expired, claimed by another, no longer there.
pub(crate) const REFUSED: u8 = 3;
/// The relay gave no answer for too long.
pub(crate) const NO_ANSWER: u8 = 4;
/// A bug in the command: it panicked.
pub(crate) const BUG: u8 = 70;
/// Ended by Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

/// The protocol's ending code for a PIN that was wrong too often.
const PIN_TRIES_USED_UP: u64 = 5;

/// Why a command did not do what it was asked for; never holds a secret or any of an invitation.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Stable: the core's codes (`docs/errors.md`) and the command's own (`docs/cli.md`).
    pub(crate) code: &'static str,
    pub(crate) reason: String,
    pub(crate) exit: u8,
    pub(crate) transfer: Option<TransferId>,
}

impl Failure {
    pub(crate) fn new(code: &'static str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            code,
            reason,
            exit: FAILED,
            transfer: None,
        }
    }

    pub(crate) fn usage(reason: impl Into<String>) -> Self {
        Self {
            exit: USAGE,
            ..Self::new("usage", reason)
        }
    }

    /// The same, of this transfer.
    pub(crate) fn of(self, id: TransferId) -> Self {
        Self {
            transfer: Some(id),
            ..self
        }
    }

    /// The relay has been silent for too long.
    pub(crate) fn no_answer() -> Self {
        let nothing = TransportError::new(TransportFailure::TimedOut, "nothing has come");
        Error::from(nothing).into()
    }
}

/// The relay has not answered, or is out of order or overloaded, which is no answer.
pub(crate) fn is_silence(error: &Error) -> bool {
    let unreachable = matches!(error, Error::RelayUnreachable { .. });
    let refused = matches!(error, Error::RelayRefused { .. });
    unreachable || refused && error.is_retryable()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match &error {
            Error::Closed { outcome } => of_outcome(*outcome),
            Error::Expired
            | Error::AlreadyUsed
            | Error::ClaimedByAnother
            | Error::NoLongerThere
            | Error::WrongPin { .. }
            | Error::PinDowngrade
            | Error::UntrustedCertificate { .. }
            | Error::UntrustedRelay { .. } => REFUSED,
            error if is_silence(error) => NO_ANSWER,
            Error::RelayRefused {
                status: 400..=499, ..
            } => REFUSED,
            _ if matches!(error.code(), "bad_config" | "bad_pin") => USAGE,
            _ => FAILED,
        };
        Self {
            code: error.code(),
            reason: error.to_string(),
            exit,
            transfer: None,
        }
    }
}

/// The exit code of a transfer that ended like this.
pub(crate) fn of_outcome(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Completed => DONE,
        Outcome::Declined | Outcome::Cancelled | Outcome::Expired => REFUSED,
        Outcome::Failed(PIN_TRIES_USED_UP) => REFUSED,
        Outcome::Unconfirmed | Outcome::Unproven(_) | Outcome::Failed(_) => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_confirmed_is_done() {
        for (outcome, code) in [
            (Outcome::Completed, 0),
            (Outcome::Declined, 3),
            (Outcome::Cancelled, 3),
            (Outcome::Expired, 3),
            (Outcome::Failed(5), 3),
            (Outcome::Failed(9), 1),
            (Outcome::Unconfirmed, 1),
        ] {
            assert_eq!(of_outcome(outcome), code, "{outcome}");
        }
        for (error, code) in [
            (Error::Expired, 3),
            (Error::ClaimedByAnother, 3),
            (Error::StoreBusy, 1),
        ] {
            assert_eq!(Failure::from(error).exit, code);
        }
    }
}
