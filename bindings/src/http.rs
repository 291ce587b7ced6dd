//! One HTTP request, one response: apps may bring their platform's own HTTP.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tigress::mailbox;

use crate::error::{TigressError, unexpected};
use crate::failure::TransportFailure;
use crate::settings::Config;
use crate::time::TimeSpan;

/// The methods that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum HttpMethod {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

impl From<mailbox::Method> for HttpMethod {
    fn from(method: mailbox::Method) -> Self {
        match method {
            mailbox::Method::Get => Self::Get,
            mailbox::Method::Post => Self::Post,
            mailbox::Method::Put => Self::Put,
            mailbox::Method::Patch => Self::Patch,
            mailbox::Method::Delete => Self::Delete,
        }
    }
}

impl From<HttpMethod> for mailbox::Method {
    fn from(method: HttpMethod) -> Self {
        match method {
            HttpMethod::Get => Self::Get,
            HttpMethod::Post => Self::Post,
            HttpMethod::Put => Self::Put,
            HttpMethod::Patch => Self::Patch,
            HttpMethod::Delete => Self::Delete,
        }
    }
}

#[uniffi::export]
impl HttpMethod {
    /// Its name, upper-case.
    #[must_use]
    pub fn wire_name(&self) -> String {
        mailbox::Method::from(*self).name().to_owned()
    }
}

/// One header.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Display)]
pub struct HttpHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Its name only: claims and proofs are values.
impl fmt::Display for HttpHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A request to make.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Display)]
pub struct HttpRequest {
    /// The method.
    pub method: HttpMethod,
    /// The URL; it never has a fragment.
    pub url: String,
    /// The headers, with lower-case names.
    pub headers: Vec<HttpHeader>,
    /// The body, if there is one.
    pub body: Option<Vec<u8>>,
    /// How long the relay may hold the answer: the time-out comes on top.
    pub wait: TimeSpan,
    /// Opaque, and one for each transfer: requests with different keys must share no connection and no TLS session, or
    /// else the relay knows them to be of one device. Never sent.
    #[uniffi(default = "")]
    pub isolation: String,
}

/// Its method only: the URL names a mailbox.
impl fmt::Display for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpRequest({})", self.method.wire_name())
    }
}

impl From<mailbox::HttpRequest> for HttpRequest {
    fn from(request: mailbox::HttpRequest) -> Self {
        let header = |(name, value): (&'static str, String)| HttpHeader {
            name: name.to_owned(),
            value,
        };
        Self {
            method: request.method.into(),
            url: request.url,
            headers: request.headers.into_iter().map(header).collect(),
            body: request.body,
            wait: TimeSpan(Duration::from_secs(request.wait)),
            isolation: request.isolation,
        }
    }
}

/// A response, whatever its status.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Display)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<HttpHeader>,
    /// The body, at most 1 MiB.
    pub body: Vec<u8>,
}

/// Its status only.
impl fmt::Display for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpResponse({})", self.status)
    }
}

impl From<HttpResponse> for mailbox::HttpResponse {
    fn from(response: HttpResponse) -> Self {
        let headers = response.headers.into_iter();
        Self {
            status: response.status,
            headers: headers.map(|header| (header.name, header.value)).collect(),
            body: response.body,
        }
    }
}

impl From<mailbox::HttpResponse> for HttpResponse {
    fn from(response: mailbox::HttpResponse) -> Self {
        let headers = response.headers.into_iter();
        Self {
            status: response.status,
            headers: headers
                .map(|(name, value)| HttpHeader { name, value })
                .collect(),
            body: response.body,
        }
    }
}

/// No answer came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum TransportError {
    /// There was none, or it was not read whole.
    #[error("{reason}")]
    Failed {
        /// What kind of failure it was: one that is untrusted is not tried again.
        kind: TransportFailure,
        /// The same in words, without URLs.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for TransportError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed {
            kind: TransportFailure::Other,
            reason: unexpected(&error),
        }
    }
}

/// Sends requests. An implementation follows no redirects, keeps no cookies and no cache, checks TLS certificates, takes at
/// most 1 MiB of an answer's body, and waits `HttpRequest.wait` longer than its usual time-out; the client gives a request
/// up by itself after that time. What waits, a write too, must not delay other requests, and requests of different
/// `HttpRequest.isolation` share no connection.
///
/// When a call of the client is cancelled, so is the request: in Kotlin its coroutine, in Swift its task.
#[uniffi::export(rust, foreign, async_runtime = "tokio")]
#[async_trait]
pub trait HttpTransport: Send + Sync {
    /// The response, whatever its status. Fails when there was none, or it was not read whole.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

/// The built-in transport, for apps that wrap it. Fails with `no_transport` where none is built in.
#[uniffi::export]
#[allow(clippy::needless_pass_by_value, reason = "UniFFI's form")]
pub fn built_in_transport(config: Config) -> Result<Arc<dyn HttpTransport>, TigressError> {
    let transport = tigress::built_in_transport(&config.into())?;
    Ok(Arc::new(BuiltIn(transport)))
}

/// A transport of the core, for the other language.
pub(crate) struct BuiltIn(pub(crate) Arc<dyn tigress::HttpTransport>);

#[async_trait]
impl HttpTransport for BuiltIn {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let headers = request.headers.into_iter();
        let request = mailbox::HttpRequest {
            method: request.method.into(),
            url: request.url,
            headers: headers.filter_map(known_header).collect(),
            body: request.body,
            wait: request.wait.0.as_secs(),
            isolation: request.isolation,
        };
        let response = self.0.send(request).await;
        Ok(response
            .map_err(|error| TransportError::Failed {
                kind: error.kind.into(),
                reason: error.reason,
            })?
            .into())
    }
}

/// The core's requests have headers with fixed names only.
fn known_header(header: HttpHeader) -> Option<(&'static str, String)> {
    let name = tigress_mailbox::headers::OF_REQUESTS
        .into_iter()
        .find(|name| header.name.eq_ignore_ascii_case(name))?;
    Some((name, header.value))
}

/// A transport of the other language, for the core.
pub(crate) struct Foreign(pub(crate) Arc<dyn HttpTransport>);

#[async_trait]
impl tigress::HttpTransport for Foreign {
    async fn send(
        &self,
        request: mailbox::HttpRequest,
    ) -> Result<mailbox::HttpResponse, tigress::TransportError> {
        match self.0.send(request.into()).await {
            Ok(response) => Ok(response.into()),
            Err(TransportError::Failed { kind, reason }) => {
                Err(tigress::TransportError::new(kind.into(), reason))
            }
        }
    }
}
