//! `tigress relay`.

use std::io::Write as _;
use std::net::SocketAddr;

use tigress_relay::store::MemoryStore;
use tigress_relay::{Relay, RelayConfig};
use tokio::signal::unix::{SignalKind, signal};

pub(crate) async fn run(listen: SocketAddr, public_url: Option<String>) -> Result<(), String> {
    let config = RelayConfig {
        listen,
        public_url: public_url.clone(),
        ..RelayConfig::default()
    };
    let failed = |error: &dyn std::fmt::Display| format!("the relay can't start: {error}");
    let mut terminate = signal(SignalKind::terminate()).map_err(|e| failed(&e))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|e| failed(&e))?;
    let relay = Relay::start(config, MemoryStore::default())
        .await
        .map_err(|e| failed(&e))?;
    let public = public_url.map_or(String::new(), |url| format!(" as {url}"));
    // A closed stdout is no reason to stop.
    let _ = writeln!(
        std::io::stdout(),
        "listening on http://{}{public}",
        relay.local_addr()
    );
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    relay.shutdown().await;
    Ok(())
}
