//! What the calls of a context tell.

use crate::gss::name::Name;
use crate::gss::status::{MajorStatus, MinorStatus};
use crate::oid::Oid;

/// What a later context call gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Whether the context is established now (`COMPLETE`, else `CONTINUE_NEEDED`).
    pub complete: bool,
    /// The token for the peer, if there is one.
    pub token: Option<Vec<u8>>,
    /// A PIN was wrong: at the initiator the peer's, at the acceptor its own. So many tries are left; with 0 the
    /// context takes no more tokens.
    pub wrong_pin: Option<u8>,
}

impl Step {
    /// The call's major status: `COMPLETE` or `CONTINUE_NEEDED`, with `DEFECTIVE_CREDENTIAL` for a wrong PIN.
    #[must_use]
    pub fn status(&self) -> MajorStatus {
        match self.wrong_pin {
            _ if self.complete => MajorStatus::COMPLETE,
            None => MajorStatus::CONTINUE_NEEDED,
            Some(0) => MajorStatus::DEFECTIVE_CREDENTIAL,
            Some(_) => MajorStatus::DEFECTIVE_CREDENTIAL.with(MajorStatus::CONTINUE_NEEDED),
        }
    }

    /// Its minor status, if there is one.
    #[must_use]
    pub fn minor(&self) -> Option<MinorStatus> {
        self.wrong_pin.map(|_| MinorStatus::WrongPin)
    }
}

/// The peer's deletion of the context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deletion {
    /// Why, as protocol code (1 done, 2 declined, 3 cancelled…).
    pub code: u64,
    /// The sequence number that the peer expected next: all before it have arrived there, unless there was a
    /// gap.
    pub next_expected: u64,
    /// `GAP_TOKEN` if the peer had sent more than has arrived here; or another bit if less.
    pub supplementary: MajorStatus,
}

/// What `inquire_context` tells (RFC 2743 §2.2.6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContextInfo {
    /// The initiator's name.
    pub initiator: Name,
    /// The acceptor's name.
    pub acceptor: Name,
    /// Seconds left; 0 once expired.
    pub lifetime: u64,
    /// The mechanism.
    pub mechanism: Oid,
    /// RFC 2744's flag bits.
    pub flags: u32,
    /// Whether messages can be protected (`prot_ready`): only once established.
    pub prot_ready: bool,
    /// Whether this side started it.
    pub locally_initiated: bool,
    /// Whether it is established and neither side has deleted it.
    pub open: bool,
}
