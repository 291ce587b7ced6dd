//! Whether the receiver's user takes what is offered: nothing is answered to the sender before that.

use tigress::TransferState;

use super::Session;
use crate::exit::{self, Failure};
use crate::output::Event;
use crate::terminal::{Asked, Prompt};

impl Session {
    /// Somebody says, now or on the terminal, whether the invitation is taken.
    pub(crate) fn check_consent(&self) -> Result<(), Failure> {
        match self.yes || self.can_ask {
            true => Ok(()),
            false => Err(not_confirmed()),
        }
    }

    /// Asks, if that is still to be said.
    pub(super) async fn ask_consent(&mut self) -> Result<(), Failure> {
        if self.leaving.is_some() || self.stored_state().await? != Some(TransferState::Offered) {
            return Ok(());
        }
        if self.yes {
            return self.confirm().await;
        }
        self.check_consent()?;
        self.prompt = Some(Prompt::start(Asked::Consent)?);
        Ok(())
    }

    /// What is no yes is a no, and so is the end of the terminal's input.
    pub(super) async fn typed_consent(&mut self, typed: &str) -> Result<(), Failure> {
        match typed.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => self.confirm().await,
            _ => match self.client.decline(self.id).await {
                // The transfer went on meanwhile: the next event tells.
                Err(error) if error.code() == "closed" => Ok(()),
                declined => Ok(declined?),
            },
        }
    }

    async fn confirm(&mut self) -> Result<(), Failure> {
        match self.client.confirm(self.id, None).await {
            Err(error) if matches!(error.code(), "closed" | "closing" | "expired") => Ok(()),
            Err(error) => Err(error.into()),
            Ok(()) => {
                self.event(&Event::Accepted);
                Ok(())
            }
        }
    }
}

/// Nobody is there to say so.
fn not_confirmed() -> Failure {
    Failure {
        exit: exit::USAGE,
        ..Failure::new("not_confirmed", "nobody is there to take it (--yes)")
    }
}
