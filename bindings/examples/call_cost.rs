//! What calls cost that do nothing, in plain Rust: what Kotlin's `SoakTest` and Swift's `SoakTests` call through the bindings.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tigress::testing::InMemoryRelay;
use tigress::{Config, Error, MemoryStore, TransferClient};

const CALLS: u32 = 10_000;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let relay = Arc::new(InMemoryRelay::default());
    let config = Config {
        relay: Some(InMemoryRelay::ORIGIN.to_owned()),
        ..Config::default()
    };
    let client = TransferClient::new(
        config,
        Arc::new(MemoryStore::default()),
        Some(relay.clone()),
    )?;

    let started = Instant::now();
    for _ in 0..CALLS {
        black_box(relay.mailboxes());
    }
    let sync = each(started.elapsed());
    let started = Instant::now();
    for _ in 0..CALLS {
        black_box(client.transfers().await?);
    }
    let idle = each(started.elapsed());
    println!(
        "plain Rust: a call: {sync} ns; an async call, with a look into an empty store: {idle} ns"
    );
    Ok(())
}

const fn each(all: Duration) -> u128 {
    all.as_nanos() / CALLS as u128
}
