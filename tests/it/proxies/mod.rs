//! The relay behind the real nginx and Caddy, with the configurations of `packaging/`: clients come by TLS and HTTP/2, the
//! relay is reached by TCP and by a socket of the file system.

#[path = "../../../relay/tests/it/common/mod.rs"]
#[expect(dead_code, reason = "the relay's own tests use all of it")]
mod common;
mod server;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use reqwest::{Method, Version};
use tempfile::TempDir;
use tigress::{
    Config, HttpTransport, InvitationRequest, MemoryStore as Transfers, Outcome, TransferClient,
    built_in_transport,
};
use tigress_conformance::{Client, Finding, Suite, Verdict};
use tigress_mailbox::{HttpRequest, HttpResponse, TransportFailure};
use tigress_relay::store::{DurableStore, MailboxStore, MemoryStore};
use tigress_relay::{Bound, Limits, Listen, ManualClock, Relay, RelayConfig, RunningRelay};
use tigress_testkit::{Apps, Follower};
use tokio::task::JoinSet;

use common::observed::{Observed, Seen, next};
use common::{RECEIVER, SENDER, TestRelay, config, http_client, payload, run};
use server::{Kind, Proxy, seconds};
use tigress_servers::free_port;

/// Where a relay is reached by its proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Tcp,
    Socket,
}

const WAYS: [(Kind, Way); 4] = [
    (Kind::Nginx, Way::Tcp),
    (Kind::Nginx, Way::Socket),
    (Kind::Caddy, Way::Tcp),
    (Kind::Caddy, Way::Socket),
];

/// A proxy, and where its relay is or will be.
struct Front {
    proxy: Proxy,
    url: String,
    place: Listen,
    folder: TempDir,
}

impl Front {
    fn start((kind, way): (Kind, Way)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = match way {
            Way::Tcp => Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()))),
            Way::Socket => Listen::Unix(folder.path().join("relay.sock")),
        };
        let port = free_port();
        Self {
            proxy: Proxy::start(kind, port, &place),
            url: format!("https://localhost:{port}"),
            place,
            folder,
        }
    }

    /// As `packaging/relay.toml` says it.
    fn config(&self, limits: Limits) -> RelayConfig {
        RelayConfig {
            listen: vec![self.place.clone()],
            public_url: Some(self.url.clone()),
            host_names: vec!["localhost".to_owned()],
            client_ip_header: Some("x-forwarded-for".to_owned()),
            limits,
            ..config()
        }
    }

    /// A relay that hand-made requests reach by the proxy.
    async fn relay(&self, store: impl MailboxStore, limits: Limits) -> TestRelay {
        let mut relay = run(Relay::new(self.config(limits), store)).await;
        relay.client = self.client(Ipv4Addr::LOCALHOST);
        relay.front = Some(self.url.clone());
        relay
    }

    /// A relay with the machine's clock, whose mailboxes are in a file.
    async fn durable(&self) -> RunningRelay {
        let store = DurableStore::open(self.folder.path().join("mailboxes")).unwrap();
        let config = self.config(Limits::default());
        Relay::start(config, store).await.unwrap()
    }

    /// Connections of their own, from this address of the machine.
    fn client(&self, from: Ipv4Addr) -> reqwest::Client {
        drop(http_client());
        let ca = reqwest::Certificate::from_pem(&self.proxy.ca).unwrap();
        reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([ca])
            .local_address(IpAddr::V4(from))
            .build()
            .unwrap()
    }

    fn settings(&self) -> Config {
        let mut config = Config::with_relay(&self.url);
        config.extra_roots = vec![self.proxy.ca.clone()];
        config
    }

    fn wallet(&self) -> TransferClient {
        TransferClient::new(self.settings(), Arc::new(Transfers::new()), None).unwrap()
    }
}

/// What the conformance suite asks with.
struct Asking {
    http: Arc<dyn HttpTransport>,
    clock: Arc<ManualClock>,
}

#[async_trait]
impl Client for Asking {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportFailure> {
        self.http.send(request).await.map_err(|error| error.kind)
    }

    async fn pass(&self, seconds: u64) {
        self.clock.advance(seconds);
    }
}

async fn offer(wallet: &TransferClient) -> (Follower, String, tigress::TransferId) {
    let request = InvitationRequest {
        credential: Some(Apps::credential()),
        ..InvitationRequest::default()
    };
    let invitation = wallet.create_invitation(request).await.unwrap();
    let url = invitation.share_url.to_url().to_string();
    let id = invitation.transfer;
    (Follower::start(wallet, id), url, id)
}

async fn accept(wallet: &TransferClient, url: &str) -> Follower {
    let accepted = wallet.accept_invitation(url, tigress::AcceptOptions::confirmed());
    Follower::start_done_with_the_first(wallet, accepted.await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_transfer_goes_through() {
    for way in WAYS {
        let front = Front::start(way);
        let relay = front.durable().await;
        let (alice, bob) = (front.wallet(), front.wallet());
        let (mut sender, url, _) = offer(&alice).await;
        assert!(url.starts_with(&front.url), "{url}");
        let mut receiver = accept(&bob, &url).await;
        assert_eq!(receiver.received(1).await, [Apps::credential()], "{way:?}");
        let outcomes = [sender.outcome().await, receiver.outcome().await];
        assert_eq!(outcomes, [Outcome::Completed; 2], "{way:?}");
        relay.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_behind_a_proxy_does_all_that_a_relay_must() {
    for way in [(Kind::Nginx, Way::Socket), (Kind::Caddy, Way::Socket)] {
        let front = Front::start(way);
        let limits = Limits::default();
        let relay = front.relay(MemoryStore::default(), limits).await;
        let http = built_in_transport(&front.settings()).unwrap();
        let clock = relay.clock.clone();
        let asking = Asking { http, clock };
        let findings = Suite::new(&front.url, &asking).run().await.unwrap();
        for Finding { check, verdict } in findings {
            assert_eq!((check.name, verdict), (check.name, Verdict::Passed));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_client_has_its_own_part_and_what_it_says_of_itself_counts_for_nothing() {
    for way in WAYS {
        let front = Front::start(way);
        let limits = Limits {
            requests_per_second: Bound::new(1, 1, 1000),
            burst: Bound::new(3, 3, 1000),
            ..Limits::default()
        };
        let relay = front.relay(MemoryStore::default(), limits).await;
        let path = "/v1/m/67e55044-10b1-426f-9247-bb680e5fe0c8";
        // The relay's clock stands still: nothing is given back.
        for (n, status) in [404, 404, 404, 429, 429].into_iter().enumerate() {
            let claimed = format!("198.51.100.{n}");
            let several = format!("{claimed}, 203.0.113.{n}");
            let list = [
                ("X-Forwarded-For", several.as_str()),
                ("X-Real-IP", claimed.as_str()),
                ("Forwarded", "for=192.0.2.1"),
            ];
            let seen = relay.call(Method::GET, path, &list, None).await;
            assert_eq!(seen.status, status, "{way:?}, request {n}");
        }
        let other = front.client(Ipv4Addr::new(127, 0, 0, 2));
        let answer = other.get(format!("{}{path}", front.url)).send().await;
        assert_eq!(answer.unwrap().status(), 404, "another address, {way:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_body_passes_both_ways_without_a_file_and_a_larger_one_does_not() {
    for way in WAYS {
        let front = Front::start(way);
        let relay = front.relay(MemoryStore::default(), Limits::default()).await;
        let url = relay.create().await;
        let around = payload("").to_string().len();
        let most = "x".repeat(1024 * 1024 - around);
        let written = relay.update(&url, SENDER, 1, &most).await;
        assert_eq!(written.status, 200, "{way:?}");
        let read = relay.read(&url, RECEIVER).await;
        assert_eq!(read.json()["payload"]["data"], most, "{way:?}");
        let more = relay.update(&url, SENDER, 2, &(most + "x")).await;
        assert_eq!(more.status, 413, "{way:?}");
        let head = [("X-Long", "x".repeat(14 * 1024))];
        let list = [("Mailbox-Device-Claim", RECEIVER), (head[0].0, &head[0].1)];
        let read = relay.call(Method::POST, &url, &list, None).await;
        assert_eq!(read.status, 200, "a head of nearly 16 KiB, {way:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relays_longest_hold_is_within_the_patience_of_a_proxy() {
    let mut all = JoinSet::new();
    for kind in Kind::ALL {
        let front = Front::start((kind, Way::Tcp));
        all.spawn(async move {
            let relay = front.relay(MemoryStore::default(), Limits::default()).await;
            let url = relay.create().await;
            let version = relay.read(&url, RECEIVER).await.version();
            let list = [("Prefer", "wait=60"), ("Mailbox-Payload-Version", &version)];
            let begun = Instant::now();
            let read = relay.read_with(&url, RECEIVER, &list).await;
            assert_eq!((read.status, kind), (200, kind), "{:?}", begun.elapsed());
            assert_eq!(read.version(), version);
            assert_eq!(read.header("preference-applied"), Some("wait=50"));
            assert!(begun.elapsed() >= Duration::from_secs(50));
        });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
}

/// Whoever changes one of these must change the other.
#[test]
fn the_times_of_proxies_fit_the_relays() {
    let limits = Limits::default();
    let (nginx, caddy) = ("nginx/tigress.conf", "caddy/Caddyfile");
    for patience in [
        seconds(nginx, "proxy_read_timeout"),
        seconds(caddy, "response_header_timeout"),
    ] {
        assert!(patience > limits.max_wait, "{patience}");
    }
    for kept in [
        seconds(nginx, "keepalive_timeout"),
        seconds(caddy, "keepalive"),
    ] {
        assert!(kept < limits.request_timeout.as_secs(), "{kept}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_wait_at_a_time_each_by_http_2_and_all_are_woken() {
    const MANY: usize = 100;
    for kind in Kind::ALL {
        let front = Front::start((kind, Way::Socket));
        let (store, mut seen) = Observed::new(MemoryStore::default());
        let relay = front.relay(store, Limits::default()).await;
        let url = relay.create().await;
        let version = relay.read(&url, RECEIVER).await.version();
        let mut waiting = JoinSet::new();
        for _ in 0..MANY {
            let held = front
                .client(Ipv4Addr::LOCALHOST)
                .post(&url)
                .header("Mailbox-Device-Claim", RECEIVER)
                .header("Prefer", "wait=50")
                .header("Mailbox-Payload-Version", &version);
            waiting.spawn(held.send());
        }
        for _ in 0..MANY {
            next(&mut seen, Seen::Watched).await;
        }
        let written = relay.update(&url, SENDER, 1, "second").await;
        while let Some(answer) = waiting.join_next().await {
            let answer = answer.unwrap().unwrap();
            assert_eq!((answer.status().as_u16(), kind), (200, kind));
            assert_eq!(answer.version(), Version::HTTP_2, "{kind:?}");
            let read = common::seen(answer).await;
            assert_eq!(read.version(), written.version());
        }
    }
}

/// What a proxy's answers for a relay that is cut off (504) do to a wallet: `tests/it/relay_trouble.rs`.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_away_for_a_while_ends_no_transfer_and_the_proxy_names_nobody() {
    for way in WAYS {
        let front = Front::start(way);
        let relay = front.durable().await;
        let (alice, bob) = (front.wallet(), front.wallet());
        let (mut sender, url, id) = offer(&alice).await;
        let mailbox = url.split(['?', '#']).next().unwrap().to_owned();
        relay.shutdown().await;
        let mut watch = alice.watch_relay(id);
        assert!(watch.changed().await.is_some(), "told, {way:?}");
        let client = front.client(Ipv4Addr::LOCALHOST);
        let asked = client.post(&mailbox).header("Mailbox-Device-Claim", SENDER);
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 502, "{way:?}");

        let relay = front.durable().await;
        let mut receiver = accept(&bob, &url).await;
        let outcomes = [sender.outcome().await, receiver.outcome().await];
        assert_eq!(outcomes, [Outcome::Completed; 2], "{way:?}");
        relay.shutdown().await;
        let said = front.proxy.said();
        for secret in [mailbox.rsplit('/').next().unwrap(), SENDER, "/v1/m"] {
            assert!(!said.contains(secret), "{way:?}: {said}");
        }
    }
}
