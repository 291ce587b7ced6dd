//! "Write, then wait" as one request (docs/protocol.md, section 7.1): what it costs, and that nothing is lost where an answer
//! is, where a process is killed meanwhile, where the app wants something, and at relays that do not know it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tigress::testing::InMemoryRelay;
use tigress::{
    AcceptOptions, Config, Credential, HttpTransport, InvitationRequest, MemoryStore, Outcome,
    TerminateReason, TransferClient, TransferEvent, TransferId, TransferState, TransferStore,
    TransportError, TransportFailure,
};
use tigress_mailbox::{HttpRequest, HttpResponse, Method, headers};
use tigress_testkit::Apps;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// What becomes of a held update.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// The relay does what it can.
    Held,
    /// The relay does not know the preference.
    Unknown,
    /// It is lost, and so is the process.
    Killed,
    /// It is done, its answer comes when it comes, and finds nobody.
    KilledOver,
    /// It is done, and its answer breaks off at once…
    Lost,
    /// …or when it would have come.
    LostLate,
    /// It is done, and a balancer answers after five seconds.
    Cut,
    /// It is done, and no answer comes.
    Silent,
}

/// Between one wallet and the relay. Only the first held updates, so many of them, have the fate; then all goes well.
struct Way {
    relay: Arc<InMemoryRelay>,
    fate: Fate,
    /// Held updates before, and with, the fate.
    spared: usize,
    struck: usize,
    asked: Mutex<Vec<(Method, u64)>>,
    held: Mutex<usize>,
    dead: Notify,
}

impl Way {
    fn to(relay: &Arc<InMemoryRelay>, fate: Fate, spared: usize, struck: usize) -> Arc<Self> {
        Arc::new(Self {
            relay: Arc::clone(relay),
            fate,
            spared,
            struck,
            asked: Mutex::default(),
            held: Mutex::default(),
            dead: Notify::new(),
        })
    }

    /// All requests, and for how long the answers might be held.
    fn asked(&self) -> Vec<(Method, u64)> {
        self.asked.lock().unwrap().clone()
    }

    /// What becomes of this one.
    fn fate(&self, request: &HttpRequest) -> Fate {
        if request.method != Method::Put || request.wait == 0 {
            return Fate::Held;
        }
        let mut held = self.held.lock().unwrap();
        *held += 1;
        match *held > self.spared && *held <= self.spared + self.struck {
            true => self.fate,
            false => Fate::Held,
        }
    }

    /// The update without its wish.
    async fn plain(&self, mut request: HttpRequest) -> Result<HttpResponse, TransportError> {
        request.headers.retain(|(name, _)| *name != headers::PREFER);
        request.wait = 0;
        self.relay.send(request).await
    }
}

#[async_trait]
impl HttpTransport for Way {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let asked = (request.method, request.wait);
        self.asked.lock().unwrap().push(asked);
        let cut = TransportError::new(TransportFailure::CutOff, "the answer was cut off");
        match self.fate(&request) {
            Fate::Held => return self.relay.send(request).await,
            Fate::Unknown => return self.plain(request).await,
            Fate::Killed => self.dead.notify_one(),
            Fate::KilledOver => {
                self.relay.send(request).await?;
                self.dead.notify_one();
            }
            Fate::Lost => {
                self.plain(request).await?;
                return Err(cut);
            }
            Fate::LostLate => {
                self.relay.send(request).await?;
                return Err(cut);
            }
            Fate::Cut => {
                self.plain(request).await?;
                sleep(Duration::from_secs(5)).await;
                return Ok(HttpResponse {
                    status: 504,
                    ..HttpResponse::default()
                });
            }
            Fate::Silent => drop(self.plain(request).await?),
        }
        std::future::pending().await
    }
}

fn wallet(store: &Arc<MemoryStore>, way: &Arc<Way>) -> TransferClient {
    let store: Arc<dyn TransferStore> = store.clone();
    let way: Arc<dyn HttpTransport> = way.clone();
    let config = Config::with_relay(InMemoryRelay::ORIGIN);
    TransferClient::new(config, store, Some(way)).unwrap()
}

/// To the end; done with the first message.
async fn follow(client: TransferClient, id: TransferId) -> Outcome {
    let mut events = client.events(id).unwrap();
    loop {
        match events.next().await.unwrap() {
            Some(TransferEvent::CredentialReceived { .. }) => {
                client.terminate(id, TerminateReason::Done).await.unwrap();
            }
            Some(TransferEvent::Closed { outcome }) => return outcome,
            Some(_) => {}
            None => panic!("it ended without an end"),
        }
    }
}

/// The same in a process that dies where its way says; then in another on the same store.
async fn live(
    client: TransferClient,
    store: Arc<MemoryStore>,
    way: Arc<Way>,
    id: TransferId,
) -> Outcome {
    let mut first = tokio::spawn(follow(client, id));
    tokio::select! {
        ended = &mut first => return ended.unwrap(),
        () = way.dead.notified() => first.abort(),
    }
    assert!(first.await.is_err(), "it is dead");
    follow(wallet(&store, &way), id).await
}

/// A transfer of a queued credential, in which held updates of one side have this fate; all requests of both.
async fn transfer(
    side: usize,
    fate: Fate,
    spared: usize,
    struck: usize,
) -> [Vec<(Method, u64)>; 2] {
    let relay = Arc::new(InMemoryRelay::default());
    let ways = [0, 1].map(|at| {
        let fate = if at == side { fate } else { Fate::Held };
        Way::to(&relay, fate, spared, struck)
    });
    let stores = [(); 2].map(|()| Arc::new(MemoryStore::new()));
    let wallets = [0, 1].map(|at| wallet(&stores[at], &ways[at]));
    let request = InvitationRequest {
        credential: Some(Apps::credential()),
        ..InvitationRequest::default()
    };
    let invitation = wallets[0].create_invitation(request).await.unwrap();
    let url = invitation.share_url.to_url();
    let accepted = wallets[1].accept_invitation(url.as_bytes(), AcceptOptions::confirmed());
    let ids = [invitation.transfer, accepted.await.unwrap()];
    let [one, other] = [0, 1].map(|at| {
        let client = wallets[at].clone();
        live(client, stores[at].clone(), ways[at].clone(), ids[at])
    });
    let what = (side, fate, spared, struck);
    let outcomes: [Outcome; 2] = tokio::join!(one, other).into();
    assert_eq!(outcomes, [Outcome::Completed; 2], "{what:?}");
    let mut counts = Vec::new();
    for wallet in &wallets {
        let summary = wallet.transfers().await.unwrap().remove(0);
        counts.push((summary.sent, summary.delivered, summary.received));
    }
    assert_eq!(counts, [(1, 1, 0), (0, 0, 1)], "{what:?}");
    ways.map(|way| way.asked())
}

/// All but waiting reads: here each of these brings something.
fn count(asked: &[Vec<(Method, u64)>; 2]) -> usize {
    asked[0].len() + asked[1].len()
}

#[tokio::test(start_paused = true)]
async fn a_transfer_of_a_queued_credential_is_eight_requests() {
    use Method::{Delete, Post, Put};
    let asked = transfer(0, Fate::Held, 0, 0).await;
    assert_eq!(asked[0], [(Post, 0), (Post, 50), (Put, 10), (Put, 0)]);
    assert_eq!(asked[1], [(Post, 0), (Put, 10), (Put, 10), (Delete, 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_does_not_know_the_wish_is_asked_as_before() {
    use Method::{Delete, Post, Put};
    let [sender, receiver] = transfer(1, Fate::Unknown, 0, usize::MAX).await;
    assert_eq!(
        receiver,
        [
            (Post, 0),
            (Put, 10),
            (Post, 50),
            (Put, 10),
            (Post, 50),
            (Delete, 0)
        ]
    );
    assert_eq!(sender.len(), 4);
    let both = transfer(0, Fate::Unknown, 0, usize::MAX).await;
    assert_eq!(count(&both), 9);
}

//= test protocol/7.1-given-up
//= test protocol/6.2-request-ids
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_and_a_process_that_is_killed_lose_nothing() {
    for fate in [
        Fate::Killed,
        Fate::KilledOver,
        Fate::Lost,
        Fate::LostLate,
        Fate::Cut,
        Fate::Silent,
    ] {
        // The sender holds one update, the receiver two.
        for (side, spared) in [(0, 0), (1, 0), (1, 1)] {
            let asked = transfer(side, fate, spared, 1).await;
            let more = count(&asked);
            assert!(
                (8..=12).contains(&more),
                "{fate:?}, {side}, {spared}: {asked:?}"
            );
        }
    }
}

/// A receiver that has answered, of whom nobody takes notice.
struct Unheard {
    way: Arc<Way>,
    client: TransferClient,
    id: TransferId,
    _sender: TransferClient,
}

impl Unheard {
    async fn new(fate: Fate, struck: usize) -> Self {
        let relay = Arc::new(InMemoryRelay::default());
        let sender = wallet(&Arc::default(), &Way::to(&relay, Fate::Held, 0, 0));
        let invitation = sender.create_invitation(InvitationRequest::default());
        let url = invitation.await.unwrap().share_url.to_url();
        let way = Way::to(&relay, fate, 0, struck);
        let client = wallet(&Arc::default(), &way);
        let accepted = client.accept_invitation(url.as_bytes(), AcceptOptions::confirmed());
        let id = accepted.await.unwrap();
        Self {
            way,
            client,
            id,
            _sender: sender,
        }
    }

    /// Begins to wait, and returns when its update is out.
    async fn wait(&self) -> tokio::task::JoinHandle<Outcome> {
        let following = tokio::spawn(follow(self.client.clone(), self.id));
        while !self.way.asked().contains(&(Method::Put, 10)) {
            tokio::task::yield_now().await;
        }
        following
    }
}

//= test protocol/7.1-given-up
#[tokio::test(start_paused = true)]
async fn an_app_that_ends_it_waits_for_no_answer() {
    use Method::{Post, Put};
    let receiver = Unheard::new(Fate::Held, usize::MAX).await;
    let following = receiver.wait().await;
    let begun = Instant::now();
    let reason = TerminateReason::Cancelled;
    receiver
        .client
        .terminate(receiver.id, reason)
        .await
        .unwrap();
    assert_eq!(following.await.unwrap(), Outcome::Cancelled);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    // It is read before its last word is written, which nobody answers at once.
    let asked = [(Post, 0), (Put, 10), (Post, 0), (Put, 0)];
    assert_eq!(receiver.way.asked(), asked);
}

/// A sender that is established and has not said so, and a receiver that does not look.
struct Established {
    wallets: [TransferClient; 2],
    way: Arc<Way>,
    ids: [TransferId; 2],
    seen: u64,
}

impl Established {
    async fn new(fate: Fate) -> Self {
        let relay = Arc::new(InMemoryRelay::default());
        let ways = [fate, Fate::Held].map(|fate| Way::to(&relay, fate, 0, 1));
        let wallets = [0, 1].map(|at| wallet(&Arc::default(), &ways[at]));
        let invitation = wallets[0].create_invitation(InvitationRequest::default());
        let invitation = invitation.await.unwrap();
        let url = invitation.share_url.to_url();
        let accepted = wallets[1].accept_invitation(url.as_bytes(), AcceptOptions::confirmed());
        let ids = [invitation.transfer, accepted.await.unwrap()];
        for at in [1, 0] {
            wallets[at].poll(ids[at], Duration::ZERO, 0).await.unwrap();
        }
        let seen = wallets[0].poll(ids[0], Duration::ZERO, 0).await;
        let [way, _] = ways;
        Self {
            wallets,
            way,
            ids,
            seen: seen.unwrap().cursor,
        }
    }

    /// The sender waits for so long, and its app sends messages meanwhile: so many, one after each pause. For how long its
    /// writes were to be held.
    async fn sends(&self, seconds: u64, count: u8, pause: Duration) -> Vec<u64> {
        let (polling, id, seen) = (self.wallets[0].clone(), self.ids[0], self.seen);
        let wait = Duration::from_secs(seconds);
        let polling = tokio::spawn(async move { polling.poll(id, wait, seen).await });
        for n in 0..count {
            sleep(pause).await;
            let message = Credential::new("org.example.note", vec![n]);
            self.wallets[0].send_credential(id, message).await.unwrap();
        }
        let update = polling.await.unwrap().unwrap();
        assert_eq!(update.state, TransferState::Established);
        // All of them are there when the receiver looks.
        let update = self.wallets[1].poll(self.ids[1], Duration::ZERO, 0).await;
        let received = Apps::received(&update.unwrap().events);
        assert_eq!(received.len(), usize::from(count));
        let asked = self.way.asked().into_iter();
        let writes = asked.filter(|(method, _)| *method == Method::Put);
        writes.map(|(_, wait)| wait).collect()
    }
}

//= test protocol/7.1-given-up
#[tokio::test(start_paused = true)]
async fn many_messages_while_nobody_answers_hold_no_second_update() {
    let sender = Established::new(Fate::Held).await;
    let held = sender.sends(5, 12, Duration::from_millis(100)).await;
    assert_eq!(held[0], 5);
    assert!(
        held.len() > 2 && held[1..].iter().all(|wait| *wait == 0),
        "{held:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn nor_is_one_held_after_one_that_was_cut() {
    let sender = Established::new(Fate::Cut).await;
    let held = sender.sends(30, 1, Duration::from_secs(10)).await;
    assert_eq!(held, [10, 0]);
}

#[tokio::test(start_paused = true)]
async fn silence_that_may_be_a_hold_is_no_trouble_the_first_time() {
    let receiver = Unheard::new(Fate::Silent, usize::MAX).await;
    let wait = Duration::from_secs(5);
    let polled = receiver.client.poll(receiver.id, wait, 0).await;
    assert_eq!(polled.unwrap().state, TransferState::Establishing);
    assert_eq!(receiver.client.watch_relay(receiver.id).trouble(), None);
    assert_eq!(receiver.way.asked().len(), 2, "nothing more in this time");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_cut_teaches_to_hold_for_less() {
    let receiver = Unheard::new(Fate::Cut, usize::MAX).await;
    let mut watch = receiver.client.watch_relay(receiver.id);
    let polled = receiver
        .client
        .poll(receiver.id, Duration::from_secs(20), 0);
    tokio::select! {
        update = polled => assert_eq!(update.unwrap().state, TransferState::Establishing),
        trouble = watch.changed() => panic!("{trouble:?}"),
    }
    let asked = receiver.way.asked();
    assert_eq!(
        asked[..4],
        [
            (Method::Post, 0),
            (Method::Put, 10),
            (Method::Post, 0),
            (Method::Post, 3)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_held_all_the_time_needs_no_read_to_see_that_nothing_came() {
    let receiver = Unheard::new(Fate::Held, 0).await;
    let wait = Duration::from_secs(5);
    receiver.client.poll(receiver.id, wait, 0).await.unwrap();
    assert_eq!(receiver.way.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_write_to_which_no_answer_comes_is_made_again_and_teaches_nothing() {
    let receiver = Unheard::new(Fate::Silent, 1).await;
    let wait = Duration::from_secs(120);
    receiver.client.poll(receiver.id, wait, 0).await.unwrap();
    let asked = receiver.way.asked();
    let (put, post) = (Method::Put, Method::Post);
    // Repeated, it is answered at once; then it is waited for as long as usual.
    assert_eq!(asked[..4], [(post, 0), (put, 10), (put, 10), (post, 50)]);
}
