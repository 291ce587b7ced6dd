//! TLS of the relay, as any client sees it; what a wallet's own client makes of it is in the library's tests/it/tls.rs.

use std::path::Path;
use std::time::Duration;

use rcgen::KeyPair;
use reqwest::{Certificate, Client, ClientBuilder, Response, Version};
use tempfile::TempDir;
use tigress_relay::store::MemoryStore;
use tigress_relay::{Relay, RelayConfig, RelayError, RunningRelay, TlsFiles};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::common::{Log, config, start_with};

/// A private authority.
pub(crate) struct Authority(tigress_servers::Authority);

impl Authority {
    pub(crate) fn new() -> Self {
        Self(tigress_servers::Authority::new())
    }

    /// Writes a certificate for `name` and its key.
    pub(crate) fn issue(&self, folder: &Path, name: &str) -> TlsFiles {
        let pair = self.0.issue(name);
        let files = TlsFiles::new(folder.join("relay.pem"), folder.join("relay.key"));
        std::fs::write(&files.certificate, pair.certificate).unwrap();
        std::fs::write(&files.key, pair.key).unwrap();
        files
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    fn root(&self) -> Certificate {
        Certificate::from_pem(self.0.pem().as_bytes()).unwrap()
    }

    /// A client that trusts this authority alone.
    fn client(&self) -> Client {
        client(self.root(), |builder| builder)
    }
}

fn client(root: Certificate, and: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().no_proxy().tls_certs_only([root]);
    and(builder).build().unwrap()
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

async fn health(client: &Client, relay: &RunningRelay) -> reqwest::Result<Response> {
    client.get(format!("{}/healthz", relay.url())).send().await
}

//= test draft/3.3-confidential
#[tokio::test]
async fn a_client_that_knows_the_authority_gets_through_and_another_does_not() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new());
    let relay = start(&authority.issue(folder.path(), "127.0.0.1")).await;
    assert!(relay.url().starts_with("https://127.0.0.1:"));
    let answer = health(&authority.client(), &relay).await.unwrap();
    assert_eq!(answer.status(), 200);
    let stranger = health(&Authority::new().client(), &relay).await;
    let refused = format!("{:?}", stranger.unwrap_err());
    assert!(
        refused.contains("InvalidCertificate(BadSignature)"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new());
    let relay = start(&authority.issue(folder.path(), "relay.example")).await;
    let answer = health(&authority.client(), &relay).await;
    let refused = format!("{:?}", answer.unwrap_err());
    assert!(refused.contains("NotValidForName"), "{refused}");
}

#[tokio::test]
async fn clients_choose_between_both_versions_of_http() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new());
    let relay = start(&authority.issue(folder.path(), "127.0.0.1")).await;
    let both = authority.client();
    let old = client(authority.root(), ClientBuilder::http1_only);
    for (client, version) in [(both, Version::HTTP_2), (old, Version::HTTP_11)] {
        let answer = health(&client, &relay).await.unwrap();
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
    assert_eq!(health(&open, &relay).await.unwrap().status(), 200);

    // Half of a change, as a tool that writes one file after the other leaves it for a moment.
    let key = std::fs::read(&files.key).unwrap();
    std::fs::write(&files.key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    while !log.text().contains("the certificate stays as it was") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        health(&first.client(), &relay).await.unwrap().status(),
        200,
        "the old pair"
    );
    std::fs::write(&files.key, &key).unwrap();

    second.issue(folder.path(), "127.0.0.1");
    let taken = async {
        while health(&second.client(), &relay).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), taken)
        .await
        .unwrap();
    assert!(
        health(&first.client(), &relay).await.is_err(),
        "new connections have the new one"
    );
    assert_eq!(
        health(&open, &relay).await.unwrap().status(),
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
    assert_eq!(health(&open, &relay).await.unwrap().status(), 200);
    second.issue(folder.path(), "127.0.0.1");
    relay.reload().await;
    let renewed = health(&second.client(), &relay).await;
    assert_eq!(renewed.unwrap().status(), 200);
    assert_eq!(
        health(&open, &relay).await.unwrap().status(),
        200,
        "the open connection goes on"
    );
}

//= test draft/8.1.1-tls
#[tokio::test]
async fn whoever_speaks_no_tls_harms_nobody() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new());
    let relay = start(&authority.issue(folder.path(), "127.0.0.1")).await;
    let mut plain = TcpStream::connect(relay.local_addr().unwrap())
        .await
        .unwrap();
    plain
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "an alert at most");
    let silent = TcpStream::connect(relay.local_addr().unwrap())
        .await
        .unwrap();
    assert_eq!(
        health(&authority.client(), &relay).await.unwrap().status(),
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
