//! The suite's requests over the client's transport, and its waiting by a clock that is moved.

use std::sync::Arc;

use async_trait::async_trait;
use tempfile::TempDir;
use tigress::{Config, HttpTransport};
use tigress_conformance::{Client, Finding, Suite, Verdict};
use tigress_mailbox::{HttpRequest, HttpResponse, TransportFailure};
use tigress_relay::store::{DurableStore, MailboxStore, MemoryStore};
use tigress_relay::{Relay, RelayConfig, RunningRelay};
use tigress_testkit::TestClock;

/// A relay's transport, and its clock.
pub(crate) struct Over {
    pub(crate) http: Arc<dyn HttpTransport>,
    pub(crate) clock: Arc<TestClock>,
}

#[async_trait]
impl Client for Over {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportFailure> {
        self.http.send(request).await.map_err(|error| error.kind)
    }

    async fn pass(&self, seconds: u64) {
        self.clock.advance(seconds);
    }
}

/// Our relay, over real HTTP.
pub(crate) struct Ours {
    pub(crate) running: RunningRelay,
    pub(crate) client: Over,
    _folder: Option<TempDir>,
}

impl Ours {
    pub(crate) async fn in_memory() -> Self {
        Self::with(MemoryStore::default(), None).await
    }

    pub(crate) async fn in_a_file() -> Self {
        let folder = TempDir::new().unwrap();
        let store = DurableStore::open(folder.path().join("mailboxes")).unwrap();
        Self::with(store, Some(folder)).await
    }

    async fn with(store: impl MailboxStore, folder: Option<TempDir>) -> Self {
        let clock = TestClock::start();
        let relay = Relay::new(RelayConfig::default(), store).with_clock(clock.clone());
        let running = relay.run().await.unwrap();
        let mut config = Config::with_relay(running.url());
        config.allow_loopback_http = true;
        let http = tigress::built_in_transport(&config).unwrap();
        Self {
            running,
            client: Over { http, clock },
            _folder: folder,
        }
    }
}

/// All findings, and how many requests they took.
pub(crate) async fn findings(relay: &str, client: &Over) -> (Vec<Finding>, usize) {
    let suite = Suite::new(relay, client);
    let findings = suite.run().await.unwrap();
    (findings, suite.requests())
}

/// The names of those that failed.
pub(crate) fn failed(findings: &[Finding]) -> Vec<&'static str> {
    let failed = |finding: &&Finding| matches!(finding.verdict, Verdict::Failed(_));
    let all = findings.iter().filter(failed);
    all.map(|finding| finding.check.name).collect()
}
