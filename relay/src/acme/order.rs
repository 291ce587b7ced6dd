//! One order, from the account to the certificate. The steps are those of RFC 8555, section 7.1.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Error, Identifier, NewOrder, Order, OrderStatus,
    RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use super::Acme;
use super::cache::Cache;
use super::client::Client;
use crate::certificates::Certificates;

/// How long the authority may look at a proof, and work at a certificate.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));
/// What is told of an authority's words.
const WORDS: usize = 400;

/// What an order needs.
#[derive(Clone)]
pub(super) struct Orders {
    pub(super) acme: Arc<Acme>,
    pub(super) cache: Arc<Cache>,
    pub(super) client: Client,
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) certificates: Arc<Certificates>,
}

impl Orders {
    /// A new certificate after its key, PEM; else why there is none. What it has proven is left to be ended.
    pub(super) async fn order(&self) -> Result<Zeroizing<Vec<u8>>, String> {
        let account = self.account().await?;
        let names: Vec<Identifier> = self.acme.host_names().map(Identifier::Dns).collect();
        let order = account.new_order(&NewOrder::new(&names)).await;
        let mut order = order.map_err(said)?;
        self.prove(&mut order).await?;
        match order.poll_ready(&PATIENCE).await {
            Ok(OrderStatus::Ready) => {}
            ended => {
                let why = refused(&mut order).await;
                let why = why.or_else(|| ended.err().map(said));
                return Err(why.unwrap_or_else(|| "the order was refused".to_owned()));
            }
        }
        self.finish(&mut order).await
    }

    /// The account, made where there is none: its key is on disk before the authority hears of it.
    async fn account(&self) -> Result<Account, String> {
        let key = match self.cache.account()? {
            Some(key) => key,
            None => {
                let key = KeyPair::generate().map_err(made)?;
                let pem = Zeroizing::new(key.serialize_pem());
                self.cache.keep_account(&pem)?;
                tracing::info!(directory = self.acme.directory, "ACME: new account");
                PrivatePkcs8KeyDer::from(key.serialize_der())
            }
        };
        let signer = instant_acme::Key::from_pkcs8_der(key.clone_key()).map_err(said)?;
        let account = Account::builder_with_http(Box::new(self.client.clone()))
            .create_from_key(
                (signer, PrivateKeyDer::Pkcs8(key)),
                self.acme.directory.clone(),
            )
            .await;
        let (account, _) = account.map_err(said)?;
        if let Some(address) = &self.acme.contact {
            let contact = format!("mailto:{address}");
            account.update_contacts(&[&contact]).await.map_err(said)?;
        }
        Ok(account)
    }

    /// Has the authority look at the relay's own port, for each name that it does not know to be ours.
    async fn prove(&self, order: &mut Order) -> Result<(), String> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(said)?;
            if authorization.status != AuthorizationStatus::Pending {
                continue;
            }
            let challenge = authorization.challenge(ChallengeType::TlsAlpn01);
            let mut challenge =
                challenge.ok_or("the authority offers no proof by TLS (tls-alpn-01)")?;
            let name = challenge.identifier().to_string();
            if self.acme.host_names().all(|own| own != name) {
                let told = format!("{name}: the authority wants a proof for it, and nobody asked");
                return Err(printable(&told));
            }
            let proof = self.proof(&name, challenge.key_authorization().digest().as_ref())?;
            self.certificates.prove(&name, proof);
            let ready = challenge.set_ready().await;
            // It may have looked already.
            ready.map_err(|error| printable(&format!("{name}: {}", words(&error))))?;
        }
        Ok(())
    }

    /// RFC 8737, section 3.
    fn proof(&self, name: &str, digest: &[u8]) -> Result<CertifiedKey, String> {
        let mut params = CertificateParams::new([name.to_owned()]).map_err(made)?;
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let key = KeyPair::generate().map_err(made)?;
        let certificate = params.self_signed(&key).map_err(made)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let key = self.provider.key_provider.load_private_key(key);
        let key = key.map_err(|error| error.to_string())?;
        // Not compared with each other: rustls reads no certificate with a critical extension that it does not know.
        Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
    }

    /// A key of its own for each certificate.
    async fn finish(&self, order: &mut Order) -> Result<Zeroizing<Vec<u8>>, String> {
        let names: Vec<String> = self.acme.host_names().collect();
        let mut params = CertificateParams::new(names).map_err(made)?;
        params.distinguished_name = DistinguishedName::new();
        let key = KeyPair::generate().map_err(made)?;
        let request = params.serialize_request(&key).map_err(made)?;
        order.finalize_csr(request.der()).await.map_err(said)?;
        let chain = order.poll_certificate(&PATIENCE).await.map_err(said)?;
        let key = Zeroizing::new(key.serialize_pem());
        let mut pem = Zeroizing::new(Vec::with_capacity(key.len() + chain.len()));
        pem.extend_from_slice(key.as_bytes());
        pem.extend_from_slice(chain.as_bytes());
        Ok(pem)
    }
}

/// Which name was not proven, and what the authority saw.
async fn refused(order: &mut Order) -> Option<String> {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else {
            continue;
        };
        let name = state.identifier().to_string();
        let mut errors = state.challenges.iter().filter_map(|one| one.error.as_ref());
        if let Some(error) = errors.next() {
            let error = words(&Error::Api(error.clone()));
            return Some(printable(&format!("{name}: {error}")));
        }
    }
    None
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn said(error: Error) -> String {
    printable(&words(&error))
}

/// Without what the crate puts before them.
fn words(error: &Error) -> String {
    let text = error.to_string();
    text.strip_prefix("API error: ").unwrap_or(&text).to_owned()
}

fn made(error: rcgen::Error) -> String {
    error.to_string()
}

/// One line of the log, of text that is somebody else's.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(WORDS)
        .collect()
}
