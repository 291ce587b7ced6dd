//! A relay in memory, behind the transport: apps test whole transfers without a network.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tigress_mailbox::memory::{Look, MemoryRelay};
use tigress_mailbox::{HttpRequest, HttpResponse, TransportFailure};
use tokio::sync::watch;

use super::clock::{Clock as _, SystemClock};
use super::send::Time;
use super::{HttpTransport, TransportError, os_entropy};

/// The draft's relay with this project's additions (long poll, held and conditional update, recipient proof), for an app's own
/// tests: give it to the clients as their transport, and [`ORIGIN`](Self::ORIGIN) as their relay.
#[derive(Default)]
pub struct InMemoryRelay {
    state: Mutex<MemoryRelay>,
    /// Some mailbox has changed.
    changes: watch::Sender<u64>,
}

impl std::fmt::Debug for InMemoryRelay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InMemoryRelay(..)")
    }
}

impl InMemoryRelay {
    /// The origin of its mailboxes: a name that no network knows (RFC 6761).
    pub const ORIGIN: &str = "https://relay.test";

    /// How many mailboxes there are.
    #[must_use]
    pub fn mailboxes(&self) -> usize {
        self.with(|relay| relay.mailboxes(SystemClock.now()))
    }

    fn with<T>(&self, act: impl FnOnce(&mut MemoryRelay) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Nothing while there is nothing that the reader does not know.
    fn answer(
        &self,
        request: &HttpRequest,
        look: &mut Look,
    ) -> Result<Option<HttpResponse>, TransportError> {
        let mut entropy = os_entropy()
            .map_err(|error| TransportError::new(TransportFailure::Other, error.to_string()))?;
        let answer = self.with(|relay| {
            let answer = relay.answer(request, look, SystemClock.now(), &mut entropy);
            let changes = relay.changes();
            self.changes
                .send_if_modified(|seen| std::mem::replace(seen, changes) != changes);
            answer
        });
        Ok(answer)
    }
}

#[async_trait]
impl HttpTransport for InMemoryRelay {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let until = Time::within(Duration::from_secs(request.wait)).until;
        let mut look = Look::first(&request);
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(answer) = self.answer(&request, &mut look)? {
                return Ok(answer);
            }
            look.again();
            if tokio::time::timeout_at(until, changes.changed())
                .await
                .is_err()
            {
                look.at_last();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        AcceptOptions, Config, Credential, Error, InvitationRequest, MemoryStore, Outcome,
        TerminateReason, TransferClient, TransferEvent, TransferId,
    };
    use serde_json::json;
    use tigress_mailbox::{
        Call, DeviceClaim, Mailbox, Reply, RequestId, create_request, headers, interpret,
    };

    fn wallet(relay: &Arc<InMemoryRelay>) -> TransferClient {
        let config = Config::with_relay(InMemoryRelay::ORIGIN);
        let relay = Arc::clone(relay) as Arc<dyn HttpTransport>;
        TransferClient::new(config, Arc::new(MemoryStore::default()), Some(relay)).unwrap()
    }

    /// Goes to the end; done with the first credential.
    async fn watch(client: TransferClient, id: TransferId) -> Vec<TransferEvent> {
        let mut seen = Vec::new();
        let mut events = client.events(id).unwrap();
        while let Some(event) = events.next().await.unwrap() {
            if matches!(event, TransferEvent::CredentialReceived { .. }) {
                client.terminate(id, TerminateReason::Done).await.unwrap();
            }
            seen.push(event);
        }
        seen
    }

    fn request_id(n: u128) -> RequestId {
        RequestId::from(uuid::Uuid::from_u128(n))
    }

    /// A mailbox without a recipient proof, as a recipient of this claim addresses it.
    async fn mailbox(relay: &InMemoryRelay, claim: u128) -> Mailbox {
        let of = |n| DeviceClaim::from(uuid::Uuid::from_u128(n));
        let body = json!({
            "payload": { "type": "GSS_API", "data": "" },
            "displayInformation": { "title": "", "description": "", "imageURL": "" },
            "mailboxConfiguration": { "accessRights": "RWD" },
        });
        let body = body.to_string().into_bytes();
        let made = create_request(InMemoryRelay::ORIGIN, &of(1), &request_id(1), body, None);
        let made = relay.send(made).await.unwrap();
        let Reply::Created { url_link: url, .. } = interpret(None, &made) else {
            panic!("{made:?}");
        };
        let (claim, proof) = (of(claim), None);
        Mailbox { url, claim, proof }
    }

    #[tokio::test(start_paused = true)]
    async fn a_held_read_takes_no_place_that_its_device_gave_up() {
        let relay = InMemoryRelay::default();
        let [first, second] = [mailbox(&relay, 2).await, mailbox(&relay, 3).await];
        let read = |wait, known| Call::Read { wait, known };
        let content = relay.send(first.request(&read(0, None))).await.unwrap();
        let version = content.header(headers::PAYLOAD_VERSION).map(str::to_owned);
        let held = relay.send(first.request(&read(60, version)));
        let (held, _) = tokio::join!(held, async {
            tokio::task::yield_now().await;
            let request_id = request_id(2);
            relay
                .send(first.request(&Call::Relinquish { request_id }))
                .await
        });
        assert_eq!(held.unwrap().status, 401);
        let content = relay.send(second.request(&read(0, None))).await;
        assert_eq!(content.unwrap().status, 200, "the place is free");
    }

    #[tokio::test(start_paused = true)]
    async fn an_update_is_held_for_the_next_payload_and_done_whatever_comes() {
        let relay = InMemoryRelay::default();
        let [theirs, ours] = [mailbox(&relay, 2).await, mailbox(&relay, 1).await];
        assert_eq!(theirs.url, ours.url);
        let read = Call::Read {
            wait: 0,
            known: None,
        };
        relay.send(theirs.request(&read)).await.unwrap();
        let update = |n, payload: &str, wait| Call::Update {
            payload: payload.into(),
            request_id: request_id(n),
            if_match: None,
            notification: None,
            wait,
        };
        let held = update(2, "answer", 10);
        let (told, _) = tokio::join!(relay.send(theirs.request(&held)), async {
            tokio::task::yield_now().await;
            relay.send(ours.request(&update(3, "next", 0))).await
        });
        let again = relay.send(theirs.request(&held)).await.unwrap();
        for (told, was_repeated) in [(told.unwrap(), false), (again, true)] {
            match interpret(Some(&held), &told) {
                Reply::DoneAndRead { repeated, content } => {
                    assert_eq!((repeated, content.data.as_str()), (was_repeated, "next"));
                }
                other => panic!("{other:?}"),
            }
        }
        // Nobody writes; and the mailbox is deleted.
        for (n, ends) in [(4, false), (5, true)] {
            let held = update(n, "another", 10);
            let delete = Call::Delete {
                request_id: request_id(6),
            };
            let (told, ()) = tokio::join!(relay.send(theirs.request(&held)), async {
                tokio::task::yield_now().await;
                if ends {
                    relay.send(ours.request(&delete)).await.unwrap();
                }
            });
            let told = interpret(Some(&held), &told.unwrap());
            assert!(
                matches!(
                    &told,
                    Reply::Done {
                        repeated: false,
                        ..
                    }
                ),
                "{told:?}"
            );
        }
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
            .accept_invitation(url.as_bytes(), AcceptOptions::confirmed())
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
