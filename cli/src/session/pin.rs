//! The PIN: those that were given with the command, then what the user types.

use tigress::{Pin, TransferState};
use zeroize::Zeroizing;

use super::Session;
use crate::exit::{self, Failure};
use crate::terminal::{Asked, Prompt};

impl Session {
    /// The next PIN of the command, else the user is asked; if one is needed.
    pub(super) async fn type_pin(&mut self) -> Result<(), Failure> {
        if self.prompt.is_some() || self.leaving.is_some() || !self.awaits_pin().await? {
            return Ok(());
        }
        match self.pins.pop_front() {
            Some(pin) => self.provide(&pin).await,
            None if self.can_ask => {
                self.prompt = Some(Prompt::start(Asked::Pin)?);
                Ok(())
            }
            None if self.rejected => Err(wrong_pin()),
            None => Err(pin_missing()),
        }
    }

    /// What the user has typed is tried, if it is a PIN at all.
    pub(super) async fn typed_pin(
        &mut self,
        typed: Option<Zeroizing<String>>,
    ) -> Result<(), Failure> {
        match Pin::parse(&typed.ok_or_else(pin_missing)?) {
            Ok(pin) => self.provide(&pin).await,
            Err(error) => {
                self.output.note(error);
                self.prompt = Some(Prompt::start(Asked::Pin)?);
                Ok(())
            }
        }
    }

    async fn provide(&self, pin: &Pin) -> Result<(), Failure> {
        match self.client.provide_pin(self.id, pin).await {
            // The transfer went on meanwhile: the next event tells.
            Err(error) if matches!(error.code(), "closed" | "closing" | "pin_not_asked") => Ok(()),
            provided => provided.map_err(Into::into),
        }
    }

    /// Not at a sender, and no more once a PIN was given.
    pub(super) async fn awaits_pin(&self) -> Result<bool, Failure> {
        Ok(self.stored_state().await? == Some(TransferState::PinRequired))
    }
}

/// Tries may be left, for the same command with another PIN.
fn wrong_pin() -> Failure {
    Failure {
        exit: exit::REFUSED,
        ..Failure::new("wrong_pin", "the PIN was wrong")
    }
}

/// Nobody is there to type it.
pub(crate) fn pin_missing() -> Failure {
    Failure {
        exit: exit::USAGE,
        ..Failure::new("pin_required", "this invitation needs a PIN (--pin)")
    }
}
