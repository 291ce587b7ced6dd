//! The relay: the real rules of a mailbox, and the lies that it may tell.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use tigress_mailbox::memory::{Look, MemoryRelay};
use tigress_mailbox::{
    DisplayInformation, HttpRequest, HttpResponse, Method, PAYLOAD_TYPE, Payload, Problem,
    ReadResponse, UpdateRequest, format_timestamp, headers, problems,
};
use tigress_primitives::entropy::Entropy;
use tigress_protocol::exchange::{Envelope, Side};

/// What it says that is not so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lie {
    /// A read gets what the slot held once.
    Old(usize),
    /// A read gets an envelope of the other side that acknowledges one token more; its MIC is an older one's.
    Acknowledged,
    /// A read gets an envelope of the other side with an abort that nobody made.
    Aborted,
    /// A read is told that the mailbox ends at once.
    Ends,
    /// A read finds something else in the mailbox, and it stays there.
    Replaced,
    /// The mailbox is gone, in the relay's own words.
    Gone,
    /// The same in a proxy's.
    NotFound,
    /// The update is done, and was not.
    Swallowed,
    /// Another has written before it.
    Conflict,
}

/// The relay, with what it has seen.
#[derive(Clone, Default)]
pub struct Relay {
    mailboxes: MemoryRelay,
    /// Every payload that the slot has held, in order.
    held: Vec<Arc<str>>,
    /// Tells what it has held from anything else.
    seen: u64,
    /// The claims of the devices, by their number.
    claims: Vec<String>,
    /// It takes another device's requests for the first receiver's.
    accomplice: bool,
    /// Where the mailbox is.
    mailbox: String,
    /// Who has deleted the mailbox.
    pub(crate) deleted_by: Option<usize>,
}

impl Hash for Relay {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.mailboxes.kept().hash(state);
        self.seen.hash(state);
        self.deleted_by.hash(state);
    }
}

impl Relay {
    pub(crate) fn new(accomplice: bool) -> Self {
        Self {
            accomplice,
            ..Self::default()
        }
    }

    /// An honest answer to a device; `None` while there is nothing that it does not know.
    pub(crate) fn answer(
        &mut self,
        from: usize,
        request: &HttpRequest,
        look: &mut Look,
        now: u64,
        entropy: &mut Entropy,
    ) -> Option<HttpResponse> {
        if let Some(claim) = header(request, headers::DEVICE_CLAIM) {
            self.claims
                .resize(self.claims.len().max(from + 1), String::new());
            claim.clone_into(&mut self.claims[from]);
        }
        if !self.held.is_empty() && self.mailbox.is_empty() {
            self.mailbox.clone_from(&request.url);
        }
        let before = self.mailboxes.changes();
        let first = self
            .claims
            .get(1)
            .filter(|first| self.accomplice && from > 1 && !first.is_empty());
        let taken_for = first.map(|claim| claimed(request, claim));
        let request = taken_for.as_ref().unwrap_or(request);
        let answer = self.mailboxes.answer(request, look, now, entropy);
        if self.mailboxes.changes() != before {
            if let Some(data) = written(request) {
                self.hold(data);
            }
            if request.method == Method::Delete {
                self.deleted_by = Some(from);
            }
        } else if self.held.is_empty() {
            created(request)
                .into_iter()
                .for_each(|data| self.hold(data));
        }
        answer
    }

    /// The lies that can be told to a device's request.
    pub(crate) fn lies(&self, request: &HttpRequest) -> Vec<Lie> {
        let mut lies = vec![Lie::Gone, Lie::NotFound];
        match request.method {
            Method::Post if request.body.is_none() => {
                lies.extend([Lie::Acknowledged, Lie::Aborted, Lie::Ends, Lie::Replaced]);
                lies.extend((0..self.held.len().saturating_sub(1)).map(Lie::Old));
            }
            Method::Put => lies.extend([Lie::Swallowed, Lie::Conflict]),
            Method::Delete | Method::Patch => lies.push(Lie::Swallowed),
            _ => {}
        }
        lies
    }

    /// A lie to a request; nothing if it would be none.
    pub(crate) fn lie(
        &mut self,
        from: usize,
        request: &HttpRequest,
        lie: Lie,
        now: u64,
        entropy: &mut Entropy,
    ) -> Option<HttpResponse> {
        let other = match from {
            0 => Side::Receiver,
            _ => Side::Sender,
        };
        match lie {
            Lie::Old(at) => Some(content(self.held.get(at)?, now + crate::LIFETIME)),
            Lie::Acknowledged | Lie::Aborted => {
                let envelope = self.latest(other)?;
                let mut fields = envelope.fields()?;
                match lie {
                    Lie::Aborted => fields.abort = Some(vec![1, 5, 0]),
                    _ => fields.ack += 1,
                }
                let mic = envelope.mic.or(Some([7; 32]));
                Some(content(&fields.encode(|_| mic), now + crate::LIFETIME))
            }
            Lie::Ends => Some(content(self.held.last()?, now)),
            Lie::Replaced => {
                self.replace(now, entropy)?;
                self.mailboxes
                    .answer(request, &mut Look::first(request), now, entropy)
            }
            Lie::Gone => Some(problem(404, problems::NOT_FOUND)),
            Lie::NotFound => Some(HttpResponse {
                status: 404,
                ..HttpResponse::default()
            }),
            Lie::Swallowed => Some(HttpResponse {
                status: 200,
                headers: vec![(headers::PAYLOAD_VERSION.to_owned(), "swallowed".to_owned())],
                body: b"{}".to_vec(),
            }),
            Lie::Conflict => Some(problem(412, problems::CONFLICT)),
        }
    }

    /// Puts something that is nobody's into the mailbox, as if the sender had.
    fn replace(&mut self, now: u64, entropy: &mut Entropy) -> Option<()> {
        let body = UpdateRequest {
            payload: Payload::gss_api("AAAA".to_owned()),
            notification_token: None,
        };
        let forged = HttpRequest {
            method: Method::Put,
            url: self.mailbox.clone(),
            headers: vec![
                (headers::DEVICE_CLAIM, self.claims.first()?.clone()),
                (headers::REQUEST_ID, entropy.uuid().to_string()),
            ],
            body: serde_json::to_vec(&body).ok(),
            wait: 0,
            isolation: String::new(),
        };
        let mut look = Look::first(&forged);
        self.mailboxes
            .answer(&forged, &mut look, now, entropy)
            .map(drop)
    }

    /// How often the slot was written.
    pub(crate) fn writes(&self) -> usize {
        self.held.len()
    }

    fn hold(&mut self, data: String) {
        let mut hasher = DefaultHasher::new();
        (self.seen, &data).hash(&mut hasher);
        self.seen = hasher.finish();
        self.held.push(data.into());
    }

    /// What a side has written last.
    fn latest(&self, side: Side) -> Option<Envelope> {
        let envelopes = self
            .held
            .iter()
            .rev()
            .filter_map(|data| Envelope::decode(data));
        let mut of_side = envelopes
            .filter(|envelope| envelope.fields().is_some_and(|fields| fields.side == side));
        of_side.next()
    }
}

/// The same request of another device.
fn claimed(request: &HttpRequest, claim: &str) -> HttpRequest {
    let mut forged = request.clone();
    for (name, value) in &mut forged.headers {
        if *name == headers::DEVICE_CLAIM {
            claim.clone_into(value);
        }
    }
    forged
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let found = request.headers.iter().find(|(key, _)| *key == name);
    found.map(|(_, value)| value.as_str())
}

fn written(request: &HttpRequest) -> Option<String> {
    let update: UpdateRequest = serde_json::from_slice(request.body.as_deref()?).ok()?;
    Some(update.payload.data).filter(|_| request.method == Method::Put)
}

fn created(request: &HttpRequest) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(request.body.as_deref()?).ok()?;
    Some(body["payload"]["data"].as_str()?.to_owned())
}

fn content(data: &str, ends: u64) -> HttpResponse {
    let read = ReadResponse {
        payload: Payload {
            payload_type: PAYLOAD_TYPE.to_owned(),
            data: data.to_owned(),
        },
        display_information: DisplayInformation::default(),
        expiration: Some(format_timestamp(ends)),
    };
    HttpResponse {
        status: 200,
        headers: vec![(headers::PAYLOAD_VERSION.to_owned(), "lie".to_owned())],
        body: serde_json::to_vec(&read).unwrap_or_default(),
    }
}

fn problem(status: u16, of: &str) -> HttpResponse {
    let problem = Problem {
        problem_type: of.to_owned(),
        title: of.to_owned(),
        status,
        detail: None,
    };
    HttpResponse {
        status,
        headers: Vec::new(),
        body: serde_json::to_vec(&problem).unwrap_or_default(),
    }
}
