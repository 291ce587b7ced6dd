//! The story of transfers over the real relay: the eight steps one by one, and everything that may happen between two
//! wallets that behave.

mod calls;
mod company;
mod endings;
mod events;
mod steps;
mod waiting;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tigress::invitation::{parse_invitation, qr_code};
use tigress::{
    AcceptOptions, Credential, HttpTransport, Invitation, InvitationRequest, MemoryStore, Outcome,
    TerminateReason, TransferClient, TransferEvent, TransferId, TransferRole, TransferState,
    TransferStore, built_in_transport,
};
use tigress_gss::auth_credential::AuthCredential;
use tigress_gss::gss::mechanism_of;
use tigress_mailbox::{HttpRequest, Method, NotificationToken, headers};
use tigress_protocol::invitation::InvitationFile;
use tigress_testkit::{Apps, Exchanged, Follower, Recorder, TestRelay, tokens_of};

const SECOND: Duration = Duration::from_secs(1);

fn note(text: impl Into<Vec<u8>>) -> Credential {
    Credential::new("org.example.note", text.into())
}

fn delivered(index: u64) -> TransferEvent {
    TransferEvent::CredentialDelivered { index }
}

fn closed(outcome: Outcome) -> TransferEvent {
    TransferEvent::Closed { outcome }
}

async fn invite(client: &TransferClient) -> (Invitation, String) {
    let request = InvitationRequest {
        title: "Room 7".into(),
        ..InvitationRequest::default()
    };
    let invitation = client.create_invitation(request).await.unwrap();
    let url = invitation.share_url.to_url().to_string();
    (invitation, url)
}

async fn accept(client: &TransferClient, url: &str) -> TransferId {
    let accepted = client.accept_invitation(url, AcceptOptions::confirmed());
    accepted.await.unwrap()
}

/// Two wallets in the middle of a transfer, both polling.
struct Pair {
    alice: TransferClient,
    bob: TransferClient,
    ours: TransferId,
    theirs: TransferId,
    sender: Follower,
    receiver: Follower,
}

impl Pair {
    async fn established(relay: &TestRelay) -> Self {
        Self::between(relay.client(), relay.client()).await
    }

    async fn between(alice: TransferClient, bob: TransferClient) -> Self {
        let (invitation, url) = invite(&alice).await;
        let ours = invitation.transfer;
        let theirs = accept(&bob, &url).await;
        let mut pair = Self {
            sender: Follower::start(&alice, ours),
            receiver: Follower::start(&bob, theirs),
            alice,
            bob,
            ours,
            theirs,
        };
        pair.sender.event(&TransferEvent::Established).await;
        pair.receiver.event(&TransferEvent::Established).await;
        pair
    }

    async fn outcomes(&mut self) -> [Outcome; 2] {
        [self.sender.outcome().await, self.receiver.outcome().await]
    }
}

/// The mailbox's preview page: there as long as the mailbox is.
async fn page(invitation: &Invitation) -> u16 {
    let http = built_in_transport(&tigress::Config::default()).unwrap();
    let request = HttpRequest {
        method: Method::Get,
        url: invitation.share_url.mailbox_url(),
        headers: Vec::new(),
        body: None,
        wait: 0,
        isolation: String::new(),
    };
    http.send(request).await.unwrap().status
}

/// A client whose requests are recorded.
fn recorded(relay: &TestRelay) -> (TransferClient, Arc<Recorder>) {
    let config = relay.config();
    let recorder = Recorder::new(built_in_transport(&config).unwrap());
    let http: Arc<dyn HttpTransport> = recorder.clone();
    let store = Arc::new(MemoryStore::new());
    let client = TransferClient::new(config, store, Some(http)).unwrap();
    (client, recorder)
}

/// One round at the relay, then what is new.
async fn round(client: &TransferClient, id: TransferId, cursor: &mut u64) -> Vec<TransferEvent> {
    client.sync(10 * SECOND).await.unwrap();
    let update = client.poll(id, Duration::ZERO, *cursor).await.unwrap();
    *cursor = update.cursor;
    update.events
}

async fn state(client: &TransferClient, id: TransferId) -> TransferState {
    let transfers = client.transfers().await.unwrap();
    transfers.iter().find(|t| t.id == id).unwrap().state
}

/// The payload's data in the body of a write, or of the answer to a read.
fn slot_data(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body["payload"]["data"].as_str().map(str::to_owned)
}

/// What the last write of a client put into the slot.
fn last_written(recorder: &Recorder) -> String {
    let log = recorder.log();
    let mut bodies = log.iter().filter_map(|one| one.request.body.as_deref());
    slot_data(bodies.next_back().unwrap()).unwrap()
}

/// What was asked and what came back, with the number of tokens: for a failing test's message.
fn listed(recorder: &Recorder) -> String {
    let tokens = |body: &[u8]| slot_data(body).map(|data| tokens_of(&data).len());
    let one = |one: Exchanged| {
        let response = one.response.unwrap_or_default();
        let sent = one.request.body.as_deref().and_then(tokens);
        let got = tokens(&response.body);
        let method = one.request.method.name();
        format!("{method} {sent:?} -> {} {got:?}", response.status)
    };
    let all: Vec<_> = recorder.log().into_iter().map(one).collect();
    all.join(", ")
}

fn methods(recorder: &Recorder) -> Vec<&'static str> {
    let log = recorder.log();
    log.iter().map(|one| one.request.method.name()).collect()
}
