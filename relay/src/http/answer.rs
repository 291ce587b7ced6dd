//! An answer on its way to its client. What it takes is given back once its last byte has left this process, however
//! long the client leaves it unread.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http_body::{Frame, SizeHint};

use crate::budget::Taken;
use crate::peer::{Leaving, UnderWay};

/// An answer leaves in pieces of this size: one that is not taken in time ends the connection.
const PIECE: usize = 16 * 1024;

/// What an answer takes as long as it is there.
#[expect(dead_code, reason = "held, and dropped with the answer")]
pub(super) struct Held {
    pub(super) under_way: UnderWay,
    pub(super) place: Option<Taken>,
    pub(super) bytes: Option<Taken>,
    pub(super) leaving: Arc<Leaving>,
}

/// A response, and the part of the bytes under way that it takes.
pub(super) struct Reply {
    pub(super) response: Response,
    pub(super) bytes: Option<Taken>,
}

impl Reply {
    /// Takes of this no more than there is in the response.
    pub(super) fn taking(mut taken: Taken, response: Response) -> Self {
        let size = response.body().size_hint().exact();
        let size = size.and_then(|size| usize::try_from(size).ok());
        taken.shrink(size.unwrap_or(usize::MAX));
        Self {
            response,
            bytes: Some(taken),
        }
    }
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self {
            response,
            bytes: None,
        }
    }
}

/// The bytes together with what they hold: each piece keeps all of it.
struct Owner {
    bytes: Bytes,
    _held: Held,
}

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

struct Pieces {
    rest: Bytes,
    leaving: Arc<Leaving>,
}

/// The response, whose bytes hold this until they have left.
pub(super) async fn holding(response: Response, held: Held) -> Response {
    let (parts, body) = response.into_parts();
    // All our answers are in memory, and can't fail.
    let bytes = axum::body::to_bytes(body, usize::MAX).await;
    let leaving = held.leaving.clone();
    let owner = Owner {
        bytes: bytes.unwrap_or_default(),
        _held: held,
    };
    let rest = Bytes::from_owner(owner);
    Response::from_parts(parts, Body::new(Pieces { rest, leaving }))
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        self.leaving.moved();
        let most = PIECE.min(self.rest.len());
        let piece = self.rest.split_to(most);
        if self.rest.is_empty() {
            self.rest = Bytes::new();
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
