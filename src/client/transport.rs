//! One HTTP request, one response. Apps may bring their platform's own HTTP.

use async_trait::async_trait;

use crate::mailbox::{HttpRequest, HttpResponse};

/// No answer came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct TransportError {
    /// Why, without URLs.
    pub reason: String,
}

/// Sends requests. An implementation follows no redirects, keeps no cookies and no cache, checks TLS
/// certificates, gives an answer at most 1 MiB of body, and waits [`HttpRequest::wait`] seconds longer than
/// its usual time-out. A waiting read must not delay other requests. Dropping the future cancels the request.
#[async_trait]
pub trait HttpTransport: Send + Sync {
    /// The response, whatever its status.
    ///
    /// # Errors
    /// When there was none, or it was not read whole.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}
