//! Listening, serving, and ending in good order.

use std::net::SocketAddr;
use std::sync::Arc;
#[cfg(feature = "metrics")]
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

#[cfg(feature = "acme")]
use crate::acme::Keeper;
use crate::budget::Budget;
use crate::certificates::{Certificates, acceptor};
use crate::client::Bound;
use crate::clock::{Clock, SystemClock};
use crate::config::{RelayConfig, RelayError};
use crate::connection::Server;
use crate::connections::Connections;
use crate::descriptors;
use crate::http::{App, Dates, Interface};
use crate::limits::Limits;
use crate::listen::{Listen, Listener, open};
#[cfg(feature = "metrics")]
use crate::metrics::{self, Source};
use crate::metrics::{Limit, Metrics, Operation};
use crate::peer::Peer;
use crate::push::{PushCounts, PushGateway, Queue, ServedTwice};
use crate::rate::Rate;
use crate::store::MailboxStore;
use crate::time::Time;
use crate::tls::Tls;

/// Pause after a failed accept: most often there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Longest time that a shutdown waits for the store.
const CLOSE: Duration = Duration::from_secs(3);

/// A relay that is not started yet.
pub struct Relay {
    config: RelayConfig,
    store: Arc<dyn MailboxStore>,
    clock: Arc<dyn Clock>,
    push: Vec<Arc<dyn PushGateway>>,
    metrics: Arc<Metrics>,
}

impl Relay {
    /// A relay with the machine's clock and without a push gateway.
    #[must_use]
    pub fn new(config: RelayConfig, store: impl MailboxStore) -> Self {
        Self {
            config,
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
            push: Vec::new(),
            metrics: Arc::default(),
        }
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The same with one more push gateway, for notification tokens of its types.
    #[must_use]
    pub fn with_push(mut self, gateway: Arc<dyn PushGateway>) -> Self {
        self.push.push(gateway);
        self
    }

    /// The same, which shows how many lines its process's log has lost.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_lost_lines(mut self, lost_lines: Arc<AtomicU64>) -> Self {
        self.metrics = Arc::new(Metrics::with_lost_lines(lost_lines));
        self
    }

    /// Starts a relay as [`Relay::new`] makes it.
    ///
    /// # Errors
    /// As [`Relay::run`].
    pub async fn start(
        config: RelayConfig,
        store: impl MailboxStore,
    ) -> Result<RunningRelay, RelayError> {
        Self::new(config, store).run().await
    }

    /// Listens; when this returns, connections are accepted.
    ///
    /// # Errors
    /// [`RelayError`] if the configuration is wrong or the address can't be listened on.
    pub async fn run(mut self) -> Result<RunningRelay, RelayError> {
        self.config.check()?;
        let unheard = |(place, source)| RelayError::Listen { place, source };
        let push = Queue::new(std::mem::take(&mut self.push), self.clock.clone())
            .map_err(|ServedTwice(kind)| RelayError::PushTwice(kind))?;
        let (listeners, places) = open(&self.config.listen).map_err(unheard)?;
        #[cfg(feature = "metrics")]
        let (scraped, scraped_at) = open(self.config.metrics_listen.as_slice()).map_err(unheard)?;
        let local = places.iter().find_map(Listen::address);
        let origin = self.config.origin(local)?;
        let stop = CancellationToken::new();
        let (reload, asked) = mpsc::unbounded_channel();
        let certificates = Arc::new(Certificates::default());
        let mut all = JoinSet::new();
        let tls = self.tls(&certificates, &stop, asked, &mut all)?;
        self.config.warn(local);
        let by_address = self.config.client_ip_header.is_none();
        let connections = Connections::new(bounds(&self.config.limits), by_address);
        let app = self.app(origin.clone(), push.clone(), certificates, &stop);
        until(&stop, sweep(app.clone()));
        let limits = Arc::new(app.config.limits.clone());
        let heads = by_address.then(|| Budget::new(limits.kept_bytes));
        let server = Server {
            interface: Interface::new(app.clone()),
            heads,
            tls,
            limits,
            metrics: app.metrics.clone(),
            stop: stop.clone(),
        };
        #[cfg(feature = "metrics")]
        for listener in scraped {
            let source = Source {
                metrics: app.metrics.clone(),
                store: app.store.clone(),
                connections: connections.clone(),
                push: app.push.clone(),
                certificates: app.certificates.clone(),
                largest: app.config.limits.body_bytes,
                interval: app.config.metrics_interval,
            };
            all.spawn(metrics::serve(listener, source, stop.clone()));
        }
        for listener in listeners {
            all.spawn(serve(listener, server.clone(), connections.clone()));
        }
        Ok(RunningRelay {
            places,
            #[cfg(feature = "metrics")]
            metrics: scraped_at.into_iter().next(),
            url: origin,
            push: app.push.clone(),
            stop,
            reload,
            server: tokio::spawn(until_all_have_ended(all, app)),
        })
    }

    /// TLS, if the relay speaks it; read again when its files change, or renewed in time.
    fn tls(
        &self,
        certificates: &Arc<Certificates>,
        stop: &CancellationToken,
        asked: mpsc::UnboundedReceiver<oneshot::Sender<()>>,
        all: &mut JoinSet<()>,
    ) -> Result<Option<TlsAcceptor>, RelayError> {
        if !self.config.speaks_tls() {
            return Ok(None);
        }
        let failed = |reason| RelayError::Tls { reason };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let accepts = acceptor(certificates.clone(), provider.clone()).map_err(failed)?;
        #[cfg(feature = "acme")]
        if let Some(acme) = self.config.acme.clone() {
            let keeper = Keeper::new(
                acme,
                provider,
                certificates.clone(),
                self.clock.clone(),
                self.metrics.clone(),
            );
            let keeping = keeper.map_err(failed)?.keep(asked);
            // Waited for: its folder is another relay's when this one has ended.
            all.spawn(ended_by(stop, keeping));
            return Ok(Some(accepts));
        }
        if let Some(files) = self.config.tls.clone() {
            let loaded = Tls::load(files, provider, certificates.clone());
            let (tls, seen) = loaded.map_err(failed)?;
            all.spawn(ended_by(stop, tls.watch(seen, asked)));
        }
        Ok(Some(accepts))
    }

    fn app(
        self,
        origin: String,
        push: Arc<Queue>,
        certificates: Arc<Certificates>,
        stop: &CancellationToken,
    ) -> Arc<App> {
        let limits = &self.config.limits;
        Arc::new(App {
            origin,
            store: self.store,
            rate: Rate::new(limits.requests_per_second, limits.burst, self.clock.clone()),
            time: Time::new(self.clock, limits.clock_patience),
            dates: Dates::default(),
            push,
            certificates: self.config.speaks_tls().then_some(certificates),
            requests: Budget::new(limits.requests),
            incoming: Budget::new(limits.incoming_bytes),
            outgoing: Budget::new(limits.outgoing_bytes),
            metrics: self.metrics,
            stop: stop.clone(),
            config: self.config,
        })
    }
}

/// A relay at work. Dropped, it ends as by [`RunningRelay::shutdown`], with nobody waiting for it.
#[derive(Debug)]
pub struct RunningRelay {
    places: Vec<Listen>,
    #[cfg(feature = "metrics")]
    metrics: Option<Listen>,
    url: String,
    push: Arc<Queue>,
    stop: CancellationToken,
    reload: mpsc::UnboundedSender<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl RunningRelay {
    /// The first address that is listened on, with its real port.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.places.iter().find_map(Listen::address)
    }

    /// Where it listens, ports as they are.
    #[must_use]
    pub fn places(&self) -> &[Listen] {
        &self.places
    }

    /// Where the metrics are, with its real port.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn metrics(&self) -> Option<&Listen> {
        self.metrics.as_ref()
    }

    /// The origin of the mailboxes' URLs.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The types of notification tokens that are served, in order.
    #[must_use]
    pub fn push_types(&self) -> Vec<String> {
        self.push.types()
    }

    /// What became of notifications until now.
    #[must_use]
    pub fn push_counts(&self) -> PushCounts {
        self.push.counts()
    }

    /// Reads certificate and key again, now rather than within a minute. Store, connections and the address stay as they
    /// are; without TLS there is nothing to read. What is returned need not be waited for: it ends when they are read.
    pub fn reload(&self) -> impl Future<Output = ()> + Send + use<> {
        let (done, read) = oneshot::channel();
        let _ = self.reload.send(done);
        // An error: nobody reads them, or not any more.
        async move { drop(read.await) }
    }

    /// Ends the relay: takes no more connections, answers held reads at once, waits for requests under way for at most
    /// [`Limits::shutdown_grace`](crate::Limits::shutdown_grace), and closes what is left.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        self.join().await;
    }

    /// Waits until the relay has ended.
    pub async fn join(&mut self) {
        if !self.server.is_finished() {
            // A panic of the server task ends the relay too; there is nothing to add to it here.
            let _ = (&mut self.server).await;
        }
    }
}

impl Drop for RunningRelay {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// As many connections as there are descriptors for.
fn bounds(limits: &Limits) -> Bound {
    let bounds = descriptors::bound(limits.connections);
    if bounds.all < limits.connections.all {
        let (wanted, there) = (limits.connections.all, bounds.all);
        tracing::warn!(
            wanted,
            there,
            "fewer descriptors than connections: raise the system's limit"
        );
    }
    bounds
}

async fn until_all_have_ended(mut all: JoinSet<()>, app: Arc<App>) {
    while all.join_next().await.is_some() {}
    app.push.close();
    if tokio::time::timeout(CLOSE, app.store.close())
        .await
        .is_err()
    {
        tracing::warn!("the store takes too long to close");
    }
    tracing::info!("relay ended");
}

/// A task that ends with the relay.
fn until(stop: &CancellationToken, work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(ended_by(stop, work));
}

/// The same work, which ends with the relay.
fn ended_by(
    stop: &CancellationToken,
    work: impl Future<Output = ()> + Send + 'static,
) -> impl Future<Output = ()> + Send + 'static {
    let worked = stop.clone().run_until_cancelled_owned(work);
    async { worked.await.unwrap_or_default() }
}

async fn sweep(app: Arc<App>) {
    let mut ticks = tokio::time::interval(app.config.sweep_interval);
    loop {
        ticks.tick().await;
        let sweep = app.store.sweep(app.time.now());
        match app.metrics.of_store(Operation::Sweep, sweep).await {
            Ok(0) => {}
            Ok(erased) => tracing::info!(erased, "expired mailboxes erased"),
            Err(error) => tracing::error!(%error, "sweep"),
        }
    }
}

async fn serve(listener: Listener, server: Server, places: Arc<Connections>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = server.stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(accepted) => {
                let peer = Peer::new(accepted.from);
                // Who has no place is sent away at once: waiting would hold up those who come after it.
                match places.place(peer.clone()) {
                    Some(place) => {
                        connections.spawn(server.clone().serve(accepted, peer, place));
                    }
                    None => server.metrics.refused(Limit::Connections),
                }
            }
            Err(error) => {
                tracing::warn!(kind = ?error.kind(), "connection not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(server.limits.shutdown_grace, ended)
        .await
        .is_err()
    {
        tracing::warn!(
            left = connections.len(),
            "connections closed with requests under way"
        );
    }
    connections.shutdown().await;
}
