//! Sends a file: prints the link for the receiver, and goes on until that has it.
//!
//! usage: cargo run --example send -- RELAY FILE

use std::{env, error::Error, fs, sync::Arc};

use tigress::{
    Config, Credential, InvitationRequest, MemoryStore, Outcome, TransferClient, TransferEvent,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [relay, file] = &words[..] else {
        return Err("usage: send RELAY FILE".into());
    };
    let mut config = Config::with_relay(relay);
    config.allow_loopback_http = true; // For a relay on this machine; all others speak https.
    // A store that outlives the process goes on after a kill: DirectoryStore, or one of your own.
    let client = TransferClient::new(config, Arc::new(MemoryStore::new()), None)?;
    let content = fs::read(file)?;
    let outcome = send(&client, content, |link| println!("{link}")).await?;
    println!("{outcome}");
    Ok(())
}

/// Invites, shows the link, and gives how the transfer ended.
pub(crate) async fn send(
    client: &TransferClient,
    content: Vec<u8>,
    show: impl FnOnce(&str),
) -> Result<Outcome, tigress::Error> {
    let request = InvitationRequest {
        title: "A file".into(),
        credential: Some(Credential::new("application/octet-stream", content)),
        ..InvitationRequest::default()
    };
    let invitation = client.create_invitation(request).await?;
    show(&invitation.share_url.to_url());
    let mut events = client.events(invitation.transfer)?;
    let mut ended = Outcome::Unconfirmed;
    while let Some(event) = events.next().await? {
        if let TransferEvent::Closed { outcome } = event {
            ended = outcome;
        }
    }
    Ok(ended)
}
