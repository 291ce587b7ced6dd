//! `tigress inspect`.

use std::fmt;

use clap::Args;
use serde::Serialize;
use tigress::Error;
use tigress::gss::Oid;
use tigress::invitation::{InvitationPreview, PeerText, parse_invitation};

use crate::exit::{DONE, Failure};
use crate::options;
use crate::output::{Event, Output};

/// Shows the parts of an invitation, never its secret. Exit code 1 if it is not fully valid.
#[derive(Args)]
pub(crate) struct Command {
    /// The share URL, a .tigress file, or - for either on stdin.
    invitation: String,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

/// An invitation's parts but the secret.
#[derive(Serialize)]
pub(crate) struct Inspected {
    relay: String,
    mailbox: String,
    vertical: &'static str,
    pin: bool,
    title: Option<String>,
    description: Option<String>,
    image: Option<String>,
    expires: Option<u64>,
    mechanism: Option<String>,
    token_bytes: Option<usize>,
    #[serde(skip)]
    text: String,
}

impl Command {
    pub(crate) fn output(&self) -> Output {
        Output::new(self.json)
    }
}

pub(crate) fn run(command: &Command) -> Result<u8, Failure> {
    let invitation = options::read_invitation(&command.invitation)?;
    let preview = parse_invitation(&invitation).map_err(Error::from)?;
    command
        .output()
        .event(None, &Event::Invitation(Box::new(Inspected::from(preview))));
    Ok(DONE)
}

impl From<InvitationPreview> for Inspected {
    fn from(preview: InvitationPreview) -> Self {
        let text = preview.to_string().trim_end().to_owned();
        // As it may be shown: without what could disguise it.
        let shown = |text: Option<PeerText>| text.map(|text| text.to_string());
        let mechanism = preview.mechanism_oid.as_deref().and_then(Oid::from_content);
        Self {
            relay: preview.share_url.relay.to_string(),
            mailbox: preview.share_url.mailbox.to_string(),
            vertical: preview.share_url.vertical.name(),
            pin: preview.share_url.pin_required,
            title: shown(preview.title),
            description: shown(preview.description),
            image: preview.image_url,
            expires: preview.expiration,
            mechanism: mechanism.map(|oid| oid.to_string()),
            token_bytes: preview.token.map(|token| token.len()),
            text,
        }
    }
}

impl fmt::Display for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
