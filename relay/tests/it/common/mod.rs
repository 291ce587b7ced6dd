//! A relay on loopback and plain, hand-made requests to it.

pub(crate) mod observed;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tigress_mailbox::format_timestamp;
use tigress_relay::store::MemoryStore;
use tigress_relay::{ManualClock, Relay, RelayConfig, RunningRelay};

pub(crate) const NOW: u64 = 1_900_000_000;
pub(crate) const SENDER: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const RECEIVER: &str = "22222222-2222-4222-8222-222222222222";
pub(crate) const THIRD: &str = "33333333-3333-4333-8333-333333333333";

pub(crate) struct TestRelay {
    pub(crate) running: RunningRelay,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) client: reqwest::Client,
    /// The origin of a proxy before it.
    pub(crate) front: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn version(&self) -> String {
        self.header("mailbox-payload-version").unwrap().to_owned()
    }

    /// A refusal is a problem document that says its own status.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        let body = self.json();
        assert_eq!(body["status"], self.status);
        body["type"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn http_client() -> reqwest::Client {
    // Building a client wants a TLS provider, although these tests speak plain HTTP on loopback.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// A configuration that lets moved time be noticed soon.
pub(crate) fn config() -> RelayConfig {
    RelayConfig {
        sweep_interval: Duration::from_millis(20),
        ..RelayConfig::default()
    }
}

pub(crate) async fn start() -> TestRelay {
    start_with(config()).await
}

pub(crate) async fn start_with(config: RelayConfig) -> TestRelay {
    run(Relay::new(config, MemoryStore::default())).await
}

pub(crate) async fn run(relay: Relay) -> TestRelay {
    let clock = Arc::new(ManualClock::new(NOW));
    let running = relay.with_clock(clock.clone()).run().await.unwrap();
    TestRelay {
        running,
        clock,
        client: http_client(),
        front: None,
    }
}

pub(crate) fn create_body() -> Value {
    json!({
        "payload": {"type": "GSS_API", "data": "first"},
        "displayInformation": {
            "title": "Hotel key", "description": "Room 7", "imageURL": "https://pictures.example/key.png",
        },
        "mailboxConfiguration": {"accessRights": "RWD", "expiration": format_timestamp(NOW + 1000)},
    })
}

pub(crate) fn payload(data: &str) -> Value {
    json!({"payload": {"type": "GSS_API", "data": data}})
}

/// A request id, different for each `n`.
pub(crate) fn id(n: u32) -> String {
    format!("aaaaaaaa-0000-4000-8000-{n:012}")
}

impl TestRelay {
    pub(crate) fn base(&self) -> String {
        let own = || format!("http://{}", self.running.local_addr().unwrap());
        self.front.clone().unwrap_or_else(own)
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Seen {
        let url = if url.starts_with('/') {
            format!("{}{url}", self.base())
        } else {
            url.to_owned()
        };
        let mut request = self.client.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        seen(request.send().await.unwrap()).await
    }

    pub(crate) async fn create_from(&self, body: &Value) -> Seen {
        let request_id = id(0);
        let list = [
            ("Mailbox-Device-Claim", SENDER),
            ("Mailbox-Request-ID", &request_id),
        ];
        self.call(Method::POST, "/v1/m", &list, Some(body)).await
    }

    /// A mailbox's URL.
    pub(crate) async fn create(&self) -> String {
        url_of(&self.create_from(&create_body()).await)
    }

    pub(crate) async fn read(&self, url: &str, claim: &str) -> Seen {
        self.read_with(url, claim, &[]).await
    }

    pub(crate) async fn read_with(&self, url: &str, claim: &str, more: &[(&str, &str)]) -> Seen {
        let list: Vec<_> = [("Mailbox-Device-Claim", claim)]
            .iter()
            .chain(more)
            .copied()
            .collect();
        self.call(Method::POST, url, &list, None).await
    }

    pub(crate) async fn update(&self, url: &str, claim: &str, n: u32, data: &str) -> Seen {
        self.update_with(url, claim, n, data, &[]).await
    }

    pub(crate) async fn update_with(
        &self,
        url: &str,
        claim: &str,
        n: u32,
        data: &str,
        more: &[(&str, &str)],
    ) -> Seen {
        let request_id = id(n);
        let own = [
            ("Mailbox-Device-Claim", claim),
            ("Mailbox-Request-ID", request_id.as_str()),
        ];
        let list: Vec<_> = own.iter().chain(more).copied().collect();
        self.call(Method::PUT, url, &list, Some(&payload(data)))
            .await
    }

    /// Relinquish (PATCH) or delete (DELETE).
    pub(crate) async fn leave(&self, method: Method, url: &str, claim: &str, n: u32) -> Seen {
        let request_id = id(n);
        let list = [
            ("Mailbox-Device-Claim", claim),
            ("Mailbox-Request-ID", request_id.as_str()),
        ];
        self.call(method, url, &list, None).await
    }
}

pub(crate) fn url_of(seen: &Seen) -> String {
    seen.json()["urlLink"].as_str().unwrap().to_owned()
}

pub(crate) async fn seen(response: reqwest::Response) -> Seen {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Seen {
        status,
        headers,
        body: response.bytes().await.unwrap().to_vec(),
    }
}

/// What is logged on this thread.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// What an operator sees who asks for nothing else, from now until the guard is dropped.
    pub(crate) fn collect(&self) -> tracing::subscriber::DefaultGuard {
        self.collect_at("info")
    }

    pub(crate) fn collect_at(&self, level: &str) -> tracing::subscriber::DefaultGuard {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(level)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}
