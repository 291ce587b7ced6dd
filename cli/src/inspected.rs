//! An invitation as `tigress inspect` shows it.

use std::fmt;

use serde::Serialize;
use tigress::Authenticity;
use tigress::invitation::{InvitationPreview, PeerText};
use tigress_gss::gss::Oid;
use tigress_protocol::inspect::authenticity;

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
    texts: Option<&'static str>,
    #[serde(skip)]
    text: String,
}

impl From<InvitationPreview> for Inspected {
    fn from(preview: InvitationPreview) -> Self {
        let mut text = preview.to_string().trim_end().to_owned();
        let texts = authenticity(&preview);
        match texts {
            Some(Authenticity::Authentic) => {
                text += "\nthe texts are the sender's: its token says so"
            }
            Some(Authenticity::Unbound) => {
                text += "\nthe texts may be anybody's: the token says nothing of them"
            }
            Some(Authenticity::Altered) => {
                text += "\nTHE TEXTS ARE NOT THE SENDER'S: they were changed on the way"
            }
            None => {}
        }
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
            texts: texts.map(Authenticity::name),
            text,
        }
    }
}

impl fmt::Display for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
