//! The name of a transfer on one device.

use std::fmt;
use std::str::FromStr;

use tigress_primitives::cbor::Value;
use tigress_primitives::hash::sha256;
use tigress_primitives::record::Stored;
use uuid::Uuid;

use crate::invitation::{InvitationError, ShareUrl, parse_invitation};

/// Names one transfer on this device; never leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransferId(Uuid);

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Stored for TransferId {
    fn to_value(&self) -> Option<Value<'_>> {
        self.0.to_value()
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        Stored::from_value(value).map(Self)
    }
}

/// The text is no transfer id (a UUID).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a transfer id")]
pub struct NotATransferId;

impl FromStr for TransferId {
    type Err = NotATransferId;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse().map(Self).map_err(|_| NotATransferId)
    }
}

impl From<Uuid> for TransferId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl TransferId {
    /// The id of the transfer that `create_invitation` begins under this idempotency key, so that an app can keep
    /// what belongs to it before it invites.
    #[must_use]
    pub fn of_idempotency_key(key: &str) -> Self {
        Self::derived(b"tigress v1 idempotency key", &[key.as_bytes()])
    }

    //= protocol/3-same-transfer
    /// The id that accepting this invitation has on any device, so that an app can keep what belongs to it before
    /// it accepts.
    ///
    /// # Errors
    /// What is wrong with the invitation.
    pub fn of_invitation(invitation: impl AsRef<[u8]>) -> Result<Self, InvitationError> {
        parse_invitation(invitation.as_ref()).map(|preview| Self::of_share_url(&preview.share_url))
    }

    /// The same invitation has the same id on a device, so that two calls at once make one transfer.
    #[must_use]
    pub fn of_share_url(url: &ShareUrl) -> Self {
        let mailbox = url.mailbox_url();
        let parts: [&[u8]; 2] = [mailbox.as_bytes(), url.secret.expose()];
        Self::derived(b"tigress v1 invitation", &parts)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// An id that the same input always gives, so that the store's compare-and-swap decides between two calls.
    fn derived(label: &[u8], parts: &[&[u8]]) -> Self {
        let mut all = vec![label];
        all.extend(parts);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&sha256(&all)[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}
