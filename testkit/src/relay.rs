//! The real relay, in this process, over real HTTP on loopback.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tigress::{Config, MemoryStore, TransferClient, TransferStore};
use tigress_mailbox::NotificationToken;
use tigress_relay::push::{Notification, Outcome, PushGateway};
use tigress_relay::store::MemoryStore as Mailboxes;
use tigress_relay::{Listen, Relay, RelayConfig, RunningRelay};
use tokio::sync::mpsc;

use crate::TestClock;

/// A relay at work; it ends when dropped.
pub struct TestRelay {
    running: RunningRelay,
}

/// The type of notification token that a relay with a push gateway serves.
const PUSH_TYPE: &str = "org.example.push";

/// The notifications that a relay's push gateway was handed, in order.
pub type PushEvents = mpsc::UnboundedReceiver<NotificationToken>;

struct Gateway(mpsc::UnboundedSender<NotificationToken>);

#[async_trait]
impl PushGateway for Gateway {
    fn types(&self) -> Vec<String> {
        vec![PUSH_TYPE.to_owned()]
    }

    async fn notify(&self, notification: &Notification<'_>) -> Outcome {
        // Nobody listens any more at a test's end.
        let _ = self.0.send(notification.token.clone());
        Outcome::Sent
    }
}

impl TestRelay {
    /// With default settings, on a free port.
    pub async fn start() -> Self {
        Self::run(Relay::new(RelayConfig::default(), Mailboxes::default())).await
    }

    /// At this address.
    pub async fn start_at(listen: SocketAddr) -> Self {
        let config = RelayConfig {
            listen: vec![Listen::Tcp(listen)],
            ..RelayConfig::default()
        };
        Self::run(Relay::new(config, Mailboxes::default())).await
    }

    /// With this clock.
    pub async fn start_with_clock(clock: Arc<TestClock>) -> Self {
        let relay = Relay::new(RelayConfig::default(), Mailboxes::default());
        Self::run(relay.with_clock(clock)).await
    }

    /// With a push gateway, and what it is handed.
    pub async fn start_with_push() -> (Self, PushEvents) {
        let (sender, events) = mpsc::unbounded_channel();
        let relay = Relay::new(RelayConfig::default(), Mailboxes::default());
        let running = Self::run(relay.with_push(Arc::new(Gateway(sender)))).await;
        (running, events)
    }

    async fn run(relay: Relay) -> Self {
        Self {
            running: relay.run().await.expect("a relay on loopback starts"),
        }
    }

    /// Ends it; all that it held is lost.
    pub async fn shutdown(self) {
        self.running.shutdown().await;
    }

    /// Its origin.
    pub fn url(&self) -> &str {
        self.running.url()
    }

    /// A client's settings for it.
    pub fn config(&self) -> Config {
        let mut config = Config::with_relay(self.url());
        config.allow_loopback_http = true;
        config.give_up_after = Duration::from_secs(10);
        config
    }

    /// A client with a store of its own and the built-in transport.
    pub fn client(&self) -> TransferClient {
        self.client_over(Arc::new(MemoryStore::new()))
    }

    /// A client over this store, with the built-in transport.
    pub fn client_over(&self, store: Arc<dyn TransferStore>) -> TransferClient {
        TransferClient::new(self.config(), store, None).expect("the settings are in order")
    }
}
