//! The story of transfers over the real relay: the eight steps one by one, and everything that may happen between two
//! wallets that behave.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tigress::auth_credential::AuthCredential;
use tigress::gss::mechanism_of;
use tigress::invitation::{InvitationFile, parse_invitation, qr_code_png};
use tigress::mailbox::{HttpRequest, Method, NotificationToken, headers};
use tigress::{
    AcceptOptions, Credential, HttpTransport, Invitation, InvitationRequest, MemoryStore, Outcome,
    TerminateReason, TransferClient, TransferEvent, TransferId, TransferRole, TransferState,
    TransferStore, built_in_transport,
};
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
    let accepted = client.accept_invitation(url, AcceptOptions::default());
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
    let bodies = log.iter().filter_map(|one| one.request.body.as_deref());
    slot_data(bodies.last().unwrap()).unwrap()
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

#[tokio::test(flavor = "multi_thread")]
async fn the_eight_steps() {
    let relay = TestRelay::start().await;
    let ((alice, at_alice), (bob, at_bob)) = (recorded(&relay), recorded(&relay));
    let (mut ours_seen, mut theirs_seen) = (0, 0);

    // Steps 1 to 3, sender: one request makes the mailbox, with token 1 in it.
    let request = InvitationRequest {
        title: "Room 7".into(),
        description: "Until Sunday".into(),
        ..InvitationRequest::default()
    };
    let invitation = alice.create_invitation(request).await.unwrap();
    let ours = invitation.transfer;
    assert_eq!(methods(&at_alice), ["POST"]);
    let secret = invitation.share_url.secret.clone();
    let tokens = tokens_of(&last_written(&at_alice));
    let [token] = &tokens[..] else {
        panic!("one token")
    };
    assert!(token.len() <= 320, "{} bytes", token.len());

    // Step 1: the auth credential lies in it, sealed under the shared secret.
    let mechanism = mechanism_of(token).unwrap();
    let start = token.windows(4).position(|w| w[..3] == [1, 1, 0]).unwrap() + 2;
    let length = usize::from(u16::from_be_bytes([token[start], token[start + 1]]));
    let sealed = &token[start + 2..start + 2 + length];
    let auth = AuthCredential::open(&secret, &mechanism, sealed).unwrap();
    assert_eq!(auth.expires_at, invitation.expires_at);
    assert_eq!(auth.expires_at - auth.issued_at, 48 * 3600);
    assert!(!auth.pin_required);

    // Step 2: token 1 is what the file carries, too.
    let file = InvitationFile::parse(&invitation.file).unwrap();
    assert_eq!(file.token.as_ref(), Some(token));

    // Step 3: the share URL is the mailbox's, with the secret in its fragment.
    let url = invitation.share_url.to_url();
    assert!(
        url.starts_with(relay.url()) && url.len() <= 128,
        "{}",
        url.len()
    );
    assert_eq!(page(&invitation).await, 200);
    assert_eq!(state(&alice, ours).await, TransferState::Invited);

    // Step 4, receiver: link, file and QR code say the same.
    let parsed = parse_invitation(url.as_bytes()).unwrap();
    assert_eq!(parsed.share_url, invitation.share_url);
    let from_file = parse_invitation(&invitation.file).unwrap();
    assert_eq!(from_file.share_url, invitation.share_url);
    assert_eq!(from_file.title.unwrap().raw(), "Room 7");
    assert!(!qr_code_png(&invitation.share_url, 4).is_empty());

    // Step 5, receiver: the mailbox is claimed and read, the credential validated; nothing is answered.
    let theirs = accept(&bob, &url).await;
    assert_eq!(methods(&at_bob), ["POST"]);
    let summary = bob.transfers().await.unwrap().remove(0);
    assert_eq!(summary.role, TransferRole::Receiver);
    assert_eq!(summary.state, TransferState::Establishing);
    assert_eq!(summary.display.title.raw(), "Room 7");
    assert_eq!(summary.expires_at, invitation.expires_at);
    assert_eq!(round(&alice, ours, &mut ours_seen).await, []);

    // Step 6: token 2 from the receiver, which is not established by that…
    assert_eq!(round(&bob, theirs, &mut theirs_seen).await, []);
    assert_eq!(tokens_of(&last_written(&at_bob)).len(), 1);
    assert_eq!(state(&bob, theirs).await, TransferState::Establishing);
    // … token 3 from the sender, which is…
    let events = round(&alice, ours, &mut ours_seen).await;
    assert_eq!(
        events,
        [TransferEvent::Accepted, TransferEvent::Established]
    );
    assert_eq!(state(&alice, ours).await, TransferState::Established);
    // … and by token 3 the receiver.
    let events = round(&bob, theirs, &mut theirs_seen).await;
    assert_eq!(events, [TransferEvent::Established]);

    // Step 7: the credential is made now, wrapped and sent.
    let credential = Credential {
        media_type: Some("application/json".into()),
        ..Credential::new(
            "digitalwallet.generic.authorizationToken",
            br#"{"room":7}"#.to_vec(),
        )
    };
    let index = alice
        .send_credential(ours, credential.clone())
        .await
        .unwrap();
    assert_eq!(index, 0);
    assert_eq!(round(&alice, ours, &mut ours_seen).await, []);
    let wrapped = tokens_of(&last_written(&at_alice)).pop().unwrap();
    assert_eq!(&wrapped[..2], [2, 1], "a wrap token");
    assert_eq!(
        wrapped.len(),
        52 + 1024,
        "padded: its size does not tell what it is"
    );

    // Step 8: unwrapped; the sender learns that it arrived.
    let events = round(&bob, theirs, &mut theirs_seen).await;
    assert_eq!(
        events,
        [TransferEvent::CredentialReceived {
            credential,
            index: 0
        }]
    );
    assert_eq!(round(&alice, ours, &mut ours_seen).await, [delivered(0)]);

    // Step 8, its end: the receiver is done, the sender acknowledges, the mailbox is deleted.
    bob.terminate(theirs, TerminateReason::Done).await.unwrap();
    assert_eq!(state(&bob, theirs).await, TransferState::Closing);
    assert_eq!(round(&bob, theirs, &mut theirs_seen).await, []);
    let events = round(&alice, ours, &mut ours_seen).await;
    assert_eq!(events, [closed(Outcome::Completed)]);
    let events = round(&bob, theirs, &mut theirs_seen).await;
    assert_eq!(events, [closed(Outcome::Completed)]);
    assert_eq!(page(&invitation).await, 404);
    assert_eq!(methods(&at_bob).last(), Some(&"DELETE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_ending_additional_calls_ten_each_way() {
    let relay = TestRelay::start().await;
    let mut pair = Pair::established(&relay).await;
    let send = |text: String| pair.alice.send_credential(pair.ours, note(text));
    send("the credential".into()).await.unwrap();
    let mut expected = vec![note("the credential")];
    for n in 0..10 {
        // Each waits for the answer before it, as calls do.
        pair.receiver.received(n + 1).await;
        let question = note(format!("question {n}"));
        pair.bob
            .send_credential(pair.theirs, question.clone())
            .await
            .unwrap();
        assert_eq!(pair.sender.received(n + 1).await.pop(), Some(question));
        let answer = note(format!("answer {n}"));
        pair.alice
            .send_credential(pair.ours, answer.clone())
            .await
            .unwrap();
        expected.push(answer);
    }
    assert_eq!(pair.receiver.received(11).await, expected);
    pair.alice
        .terminate(pair.ours, TerminateReason::Done)
        .await
        .unwrap();
    assert_eq!(pair.outcomes().await, [Outcome::Completed; 2]);
    // Each was reported delivered, once, in order, and all before the end.
    for (events, count) in [(pair.sender.events(), 11), (pair.receiver.events(), 10)] {
        let told: Vec<_> = events
            .iter()
            .filter(|e| matches!(e, TransferEvent::CredentialDelivered { .. }))
            .cloned()
            .collect();
        assert_eq!(told, (0..count).map(delivered).collect::<Vec<_>>());
        assert_eq!(events.last(), Some(&closed(Outcome::Completed)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn back_to_back_and_crossing_writes_arrive_once_and_in_order() {
    let relay = TestRelay::start().await;
    let mut pair = Pair::established(&relay).await;
    // More than fits into the window of unacknowledged tokens, from both sides at once.
    const COUNT: u64 = 40;
    let text = |side: &str, n: u64| note(format!("{side} {n}"));
    let from_alice = async {
        for n in 0..COUNT {
            let sent = pair
                .alice
                .send_credential(pair.ours, text("alice", n))
                .await;
            assert_eq!(sent, Ok(n));
        }
    };
    let from_bob = async {
        for n in 0..COUNT {
            let sent = pair.bob.send_credential(pair.theirs, text("bob", n)).await;
            assert_eq!(sent, Ok(n));
        }
    };
    tokio::join!(from_alice, from_bob);
    let expected = |side| (0..COUNT).map(|n| text(side, n)).collect::<Vec<_>>();
    assert_eq!(
        pair.receiver.received(COUNT as usize).await,
        expected("alice")
    );
    assert_eq!(pair.sender.received(COUNT as usize).await, expected("bob"));
    pair.sender.event(&delivered(COUNT - 1)).await;
    pair.receiver.event(&delivered(COUNT - 1)).await;
    pair.bob
        .terminate(pair.theirs, TerminateReason::Done)
        .await
        .unwrap();
    assert_eq!(pair.outcomes().await, [Outcome::Completed; 2]);
}

/// Requests that count: all but waiting reads that came back unchanged.
fn requests(recorders: [&Recorder; 2]) -> usize {
    let counts = |recorder: &Recorder| {
        let log = recorder.log();
        let unchanged = log.iter().filter(|one| {
            let known = one.request.headers.iter();
            let known = known
                .clone()
                .find(|(name, _)| *name == headers::PAYLOAD_VERSION);
            let now = one
                .response
                .as_ref()
                .and_then(|r| r.header(headers::PAYLOAD_VERSION));
            known.is_some_and(|(_, known)| now == Some(known))
        });
        log.len() - unchanged.count()
    };
    counts(recorders[0]) + counts(recorders[1])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_queued_before_anybody_answered_leaves_with_token_3() {
    let relay = TestRelay::start().await;
    let ((alice, at_alice), (bob, at_bob)) = (recorded(&relay), recorded(&relay));
    let request = InvitationRequest {
        credential: Some(note("queued with the invitation")),
        ..InvitationRequest::default()
    };
    let invitation = alice.create_invitation(request).await.unwrap();
    let ours = invitation.transfer;
    let second = alice.send_credential(ours, note("queued after it")).await;
    assert_eq!(second, Ok(1));
    let mut sender = Follower::start(&alice, ours);
    let theirs = accept(&bob, &invitation.share_url.to_url()).await;
    let events = receive_one(bob, theirs).await;
    assert_eq!(sender.outcome().await, Outcome::Completed);
    let received = Apps::received(&events);
    assert_eq!(
        received,
        [note("queued with the invitation"), note("queued after it")]
    );
    // Token 3 and both messages went in one envelope.
    let envelopes = at_alice
        .log()
        .into_iter()
        .filter_map(|one| slot_data(&one.request.body?))
        .map(|data| tokens_of(&data).len());
    assert!(envelopes.into_iter().any(|tokens| tokens == 3));
    let count = requests([&at_alice, &at_bob]);
    assert!(
        count <= 11,
        "{count} requests:\n{}\n{}",
        listed(&at_alice),
        listed(&at_bob)
    );
}

/// A receiving app that does one thing after the other: what it gets, it keeps, and is done.
async fn receive_one(client: TransferClient, id: TransferId) -> Vec<TransferEvent> {
    let (mut cursor, mut events) = (0, Vec::new());
    while Apps::outcome(&events).is_none() {
        let update = client.poll(id, 20 * SECOND, cursor).await.unwrap();
        cursor = update.cursor;
        if !Apps::received(&update.events).is_empty() {
            client.terminate(id, TerminateReason::Done).await.unwrap();
        }
        events.extend(update.events);
    }
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_made_after_established_takes_few_requests() {
    let relay = TestRelay::start().await;
    let ((alice, at_alice), (bob, at_bob)) = (recorded(&relay), recorded(&relay));
    let (invitation, url) = invite(&alice).await;
    let ours = invitation.transfer;
    let theirs = accept(&bob, &url).await;
    let receiver = tokio::spawn(receive_one(bob, theirs));
    let mut sender = Follower::start(&alice, ours);
    sender.event(&TransferEvent::Established).await;
    // The credential takes its time: token 3 was acknowledged long ago.
    let acknowledged = |one: &Exchanged| {
        let body = one.response.as_ref().map(|response| &response.body[..]);
        body.and_then(slot_data)
            .is_some_and(|data| tokens_of(&data).is_empty())
    };
    at_alice.until(|log| log.iter().any(acknowledged)).await;
    alice.send_credential(ours, note("made now")).await.unwrap();
    assert_eq!(sender.outcome().await, Outcome::Completed);
    let events = receiver.await.unwrap();
    assert_eq!(Apps::received(&events), [note("made now")]);
    let count = requests([&at_alice, &at_bob]);
    assert!(
        count <= 15,
        "{count} requests:\n{}\n{}",
        listed(&at_alice),
        listed(&at_bob)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_two_are_never_online_together() {
    let relay = TestRelay::start().await;
    let stores = [(); 2].map(|()| Arc::new(MemoryStore::new()));
    // An app that is started for one round, and then is gone again.
    let start = |side: usize| {
        let store: Arc<dyn TransferStore> = stores[side].clone();
        relay.client_over(store)
    };
    let (invitation, url) = invite(&start(0)).await;
    let ours = invitation.transfer;
    start(0).send_credential(ours, note("key")).await.unwrap();
    let theirs = accept(&start(1), &url).await;
    let (mut ours_seen, mut theirs_seen) = (0, 0);
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    let mut said_done = false;
    for _ in 0..6 {
        received.extend(round(&start(1), theirs, &mut theirs_seen).await);
        if !said_done && !Apps::received(&received).is_empty() {
            start(1)
                .terminate(theirs, TerminateReason::Done)
                .await
                .unwrap();
            said_done = true;
            received.extend(round(&start(1), theirs, &mut theirs_seen).await);
        }
        sent.extend(round(&start(0), ours, &mut ours_seen).await);
    }
    let completed = closed(Outcome::Completed);
    assert_eq!(Apps::received(&received), [note("key")]);
    assert_eq!(received.last(), Some(&completed));
    assert!(
        sent.contains(&delivered(0)) && sent.last() == Some(&completed),
        "{sent:?}"
    );
    assert_eq!(page(&invitation).await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_and_its_extension_share_one_store() {
    let relay = TestRelay::start().await;
    let store: Arc<dyn TransferStore> = Arc::new(MemoryStore::new());
    let (app, extension) = (relay.client_over(store.clone()), relay.client_over(store));
    let (invitation, url) = invite(&app).await;
    let ours = invitation.transfer;
    // Either knows the transfer, and gives the same invitation.
    let again = extension.invitation(ours).await.unwrap();
    assert_eq!(again.share_url, invitation.share_url);
    let bob = relay.client();
    let theirs = accept(&bob, &url).await;
    let mut receiver = Follower::start(&bob, theirs);
    // Both are at it at once: one polls, the other syncs on each wake-up and queues messages.
    let mut sender = Follower::start(&app, ours);
    for n in 0..20 {
        loop {
            match extension.send_credential(ours, note(format!("{n}"))).await {
                Ok(index) => break assert_eq!(index, n),
                Err(error) => assert!(error.is_retryable(), "{error}"),
            }
        }
        if let Err(error) = extension.sync(10 * SECOND).await {
            assert!(error.is_retryable(), "{error}");
        }
    }
    let expected: Vec<_> = (0..20).map(|n| note(format!("{n}"))).collect();
    assert_eq!(receiver.received(20).await, expected);
    sender.event(&delivered(19)).await;
    let told = sender.events();
    let count = |event| told.iter().filter(|e| **e == event).count();
    assert!((0..20).all(|n| count(delivered(n)) == 1), "{told:?}");
    bob.terminate(theirs, TerminateReason::Done).await.unwrap();
    assert_eq!(sender.outcome().await, Outcome::Completed);
    assert_eq!(receiver.outcome().await, Outcome::Completed);
    assert_eq!(
        state(&extension, ours).await,
        TransferState::Closed(Outcome::Completed)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn push_wake_ups_alone_carry_a_transfer() {
    let (relay, mut pushes) = TestRelay::start_with_push().await;
    let (alice, bob) = (relay.client(), relay.client());
    let token = |who: &str| NotificationToken {
        token_type: "org.example.push".into(),
        token_data: who.into(),
    };
    let request = InvitationRequest {
        notification_token: Some(token("alice")),
        credential: Some(note("key")),
        ..InvitationRequest::default()
    };
    let invitation = alice.create_invitation(request).await.unwrap();
    let options = AcceptOptions {
        notification_token: Some(token("bob")),
        ..AcceptOptions::default()
    };
    let url = invitation.share_url.to_url();
    let theirs = bob.accept_invitation(url.as_str(), options).await.unwrap();
    bob.sync(10 * SECOND).await.unwrap();
    let (mut ours_seen, mut theirs_seen) = (0, 0);
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    // From here on a phone does something only when it was woken.
    while Apps::outcome(&sent).is_none() || Apps::outcome(&received).is_none() {
        let push = tokio::time::timeout(10 * SECOND, pushes.recv()).await;
        let push = push.unwrap_or_else(|_| panic!("nobody was woken: {sent:?} {received:?}"));
        if push.unwrap().token_data == "alice" {
            sent.extend(round(&alice, invitation.transfer, &mut ours_seen).await);
            continue;
        }
        received.extend(round(&bob, theirs, &mut theirs_seen).await);
        if Apps::received(&received).len() == 1
            && state(&bob, theirs).await == TransferState::Established
        {
            bob.terminate(theirs, TerminateReason::Done).await.unwrap();
            bob.sync(10 * SECOND).await.unwrap();
        }
    }
    assert_eq!(Apps::received(&received), [note("key")]);
    assert!(sent.contains(&delivered(0)));
    assert_eq!(
        [Apps::outcome(&sent), Apps::outcome(&received)],
        [Some(Outcome::Completed); 2]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn declining_before_the_answer_gives_the_invitation_back() {
    let relay = TestRelay::start().await;
    let (alice, bob, carol) = (relay.client(), relay.client(), relay.client());
    let (invitation, url) = invite(&alice).await;
    alice
        .send_credential(invitation.transfer, note("key"))
        .await
        .unwrap();
    let declined = accept(&bob, &url).await;
    bob.decline(declined).await.unwrap();
    let mut receiver = Follower::start(&bob, declined);
    assert_eq!(receiver.outcome().await, Outcome::Declined);
    // Nothing was used up, and the sender was told nothing: another device may have it.
    let theirs = accept(&carol, &url).await;
    let (mut sender, mut receiver) = (
        Follower::start(&alice, invitation.transfer),
        Follower::start(&carol, theirs),
    );
    assert_eq!(receiver.received(1).await, [note("key")]);
    carol
        .terminate(theirs, TerminateReason::Done)
        .await
        .unwrap();
    assert_eq!(sender.outcome().await, Outcome::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn accept_decline_accept_on_one_device() {
    let relay = TestRelay::start().await;
    let (alice, (bob, at_bob)) = (relay.client(), recorded(&relay));
    let (invitation, url) = invite(&alice).await;
    let first = accept(&bob, &url).await;
    assert_eq!(
        accept(&bob, &url).await,
        first,
        "the same invitation, the same transfer"
    );
    bob.decline(first).await.unwrap();
    let again = accept(&bob, &url).await;
    assert_eq!(again, first);
    // A claim that was given up is not used again.
    let claims: std::collections::BTreeSet<_> = at_bob
        .log()
        .iter()
        .flat_map(|one| one.request.headers.clone())
        .filter(|(name, _)| *name == headers::DEVICE_CLAIM)
        .map(|(_, value)| value)
        .collect();
    assert_eq!(claims.len(), 2);
    let mut sender = Follower::start(&alice, invitation.transfer);
    let mut receiver = Follower::start(&bob, again);
    receiver.event(&TransferEvent::Established).await;
    sender.event(&TransferEvent::Established).await;
    assert!(
        !receiver.events().contains(&closed(Outcome::Declined)),
        "that was before"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn declining_after_the_answer_is_told() {
    let relay = TestRelay::start().await;
    let mut pair = Pair::established(&relay).await;
    pair.bob.decline(pair.theirs).await.unwrap();
    assert_eq!(pair.outcomes().await, [Outcome::Declined; 2]);
    let error = pair.alice.decline(pair.ours).await.unwrap_err();
    assert_eq!(error.code(), "not_the_receiver");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_before_anybody_answered_is_no_longer_there() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.client(), relay.client());
    let (invitation, url) = invite(&alice).await;
    alice
        .terminate(invitation.transfer, TerminateReason::Cancelled)
        .await
        .unwrap();
    let mut sender = Follower::start(&alice, invitation.transfer);
    assert_eq!(sender.outcome().await, Outcome::Cancelled);
    assert_eq!(page(&invitation).await, 404);
    let error = bob
        .accept_invitation(&*url, AcceptOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "no_longer_there");
    assert_eq!(bob.transfers().await.unwrap(), [], "nothing was begun");
    let error = alice.invitation(invitation.transfer).await.unwrap_err();
    assert_eq!(error.code(), "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn either_side_terminates_with_each_reason() {
    let relay = TestRelay::start().await;
    let reasons = [
        (TerminateReason::Done, Outcome::Completed),
        (TerminateReason::Declined, Outcome::Declined),
        (TerminateReason::Cancelled, Outcome::Cancelled),
    ];
    for (reason, outcome) in reasons {
        for by_sender in [true, false] {
            let mut pair = Pair::established(&relay).await;
            let (client, id) = if by_sender {
                (&pair.alice, pair.ours)
            } else {
                (&pair.bob, pair.theirs)
            };
            client.terminate(id, reason).await.unwrap();
            assert_eq!(
                pair.outcomes().await,
                [outcome; 2],
                "{reason:?} {by_sender}"
            );
            // Over is over.
            let error = pair
                .alice
                .send_credential(pair.ours, note("late"))
                .await
                .unwrap_err();
            assert_eq!(error, tigress::Error::Closed { outcome });
            let error = pair.bob.terminate(pair.theirs, reason).await.unwrap_err();
            assert_eq!(error.code(), "closed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn done_lets_waiting_messages_leave_first_and_cancelled_does_not() {
    let relay = TestRelay::start().await;
    for (reason, arrives) in [(TerminateReason::Done, 20), (TerminateReason::Cancelled, 0)] {
        let (alice, bob) = (relay.client(), relay.client());
        let (invitation, url) = invite(&alice).await;
        let ours = invitation.transfer;
        let theirs = accept(&bob, &url).await;
        let (mut ours_seen, mut theirs_seen) = (0, 0);
        for _ in 0..2 {
            round(&bob, theirs, &mut theirs_seen).await;
            round(&alice, ours, &mut ours_seen).await;
        }
        for n in 0..20 {
            alice
                .send_credential(ours, note(format!("{n}")))
                .await
                .unwrap();
        }
        alice.terminate(ours, reason).await.unwrap();
        let error = alice.send_credential(ours, note("late")).await.unwrap_err();
        assert_eq!(error.code(), "closing");
        let mut sender = Follower::start(&alice, ours);
        let mut receiver = Follower::start(&bob, theirs);
        let outcomes = [sender.outcome().await, receiver.outcome().await];
        assert_eq!(Apps::received(&receiver.events()).len(), arrives);
        let expected = if arrives == 0 {
            Outcome::Cancelled
        } else {
            Outcome::Completed
        };
        assert_eq!(outcomes, [expected; 2]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transfers_in_parallel_do_not_mix() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.client(), relay.client());
    let transfers = (0..20).map(|n| {
        let (alice, bob) = (alice.clone(), bob.clone());
        tokio::spawn(async move {
            let request = InvitationRequest {
                credential: Some(note(format!("key {n}"))),
                ..InvitationRequest::default()
            };
            let invitation = alice.create_invitation(request).await.unwrap();
            let mut sender = Follower::start(&alice, invitation.transfer);
            let theirs = accept(&bob, &invitation.share_url.to_url()).await;
            let mut receiver = Follower::start(&bob, theirs);
            assert_eq!(receiver.received(1).await, [note(format!("key {n}"))]);
            bob.terminate(theirs, TerminateReason::Done).await.unwrap();
            assert_eq!(sender.outcome().await, Outcome::Completed);
            assert_eq!(receiver.outcome().await, Outcome::Completed);
        })
    });
    for transfer in transfers.collect::<Vec<_>>() {
        transfer.await.unwrap();
    }
    assert_eq!(bob.transfers().await.unwrap().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_read_does_not_delay_a_write() {
    let relay = TestRelay::start().await;
    let mut pair = Pair::established(&relay).await;
    // Both wait at the relay, for up to 20 s each time; ten calls each way pass through.
    let started = Instant::now();
    for n in 0..10 {
        pair.alice
            .send_credential(pair.ours, note("ping"))
            .await
            .unwrap();
        pair.receiver.received(n + 1).await;
        pair.bob
            .send_credential(pair.theirs, note("pong"))
            .await
            .unwrap();
        pair.sender.received(n + 1).await;
    }
    assert!(started.elapsed() < 10 * SECOND, "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_poll_asks_a_few_times_only() {
    let relay = TestRelay::start().await;
    let (alice, at_alice) = recorded(&relay);
    let (invitation, _) = invite(&alice).await;
    let wait = Duration::from_millis(1900);
    let started = Instant::now();
    let update = alice.poll(invitation.transfer, wait, 0).await.unwrap();
    assert_eq!(update.state, TransferState::Invited);
    assert!(
        started.elapsed() >= wait,
        "it waits as long as it was asked to"
    );
    let count = at_alice.log().len();
    assert!(count <= 6, "{count} requests in two seconds of waiting");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_may_wait_for_ever() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.client(), relay.client());
    let (invitation, url) = invite(&alice).await;
    let waiting = {
        let alice = alice.clone();
        tokio::spawn(async move { alice.poll(invitation.transfer, Duration::MAX, 0).await })
    };
    let theirs = accept(&bob, &url).await;
    let _receiver = Follower::start(&bob, theirs);
    let update = waiting.await.unwrap().unwrap();
    assert_eq!(update.events[0], TransferEvent::Accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gives_the_same_invitation() {
    let relay = TestRelay::start().await;
    let (alice, at_alice) = recorded(&relay);
    let request = InvitationRequest {
        idempotency_key: Some("the user's tap".into()),
        ..InvitationRequest::default()
    };
    let (first, second) = tokio::join!(
        alice.create_invitation(request.clone()),
        alice.create_invitation(request)
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.share_url, second.share_url);
    assert_eq!(methods(&at_alice), ["POST"], "one mailbox");
}

#[tokio::test(flavor = "multi_thread")]
async fn unacknowledged_events_stay_past_the_end() {
    let relay = TestRelay::start().await;
    let mut pair = Pair::established(&relay).await;
    pair.alice
        .terminate(pair.ours, TerminateReason::Done)
        .await
        .unwrap();
    pair.outcomes().await;
    let (invitation, url) = invite(&pair.alice).await;
    pair.alice
        .send_credential(invitation.transfer, note("key"))
        .await
        .unwrap();
    let theirs = accept(&pair.bob, &url).await;
    let mut sender = Follower::start(&pair.alice, invitation.transfer);
    // The receiver's app never looks; only background rounds happen.
    while sender.events().last() != Some(&delivered(0)) {
        pair.bob.sync(10 * SECOND).await.unwrap();
        tokio::task::yield_now().await;
    }
    pair.alice
        .terminate(invitation.transfer, TerminateReason::Cancelled)
        .await
        .unwrap();
    while Apps::outcome(&sender.events()).is_none() {
        pair.bob.sync(10 * SECOND).await.unwrap();
        tokio::task::yield_now().await;
    }
    sender.outcome().await;
    let look = || pair.bob.poll(theirs, Duration::ZERO, 0);
    let update = look().await.unwrap();
    assert_eq!(Apps::received(&update.events), [note("key")]);
    assert_eq!(Apps::outcome(&update.events), Some(Outcome::Cancelled));
    assert_eq!(
        look().await.unwrap(),
        update,
        "the same poll, the same events"
    );
    let after = pair
        .bob
        .poll(theirs, Duration::ZERO, update.cursor)
        .await
        .unwrap();
    assert_eq!(after.events, []);
}
