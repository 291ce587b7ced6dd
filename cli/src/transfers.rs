//! `tigress transfers`.

use clap::Args;
use tigress::{TransferId, TransferRole, TransferState, TransferSummary};

use crate::exit::{DONE, Failure};
use crate::options::Common;
use crate::output::{Event, Output};
use crate::state::State;

/// Lists the transfers of a state folder, ended ones too; or forgets ended ones.
#[derive(Args)]
pub(crate) struct Command {
    /// Forgets this transfer, which must have ended, with what is kept of it. Its invitation can't be accepted anew.
    #[arg(long, value_name = "ID", conflicts_with = "ended")]
    forget: Option<TransferId>,
    /// Forgets all that have ended, but those whose content is nowhere else yet.
    #[arg(long)]
    ended: bool,
    #[command(flatten)]
    common: Common,
}

pub(crate) async fn run(command: Command) -> Result<u8, Failure> {
    let output = command.common.output();
    let state = command.common.state()?;
    if let Some(id) = command.forget {
        state.transfer(id).await?;
        state
            .forget_ended(id)
            .await
            .map_err(|failure| failure.of(id))?;
        return Ok(DONE);
    }
    if command.ended {
        forget_ended(&state, output).await?;
        return Ok(DONE);
    }
    for summary in state.transfers().await? {
        output.result(Some(summary.id), &event(&summary))?;
    }
    Ok(DONE)
}

async fn forget_ended(state: &State, output: Output) -> Result<(), Failure> {
    for summary in state.transfers().await? {
        if !matches!(summary.state, TransferState::Closed(_)) {
            continue;
        }
        let notes = state.notes(summary.id)?.unwrap_or_default();
        if notes.kept.is_empty() {
            state.forget_ended(summary.id).await?;
        } else {
            output.note(format_args!(
                "kept: {}, whose content is here alone (resume --out writes it)",
                summary.id
            ));
        }
    }
    Ok(())
}

fn event(summary: &TransferSummary) -> Event {
    Event::Transfer {
        id: summary.id,
        role: match summary.role {
            TransferRole::Sender => "sender",
            TransferRole::Receiver => "receiver",
        },
        state: summary.state.name(),
        outcome: match summary.state {
            TransferState::Closed(outcome) => Some(outcome.name()),
            _ => None,
        },
        title: summary.display.title.to_string(),
        expires: summary.expires_at,
    }
}

impl Command {
    pub(crate) fn output(&self) -> Output {
        self.common.output()
    }
}
