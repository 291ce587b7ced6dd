//! `tigress resume`.

use std::path::PathBuf;

use clap::Args;
use tigress::{InvitationRequest, TransferId, TransferRole, TransferState, TransferSummary};

use crate::exit::Failure;
use crate::files;
use crate::invited::Qr;
use crate::options::{self, Carry, Common};
use crate::output::Output;
use crate::session::{Opening, Session};
use crate::{receive, send};

/// Goes on with a transfer of either role, with what its state folder has; of an ended one, says how it ended.
#[derive(Args)]
pub(crate) struct Command {
    /// The transfer, as the events and `tigress transfers` name it.
    id: TransferId,
    /// When a sender's link is shown as a QR code, too; auto: on a terminal with enough room.
    #[arg(long, value_name = "WHEN", default_value = "auto", value_enum)]
    qr: Qr,
    /// File (receiver; - for stdout) or folder (sender) for what is received.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The PIN, if the invitation needs one; asked on the terminal otherwise. Given several times, each is tried.
    #[arg(long)]
    pin: Vec<String>,
    /// Takes what is offered without asking; needed where there is no terminal to ask on.
    #[arg(long)]
    yes: bool,
    /// Overwrites files.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    carry: Carry,
}

pub(crate) async fn run(command: Command) -> Result<u8, Failure> {
    let to_stdout = command.to_stdout();
    let opening = Opening {
        to_stdout,
        pins: options::pins(&command.pin)?,
        yes: command.yes,
        ..Opening::of(&command.common, &command.carry.reach)?
    };
    let summary = opening.state.transfer(command.id).await?;
    let mut notes = opening.state.notes(command.id)?.unwrap_or_default();
    notes.force |= command.force;
    if to_stdout && summary.role == TransferRole::Sender {
        return Err(Failure::usage("a sender's --out names a folder"));
    }
    if let (Some(out), false) = (&command.out, to_stdout) {
        notes.out = Some(files::absolute(out)?);
    }
    let mut session = opening.session(command.id, summary.role, notes)?;
    let result = carry(&mut session, &summary, command.qr).await;
    session.finish(result, command.carry.stats, false)
}

async fn carry(session: &mut Session, summary: &TransferSummary, qr: Qr) -> Result<u8, Failure> {
    session.save_notes()?;
    session.deliver_kept()?;
    match (summary.role, summary.state) {
        (_, TransferState::Closed(_)) => {}
        (TransferRole::Receiver, _) => receive::accept(session).await?,
        (TransferRole::Sender, TransferState::Invited) => {
            if session.notes.key.is_some() {
                send::invite(session, InvitationRequest::default(), qr, false).await?;
            }
        }
        (TransferRole::Sender, _) => {}
    }
    session.run().await
}

impl Command {
    pub(crate) fn output(&self) -> Output {
        self.common.output().beside(self.to_stdout())
    }

    fn to_stdout(&self) -> bool {
        self.out.as_deref().is_some_and(files::is_dash)
    }
}
