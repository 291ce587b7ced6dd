//! A context across restarts.

use zeroize::Zeroizing;

use super::SecurityContext;
use crate::gss::Role;
use crate::gss::mechanism::{Mechanism, Registry};
use crate::gss::sequence::SequenceWindow;
use crate::gss::status::{Error, MajorStatus, MinorStatus};
use crate::oid::Oid;
use tigress_primitives::cbor::{self, Map};

/// Version of [`SecurityContext::save`]'s form.
const STATE_VERSION: u64 = 1;

impl SecurityContext {
    /// Everything but what the caller keeps anyway, to go on after a restart.
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        Map::new()
            .with(0, STATE_VERSION)
            .with(1, self.mechanism.oid().content())
            .with(2, self.role == Role::Acceptor)
            .with(3, self.expires_at)
            .with(4, self.next_send)
            .with(5, self.received.next())
            .with(6, self.received.seen())
            .with(7, self.deleted)
            .with(8, self.peer_deleted)
            .with(9, self.inner.save())
            .encode()
    }

    /// A context as [`Self::save`] gave it.
    ///
    /// # Errors
    /// `FAILURE` for another version or anything malformed, `BAD_MECH` if its mechanism is not registered.
    pub fn restore(registry: &Registry, saved: &[u8]) -> Result<Self, Error> {
        let state = Error::new(MajorStatus::FAILURE, MinorStatus::State);
        let map = cbor::decode_map(saved).ok_or(state)?;
        if map.uint(0) != Some(STATE_VERSION) {
            return Err(Error::new(MajorStatus::FAILURE, MinorStatus::StateVersion));
        }
        let oid = map.bytes(1).and_then(Oid::from_content).ok_or(state)?;
        let unknown = Error::new(MajorStatus::BAD_MECH, MinorStatus::UnknownMechanism);
        let mechanism = registry.find(&oid).ok_or(unknown)?;
        Self::from_map(mechanism, &map).ok_or(state)
    }

    fn from_map(mechanism: &'static dyn Mechanism, map: &Map) -> Option<Self> {
        map.only(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).then_some(())?;
        let role = if map.boolean(2)? {
            Role::Acceptor
        } else {
            Role::Initiator
        };
        Some(Self {
            mechanism,
            inner: mechanism.restore(role, map.map(9)?)?,
            role,
            expires_at: map.uint(3)?,
            next_send: map.uint(4)?,
            received: SequenceWindow::new(map.uint(5)?, map.uint(6)?),
            deleted: map.boolean(7)?,
            peer_deleted: map.boolean(8)?,
        })
    }
}
