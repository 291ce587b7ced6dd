//! Listening, serving, and ending in good order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::clock::{Clock, SystemClock};
use crate::config::{Limits, RelayConfig, RelayError};
use crate::connection::Server;
use crate::http::{App, router};
use crate::limit::Limiter;
use crate::push::{NoPush, PushGateway};
use crate::store::MailboxStore;
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
    push: Arc<dyn PushGateway>,
}

impl Relay {
    /// A relay with the machine's clock and without a push gateway.
    #[must_use]
    pub fn new(config: RelayConfig, store: impl MailboxStore) -> Self {
        let (clock, push) = (Arc::new(SystemClock), Arc::new(NoPush));
        Self {
            config,
            store: Arc::new(store),
            clock,
            push,
        }
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The same with a push gateway.
    #[must_use]
    pub fn with_push(mut self, push: Arc<dyn PushGateway>) -> Self {
        self.push = push;
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
    pub async fn run(self) -> Result<RunningRelay, RelayError> {
        self.config.check()?;
        let address = self.config.listen;
        let failed = |source| RelayError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let origin = self.config.origin(bound)?;
        let reload = Arc::new(Notify::new());
        let (tls, watching) = match self.config.tls.clone().map(Tls::load).transpose()? {
            Some((tls, seen)) => {
                let acceptor = tls.acceptor();
                let watching = tls.watch(seen, reload.clone());
                (Some(acceptor), Some(tokio::spawn(watching)))
            }
            None => (None, None),
        };
        let (stop, stopping) = watch::channel(false);
        let limits = self.config.limits.clone();
        let limiter = Limiter::new(
            limits.requests_per_second,
            limits.burst,
            limits.limit_loopback,
        );
        let app = Arc::new(App {
            config: self.config,
            origin: origin.clone(),
            store: self.store,
            clock: self.clock,
            push: self.push,
            limiter,
            notifications: App::notification_slots(),
            stopping: stopping.clone(),
        });
        let sweeper = tokio::spawn(sweep(app.clone()));
        let server = tokio::spawn(async move {
            let store = app.store.clone();
            let server = Server {
                app: router(app),
                tls,
                patience: limits.request_timeout,
                stopping,
            };
            serve(listener, server, &limits).await;
            sweeper.abort();
            if let Some(watching) = watching {
                watching.abort();
            }
            if tokio::time::timeout(CLOSE, store.close()).await.is_err() {
                tracing::warn!("the store takes too long to close");
            }
            tracing::info!("relay ended");
        });
        tracing::info!("relay started");
        Ok(RunningRelay {
            local_addr: bound,
            url: origin,
            stop,
            reload,
            server,
        })
    }
}

/// A relay at work. Dropped, it ends as by [`RunningRelay::shutdown`], with nobody waiting for it.
#[derive(Debug)]
pub struct RunningRelay {
    local_addr: SocketAddr,
    url: String,
    stop: watch::Sender<bool>,
    reload: Arc<Notify>,
    server: JoinHandle<()>,
}

impl RunningRelay {
    /// The address that is listened on, with its real port.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The origin of the mailboxes' URLs.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Reads certificate and key again, now rather than within a minute. Store, connections and the address stay as they
    /// are; without TLS there is nothing to read.
    pub fn reload(&self) {
        self.reload.notify_one();
    }

    /// Ends the relay: takes no more connections, answers held reads at once, waits for requests under way for at most
    /// [`Limits::shutdown_grace`], and closes what is left.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
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
        self.stop.send_replace(true);
    }
}

async fn sweep(app: Arc<App>) {
    let mut ticks = tokio::time::interval(app.config.sweep_interval);
    loop {
        ticks.tick().await;
        match app.store.sweep(app.clock.now()).await {
            Ok(0) => {}
            Ok(erased) => tracing::info!(erased, "expired mailboxes erased"),
            Err(error) => tracing::error!(%error, "sweep"),
        }
    }
}

async fn serve(listener: TcpListener, server: Server, limits: &Limits) {
    let mut stopping = server.stopping.clone();
    let slots = Arc::new(Semaphore::new(limits.connections.max(1)));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &slots) => accepted,
        };
        let Some((stream, peer, slot)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let serving = server.clone().serve(stream, peer);
        connections.spawn(async move {
            serving.await;
            drop(slot);
        });
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.shutdown_grace, ended)
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

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

/// The next connection, once there is a slot for it.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> Option<Accepted> {
    let slot = slots.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, slot)),
        Err(error) => {
            tracing::warn!(kind = ?error.kind(), "connection not accepted");
            None
        }
    }
}
