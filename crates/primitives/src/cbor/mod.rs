//! Deterministic CBOR (RFC 8949 §4.2.1) as the protocol uses it: maps with small unsigned keys; definite
//! lengths; no tags, floats, negative numbers or null except where a caller asks; duplicates refused.

mod read;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub use read::{decode, decode_map};
pub use value::{Bytes, Map, Value};
pub use write::encode;
