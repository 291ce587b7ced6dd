//! A transport that counts, and that knows since when the relay has been silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tigress::mailbox::{HttpRequest, HttpResponse, headers};
use tigress::{HttpTransport, TransportError, TransportFailure};
use tokio::sync::watch;
use tokio::time::Instant;

/// Passes requests on.
pub(crate) struct Meter {
    inner: Arc<dyn HttpTransport>,
    patience: Duration,
    requests: AtomicU64,
    unchanged: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    silent_since: watch::Sender<Option<Instant>>,
}

/// What went through a [`Meter`].
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    /// All requests but the waiting reads that came back unchanged.
    pub(crate) requests: u64,
    /// Those.
    pub(crate) waits: u64,
    /// Bytes of the bodies sent.
    pub(crate) sent: u64,
    /// Bytes of the bodies received.
    pub(crate) received: u64,
}

impl Meter {
    /// Counts what goes through `inner`; no answer after `patience` is none.
    pub(crate) fn new(inner: Arc<dyn HttpTransport>, patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            inner,
            patience,
            requests: AtomicU64::new(0),
            unchanged: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            silent_since: watch::Sender::default(),
        })
    }

    pub(crate) fn counts(&self) -> Counts {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let waits = of(&self.unchanged);
        Counts {
            requests: of(&self.requests).saturating_sub(waits),
            waits,
            sent: of(&self.sent),
            received: of(&self.received),
        }
    }

    /// Whether the last request found no answer.
    pub(crate) fn is_silent(&self) -> bool {
        self.silent_since.borrow().is_some()
    }

    /// Resolves when the relay has answered nothing for the patience.
    pub(crate) async fn silence(&self) {
        let mut since = self.silent_since.subscribe();
        loop {
            let start = *since.borrow_and_update();
            let over = async {
                match start {
                    Some(start) => tokio::time::sleep_until(start + self.patience).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = over => return,
                // The sender lives as long as this.
                _ = since.changed() => {}
            }
        }
    }

    fn note_silence(&self, due: Instant) {
        self.silent_since.send_if_modified(|since| {
            let first = since.is_none();
            since.get_or_insert(due.min(Instant::now()));
            first
        });
    }
}

#[async_trait]
impl HttpTransport for Meter {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let add = |count: &AtomicU64, by: usize| count.fetch_add(by as u64, Ordering::Relaxed);
        add(&self.requests, 1);
        add(&self.sent, request.body.as_ref().map_or(0, Vec::len));
        let known = request
            .headers
            .iter()
            .find(|(name, _)| *name == headers::PAYLOAD_VERSION)
            .map(|(_, version)| version.clone());
        // A held answer is due when its hold is over.
        let due = Instant::now() + Duration::from_secs(request.wait);
        let answer = tokio::time::timeout_at(due + self.patience, self.inner.send(request)).await;
        let answer = answer
            .unwrap_or_else(|_| Err(TransportError::new(TransportFailure::TimedOut, "timed out")));
        match &answer {
            Ok(response) => {
                add(&self.received, response.body.len());
                if known.is_some() && response.header(headers::PAYLOAD_VERSION) == known.as_deref()
                {
                    add(&self.unchanged, 1);
                }
                if response.status >= 500 || response.status == 429 {
                    self.note_silence(due);
                } else {
                    self.silent_since
                        .send_if_modified(|since| since.take().is_some());
                }
            }
            Err(_) => self.note_silence(due),
        }
        answer
    }
}
