//! What everything below the client stands on: secrets that are wiped, randomness that is handed in, deterministic CBOR, records
//! made of it, a hash. Pure: no I/O, clock or randomness of its own.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod cbor;
pub mod entropy;
pub mod hash;
pub mod record;
pub mod rule;
pub mod secret;
