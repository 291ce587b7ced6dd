//! Two small wallets that can be killed and started again at any point: what each keeps beside its store is
//! what a real app keeps.

use std::sync::Arc;
use std::time::Duration;

use tigress::{
    AcceptOptions, Config, Credential, Error, HttpTransport, InvitationRequest, Outcome,
    TerminateReason, TransferClient, TransferEvent, TransferId, TransferState, TransferStore,
};

use crate::{PlainRelay, TestClock};

/// The sending wallet: one credential, then it waits for the end.
#[derive(Default)]
pub struct Sender {
    /// The link, once shown to the user.
    pub url: Option<String>,
    /// How long each round waits for something to happen.
    pub wait: Duration,
    id: Option<TransferId>,
    cursor: u64,
    /// Every event, as first seen.
    pub events: Vec<TransferEvent>,
}

/// The receiving wallet: keeps what arrives, then is done.
#[derive(Default)]
pub struct Receiver {
    /// How long each round waits for something to happen.
    pub wait: Duration,
    id: Option<TransferId>,
    cursor: u64,
    /// Every event, as first seen.
    pub events: Vec<TransferEvent>,
    done: bool,
}

/// What the two hand over.
pub struct Apps;

impl Apps {
    /// The credential that is sent.
    pub fn credential() -> Credential {
        Credential::new("org.example.key", b"the one and only key".to_vec())
    }

    /// A client as both use it, over a relay whose own address is the plain relay's.
    pub fn client(store: Arc<dyn TransferStore>, http: Arc<dyn HttpTransport>) -> TransferClient {
        TransferClient::new(Self::config(), store, Some(http)).expect("the settings are in order")
    }

    /// The settings of both.
    pub fn config() -> Config {
        let mut config = Config::with_relay(PlainRelay::ORIGIN);
        config.allow_loopback_http = true;
        config.give_up_after = Duration::ZERO;
        config.poll_interval = Duration::from_millis(1);
        config.poll_interval_max = Duration::from_millis(5);
        config
    }

    /// The same with a clock of its own.
    pub fn client_at(
        clock: Arc<TestClock>,
        store: Arc<dyn TransferStore>,
        http: Arc<dyn HttpTransport>,
    ) -> TransferClient {
        TransferClient::with_clock(Self::config(), store, Some(http), clock)
            .expect("the settings are in order")
    }

    /// How a transfer ended for the side that saw these events.
    pub fn outcome(events: &[TransferEvent]) -> Option<Outcome> {
        events.iter().find_map(|event| match event {
            TransferEvent::Closed { outcome } => Some(*outcome),
            _ => None,
        })
    }

    /// The credentials in these events.
    pub fn received(events: &[TransferEvent]) -> Vec<Credential> {
        let credential = |event: &TransferEvent| match event {
            TransferEvent::CredentialReceived { credential, .. } => Some(credential.clone()),
            _ => None,
        };
        events.iter().filter_map(credential).collect()
    }
}

/// One poll. Events count as seen when the poll has given them; the cursor is kept only then.
async fn look(
    client: &TransferClient,
    id: TransferId,
    wait: Duration,
    cursor: &mut u64,
    events: &mut Vec<TransferEvent>,
) -> Result<TransferState, Error> {
    let update = client.poll(id, wait, *cursor).await?;
    *cursor = update.cursor;
    events.extend(update.events);
    Ok(update.state)
}

/// One side of a transfer, gone through round by round.
pub struct Side {
    /// Its client.
    pub client: TransferClient,
    /// Its transfer.
    pub id: TransferId,
    /// Every event so far.
    pub events: Vec<TransferEvent>,
    /// What passes before each round: a minute, for tests of hostile relays under tokio's paused clock, since who makes
    /// no progress is slowed down.
    pub pause: Duration,
    cursor: u64,
}

impl Side {
    /// This transfer, from its first event on.
    pub fn new(client: &TransferClient, id: TransferId) -> Self {
        Self {
            client: client.clone(),
            id,
            events: Vec::new(),
            pause: Duration::ZERO,
            cursor: 0,
        }
    }

    /// The same, with a minute before each round.
    pub fn unhurried(client: &TransferClient, id: TransferId) -> Self {
        Self {
            pause: Duration::from_secs(60),
            ..Self::new(client, id)
        }
    }

    /// One round at the relay; gives what is new.
    pub async fn step(&mut self) -> Result<Vec<TransferEvent>, Error> {
        if !self.pause.is_zero() {
            tokio::time::sleep(self.pause).await;
        }
        self.client.sync(Duration::from_secs(60)).await?;
        let update = self
            .client
            .poll(self.id, Duration::ZERO, self.cursor)
            .await?;
        self.cursor = update.cursor;
        self.events.extend(update.events.clone());
        Ok(update.events)
    }

    /// Rounds of both sides until both are over; gives the two outcomes.
    pub async fn finish(sides: [&mut Self; 2]) -> [Option<Outcome>; 2] {
        let [a, b] = sides;
        for _ in 0..20 {
            if Apps::outcome(&a.events).is_some() && Apps::outcome(&b.events).is_some() {
                break;
            }
            a.step().await.expect("the relay answers");
            b.step().await.expect("the relay answers");
        }
        [&a.events, &b.events].map(|events| Apps::outcome(events))
    }
}

impl Sender {
    /// Goes on from wherever it is, one round.
    pub async fn step(&mut self, client: &TransferClient) -> Result<(), Error> {
        if self.url.is_none() {
            let request = InvitationRequest {
                credential: Some(Apps::credential()),
                idempotency_key: Some("the user's tap".into()),
                ..InvitationRequest::default()
            };
            let invitation = client.create_invitation(request).await?;
            self.url = Some(invitation.share_url.to_url().to_string());
            self.id = Some(invitation.transfer);
        }
        if let Some(id) = self.id {
            look(client, id, self.wait, &mut self.cursor, &mut self.events).await?;
        }
        Ok(())
    }
}

impl Receiver {
    /// Whether the invitation was accepted.
    pub fn has_accepted(&self) -> bool {
        self.id.is_some()
    }

    /// Goes on from wherever it is, one round.
    pub async fn step(&mut self, client: &TransferClient, url: &str) -> Result<(), Error> {
        let id = match self.id {
            Some(id) => id,
            None => {
                let id = client
                    .accept_invitation(url, AcceptOptions::confirmed())
                    .await?;
                *self.id.insert(id)
            }
        };
        look(client, id, self.wait, &mut self.cursor, &mut self.events).await?;
        if !self.done && !Apps::received(&self.events).is_empty() {
            match client.terminate(id, TerminateReason::Done).await {
                Ok(()) | Err(Error::Closed { .. }) => self.done = true,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
