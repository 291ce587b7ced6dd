//! `tigress relay`.

use std::io::Write as _;
use std::net::SocketAddr;

use clap::{Args, ValueEnum};
use tigress_relay::store::MemoryStore;
use tigress_relay::{Relay, RelayConfig, RelayError};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{DONE, Failure};

/// Runs a relay until SIGTERM or SIGINT.
#[derive(Args)]
pub(crate) struct Command {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where mailboxes are kept.
    #[arg(long, value_enum, default_value_t = Store::Memory)]
    store: Store,
    /// Origin of the mailboxes' URLs, such as https://relay.example.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Store {
    /// They end with the relay.
    Memory,
}

pub(crate) async fn run(command: Command) -> Result<u8, Failure> {
    let config = RelayConfig {
        listen: command.listen,
        public_url: command.public_url.clone(),
        ..RelayConfig::default()
    };
    let signals = || Failure::new("signal", "signals can't be handled");
    let mut terminate = signal(SignalKind::terminate()).map_err(|_| signals())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|_| signals())?;
    let store = match command.store {
        Store::Memory => MemoryStore::default(),
    };
    let relay = Relay::start(config, store).await.map_err(failed)?;
    let public = command
        .public_url
        .map_or(String::new(), |url| format!(" as {url}"));
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
    Ok(DONE)
}

fn failed(error: RelayError) -> Failure {
    match &error {
        RelayError::Listen { source, .. } => Failure::new("listen", format!("{error}: {source}")),
        _ => Failure::usage(error.to_string()),
    }
}
