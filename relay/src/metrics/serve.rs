//! The listener of the metrics: what was shown in the last snapshot, for whoever can reach it.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Metrics;
use super::families::{Now, families};
use super::rounding::Snapshots;
use super::text::{MEDIA, text};
use crate::certificates::Certificates;
use crate::connections::Connections;
use crate::listen::{Listener, Stream};
use crate::push::Queue;
use crate::store::{Kept, MailboxStore};

/// Connections at a time; further ones are sent away. Scrapers are few.
const CONNECTIONS: usize = 16;
/// A scraper that says nothing for so long comes anew.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where the numbers come from.
pub(crate) struct Source {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) store: Arc<dyn MailboxStore>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) push: Arc<Queue>,
    pub(crate) certificates: Option<Arc<Certificates>>,
    /// The largest body.
    pub(crate) largest: usize,
    /// From one snapshot to the next.
    pub(crate) interval: Duration,
}

/// Longest time that a snapshot waits for the store: metrics are wanted most where something hangs.
const STORE: Duration = Duration::from_secs(1);

/// The last snapshot's text.
type Shown = Arc<RwLock<Arc<str>>>;

/// Takes snapshots and serves them until the relay ends.
pub(crate) async fn serve(listener: Listener, source: Source, stop: CancellationToken) {
    let work = async {
        let mut taking = Taking::new(source);
        taking.take().await;
        let app = Router::new()
            .route("/metrics", get(show))
            .with_state(taking.shown.clone());
        tokio::join!(taking.go_on(), accept(listener, app))
    };
    stop.run_until_cancelled_owned(work).await;
}

async fn show(State(shown): State<Shown>) -> impl IntoResponse {
    let text = shown.read().unwrap_or_else(PoisonError::into_inner);
    ([(header::CONTENT_TYPE, MEDIA)], text.to_string())
}

/// One snapshot after the other.
struct Taking {
    source: Source,
    snapshots: Snapshots,
    /// As far as the store could say.
    kept: Option<Kept>,
    shown: Shown,
}

impl Taking {
    fn new(source: Source) -> Self {
        Self {
            source,
            snapshots: Snapshots::default(),
            kept: None,
            shown: Shown::new(RwLock::new("".into())),
        }
    }

    async fn go_on(mut self) {
        loop {
            tokio::time::sleep(self.source.interval).await;
            self.take().await;
        }
    }

    async fn take(&mut self) {
        let now = tokio::time::timeout(STORE, self.source.store.kept()).await;
        self.kept = now.unwrap_or_default().or(self.kept);
        match self.source.snapshot(&mut self.snapshots, self.kept) {
            Ok(text) => {
                *self.shown.write().unwrap_or_else(PoisonError::into_inner) = text.into();
            }
            Err(_) => tracing::error!("metrics can't be written"),
        }
    }
}

impl Source {
    fn snapshot(
        &self,
        snapshots: &mut Snapshots,
        kept: Option<Kept>,
    ) -> Result<String, std::fmt::Error> {
        let now = Now {
            connections: self.connections.count().try_into().unwrap_or(u64::MAX),
            kept,
            push: self.push.serves(None).then(|| self.push.counts()),
            certificate: self.certificates.as_ref().map(|served| served.until()),
            largest: self.largest.try_into().unwrap_or(u64::MAX),
        };
        let mut families = families(&self.metrics, &now);
        let series = families.iter_mut().flat_map(|family| &mut family.all);
        // Under a key that is drawn for each snapshot and that nobody sees, hashes can't be guessed.
        let (key, mut drawn) = (RandomState::new(), 0_u64);
        snapshots.next(series.flat_map(|series| &mut series.numbers), |below| {
            drawn += 1;
            key.hash_one(drawn) % below
        });
        text(families)
    }
}

async fn accept(listener: Listener, app: Router) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(accepted) if connections.len() < CONNECTIONS => {
                connections.spawn(connection(accepted.stream, app.clone()));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(kind = ?error.kind(), "metrics: connection not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: impl Stream, app: Router) {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE);
    // How it ends is the scraper's business.
    let _ = builder
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app))
        .await;
}
