//! A relay in memory that speaks version 1 of the draft and nothing of our additions: no long poll, no
//! conditional update, no recipient proof, no answer to a repeated CreateMailbox, no problem documents.
//! That it is the draft's, the conformance suite shows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::{Value, json};
use tigress::{HttpTransport, TransportError};
use tigress_mailbox::{
    DeviceClaim, HttpRequest, HttpResponse, Method, format_timestamp, headers, parse_timestamp,
    problems,
};

use crate::TestClock;

/// The draft's relay, behind the client's transport.
#[derive(Default)]
pub struct PlainRelay {
    boxes: Mutex<HashMap<String, Mailbox>>,
    creations: Mutex<HashMap<(String, String), String>>,
    not_found_is_final: bool,
    /// Without one nothing expires, and no answer has a date.
    clock: Option<Arc<TestClock>>,
}

struct Mailbox {
    payload: Value,
    display: Value,
    expiration: u64,
    /// The recipient's.
    rights: String,
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

    /// One whose mailboxes expire by this clock.
    pub fn with_clock(clock: Arc<TestClock>) -> Self {
        Self {
            clock: Some(clock),
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
        let mut response = self.judged(request);
        if let Some(id) = header(request, headers::REQUEST_ID) {
            response.headers.push((headers::REQUEST_ID.to_owned(), id));
        }
        if let Some(clock) = &self.clock {
            let since = std::time::Duration::from_secs(clock.get());
            let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + since);
            response.headers.push((headers::DATE.to_owned(), date));
        }
        response
    }

    fn judged(&self, request: &HttpRequest) -> HttpResponse {
        let now = self.clock.as_ref().map_or(0, |clock| clock.get());
        self.lock().retain(|_, mailbox| mailbox.expiration > now);
        let path = request.url.strip_prefix(Self::ORIGIN).unwrap_or_default();
        let Some(path) = path.strip_prefix("/v1/m") else {
            return status(404);
        };
        if request.method == Method::Get {
            return self.show(path.trim_start_matches('/'));
        }
        let claim = header(request, headers::DEVICE_CLAIM);
        let Some(claim) = claim.filter(|claim| claim.parse::<DeviceClaim>().is_ok()) else {
            return status(400);
        };
        let body = request.body.as_deref().map(serde_json::from_slice);
        let Ok(body) = body.transpose() else {
            return status(400);
        };
        let body: Value = body.unwrap_or_default();
        let id = header(request, headers::REQUEST_ID).unwrap_or_default();
        match path {
            "" => self.create(claim, id, &body),
            path => self.serve(request.method, &path[1..], claim, id, &body),
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

    fn show(&self, mailbox: &str) -> HttpResponse {
        let boxes = self.lock();
        let Some(found) = boxes.get(mailbox) else {
            return status(404);
        };
        let title = found.display["title"].as_str().unwrap_or_default();
        HttpResponse {
            status: 200,
            headers: vec![(headers::CONTENT_TYPE.to_owned(), "text/html".to_owned())],
            body: format!("<meta property=\"og:title\" content=\"{title}\" />").into_bytes(),
        }
    }

    fn create(&self, claim: String, id: String, body: &Value) -> HttpResponse {
        let mut creations = self
            .creations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if creations.contains_key(&(claim.clone(), id.clone())) {
            return status(201);
        }
        let display = &body["displayInformation"];
        let texts = ["title", "description", "imageURL"].map(|name| &display[name]);
        if !is_payload(&body["payload"]) || !texts.iter().all(|text| text.is_string()) {
            return status(400);
        }
        let configuration = &body["mailboxConfiguration"];
        let mailbox = uuid::Uuid::new_v4().to_string();
        creations.insert((claim.clone(), id), mailbox.clone());
        self.lock().insert(
            mailbox.clone(),
            Mailbox {
                payload: body["payload"].clone(),
                display: display.clone(),
                expiration: configuration["expiration"]
                    .as_str()
                    .and_then(parse_timestamp)
                    .unwrap_or(u64::from(u32::MAX)),
                rights: configuration["accessRights"]
                    .as_str()
                    .unwrap_or("RD")
                    .to_owned(),
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
        if method == Method::Post && found.recipient.is_none() && claim != found.initiator {
            found.recipient = Some(claim.clone());
        }
        if !found.lets(method, &claim) {
            return status(401);
        }
        if method == Method::Put && !is_payload(&body["payload"]) {
            return status(400);
        }
        if method != Method::Post && found.last.get(&claim) == Some(&id) {
            return status(201);
        }
        if method == Method::Patch && found.recipient.as_ref() != Some(&claim) {
            return status(401);
        }
        found.last.insert(claim, id);
        match method {
            Method::Post => ok(&json!({
                "payload": found.payload,
                "displayInformation": found.display,
                "expiration": format_timestamp(found.expiration),
            })),
            Method::Put => {
                found.payload = body["payload"].clone();
                ok(&json!({ "isPushNotificationSupported": false }))
            }
            Method::Patch => {
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

impl Mailbox {
    /// Whether this device may call; a repeated RelinquishMailbox is of somebody who is not bound any more.
    fn lets(&self, method: Method, claim: &str) -> bool {
        let right = match method {
            Method::Put => 'W',
            Method::Delete => 'D',
            _ => 'R',
        };
        let is_recipient = self.recipient.as_deref() == Some(claim);
        match method {
            // Whether it is bound is looked at after the request id.
            Method::Patch => is_recipient || self.last.contains_key(claim),
            _ => claim == self.initiator || is_recipient && self.rights.contains(right),
        }
    }
}

fn header(request: &HttpRequest, name: &str) -> Option<String> {
    let found = request.headers.iter().find(|(key, _)| *key == name);
    found.map(|(_, value)| value.clone())
}

fn is_payload(payload: &Value) -> bool {
    payload["type"].is_string() && payload["data"].is_string()
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
