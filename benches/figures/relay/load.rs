//! Requests as clients make them: a mailbox each, written and read in turn.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

/// Bytes of a payload's data.
pub(crate) const DATA: usize = 2048;
/// Writes and reads of each client in a round.
const ROUNDS: usize = 40;
const CLIENTS: usize = 64;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Http {
    One,
    Two,
}

/// With a connection of its own.
pub(crate) fn client(http: Http) -> Client {
    let client = Client::builder().no_proxy();
    match http {
        Http::One => client.http1_only(),
        Http::Two => client.http2_prior_knowledge(),
    }
    .build()
    .unwrap()
}

#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) client: Client,
    pub(crate) claim: String,
    pub(crate) path: String,
    pub(crate) version: String,
}

impl Desk {
    /// Makes a mailbox.
    pub(crate) async fn new(client: Client, origin: &str, bytes: usize) -> Self {
        let claim = uuid::Uuid::new_v4().to_string();
        let body = json!({"payload": payload(bytes), "displayInformation": {"title": "t", "description": "d", "imageURL": ""}, "mailboxConfiguration": {"accessRights": "RWD"}});
        let mut desk = Self {
            client,
            claim,
            path: "/v1/m".to_owned(),
            version: String::new(),
        };
        let (answer, version) = desk.ask(origin, Method::POST, Some(&body)).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let url = answer["urlLink"].as_str().unwrap();
        desk.path = url[url.find("/v1/").unwrap()..].to_owned();
        desk.version = version;
        desk
    }

    /// The device at the other end of the mailbox.
    pub(crate) fn other(&self, client: Client) -> Self {
        Self {
            client,
            claim: uuid::Uuid::new_v4().to_string(),
            ..self.clone()
        }
    }

    pub(crate) async fn ask(
        &self,
        origin: &str,
        method: Method,
        body: Option<&Value>,
    ) -> (Vec<u8>, String) {
        answer(self.request(origin, method, body)).await
    }

    /// As one who wants to be answered when there is another payload.
    pub(crate) async fn ask_and_wait(&self, origin: &str, method: Method, body: Option<&Value>) {
        let request = self
            .request(origin, method, body)
            .header("Mailbox-Payload-Version", &self.version)
            .header("Prefer", "wait=10, return=representation");
        answer(request).await;
    }

    fn request(&self, origin: &str, method: Method, body: Option<&Value>) -> RequestBuilder {
        let mut request = self
            .client
            .request(method, format!("{origin}{}", self.path))
            .header("Mailbox-Device-Claim", &self.claim)
            .header("Mailbox-Request-ID", uuid::Uuid::new_v4().to_string())
            .header("Content-Type", "application/json");
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        request
    }
}

async fn answer(request: RequestBuilder) -> (Vec<u8>, String) {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let version = answer.headers().get("mailbox-payload-version");
    let version = version.map_or(String::new(), |version| {
        version.to_str().unwrap().to_owned()
    });
    (answer.bytes().await.unwrap().to_vec(), version)
}

pub(crate) fn payload(bytes: usize) -> Value {
    json!({"type": "GSS_API", "data": "x".repeat(bytes)})
}

/// One round of all clients, writes at the first origin and reads at the last; gives how many requests that were.
pub(crate) async fn round(origins: &[String], http: Http) -> usize {
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (writer, reader) = (origins[0].clone(), origins[origins.len() - 1].clone());
            tokio::spawn(async move {
                let desk = Desk::new(client(http), &writer, DATA).await;
                let body = json!({"payload": payload(DATA)});
                for _ in 0..ROUNDS {
                    desk.ask(&writer, Method::PUT, Some(&body)).await;
                    desk.ask(&reader, Method::POST, None).await;
                }
                desk.ask(&writer, Method::DELETE, None).await;
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    CLIENTS * (2 * ROUNDS + 2)
}
