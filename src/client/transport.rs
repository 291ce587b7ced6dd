//! One HTTP request, one response. Apps may bring their platform's own HTTP.

use async_trait::async_trait;

use crate::Error;
use tigress_mailbox::{HttpRequest, HttpResponse, TransportFailure};

/// No answer came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct TransportError {
    /// What kind of failure it was: one that is untrusted is not tried again.
    pub kind: TransportFailure,
    /// The same in words, without URLs.
    pub reason: String,
}

impl TransportError {
    /// A failure of this kind.
    #[must_use]
    pub fn new(kind: TransportFailure, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
        }
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        let TransportError { kind, reason } = error;
        match kind {
            TransportFailure::Untrusted => Self::UntrustedCertificate { reason },
            kind => Self::RelayUnreachable {
                kind,
                reason,
                retry_after: None,
            },
        }
    }
}

/// Sends requests. An implementation follows no redirects, keeps no cookies and no cache, checks TLS
/// certificates, gives an answer at most 1 MiB of body, and waits [`HttpRequest::wait`] seconds longer than
/// its usual time-out; the client gives a request up by itself after that time. What waits, a write too, must not delay other
/// requests, and requests of different [`HttpRequest::isolation`] share no connection. Dropping the future cancels
/// the request.
#[async_trait]
pub trait HttpTransport: Send + Sync {
    /// The response, whatever its status.
    ///
    /// # Errors
    /// When there was none, or it was not read whole.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}
