//! `tigress receive`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use tigress::invitation::{RelayOrigin, parse_invitation};
use tigress::{AcceptOptions, Error, TransferClient, TransferId, TransferRole, TransferState};

use crate::exit::Failure;
use crate::files;
use crate::options::{self, Carry, Common};
use crate::output::{Event, Output};
use crate::session::{self, Opening, Session};
use crate::state::{Content, Notes};

/// Takes an invitation on and receives what it offers, once the user has agreed. Again with the same invitation, it goes on.
#[derive(Args)]
pub(crate) struct Command {
    /// The share URL, a .tigress file, or - for either on stdin.
    invitation: OsString,
    /// File for what is received, or - for stdout; without it, that is kept in the state folder.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A relay that may be talked to; can be given several times.
    #[arg(long, value_name = "URL")]
    relay_trust: Vec<String>,
    /// File that is sent in return, or - for stdin.
    #[arg(long, value_name = "FILE")]
    reply: Option<PathBuf>,
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
    let from_stdin = command.invitation == "-";
    if from_stdin && command.reply.as_deref().is_some_and(files::is_dash) {
        return Err(Failure::usage("stdin can be read once only"));
    }
    let to_stdout = command.to_stdout();
    let invitation = options::read_invitation(&command.invitation)?;
    let unless_missing = |error: Error| invitation.unless_missing(error.into());
    let id = TransferId::of_invitation(&invitation.bytes)
        .map_err(|error| unless_missing(error.into()))?;
    let preview =
        parse_invitation(&invitation.bytes).map_err(|error| unless_missing(error.into()))?;
    let relay = preview.share_url.relay;
    let opening = Opening {
        to_stdout,
        pins: options::pins(&command.pin)?,
        yes: command.yes,
        stdin_is_taken: from_stdin || command.reply.as_deref().is_some_and(files::is_dash),
        ..Opening::of(&command.common, &command.carry.reach)?
    };
    let begun = opening.state.notes(id)?;
    let is_new = begun.is_none();
    let notes = notes(&command, begun, &relay, Content(invitation.bytes))?;
    if let (true, false, Some(out)) = (is_new, to_stdout, &notes.out) {
        files::check_free(out, notes.force)?;
    }
    let mut session = opening.session(id, TransferRole::Receiver, notes)?;
    let result = carry(&mut session).await;
    session.finish(result, command.carry.stats, false)
}

/// What is noted on the transfer: what was, with what is said now.
fn notes(
    command: &Command,
    begun: Option<Notes>,
    relay: &RelayOrigin,
    invitation: Content,
) -> Result<Notes, Failure> {
    let mut notes = begun.unwrap_or_default();
    notes.invitation = Some(invitation);
    notes.force |= command.force;
    for url in &command.relay_trust {
        let mut trusted = options::relay("--relay-trust", url)?;
        // One relay on this machine has several names: that of the link is meant.
        if trusted.is_same_place(relay) {
            trusted = relay.clone();
        }
        let trusted = trusted.to_string();
        if !notes.trusted.contains(&trusted) {
            notes.trusted.push(trusted);
        }
    }
    if let (Some(out), false) = (&command.out, command.to_stdout()) {
        notes.out = Some(files::absolute(out)?);
    }
    if let Some(reply) = &command.reply {
        notes.reply = Some(Content(files::read_content(reply)?));
    }
    Ok(notes)
}

async fn carry(session: &mut Session) -> Result<u8, Failure> {
    accept(session).await?;
    session.deliver_kept()?;
    session.run().await
}

/// Takes the invitation on, or goes on with that; what it says of itself is the other side's word.
pub(crate) async fn accept(session: &mut Session) -> Result<(), Failure> {
    let Some(invitation) = session.notes.invitation.clone() else {
        return Ok(());
    };
    let url = parse_invitation(&invitation.0)
        .map_err(Error::from)?
        .share_url;
    check_relay(session, &url.relay)?;
    let begun = session.state.find(session.id).await?;
    if begun.is_none_or(|summary| summary.state == TransferState::Offered) {
        session.check_consent()?;
    }
    if url.pin_required && session.pins.is_empty() && !session.can_ask {
        return Err(session::pin_missing());
    }
    session.save_notes()?;
    // A PIN where none is asked for is told to be wrong here; else it is tried when it is asked for.
    let options = AcceptOptions {
        pin: session.pins.front().cloned().filter(|_| !url.pin_required),
        ..AcceptOptions::default()
    };
    let accepting = |client: TransferClient| {
        let (invitation, options) = (invitation.clone(), options.clone());
        async move { client.accept_invitation(&invitation.0[..], options).await }
    };
    let accepted = session.unless_interrupted(accepting).await;
    if accepted.is_err() && session.state.find(session.id).await?.is_none() {
        // Nothing was begun.
        session.state.forget(session.id)?;
    }
    if accepted?.is_some() {
        session.notes.invitation = None;
        session.save_notes()?;
        let summary = session.state.transfer(session.id).await?;
        if !matches!(summary.state, TransferState::Closed(_)) {
            session.event(&Event::Offered {
                title: summary.display.title.to_string(),
                description: summary.display.description.to_string(),
                sender: summary.display.sender.to_string(),
                format: summary.display.format,
                may_be_passed_on: summary.display.may_be_passed_on,
                image: summary.display.image_url,
                texts: summary.display.authenticity.name(),
            });
        }
    }
    Ok(())
}

/// Before anything is noted: the core's own check, without its network.
fn check_relay(session: &Session, relay: &RelayOrigin) -> Result<(), Failure> {
    let is_trusted = session
        .notes
        .trusted
        .iter()
        .any(|trusted| *trusted == relay.to_string());
    if is_trusted {
        return Ok(());
    }
    Err(Failure {
        reason: format!(
            "the relay {} is not trusted (--relay-trust {relay} trusts it)",
            relay.host()
        ),
        ..Failure::from(Error::UntrustedRelay {
            host: relay.host().to_owned(),
        })
    })
}

impl Command {
    pub(crate) fn output(&self) -> Output {
        self.common.output().beside(self.to_stdout())
    }

    fn to_stdout(&self) -> bool {
        self.out.as_deref().is_some_and(files::is_dash)
    }
}
