//! The certificate that connections are served with, and those by which a relay proves that a name is its own.

#[cfg(feature = "acme")]
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

/// The protocol in which an authority asks for a proof (RFC 8737). A connection that speaks it ends with its handshake.
pub(crate) const PROOF: &[u8] = b"acme-tls/1";

/// Replaced while connections come: those that are open keep what they began with.
#[derive(Debug, Default)]
pub(crate) struct Certificates {
    current: RwLock<Option<Arc<CertifiedKey>>>,
    /// When the current one ends, Unix seconds; 0 if there is none.
    until: AtomicU64,
    /// By name, while it is asked for.
    #[cfg(feature = "acme")]
    proofs: RwLock<HashMap<String, Arc<CertifiedKey>>>,
}

impl Certificates {
    /// Serves this one from now on, until its end or `u64::MAX` where nobody looks at it.
    pub(crate) fn serve(&self, key: CertifiedKey, until: u64) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(key));
        self.until.store(until, Ordering::Relaxed);
    }

    /// When the one that is served ends; 0 if there is none. A file's is not looked at: `u64::MAX`.
    pub(crate) fn until(&self) -> u64 {
        self.until.load(Ordering::Relaxed)
    }

    /// Answers the authority that asks for this name.
    #[cfg(feature = "acme")]
    pub(crate) fn prove(&self, name: &str, key: CertifiedKey) {
        let mut proofs = self.proofs.write().unwrap_or_else(PoisonError::into_inner);
        proofs.insert(name.to_owned(), Arc::new(key));
    }

    #[cfg(feature = "acme")]
    pub(crate) fn end_proofs(&self) {
        let mut proofs = self.proofs.write().unwrap_or_else(PoisonError::into_inner);
        proofs.clear();
    }

    #[cfg(feature = "acme")]
    fn proof(&self, hello: &ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let proofs = self.proofs.read().unwrap_or_else(PoisonError::into_inner);
        proofs.get(hello.server_name()?).cloned()
    }

    #[cfg(not(feature = "acme"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    fn proof(&self, _: &ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        None
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut offered = hello.alpn().into_iter().flatten();
        if offered.next() == Some(PROOF) && offered.next().is_none() {
            return self.proof(&hello);
        }
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }
}

/// Speaks TLS with whichever certificate is served.
pub(crate) fn acceptor(
    certificates: Arc<Certificates>,
    provider: Arc<CryptoProvider>,
) -> Result<TlsAcceptor, String> {
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut config = builder
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    if cfg!(feature = "acme") {
        config.alpn_protocols.push(PROOF.to_vec());
    }
    Ok(TlsAcceptor::from(Arc::new(config)))
}
