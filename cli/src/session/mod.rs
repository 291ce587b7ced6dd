//! Carries one transfer to its end: events as they happen, Ctrl-C, a relay that is silent.

mod consent;
mod content;
mod opening;
mod pin;
mod trying;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tigress::{
    Error, Events, Outcome, Pin, RelayWatch, TerminateReason, TransferClient, TransferEvent,
    TransferId, TransferRole, TransferState,
};
use tigress_parts::meter::Meter;
use tokio::signal::unix::Signal;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::exit::{self, Failure};
use crate::output::{Counts, Event, Output};
use crate::state::{Notes, State};
use crate::stats;
use crate::terminal::{Asked, Prompt};
use crate::told::Told;

pub(crate) use opening::Opening;
pub(crate) use pin::pin_missing;

/// How long Ctrl-C waits for the other side to confirm the ending.
const PARTING: Duration = Duration::from_secs(5);

/// One transfer that this process carries.
pub(crate) struct Session {
    pub(crate) client: TransferClient,
    pub(crate) id: TransferId,
    role: TransferRole,
    pub(crate) state: State,
    pub(crate) notes: Notes,
    pub(crate) output: Output,
    /// Receiver: what is received goes there.
    to_stdout: bool,
    /// Receiver: PINs that were given with the command and not tried yet.
    pub(crate) pins: VecDeque<Pin>,
    /// Receiver: what is offered is taken without asking.
    pub(crate) yes: bool,
    /// Whether there is somebody to ask.
    pub(crate) can_ask: bool,
    /// Being typed; the transfer is followed meanwhile.
    prompt: Option<Prompt>,
    meter: Arc<Meter>,
    relay: RelayWatch,
    /// What the user was told of why it does not answer.
    told: Told,
    interrupts: Signal,
    /// The last PIN was wrong.
    rejected: bool,
    /// Once Ctrl-C was pressed: how long the ending may take.
    leaving: Option<Instant>,
}

/// How carrying a transfer came to its end.
pub(crate) enum Ending {
    Closed(Outcome),
    /// The relay has this side's ending.
    Told,
    /// It does not answer.
    Untold,
}

enum Step {
    Happened(Result<Option<TransferEvent>, Error>),
    Typed(Result<Option<Zeroizing<String>>, Failure>),
    Trouble(Option<Error>),
    Silent,
    Interrupted,
    LeftAlone,
}

impl Session {
    pub(crate) fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    pub(crate) fn event(&self, event: &Event) {
        self.output.event(Some(self.id), event);
    }

    pub(crate) fn save_notes(&self) -> Result<(), Failure> {
        self.state.note(self.id, &self.notes)
    }

    /// Goes on until the transfer has ended, and gives the exit code.
    pub(crate) async fn run(&mut self) -> Result<u8, Failure> {
        Ok(match self.carry().await? {
            _ if self.leaving.is_some() => exit::INTERRUPTED,
            Ending::Closed(outcome) => self.code(outcome).await?,
            Ending::Told | Ending::Untold => exit::INTERRUPTED,
        })
    }

    /// A receiver has come for something: an end without it is none that it wanted.
    async fn code(&self, outcome: Outcome) -> Result<u8, Failure> {
        if self.role == TransferRole::Receiver && outcome == Outcome::Completed {
            if self.counts().await?.received == 0 {
                let reason = "the sender has ended the transfer and sent nothing";
                return Err(Failure::new("nothing_received", reason));
            }
            if !self.has_it()? {
                let reason = "what was received is not where this command puts it: another command has it, or it was moved";
                return Err(Failure::new("received_elsewhere", reason));
            }
        }
        Ok(exit::of_outcome(outcome))
    }

    /// How the command ends: with its statistics, if they are wanted; what failed, failed of this transfer.
    pub(crate) fn finish(
        &self,
        result: Result<u8, Failure>,
        stats: bool,
        has_relay: bool,
    ) -> Result<u8, Failure> {
        if stats {
            self.event(&stats::event(&self.meter().counts(), has_relay));
        }
        result.map_err(|failure| failure.of(self.id))
    }

    pub(crate) async fn carry(&mut self) -> Result<Ending, Failure> {
        self.ask_consent().await?;
        // A PIN that is still asked for: there may be no event before it is typed. If there is one, it tells.
        if self.awaits_pin().await? {
            let update = self.client.poll(self.id, Duration::ZERO, 0).await;
            if !update.is_ok_and(|update| !update.events.is_empty()) {
                self.type_pin().await?;
            }
        }
        let mut events = self.client.events(self.id)?;
        let mut ended = None;
        loop {
            match self.step(&mut events).await {
                Step::Happened(Ok(Some(TransferEvent::Closed { outcome }))) => {
                    self.end(outcome).await?;
                    ended = Some(outcome);
                }
                Step::Happened(Ok(Some(event))) => self.take(event).await?,
                Step::Happened(Ok(None)) => return self.over(ended).await,
                // Left before anything was begun.
                Step::Happened(Err(error))
                    if self.leaving.is_some() && error.code() == "unknown_transfer" =>
                {
                    return Ok(Ending::Told);
                }
                Step::Happened(Err(error)) => return Err(error.into()),
                Step::Typed(typed) => self.typed(typed?).await?,
                Step::Interrupted if self.leaving.is_none() => self.leave().await?,
                Step::Trouble(trouble) => self.tell(trouble.as_ref()),
                Step::Silent if self.leaving.is_none() => return Err(self.no_answer()),
                Step::Silent | Step::Interrupted | Step::LeftAlone => return Ok(self.left()),
            }
        }
    }

    /// What the user has answered to the question that stood.
    async fn typed(&mut self, typed: Option<Zeroizing<String>>) -> Result<(), Failure> {
        match self.prompt.take().map(|prompt| prompt.asked()) {
            Some(Asked::Consent) => self.typed_consent(&typed.unwrap_or_default()).await,
            _ => self.typed_pin(typed).await,
        }
    }

    async fn step(&mut self, events: &mut Events) -> Step {
        let leaving = self.leaving;
        let alone = async {
            match leaving {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let prompt = &mut self.prompt;
        let typed = async {
            match prompt {
                Some(prompt) => prompt.typed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = events.next() => Step::Happened(event),
            typed = typed => Step::Typed(typed),
            trouble = self.relay.changed() => Step::Trouble(trouble),
            () = self.meter.silence() => Step::Silent,
            _ = self.interrupts.recv() => Step::Interrupted,
            () = alone => Step::LeftAlone,
        }
    }

    /// Shows what happened and does what follows from it.
    async fn take(&mut self, event: TransferEvent) -> Result<(), Failure> {
        match event {
            // A receiver has taken the invitation on itself.
            TransferEvent::Accepted => self.event(&Event::Accepted),
            TransferEvent::PinRequired => {
                self.event(&Event::PinRequired);
                self.type_pin().await?;
            }
            TransferEvent::PinRejected { tries_left } => {
                self.event(&Event::PinRejected { tries_left });
                self.rejected = true;
                self.type_pin().await?;
            }
            TransferEvent::Established => {
                self.prompt = None;
                self.event(&Event::Established);
            }
            TransferEvent::CredentialDelivered { index } => {
                self.event(&Event::CredentialDelivered { index });
            }
            TransferEvent::CredentialReceived { credential, index } => {
                self.received(&credential, index).await?;
            }
            TransferEvent::RejectedToken => self.event(&Event::RejectedToken),
            _ => {}
        }
        Ok(())
    }

    /// There are no more events. How it ended may have been told to an earlier command.
    async fn over(&mut self, ended: Option<Outcome>) -> Result<Ending, Failure> {
        if let Some(outcome) = ended {
            return Ok(Ending::Closed(outcome));
        }
        match self.stored_state().await? {
            Some(TransferState::Closed(outcome)) => {
                self.end(outcome).await?;
                Ok(Ending::Closed(outcome))
            }
            _ => Ok(Ending::Told),
        }
    }

    async fn end(&mut self, outcome: Outcome) -> Result<(), Failure> {
        self.prompt = None;
        let counts = self.counts().await?;
        self.event(&Event::Closed {
            outcome: outcome.name(),
            code: outcome.code(),
            counts,
        });
        self.notes.end();
        self.save_notes()
    }

    /// Ends the transfer; whoever waits for its events tells the other side.
    pub(crate) async fn leave(&mut self) -> Result<(), Failure> {
        self.prompt = None;
        self.leaving = Some(Instant::now() + PARTING);
        self.output.note("ending the transfer");
        let ended = match self.role {
            TransferRole::Sender => {
                let reason = TerminateReason::Cancelled;
                self.client.terminate(self.id, reason).await
            }
            TransferRole::Receiver => self.client.decline(self.id).await,
        };
        match ended {
            Ok(()) | Err(Error::Closed { .. }) => Ok(()),
            // Nothing was begun.
            Err(error) if error.code() == "unknown_transfer" => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The ending is stored, and with the relay if that answers; the other side has not confirmed it yet.
    fn left(&self) -> Ending {
        if self.meter.is_silent() {
            self.output
                .note("the relay does not answer: resume tells the other side");
            return Ending::Untold;
        }
        self.output
            .note("the other side is told once it looks; resume tells whether it has");
        Ending::Told
    }

    async fn stored_state(&self) -> Result<Option<TransferState>, Failure> {
        let summary = self.state.find(self.id).await?;
        Ok(summary.map(|summary| summary.state))
    }

    /// How many messages went and came, also after a kill.
    async fn counts(&self) -> Result<Counts, Failure> {
        let summary = self.state.find(self.id).await?;
        Ok(summary.map_or(Counts::default(), |summary| Counts {
            sent: summary.sent,
            delivered: summary.delivered,
            received: summary.received,
        }))
    }
}
