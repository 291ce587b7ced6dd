//! Limits, expiry, shutdown, probes, logs.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use reqwest::Method;
use serde_json::json;
use tigress_mailbox::{MailboxId, format_timestamp};
use tigress_relay::store::{
    Applied, Command, Created, Creation, MailboxStore, MemoryStore, Room, StoreError, Wakeups,
    Watch,
};
use tigress_relay::{Limits, Relay, RelayConfig, RelayError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::observed::{Observed, Seen, next};
use crate::common::{
    Log, NOW, RECEIVER, SENDER, config, create_body, http_client, id, run, seen, start, start_with,
    url_of,
};

fn limited(limits: Limits) -> RelayConfig {
    RelayConfig { limits, ..config() }
}

#[tokio::test]
async fn an_expired_mailbox_is_gone_at_once() {
    let relay = start_with(RelayConfig {
        sweep_interval: Duration::from_secs(3600),
        ..config()
    })
    .await;
    let url = relay.create().await;
    relay.clock.advance(999);
    assert_eq!(relay.read(&url, RECEIVER).await.status, 200);
    relay.clock.advance(1);
    assert_eq!(relay.call(Method::GET, &url, &[], None).await.status, 404);
    assert_eq!(relay.read(&url, RECEIVER).await.status, 404);
    assert_eq!(relay.update(&url, SENDER, 1, "x").await.status, 404);
}

#[tokio::test]
async fn a_jump_of_the_clock_erases_nothing_within_ten_minutes() {
    let log = Log::default();
    let _guard = log.collect();
    let relay = start().await;
    let mut body = create_body();
    body["mailboxConfiguration"]["expiration"] = json!(format_timestamp(NOW + 5_000));
    let url = url_of(&relay.create_from(&body).await);
    let year = 365 * 24 * 3600;
    relay.clock.set(NOW + year);
    let read = relay.read(&url, SENDER).await;
    assert_eq!(read.status, 200, "it goes on by the time that has passed");
    relay.clock.advance(599);
    assert_eq!(relay.read(&url, SENDER).await.status, 200);
    assert!(
        log.text().contains("the clock has jumped"),
        "{}",
        log.text()
    );
    relay.clock.set(NOW + 599);
    assert_eq!(relay.read(&url, SENDER).await.status, 200);
    relay.clock.set(NOW + year);
    relay.clock.advance(1);
    assert_eq!(relay.read(&url, SENDER).await.status, 200);
    let expiration = format_timestamp(NOW + year + 5_000);
    body["mailboxConfiguration"]["expiration"] = json!(expiration);
    let request_id = id(9);
    let list = [
        ("Mailbox-Device-Claim", SENDER),
        ("Mailbox-Request-ID", request_id.as_str()),
    ];
    let made = relay.call(Method::POST, "/v1/m", &list, Some(&body)).await;
    relay.clock.advance(600);
    assert_eq!(relay.read(&url, SENDER).await.status, 404, "it has stayed");
    let read = relay.read(&url_of(&made), SENDER).await;
    assert_eq!(read.json()["expiration"], expiration, "made meanwhile");
}

#[tokio::test]
async fn a_shutdown_answers_held_reads_and_ends() {
    // The first also sets up what the second is built with.
    let first = http_client();
    let second = reqwest::Client::builder()
        .no_proxy()
        .http2_prior_knowledge();
    for client in [first, second.build().unwrap()] {
        shut_down_while_a_read_is_held(client).await;
    }
}

async fn shut_down_while_a_read_is_held(client: reqwest::Client) {
    let (store, mut seen_by_store) = Observed::new(MemoryStore::default());
    let relay = run(Relay::new(config(), store)).await;
    let url = relay.create().await;
    let version = relay.read(&url, RECEIVER).await.version();
    let waiting = client
        .post(&url)
        .header("Mailbox-Device-Claim", RECEIVER)
        .header("Prefer", "wait=60")
        .header("Mailbox-Payload-Version", &version)
        .send();
    let waiting = tokio::spawn(waiting);
    next(&mut seen_by_store, Seen::Watched).await;
    let address = relay.running.local_addr().unwrap();
    let started = Instant::now();
    relay.running.shutdown().await;
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "no grace needed"
    );
    let answer = seen(waiting.await.unwrap().unwrap()).await;
    assert_eq!((answer.status, answer.version()), (200, version));
    assert!(
        tokio::net::TcpStream::connect(address).await.is_err(),
        "nobody listens any more"
    );
}

#[tokio::test]
async fn a_shutdown_waits_for_nobody_for_ever() {
    let relay = start().await;
    let address = relay.running.local_addr().unwrap();
    let silent = connect(address).await;
    let unfinished = saying(address, head_of_a_creation().as_bytes()).await;
    let half_a_head = saying(address, b"POST /v1/m HTTP/1.1\r\nHo").await;
    let half_a_preface = saying(address, b"PRI * HTTP/2.0\r\n").await;
    let no_settings = saying(address, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    // Connections are taken in order: with this one, all the others are.
    relay.create().await;
    let started = Instant::now();
    relay.running.shutdown().await;
    assert!(started.elapsed() < Duration::from_secs(10));
    drop((silent, unfinished, half_a_head, half_a_preface, no_settings));
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

async fn saying(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = connect(address).await;
    stream.write_all(bytes).await.unwrap();
    stream
}

/// A request whose body never comes.
fn head_of_a_creation() -> String {
    let request_id = id(1);
    format!(
        "POST /v1/m HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nMailbox-Device-Claim: {SENDER}\r\n\
         Mailbox-Request-ID: {request_id}\r\n\r\n"
    )
}

#[tokio::test]
async fn a_slow_request_is_given_up() {
    let request_timeout = Duration::from_millis(100);
    let relay = start_with(limited(Limits {
        request_timeout,
        ..Limits::default()
    }))
    .await;
    let mut slow = saying(
        relay.running.local_addr().unwrap(),
        head_of_a_creation().as_bytes(),
    )
    .await;
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let relay = start_with(limited(Limits {
        request_timeout: Duration::from_millis(100),
        ..Limits::default()
    }))
    .await;
    let idle_after_an_answer = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".as_slice();
    for said in [
        b"".as_slice(),
        b"POST /v1/m HTTP/1.1\r\nHo",
        b"PRI * HTTP/2.0\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        idle_after_an_answer,
    ] {
        let mut stream = saying(relay.running.local_addr().unwrap(), said).await;
        let mut rest = Vec::new();
        // Closed in whichever way, after whatever was to be said.
        let closed = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest));
        assert!(closed.await.is_ok(), "{}", String::from_utf8_lossy(said));
    }
}

#[tokio::test]
async fn a_connection_is_not_idle_while_a_read_is_held() {
    let relay = start_with(limited(Limits {
        request_timeout: Duration::from_millis(100),
        ..Limits::default()
    }))
    .await;
    let url = relay.create().await;
    let version = relay.read(&url, RECEIVER).await.version();
    let list = [
        ("Prefer", "wait=1"),
        ("Mailbox-Payload-Version", version.as_str()),
    ];
    let held = relay.read_with(&url, RECEIVER, &list).await;
    assert_eq!((held.status, held.version()), (200, version));
}

#[tokio::test]
async fn both_versions_of_http_are_spoken() {
    let relay = start().await;
    http_client();
    let second = reqwest::Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let health = format!("{}/healthz", relay.base());
    let answer = second.get(&health).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (200, reqwest::Version::HTTP_2)
    );
    let answer = relay.client.get(&health).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (200, reqwest::Version::HTTP_11)
    );
}

/// RFC 7541 §7.1.3: it would only push out what comes again. What is in the table is a byte the second time.
#[tokio::test]
async fn what_no_other_answer_has_stays_out_of_the_table_of_header_fields() {
    let relay = start().await;
    let mut stream = TcpStream::connect(relay.running.local_addr().unwrap())
        .await
        .unwrap();
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let begin = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &settings].concat();
    stream.write_all(&begin).await.unwrap();
    let first = head_of_health(&mut stream, 1).await;
    let second = head_of_health(&mut stream, 3).await;
    // The id has 36 letters of five bits at least.
    assert!(second >= 36 * 5 / 8, "{second}");
    assert!(first > second, "{first}: the others are in it");
}

/// Bytes of the answer's head (RFC 9113 §6.2, RFC 7541 §6.2.2).
async fn head_of_health(stream: &mut TcpStream, number: u8) -> usize {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let mut head = vec![0x82, 0x86, 0x04];
    head.extend(text("/healthz"));
    head.push(0x01);
    head.extend(text("localhost"));
    head.push(0x00);
    head.extend(text("mailbox-request-id"));
    head.extend(text(&id(1)));
    let length = u8::try_from(head.len()).unwrap();
    let frame = [vec![0, 0, length, 1, 5, 0, 0, 0, number], head].concat();
    stream.write_all(&frame).await.unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        stream.read_exact(&mut vec![0; length]).await.unwrap();
        if head[3] == 1 && head[8] == number {
            return length;
        }
    }
}

/// An HTTP/2 connection takes only so many heads. Who comes to that, even with a read held on it, does not notice.
#[tokio::test]
async fn heads_without_end_come_through_on_one_connection_after_another() {
    let mut relay = start().await;
    relay.client = reqwest::Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let held_at = relay.create().await;
    let version = relay.read(&held_at, RECEIVER).await.version();
    let list = [
        ("Prefer", "wait=60"),
        ("Mailbox-Payload-Version", version.as_str()),
    ];
    let held = relay.read_with(&held_at, RECEIVER, &list);
    let others = async {
        let request_id = id(77);
        let list = [
            ("Mailbox-Device-Claim", RECEIVER),
            ("Mailbox-Request-ID", request_id.as_str()),
        ];
        let body = create_body();
        let made = relay.call(Method::POST, "/v1/m", &list, Some(&body)).await;
        let url = url_of(&made);
        let much = "x".repeat(20_000);
        let write = |n| relay.update(&url, RECEIVER, n, &much);
        for n in (1000..1080).step_by(4) {
            let (a, b, c, d) = tokio::join!(write(n), write(n + 1), write(n + 2), write(n + 3));
            assert_eq!([a, b, c, d].map(|answer| answer.status), [200; 4]);
        }
        relay.update(&held_at, SENDER, 78, "next").await
    };
    let (held, updated) = tokio::join!(held, others);
    assert_eq!((held.status, updated.status), (200, 200));
    assert_eq!(held.json()["payload"]["data"], "next");
}

#[tokio::test]
async fn mailboxes_have_the_public_origin() {
    let config = RelayConfig {
        public_url: Some("https://Relay.Example/".to_owned()),
        ..config()
    };
    let relay = start_with(config).await;
    assert_eq!(relay.running.url(), "https://relay.example");
    assert!(
        relay
            .create()
            .await
            .starts_with("https://relay.example/v1/m/")
    );
    let wrong = RelayConfig {
        public_url: Some("relay.example".to_owned()),
        ..RelayConfig::default()
    };
    let refused = Relay::start(wrong, MemoryStore::default()).await;
    assert!(matches!(refused, Err(RelayError::PublicUrl)));
}

/// A store that can't be reached.
pub(crate) struct Broken;

#[async_trait]
impl MailboxStore for Broken {
    async fn create(&self, _: Creation, _: &Room, _: u64) -> Result<Created, StoreError> {
        Err(StoreError::Unavailable)
    }

    async fn apply(
        &self,
        _: MailboxId,
        _: Command,
        _: &Room,
        _: u64,
    ) -> Result<Applied, StoreError> {
        Err(StoreError::Unavailable)
    }

    fn wakeups(&self) -> &dyn Wakeups {
        self
    }

    async fn sweep(&self, _: u64) -> Result<usize, StoreError> {
        Err(StoreError::Unavailable)
    }

    async fn ready(&self, _: &Room) -> Result<(), StoreError> {
        Err(StoreError::Unavailable)
    }
}

#[async_trait]
impl Wakeups for Broken {
    async fn watch(&self, _: MailboxId) -> Result<Watch, StoreError> {
        Err(StoreError::Unavailable)
    }
}

#[tokio::test]
async fn a_store_that_fails_is_worth_another_try_and_no_404() {
    let relay = run(Relay::new(config(), Broken)).await;
    for answer in [
        relay.create_from(&create_body()).await,
        relay
            .read("/v1/m/99999999-9999-4999-8999-999999999999", SENDER)
            .await,
        relay.call(Method::GET, "/readyz", &[], None).await,
    ] {
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (503, Some("10"))
        );
    }
    assert_eq!(
        relay.call(Method::GET, "/healthz", &[], None).await.status,
        200
    );
    assert_eq!(
        start()
            .await
            .call(Method::GET, "/readyz", &[], None)
            .await
            .status,
        200
    );
}

//= test draft/8.1.3-no-identities
#[tokio::test]
async fn the_log_names_no_mailbox_claim_request_or_address() {
    let log = Log::default();
    let _guard = log.collect_at("tigress_relay=trace");
    let relay = start().await;
    let mut body = create_body();
    body["notificationToken"] = json!({"type": "test", "tokenData": "push-token"});
    let url = url_of(&relay.create_from(&body).await);
    relay.read(&url, RECEIVER).await;
    relay.update(&url, RECEIVER, 1, "second").await;
    relay.leave(Method::DELETE, &url, SENDER, 2).await;
    let text = log.text();
    assert!(text.contains("call=\"UpdateMailbox\" status=200"), "{text}");
    let mailbox = url.rsplit('/').next().unwrap();
    for hidden in [
        mailbox,
        SENDER,
        RECEIVER,
        &id(1),
        "push-token",
        "127.0.0.1",
        "Hotel key",
        "second\"",
    ] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
}
