//! Tigress transfers a digital credential from one phone to another.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod cbor;
mod crypto;
pub mod entropy;
pub mod invitation;
pub mod secret;
