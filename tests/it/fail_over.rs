//! A relay whose store fails over and has lost what it acknowledged last: the transfer takes no harm. That a mailbox was
//! made and who is bound to it is not lost; a relay waits for its replicas then.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tigress::{
    Config, HttpTransport, MemoryStore, Outcome, TransferClient, TransferEvent, TransportError,
};
use tigress_mailbox::memory::{Look, MemoryRelay};
use tigress_mailbox::{HttpRequest, HttpResponse, Method};
use tigress_primitives::entropy::Entropy;
use tigress_primitives::secret::Secret;
use tigress_testkit::{Apps, Receiver, Sender, TestClock};

/// After which write it fails over, counted from 0, and how many of the last writes it has lost then.
#[derive(Clone, Copy, Debug)]
struct FailOver {
    after: usize,
    lost: usize,
}

struct Relay(Mutex<State>);

struct State {
    relay: MemoryRelay,
    /// What it was before each write since the last one that is not lost.
    before: Vec<MemoryRelay>,
    writes: usize,
    now: u64,
    entropy: Entropy,
    fails: Vec<FailOver>,
}

impl Relay {
    fn new(fails: &[FailOver]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            relay: MemoryRelay::default(),
            before: Vec::new(),
            writes: 0,
            now: TestClock::start().get(),
            entropy: Entropy::from_seed(&Secret::new([7; 32])),
            fails: fails.to_vec(),
        })))
    }
}

impl State {
    fn answer(&mut self, request: &HttpRequest) -> HttpResponse {
        let mut look = Look::first(request);
        look.known = None;
        let before = self.relay.clone();
        let (relay, entropy) = (&mut self.relay, &mut self.entropy);
        // What is held has no time at all.
        let answer = relay
            .answer(request, &mut look, self.now, entropy)
            .or_else(|| {
                look.at_last();
                relay.answer(request, &mut look, self.now, entropy)
            });
        let answer = answer.unwrap();
        match request.method {
            Method::Post => {
                // Made or bound, or only read: what was written before is not lost alone.
                if self.relay != before {
                    self.before.clear();
                }
            }
            _ => {
                self.before.push(before);
                let now = self.writes;
                self.writes += 1;
                if let Some(fail) = self.fails.iter().find(|fail| fail.after == now) {
                    let kept = self.before.len().saturating_sub(fail.lost);
                    if let Some(old) = self.before.drain(kept..).next() {
                        self.relay = old;
                    }
                }
            }
        }
        answer
    }
}

#[async_trait]
impl HttpTransport for Relay {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        Ok(self.0.lock().unwrap().answer(&request))
    }
}

fn client(relay: &Arc<Relay>) -> TransferClient {
    let mut config = Config::with_relay(MemoryRelay::ORIGIN);
    config.give_up_after = Duration::ZERO;
    let store = Arc::new(MemoryStore::new());
    TransferClient::new(config, store, Some(relay.clone())).unwrap()
}

/// A whole transfer; gives how many writes it took.
async fn arrives_once(fails: &[FailOver]) -> usize {
    let relay = Relay::new(fails);
    let (alice, bob) = (client(&relay), client(&relay));
    let (mut sender, mut receiver) = (Sender::default(), Receiver::default());
    for _ in 0..60 {
        // Who makes no progress is slowed down.
        tokio::time::sleep(Duration::from_secs(60)).await;
        sender
            .step(&alice)
            .await
            .unwrap_or_else(|error| panic!("{fails:?}: {error}"));
        if let Some(url) = sender.url.clone() {
            let stepped = receiver.step(&bob, &url).await;
            stepped.unwrap_or_else(|error| panic!("{fails:?}: {error}"));
        }
        // As every app does now and then: whoever is done still sees to what it wrote last.
        for client in [&alice, &bob] {
            let synced = client.sync(Duration::from_secs(60)).await;
            synced.unwrap_or_else(|error| panic!("{fails:?}: {error}"));
        }
        let over = [&sender.events, &receiver.events].map(|events| Apps::outcome(events));
        if over.iter().all(Option::is_some) {
            break;
        }
    }
    assert_eq!(
        Apps::received(&receiver.events),
        [Apps::credential()],
        "{fails:?}"
    );
    let delivered = TransferEvent::CredentialDelivered { index: 0 };
    let told = sender.events.iter().filter(|event| **event == delivered);
    assert_eq!(told.count(), 1, "{fails:?}: {:?}", sender.events);
    for events in [&sender.events, &receiver.events] {
        assert_eq!(Apps::outcome(events), Some(Outcome::Completed), "{fails:?}");
    }
    relay.0.lock().unwrap().writes
}

#[tokio::test(start_paused = true)]
async fn a_fail_over_that_loses_the_last_writes_harms_no_transfer() {
    let writes = arrives_once(&[]).await;
    assert!(writes > 4, "a transfer has several writes");
    for after in 0..writes {
        for lost in 1..=3 {
            arrives_once(&[FailOver { after, lost }]).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nor_do_two_fail_overs() {
    let writes = arrives_once(&[]).await;
    for first in 0..writes {
        for second in first + 1..writes + 2 {
            for lost in 1..=2 {
                let fails = [first, second].map(|after| FailOver { after, lost });
                arrives_once(&fails).await;
            }
        }
    }
}
