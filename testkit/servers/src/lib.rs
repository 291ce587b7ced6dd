//! Real servers that tests start for themselves, on loopback, and certificates for them. Apart from the testkit, so that the relay's tests need no wallet.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "only tests use this"
)]

mod authority;
mod browser;
mod link;
mod pebble;
mod redis;

use std::net::TcpListener;

pub use authority::{Authority, Pair};
pub use browser::Browser;
pub use link::Link;
pub use pebble::{Pebble, get_by_tls};
pub use redis::{RedisCluster, RedisServer, WatchedRedis};

/// A port of this machine that was free a moment ago.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
