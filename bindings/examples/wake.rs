//! A process that is woken, does one `sync` over a store with one open transfer, and ends: what it needed of memory at most.
//! `scripts/bench wake` runs it and its twin over the bindings, `ios/Wake`.
//!
//! usage: wake load              does nothing
//!        wake invite FOLDER URL makes the store, with an invitation at the relay
//!        wake sync FOLDER URL   does one round
//!
//! Prints the peak of resident memory, in KiB.

use std::env;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tigress::secret::Secret;
use tigress::{Config, DirectoryStore, InvitationRequest, TransferClient};

/// As the library runs under UniFFI: one thread.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["load"] => {}
        ["invite", folder, relay] => {
            let request = InvitationRequest::default();
            client(folder, relay)?.create_invitation(request).await?;
        }
        ["sync", folder, relay] => {
            client(folder, relay)?.sync(Duration::from_secs(20)).await?;
        }
        _ => return Err("usage: wake load | invite FOLDER URL | sync FOLDER URL".into()),
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!(
        "{}",
        peak.unwrap_or_default().trim().trim_end_matches(" kB")
    );
    Ok(())
}

fn client(folder: &str, relay: &str) -> Result<TransferClient, tigress::Error> {
    let config = Config {
        relay: Some(relay.to_owned()),
        allow_loopback_http: true,
        ..Config::default()
    };
    // Nobody's secret: the store lasts as long as the measurement.
    let store = DirectoryStore::new(folder, Secret::new([7; 32]));
    TransferClient::new(config, Arc::new(store), None)
}
