//! A transport of one's own: says what is asked of the relay, and how it answers. An app would call its platform's HTTP.
//!
//! usage: cargo run --example own_transport -- RELAY     makes an invitation there, and takes it back

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tigress::mailbox::{HttpRequest, HttpResponse};
use tigress::{
    Config, HttpTransport, InvitationRequest, MemoryStore, TerminateReason, TransferClient,
    TransportError, built_in_transport,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let relay = std::env::args()
        .nth(1)
        .ok_or("usage: own_transport RELAY")?;
    let mut config = Config::with_relay(relay);
    config.allow_loopback_http = true; // For a relay on this machine; all others speak https.
    let http = Told {
        http: built_in_transport(&config)?,
        tell: Box::new(|line| println!("{line}")),
    };
    let client = TransferClient::new(config, Arc::new(MemoryStore::new()), Some(Arc::new(http)))?;
    let invitation = client
        .create_invitation(InvitationRequest::default())
        .await?;
    client
        .terminate(invitation.transfer, TerminateReason::Cancelled)
        .await?;
    client.sync(Duration::from_secs(10)).await?;
    Ok(())
}

/// Passes requests on. Their headers and bodies are nobody's business; the address of a mailbox is not either.
pub(crate) struct Told {
    pub(crate) http: Arc<dyn HttpTransport>,
    pub(crate) tell: Box<dyn Fn(String) + Send + Sync>,
}

#[async_trait]
impl HttpTransport for Told {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let method = request.method.name();
        let answer = self.http.send(request).await;
        (self.tell)(match &answer {
            Ok(response) => format!("{method}: {}", response.status),
            Err(error) => format!("{method}: {error}"),
        });
        answer
    }
}
