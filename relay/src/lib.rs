//! The relay of a Tigress transfer: mailboxes of one payload each, read and overwritten by two devices that need never
//! be online together. It sees neither the secret nor the content, and knows its callers only by claims that are fresh
//! for each mailbox.
//!
//! [`Relay`] is embedded like this:
//!
//! ```no_run
//! # async fn example() -> Result<(), tigress_relay::RelayError> {
//! use tigress_relay::{Relay, RelayConfig, store::MemoryStore};
//!
//! let relay = Relay::start(RelayConfig::default(), MemoryStore::default()).await?;
//! println!("listening, for {}", relay.url());
//! relay.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! The interface is draft-vinokurov-tigress-http, version 1, with additions that are optional on both sides; all of it
//! is described in `docs/relay.md`.
#![deny(missing_docs)]

#[cfg(feature = "acme")]
mod acme;
mod budget;
mod certificates;
mod client;
mod clock;
mod config;
mod connection;
mod connections;
mod descriptors;
mod heads;
mod http;
mod limits;
mod listen;
mod metrics;
#[cfg(any(feature = "acme", feature = "push"))]
mod outgoing;
mod peer;
mod people;
mod preface;
pub mod push;
mod rate;
mod server;
pub mod store;
mod time;
mod tls;

#[cfg(feature = "acme")]
pub use acme::Acme;
pub use client::{Bound, Client};
pub use clock::{Clock, ManualClock, SystemClock};
pub use config::{RelayConfig, RelayError};
pub use limits::Limits;
pub use listen::{Listen, NotAPlace};
pub use people::{BadPeople, People};
pub use server::{Relay, RunningRelay};
pub use tls::TlsFiles;
