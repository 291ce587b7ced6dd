//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::budget::Budget;
use crate::certificates::PROOF;
use crate::client::Client;
use crate::connections::Place;
use crate::heads::Counted;
use crate::http::Interface;
use crate::limits::Limits;
use crate::listen::{Accepted, Stream};
use crate::metrics::Metrics;
use crate::peer::Peer;
use crate::preface::{Begun, Version};

/// A silent HTTP/2 connection is asked after this whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// What HTTP/2 lets a client send, and what it keeps of an answer, before anybody has dealt with it.
const WINDOW: u32 = 64 * 1024 - 1;
const SEND_BUFFER: usize = 16 * 1024;
/// What TLS keeps of an answer until the system takes it: a record.
const TLS_BUFFER: usize = 16 * 1024;
/// The least that hyper takes for heads.
const LEAST_HEAD: usize = 8 * 1024;

/// What every connection is served with.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) interface: Interface,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) limits: Arc<Limits>,
    /// What heads may make connections keep beyond what each has of its own. None behind a proxy: heads are the proxy's.
    pub(crate) heads: Option<Arc<Budget>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) stop: CancellationToken,
}

impl Server {
    /// Serves requests until the client goes, says nothing or reads nothing for too long, loses its place, or the relay
    /// stops.
    pub(crate) async fn serve(self, accepted: Accepted, peer: Peer, place: Place) {
        tokio::select! {
            () = self.shake_hands(accepted, peer) => {}
            () = place.lost() => {}
        }
    }

    async fn shake_hands(self, accepted: Accepted, peer: Peer) {
        let Accepted {
            stream, is_network, ..
        } = accepted;
        let stream = match &self.tls {
            // What TLS takes is taken only where there is TLS.
            Some(acceptor) if is_network => Box::pin(self.secured(acceptor, stream)).await,
            _ => Some(stream),
        };
        if let Some(stream) = stream {
            requests(self, stream, peer).await;
        }
    }

    /// The same connection with TLS, unless that fails or is a proof for ACME.
    async fn secured(
        &self,
        acceptor: &TlsAcceptor,
        stream: Box<dyn Stream>,
    ) -> Option<Box<dyn Stream>> {
        let patience = self.limits.request_timeout;
        let small = |tls: &mut rustls::ServerConnection| tls.set_buffer_limit(Some(TLS_BUFFER));
        let handshake = tokio::time::timeout(patience, acceptor.accept_with(stream, small));
        // Whoever speaks no TLS, or not ours, is left with the alert.
        let shaken = tokio::select! {
            shaken = handshake => shaken.ok()?.ok()?,
            () = self.stop.cancelled() => return None,
        };
        (shaken.get_ref().1.alpn_protocol() != Some(PROOF)).then(|| Box::new(shaken) as _)
    }
}

async fn requests(server: Server, stream: Box<dyn Stream>, peer: Peer) {
    let Server {
        interface,
        limits,
        heads,
        stop,
        ..
    } = server;
    let patience = limits.request_timeout;
    let begun = tokio::select! {
        begun = Begun::read(stream) => begun,
        () = peer.idle(patience) => return,
        () = stop.cancelled() => return,
    };
    let Ok(Some((version, stream))) = begun else {
        return;
    };
    let stream = Counted::new(stream, Client::of(peer.ip), heads);
    let enough = stream.enough();
    // Boxed: a connection that is idle keeps no room for it.
    let from = peer.clone();
    let answer = service_fn(move |request: Request<Incoming>| {
        let answering = interface
            .clone()
            .answer(from.clone(), request.map(Body::new));
        Box::pin(async { Ok::<_, Infallible>(answering.await) })
    });
    let builder = builder(&limits, version);
    let mut serving = Box::pin(builder.serve_connection(TokioIo::new(stream), answer));
    // How a connection ends is the client's business: errors are neither ours nor worth a log line.
    let end = tokio::select! {
        _ = serving.as_mut() => return,
        () = peer.stalled(limits.answer_timeout) => return,
        // Also before the first request, where no other time-out counts.
        () = peer.idle(patience) => End::Idle,
        () = enough.notified() => End::Enough,
        () = stop.cancelled() => End::Stopped,
    };
    serving.as_mut().graceful_shutdown();
    let end = async {
        match end {
            End::Stopped => drop(serving.await),
            // The good-bye of HTTP/2 may never be answered.
            End::Idle => drop(tokio::time::timeout(patience, serving).await),
            // What is under way may be held for longer.
            End::Enough => tokio::select! {
                _ = serving => {}
                () = peer.idle(patience) => {}
            },
        }
    };
    tokio::select! {
        () = end => {}
        () = peer.stalled(limits.answer_timeout) => {}
    }
}

/// Why a connection takes no more requests.
enum End {
    Idle,
    Enough,
    Stopped,
}

/// What one connection may take before any request of it is under way.
fn builder(limits: &Limits, version: Version) -> Builder<TokioExecutor> {
    let head = limits.head_bytes.max(LEAST_HEAD);
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.request_timeout)
        .max_buf_size(head);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE)
        .max_concurrent_streams(limits.streams)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(u32::try_from(head).unwrap_or(u32::MAX));
    match version {
        Version::Http1 => builder.http1_only(),
        Version::Http2 => builder.http2_only(),
    }
}
