//! One connection, from its first byte to its end.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// A silent HTTP/2 connection is asked after this whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// The other end of a connection, as each of its requests sees it.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    under_way: watch::Sender<usize>,
}

/// A request that is being answered; while there is one, its connection is not idle.
pub(crate) struct UnderWay(watch::Sender<usize>);

impl Peer {
    fn new(ip: IpAddr) -> Self {
        let under_way = watch::Sender::new(0);
        Self { ip, under_way }
    }

    pub(crate) fn begin(&self) -> UnderWay {
        self.under_way.send_modify(|count| *count += 1);
        UnderWay(self.under_way.clone())
    }

    /// Resolves when no request has begun, ended or been under way for `patience`.
    async fn idle(&self, patience: Duration) {
        let mut count = self.under_way.subscribe();
        // The sender is ours, so neither call can fail.
        while count.wait_for(|count| *count == 0).await.is_ok() {
            if tokio::time::timeout(patience, count.changed())
                .await
                .is_err()
            {
                return;
            }
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// What every connection is served with.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) app: Router,
    pub(crate) tls: Option<TlsAcceptor>,
    /// Longest time without a request.
    pub(crate) patience: Duration,
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Server {
    /// Serves requests until the client goes, says nothing for too long, or the relay stops.
    pub(crate) async fn serve(mut self, stream: TcpStream, address: SocketAddr) {
        // Small answers leave at once.
        let _ = stream.set_nodelay(true);
        let peer = Peer::new(address.ip());
        let Some(acceptor) = &self.tls else {
            return requests(self, stream, peer).await;
        };
        let handshake = tokio::time::timeout(self.patience, acceptor.accept(stream));
        // Whoever speaks no TLS, or not ours, is left with the alert.
        let shaken = tokio::select! {
            shaken = handshake => shaken,
            _ = self.stopping.wait_for(|stop| *stop) => return,
        };
        if let Ok(Ok(stream)) = shaken {
            requests(self, stream, peer).await;
        }
    }
}

async fn requests<I>(server: Server, stream: I, peer: Peer)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Server {
        app,
        patience,
        mut stopping,
        ..
    } = server;
    let app = app.layer(Extension(peer.clone()));
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(patience);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE);
    let serving = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    tokio::pin!(serving);
    // How a connection ends is the client's business: errors are neither ours nor worth a log line.
    let stopped = tokio::select! {
        _ = serving.as_mut() => return,
        // Also before the first request, and in the middle of HTTP/2's preface, where no other time-out counts.
        () = peer.idle(patience) => false,
        _ = stopping.wait_for(|stop| *stop) => true,
    };
    serving.as_mut().graceful_shutdown();
    if stopped {
        let _ = serving.await;
    } else {
        // An answer may still be on its way; the good-bye of HTTP/2 may never be answered.
        let _ = tokio::time::timeout(patience, serving).await;
    }
}
