//! Real servers that tests start for themselves, on loopback, and certificates for them. Apart from the testkit, so that the relay's tests need no wallet.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "only tests use this"
)]

mod authority;
mod redis;

pub use authority::{Authority, Pair};
pub use redis::{RedisCluster, RedisServer, WatchedRedis};
