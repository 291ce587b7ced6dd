//! The built-in transport: reqwest with rustls and the system's trust.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::redirect::Policy;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::config::Config;
use super::transport::{HttpTransport, TransportError};
use crate::mailbox::{HttpRequest, HttpResponse, MAX_BODY, Method};

/// Sends requests by reqwest. The clients are built when they are first needed: loading the system's trust
/// store takes a while, and plain http on loopback needs none.
pub(crate) struct Reqwest {
    config: Config,
    plain: OnceLock<Option<reqwest::Client>>,
    tls: OnceLock<Option<reqwest::Client>>,
}

impl Reqwest {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            plain: OnceLock::new(),
            tls: OnceLock::new(),
        }
    }

    fn client(&self, url: &str) -> Result<&reqwest::Client, TransportError> {
        let client = if url.starts_with("https:") {
            self.tls.get_or_init(|| self.build(platform_trust()?))
        } else {
            self.plain.get_or_init(|| self.build(no_trust()?))
        };
        client.as_ref().ok_or_else(|| TransportError {
            reason: "TLS can't be set up".into(),
        })
    }

    fn build(&self, mut tls: ClientConfig) -> Option<reqwest::Client> {
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        reqwest::Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(self.config.connect_timeout)
            .tls_backend_preconfigured(tls)
            .build()
            .ok()
    }
}

fn tls_builder() -> Option<ConfigBuilder<ClientConfig, WantsVerifier>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()
}

fn platform_trust() -> Option<ClientConfig> {
    let tls = tls_builder()?.with_platform_verifier().ok()?;
    Some(tls.with_no_client_auth())
}

fn no_trust() -> Option<ClientConfig> {
    let tls = tls_builder()?.with_root_certificates(RootCertStore::empty());
    Some(tls.with_no_client_auth())
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
            .client(&request.url)?
            .request(method, &request.url)
            .timeout(self.config.request_timeout + Duration::from_secs(request.wait));
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
