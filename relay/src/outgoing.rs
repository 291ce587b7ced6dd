//! TLS towards other servers: push services, and the authority that gives certificates.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tigress_mailbox::parse_http_date;

/// Trusts what the system trusts, or these authorities (PEM) alone; else why there is nothing to trust.
pub(crate) fn tls(authorities: Option<&[u8]>) -> Result<ClientConfig, &'static str> {
    let failed = "TLS can't be set up";
    let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|_| failed)?;
    let Some(pem) = authorities else {
        let verifier =
            Verifier::new(provider).map_err(|_| "the system has no trusted authorities")?;
        // "Dangerous" is whatever is not the default; the verifier is the platform's.
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        return Ok(builder.with_no_client_auth());
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| "an authority is no certificate")?;
        roots
            .add(certificate)
            .map_err(|_| "an authority is no certificate")?;
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// `Retry-After` is seconds or a date (RFC 9110, section 10.2.3).
pub(crate) fn silence(value: &HeaderValue, now: u64) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = parse_http_date(text)?;
    Some(Duration::from_secs(date.saturating_sub(now)))
}
