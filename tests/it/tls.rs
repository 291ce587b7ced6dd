//! The built-in transport with an authority of one's own (`Config::extra_roots`).

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tigress::mailbox::{HttpRequest, Method};
use tigress::{Config, HttpTransport, built_in_transport};
use tigress_relay::store::MemoryStore;
use tigress_relay::{Relay, RelayConfig, RunningRelay, TlsFiles};
use tigress_servers::Authority;

/// A relay on this machine, with a certificate of this authority for `name`.
async fn relay_of(authority: &Authority, folder: &Path, name: &str) -> RunningRelay {
    let pair = authority.issue(name);
    let files = TlsFiles::new(folder.join("relay.pem"), folder.join("relay.key"));
    std::fs::write(&files.certificate, pair.certificate).unwrap();
    std::fs::write(&files.key, pair.key).unwrap();
    let config = RelayConfig {
        tls: Some(files),
        ..RelayConfig::default()
    };
    Relay::start(config, MemoryStore::default()).await.unwrap()
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
    let relay = relay_of(&authority, folder.path(), "127.0.0.1").await;
    for root in [authority.pem().as_bytes(), authority.der()] {
        let answer = client(root).send(health(&relay)).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    let other = Authority::new().pem();
    let refused = client(other.as_bytes()).send(health(&relay)).await;
    assert_eq!(
        refused.unwrap_err().reason,
        "the relay's certificate is not from an authority that this device trusts"
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_told_as_such() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new());
    let relay = relay_of(&authority, folder.path(), "relay.example").await;
    let root = authority.pem();
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
