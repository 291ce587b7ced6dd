//! The built-in transport with an authority of one's own (`Config::extra_roots`).

use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tigress::mailbox::{HttpRequest, Method};
use tigress::{Config, HttpTransport, built_in_transport};
use tigress_relay::store::MemoryStore;
use tigress_relay::{Relay, RelayConfig, RunningRelay, TlsFiles};

/// A private authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A relay on this machine, with a certificate for `name`.
    async fn relay(&self, folder: &Path, name: &str) -> RunningRelay {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let files = TlsFiles::new(folder.join("relay.pem"), folder.join("relay.key"));
        std::fs::write(&files.certificate, certificate.pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        let config = RelayConfig {
            tls: Some(files),
            ..RelayConfig::default()
        };
        Relay::start(config, MemoryStore::default()).await.unwrap()
    }
}

fn config(root: &[u8]) -> Config {
    Config {
        extra_roots: vec![root.to_vec()],
        ..Config::default()
    }
}

fn client(root: &[u8]) -> Arc<dyn HttpTransport> {
    built_in_transport(&config(root)).unwrap()
}

fn health(relay: &RunningRelay) -> HttpRequest {
    HttpRequest {
        method: Method::Get,
        url: format!("{}/healthz", relay.url()),
        headers: Vec::new(),
        body: None,
        wait: 0,
        isolation: String::new(),
    }
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_in_either_form_and_no_other() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new());
    let relay = authority.relay(folder.path(), "127.0.0.1").await;
    for root in [authority.0.pem().as_bytes(), authority.0.der()] {
        let answer = client(root).send(health(&relay)).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    let other = Authority::new().0.pem();
    let refused = client(other.as_bytes()).send(health(&relay)).await;
    assert_eq!(
        refused.unwrap_err().reason,
        "the relay's certificate is not from an authority that this device trusts"
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_told_as_such() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new());
    let relay = authority.relay(folder.path(), "relay.example").await;
    let root = authority.0.pem();
    let refused = client(root.as_bytes()).send(health(&relay)).await;
    assert_eq!(
        refused.unwrap_err().reason,
        "the relay's certificate is for another name"
    );
}

#[test]
fn what_is_no_certificate_is_refused_at_once() {
    let refused = built_in_transport(&config(b"-----BEGIN nothing"));
    assert_eq!(refused.err().unwrap().code(), "bad_config");
}
