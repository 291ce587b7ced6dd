//! One connection, from its first byte to its end.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::connections::Place;
use crate::limits::Limits;

/// A silent HTTP/2 connection is asked after this whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// What HTTP/2 lets a client send, and what it keeps of an answer, before anybody has dealt with it.
const WINDOW: u32 = 64 * 1024 - 1;
const SEND_BUFFER: usize = 16 * 1024;
/// What TLS keeps of an answer until the system takes it: a record.
const TLS_BUFFER: usize = 16 * 1024;
/// The least that hyper takes for heads.
const LEAST_HEAD: usize = 8 * 1024;

/// The other end of a connection, as each of its requests sees it.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    under_way: watch::Sender<Load>,
    answers: Arc<Answers>,
}

/// Requests under way, and since when there are so many.
#[derive(Clone, Copy)]
struct Load {
    requests: usize,
    since: Instant,
}

/// A request that is being answered; while there is one, its connection is not idle.
pub(crate) struct UnderWay(watch::Sender<Load>);

/// The answers that are on their way, and when each last got further.
#[derive(Default)]
struct Answers {
    moved: Mutex<HashMap<u64, Instant>>,
    begun: Notify,
}

/// An answer on its way, until the last of it has left.
pub(crate) struct Leaving {
    answers: Arc<Answers>,
    number: u64,
}

impl Peer {
    pub(crate) fn new(ip: IpAddr) -> Self {
        let load = Load {
            requests: 0,
            since: Instant::now(),
        };
        Self {
            ip,
            under_way: watch::Sender::new(load),
            answers: Arc::default(),
        }
    }

    pub(crate) fn begin(&self) -> UnderWay {
        count(&self.under_way, |requests| requests + 1);
        UnderWay(self.under_way.clone())
    }

    /// Since when no request is under way, if none is.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let load = *self.under_way.borrow();
        (load.requests == 0).then_some(load.since)
    }

    /// Resolves when no request has begun, ended or been under way for `patience`.
    async fn idle(&self, patience: Duration) {
        let mut load = self.under_way.subscribe();
        // The sender is ours, so neither call can fail.
        while load.wait_for(|load| load.requests == 0).await.is_ok() {
            if tokio::time::timeout(patience, load.changed())
                .await
                .is_err()
            {
                return;
            }
        }
    }

    /// An answer that begins to leave.
    pub(crate) fn leaving(&self) -> Arc<Leaving> {
        let answers = self.answers.clone();
        let mut moved = answers.moved();
        let number = moved.keys().max().map_or(0, |last| last + 1);
        moved.insert(number, Instant::now());
        drop(moved);
        answers.begun.notify_one();
        Arc::new(Leaving { answers, number })
    }

    /// Resolves when the client has taken nothing of some answer for `patience`, whatever it does with others.
    async fn stalled(&self, patience: Duration) {
        loop {
            let oldest = self.answers.moved().values().min().copied();
            match oldest {
                None => self.answers.begun.notified().await,
                Some(moved) if moved.elapsed() >= patience => return,
                Some(moved) => tokio::time::sleep_until((moved + patience).into()).await,
            }
        }
    }
}

fn count(under_way: &watch::Sender<Load>, change: impl Fn(usize) -> usize) {
    under_way.send_modify(|load| {
        *load = Load {
            requests: change(load.requests),
            since: Instant::now(),
        }
    });
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        count(&self.0, |requests| requests.saturating_sub(1));
    }
}

impl Answers {
    fn moved(&self) -> MutexGuard<'_, HashMap<u64, Instant>> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leaving {
    /// The client has taken what it was given before.
    pub(crate) fn moved(&self) {
        self.answers.moved().insert(self.number, Instant::now());
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.answers.moved().remove(&self.number);
    }
}

/// What every connection is served with.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) app: Router,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) stop: CancellationToken,
}

impl Server {
    /// Serves requests until the client goes, says nothing or reads nothing for too long, loses its place, or the relay
    /// stops.
    pub(crate) async fn serve(self, stream: TcpStream, peer: Peer, place: Place) {
        // Small answers leave at once.
        let _ = stream.set_nodelay(true);
        tokio::select! {
            () = self.shake_hands(stream, peer) => {}
            () = place.lost() => {}
        }
    }

    async fn shake_hands(self, stream: TcpStream, peer: Peer) {
        let Some(acceptor) = &self.tls else {
            return requests(self, stream, peer).await;
        };
        let patience = self.limits.request_timeout;
        let small = |tls: &mut rustls::ServerConnection| tls.set_buffer_limit(Some(TLS_BUFFER));
        let handshake = tokio::time::timeout(patience, acceptor.accept_with(stream, small));
        // Whoever speaks no TLS, or not ours, is left with the alert.
        let shaken = tokio::select! {
            shaken = handshake => shaken,
            () = self.stop.cancelled() => return,
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
        app, limits, stop, ..
    } = server;
    let patience = limits.request_timeout;
    let app = app.layer(Extension(peer.clone()));
    let builder = builder(&limits);
    let serving = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    tokio::pin!(serving);
    // How a connection ends is the client's business: errors are neither ours nor worth a log line.
    let stopped = tokio::select! {
        _ = serving.as_mut() => return,
        () = peer.stalled(limits.answer_timeout) => return,
        // Also before the first request, and in the middle of HTTP/2's preface, where no other time-out counts.
        () = peer.idle(patience) => false,
        () = stop.cancelled() => true,
    };
    serving.as_mut().graceful_shutdown();
    let end = async {
        if stopped {
            let _ = serving.await;
        } else {
            // The good-bye of HTTP/2 may never be answered.
            let _ = tokio::time::timeout(patience, serving).await;
        }
    };
    tokio::select! {
        () = end => {}
        () = peer.stalled(limits.answer_timeout) => {}
    }
}

/// What one connection may take before any request of it is under way.
fn builder(limits: &Limits) -> Builder<TokioExecutor> {
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
    builder
}
