//! TLS from certificate and key files, read again when they change: connections that are open keep what they began with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};

use crate::certificates::Certificates;

/// A certificate and its key, as PEM files.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The relay's certificate, then those between it and an authority that clients trust.
    pub certificate: PathBuf,
    /// The private key of the first: PKCS #8, PKCS #1 or SEC 1.
    pub key: PathBuf,
    /// How often the files are looked at: by default every minute. A new pair serves connections from then on; one that is
    /// no good is logged, and the old one stays.
    pub check_interval: Duration,
}

impl TlsFiles {
    /// Looked at every minute.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            certificate: certificate.into(),
            key: key.into(),
            check_interval: Duration::from_secs(60),
        }
    }
}

/// The pair in use.
pub(crate) struct Tls {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    certificates: Arc<Certificates>,
}

/// SHA-256 of what the files held.
type Seen = [u8; 32];

impl Tls {
    //= draft/3.3-confidential draft/8.1.1-tls
    /// Reads the pair and serves it; also gives what [`Tls::watch`] compares with. Else what is wrong with which file.
    pub(crate) fn load(
        files: TlsFiles,
        provider: Arc<CryptoProvider>,
        certificates: Arc<Certificates>,
    ) -> Result<(Self, Seen), String> {
        let (seen, pair) = read(&files)?;
        certificates.serve(pair.certified(&provider)?, u64::MAX);
        let tls = Self {
            files,
            provider,
            certificates,
        };
        Ok((tls, seen))
    }

    /// Looks at the files again and again, and at once when it is asked to; tells that when it is done.
    pub(crate) async fn watch(
        self,
        mut seen: Seen,
        mut asked: mpsc::UnboundedReceiver<oneshot::Sender<()>>,
    ) {
        let mut ticks = tokio::time::interval(self.files.check_interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            // Dropped at the end of the round, which tells as well.
            let _asked = tokio::select! {
                _ = ticks.tick() => None,
                Some(done) = asked.recv() => Some(done),
            };
            let files = self.files.clone();
            let Ok(found) = tokio::task::spawn_blocking(move || read(&files)).await else {
                continue;
            };
            match found.and_then(|found| self.take(found, &mut seen)) {
                Ok(false) => {}
                Ok(true) => tracing::info!("new certificate in use"),
                Err(reason) => tracing::error!(reason, "the certificate stays as it was"),
            }
        }
    }

    /// Puts a new pair to use; whether it was one. A bad one is told each time, until it is replaced.
    fn take(&self, (now, pair): (Seen, Pair), seen: &mut Seen) -> Result<bool, String> {
        if now == *seen {
            return Ok(false);
        }
        self.certificates
            .serve(pair.certified(&self.provider)?, u64::MAX);
        *seen = now;
        Ok(true)
    }
}

struct Pair {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Pair {
    /// Fails also if the key is not the certificate's.
    fn certified(self, provider: &CryptoProvider) -> Result<CertifiedKey, String> {
        CertifiedKey::from_der(self.chain, self.key, provider)
            .map_err(|error| format!("certificate and key: {error}"))
    }
}

fn read(files: &TlsFiles) -> Result<(Seen, Pair), String> {
    let (certificates, key) = (bytes_of(&files.certificate)?, bytes_of(&files.key)?);
    let chain = CertificateDer::pem_slice_iter(&certificates).collect::<Result<Vec<_>, _>>();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain =
        chain.ok_or_else(|| format!("{}: no PEM certificates", files.certificate.display()))?;
    let seen = Sha256::new().chain_update(Sha256::digest(&certificates));
    let seen = seen.chain_update(Sha256::digest(&key)).finalize().into();
    let key = PrivateKeyDer::from_pem_slice(&key)
        .map_err(|_| format!("{}: no PEM private key", files.key.display()))?;
    Ok((seen, Pair { chain, key }))
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
