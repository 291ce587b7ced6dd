//! A wallet of the demonstration: it carries a transfer as an app does, on threads of its own.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tigress::{
    Config, Credential, Error, MemoryStore, Outcome, TerminateReason, TransferClient,
    TransferEvent, TransferId,
};
use tigress_parts::cpu::Threads;
use tigress_parts::meter::Meter;

use crate::Failure;

/// Nothing here takes so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an app does about an event.
pub(crate) enum Action {
    Send(Credential),
    Done,
}

/// The app around a transfer.
#[async_trait]
pub(crate) trait App: Send + 'static {
    async fn on(&mut self, event: &TransferEvent) -> Result<Option<Action>, Failure>;
}

pub(crate) struct Wallet {
    pub(crate) name: &'static str,
    pub(crate) client: TransferClient,
    pub(crate) meter: Arc<Meter>,
    threads: Threads,
}

impl Wallet {
    pub(crate) fn new(name: &'static str, relay: &str) -> Result<Self, Failure> {
        let mut config = Config::with_relay(relay);
        config.allow_loopback_http = true;
        let meter = Meter::new(tigress::built_in_transport(&config)?, PATIENCE);
        let http = Arc::<Meter>::clone(&meter);
        let threads = Threads::new(name, 1)
            .map_err(|error| Failure::new("internal", format!("no threads: {error}")))?;
        Ok(Self {
            name,
            client: TransferClient::new(config, Arc::new(MemoryStore::new()), Some(http))?,
            meter,
            threads,
        })
    }

    /// Runs something on this wallet's threads.
    pub(crate) async fn run<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        let done = tokio::time::timeout(PATIENCE, self.threads.handle().spawn(work)).await;
        match done {
            Ok(Ok(result)) => result.map_err(Into::into),
            Ok(Err(_)) => Err(Failure::new("internal", "a wallet panicked")),
            Err(_) => Err(Failure::new(
                "stuck",
                format!("{}: nothing happens", self.name),
            )),
        }
    }

    /// Carries a transfer to its end, and gives the app back.
    pub(crate) async fn carry<A: App>(&self, id: TransferId, app: A) -> Result<A, Failure> {
        self.run(carry(self.client.clone(), id, app)).await
    }
}

async fn carry<A: App>(client: TransferClient, id: TransferId, mut app: A) -> Result<A, Failure> {
    let (mut events, mut ended) = (client.events(id)?, None);
    while let Some(event) = events.next().await? {
        match app.on(&event).await? {
            Some(Action::Send(credential)) => {
                client.send_credential(id, credential).await?;
            }
            Some(Action::Done) => client.terminate(id, TerminateReason::Done).await?,
            None => {}
        }
        if let TransferEvent::Closed { outcome } = event {
            ended = Some(outcome);
        }
    }
    match ended {
        Some(Outcome::Completed) | None => Ok(app),
        Some(outcome) => Err(Error::Closed { outcome }.into()),
    }
}
