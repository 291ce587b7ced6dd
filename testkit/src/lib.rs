//! What the tests of Tigress share: relays that are plain, faulty or lying, stores that fail, recorders.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "only tests use this"
)]

mod apps;
mod plain_relay;
mod store;
mod transport;

pub use apps::{Apps, Receiver, Sender};
pub use plain_relay::PlainRelay;
pub use store::FaultyStore;
pub use transport::{Exchanged, Faulty, Recorder};
