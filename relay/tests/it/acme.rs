//! A relay that gets its certificate by itself, from a real authority on this machine.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Certificate, Client, Method, RequestBuilder};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tigress_relay::store::MemoryStore;
use tigress_relay::{
    Acme, Clock as _, Listen, ManualClock, Relay, RelayConfig, RelayError, RunningRelay,
};
use tigress_servers::{Pebble, free_port};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::common::observed::{self, Observed};
use crate::common::{Log, SENDER, config, create_body, id, payload, seen, url_of};

pub(crate) const NAME: &str = "relay.example";
pub(crate) const HOUR: u64 = 3600;
const PATIENCE: Duration = Duration::from_secs(60);

/// A relay's port, its folder and its clock, which stay when it is started again.
pub(crate) struct Place {
    pub(crate) port: u16,
    pub(crate) folder: TempDir,
    pub(crate) clock: Arc<ManualClock>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self {
            port: free_port(),
            folder: TempDir::new().unwrap(),
            clock: Arc::new(ManualClock::new(now.as_secs())),
        }
    }

    pub(crate) fn acme(&self, authority: &Pebble) -> Acme {
        self.acme_of(authority.directory(), authority.authority())
    }

    /// Of the authority at this address, for which this one vouches (PEM).
    pub(crate) fn acme_of(&self, directory: String, root: String) -> Acme {
        let cache = self.folder.path().join("acme");
        let mut acme = Acme::new(vec![NAME.to_owned()], cache);
        acme.directory = directory;
        acme.root = Some(root.into_bytes());
        acme.check_interval = Duration::from_millis(20);
        acme
    }

    pub(crate) fn config(&self, acme: Acme) -> RelayConfig {
        let socket = self.folder.path().join("socket");
        let own = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        RelayConfig {
            listen: vec![Listen::Tcp(own), Listen::Unix(socket)],
            public_url: Some(format!("https://{NAME}:{}", self.port)),
            acme: Some(acme),
            ..config()
        }
    }

    pub(crate) async fn start(&self, acme: Acme) -> RunningRelay {
        self.run(Relay::new(self.config(acme), MemoryStore::default()))
            .await
    }

    /// A relay has had its certificate here, and has ended.
    pub(crate) async fn served_once(&self, authority: &Pebble) -> Acme {
        let acme = self.acme(authority);
        let relay = self.start(acme.clone()).await;
        until(async || self.ready().await == 200).await;
        relay.shutdown().await;
        acme
    }

    async fn run(&self, relay: Relay) -> RunningRelay {
        relay.with_clock(self.clock.clone()).run().await.unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("https://{NAME}:{}{path}", self.port)
    }

    /// Trusts the certificates of this authority alone, and finds the relay by its name.
    fn client(&self, root: &str) -> Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::builder()
            .no_proxy()
            .tls_certs_only([Certificate::from_pem(root.as_bytes()).unwrap()])
            .resolve(NAME, SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)))
            .build()
            .unwrap()
    }

    /// As a probe on this machine sees it, which has no certificate to look at.
    pub(crate) async fn ready(&self) -> u16 {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().unix_socket(self.folder.path().join("socket"));
        let client = client.no_proxy().build().unwrap();
        let answer = client.get("http://localhost/readyz").send().await.unwrap();
        answer.status().as_u16()
    }

    /// What is kept, by the name of its file.
    pub(crate) fn kept(&self, name: &str) -> Option<Vec<u8>> {
        let files = std::fs::read_dir(self.folder.path().join("acme")).unwrap();
        let mut paths = files.map(|file| file.unwrap().path());
        let named = |path: &Path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with(name)
        };
        paths
            .find(|path| named(path))
            .map(|path| std::fs::read(path).unwrap())
    }
}

/// Waits until it is so.
pub(crate) async fn until(mut so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

pub(crate) fn lines(log: &Log, with: &str) -> usize {
    log.text()
        .lines()
        .filter(|line| line.contains(with))
        .count()
}

#[tokio::test]
async fn a_relay_gets_its_certificate_and_starts_again_without_the_authority() {
    let place = Place::new();
    let authority = Pebble::start(place.port);
    let acme = place.acme(&authority);
    let relay = place.start(acme.clone()).await;
    until(async || place.ready().await == 200).await;
    let root = authority.root();
    let client = place.client(&root);
    let answer = client.get(place.url("/healthz")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(authority.orders(), 1);
    relay.shutdown().await;

    drop(authority);
    let again = place.start(acme).await;
    assert_eq!(place.ready().await, 200, "from its first moment");
    let client = place.client(&root);
    let answer = client.get(place.url("/healthz")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    again.shutdown().await;
}

#[tokio::test]
async fn a_certificate_that_has_ended_is_shown_until_there_is_another() {
    let log = Log::default();
    let _guard = log.collect();
    let place = Place::new();
    let authority = Pebble::start(place.port);
    let acme = place.served_once(&authority).await;
    let root = authority.root();
    drop(authority);

    // A relay that runs when it ends, and one that is started after that.
    let relay = place.start(acme.clone()).await;
    place.clock.advance(25 * HOUR);
    assert_eq!(place.ready().await, 503);
    // The client's clock says that it is good, so that it sees which one there is.
    let shown = place.client(&root).get(place.url("/healthz")).send().await;
    assert_eq!(shown.unwrap().status(), 200);
    relay.shutdown().await;
    let _relay = place.start(acme).await;
    assert_eq!(place.ready().await, 503);
    let shown = place.client(&root).get(place.url("/healthz")).send().await;
    assert_eq!(shown.unwrap().status(), 200);
    assert_eq!(lines(&log, "the certificate has ended"), 1);
}

#[tokio::test]
async fn a_certificate_is_renewed_in_time_and_nobody_who_waits_notices() {
    let place = Place::new();
    let authority = Pebble::start(place.port);
    let (store, mut told) = Observed::new(MemoryStore::default());
    let relay = Relay::new(place.config(place.acme(&authority)), store);
    let _relay = place.run(relay).await;
    until(async || place.ready().await == 200).await;
    let client = place.client(&authority.root());
    let first = place.kept("certificate");

    let own = |request: RequestBuilder, n| {
        let request = request.header("Mailbox-Device-Claim", SENDER);
        request.header("Mailbox-Request-ID", id(n))
    };
    // It outlives the certificate, of which two thirds pass.
    let mut body = create_body();
    body["mailboxConfiguration"]["expiration"] = "2030-01-01T00:00:00Z".into();
    let create = own(client.post(place.url("/v1/m")), 0).body(body.to_string());
    let created = seen(create.send().await.unwrap()).await;
    let (url, version) = (url_of(&created), created.version());
    let held = own(client.post(&url), 1)
        .header("Mailbox-Payload-Version", version)
        .header("Prefer", "wait=50");
    let held = tokio::spawn(held.send());
    observed::next(&mut told, observed::Seen::Watched).await;

    // The authority goes by a clock of its own, which ran on while it started.
    place.clock.advance(16 * HOUR + 300);
    until(async || place.kept("certificate") != first).await;
    assert_eq!(authority.orders(), 2);
    assert_eq!(place.ready().await, 200);
    let renewed = place.client(&authority.root());
    let answer = renewed.get(place.url("/healthz")).send().await.unwrap();
    assert_eq!(answer.status(), 200);

    assert!(!held.is_finished(), "it waits as before");
    let update = own(renewed.request(Method::PUT, &url), 2).body(payload("second").to_string());
    let _ = update.send().await.unwrap();
    let answer = seen(held.await.unwrap().unwrap()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["payload"]["data"], "second");
}

/// A connection of a client that speaks these protocols, and trusts this authority's certificates.
async fn shaken(place: &Place, root: &str, protocols: &[&str]) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(root.as_bytes()).unwrap();
    roots.add(root).unwrap();
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, place.port)).await?;
    let name = ServerName::try_from(NAME).unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, tcp).await
}

#[tokio::test]
async fn a_proof_is_for_the_authority_and_over_when_it_has_seen_it() {
    let place = Place::new();
    let authority = Pebble::start(place.port);
    let _relay = place.start(place.acme(&authority)).await;
    until(async || place.ready().await == 200).await;
    let root = authority.root();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let proof = shaken(&place, &root, &["acme-tls/1"]).await;
    assert!(proof.is_err(), "there is none any more");
    // Who speaks something else too is no authority: it gets the relay's certificate, and no answer.
    let mut both = shaken(&place, &root, &["acme-tls/1", "x"]).await.unwrap();
    let asked = b"GET /healthz HTTP/1.1\r\nHost: relay.example\r\n\r\n";
    let _ = both.write_all(asked).await;
    let mut told = Vec::new();
    let _ = both.read_to_end(&mut told).await;
    assert_eq!(told, b"");
}

#[tokio::test]
async fn an_authority_that_is_away_is_asked_ever_later_and_each_failure_is_one_line() {
    let log = Log::default();
    let _guard = log.collect();
    let place = Place::new();
    let gone = Pebble::start(place.port);
    let acme = place.acme(&gone);
    drop(gone);
    let relay = place.start(acme.clone()).await;
    let failed = "ACME: no new certificate";
    until(async || lines(&log, failed) == 1).await;
    assert!(log.text().contains("not reached"), "{}", log.text());
    assert!(
        log.text().contains("again_in_seconds=120"),
        "{}",
        log.text()
    );
    assert_eq!(place.ready().await, 503);

    place.clock.advance(119);
    relay.reload().await;
    until(async || lines(&log, failed) == 2).await;
    assert!(
        log.text().contains("again_in_seconds=240"),
        "asked to look again, it does at once"
    );
    place.clock.advance(239);
    rounds().await;
    assert_eq!(lines(&log, failed), 2);
    place.clock.advance(1);
    until(async || lines(&log, failed) == 3).await;
    relay.shutdown().await;
}

#[tokio::test]
async fn a_clock_that_was_wrong_for_a_while_keeps_nothing_from_being_renewed() {
    let log = Log::default();
    let _guard = log.collect();
    let place = Place::new();
    let gone = Pebble::start(place.port);
    let acme = place.acme(&gone);
    drop(gone);
    let now = place.clock.now();
    place.clock.set(now + 1000 * 24 * HOUR);
    let relay = place.start(acme).await;
    let failed = "ACME: no new certificate";
    until(async || lines(&log, failed) == 1).await;
    place.clock.set(now);
    until(async || lines(&log, failed) == 2).await;
    relay.shutdown().await;
}

/// Long enough for a relay to have looked many times whether there is something to do.
pub(crate) async fn rounds() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

#[tokio::test]
async fn a_name_that_is_not_proven_is_told_and_the_authority_is_not_asked_in_a_loop() {
    let log = Log::default();
    let _guard = log.collect();
    let place = Place::new();
    // It looks where nobody listens.
    let authority = Pebble::start(free_port());
    let acme = place.acme(&authority);
    let failed = "ACME: no new certificate";
    // Somebody starts it again and again.
    for start in 1..=6_usize {
        let relay = place.start(acme.clone()).await;
        if start <= 4 {
            until(async || lines(&log, failed) == start).await;
        }
        rounds().await;
        relay.shutdown().await;
    }
    assert_eq!((lines(&log, failed), authority.orders()), (4, 4));
    let first = log.text();
    let first = first.lines().find(|line| line.contains(failed)).unwrap();
    assert!(first.contains("relay.example: "), "{first}");
    assert!(first.contains("tls-alpn-01"), "{first}");
    assert!(first.contains("urn:ietf:params:acme:error:"), "{first}");

    place.clock.advance(HOUR);
    let _relay = place.start(acme).await;
    until(async || lines(&log, failed) == 5).await;
}

#[tokio::test]
async fn an_authority_that_refuses_everything_is_one_line_of_the_log() {
    let log = Log::default();
    let _guard = log.collect();
    let place = Place::new();
    let authority = Pebble::start_with(place.port, &[("PEBBLE_WFE_NONCEREJECT", "100")]);
    let _relay = place.start(place.acme(&authority)).await;
    until(async || lines(&log, "ACME: no new certificate") == 1).await;
    rounds().await;
    assert!(log.text().contains("badNonce"), "{}", log.text());
    assert_eq!(lines(&log, "ACME: no new certificate"), 1);
    assert_eq!((lines(&log, "ERROR"), authority.orders()), (1, 0));
}

#[tokio::test]
async fn what_can_not_work_is_an_error_of_the_start() {
    let place = Place::new();
    let acme = Acme::new(vec![NAME.to_owned()], place.folder.path().join("acme"));
    let named = |name: &str| Acme {
        names: vec![name.to_owned()],
        ..acme.clone()
    };
    let files = tigress_relay::TlsFiles::new("a.pem", "a.key");
    let socket_alone = RelayConfig {
        listen: vec![Listen::Unix(place.folder.path().join("socket"))],
        ..place.config(acme.clone())
    };
    let both = RelayConfig {
        tls: Some(files),
        ..place.config(acme.clone())
    };
    let url = |url: Option<&str>| RelayConfig {
        public_url: url.map(str::to_owned),
        ..place.config(acme.clone())
    };
    let behind = RelayConfig {
        client_ip_header: Some("x-forwarded-for".to_owned()),
        ..place.config(acme.clone())
    };
    let called = RelayConfig {
        host_names: vec!["other.example".to_owned()],
        ..place.config(acme.clone())
    };
    for (config, told) in [
        (called, "relay.example is not among the host names"),
        (url(None), "public URL"),
        (url(Some("http://relay.example")), "public URL"),
        (url(Some("https://other.example")), "public URL"),
        (behind, "behind no proxy"),
        (
            place.config(named("192.0.2.1")),
            "192.0.2.1: an address is no name",
        ),
        (place.config(named("*.relay.example")), "give each name"),
        (place.config(named("localhost")), "each machine itself"),
        (both, "not from both"),
        (socket_alone, "a socket has no TLS"),
    ] {
        let failed = Relay::start(config, MemoryStore::default()).await.err();
        let Some(RelayError::Acme { reason }) = failed else {
            panic!("{failed:?}");
        };
        assert!(reason.contains(told), "{reason}");
    }
}
