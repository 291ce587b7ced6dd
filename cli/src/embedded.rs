//! The relay that `send` starts when none is named.

use std::time::Duration;

use tigress::{Config, built_in_transport};
use tigress_mailbox::{HttpRequest, Method};
use tigress_relay::store::MemoryStore;
use tigress_relay::{Relay, RelayConfig, RunningRelay};

use crate::cpu::Threads;
use crate::exit::Failure;

/// The name of its threads.
pub(crate) const PART: &str = "relay";
/// How long it stays for the other side to see how the transfer ended.
const PARTING: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// A relay on loopback, on threads of its own.
pub(crate) struct Embedded {
    relay: RunningRelay,
    threads: Threads,
}

impl Embedded {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| {
            Failure::new("listen", format!("the relay can't start: {error}"))
        };
        let threads = Threads::new(PART, 1).map_err(|error| failed(&error))?;
        let start = Relay::start(RelayConfig::default(), MemoryStore::default());
        match threads.handle().spawn(start).await {
            Ok(Ok(relay)) => Ok(Self { relay, threads }),
            Ok(Err(error)) => Err(failed(&error)),
            Err(error) => Err(failed(&error)),
        }
    }

    pub(crate) fn url(&self) -> &str {
        self.relay.url()
    }

    /// Waits until the other side has seen the end, which deletes the mailbox.
    pub(crate) async fn until_gone(&self, mailbox_url: &str) {
        let look = async {
            while is_there(mailbox_url).await {
                tokio::time::sleep(PAUSE).await;
            }
        };
        let _ = tokio::time::timeout(PARTING, look).await;
    }

    pub(crate) async fn stop(self) {
        self.relay.shutdown().await;
        drop(self.threads);
    }
}

/// Whether a mailbox still has a preview, which nobody is bound by.
pub(crate) async fn is_there(mailbox_url: &str) -> bool {
    let request = HttpRequest {
        method: Method::Get,
        url: mailbox_url.to_owned(),
        headers: Vec::new(),
        body: None,
        wait: 0,
        isolation: String::new(),
    };
    let Ok(http) = built_in_transport(&Config::default()) else {
        return false;
    };
    let answer = http.send(request).await;
    answer.is_ok_and(|answer| answer.status != 404)
}
