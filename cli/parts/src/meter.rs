//! A transport that counts, and that knows for how long the relay has been silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tigress::{HttpTransport, TransportError, TransportFailure};
use tigress_mailbox::{HttpRequest, HttpResponse, headers};
use tokio::sync::watch;
use tokio::time::Instant;

/// Passes requests on.
pub struct Meter {
    inner: Arc<dyn HttpTransport>,
    patience: Duration,
    requests: AtomicU64,
    unchanged: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    silent: watch::Sender<Option<Silence>>,
}

/// A relay that does not answer.
#[derive(Clone, Copy)]
struct Silence {
    /// For how long, as far as this process was awake.
    spent: Duration,
    counted: Instant,
}

/// How long after its hold an answer is due.
const DUE: Duration = Duration::from_secs(1);
/// How often silence is counted.
const TICK: Duration = Duration::from_secs(1);
/// What more has passed, the process was stopped or the machine asleep: that is no silence of the relay's.
const AWAKE: Duration = Duration::from_secs(2);

impl Silence {
    fn new() -> Self {
        Self {
            spent: Duration::ZERO,
            counted: Instant::now(),
        }
    }

    fn count(&mut self) -> Duration {
        let now = Instant::now();
        self.spent += now.duration_since(self.counted).min(AWAKE);
        self.counted = now;
        self.spent
    }
}

/// What went through a [`Meter`].
#[derive(Clone, Copy, Default)]
pub struct Counts {
    /// All requests but the waiting reads that came back unchanged.
    pub requests: u64,
    /// Those.
    pub waits: u64,
    /// Bytes of the bodies sent.
    pub sent: u64,
    /// Bytes of the bodies received.
    pub received: u64,
}

impl Meter {
    /// Counts what goes through `inner`; no answer after `patience` is none.
    pub fn new(inner: Arc<dyn HttpTransport>, patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            inner,
            patience,
            requests: AtomicU64::new(0),
            unchanged: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            silent: watch::Sender::default(),
        })
    }

    pub fn counts(&self) -> Counts {
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
    pub fn is_silent(&self) -> bool {
        self.silent.borrow().is_some()
    }

    /// Resolves when the relay has answered nothing for the patience.
    pub async fn silence(&self) {
        let mut changes = self.silent.subscribe();
        loop {
            changes.mark_unchanged();
            let left = self.left();
            if left == Some(Duration::ZERO) {
                return;
            }
            let tick = async {
                match left {
                    Some(left) => tokio::time::sleep(left.min(TICK)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = tick => {}
                // The sender lives as long as this.
                _ = changes.changed() => {}
            }
        }
    }

    /// What is left of the patience with a silent relay.
    fn left(&self) -> Option<Duration> {
        let mut spent = None;
        self.silent.send_if_modified(|silent| {
            spent = silent.as_mut().map(Silence::count);
            false
        });
        spent.map(|spent| self.patience.saturating_sub(spent))
    }

    /// Whether the patience is used up.
    pub fn is_given_up(&self) -> bool {
        self.left() == Some(Duration::ZERO)
    }

    fn note(&self, is_silent: bool) {
        self.silent.send_if_modified(|silent| {
            let changes = silent.is_some() != is_silent;
            if changes {
                *silent = is_silent.then(Silence::new);
            }
            changes
        });
    }

    /// Silence begins when the answer is due.
    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        // A held answer is due when its hold is over.
        let hold = Duration::from_secs(request.wait);
        let mut answer = self.inner.send(request);
        if let Ok(answer) = tokio::time::timeout(hold + DUE, &mut answer).await {
            return answer;
        }
        self.note(true);
        let late = tokio::time::timeout(self.patience, answer).await;
        late.unwrap_or_else(|_| Err(TransportError::new(TransportFailure::TimedOut, "timed out")))
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
        let answer = self.answer(request).await;
        match &answer {
            Ok(response) => {
                add(&self.received, response.body.len());
                if known.is_some() && response.header(headers::PAYLOAD_VERSION) == known.as_deref()
                {
                    add(&self.unchanged, 1);
                }
                self.note(response.status >= 500 || response.status == 429);
            }
            Err(_) => self.note(true),
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tigress_mailbox::Method;

    struct Nobody;

    #[async_trait]
    impl HttpTransport for Nobody {
        async fn send(&self, _: HttpRequest) -> Result<HttpResponse, TransportError> {
            std::future::pending().await
        }
    }

    fn ask() -> HttpRequest {
        HttpRequest {
            method: Method::Get,
            url: "http://127.0.0.1:9/".into(),
            headers: Vec::new(),
            body: None,
            wait: 50,
            isolation: String::new(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_begins_when_the_answer_is_due_and_ends_the_patience() {
        let meter = Meter::new(Arc::new(Nobody), Duration::from_secs(30));
        let start = Instant::now();
        tokio::select! {
            _ = meter.send(ask()) => {}
            () = meter.silence() => {}
        }
        let passed = start.elapsed().as_secs();
        assert!((80..=83).contains(&passed), "{passed}");
        assert!(meter.is_silent() && meter.is_given_up());
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_in_which_the_process_was_stopped_is_no_silence() {
        let meter = Meter::new(Arc::new(Nobody), Duration::from_secs(30));
        meter.note(true);
        for _ in 0..10 {
            tokio::time::advance(Duration::from_secs(3600)).await;
            assert!(!meter.is_given_up());
        }
        // An answer ends it, and the patience is whole again.
        meter.note(false);
        assert!(!meter.is_silent());
        meter.note(true);
        let start = Instant::now();
        meter.silence().await;
        assert_eq!(start.elapsed().as_secs(), 30);
    }
}
