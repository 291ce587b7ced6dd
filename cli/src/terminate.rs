//! `tigress terminate`.

use std::collections::VecDeque;

use clap::Args;
use tigress::{TransferId, TransferState};

use crate::exit::{DONE, Failure};
use crate::options::{Common, Reach};
use crate::output::Output;
use crate::session::{Ending, Session, Start};

/// Ends a transfer: the sender cancels, the receiver declines. The relay is told before this returns.
#[derive(Args)]
pub(crate) struct Command {
    /// The transfer, as the events and `tigress transfers` name it.
    id: TransferId,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    common: Common,
}

pub(crate) async fn run(command: Command) -> Result<u8, Failure> {
    let state = command.common.state()?;
    let summary = state.transfer(command.id).await?;
    let mut notes = state.notes(command.id)?.unwrap_or_default();
    notes.ca = command.reach.ca()?.or(notes.ca);
    let mut session = Session::new(Start {
        id: command.id,
        role: summary.role,
        state,
        notes,
        output: command.common.output(),
        to_stdout: false,
        pins: VecDeque::new(),
        stdin_is_taken: false,
        give_up_after: command.reach.give_up_after,
    })?;
    if !matches!(summary.state, TransferState::Closed(_)) {
        session.leave().await?;
    }
    match session.carry().await? {
        Ending::Closed(_) | Ending::Told => Ok(DONE),
        Ending::Untold => Err(Failure::no_answer()),
    }
}

impl Command {
    pub(crate) fn output(&self) -> Output {
        self.common.output()
    }
}
