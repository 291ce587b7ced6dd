//! Steps 3 and 4: how an invitation travels from the sender's hands to the receiver's.
//!
//! An invitation is a [`ShareUrl`] (relay, mailbox, shared secret), alone, in a QR code, or in an
//! [`InvitationFile`] with the display information and the first context token beside it.
//! [`parse_invitation`] reads all of them; [`RelayPolicy`] says which relays may be talked to.
//! The shapes, limits and errors are specified in `docs/invitation.md`.

mod changed;
mod error;
mod file;
mod fragment;
mod host;
mod image_url;
mod parse;
mod pasted;
mod qr;
mod relay_origin;
mod share_url;

#[cfg(test)]
mod tests;

pub use error::{InvitationError, LinkChange, RelayOriginError, RelayPolicyError};
pub use file::{InvitationFile, MEDIA_TYPE};
pub use image_url::is_image_url;
pub use parse::{InvitationPreview, parse_invitation};
pub use qr::{qr_code, qr_code_svg, qr_code_terminal};
pub use relay_origin::{RelayOrigin, RelayPolicy};
pub use share_url::{ShareUrl, Vertical, parse_mailbox_url};
pub use tigress_mailbox::{PeerText, PeerTextTooLong};
