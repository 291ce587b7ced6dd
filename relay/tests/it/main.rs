//! The relay over real HTTP and TLS on loopback, a file for each matter, in one program: what is linked once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod about;
#[cfg(feature = "acme")]
mod acme;
#[cfg(feature = "acme")]
mod acme_folder;
mod additions;
mod common;
mod draft;
mod durable;
mod full_disk;
mod held_updates;
mod limits;
#[cfg(feature = "acme")]
mod lying_authority;
mod metrics;
mod openapi;
mod operation;
mod page;
mod places;
mod preview;
mod push;
mod shared;
mod tls;
mod tls_listener;
