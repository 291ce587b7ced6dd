//! Where a relay listens, and which names it has.

use std::net::SocketAddr;

use reqwest::Method;
use tigress_relay::store::MemoryStore;
use tigress_relay::{Listen, Relay, RelayConfig, RelayError};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use crate::common::{RECEIVER, config, create_body, start_with};

const LOOPBACK: &str = "127.0.0.1:0";

/// The first line of the answer to one request.
async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, said: &str) -> String {
    stream.write_all(said.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.lines().next().unwrap().to_owned()
}

const PROBE: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn all_places_are_listened_on_and_none_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("relay.sock");
    let places = [LOOPBACK.parse().unwrap(), LOOPBACK.parse().unwrap()];
    let config = RelayConfig {
        listen: [places.as_slice(), &[Listen::Unix(socket.clone())]].concat(),
        ..config()
    };
    let relay = Relay::start(config, MemoryStore::default()).await.unwrap();
    let addresses = relay.places().iter().filter_map(Listen::address);
    let addresses: Vec<SocketAddr> = addresses.collect();
    assert_eq!(addresses.len(), 2);
    assert_eq!(relay.url(), format!("http://{}", addresses[0]));
    for address in addresses {
        let stream = TcpStream::connect(address).await.unwrap();
        assert_eq!(ask(stream, PROBE).await, "HTTP/1.1 200 OK");
    }
    let stream = UnixStream::connect(&socket).await.unwrap();
    assert_eq!(ask(stream, PROBE).await, "HTTP/1.1 200 OK");
    relay.shutdown().await;
    assert!(!socket.exists());
}

#[tokio::test]
async fn one_place_that_is_taken_leaves_none_open() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("relay.sock");
    let taken = std::net::TcpListener::bind(LOOPBACK).unwrap();
    let config = RelayConfig {
        listen: vec![
            Listen::Unix(socket.clone()),
            Listen::Tcp(taken.local_addr().unwrap()),
        ],
        public_url: Some("https://relay.example".to_owned()),
        ..config()
    };
    let failed = Relay::start(config, MemoryStore::default()).await;
    assert!(matches!(failed, Err(RelayError::Listen { .. })));
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_relay_without_an_address_must_be_told_its_url() {
    let folder = tempfile::tempdir().unwrap();
    let config = RelayConfig {
        listen: vec![Listen::Unix(folder.path().join("relay.sock"))],
        ..config()
    };
    let failed = Relay::start(config.clone(), MemoryStore::default()).await;
    assert!(matches!(failed, Err(RelayError::NoUrl)));
    let nowhere = RelayConfig {
        listen: Vec::new(),
        ..config
    };
    let failed = Relay::start(nowhere, MemoryStore::default()).await;
    assert!(matches!(failed, Err(RelayError::Nowhere)));
}

#[tokio::test]
async fn a_request_for_another_host_is_refused() {
    let relay = start_with(RelayConfig {
        host_names: vec!["relay.example".to_owned(), "127.0.0.1".to_owned()],
        ..config()
    })
    .await;
    let made = relay.create_from(&create_body()).await;
    assert_eq!(made.status, 200, "by its address");
    let url = made.json()["urlLink"].as_str().unwrap().to_owned();
    for (host, status) in [
        ("relay.example", 200),
        ("RELAY.example:443", 200),
        ("other.example", 421),
        ("relay.example.other.example", 421),
        ("", 421),
    ] {
        let read = relay.read_with(&url, RECEIVER, &[("Host", host)]).await;
        assert_eq!(read.status, status, "{host}");
        if status == 421 {
            assert_eq!(read.problem(), "urn:tigress:relay:misdirected");
        }
    }
    let probe = relay.call(Method::GET, "/healthz", &[("Host", "10.0.0.1")], None);
    assert_eq!(probe.await.status, 200, "a balancer knows addresses alone");
}

#[tokio::test]
async fn what_is_no_host_name_is_refused_at_the_start() {
    for name in ["", "https://relay.example", "relay.example:443", "a b"] {
        let config = RelayConfig {
            host_names: vec![name.to_owned()],
            ..config()
        };
        let failed = Relay::start(config, MemoryStore::default()).await;
        assert!(matches!(failed, Err(RelayError::HostName(_))), "{name}");
    }
}
