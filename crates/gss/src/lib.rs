//! The security of a transfer: the GSS-API (RFC 2743) in Rust types, its mechanisms, and what they are keyed by. Every
//! cipher of the project is called here. Pure: the time and the randomness are handed in.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod auth_credential;
pub mod crypto;
pub mod gss;
pub mod mechanism;
pub mod oid;
pub mod pin;
