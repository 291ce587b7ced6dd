//! TLS of the relay, and this project's client with a private authority.

use std::path::Path;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tigress::{Config, HttpTransport, built_in_transport};
use tigress_mailbox::{HttpRequest, Method};
use tigress_relay::store::MemoryStore;
use tigress_relay::{Relay, RelayConfig, RelayError, RunningRelay, TlsFiles};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::common::{Log, config, start_with};

/// A private authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Writes a certificate for `name` and its key.
    fn issue(&self, folder: &Path, name: &str) -> TlsFiles {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let files = TlsFiles::new(folder.join("relay.pem"), folder.join("relay.key"));
        std::fs::write(&files.certificate, certificate.pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }

    fn client(&self) -> std::sync::Arc<dyn HttpTransport> {
        client(vec![self.0.pem().into_bytes()])
    }
}

fn client(extra_roots: Vec<Vec<u8>>) -> std::sync::Arc<dyn HttpTransport> {
    let config = Config {
        extra_roots,
        ..Config::default()
    };
    built_in_transport(&config).unwrap()
}

async fn start(files: &TlsFiles) -> RunningRelay {
    let files = TlsFiles {
        check_interval: Duration::from_millis(20),
        ..files.clone()
    };
    let config = RelayConfig {
        tls: Some(files),
        ..config()
    };
    Relay::start(config, MemoryStore::default()).await.unwrap()
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

//= test draft/3.3-confidential
#[tokio::test]
async fn a_client_that_knows_the_authority_gets_through_and_another_does_not() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new());
    let relay = start(&authority.issue(folder.path(), "127.0.0.1")).await;
    assert!(relay.url().starts_with("https://127.0.0.1:"));
    for root in [authority.0.pem().into_bytes(), authority.0.der().to_vec()] {
        let answer = client(vec![root]).send(health(&relay)).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    let stranger = Authority::new().client().send(health(&relay)).await;
    assert_eq!(
        stranger.unwrap_err().reason,
        "the relay's certificate is not from an authority that this device trusts"
    );
    let no_certificate = Config {
        extra_roots: vec![b"-----BEGIN nothing".to_vec()],
        ..Config::default()
    };
    let refused = built_in_transport(&no_certificate).err().unwrap();
    assert_eq!(refused.code(), "bad_config", "{refused}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new());
    let relay = start(&authority.issue(folder.path(), "relay.example")).await;
    let refused = authority.client().send(health(&relay)).await.unwrap_err();
    assert_eq!(
        refused.reason,
        "the relay's certificate is for another name"
    );
}

#[tokio::test]
async fn clients_choose_between_both_versions_of_http() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new());
    let relay = start(&authority.issue(folder.path(), "127.0.0.1")).await;
    crate::common::http_client();
    let root = reqwest::Certificate::from_pem(authority.0.pem().as_bytes()).unwrap();
    let builder = || {
        reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([root.clone()])
    };
    let both = builder().build().unwrap();
    let old = builder().http1_only().build().unwrap();
    for (client, version) in [
        (both, reqwest::Version::HTTP_2),
        (old, reqwest::Version::HTTP_11),
    ] {
        let answer = client
            .get(format!("{}/healthz", relay.url()))
            .send()
            .await
            .unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, version));
    }
}

#[tokio::test]
async fn a_new_certificate_is_taken_up_and_a_bad_one_is_not() {
    let log = Log::default();
    let _guard = log.collect();
    let folder = TempDir::new().unwrap();
    let (first, second) = (Authority::new(), Authority::new());
    let files = first.issue(folder.path(), "127.0.0.1");
    let relay = start(&files).await;
    let open = first.client();
    assert_eq!(open.send(health(&relay)).await.unwrap().status, 200);

    // Half of a change, as a tool that writes one file after the other leaves it for a moment.
    let key = std::fs::read(&files.key).unwrap();
    std::fs::write(&files.key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    while !log.text().contains("the certificate stays as it was") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        first.client().send(health(&relay)).await.unwrap().status,
        200,
        "the old pair"
    );
    std::fs::write(&files.key, &key).unwrap();

    second.issue(folder.path(), "127.0.0.1");
    let taken = async {
        while second.client().send(health(&relay)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), taken)
        .await
        .unwrap();
    assert!(
        first.client().send(health(&relay)).await.is_err(),
        "new connections have the new one"
    );
    assert_eq!(
        open.send(health(&relay)).await.unwrap().status,
        200,
        "the open one goes on"
    );
}

#[tokio::test]
async fn a_certificate_is_taken_up_at_once_when_that_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let (first, second) = (Authority::new(), Authority::new());
    let mut files = first.issue(folder.path(), "127.0.0.1");
    files.check_interval = Duration::from_secs(3600);
    let tls = Some(files);
    let relay = Relay::start(RelayConfig { tls, ..config() }, MemoryStore::default())
        .await
        .unwrap();
    let open = first.client();
    assert_eq!(open.send(health(&relay)).await.unwrap().status, 200);
    second.issue(folder.path(), "127.0.0.1");
    relay.reload();
    while second.client().send(health(&relay)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        open.send(health(&relay)).await.unwrap().status,
        200,
        "the open connection goes on"
    );
}

//= test draft/8.1.1-tls
#[tokio::test]
async fn whoever_speaks_no_tls_harms_nobody() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new());
    let relay = start(&authority.issue(folder.path(), "127.0.0.1")).await;
    let mut plain = TcpStream::connect(relay.local_addr()).await.unwrap();
    plain
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "an alert at most");
    let silent = TcpStream::connect(relay.local_addr()).await.unwrap();
    assert_eq!(
        authority
            .client()
            .send(health(&relay))
            .await
            .unwrap()
            .status,
        200
    );
    let ended = tokio::time::timeout(Duration::from_secs(10), relay.shutdown());
    ended.await.unwrap();
    drop(silent);
}

#[tokio::test]
async fn files_that_are_no_pair_are_told_at_the_start() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new());
    let files = authority.issue(folder.path(), "127.0.0.1");
    let of = |certificate: &Path, key: &Path| {
        let tls = Some(TlsFiles::new(certificate, key));
        Relay::start(RelayConfig { tls, ..config() }, MemoryStore::default())
    };
    let missing = folder.path().join("missing.pem");
    let other = folder.path().join("other.key");
    std::fs::write(&other, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    for (certificate, key, said) in [
        (&missing, &files.key, "missing.pem: "),
        (&files.key, &files.key, "relay.key: no PEM certificates"),
        (
            &files.certificate,
            &files.certificate,
            "relay.pem: no PEM private key",
        ),
        (&files.certificate, &other, "certificate and key: "),
    ] {
        match of(certificate, key).await {
            Err(RelayError::Tls { reason }) => assert!(reason.contains(said), "{reason}"),
            other => panic!("{said}: {other:?}"),
        }
    }
    start_with(config()).await;
}
