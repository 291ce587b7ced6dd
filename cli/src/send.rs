//! `tigress send`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tigress::{
    Credential, Invitation, InvitationRequest, Pin, TransferClient, TransferId, TransferRole,
};
use tigress_parts::embedded::Embedded;

use crate::exit::{self, Failure};
use crate::files;
use crate::invited::{Invited, Qr};
use crate::options::{self, Carry, Common, DEFAULT_FORMAT};
use crate::output::{Event, Output};
use crate::session::{Opening, Session};
use crate::state::Notes;

/// Sends a file, unchanged, to whoever gets the invitation that is shown.
#[derive(Args)]
pub(crate) struct Command {
    /// What is sent, at most 256 KiB: a file, or - for stdin.
    file: PathBuf,
    /// What the file is, such as digitalwallet.carkey.ccc.
    #[arg(long, value_name = "F", default_value = DEFAULT_FORMAT)]
    format: String,
    /// The relay, such as https://relay.example; without it, one is started on this machine.
    #[arg(long, value_name = "URL")]
    relay: Option<String>,
    /// Title of what is offered; only who has the invitation can read it.
    #[arg(long, value_name = "TEXT", default_value = "")]
    title: String,
    /// A note beside it, as private.
    #[arg(long, value_name = "TEXT", default_value = "", visible_alias = "note")]
    description: String,
    /// What you call yourself, as private.
    #[arg(long, value_name = "NAME", default_value = "")]
    sender: String,
    /// Tells the receiver that it may pass the file on.
    #[arg(long)]
    may_be_passed_on: bool,
    /// Title that everybody with the address can read, on the relay's preview page; neutral without.
    #[arg(long, value_name = "TEXT", default_value = "")]
    preview_title: String,
    /// A sentence beside it, as public.
    #[arg(long, value_name = "TEXT", default_value = "")]
    preview_description: String,
    /// How long the invitation lasts: seconds, or a number with s, m, h or d; 30d at most.
    #[arg(long, value_name = "TIME", default_value = "48h", value_parser = options::lifetime)]
    lifetime: Duration,
    /// The receiver must type a PIN, which is shown once: tell it by another channel than the link's.
    #[arg(long)]
    pin: bool,
    /// When the link is shown as a QR code, too; auto: on a terminal with enough room.
    #[arg(long, value_name = "WHEN", default_value = "auto", value_enum)]
    qr: Qr,
    /// Also writes the invitation as a .tigress file.
    #[arg(long, value_name = "FILE")]
    invitation: Option<PathBuf>,
    /// Folder for replies; without it, they are kept in the state folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Overwrites files.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    carry: Carry,
}

pub(crate) async fn run(command: Command) -> Result<u8, Failure> {
    check(&command)?;
    let relay = command.relay.as_deref();
    let relay = relay
        .map(|url| options::relay("--relay", url))
        .transpose()?;
    let content = files::read_content(&command.file)?;
    let invitation_file = command.invitation.as_deref().map(files::absolute);
    let invitation_file = invitation_file.transpose()?;
    if let Some(file) = &invitation_file {
        files::check_free(file, command.force)?;
    }
    let out = command.out.as_deref().map(files::absolute).transpose()?;
    if let Some(folder) = &out {
        files::check_folder(folder)?;
    }
    let opening = Opening::of(&command.common, &command.carry.reach)?;
    let embedded = match &relay {
        Some(_) => None,
        None => Some(embedded().await?),
    };
    let key = uuid::Uuid::from_bytes(random()?).to_string();
    let id = TransferId::of_idempotency_key(&key);
    let notes = Notes {
        key: Some(key),
        relay: embedded
            .as_ref()
            .map(|relay| relay.url().to_owned())
            .or(relay.map(|relay| relay.to_string())),
        invitation_file,
        out,
        force: command.force,
        ..Notes::default()
    };
    let request = InvitationRequest {
        title: command.title,
        description: command.description,
        sender: command.sender,
        may_be_passed_on: command.may_be_passed_on,
        preview_title: command.preview_title,
        preview_description: command.preview_description,
        lifetime: Some(command.lifetime),
        pin: command.pin,
        credential: Some(Credential::new(command.format, content.to_vec())),
        ..InvitationRequest::default()
    };
    if let (Some(relay), true) = (&embedded, opening.output.is_json()) {
        let url = relay.url().to_owned();
        opening.output.event(None, &Event::Relay { url });
    }
    let mut session = opening.session(id, TransferRole::Sender, notes)?;
    session.save_notes()?;
    let result = carry(&mut session, request, command.qr, embedded.as_ref()).await;
    let result = session.finish(result, command.carry.stats, embedded.is_some());
    if let Some(relay) = embedded {
        relay.stop().await;
    }
    result
}

async fn embedded() -> Result<Embedded, Failure> {
    let failed = |error| Failure::new("listen", format!("the relay can't start: {error}"));
    Embedded::start().await.map_err(failed)
}

async fn carry(
    session: &mut Session,
    request: InvitationRequest,
    qr: Qr,
    embedded: Option<&Embedded>,
) -> Result<u8, Failure> {
    let mailbox = invite(session, request, qr, embedded.is_some()).await?;
    let code = session.run().await?;
    if let (Some(relay), Some(mailbox), true) = (embedded, mailbox, code != exit::INTERRUPTED) {
        session.or_interrupt(relay.until_gone(&mailbox)).await;
    }
    Ok(code)
}

/// Makes the invitation, or goes on with making it, and shows it. Gives the mailbox's address.
pub(crate) async fn invite(
    session: &mut Session,
    request: InvitationRequest,
    qr: Qr,
    embedded: bool,
) -> Result<Option<String>, Failure> {
    let request = InvitationRequest {
        idempotency_key: session.notes.key.clone(),
        ..request
    };
    let creating = |client: TransferClient| {
        let request = request.clone();
        async move { client.create_invitation(request).await }
    };
    let invitation = session.unless_interrupted(creating).await?;
    let Some(invitation) = invitation else {
        return Ok(None);
    };
    show(session, &invitation, qr, embedded)?;
    Ok(Some(invitation.share_url.mailbox_url()))
}

/// Nobody can use what is not shown: that it can't be is a failure. Resumed, it is shown again.
fn show(session: &Session, invitation: &Invitation, qr: Qr, embedded: bool) -> Result<(), Failure> {
    if let Some(file) = &session.notes.invitation_file {
        files::write(file, &invitation.file, session.notes.force)?;
    }
    let pin = invitation.pin.as_ref();
    if session.output.is_json() {
        let invited = Event::Invited {
            url: invitation.share_url.to_url().to_string(),
            expires: invitation.expires_at,
            pin: pin.map(|pin| pin.as_str().to_owned()),
        };
        return session.output.result(Some(session.id), &invited);
    }
    let invited = Invited {
        url: &invitation.share_url,
        pin: pin.map(Pin::as_str),
        expires: invitation.expires_at,
        transfer: session.id.to_string(),
        embedded,
    };
    session.output.text(&invited.text(qr))
}

/// What can't be meant.
fn check(command: &Command) -> Result<(), Failure> {
    let is_dash = |path: &Option<PathBuf>| path.as_deref().is_some_and(files::is_dash);
    if is_dash(&command.invitation) || is_dash(&command.out) {
        let reason = "stdout has the link: --invitation names a file, and --out a folder";
        return Err(Failure::usage(reason));
    }
    if command.output().is_json() && command.qr == Qr::Always {
        return Err(Failure::usage("--json has no place for a QR code"));
    }
    Ok(())
}

fn random() -> Result<[u8; 16], Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| Failure::new("internal", "the system gives no randomness"))?;
    Ok(bytes)
}

impl Command {
    pub(crate) fn output(&self) -> Output {
        self.common.output()
    }
}
