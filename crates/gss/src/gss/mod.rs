//! The GSS layer: RFC 2743's calls with RFC 2744's numbers in Rust types. It loops context tokens until both
//! sides share a security context, then protects messages with it; how a context is established is a
//! mechanism's business, which this layer finds by its OID.

mod bindings;
mod context;
mod credential;
mod establish;
mod explain;
mod mechanism;
mod name;
mod part;
mod sequence;
mod status;
mod token;

pub use crate::oid::Oid;
pub use bindings::ChannelBindings;
pub use context::{ContextInfo, Deletion, SecurityContext, Step, Unwrapped};
pub use credential::{AcceptorCredential, CredentialInfo, InitiatorCredential};
pub use establish::{Accepted, CheckedToken, accept_sec_context, check_token, init_sec_context};
pub use explain::{ExplainedToken, Malformed, OpenedToken, TokenPart, explain};
pub use mechanism::Registry;
pub use name::Name;
pub use status::{Error, MajorStatus, MinorStatus, display_status};
pub use token::{Frame, frame, mechanism_of, parse};

pub(crate) use mechanism::{
    First, Heard, Mechanism, MechanismContext, Opened, OpenedDeletion, Said, Started, Stepped,
};
pub(crate) use part::{Part, Taken, hex};

/// The services of every context, as RFC 2744's flag bits: mutual authentication, replay and sequence
/// detection, confidentiality, integrity, anonymity. No delegation.
pub const FLAGS: u32 = 0x7e;

/// The side of a context.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// Makes the first token: the sender of a transfer.
    Initiator,
    /// Answers it: the receiver.
    Acceptor,
}

impl Role {
    /// The other side.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Initiator => Self::Acceptor,
            Self::Acceptor => Self::Initiator,
        }
    }
}
