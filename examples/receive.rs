//! Receives a file: takes an invitation on, writes what it offers, and ends the transfer.
//!
//! usage: cargo run --example receive -- RELAY LINK FILE

use std::{env, error::Error, fs, path::Path, sync::Arc};

use tigress::{
    AcceptOptions, Config, MemoryStore, Outcome, TerminateReason, TransferClient, TransferEvent,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [relay, link, file] = &words[..] else {
        return Err("usage: receive RELAY LINK FILE".into());
    };
    let config = Config {
        trusted_relays: vec![relay.clone()],
        allow_loopback_http: true, // For a relay on this machine; all others speak https.
        ..Config::default()
    };
    // A store that outlives the process goes on after a kill: DirectoryStore, or one of your own.
    let client = TransferClient::new(config, Arc::new(MemoryStore::new()), None)?;
    let outcome = receive(&client, link, Path::new(file)).await?;
    println!("{outcome}");
    Ok(())
}

/// Gives how the transfer ended; what was received is in the file.
pub(crate) async fn receive(
    client: &TransferClient,
    link: &str,
    file: &Path,
) -> Result<Outcome, Box<dyn Error>> {
    let id = client
        .accept_invitation(link, AcceptOptions::default())
        .await?;
    // Here an app shows its user what is offered: the sender is answered only after this. Or `decline`.
    client.confirm(id, None).await?;
    let mut events = client.events(id)?;
    let mut ended = Outcome::Unconfirmed;
    // Asking for the next event acknowledges the one before: what it brought must be safe by then.
    while let Some(event) = events.next().await? {
        match event {
            TransferEvent::CredentialReceived { credential, .. } => {
                fs::write(file, &credential.content[..])?;
                client.terminate(id, TerminateReason::Done).await?;
            }
            TransferEvent::Closed { outcome } => ended = outcome,
            _ => {}
        }
    }
    Ok(ended)
}
