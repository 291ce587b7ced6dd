//! `tigress demo`: the eight steps, one line each as they happen.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tigress::mailbox::{HttpRequest, HttpResponse, Method};
use tigress::{
    AcceptOptions, Config, Credential, Error, HttpTransport, InvitationRequest, MemoryStore,
    Outcome, TerminateReason, TransferClient, TransferEvent, TransferId, TransportError,
};
use tigress_relay::store::MemoryStore as Mailboxes;
use tigress_relay::{Relay, RelayConfig};
use tokio::sync::watch;

/// A JWT as a wallet holds it: what is in it is nothing to a transfer.
const CREDENTIAL: &[u8] = b"eyJhbGciOiJub25lIn0.eyJzdWIiOiJkZW1vIiwicm9vbSI6IjMwMyJ9.";
const WAIT: Duration = Duration::from_secs(10);

/// Counts requests.
struct Counting {
    inner: Arc<dyn HttpTransport>,
    count: AtomicUsize,
}

#[async_trait]
impl HttpTransport for Counting {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.inner.send(request).await
    }
}

/// A wallet: as every app does, it polls until the transfer is over, whatever else it waits for.
struct Side {
    name: &'static str,
    client: TransferClient,
    events: watch::Sender<Vec<TransferEvent>>,
}

impl Side {
    fn new(name: &'static str, relay: &str, http: &Arc<Counting>) -> Result<Self, Error> {
        let mut config = Config::with_relay(relay);
        config.allow_loopback_http = true;
        let http: Arc<dyn HttpTransport> = Arc::<Counting>::clone(http);
        Ok(Self {
            name,
            client: TransferClient::new(config, Arc::new(MemoryStore::new()), Some(http))?,
            events: watch::Sender::default(),
        })
    }

    /// Collects the events of a transfer until it is over.
    fn follow(&self, id: TransferId) {
        let (client, events) = (self.client.clone(), self.events.clone());
        tokio::spawn(async move {
            let mut cursor = 0;
            while !events.borrow().iter().any(is_closed) {
                let Ok(update) = client.poll(id, WAIT, cursor).await else {
                    return;
                };
                cursor = update.cursor;
                events.send_modify(|all| all.extend(update.events));
            }
        });
    }

    /// Waits for an event that `wanted` recognises.
    async fn until(&self, wanted: impl Fn(&TransferEvent) -> bool) -> Result<(), String> {
        let mut events = self.events.subscribe();
        let happened = events.wait_for(|all| all.iter().any(&wanted));
        match tokio::time::timeout(WAIT, happened).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(format!("{}: nothing happens", self.name)),
        }
    }

    fn received(&self) -> Vec<Vec<u8>> {
        let content = |event: &TransferEvent| match event {
            TransferEvent::CredentialReceived { credential, .. } => {
                Some(credential.content.to_vec())
            }
            _ => None,
        };
        self.events.borrow().iter().filter_map(content).collect()
    }
}

fn received(count: u64) -> impl Fn(&TransferEvent) -> bool {
    move |event| matches!(event, TransferEvent::CredentialReceived { index, .. } if *index + 1 >= count)
}

fn is_closed(event: &TransferEvent) -> bool {
    matches!(event, TransferEvent::Closed { .. })
}

fn ensure(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

pub(crate) async fn run(stats: bool) -> Result<(), String> {
    let text = |error: Error| error.to_string();
    let started = Instant::now();
    let relay = Relay::start(RelayConfig::default(), Mailboxes::default())
        .await
        .map_err(|error| error.to_string())?;
    println!("relay: listening on {}", relay.url());
    let http = Arc::new(Counting {
        inner: tigress::built_in_transport(&Config::default()).map_err(text)?,
        count: AtomicUsize::new(0),
    });
    let sender = Side::new("sender", relay.url(), &http).map_err(text)?;
    let receiver = Side::new("receiver", relay.url(), &http).map_err(text)?;

    let invitation = sender
        .client
        .create_invitation(InvitationRequest {
            title: "A room key".into(),
            ..InvitationRequest::default()
        })
        .await
        .map_err(text)?;
    let id = invitation.transfer;
    let url = invitation.share_url.to_url();
    println!("1 sender: single-use auth credential, sealed under the shared secret");
    println!("2 sender: context token 1");
    println!(
        "3 sender: token in the mailbox, share URL of {} characters",
        url.len()
    );

    let theirs = receiver
        .client
        .accept_invitation(url.as_str(), AcceptOptions::default())
        .await
        .map_err(text)?;
    println!("4 receiver: took the share URL, claimed the mailbox");
    println!("5 receiver: token accepted, auth credential valid");

    sender.follow(id);
    receiver.follow(theirs);
    let content = CREDENTIAL.to_vec();
    sender
        .client
        .send_credential(id, Credential::new("org.example.jwt", content))
        .await
        .map_err(text)?;
    let (a, b) = tokio::join!(
        sender.until(|event| *event == TransferEvent::Established),
        receiver.until(received(1)),
    );
    a.and(b)?;
    println!("6 both: context tokens exchanged, security context established");
    println!(
        "7 sender: credential of {} bytes wrapped and sent",
        CREDENTIAL.len()
    );
    ensure(
        receiver.received() == [CREDENTIAL],
        "the credential was altered",
    )?;
    println!(
        "8 receiver: credential of {} bytes unwrapped",
        CREDENTIAL.len()
    );

    // An additional call each way.
    let more = |text: &[u8]| Credential::new("org.example.note", text.to_vec());
    receiver
        .client
        .send_credential(theirs, more(b"thank you"))
        .await
        .map_err(text)?;
    let (a, b) = tokio::join!(
        sender.until(received(1)),
        receiver.until(|e| matches!(e, TransferEvent::CredentialDelivered { .. })),
    );
    a.and(b)?;
    println!(
        "+ receiver: an additional call, {} bytes",
        b"thank you".len()
    );
    sender
        .client
        .send_credential(id, more(b"enjoy"))
        .await
        .map_err(text)?;
    let (a, b) = tokio::join!(
        sender.until(|e| matches!(e, TransferEvent::CredentialDelivered { index: 1 })),
        receiver.until(received(2)),
    );
    a.and(b)?;
    println!("+ sender: an additional call, {} bytes", b"enjoy".len());
    ensure(
        sender.received() == [b"thank you"],
        "the additional call was altered",
    )?;
    ensure(
        receiver.received() == [CREDENTIAL, b"enjoy"],
        "the additional call was altered",
    )?;

    receiver
        .client
        .terminate(theirs, TerminateReason::Done)
        .await
        .map_err(text)?;
    let (a, b) = tokio::join!(sender.until(is_closed), receiver.until(is_closed));
    a.and(b)?;
    let completed = TransferEvent::Closed {
        outcome: Outcome::Completed,
    };
    for side in [&sender, &receiver] {
        ensure(
            side.events.borrow().contains(&completed),
            "a side did not complete",
        )?;
    }
    let count = http.count.load(Ordering::Relaxed);
    let gone = http
        .inner
        .send(HttpRequest {
            method: Method::Get,
            url: invitation.share_url.mailbox_url(),
            headers: Vec::new(),
            body: None,
            wait: 0,
        })
        .await
        .map_err(|error| error.to_string())?;
    ensure(gone.status == 404, "the mailbox is still there")?;
    println!("both: ended; the mailbox is gone");
    relay.shutdown().await;
    if stats {
        println!("requests, waiting reads included: {count}");
        println!("seconds: {:.3}", started.elapsed().as_secs_f64());
    }
    Ok(())
}
