//! Reliable, in-order tokens over one slot that either side may overwrite at any time (pure).
//!
//! Requests are lost, repeated and late, an app can be killed at any instruction, and the relay may lie.
//! Each write therefore carries *all* unacknowledged tokens, the index of the next token expected, and a
//! running hash of everything received; who reads takes what is new and drops what is acknowledged.
//! All updates are monotone, so old envelopes are harmless.

mod envelope;
mod window;

#[cfg(test)]
mod tests;

pub use envelope::{Envelope, Fields, Side};
pub use window::Window;

/// Most tokens of one side that may be unacknowledged.
pub const MAX_TOKENS: usize = 16;
/// Most bytes of them.
pub const MAX_BYTES: usize = 512 * 1024;
/// What the last place keeps free for the deletion token.
pub const RESERVED_BYTES: usize = 4 * 1024;
