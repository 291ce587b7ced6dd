//! The HTTP client that the authority is asked with: goes where its directory says and nowhere else, and takes little.

use std::error::Error as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use reqwest::header::{HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;

use super::plan::{SILENCE, lasting};
use crate::clock::Clock;
use crate::outgoing::{silence, tls};

/// A chain of certificates is a few KiB.
const MAX_BODY: usize = 256 * 1024;
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    /// The authority has asked for silence until then.
    silent: Arc<AtomicU64>,
}

impl Client {
    pub(super) fn new(root: Option<&[u8]>, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let mut tls = tls(root)?;
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let http = reqwest::Client::builder()
            .no_proxy()
            // RFC 8555, section 6.1: what the directory names, too.
            .https_only(true)
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .tls_backend_preconfigured(tls)
            .build();
        Ok(Self {
            http: http.map_err(|_| "TLS can't be set up")?,
            clock,
            silent: Arc::default(),
        })
    }

    /// Until when the authority wants to hear nothing.
    pub(super) fn silent_until(&self, now: u64) -> u64 {
        lasting(self.silent.load(Ordering::Relaxed), now)
    }

    /// Bounds what the authority says of when to ask again, and keeps silence where it refuses.
    fn heed(&self, answer: &mut reqwest::Response) {
        let now = self.clock.now();
        let after = answer.headers().get(RETRY_AFTER);
        let Some(after) = after.and_then(|value| silence(value, now)) else {
            return;
        };
        let after = after.as_secs().min(SILENCE);
        if !answer.status().is_success() {
            let until = now.saturating_add(after).max(self.silent_until(now));
            self.silent.store(until, Ordering::Relaxed);
        }
        // Who reads the header next adds whatever it says to a time.
        let after = HeaderValue::from(after);
        answer.headers_mut().insert(RETRY_AFTER, after);
    }

    async fn ask(self, request: http::Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(Body::new(body), MAX_BODY).await;
        let body = body.map_err(|error| Error::Other(error.into()))?;
        let asked = self
            .http
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(body);
        let mut answer = asked.send().await.map_err(failed)?;
        self.heed(&mut answer);
        let mut all = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(failed)? {
            if part.len() > MAX_BODY - all.len() {
                return Err(Error::Str("an answer of a usual size"));
            }
            all.extend_from_slice(&part);
        }
        let mut response = http::Response::new(Body::from(all));
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response.into())
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: http::Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        Box::pin(self.clone().ask(request))
    }
}

/// What lies at the bottom of it: a refused connection, or a certificate that is not trusted.
fn failed(error: reqwest::Error) -> Error {
    if error.is_timeout() {
        return Error::Other("no answer in time".into());
    }
    let mut cause: &dyn std::error::Error = &error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    let kind = if error.is_connect() {
        "not reached"
    } else {
        "the connection failed"
    };
    let cause = error
        .source()
        .map_or(String::new(), |_| format!(": {cause}"));
    Error::Other(format!("{kind}{cause}").into())
}
