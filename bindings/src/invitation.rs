//! Invitations: made, read, shown as a QR code.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use tigress::invitation as core;

use crate::error::TigressError;
use crate::time::system_time;
use crate::transfer_id::TransferId;

/// What kind of credential is shared, as far as the share URL tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Vertical {
    /// Any credential.
    General,
    /// A home key.
    HomeKey,
    /// A car key.
    CarKey,
}

impl From<Vertical> for core::Vertical {
    fn from(vertical: Vertical) -> Self {
        match vertical {
            Vertical::General => Self::General,
            Vertical::HomeKey => Self::HomeKey,
            Vertical::CarKey => Self::CarKey,
        }
    }
}

impl From<core::Vertical> for Vertical {
    fn from(vertical: core::Vertical) -> Self {
        match vertical {
            core::Vertical::General => Self::General,
            core::Vertical::HomeKey => Self::HomeKey,
            core::Vertical::CarKey => Self::CarKey,
        }
    }
}

/// A text from the other side of a transfer, such as a title: to be shown as theirs, never as ours.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Display)]
pub struct PeerText {
    /// In one line, without characters that could disguise it: for showing.
    pub shown: String,
    /// As it came: not for showing.
    pub raw: String,
}

impl fmt::Display for PeerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl From<core::PeerText> for PeerText {
    fn from(text: core::PeerText) -> Self {
        Self {
            shown: text.to_string(),
            raw: text.raw().to_owned(),
        }
    }
}

/// What the sender shares. Whoever has its link or file can take the credential: they are asked for by name, and never
/// shown by accident.
#[derive(uniffi::Object)]
pub struct Invitation(tigress::Invitation);

impl From<tigress::Invitation> for Invitation {
    fn from(invitation: tigress::Invitation) -> Self {
        Self(invitation)
    }
}

#[uniffi::export]
impl Invitation {
    /// The transfer that it begins.
    #[must_use]
    pub fn transfer(&self) -> TransferId {
        self.0.transfer.into()
    }

    /// The link, with the shared secret in its fragment.
    #[must_use]
    pub fn share_url(&self) -> String {
        self.0.share_url.to_url().to_string()
    }

    /// The same as a `.tigress` file (media type `application/vnd.tigress+json`).
    #[must_use]
    pub fn file(&self) -> Vec<u8> {
        self.0.file.to_vec()
    }

    /// The PIN, if one was asked for: the user tells it by another way than the invitation's.
    #[must_use]
    pub fn pin(&self) -> Option<String> {
        self.0.pin.as_ref().map(|pin| pin.as_str().to_owned())
    }

    /// When it expires.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        system_time(self.0.expires_at)
    }
}

/// The invitation's link as a QR code: an SVG picture, one unit per module, its quiet zone included.
#[uniffi::export]
#[must_use]
#[allow(clippy::needless_pass_by_value, reason = "UniFFI's form")]
pub fn qr_code_svg(invitation: Arc<Invitation>) -> String {
    core::qr_code_svg(&invitation.0.share_url)
}

/// A QR code as the smallest bitmap, its quiet zone included: to be enlarged by whole numbers, without smoothing.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct QrCode {
    /// Modules of one side.
    pub width: i32,
    /// One byte for each module, row by row from the top: 0 is dark, 255 is light, as greyscale bitmaps have it.
    pub pixels: Vec<u8>,
}

/// The invitation's link as a QR code: its modules, for an app that draws it.
#[uniffi::export]
#[must_use]
#[allow(clippy::needless_pass_by_value, reason = "UniFFI's form")]
pub fn qr_code(invitation: Arc<Invitation>) -> QrCode {
    let rows = core::qr_code(&invitation.0.share_url);
    let shade = |is_dark: &bool| if *is_dark { 0 } else { u8::MAX };
    QrCode {
        width: i32::try_from(rows.len()).unwrap_or(i32::MAX),
        pixels: rows.iter().flatten().map(shade).collect(),
    }
}

/// What an invitation says, before any network is touched. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct InvitationPreview {
    /// The relay's origin, such as `https://relay.example`.
    pub relay: String,
    /// The mailbox's id.
    pub mailbox: String,
    /// What kind of credential it is.
    pub vertical: Vertical,
    /// Whether the user must type a PIN.
    pub pin_required: bool,
    /// The sender's title; only a file has one.
    pub title: Option<PeerText>,
    /// The sender's description; only a file has one.
    pub description: Option<PeerText>,
    /// What the sender calls itself; only a file says so before it is accepted.
    pub sender: Option<PeerText>,
    /// The format of the credential that is to come; only a file says so before it is accepted.
    pub format: Option<String>,
    /// An https image of the sender's choice; nothing here fetches it.
    pub image_url: Option<String>,
    /// When the invitation expires; only a file says so.
    pub expires_at: Option<SystemTime>,
    /// The first context token; only a file may have one.
    pub token: Option<Vec<u8>>,
    /// The token's mechanism: the content of its object identifier, without tag and length.
    pub mechanism_oid: Option<Vec<u8>>,
}

impl From<core::InvitationPreview> for InvitationPreview {
    fn from(preview: core::InvitationPreview) -> Self {
        let summary = preview.summary;
        let or = |sealed: Option<core::PeerText>, public: Option<core::PeerText>| {
            sealed.or(public).map(Into::into)
        };
        let sealed = |of: fn(&core::Summary) -> &core::PeerText| summary.as_ref().map(of).cloned();
        Self {
            relay: preview.share_url.relay.to_string(),
            mailbox: preview.share_url.mailbox.to_string(),
            vertical: preview.share_url.vertical.into(),
            pin_required: preview.share_url.pin_required,
            title: or(sealed(|summary| &summary.title), preview.title),
            description: or(sealed(|summary| &summary.description), preview.description),
            sender: sealed(|summary| &summary.sender).map(Into::into),
            format: summary.and_then(|summary| summary.format),
            image_url: preview.image_url,
            expires_at: preview.expiration.map(system_time),
            token: preview.token,
            mechanism_oid: preview.mechanism_oid,
        }
    }
}

/// Reads a share URL or the bytes of a `.tigress` file, without network. Fails with `bad_invitation`, which says precisely
/// what is wrong and never holds any of the input.
#[uniffi::export]
#[allow(clippy::needless_pass_by_value, reason = "UniFFI's form")]
pub fn parse_invitation(invitation: Vec<u8>) -> Result<InvitationPreview, TigressError> {
    let preview = core::parse_invitation(&invitation).map_err(tigress::Error::from)?;
    Ok(preview.into())
}
