//! A relay in memory, behind the transport: apps test whole transfers without a network.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde::Serialize;
use tokio::sync::Notify;

use super::clock::{Clock as _, SystemClock};
use super::send::Time;
use super::{HttpTransport, TransportError, os_entropy};
use crate::mailbox::{
    CreateRequest, CreateResponse, HttpRequest, HttpResponse, Method, Problem, ReadResponse,
    UpdateRequest, UpdateResponse, decode_recipient_proof, headers, parse_timestamp, problems,
    recipient_proof_hash,
};

/// The draft's relay with this project's additions (long poll, conditional update, recipient proof), for an app's own
/// tests: give it to the clients as their transport, and [`ORIGIN`](Self::ORIGIN) as their relay.
#[derive(Default)]
pub struct InMemoryRelay {
    boxes: Mutex<HashMap<String, Mailbox>>,
    /// Some mailbox has changed.
    changed: Notify,
}

struct Mailbox {
    created: CreateRequest,
    version: u64,
    initiator: String,
    recipient: Option<String>,
    /// Claims and ids of the requests that were processed.
    processed: Vec<(String, String)>,
}

impl std::fmt::Debug for InMemoryRelay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InMemoryRelay(..)")
    }
}

/// The caller, and what it calls.
struct Caller {
    claim: String,
    request_id: Option<String>,
    may_bind: bool,
}

impl InMemoryRelay {
    /// The origin of its mailboxes: a name that no network knows (RFC 6761).
    pub const ORIGIN: &str = "https://relay.test";

    /// How many mailboxes there are.
    #[must_use]
    pub fn mailboxes(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Mailbox>> {
        let mut boxes = self.boxes.lock().unwrap_or_else(PoisonError::into_inner);
        boxes.retain(|_, mailbox| !mailbox.is_expired());
        boxes
    }

    /// `first` is false when a held read looks again: it takes no place that its device has given up meanwhile.
    fn answer(&self, request: &HttpRequest, first: bool) -> HttpResponse {
        let Some(path) = request.url.strip_prefix(Self::ORIGIN) else {
            return problem(404, problems::NOT_FOUND);
        };
        let Some(claim) = header(request, headers::DEVICE_CLAIM) else {
            return problem(400, problems::MALFORMED);
        };
        let caller = Caller {
            claim: claim.to_owned(),
            request_id: header(request, headers::REQUEST_ID).map(str::to_owned),
            may_bind: first,
        };
        match path.strip_prefix("/v1/m") {
            Some("") => self.create(caller, request),
            Some(rest) => self.serve(rest.trim_start_matches('/'), &caller, request),
            None => problem(404, problems::NOT_FOUND),
        }
    }

    fn create(&self, caller: Caller, request: &HttpRequest) -> HttpResponse {
        let (Some(created), Some(request_id)) = (body(request), caller.request_id) else {
            return problem(400, problems::MALFORMED);
        };
        let processed = (caller.claim.clone(), request_id);
        let mut boxes = self.lock();
        let known = boxes
            .iter()
            .find(|(_, mailbox)| mailbox.processed.contains(&processed));
        if let Some((id, mailbox)) = known {
            return mailbox.answer(201, &created_at(id));
        }
        let Ok(mut entropy) = os_entropy() else {
            return problem(503, problems::UNAVAILABLE);
        };
        let id = entropy.uuid().to_string();
        let answer = created_at(&id);
        let mailbox = Mailbox {
            created,
            version: 1,
            initiator: caller.claim,
            recipient: None,
            processed: vec![processed],
        };
        boxes.entry(id).or_insert(mailbox).answer(200, &answer)
    }

    fn serve(&self, id: &str, caller: &Caller, request: &HttpRequest) -> HttpResponse {
        let mut boxes = self.lock();
        let Entry::Occupied(mut entry) = boxes.entry(id.to_owned()) else {
            return problem(404, problems::NOT_FOUND);
        };
        let answer = entry.get_mut().serve(caller, request);
        if request.method == Method::Delete && answer.status == 200 {
            entry.remove();
        }
        if request.method != Method::Post {
            self.changed.notify_waiters();
        }
        answer
    }
}

impl Mailbox {
    fn is_expired(&self) -> bool {
        let configuration = self.created.mailbox_configuration.as_ref();
        let expiration = configuration.and_then(|c| c.expiration.as_deref());
        expiration
            .and_then(parse_timestamp)
            .is_some_and(|at| at <= SystemClock.now())
    }

    fn serve(&mut self, caller: &Caller, request: &HttpRequest) -> HttpResponse {
        if !self.knows(&caller.claim) && !self.binds(caller, request) {
            return problem(401, problems::UNAUTHORIZED);
        }
        if request.method == Method::Post {
            return self.answer(200, &self.content());
        }
        let Some(request_id) = caller.request_id.clone() else {
            return problem(400, problems::MALFORMED);
        };
        let processed = (caller.claim.clone(), request_id);
        if self.processed.contains(&processed) {
            return self.answer(
                201,
                &UpdateResponse {
                    is_push_notification_supported: false,
                },
            );
        }
        let answer = self.change(caller, request);
        if answer.status == 200 {
            self.processed.push(processed);
        }
        answer
    }

    fn knows(&self, claim: &str) -> bool {
        self.initiator == claim || self.recipient.as_deref() == Some(claim)
    }

    /// The first reader with the proof becomes the recipient.
    fn binds(&mut self, caller: &Caller, request: &HttpRequest) -> bool {
        let shown = header(request, headers::RECIPIENT_PROOF).and_then(decode_recipient_proof);
        let wanted = self.created.recipient_proof.as_ref();
        let proven = wanted.is_none_or(|wanted| {
            shown.is_some_and(|shown| recipient_proof_hash(&shown) == *wanted)
        });
        let free = caller.may_bind && self.recipient.is_none();
        if request.method != Method::Post || !free || !proven {
            return false;
        }
        self.recipient = Some(caller.claim.clone());
        true
    }

    fn change(&mut self, caller: &Caller, request: &HttpRequest) -> HttpResponse {
        match request.method {
            Method::Put => {
                let wanted =
                    header(request, headers::IF_MATCH).map(|value| value.trim_matches('"'));
                if wanted.is_some_and(|wanted| wanted != self.version.to_string()) {
                    return problem(412, problems::CONFLICT);
                }
                let Some(update) = body::<UpdateRequest>(request) else {
                    return problem(400, problems::MALFORMED);
                };
                self.created.payload = update.payload;
                self.version += 1;
            }
            Method::Patch if self.recipient.as_ref() != Some(&caller.claim) => {
                return problem(401, problems::UNAUTHORIZED);
            }
            Method::Patch => self.recipient = None,
            Method::Delete => {}
            Method::Get | Method::Post => return problem(405, problems::METHOD),
        }
        self.answer(
            200,
            &UpdateResponse {
                is_push_notification_supported: false,
            },
        )
    }

    fn content(&self) -> ReadResponse {
        let configuration = self.created.mailbox_configuration.as_ref();
        ReadResponse {
            payload: self.created.payload.clone(),
            display_information: self.created.display_information.clone(),
            expiration: configuration.and_then(|c| c.expiration.clone()),
        }
    }

    fn answer(&self, status: u16, body: &impl Serialize) -> HttpResponse {
        let version = (
            headers::PAYLOAD_VERSION.to_owned(),
            self.version.to_string(),
        );
        response(status, vec![version], body)
    }
}

fn created_at(id: &str) -> CreateResponse {
    CreateResponse {
        url_link: format!("{}/v1/m/{id}", InMemoryRelay::ORIGIN),
        is_push_notification_supported: false,
    }
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let found = request.headers.iter().find(|(key, _)| *key == name);
    found.map(|(_, value)| value.as_str())
}

fn body<T: serde::de::DeserializeOwned>(request: &HttpRequest) -> Option<T> {
    serde_json::from_slice(request.body.as_deref()?).ok()
}

fn problem(status: u16, problem_type: &str) -> HttpResponse {
    let problem = Problem {
        problem_type: problem_type.to_owned(),
        title: problem_type.to_owned(),
        status,
        detail: None,
    };
    response(status, Vec::new(), &problem)
}

fn response(status: u16, headers: Vec<(String, String)>, body: &impl Serialize) -> HttpResponse {
    HttpResponse {
        status,
        headers,
        body: serde_json::to_vec(body).unwrap_or_default(),
    }
}

/// Whether a read is to be held: the payload is still the one that the caller has seen.
fn is_held(request: &HttpRequest, response: &HttpResponse) -> bool {
    let known = header(request, headers::PAYLOAD_VERSION);
    request.method == Method::Post
        && response.status == 200
        && known.is_some()
        && known == response.header(headers::PAYLOAD_VERSION)
}

#[async_trait]
impl HttpTransport for InMemoryRelay {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let until = Time::within(std::time::Duration::from_secs(request.wait)).until;
        let mut first = true;
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let answer = self.answer(&request, first);
            first = false;
            let held = is_held(&request, &answer);
            if !held || tokio::time::timeout_at(until, changed).await.is_err() {
                return Ok(answer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::mailbox::Call;
    use crate::{
        AcceptOptions, Config, Credential, Error, InvitationRequest, MemoryStore, Outcome,
        TerminateReason, TransferClient, TransferEvent, TransferId, TransferState,
    };

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
        let read = Call::Read {
            wait: 60,
            known: Some("1".into()),
        };
        let held = transfer.request(&read).unwrap();
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
