//! The built-in transport: reqwest with rustls and the system's trust.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use reqwest::redirect::Policy;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{CertificateError, ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::Verifier;

use super::config::Config;
use super::transport::{HttpTransport, TransportError};
use tigress_mailbox::{HttpRequest, HttpResponse, MAX_BODY, Method, TransportFailure};
use tigress_protocol::invitation::RelayOrigin;

/// Most transfers whose connections are kept; the longest unused ones give way.
const MAX_KEPT: usize = 256;
/// How long what is not used is kept.
const KEEP: Duration = Duration::from_secs(90);

/// Sends requests by reqwest. Each transfer has a client of its own, with its own connections and TLS sessions: by
/// those a relay would know which transfers are of one device.
pub(crate) struct Reqwest {
    config: Config,
    /// The system's trust, loaded when it is first needed: that takes a while, and plain http on loopback needs none.
    trust: OnceLock<Result<Arc<Verifier>, &'static str>>,
    kept: Mutex<Vec<Kept>>,
}

/// The connections of one transfer.
struct Kept {
    isolation: String,
    origin: String,
    client: reqwest::Client,
    used: Instant,
}

/// What is offered to the relay (ALPN, RFC 7301), the best first.
const PROTOCOLS: &[&[u8]] = if cfg!(feature = "http2") {
    &[b"h2", b"http/1.1"]
} else {
    &[b"http/1.1"]
};
const NO_TLS: &str = "TLS can't be set up";
const NO_CERTIFICATE: &str = "an extra authority is no certificate";
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";

impl Reqwest {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            trust: OnceLock::new(),
            kept: Mutex::default(),
        }
    }

    //= draft/3.3-unrelated draft/8.1.3-no-devices
    fn client(&self, request: &HttpRequest) -> Result<reqwest::Client, TransportError> {
        let (isolation, origin, now) = (&request.isolation, request.origin(), Instant::now());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| now.duration_since(kept.used) < KEEP);
        let found = kept
            .iter()
            .position(|kept| kept.isolation == *isolation && kept.origin == origin);
        let client = match found {
            Some(at) => kept.remove(at).client,
            None => self
                .build(origin)
                .map_err(|reason| TransportError::new(TransportFailure::Other, reason))?,
        };
        // The last is the one that was used last.
        if kept.len() >= MAX_KEPT {
            kept.remove(0);
        }
        kept.push(Kept {
            isolation: isolation.clone(),
            origin: origin.to_owned(),
            client: client.clone(),
            used: now,
        });
        Ok(client)
    }

    fn build(&self, origin: &str) -> Result<reqwest::Client, &'static str> {
        let mut tls = if origin.starts_with("https:") {
            platform_trust(self.trust.get_or_init(|| {
                let extra_roots = certificates(&self.config.extra_roots)?;
                Ok(Arc::new(verifier(extra_roots)?))
            }))?
        } else {
            no_trust()?
        };
        tls.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
        let mut client = reqwest::Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(self.config.connect_timeout)
            .pool_idle_timeout(KEEP)
            .tls_backend_preconfigured(tls);
        if RelayOrigin::parse(origin).is_ok_and(|origin| origin.is_loopback()) {
            // What is for this machine never leaves it, whatever proxy the environment names.
            client = client.no_proxy();
        }
        client.build().map_err(|_| NO_TLS)
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

fn platform_trust(
    verifier: &Result<Arc<Verifier>, &'static str>,
) -> Result<ClientConfig, &'static str> {
    let verifier: Arc<Verifier> = verifier.clone()?;
    // "Dangerous" is whatever is not the default; the verifier is the platform's.
    let tls = tls_builder()?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
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
        // PEM may have text before it.
        if bytes.windows(PEM.len()).any(|at| at == PEM) {
            let found = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
            all.extend(found.map_err(|_| NO_CERTIFICATE)?);
        } else {
            all.push(CertificateDer::from(bytes.clone()));
        }
    }
    Ok(all)
}

/// Whether what an app calls authorities are some.
pub(super) fn check_roots(config: &Config) -> Result<(), &'static str> {
    let mut store = RootCertStore::empty();
    for bytes in &config.extra_roots {
        let found = certificates(std::slice::from_ref(bytes))?;
        if found.is_empty() {
            return Err(NO_CERTIFICATE);
        }
        for certificate in found {
            store.add(certificate).map_err(|_| NO_CERTIFICATE)?;
        }
    }
    Ok(())
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
            .client(&request)?
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
                return Err(TransportError::new(
                    TransportFailure::TooLarge,
                    "the answer is too large",
                ));
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
    use TransportFailure::{CutOff, Other, TimedOut, Unreachable};
    let (kind, reason) = if error.is_timeout() {
        (TimedOut, "timed out")
    } else if let Some(error) = tls_error(&error) {
        tls_failure(error)
    } else if error.is_connect() {
        (Unreachable, "can't connect")
    } else if error.is_builder() {
        (Other, "the request is not in order")
    } else {
        (CutOff, "the answer was cut off")
    };
    TransportError::new(kind, reason)
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

fn tls_failure(error: &rustls::Error) -> (TransportFailure, &'static str) {
    let rustls::Error::InvalidCertificate(why) = error else {
        return (TransportFailure::Other, "TLS failed");
    };
    let reason = match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the relay's certificate has expired"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the relay's certificate is for another name"
        }
        _ => "the relay's certificate is not from an authority that this device trusts",
    };
    (TransportFailure::Untrusted, reason)
}
