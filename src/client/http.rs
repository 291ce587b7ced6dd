//! The built-in transport: reqwest with rustls and the system's trust.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::redirect::Policy;

use super::config::Config;
use super::transport::{HttpTransport, TransportError};
use crate::Error;
use crate::mailbox::{HttpRequest, HttpResponse, MAX_BODY, Method};

/// Sends requests by reqwest.
pub(crate) struct Reqwest {
    client: reqwest::Client,
    timeout: Duration,
}

impl Reqwest {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(config.connect_timeout)
            .user_agent(concat!("tigress/", env!("CARGO_PKG_VERSION")));
        let client = with_tls(client, provider)?
            .build()
            .map_err(|_| Error::bad_config("the HTTP client can't be built"))?;
        Ok(Self {
            client,
            timeout: config.request_timeout,
        })
    }
}

#[async_trait]
impl HttpTransport for Reqwest {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut outgoing = self
            .client
            .request(method, &request.url)
            .timeout(self.timeout + Duration::from_secs(request.wait));
        for (name, value) in &request.headers {
            outgoing = outgoing.header(*name, value);
        }
        if let Some(body) = request.body {
            outgoing = outgoing.body(body);
        }
        let mut response = outgoing.send().await.map_err(failed)?;
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(TransportError {
                    reason: "the answer is too large".into(),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpResponse {
            status: response.status().as_u16(),
            headers,
            body,
        })
    }
}

/// reqwest's texts name URLs: say what kind of failure it was instead.
#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: reqwest::Error) -> TransportError {
    let reason = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "can't connect"
    } else if error.is_body() || error.is_decode() {
        "the answer was cut off"
    } else {
        "the request failed"
    };
    TransportError {
        reason: reason.into(),
    }
}

/// TLS by rustls with ring and the platform's trust store.
fn with_tls(
    builder: reqwest::ClientBuilder,
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> Result<reqwest::ClientBuilder, Error> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|tls| tls.with_platform_verifier())
        .map_err(|_| Error::bad_config("TLS can't be set up"))?
        .with_no_client_auth();
    Ok(builder.tls_backend_preconfigured(tls))
}
