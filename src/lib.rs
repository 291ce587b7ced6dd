//! Tigress transfers a digital credential from one phone to another.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod auth_credential;
mod cbor;
mod crypto;
pub mod entropy;
pub mod gss;
pub mod mechanism;
pub mod secret;
