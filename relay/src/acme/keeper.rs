//! Keeps a certificate: serves the one that is there, and asks for another in time.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

use super::Acme;
use super::cache::Cache;
use super::client::Client;
use super::order::Orders;
use super::plan::{allowed, lasting, pause, recent, renewal};
use crate::certificates::Certificates;
use crate::clock::Clock;
use crate::metrics::Metrics;

/// An order takes seconds.
const LONGEST: Duration = Duration::from_secs(600);

/// A certificate, when it is renewed, and when it ends.
struct Dated {
    key: CertifiedKey,
    due: u64,
    until: u64,
}

/// What there is, and what was tried.
pub(crate) struct Keeper {
    orders: Orders,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    /// When the next order is due.
    due: u64,
    /// Until when nothing is tried after a failure.
    pause: u64,
    failures: u32,
    /// One that could not be kept yet.
    unsaved: Option<Zeroizing<Vec<u8>>>,
    /// Of the folder.
    _lock: File,
}

impl Keeper {
    /// Reads what was kept, and serves a certificate that is still good. Else what is wrong with the folder.
    pub(crate) fn new(
        acme: Acme,
        provider: Arc<CryptoProvider>,
        certificates: Arc<Certificates>,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, String> {
        let (cache, lock) = Cache::open(&acme)?;
        cache.account()?;
        let orders = Orders {
            client: Client::new(acme.root.as_deref(), clock.clone())?,
            acme: Arc::new(acme),
            cache: Arc::new(cache),
            provider,
            certificates,
        };
        let mut keeper = Self {
            orders,
            clock,
            metrics,
            due: 0,
            pause: 0,
            failures: 0,
            unsaved: None,
            _lock: lock,
        };
        keeper.take_up()?;
        Ok(keeper)
    }

    fn take_up(&mut self) -> Result<(), String> {
        let Some(pem) = self.orders.cache.certificate()? else {
            tracing::info!("ACME: no certificate yet: TLS is refused until there is one");
            return Ok(());
        };
        match dated(&pem, &self.orders) {
            Ok(kept) => {
                if kept.until <= self.clock.now() {
                    tracing::warn!(
                        "ACME: the certificate has ended: clients refuse it until there is another"
                    );
                }
                self.serve(kept);
            }
            Err(reason) => {
                let aside = self.orders.cache.put_aside();
                let aside = aside.display();
                tracing::error!(reason, %aside, "ACME: the certificate that was kept is damaged, and put aside");
            }
        }
        Ok(())
    }

    fn serve(&mut self, new: Dated) {
        self.due = new.due;
        self.orders.certificates.serve(new.key, new.until);
    }

    /// Looks again and again whether another one is due; at once when it is asked to, which tells when it is done.
    pub(crate) async fn keep(mut self, mut asked: mpsc::UnboundedReceiver<oneshot::Sender<()>>) {
        let mut ticks = interval(self.orders.acme.check_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // Dropped at the end of the round, which tells as well.
            let asked = tokio::select! {
                _ = ticks.tick() => None,
                Some(done) = asked.recv() => Some(done),
            };
            let now = self.clock.now();
            // Who has mended something need not wait: not for the pause after failures, though for the authority's limits.
            if asked.is_some() {
                self.pause = 0;
            }
            self.save().await;
            let tries = recent(&self.tries().await, now);
            let earliest = allowed(&tries).max(self.waiting_until(now));
            if now >= self.due && now >= earliest {
                self.renew(tries, now).await;
            }
        }
    }

    /// Neither lasts longer than it can have been meant, whatever the clock showed when it began.
    fn waiting_until(&self, now: u64) -> u64 {
        lasting(self.pause, now).max(self.orders.client.silent_until(now))
    }

    async fn renew(&mut self, mut tries: Vec<u64>, now: u64) {
        tries.push(now);
        let ordered = match self.keep_tries(tries).await {
            Ok(()) => self.ordered().await,
            // Without it nothing would hold back a relay that is started again and again.
            Err(reason) => Err(reason),
        };
        match ordered {
            Ok((pem, new)) => {
                self.failures = 0;
                let seconds = new.until.saturating_sub(self.clock.now());
                // What is in use has been kept: who sees it may end the relay.
                self.unsaved = Some(pem);
                self.save().await;
                self.serve(new);
                tracing::info!(days = seconds / 86_400, "ACME: new certificate in use");
            }
            Err(reason) => {
                self.failures = self.failures.saturating_add(1);
                self.metrics.certificate_failed();
                let now = self.clock.now();
                self.pause = now.saturating_add(pause(self.failures));
                let seconds = self.waiting_until(now).saturating_sub(now);
                tracing::error!(
                    reason,
                    failures = self.failures,
                    again_in_seconds = seconds,
                    "ACME: no new certificate"
                );
            }
        }
    }

    async fn ordered(&self) -> Result<(Zeroizing<Vec<u8>>, Dated), String> {
        let orders = self.orders.clone();
        let ordered = timeout(LONGEST, alone(async move { orders.order().await })).await;
        self.orders.certificates.end_proofs();
        let pem = ordered.unwrap_or_else(|_| Err("the authority takes too long".to_owned()))?;
        let mut new = dated(&pem, &self.orders)?;
        let now = self.clock.now();
        if new.until <= now {
            return Err(
                "the certificate that came is over already: is this machine's clock right?"
                    .to_owned(),
            );
        }
        // However long ago it says that it began: it would be renewed again at once.
        new.due = new.due.max(renewal(now, new.until));
        Ok((pem, new))
    }

    /// Keeps what is not kept yet.
    async fn save(&mut self) {
        let Some(pem) = self.unsaved.take() else {
            return;
        };
        let cache = self.orders.cache.clone();
        let kept = tokio::task::spawn_blocking(move || {
            let kept = cache.keep_certificate(&pem);
            (pem, kept)
        });
        if let Ok((pem, Err(reason))) = kept.await {
            tracing::error!(
                reason,
                "ACME: the certificate can't be kept: it is gone when the relay ends"
            );
            self.unsaved = Some(pem);
        }
    }

    async fn tries(&self) -> Vec<u64> {
        let cache = self.orders.cache.clone();
        let tries = tokio::task::spawn_blocking(move || cache.tries());
        tries.await.unwrap_or_default()
    }

    async fn keep_tries(&self, tries: Vec<u64>) -> Result<(), String> {
        let cache = self.orders.cache.clone();
        let kept = tokio::task::spawn_blocking(move || cache.keep_tries(&tries));
        kept.await.unwrap_or_else(|error| Err(error.to_string()))
    }
}

/// What panics in others' code is a failure like any, and ends with whoever waits for it.
async fn alone<T: Send + 'static>(
    work: impl Future<Output = Result<T, String>> + Send + 'static,
) -> Result<T, String> {
    let mut tasks = JoinSet::new();
    tasks.spawn(work);
    let ended = tasks.join_next().await;
    let ended = ended.and_then(Result::ok);
    ended.unwrap_or_else(|| Err("it broke off: this is a fault of the relay's".to_owned()))
}

/// Fails also if the key is not the certificate's, or the certificate not for all names.
fn dated(pem: &[u8], orders: &Orders) -> Result<Dated, String> {
    let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or("no PEM certificates")?;
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| "no PEM private key")?;
    let first = chain.first().ok_or("no certificate")?;
    let parsed = ParsedCertificate::try_from(first).map_err(|_| "no certificate")?;
    for name in orders.acme.host_names() {
        let server = ServerName::try_from(name.as_str()).map_err(|_| "no name")?;
        verify_server_name(&parsed, &server)
            .map_err(|_| format!("the certificate is not for {name}"))?;
    }
    let (_, first) = X509Certificate::from_der(first).map_err(|_| "no certificate")?;
    let seconds = |time: i64| u64::try_from(time).unwrap_or(0);
    let from = seconds(first.validity().not_before.timestamp());
    let until = seconds(first.validity().not_after.timestamp());
    let key = CertifiedKey::from_der(chain, key, &orders.provider)
        .map_err(|error| format!("certificate and key: {error}"))?;
    let due = renewal(from, until);
    Ok(Dated { key, due, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_breaks_off_in_others_code_is_a_failure_like_any() {
        let broken = alone(async { Err::<(), _>("as it said".to_owned()) }).await;
        assert_eq!(broken, Err("as it said".to_owned()));
        #[expect(clippy::panic, reason = "this is what it is about")]
        let broken = alone::<()>(async { panic!("somebody else's") }).await;
        assert!(broken.unwrap_err().contains("broke off"));
    }
}
