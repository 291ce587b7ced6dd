//! A relay in memory that speaks version 1 of the draft and nothing of our additions: no long poll, no
//! conditional update, no recipient proof, no answer to a repeated CreateMailbox, no problem documents.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::{Value, json};
use tigress::{HttpTransport, TransportError};
use tigress_mailbox::{HttpRequest, HttpResponse, Method, problems};

/// The draft's relay, behind the client's transport.
#[derive(Default)]
pub struct PlainRelay {
    boxes: Mutex<HashMap<String, Mailbox>>,
    creations: Mutex<HashMap<(String, String), String>>,
    not_found_is_final: bool,
}

struct Mailbox {
    payload: Value,
    display: Value,
    expiration: Value,
    initiator: String,
    recipient: Option<String>,
    /// The last request id of each claim, as the draft has it.
    last: HashMap<String, String>,
}

impl PlainRelay {
    /// The origin that its mailboxes have.
    pub const ORIGIN: &str = "http://127.0.0.1:9";

    /// One that says "not found" in our relay's own words, which are final, instead of the draft's bare 404.
    pub fn with_final_not_found() -> Self {
        Self {
            not_found_is_final: true,
            ..Self::default()
        }
    }

    /// How many mailboxes there are.
    pub fn mailboxes(&self) -> usize {
        self.lock().len()
    }

    /// The payload data of the only mailbox.
    pub fn payload(&self) -> Option<String> {
        let boxes = self.lock();
        let only = boxes.values().next()?;
        only.payload["data"].as_str().map(str::to_owned)
    }

    /// Overwrites the payload data of the only mailbox, as a lying relay would.
    pub fn set_payload(&self, data: &str) {
        if let Some(only) = self.lock().values_mut().next() {
            only.payload["data"] = json!(data);
        }
    }

    /// Loses all mailboxes.
    pub fn lose_mailboxes(&self) {
        self.lock().clear();
    }

    /// Everything that it ever holds at this moment, as text.
    pub fn dump(&self) -> String {
        let boxes = self.lock();
        boxes
            .iter()
            .map(|(id, m)| format!("{id} {} {} {}", m.payload, m.display, m.initiator))
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Mailbox>> {
        self.boxes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request.
    pub fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let header = |name: &str| {
            let found = request.headers.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.clone())
        };
        let Some(claim) = header("mailbox-device-claim") else {
            return status(400);
        };
        let id = header("mailbox-request-id").unwrap_or_default();
        let path = request.url.strip_prefix(Self::ORIGIN).unwrap_or_default();
        let body: Value = request
            .body
            .as_deref()
            .and_then(|body| serde_json::from_slice(body).ok())
            .unwrap_or_default();
        match path.strip_prefix("/v1/m") {
            Some("") => self.create(claim, id, &body),
            Some(mailbox) => self.serve(request.method, &mailbox[1..], claim, id, &body),
            None => status(404),
        }
    }

    fn not_found(&self) -> HttpResponse {
        let mut response = status(404);
        if self.not_found_is_final {
            let problem = json!({ "type": problems::NOT_FOUND, "title": "gone", "status": 404 });
            response.body = problem.to_string().into_bytes();
        }
        response
    }

    fn create(&self, claim: String, id: String, body: &Value) -> HttpResponse {
        let mut creations = self
            .creations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if creations.contains_key(&(claim.clone(), id.clone())) {
            return status(201);
        }
        let mailbox = uuid::Uuid::new_v4().to_string();
        creations.insert((claim.clone(), id), mailbox.clone());
        let rights = &body["mailboxConfiguration"]["accessRights"];
        assert_eq!(
            rights, "RWD",
            "the default would forbid the receiver to write"
        );
        self.lock().insert(
            mailbox.clone(),
            Mailbox {
                payload: body["payload"].clone(),
                display: body["displayInformation"].clone(),
                expiration: body["mailboxConfiguration"]["expiration"].clone(),
                initiator: claim,
                recipient: None,
                last: HashMap::new(),
            },
        );
        ok(&json!({
            "urlLink": format!("{}/v1/m/{mailbox}", Self::ORIGIN),
            "isPushNotificationSupported": false,
        }))
    }

    fn serve(
        &self,
        method: Method,
        mailbox: &str,
        claim: String,
        id: String,
        body: &Value,
    ) -> HttpResponse {
        let mut boxes = self.lock();
        let Some(found) = boxes.get_mut(mailbox) else {
            return self.not_found();
        };
        let known = claim == found.initiator || found.recipient.as_ref() == Some(&claim);
        if method == Method::Post && !known && found.recipient.is_none() {
            found.recipient = Some(claim.clone());
        } else if !known {
            return status(401);
        }
        if method != Method::Post && found.last.insert(claim.clone(), id.clone()) == Some(id) {
            return status(201);
        }
        match method {
            Method::Post => ok(&json!({
                "payload": found.payload,
                "displayInformation": found.display,
                "expiration": found.expiration,
            })),
            Method::Put => {
                found.payload = body["payload"].clone();
                ok(&json!({ "isPushNotificationSupported": false }))
            }
            Method::Patch => {
                if found.recipient.as_ref() != Some(&claim) {
                    return status(401);
                }
                found.recipient = None;
                status(200)
            }
            Method::Delete => {
                boxes.remove(mailbox);
                status(200)
            }
            Method::Get => status(404),
        }
    }
}

fn status(status: u16) -> HttpResponse {
    HttpResponse {
        status,
        ..HttpResponse::default()
    }
}

fn ok(body: &Value) -> HttpResponse {
    HttpResponse {
        status: 200,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

#[async_trait]
impl HttpTransport for PlainRelay {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        Ok(self.answer(&request))
    }
}
