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

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::net::TcpListener;

pub use authority::{Authority, Pair};
pub use browser::Browser;
pub use link::Link;
pub use pebble::{Pebble, get_by_tls};
pub use redis::{RedisCluster, RedisServer, WatchedRedis};

/// A port of this machine that was free a moment ago, and that no client is given meanwhile: Linux gives those from 32768 on.
#[must_use]
pub fn free_port() -> u16 {
    loop {
        // Each has other keys.
        let drawn = RandomState::new().build_hasher().finish() % 20_000;
        let port = 10_000 + u16::try_from(drawn).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
