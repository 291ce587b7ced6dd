//! The built-in transport: reqwest with rustls and the system's trust.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::redirect::Policy;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{CertificateError, ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::Verifier;

use super::config::Config;
use super::transport::{HttpTransport, TransportError};
use crate::mailbox::{HttpRequest, HttpResponse, MAX_BODY, Method};

/// Sends requests by reqwest. The clients are built when they are first needed: loading the system's trust
/// store takes a while, and plain http on loopback needs none.
pub(crate) struct Reqwest {
    config: Config,
    plain: OnceLock<Built>,
    tls: OnceLock<Built>,
}

/// The client, or why there is none.
type Built = Result<reqwest::Client, &'static str>;

const NO_TLS: &str = "TLS can't be set up";

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
            self.tls
                .get_or_init(|| self.build(platform_trust(&self.config.extra_roots)?))
        } else {
            self.plain.get_or_init(|| self.build(no_trust()?))
        };
        client.as_ref().map_err(|reason| TransportError {
            reason: (*reason).into(),
        })
    }

    fn build(&self, mut tls: ClientConfig) -> Built {
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        reqwest::Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(self.config.connect_timeout)
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|_| NO_TLS)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn tls_builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, &'static str> {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|_| NO_TLS)
}

fn platform_trust(extra_roots: &[Vec<u8>]) -> Result<ClientConfig, &'static str> {
    let verifier = verifier(certificates(extra_roots)?)?;
    // "Dangerous" is whatever is not the default; the verifier is the platform's.
    let tls = tls_builder()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    Ok(tls.with_no_client_auth())
}

#[cfg(not(target_os = "android"))]
fn verifier(extra_roots: Vec<CertificateDer<'static>>) -> Result<Verifier, &'static str> {
    Verifier::new_with_extra_roots(extra_roots, provider())
        .map_err(|_| "the system has no trusted authorities, or an extra one is no certificate")
}

#[cfg(target_os = "android")]
fn verifier(extra_roots: Vec<CertificateDer<'static>>) -> Result<Verifier, &'static str> {
    if extra_roots.is_empty() {
        Verifier::new(provider()).map_err(|_| NO_TLS)
    } else {
        Err("extra authorities are the network security configuration's business on Android")
    }
}

fn certificates(bytes: &[Vec<u8>]) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let mut all = Vec::new();
    for bytes in bytes {
        if bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
            let found = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
            all.extend(found.map_err(|_| "an extra authority is no PEM certificate")?);
        } else {
            all.push(CertificateDer::from(bytes.clone()));
        }
    }
    Ok(all)
}

fn no_trust() -> Result<ClientConfig, &'static str> {
    let tls = tls_builder()?.with_root_certificates(RootCertStore::empty());
    Ok(tls.with_no_client_auth())
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
    } else if let Some(error) = tls_error(&error) {
        tls_reason(error)
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

/// What TLS said, if it was that.
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // `source` passes over what lies within an I/O error.
    match error.downcast_ref::<std::io::Error>() {
        Some(io) => tls_error(io.get_ref()?),
        None => tls_error(error.source()?),
    }
}

fn tls_reason(error: &rustls::Error) -> &'static str {
    let rustls::Error::InvalidCertificate(why) = error else {
        return "TLS failed";
    };
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the relay's certificate has expired"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the relay's certificate is for another name"
        }
        _ => "the relay's certificate is not from an authority that this device trusts",
    }
}
