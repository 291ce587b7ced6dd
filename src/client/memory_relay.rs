//! A relay in memory, behind the transport: apps test whole transfers without a network. Its rules are the relay's own
//! (`tigress_mailbox::rules`); it has no limits.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tigress_mailbox::rules::{
    self, Answer, Command, Condition, CreateKey, Effect, NewMailbox, ProofDigest, Record, Refusal,
    Version,
};
use tigress_mailbox::{
    AccessRights, CreateRequest, CreateResponse, DeviceClaim, HttpRequest, HttpResponse,
    MAILBOX_PATH, MailboxId, Method, Payload, Problem, ReadResponse, RequestId, UpdateRequest,
    UpdateResponse, decode_recipient_proof, format_timestamp, headers, parse_timestamp, problems,
};
use tokio::sync::Notify;

use super::clock::{Clock as _, SystemClock};
use super::send::Time;
use super::{HttpTransport, TransportError, os_entropy};

/// The draft's relay with this project's additions (long poll, conditional update, recipient proof), for an app's own
/// tests: give it to the clients as their transport, and [`ORIGIN`](Self::ORIGIN) as their relay.
#[derive(Default)]
pub struct InMemoryRelay {
    boxes: Mutex<Boxes>,
    /// Some mailbox has changed.
    changed: Notify,
}

#[derive(Default)]
struct Boxes {
    records: HashMap<MailboxId, Record>,
    /// Which mailbox a CreateMailbox request has made.
    made: HashMap<CreateKey, MailboxId>,
}

impl std::fmt::Debug for InMemoryRelay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InMemoryRelay(..)")
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
#[derive(Clone, Copy)]
struct Look {
    /// Whether a free place is taken: not when a held read looks again, whose device may have given it up meanwhile.
    bind: bool,
    /// What the reader has: while it is current, there is nothing to say.
    known: Option<Version>,
}

impl InMemoryRelay {
    /// The origin of its mailboxes: a name that no network knows (RFC 6761).
    pub const ORIGIN: &str = "https://relay.test";

    /// How many mailboxes there are.
    #[must_use]
    pub fn mailboxes(&self) -> usize {
        self.lock().records.len()
    }

    fn lock(&self) -> MutexGuard<'_, Boxes> {
        let mut boxes = self.boxes.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemClock.now();
        boxes.records.retain(|_, record| record.expires() > now);
        boxes
    }

    /// `None` while there is nothing that the reader does not know.
    fn answer(&self, request: &HttpRequest, look: Look) -> Option<HttpResponse> {
        self.call(request, look)
            .unwrap_or_else(|Fault(status, problem_type)| Some(problem(status, problem_type)))
    }

    fn call(&self, request: &HttpRequest, look: Look) -> Result<Option<HttpResponse>, Fault> {
        let path = request.url.strip_prefix(Self::ORIGIN);
        let path = path.and_then(|path| path.strip_prefix(MAILBOX_PATH));
        let path = path.ok_or(NOT_FOUND)?;
        let claim = parsed(request, headers::DEVICE_CLAIM).ok_or(MALFORMED)?;
        if path.is_empty() {
            return self.create(claim, request).map(Some);
        }
        let id: MailboxId = path
            .trim_start_matches('/')
            .parse()
            .map_err(|_| NOT_FOUND)?;
        let command = command(claim, request, look)?;
        let mut boxes = self.lock();
        let record = boxes.records.get_mut(&id).ok_or(NOT_FOUND)?;
        let done = rules::apply(record, command, SystemClock.now());
        if done.effect == Effect::EraseAndWake {
            boxes.records.remove(&id);
        }
        if matches!(done.effect, Effect::KeepAndWake | Effect::EraseAndWake) {
            self.changed.notify_waiters();
        }
        Ok(said(done.answer?))
    }

    fn create(&self, claim: DeviceClaim, request: &HttpRequest) -> Result<HttpResponse, Fault> {
        let request_id = parsed(request, headers::REQUEST_ID).ok_or(MALFORMED)?;
        let body: CreateRequest = body(request)?;
        let key = CreateKey::of(claim, request_id);
        let mut boxes = self.lock();
        if let Some(id) = boxes.made.get(&key)
            && let Some(record) = boxes.records.get(id)
        {
            return Ok(response(201, Some(record.version()), &made_at(*id)));
        }
        let mut entropy = os_entropy().map_err(|_| Fault(503, problems::UNAVAILABLE))?;
        let (id, version) = (MailboxId(entropy.uuid()), Version(entropy.uuid()));
        let record = new_record(claim, request_id, body, version)?;
        boxes.records.insert(id, record);
        boxes.made.insert(key, id);
        Ok(response(200, Some(version), &made_at(id)))
    }
}

fn made_at(id: MailboxId) -> CreateResponse {
    CreateResponse {
        url_link: format!("{}{MAILBOX_PATH}/{id}", InMemoryRelay::ORIGIN),
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
fn command(claim: DeviceClaim, request: &HttpRequest, look: Look) -> Result<Command, Fault> {
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
            let entropy = os_entropy().map_err(|_| Fault(503, problems::UNAVAILABLE));
            Command::Update {
                claim,
                request_id: request_id()?,
                condition: header(request, headers::IF_MATCH)
                    .map_or(Condition::None, Condition::parse),
                payload: Arc::new(update.payload),
                notification: update.notification_token,
                version: Version(entropy?.uuid()),
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
            let read = ReadResponse {
                payload: Payload::clone(&payload),
                display_information: (*display).clone(),
                expiration: Some(format_timestamp(expires)),
            };
            response(200, Some(version), &read)
        }
        Answer::Unchanged { .. } => return None,
        Answer::Done { version, repeated } => {
            response(if repeated { 201 } else { 200 }, Some(version), &nothing)
        }
        Answer::Deleted | Answer::Shown { .. } => response(200, None, &nothing),
    })
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
    serde_json::from_slice(body).map_err(|_| MALFORMED)
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

#[async_trait]
impl HttpTransport for InMemoryRelay {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let until = Time::within(std::time::Duration::from_secs(request.wait)).until;
        let mut look = Look {
            bind: true,
            known: parsed(&request, headers::PAYLOAD_VERSION),
        };
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(answer) = self.answer(&request, look) {
                return Ok(answer);
            }
            look.bind = false;
            if tokio::time::timeout_at(until, changed).await.is_err() {
                look.known = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::{
        AcceptOptions, Config, Credential, Error, InvitationRequest, MemoryStore, Outcome,
        TerminateReason, TransferClient, TransferEvent, TransferId, TransferState,
    };
    use tigress_mailbox::Call;

    fn wallet(relay: &Arc<InMemoryRelay>) -> TransferClient {
        let config = Config::with_relay(InMemoryRelay::ORIGIN);
        let relay = Arc::clone(relay) as Arc<dyn HttpTransport>;
        TransferClient::new(config, Arc::new(MemoryStore::default()), Some(relay)).unwrap()
    }

    /// Polls to the end; done with the first credential.
    async fn watch(client: TransferClient, id: TransferId) -> Vec<TransferEvent> {
        let (mut seen, mut cursor) = (Vec::new(), 0);
        loop {
            let update = client
                .poll(id, Duration::from_secs(20), cursor)
                .await
                .unwrap();
            cursor = update.cursor;
            for event in update.events {
                if matches!(event, TransferEvent::CredentialReceived { .. }) {
                    client.terminate(id, TerminateReason::Done).await.unwrap();
                }
                seen.push(event);
            }
            if matches!(update.state, TransferState::Closed(_)) {
                return seen;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_held_read_takes_no_place_that_its_device_gave_up() {
        let relay = Arc::new(InMemoryRelay::default());
        let (sender, receiver) = (wallet(&relay), wallet(&relay));
        let invitation = sender.create_invitation(InvitationRequest::default());
        let url = invitation.await.unwrap().share_url.to_url();
        let accepted = receiver.accept_invitation(url.as_bytes(), AcceptOptions::default());
        let id = accepted.await.unwrap();
        let (transfer, _) = receiver.load(id).await.unwrap().unwrap();
        let read = |wait, known| transfer.request(&Call::Read { wait, known }).unwrap();
        let content = relay.send(read(0, None)).await.unwrap();
        let version = content.header(headers::PAYLOAD_VERSION).map(str::to_owned);
        let held = read(60, version);
        let (read, _) = tokio::join!(relay.send(held), async {
            tokio::task::yield_now().await;
            receiver.decline(id).await.unwrap();
            receiver.sync(Duration::from_secs(5)).await.unwrap();
        });
        assert_eq!(read.unwrap().status, 401);
        let next = wallet(&relay);
        let accepted = next.accept_invitation(url.as_bytes(), AcceptOptions::default());
        assert!(accepted.await.is_ok(), "the place is free");
    }

    #[tokio::test]
    async fn a_wallets_own_test_carries_a_whole_transfer() {
        let relay = Arc::new(InMemoryRelay::default());
        let (sender, receiver) = (wallet(&relay), wallet(&relay));
        let request = InvitationRequest {
            credential: Some(Credential::new("org.example.key", b"key".to_vec())),
            ..InvitationRequest::default()
        };
        let invitation = sender.create_invitation(request).await.unwrap();
        assert_eq!(relay.mailboxes(), 1);
        let url = invitation.share_url.to_url();
        // Given back unused, it serves another device; a third one is refused.
        let first = wallet(&relay);
        let declined = first
            .accept_invitation(url.as_bytes(), AcceptOptions::default())
            .await
            .unwrap();
        first.decline(declined).await.unwrap();
        watch(first.clone(), declined).await;
        let id = receiver
            .accept_invitation(url.as_bytes(), AcceptOptions::default())
            .await
            .unwrap();
        let third = wallet(&relay)
            .accept_invitation(url.as_bytes(), AcceptOptions::default())
            .await;
        assert_eq!(third, Err(Error::ClaimedByAnother));

        let (sent, received) =
            tokio::join!(watch(sender, invitation.transfer), watch(receiver, id));
        let completed = TransferEvent::Closed {
            outcome: Outcome::Completed,
        };
        assert_eq!(sent.last(), Some(&completed));
        assert_eq!(received.last(), Some(&completed));
        assert_eq!(relay.mailboxes(), 0);
    }
}
