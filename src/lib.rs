//! Tigress transfers a digital credential from one phone to another.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
// The state machine has no caller without the client.
#![cfg_attr(not(feature = "client"), allow(dead_code, unused_imports))]

pub mod auth_credential;
mod cbor;
mod crypto;
pub mod entropy;
mod error;
mod exchange;
pub mod gss;
pub mod invitation;
pub mod mailbox;
pub mod mechanism;
mod pin;
pub mod secret;
mod transfer;

#[cfg(feature = "client")]
mod client;

#[cfg(feature = "client")]
pub use client::{
    AcceptOptions, Clock, Config, DEFAULT_LIFETIME, DirectoryStore, HttpTransport, Invitation,
    InvitationRequest, MAX_LIFETIME, MemoryStore, StoreError, StoredRecord, TransferClient,
    TransferStore, TransportError, built_in_transport,
};
pub use error::Error;
pub use pin::{NotAPin, Pin};
pub use transfer::{
    Credential, Display, MAX_CONTENT, MessageIndex, NotATransferId, Outcome, TerminateReason,
    TransferEvent, TransferId, TransferRole, TransferState, TransferSummary, TransferUpdate,
};
