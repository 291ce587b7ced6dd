//! Who is asked, on either side: nothing is answered before the receiver's user has agreed, whatever wakes the app, and no
//! invitation leaves without the sender's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tigress::{
    AcceptOptions, Config, HttpTransport, InvitationRequest, MemoryStore, Outcome, ShareRequest,
    TransferClient, TransferEvent, TransferId, TransferState, TransferStore, UserApproval,
};
use tigress_mailbox::Method;
use tigress_testkit::{Apps, Kill, PlainRelay, Process, Recorder, Sender, Side};

const SECOND: Duration = Duration::from_secs(1);

/// A sender who has invited; and where.
async fn invited(relay: &Arc<PlainRelay>) -> (TransferClient, Sender, String) {
    let alice = Apps::client(Arc::new(MemoryStore::new()), relay.clone());
    let mut sender = Sender::default();
    sender.step(&alice).await.unwrap();
    let url = sender.url.clone().unwrap();
    (alice, sender, url)
}

async fn state(client: &TransferClient, id: TransferId) -> TransferState {
    let transfers = client.transfers().await.unwrap();
    transfers.iter().find(|t| t.id == id).unwrap().state
}

fn written(recorder: &Recorder) -> usize {
    let log = recorder.log();
    let is_read = |method| matches!(method, Method::Post | Method::Get);
    log.iter()
        .filter(|one| !is_read(one.request.method))
        .count()
}

//= test protocol/6.2-consent
#[tokio::test]
async fn a_sync_from_a_push_answers_nothing_before_the_user_agrees() {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let (alice, mut sender, url) = invited(&relay).await;
    let recorder = Recorder::new(relay.clone());
    let http: Arc<dyn HttpTransport> = recorder.clone();
    let store = Arc::new(MemoryStore::new());
    let app = || Apps::client(store.clone(), http.clone());
    let id = app()
        .accept_invitation(&url, AcceptOptions::default())
        .await
        .unwrap();
    // The app is killed and woken, over and over, with or without the link.
    for _ in 0..3 {
        let bob = app();
        bob.sync(5 * SECOND).await.unwrap();
        let update = bob.poll(id, Duration::ZERO, 0).await.unwrap();
        assert_eq!(update.state, TransferState::Offered);
        let again = bob.accept_invitation(&url, AcceptOptions::default()).await;
        assert_eq!(again, Ok(id));
        assert_eq!(state(&bob, id).await, TransferState::Offered);
        sender.step(&alice).await.unwrap();
    }
    assert_eq!(written(&recorder), 0);
    assert_eq!(sender.events, []);

    let bob = app();
    bob.confirm(id, None).await.unwrap();
    assert_eq!(state(&app(), id).await, TransferState::Establishing);
    bob.sync(5 * SECOND).await.unwrap();
    sender.step(&alice).await.unwrap();
    assert!(sender.events.contains(&TransferEvent::Accepted));
}

#[tokio::test]
async fn a_waiting_app_goes_on_as_soon_as_its_user_agrees() {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let (alice, _, url) = invited(&relay).await;
    let bob = Apps::client(Arc::new(MemoryStore::new()), relay.clone());
    let id = bob
        .accept_invitation(&url, AcceptOptions::default())
        .await
        .unwrap();
    let ours = alice.transfers().await.unwrap()[0].id;
    let mut receiver = tigress_testkit::Follower::start_done_with_the_first(&bob, id);
    let mut sender = tigress_testkit::Follower::start(&alice, ours);
    bob.confirm(id, None).await.unwrap();
    assert_eq!(receiver.outcome().await, Outcome::Completed);
    assert_eq!(sender.outcome().await, Outcome::Completed);
}

#[tokio::test]
async fn an_app_that_has_asked_before_says_so() {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let (_, _, url) = invited(&relay).await;
    let bob = Apps::client(Arc::new(MemoryStore::new()), relay.clone());
    for options in [AcceptOptions::default(), AcceptOptions::confirmed()] {
        let confirmed = options.confirmed;
        let id = bob.accept_invitation(&url, options).await.unwrap();
        let expected = match confirmed {
            false => TransferState::Offered,
            true => TransferState::Establishing,
        };
        assert_eq!(state(&bob, id).await, expected);
    }
    // Who has agreed is not asked again.
    let again = bob.accept_invitation(&url, AcceptOptions::default());
    let id = again.await.unwrap();
    assert_eq!(state(&bob, id).await, TransferState::Establishing);
}

#[tokio::test]
async fn a_consent_for_what_could_not_be_read_does_not_last() {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let (_, _, url) = invited(&relay).await;
    let store = Arc::new(MemoryStore::new());
    // Killed with the claim stored, before the relay was asked.
    let process = Process::new(Some(Kill {
        at: 1,
        after: false,
    }));
    let killed = Apps::client(process.disk(&store), process.network(&relay));
    let asked = killed.accept_invitation(&url, AcceptOptions::confirmed());
    assert!(asked.await.is_err() && process.is_dead());
    assert_eq!(store.list().unwrap().len(), 1);

    let bob = Apps::client(store, relay.clone());
    let id = bob.accept_invitation(&url, AcceptOptions::default());
    let id = id.await.unwrap();
    assert_eq!(state(&bob, id).await, TransferState::Offered);
}

#[tokio::test]
async fn after_a_kill_at_any_write_around_the_consent_the_state_is_what_was_stored() {
    let mut at = 0;
    loop {
        for after in [false, true] {
            if !killed_while_confirming(Kill { at, after }).await {
                assert!(at >= 3, "there is something to be killed at");
                return;
            }
        }
        at += 1;
    }
}

/// The process that confirms and goes on dies there; says whether it came so far.
async fn killed_while_confirming(kill: Kill) -> bool {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let (alice, _, url) = invited(&relay).await;
    let ours = alice.transfers().await.unwrap()[0].id;
    let store = Arc::new(MemoryStore::new());
    let recorder = Recorder::new(relay.clone());
    let bob = Apps::client(store.clone(), recorder.clone());
    let id = bob
        .accept_invitation(&url, AcceptOptions::default())
        .await
        .unwrap();

    let process = Process::new(Some(kill));
    let dying = Apps::client(process.disk(&store), process.network(&relay));
    let confirmed = dying.confirm(id, None).await;
    let _ = dying.sync(5 * SECOND).await;
    let token_1 = relay.payload();

    match state(&bob, id).await {
        TransferState::Offered => {
            assert!(confirmed.is_err(), "{kill:?}: what was told was stored");
            // The user is asked again; nothing has left, and nothing leaves.
            bob.sync(5 * SECOND).await.unwrap();
            assert_eq!(relay.payload(), token_1, "{kill:?}");
            assert_eq!(written(&recorder), 0, "{kill:?}");
            bob.confirm(id, None).await.unwrap();
        }
        TransferState::Establishing => {}
        other => panic!("{kill:?}: {other:?}"),
    }
    let (mut sender, mut receiver) = (Side::new(&alice, ours), Side::new(&bob, id));
    for _ in 0..6 {
        receiver.step().await.unwrap();
        sender.step().await.unwrap();
    }
    assert_eq!(Apps::received(&receiver.events), [Apps::credential()]);
    process.is_dead()
}

#[tokio::test]
async fn an_undecided_offer_keeps_the_link_for_one_device_until_it_is_declined() {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let (alice, _, url) = invited(&relay).await;
    let phone = Apps::client(Arc::new(MemoryStore::new()), relay.clone());
    let tablet = Apps::client(Arc::new(MemoryStore::new()), relay.clone());
    let accept = |device: &TransferClient| {
        let (device, url) = (device.clone(), url.clone());
        async move {
            device
                .accept_invitation(url, AcceptOptions::default())
                .await
        }
    };
    let on_phone = accept(&phone).await.unwrap();
    assert_eq!(
        accept(&tablet).await.unwrap_err().code(),
        "claimed_by_another"
    );
    phone.decline(on_phone).await.unwrap();
    phone.sync(5 * SECOND).await.unwrap();
    let on_tablet = accept(&tablet).await.unwrap();
    assert_eq!(
        phone.confirm(on_phone, None).await.unwrap_err().code(),
        "closed"
    );
    tablet.confirm(on_tablet, None).await.unwrap();
    let ours = alice.transfers().await.unwrap()[0].id;
    let (mut sender, mut receiver) = (Side::new(&alice, ours), Side::new(&tablet, on_tablet));
    for _ in 0..6 {
        receiver.step().await.unwrap();
        sender.step().await.unwrap();
    }
    assert_eq!(Apps::received(&receiver.events), [Apps::credential()]);
}

#[tokio::test]
async fn a_wrong_pin_with_the_consent_is_told_and_the_next_one_taken() {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let alice = Apps::client(Arc::new(MemoryStore::new()), relay.clone());
    let request = InvitationRequest {
        pin: true,
        ..InvitationRequest::default()
    };
    let invitation = alice.create_invitation(request).await.unwrap();
    let url = invitation.share_url.to_url().to_string();
    let right = invitation.pin.unwrap();
    let wrong = match right.as_str() {
        "000000" => "000001",
        _ => "000000",
    };
    let bob = Apps::client(Arc::new(MemoryStore::new()), relay.clone());
    let id = bob
        .accept_invitation(&url, AcceptOptions::default())
        .await
        .unwrap();
    // Only who agrees is asked for it.
    assert_eq!(state(&bob, id).await, TransferState::Offered);
    let early = bob.provide_pin(id, &right).await;
    assert_eq!(early.unwrap_err().code(), "pin_not_asked");
    bob.confirm(id, Some(&wrong.parse().unwrap()))
        .await
        .unwrap();
    let mut sender = Side::new(&alice, invitation.transfer);
    let mut receiver = Side::new(&bob, id);
    for _ in 0..3 {
        receiver.step().await.unwrap();
        sender.step().await.unwrap();
    }
    let rejected = TransferEvent::PinRejected { tries_left: 4 };
    assert_eq!(receiver.events, [rejected]);
    bob.provide_pin(id, &right).await.unwrap();
    for _ in 0..3 {
        receiver.step().await.unwrap();
        sender.step().await.unwrap();
    }
    assert!(receiver.events.contains(&TransferEvent::Established));
}

#[tokio::test]
async fn a_device_does_not_receive_from_itself() {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let recorder = Recorder::new(relay.clone());
    let store = Arc::new(MemoryStore::new());
    let alice = Apps::client(store.clone(), recorder.clone());
    let mut sender = Sender::default();
    sender.step(&alice).await.unwrap();
    let url = sender.url.clone().unwrap();
    let refused = |client: TransferClient| {
        let url = url.clone();
        async move {
            let accepted = client.accept_invitation(url, AcceptOptions::default());
            accepted.await.unwrap_err().code()
        }
    };
    let before = recorder.log().len();
    assert_eq!(refused(alice.clone()).await, "own_invitation");
    // After a restart, and once it has ended.
    let again = Apps::client(store, recorder.clone());
    assert_eq!(refused(again).await, "own_invitation");
    assert_eq!(recorder.log().len(), before, "the relay was not asked");
    assert_eq!(alice.transfers().await.unwrap().len(), 1);

    let ours = alice.transfers().await.unwrap()[0].id;
    let cancelled = tigress::TerminateReason::Cancelled;
    alice.terminate(ours, cancelled).await.unwrap();
    alice.sync(5 * SECOND).await.unwrap();
    assert_eq!(refused(alice).await, "own_invitation");
    let bob = Apps::client(Arc::new(MemoryStore::new()), relay);
    assert_eq!(refused(bob).await, "no_longer_there");
}

/// A user who agrees or not, and what there was to agree to.
#[derive(Default)]
struct User {
    agrees: AtomicBool,
    asked: Mutex<Vec<ShareRequest>>,
}

#[async_trait]
impl UserApproval for User {
    async fn approve(&self, request: ShareRequest) -> bool {
        self.asked.lock().unwrap().push(request);
        self.agrees.load(Ordering::SeqCst)
    }
}

impl User {
    fn asked(&self) -> Vec<(String, bool)> {
        let asked = self.asked.lock().unwrap();
        let one = |one: &ShareRequest| (one.title.clone(), one.again);
        asked.iter().map(one).collect()
    }
}

#[tokio::test]
async fn no_invitation_leaves_without_the_senders_user() {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let recorder = Recorder::new(relay.clone());
    let user = Arc::new(User::default());
    let config = Config {
        approval: Some(user.clone()),
        ..Apps::config()
    };
    let store = Arc::new(MemoryStore::new());
    let http: Arc<dyn HttpTransport> = recorder.clone();
    let alice = TransferClient::new(config, store.clone(), Some(http)).unwrap();
    let request = || InvitationRequest {
        title: "Car key".into(),
        idempotency_key: Some("the user's tap".into()),
        ..InvitationRequest::default()
    };
    let refused = alice.create_invitation(request()).await;
    assert_eq!(refused.map(drop).unwrap_err().code(), "not_approved");
    assert_eq!(recorder.log().len(), 0, "nothing was asked of the relay");
    assert!(store.list().unwrap().is_empty(), "nor stored");

    user.agrees.store(true, Ordering::SeqCst);
    let invitation = alice.create_invitation(request()).await.unwrap();
    user.agrees.store(false, Ordering::SeqCst);
    // The link is shown again by either call, and by none without the user.
    let shown = alice.invitation(invitation.transfer).await;
    assert_eq!(shown.map(drop).unwrap_err().code(), "not_approved");
    let shown = alice.create_invitation(request()).await;
    assert_eq!(shown.map(drop).unwrap_err().code(), "not_approved");
    user.agrees.store(true, Ordering::SeqCst);
    alice.invitation(invitation.transfer).await.unwrap();
    let title = || "Car key".to_owned();
    let asked = [
        (title(), false),
        (title(), false),
        (title(), true),
        (title(), true),
        (title(), true),
    ];
    assert_eq!(user.asked(), asked);

    // What is used up is shown to nobody, and nobody is asked.
    let bob = Apps::client(Arc::new(MemoryStore::new()), relay);
    let url = invitation.share_url.to_url().to_string();
    let accepted = bob.accept_invitation(url, AcceptOptions::confirmed());
    accepted.await.unwrap();
    bob.sync(5 * SECOND).await.unwrap();
    alice.sync(5 * SECOND).await.unwrap();
    let shown = alice.invitation(invitation.transfer).await;
    assert_eq!(shown.map(drop).unwrap_err().code(), "invitation_used");
    assert_eq!(user.asked().len(), asked.len());
}
