//! `tigress transfers`.

use clap::Args;
use tigress::{TransferRole, TransferState, TransferSummary};

use crate::exit::{DONE, Failure};
use crate::options::Common;
use crate::output::{Event, Output};

/// Lists the transfers of a state folder, ended ones too.
#[derive(Args)]
pub(crate) struct Command {
    #[command(flatten)]
    common: Common,
}

pub(crate) async fn run(command: Command) -> Result<u8, Failure> {
    let output = command.common.output();
    for summary in command.common.state()?.transfers().await? {
        output.result(Some(summary.id), &event(&summary))?;
    }
    Ok(DONE)
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
