//! What the tests of Tigress share: real relays in this process, relays that are plain, faulty or lying, stores that
//! fail, recorders, apps, and the conformance suite of stores.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "only tests use this"
)]

mod apps;
mod clock;
mod envelopes;
mod follower;
mod kills;
mod plain_relay;
mod raw_server;
mod relay;
mod store;
mod store_conformance;
mod transport;

pub use apps::{Apps, Receiver, Sender, Side};
pub use clock::TestClock;
pub use envelopes::{first_envelope, swap_tokens, tokens_of};
pub use follower::Follower;
pub use kills::{Kill, Process};
pub use plain_relay::PlainRelay;
pub use raw_server::{RawServer, Reaction};
pub use relay::{PushEvents, TestRelay};
pub use store::FaultyStore;
pub use store_conformance::check_store;
pub use transport::{Exchanged, Faulty, Recorder};
