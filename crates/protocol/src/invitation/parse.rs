//! Reads an invitation in any of its forms.

use std::fmt;

use super::error::InvitationError;
use super::file::{self, InvitationFile};
use super::pasted;
use super::share_url::ShareUrl;
use crate::summary::Summary;
use tigress_gss::gss::{self, Oid, mechanism_of};
use tigress_gss::mechanism;
use tigress_mailbox::PeerText;

/// What an invitation says, before any network is touched. `Display` describes it in a few lines, one part each,
/// and holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationPreview {
    /// Relay, mailbox, vertical, shared secret, and whether a PIN is needed.
    pub share_url: ShareUrl,
    /// The sender's title, as everybody may read it; only a file has one.
    pub title: Option<PeerText>,
    /// The sender's description, as everybody may read it; only a file has one.
    pub description: Option<PeerText>,
    /// An https URL of the sender's choice: nothing is loaded from it by itself.
    pub image_url: Option<String>,
    /// When the invitation expires, in Unix seconds; only a file says so.
    pub expiration: Option<u64>,
    /// Context token 1, framed; must equal the mailbox's.
    pub token: Option<Vec<u8>>,
    /// The mechanism of the token: the OID's content octets, without tag and length.
    pub mechanism_oid: Option<Vec<u8>>,
    /// What the token says to whoever holds the invitation, the sender's own word; only a file with a token has it, and a
    /// link says it once it is accepted.
    pub summary: Option<Summary>,
}

/// Reads the bytes of a `.tigress` file, or what somebody pasted: a share URL with quotes, brackets or punctuation
/// around it, or a whole message with one share URL in it. Of at most 256 KiB.
///
/// # Errors
/// [`InvitationError`] says precisely what is wrong and never holds any of the input. A link that was changed on its way
/// is not mended but told.
pub fn parse_invitation(bytes: &[u8]) -> Result<InvitationPreview, InvitationError> {
    let bytes = bytes.trim_ascii();
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    if is_file(bytes) {
        return InvitationFile::parse(bytes)?.try_into();
    }
    if bytes.len() > file::MAX_FILE_LEN {
        return Err(InvitationError::TooLarge {
            limit: file::MAX_FILE_LEN,
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| InvitationError::NotAnInvitation)?;
    pasted::read(text.trim()).map(InvitationPreview::from)
}

/// Editors of some systems write it before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether this is a JSON object, not a link in curly brackets.
fn is_file(bytes: &[u8]) -> bool {
    let inner = bytes.trim_ascii_start().strip_prefix(b"{");
    inner.is_some_and(|inner| {
        let start = inner.trim_ascii_start().get(..b"http".len());
        !start.is_some_and(|start| start.eq_ignore_ascii_case(b"http"))
    })
}

impl From<ShareUrl> for InvitationPreview {
    fn from(share_url: ShareUrl) -> Self {
        Self {
            share_url,
            title: None,
            description: None,
            image_url: None,
            expiration: None,
            token: None,
            mechanism_oid: None,
            summary: None,
        }
    }
}

impl TryFrom<InvitationFile> for InvitationPreview {
    type Error = InvitationError;

    fn try_from(file: InvitationFile) -> Result<Self, InvitationError> {
        let mechanism_oid = match &file.token {
            Some(token) => {
                let oid = mechanism_of(token).map_err(|_| InvitationError::TokenFrame)?;
                Some(oid.content().to_vec())
            }
            None => None,
        };
        Ok(Self {
            summary: sealed_in(&file),
            share_url: file.share_url,
            title: Some(file.title),
            description: Some(file.description),
            image_url: file.image_url,
            expiration: Some(file.expiration),
            token: file.token,
            mechanism_oid,
        })
    }
}

/// What the file's own secret opens in its token. One that can't be read is told when the invitation is accepted.
fn sealed_in(file: &InvitationFile) -> Option<Summary> {
    let (token, secret) = (file.token.as_deref()?, &file.share_url.secret);
    let explained = gss::explain(mechanism::registry(), token, Some(secret)).ok()?;
    let credential = explained.opened?.ok()?.credential;
    Summary::decode(&credential.summary?).ok()?
}

impl fmt::Display for InvitationPreview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.share_url;
        writeln!(f, "relay: {}", url.relay)?;
        writeln!(f, "mailbox: {}", url.mailbox)?;
        writeln!(f, "vertical: {}", url.vertical.name())?;
        writeln!(
            f,
            "PIN: {}",
            if url.pin_required {
                "needed"
            } else {
                "not needed"
            }
        )?;
        let expiration = self.expiration.and_then(file::format_time);
        let mechanism = self.mechanism_oid.as_deref().and_then(Oid::from_content);
        let token = self
            .token
            .as_ref()
            .map(|token| format!("{} bytes", token.len()));
        line(f, "title", self.title.as_ref())?;
        line(f, "description", self.description.as_ref())?;
        line(f, "image", self.image_url.as_ref())?;
        line(f, "expires", expiration.as_ref())?;
        line(f, "mechanism", mechanism.as_ref())?;
        line(f, "token", token.as_ref())
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, value: Option<&impl fmt::Display>) -> fmt::Result {
    value.map_or(Ok(()), |value| writeln!(f, "{name}: {value}"))
}
