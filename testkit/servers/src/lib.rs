//! Real servers that tests start for themselves, on loopback. Apart from the testkit, so that the relay's tests need no wallet.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "only tests use this"
)]

mod redis;

pub use redis::{RedisCluster, RedisServer, WatchedRedis};
