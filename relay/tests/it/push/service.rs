//! A local service that keeps what it receives and answers by a list.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Version};
use axum::response::{IntoResponse as _, Response};
use axum::serve::Listener;
use http_body::Frame;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::tls::Authority;
use crate::tls_listener::TlsListener;

/// Longer than anything here should take.
const SOON: Duration = Duration::from_secs(20);

pub(super) struct Received {
    pub(super) path: String,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        let value = value.unwrap_or_else(|| panic!("no {name}: {:?}", self.headers));
        value.to_str().unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What it does with the next request; 200 when the list is at its end.
pub(super) enum Act {
    Answer(u16, &'static str),
    /// With a header.
    With(u16, &'static str, String),
    /// 200, and a body without an end, of which so many bytes went out.
    Endless(Arc<AtomicUsize>),
    /// 200, and a body that never comes.
    Stalls,
    Never,
}

pub(super) struct Service {
    pub(super) url: String,
    received: UnboundedReceiver<Received>,
    acts: Arc<Mutex<VecDeque<Act>>>,
    server: JoinHandle<()>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Service {
    pub(super) async fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self::serve(listener, url, acts)
    }

    /// HTTP/2 alone, with a certificate of this authority.
    pub(super) async fn start_with_tls(authority: &Authority, acts: Vec<Act>) -> Self {
        let (listener, url) = TlsListener::open(authority).await;
        Self::serve(listener, url, acts)
    }

    fn serve<L>(listener: L, url: String, acts: Vec<Act>) -> Self
    where
        L: Listener,
        L::Addr: std::fmt::Debug,
    {
        let (told, received) = unbounded_channel();
        let acts = Arc::new(Mutex::new(VecDeque::from(acts)));
        let router = Router::new()
            .fallback(answer)
            .with_state((acts.clone(), told));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            received,
            acts,
            server,
        }
    }

    pub(super) fn will(&self, act: Act) {
        self.acts.lock().unwrap().push_back(act);
    }

    /// The next request.
    pub(super) async fn next(&mut self) -> Received {
        let next = tokio::time::timeout(SOON, self.received.recv()).await;
        next.unwrap_or_else(|_| panic!("nobody asks")).unwrap()
    }

    pub(super) fn is_left_alone(&mut self) -> bool {
        self.received.try_recv().is_err()
    }
}

type Shared = (Arc<Mutex<VecDeque<Act>>>, UnboundedSender<Received>);

async fn answer(State((acts, told)): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let received = Received {
        path: format!("{} {}", parts.method, parts.uri.path()),
        version: parts.version,
        headers: parts.headers,
        body: to_bytes(body, 1 << 20).await.unwrap().to_vec(),
    };
    let act = acts.lock().unwrap().pop_front();
    let _ = told.send(received);
    let status = |status: u16| axum::http::StatusCode::from_u16(status).unwrap();
    match act {
        None => ().into_response(),
        Some(Act::Answer(code, body)) => (status(code), body).into_response(),
        Some(Act::With(code, name, value)) => (status(code), [(name, value)]).into_response(),
        Some(Act::Endless(given)) => Body::new(Long(Some(given))).into_response(),
        Some(Act::Stalls) => Body::new(Long(None)).into_response(),
        Some(Act::Never) => std::future::pending().await,
    }
}

/// A body without an end that counts its bytes, or one that never begins.
struct Long(Option<Arc<AtomicUsize>>);

impl http_body::Body for Long {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        const PART: &[u8] = &[b'x'; 1024];
        let Some(given) = &self.0 else {
            return Poll::Pending;
        };
        given.fetch_add(PART.len(), Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(PART)))))
    }
}
