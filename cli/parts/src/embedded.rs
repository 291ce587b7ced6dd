//! A relay of one's own: `tigress send` starts one when none is named.

use std::io;
use std::time::Duration;

use tigress::{Config, built_in_transport};
use tigress_mailbox::{HttpRequest, Method};
use tigress_relay::store::MemoryStore;
use tigress_relay::{Relay, RelayConfig, RunningRelay};

use crate::cpu::Threads;

/// The name of its threads.
pub const PART: &str = "relay";
/// How long it stays for the other side to see how the transfer ended.
const PARTING: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// A relay on loopback, on threads of its own.
pub struct Embedded {
    relay: RunningRelay,
    threads: Threads,
}

impl Embedded {
    /// Fails if the system gives no threads or no port.
    pub async fn start() -> io::Result<Self> {
        let threads = Threads::new(PART, 1)?;
        let start = Relay::start(RelayConfig::default(), MemoryStore::default());
        let relay = threads.handle().spawn(start).await?;
        let relay = relay.map_err(io::Error::other)?;
        Ok(Self { relay, threads })
    }

    pub fn url(&self) -> &str {
        self.relay.url()
    }

    /// Waits until the other side has seen the end, which deletes the mailbox.
    pub async fn until_gone(&self, mailbox_url: &str) {
        let look = async {
            while is_there(mailbox_url).await {
                tokio::time::sleep(PAUSE).await;
            }
        };
        let _ = tokio::time::timeout(PARTING, look).await;
    }

    pub async fn stop(self) {
        self.relay.shutdown().await;
        drop(self.threads);
    }
}

/// Whether a mailbox still has a preview, which nobody is bound by.
pub async fn is_there(mailbox_url: &str) -> bool {
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
