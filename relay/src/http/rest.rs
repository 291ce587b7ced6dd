//! What is left of a request's body when its answer is there. A connection that is closed with bytes unread is reset, and
//! the answer may be lost on the way: a proxy then says 502, not why the request was refused.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{Version, header};
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::timeout;

/// After this a client has stopped sending.
const SILENCE: Duration = Duration::from_secs(1);

/// The body of a request that its handler has.
#[derive(Clone)]
pub(super) struct Lent(Arc<Mutex<Body>>);

impl Lent {
    /// Lends the body of a request whose client has begun to send one, where the answer does not end the matter: over HTTP/2
    /// each stream has an end of its own.
    pub(super) fn of(request: &mut Request) -> Option<Self> {
        let waits = request.headers().contains_key(header::EXPECT);
        if request.body().is_end_stream() || waits || request.version() > Version::HTTP_11 {
            return None;
        }
        let lent = Self(Arc::new(Mutex::new(std::mem::take(request.body_mut()))));
        *request.body_mut() = Body::new(lent.clone());
        Some(lent)
    }

    /// Reads on to the end, and keeps nothing; gives up after so many bytes, and where nothing comes for a moment: who has
    /// stopped waits for the answer.
    pub(super) async fn finish(mut self, most: usize) {
        let mut left = most;
        while let Ok(Some(Ok(frame))) = timeout(SILENCE, next(&mut self)).await {
            let size = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(size) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    }
}

async fn next(lent: &mut Lent) -> Option<Result<Frame<Bytes>, Error>> {
    std::future::poll_fn(|context| Pin::new(&mut *lent).poll_frame(context)).await
}

impl http_body::Body for Lent {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        body.size_hint()
    }
}
