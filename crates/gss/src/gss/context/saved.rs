//! A context across restarts.

use zeroize::Zeroizing;

use super::SecurityContext;
use crate::gss::Role;
use crate::gss::mechanism::Registry;
use crate::gss::sequence::SequenceWindow;
use crate::gss::status::{Error, MajorStatus, MinorStatus};
use crate::oid::Oid;
use tigress_primitives::cbor;
use tigress_primitives::record;
use tigress_primitives::record::{Fields, Reader};

/// Version of [`SecurityContext::save`]'s form, at key 0. [`record`] says what it promises.
const STATE_VERSION: u64 = 1;
/// Key of the mechanism's own state.
const INNER: u64 = 9;

/// All but the mechanism's own state.
struct Outer {
    /// The content octets of its identifier.
    mechanism: Vec<u8>,
    is_acceptor: bool,
    expires_at: u64,
    next_send: u64,
    received: SequenceWindow,
    deleted: bool,
    peer_deleted: bool,
}

record! {
    struct Outer {
        mechanism: 1,
        is_acceptor: 2,
        expires_at: 3,
        next_send: 4,
        // 5 and 6
        received: flat,
        deleted: 7,
        peer_deleted: 8,
    }
}

impl SecurityContext {
    /// Everything but what the caller keeps anyway, to go on after a restart.
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        let outer = Outer {
            mechanism: self.mechanism.oid().content().to_vec(),
            is_acceptor: self.role == Role::Acceptor,
            expires_at: self.expires_at,
            next_send: self.next_send,
            received: self.received,
            deleted: self.deleted,
            peer_deleted: self.peer_deleted,
        };
        record::to_map(&outer)
            .with(0, STATE_VERSION)
            .with(INNER, self.inner.save())
            .encode()
    }

    /// A context as [`Self::save`] gave it.
    ///
    /// # Errors
    /// `FAILURE` for another version or anything malformed, `BAD_MECH` if its mechanism is not registered.
    pub fn restore(registry: &Registry, saved: &[u8]) -> Result<Self, Error> {
        let state = Error::new(MajorStatus::FAILURE, MinorStatus::State);
        let map = cbor::decode_map(saved).ok_or(state)?;
        let from = &mut Reader::new(&map);
        if from.field(0) != Some(STATE_VERSION) {
            return Err(Error::new(MajorStatus::FAILURE, MinorStatus::StateVersion));
        }
        let outer: Outer = Fields::read(from).ok_or(state)?;
        let oid = Oid::from_content(&outer.mechanism).ok_or(state)?;
        let unknown = Error::new(MajorStatus::BAD_MECH, MinorStatus::UnknownMechanism);
        let mechanism = registry.find(&oid).ok_or(unknown)?;
        let role = match outer.is_acceptor {
            true => Role::Acceptor,
            false => Role::Initiator,
        };
        let inner = from.map(INNER).filter(|_| from.is_done());
        let inner = inner.and_then(|inner| mechanism.restore(role, inner));
        Ok(Self {
            mechanism,
            inner: inner.ok_or(state)?,
            role,
            expires_at: outer.expires_at,
            next_send: outer.next_send,
            received: outer.received,
            deleted: outer.deleted,
            peer_deleted: outer.peer_deleted,
        })
    }
}
