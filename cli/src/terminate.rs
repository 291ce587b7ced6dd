//! `tigress terminate`.

use clap::Args;
use tigress::{TransferId, TransferState};

use crate::exit::{DONE, Failure};
use crate::options::{Common, Reach};
use crate::output::Output;
use crate::session::{Ending, Opening};

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
    let opening = Opening::of(&command.common, &command.reach)?;
    let summary = opening.state.transfer(command.id).await?;
    let notes = opening.state.notes(command.id)?.unwrap_or_default();
    let mut session = opening.session(command.id, summary.role, notes)?;
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
