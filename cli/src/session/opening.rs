//! The one way to a session, for every command that has one.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tigress::{Config, Pin, TransferClient, TransferId, TransferRole};
use tigress_parts::meter::Meter;
use tokio::signal::unix::{SignalKind, signal};

use super::Session;
use crate::exit::Failure;
use crate::options::{Common, Reach};
use crate::output::Output;
use crate::state::{Content, Notes, State};
use crate::terminal;
use crate::told::Told;

/// What a command has to carry a transfer with.
pub(crate) struct Opening {
    pub(crate) state: State,
    pub(crate) output: Output,
    pub(crate) give_up_after: Duration,
    pub(crate) ca: Option<Content>,
    /// Receiver: what is received goes there.
    pub(crate) to_stdout: bool,
    /// Receiver: PINs that were given with the command.
    pub(crate) pins: VecDeque<Pin>,
    /// Receiver: what is offered is taken without asking.
    pub(crate) yes: bool,
    /// The invitation or the reply was read from there.
    pub(crate) stdin_is_taken: bool,
}

impl Opening {
    pub(crate) fn of(common: &Common, reach: &Reach) -> Result<Self, Failure> {
        Ok(Self {
            state: common.state()?,
            output: common.output(),
            give_up_after: reach.give_up_after,
            ca: reach.ca()?,
            to_stdout: false,
            pins: VecDeque::new(),
            yes: false,
            stdin_is_taken: false,
        })
    }

    /// With these notes on the transfer, and with the authorities that are named now, if there are any.
    pub(crate) fn session(
        self,
        id: TransferId,
        role: TransferRole,
        mut notes: Notes,
    ) -> Result<Session, Failure> {
        notes.ca = self.ca.or(notes.ca);
        let config = Config {
            relay: notes.relay.clone(),
            trusted_relays: notes.trusted.clone(),
            // Only relays that were named are talked to, and naming one of these allows it.
            allow_loopback_http: true,
            extra_roots: notes.ca.iter().map(|ca| ca.0.to_vec()).collect(),
            give_up_after: self.give_up_after,
            ..Config::default()
        };
        let meter = Meter::new(tigress::built_in_transport(&config)?, self.give_up_after);
        let transport = Arc::<Meter>::clone(&meter);
        let interrupts = signal(SignalKind::interrupt())
            .map_err(|_| Failure::new("signal", "signals can't be handled"))?;
        let client = TransferClient::new(config, self.state.store(), Some(transport))?;
        Ok(Session {
            relay: client.watch_relay(id),
            told: Told::default(),
            client,
            id,
            role,
            state: self.state,
            notes,
            output: self.output.beside(self.to_stdout),
            to_stdout: self.to_stdout,
            pins: self.pins,
            yes: self.yes,
            can_ask: terminal::is_there(self.stdin_is_taken),
            prompt: None,
            meter,
            interrupts,
            rejected: false,
            leaving: None,
        })
    }
}
