//! `tigress demo`.

use clap::Args;

use crate::exit::{DONE, Failure};

/// Shows a whole transfer on this machine: a relay, a sender and a receiver over real HTTP. Exit code 0 only if
/// everything arrived as it was sent, both sides ended, and the mailbox is gone.
#[derive(Args)]
pub(crate) struct Command {
    /// Also prints requests, bytes, CPU of each part, and sizes.
    #[arg(long)]
    stats: bool,
}

pub(crate) async fn run(command: Command) -> Result<u8, Failure> {
    tigress_demo::run(command.stats)
        .await
        .map_err(|failure| match failure {
            tigress_demo::Failure::Transfer(error) => error.into(),
            tigress_demo::Failure::Other { code, reason } => Failure::new(code, reason),
        })?;
    Ok(DONE)
}
