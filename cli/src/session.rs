//! Carries one transfer to its end: events as they happen, Ctrl-C, a relay that is silent.

use std::collections::VecDeque;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tigress::{
    Config, Credential, Error, Events, Outcome, Pin, RelayWatch, TerminateReason, TransferClient,
    TransferEvent, TransferId, TransferRole, TransferState,
};
use tigress_parts::meter::Meter;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::exit::{self, Failure};
use crate::files;
use crate::output::{self, Counts, Event, Output};
use crate::state::{Content, Kept, Notes, State};
use crate::terminal::{self, Prompt};

/// How long Ctrl-C waits for the other side to confirm the ending.
const PARTING: Duration = Duration::from_secs(5);
/// Pause when another process has the store.
const BUSY: Duration = Duration::from_millis(100);
/// Longest pause while the relay wants to be asked later: whether the patience lasts is looked at meanwhile.
const IDLE: Duration = Duration::from_secs(1);

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
    /// Whether there is somebody to type one.
    pub(crate) can_ask: bool,
    /// Being typed; the transfer is followed meanwhile.
    prompt: Option<Prompt>,
    meter: Arc<Meter>,
    relay: RelayWatch,
    /// What the user was told of why it does not answer.
    told: Option<String>,
    interrupts: Signal,
    /// The last PIN was wrong.
    rejected: bool,
    /// Once Ctrl-C was pressed: how long the ending may take.
    leaving: Option<Instant>,
}

/// What a session is made of.
pub(crate) struct Start {
    pub(crate) id: TransferId,
    pub(crate) role: TransferRole,
    pub(crate) state: State,
    pub(crate) notes: Notes,
    pub(crate) output: Output,
    pub(crate) to_stdout: bool,
    pub(crate) pins: VecDeque<Pin>,
    /// The invitation was read from there.
    pub(crate) stdin_is_taken: bool,
    pub(crate) give_up_after: Duration,
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
    pub(crate) fn new(start: Start) -> Result<Self, Failure> {
        let config = Config {
            relay: start.notes.relay.clone(),
            trusted_relays: start.notes.trusted.clone(),
            // Only relays that were named are talked to, and naming one of these allows it.
            allow_loopback_http: true,
            extra_roots: start.notes.ca.iter().map(|ca| ca.0.to_vec()).collect(),
            give_up_after: start.give_up_after,
            ..Config::default()
        };
        let http = tigress::built_in_transport(&config)?;
        let meter = Meter::new(http, start.give_up_after);
        let transport = Arc::<Meter>::clone(&meter);
        let interrupts = signal(SignalKind::interrupt())
            .map_err(|_| Failure::new("signal", "signals can't be handled"))?;
        let client = TransferClient::new(config, start.state.store(), Some(transport))?;
        Ok(Self {
            relay: client.watch_relay(start.id),
            told: None,
            client,
            id: start.id,
            role: start.role,
            state: start.state,
            notes: start.notes,
            output: start.output,
            to_stdout: start.to_stdout,
            pins: start.pins,
            can_ask: terminal::is_there(start.stdin_is_taken),
            prompt: None,
            meter,
            interrupts,
            rejected: false,
            leaving: None,
        })
    }

    pub(crate) fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    pub(crate) fn event(&self, event: &Event) {
        self.output.event(Some(self.id), event);
    }

    pub(crate) fn save_notes(&self) -> Result<(), Failure> {
        self.state.note(self.id, &self.notes)
    }

    /// What `work` gives, tried until the relay has been silent for too long; nothing if Ctrl-C came first, after which
    /// the transfer is being ended.
    pub(crate) async fn unless_interrupted<T, F>(
        &mut self,
        work: impl Fn(TransferClient) -> F,
    ) -> Result<Option<T>, Failure>
    where
        F: Future<Output = Result<T, Error>>,
    {
        loop {
            let mut trying = std::pin::pin!(work(self.client.clone()));
            let result = loop {
                tokio::select! {
                    result = &mut trying => break result,
                    trouble = self.relay.changed() => self.tell(trouble.as_ref()),
                    () = self.meter.silence() => return Err(self.no_answer()),
                    _ = self.interrupts.recv() => {
                        self.leave().await?;
                        return Ok(None);
                    }
                }
            };
            match result {
                // The process was stopped, or the patience is greater than the core's.
                Err(error) if is_silence(&error) && !self.meter.is_given_up() => {
                    self.tell(Some(&error));
                    let pause = error.retry_after().unwrap_or_default();
                    tokio::time::sleep(pause.clamp(BUSY, IDLE)).await;
                }
                Err(Error::StoreBusy) => tokio::time::sleep(BUSY).await,
                result => return Ok(Some(result?)),
            }
        }
    }

    /// What stands between this and the relay, which is tried on; on stderr, as it is nobody's output.
    fn tell(&mut self, trouble: Option<&Error>) {
        match trouble {
            Some(error) if is_silence(error) => {
                let reason = error.to_string();
                if self.told.as_ref() != Some(&reason) {
                    self.output.warn(format_args!("{reason}; trying on"));
                    self.told = Some(reason);
                }
            }
            None if self.told.take().is_some() => self.output.warn("the relay answers again"),
            // The others end what is being done, and are told by that.
            _ => {}
        }
    }

    /// The relay was silent for too long, with the reason if there is one.
    fn no_answer(&self) -> Failure {
        match self.relay.trouble() {
            Some(error) if is_silence(&error) => Failure {
                exit: exit::NO_ANSWER,
                ..error.into()
            },
            _ => Failure::no_answer(),
        }
    }

    /// What `work` gives, unless Ctrl-C comes first.
    pub(crate) async fn or_interrupt(&mut self, work: impl Future<Output = ()>) {
        tokio::select! {
            () = work => {}
            _ = self.interrupts.recv() => {}
        }
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

    /// Whether what was received is where this command puts it, or kept.
    fn has_it(&self) -> Result<bool, Failure> {
        if !self.notes.delivered.is_empty() {
            return Ok(true);
        }
        let file = match self.to_stdout {
            true => None,
            false => self.path_of(0)?,
        };
        if let Some(file) = file {
            return Ok(file.exists());
        }
        let notes = self.state.notes(self.id)?;
        Ok(notes.is_some_and(|notes| !notes.kept.is_empty()))
    }

    pub(crate) async fn carry(&mut self) -> Result<Ending, Failure> {
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

    /// Not at a sender, and no more once a PIN was given.
    async fn awaits_pin(&self) -> Result<bool, Failure> {
        Ok(self.stored_state().await? == Some(TransferState::PinRequired))
    }

    async fn stored_state(&self) -> Result<Option<TransferState>, Failure> {
        let summary = self.state.find(self.id).await?;
        Ok(summary.map(|summary| summary.state))
    }

    /// The next PIN of the command, else the user is asked; if one is needed.
    async fn type_pin(&mut self) -> Result<(), Failure> {
        if self.prompt.is_some() || self.leaving.is_some() || !self.awaits_pin().await? {
            return Ok(());
        }
        match self.pins.pop_front() {
            Some(pin) => self.provide(&pin).await,
            None if self.can_ask => {
                self.prompt = Some(Prompt::start()?);
                Ok(())
            }
            None if self.rejected => Err(wrong_pin()),
            None => Err(pin_missing()),
        }
    }

    /// What the user has typed is tried, if it is a PIN at all.
    async fn typed(&mut self, typed: Option<Zeroizing<String>>) -> Result<(), Failure> {
        self.prompt = None;
        match Pin::parse(&typed.ok_or_else(pin_missing)?) {
            Ok(pin) => self.provide(&pin).await,
            Err(error) => {
                self.output.note(error);
                self.prompt = Some(Prompt::start()?);
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

    async fn received(&mut self, credential: &Credential, index: u64) -> Result<(), Failure> {
        let out = self.deliver(&credential.format, &credential.content, index)?;
        self.event(&Event::CredentialReceived {
            index,
            format: credential.format.clone(),
            bytes: credential.content.len(),
            out,
        });
        if self.role == TransferRole::Receiver && self.leaving.is_none() {
            self.answer().await?;
        }
        Ok(())
    }

    /// Puts what was received where the user wants it, before it is acknowledged: a file, else the notes.
    fn deliver(
        &mut self,
        format: &str,
        content: &[u8],
        index: u64,
    ) -> Result<Option<PathBuf>, Failure> {
        if self.to_stdout {
            output::content(content)?;
            self.notes.delivered.insert(index);
            return Ok(Some("-".into()));
        }
        let Some(path) = self.path_of(index)? else {
            if self.notes.kept.iter().all(|kept| kept.index != index) {
                self.notes.kept.push(Kept {
                    index,
                    format: format.to_owned(),
                    content: Content(content.to_vec().into()),
                });
                self.save_notes()?;
            }
            return Ok(None);
        };
        files::write(&path, content, self.notes.force)?;
        self.notes.delivered.insert(index);
        Ok(Some(path))
    }

    /// A receiver's file, with a number for further messages; a file in a sender's folder.
    fn path_of(&self, index: u64) -> Result<Option<PathBuf>, Failure> {
        let Some(out) = &self.notes.out else {
            return Ok(None);
        };
        Ok(Some(match self.role {
            TransferRole::Receiver if index == 0 => out.clone(),
            TransferRole::Receiver => {
                let mut name = out.clone().into_os_string();
                name.push(format!(".{index}"));
                name.into()
            }
            TransferRole::Sender => {
                std::fs::create_dir_all(out).map_err(|error| {
                    let reason = format!("{} can't be made: {error}", out.display());
                    Failure::new("file", reason)
                })?;
                out.join(format!("{}-{index}", self.id))
            }
        }))
    }

    /// Writes what was kept while there was no place for it.
    pub(crate) fn deliver_kept(&mut self) -> Result<(), Failure> {
        if self.notes.out.is_none() && !self.to_stdout {
            return Ok(());
        }
        for kept in std::mem::take(&mut self.notes.kept) {
            let out = self.deliver(&kept.format, &kept.content.0, kept.index)?;
            self.event(&Event::CredentialReceived {
                index: kept.index,
                format: kept.format,
                bytes: kept.content.0.len(),
                out,
            });
        }
        self.save_notes()
    }

    /// The receiver has what it came for: its reply leaves, and then it is done.
    async fn answer(&mut self) -> Result<(), Failure> {
        if let Some(reply) = self.notes.reply.clone()
            && self.counts().await?.sent == 0
        {
            let content = reply.0.to_vec();
            let reply = Credential::new(crate::options::DEFAULT_FORMAT, content);
            self.client.send_credential(self.id, reply).await?;
        }
        match self.client.terminate(self.id, TerminateReason::Done).await {
            Ok(()) | Err(Error::Closed { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
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

/// The relay has not answered, or is out of order or overloaded, which is no answer.
fn is_silence(error: &Error) -> bool {
    let unreachable = matches!(error, Error::RelayUnreachable { .. });
    let refused = matches!(error, Error::RelayRefused { .. });
    unreachable || refused && error.is_retryable()
}
