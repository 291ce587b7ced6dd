//! Tigress transfers a digital credential from one phone to another.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

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
pub mod secret;
mod transfer;

pub use error::Error;
