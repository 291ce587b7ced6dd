//! A relay as plain state, for apps' own tests: whole requests in, whole answers out. Its rules are the relay's own
//! ([`rules`]); it has no limits.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::object::Object;
use crate::rules::{
    self, Answer, Command, Condition, CreateKey, Effect, NewMailbox, ProofDigest, Record, Refusal,
    Version,
};
use crate::{
    AccessRights, CreateRequest, CreateResponse, DeviceClaim, DisplayInformation,
    HeldUpdateResponse, HttpRequest, HttpResponse, MAILBOX_PATH, MailboxId, Method, Payload,
    Problem, ReadResponse, RequestId, UpdateRequest, UpdateResponse, decode_recipient_proof,
    format_timestamp, headers, parse_timestamp, problems,
};
use tigress_primitives::entropy::Entropy;

/// The draft's relay with this project's additions (long poll, held and conditional update, recipient proof).
#[derive(Clone, Default, PartialEq)]
pub struct MemoryRelay {
    records: BTreeMap<MailboxId, Record>,
    /// Which mailbox a CreateMailbox request has made.
    made: BTreeMap<CreateKey, MailboxId>,
    changes: u64,
}

impl std::fmt::Debug for MemoryRelay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryRelay(..)")
    }
}

/// Status and problem type of a call that was not done.
struct Fault(u16, &'static str);

const MALFORMED: Fault = Fault(400, problems::MALFORMED);
const NOT_FOUND: Fault = Fault(404, problems::NOT_FOUND);

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => NOT_FOUND,
            Refusal::Unauthorized => Self(401, problems::UNAUTHORIZED),
            Refusal::Conflict => Self(412, problems::CONFLICT),
        }
    }
}

/// How a read looks at the mailbox.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Whether a free place is taken: not when a held read looks again, whose device may have given it up meanwhile.
    pub bind: bool,
    /// What the reader has: while it is current, there is nothing to say.
    pub known: Option<Version>,
    /// What a held update has written: it is done, and looks by reads from then on.
    written: Option<Version>,
}

impl Look {
    /// The first look that a request takes.
    #[must_use]
    pub fn first(request: &HttpRequest) -> Self {
        Self {
            bind: true,
            known: parsed(request, headers::PAYLOAD_VERSION),
            written: None,
        }
    }

    /// The next look of the same request.
    pub fn again(&mut self) {
        self.bind = false;
    }

    /// The last one: its time is over.
    pub fn at_last(&mut self) {
        self.again();
        self.known = None;
    }
}

impl MemoryRelay {
    /// The origin of its mailboxes: a name that no network knows (RFC 6761).
    pub const ORIGIN: &str = "https://relay.test";

    /// How many mailboxes there are, at this time.
    pub fn mailboxes(&mut self, now: u64) -> usize {
        self.records.retain(|_, record| record.expires() > now);
        self.records.len()
    }

    /// All that it keeps of its mailboxes, as its store would: two relays that keep the same answer the same.
    #[must_use]
    pub fn kept(&self) -> Vec<u8> {
        self.records.values().flat_map(Record::to_bytes).collect()
    }

    /// How often a mailbox has changed: whoever holds a read looks again when this is another number.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The answer to a request; `None` while there is nothing that the reader does not know.
    pub fn answer(
        &mut self,
        request: &HttpRequest,
        look: &mut Look,
        now: u64,
        entropy: &mut Entropy,
    ) -> Option<HttpResponse> {
        self.records.retain(|_, record| record.expires() > now);
        self.call(request, look, now, entropy)
            .unwrap_or_else(|Fault(status, problem_type)| Some(problem(status, problem_type)))
    }

    fn call(
        &mut self,
        request: &HttpRequest,
        look: &mut Look,
        now: u64,
        entropy: &mut Entropy,
    ) -> Result<Option<HttpResponse>, Fault> {
        let path = request.url.strip_prefix(Self::ORIGIN);
        let path = path.and_then(|path| path.strip_prefix(MAILBOX_PATH));
        let path = path.ok_or(NOT_FOUND)?;
        let claim = parsed(request, headers::DEVICE_CLAIM).ok_or(MALFORMED)?;
        if path.is_empty() {
            return self.create(claim, request, entropy).map(Some);
        }
        let id: MailboxId = path
            .trim_start_matches('/')
            .parse()
            .map_err(|_| NOT_FOUND)?;
        if let Some(written) = look.written {
            return Ok(self.read_again(id, claim, *look, written, now));
        }
        let done = self.apply(id, command(claim, request, *look, entropy)?, now)?;
        match done {
            Answer::Done { version, repeated } if is_held_update(request) => {
                look.known = Some(version).filter(|_| !repeated);
                look.written = look.known;
                match look.written {
                    // What a repeated one wrote is not known any more.
                    None => Ok(self.with_content(id, claim, None, 201, now)),
                    Some(_) => Ok(None),
                }
            }
            done => Ok(said(done)),
        }
    }

    fn apply(&mut self, id: MailboxId, command: Command, now: u64) -> Result<Answer, Fault> {
        let record = self.records.get_mut(&id).ok_or(NOT_FOUND)?;
        let done = rules::apply(record, command, now);
        if done.effect == Effect::EraseAndWake {
            self.records.remove(&id);
        }
        if matches!(done.effect, Effect::KeepAndWake | Effect::EraseAndWake) {
            self.changes += 1;
        }
        Ok(done.answer?)
    }

    /// What a held update is told; `None` while the slot holds what it wrote.
    fn read_again(
        &mut self,
        id: MailboxId,
        claim: DeviceClaim,
        look: Look,
        written: Version,
        now: u64,
    ) -> Option<HttpResponse> {
        let is_over = look.known.is_none();
        let done = Answer::Done {
            version: written,
            repeated: false,
        };
        match is_over {
            true => said(done),
            false => self.with_content(id, claim, Some(written), 200, now),
        }
    }

    /// An update's answer with what the mailbox holds, unless that is of this version; without, if that can't be read any
    /// more.
    fn with_content(
        &mut self,
        id: MailboxId,
        claim: DeviceClaim,
        known: Option<Version>,
        status: u16,
        now: u64,
    ) -> Option<HttpResponse> {
        let again = Command::Read {
            claim,
            proof: None,
            bind: false,
            known,
        };
        let updated = UpdateResponse {
            is_push_notification_supported: false,
        };
        match self.apply(id, again, now) {
            Ok(Answer::Unchanged { .. }) => None,
            Ok(Answer::Content {
                payload,
                display,
                expires,
                version,
            }) => {
                let read = read_response(&payload, &display, expires);
                let both = HeldUpdateResponse { updated, read };
                Some(response(status, Some(version), &both))
            }
            _ => Some(response(status, known, &updated)),
        }
    }

    fn create(
        &mut self,
        claim: DeviceClaim,
        request: &HttpRequest,
        entropy: &mut Entropy,
    ) -> Result<HttpResponse, Fault> {
        let request_id = parsed(request, headers::REQUEST_ID).ok_or(MALFORMED)?;
        let body: CreateRequest = body(request)?;
        let key = CreateKey::of(claim, request_id);
        if let Some(id) = self.made.get(&key)
            && let Some(record) = self.records.get(id)
        {
            return Ok(response(201, Some(record.version()), &made_at(*id)));
        }
        let (id, version) = (MailboxId(entropy.uuid()), Version(entropy.uuid()));
        let record = new_record(claim, request_id, body, version)?;
        self.records.insert(id, record);
        self.made.insert(key, id);
        Ok(response(200, Some(version), &made_at(id)))
    }
}

fn made_at(id: MailboxId) -> CreateResponse {
    CreateResponse {
        url_link: format!("{}{MAILBOX_PATH}/{id}", MemoryRelay::ORIGIN),
        is_push_notification_supported: false,
    }
}

fn new_record(
    claim: DeviceClaim,
    request_id: RequestId,
    body: CreateRequest,
    version: Version,
) -> Result<Record, Fault> {
    let configuration = body.mailbox_configuration.unwrap_or_default();
    let rights = configuration.access_rights.as_deref();
    let expiration = configuration.expiration.as_deref();
    let expires = expiration.map(|text| parse_timestamp(text).ok_or(MALFORMED));
    let expires = expires.transpose()?.unwrap_or(u64::MAX);
    let proof = body.recipient_proof.as_deref();
    let proof = proof.map(|text| decode_recipient_proof(text).ok_or(MALFORMED));
    let proof = proof.transpose()?;
    Ok(Record::new(NewMailbox {
        claim,
        request_id,
        payload: body.payload,
        display: body.display_information,
        notification: body.notification_token,
        rights: match rights {
            Some(text) => text.parse().map_err(|_| MALFORMED)?,
            None => AccessRights::default(),
        },
        expires,
        bound_expires: expires,
        proof: proof.map(|digest| ProofDigest::new(*digest.expose())),
        version,
    }))
}

/// What a request asks of an existing mailbox.
fn command(
    claim: DeviceClaim,
    request: &HttpRequest,
    look: Look,
    entropy: &mut Entropy,
) -> Result<Command, Fault> {
    let request_id = || parsed(request, headers::REQUEST_ID).ok_or(MALFORMED);
    Ok(match request.method {
        Method::Post => {
            let proof = header(request, headers::RECIPIENT_PROOF).and_then(decode_recipient_proof);
            Command::Read {
                claim,
                proof: proof.as_ref().map(ProofDigest::of),
                bind: look.bind,
                known: look.known,
            }
        }
        Method::Put => {
            let update: UpdateRequest = body(request)?;
            Command::Update {
                claim,
                request_id: request_id()?,
                condition: header(request, headers::IF_MATCH)
                    .map_or(Condition::None, Condition::parse),
                payload: Arc::new(update.payload),
                notification: update.notification_token,
                version: Version(entropy.uuid()),
            }
        }
        Method::Patch => Command::Relinquish {
            claim,
            request_id: request_id()?,
        },
        Method::Delete => {
            let _: RequestId = request_id()?;
            Command::Delete { claim }
        }
        Method::Get => return Err(Fault(405, problems::METHOD)),
    })
}

fn said(answer: Answer) -> Option<HttpResponse> {
    let nothing = UpdateResponse {
        is_push_notification_supported: false,
    };
    Some(match answer {
        Answer::Content {
            payload,
            display,
            expires,
            version,
        } => {
            let read = read_response(&payload, &display, expires);
            response(200, Some(version), &read)
        }
        Answer::Unchanged { .. } => return None,
        Answer::Done { version, repeated } => {
            response(if repeated { 201 } else { 200 }, Some(version), &nothing)
        }
        Answer::Deleted | Answer::Shown { .. } => response(200, None, &nothing),
    })
}

fn read_response(payload: &Payload, display: &DisplayInformation, expires: u64) -> ReadResponse {
    ReadResponse {
        payload: payload.clone(),
        display_information: display.clone(),
        expiration: Some(format_timestamp(expires)),
    }
}

/// As wallets of this project ask for it.
fn is_held_update(request: &HttpRequest) -> bool {
    let wish = header(request, headers::PREFER);
    request.method == Method::Put && wish.is_some_and(|wish| wish.contains("return=representation"))
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let found = request.headers.iter().find(|(key, _)| *key == name);
    found.map(|(_, value)| value.as_str())
}

fn parsed<T: FromStr>(request: &HttpRequest, name: &str) -> Option<T> {
    header(request, name)?.parse().ok()
}

fn body<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Fault> {
    let body = request.body.as_deref().unwrap_or_default();
    let Object(body) = serde_json::from_slice(body).map_err(|_| MALFORMED)?;
    Ok(body)
}

fn problem(status: u16, problem_type: &str) -> HttpResponse {
    let problem = Problem {
        problem_type: problem_type.to_owned(),
        title: problem_type.to_owned(),
        status,
        detail: None,
    };
    response(status, None, &problem)
}

fn response(status: u16, version: Option<Version>, body: &impl Serialize) -> HttpResponse {
    let version = version.map(|version| (headers::PAYLOAD_VERSION.to_owned(), version.to_string()));
    HttpResponse {
        status,
        headers: version.into_iter().collect(),
        body: serde_json::to_vec(body).unwrap_or_default(),
    }
}
