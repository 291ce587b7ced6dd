//! Whatever the relay answers, at whatever time, and however the app calls: no transfer asks more than 30 times in a
//! minute without authentic progress. By tokio's paused clock: time is counted, not waited for.

mod calls;
mod copies;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use proptest::prelude::*;
use serde_json::json;
use tigress::{
    AcceptOptions, Config, HttpTransport, InvitationRequest, MemoryStore, TerminateReason,
    TransferClient, TransferId, TransferStore, TransportError, TransportFailure,
};
use tigress_mailbox::{HttpRequest, HttpResponse, Method, headers, problems};
use tigress_testkit::{Apps, PlainRelay};
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep};

const MINUTE: Duration = Duration::from_secs(60);
const BOUND: usize = 30;

/// What the relay does with one request.
#[derive(Clone, Debug)]
enum Whim {
    Status(u16),
    RetryAfter(u16, &'static str),
    Garbage,
    /// The mailbox with one of the payloads that it ever held, or with none of them, and a version if there is one.
    Holds(usize, Option<u8>),
    Done(u16),
    FinalNotFound,
    Fails(TransportFailure),
    Silence,
    Panics,
}

fn whim() -> impl Strategy<Value = Whim> {
    use TransportFailure::{CutOff, Other, TimedOut, TooLarge, Unreachable};
    let status = prop::sample::select(vec![
        100, 204, 301, 307, 400, 401, 403, 404, 408, 412, 418, 429, 500, 502, 503, 504, 599, 999,
    ]);
    let after = prop::sample::select(vec![
        "0",
        "1",
        "7",
        "3600",
        "99999999999",
        "-1",
        "soon",
        "Fri, 01 Jan 2999 00:00:00 GMT",
    ]);
    let failure = prop::sample::select(vec![Unreachable, TimedOut, CutOff, TooLarge, Other]);
    prop_oneof![
        4 => status.prop_map(Whim::Status),
        1 => (prop::sample::select(vec![429, 503]), after).prop_map(|(s, a)| Whim::RetryAfter(s, a)),
        2 => Just(Whim::Garbage),
        8 => (0..9_usize, any::<Option<u8>>()).prop_map(|(n, v)| Whim::Holds(n, v)),
        4 => prop::sample::select(vec![200, 201]).prop_map(Whim::Done),
        1 => Just(Whim::FinalNotFound),
        3 => failure.prop_map(Whim::Fails),
        1 => Just(Whim::Silence),
        1 => Just(Whim::Panics),
    ]
}

/// How many were asked for, and what comes round and round, each with milliseconds before it.
type Whims = (usize, Vec<(Whim, u64)>);

/// An honest relay at first, and then one that answers anything, each time after a while.
struct Moody {
    honest: PlainRelay,
    whims: Mutex<Option<Whims>>,
    payloads: Mutex<Vec<String>>,
    asked: Mutex<Vec<Instant>>,
}

impl Moody {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            honest: PlainRelay::with_final_not_found(),
            whims: Mutex::default(),
            payloads: Mutex::default(),
            asked: Mutex::default(),
        })
    }

    fn turn(&self, whims: Vec<(Whim, u64)>) {
        self.asked.lock().unwrap().clear();
        *self.whims.lock().unwrap() = Some((0, whims));
    }

    fn next(&self) -> Option<(Whim, u64)> {
        let mut whims = self.whims.lock().unwrap();
        let (count, all) = whims.as_mut()?;
        *count += 1;
        Some(all[*count % all.len()].clone())
    }

    /// Most requests in any minute.
    fn most(&self) -> usize {
        let asked = self.asked.lock().unwrap();
        let within = |from: Instant| {
            let since = asked.iter().filter(|at| **at >= from);
            since.filter(|at| **at - from < MINUTE).count()
        };
        asked.iter().map(|from| within(*from)).max().unwrap_or(0)
    }

    fn held(&self, number: usize, version: Option<u8>) -> HttpResponse {
        let payloads = self.payloads.lock().unwrap();
        let none = String::from("AAAA");
        let data = payloads.get(number).unwrap_or(&none);
        let body = json!({
            "payload": { "type": "GSS_API", "data": data },
            "displayInformation": { "title": "", "description": "", "imageURL": "" },
        });
        let version = version.map(|v| (headers::PAYLOAD_VERSION.to_owned(), v.to_string()));
        HttpResponse {
            status: 200,
            headers: version.into_iter().collect(),
            body: body.to_string().into_bytes(),
        }
    }
}

fn status(status: u16) -> HttpResponse {
    HttpResponse {
        status,
        ..HttpResponse::default()
    }
}

#[async_trait]
impl HttpTransport for Moody {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.asked.lock().unwrap().push(Instant::now());
        let Some((whim, delay)) = self.next() else {
            let answer = self.honest.answer(&request);
            self.payloads.lock().unwrap().extend(self.honest.payload());
            return Ok(answer);
        };
        if request.method == Method::Put {
            // What was written last is among what it may say.
            let body: serde_json::Value = serde_json::from_slice(&request.body.unwrap()).unwrap();
            let data = body["payload"]["data"].as_str().unwrap().to_owned();
            self.payloads.lock().unwrap().insert(0, data);
        }
        sleep(Duration::from_millis(delay)).await;
        match whim {
            Whim::Status(number) => Ok(status(number)),
            Whim::RetryAfter(number, after) => Ok(HttpResponse {
                headers: vec![("Retry-After".into(), after.into())],
                ..status(number)
            }),
            Whim::Garbage => Ok(HttpResponse {
                body: b"<html>Welcome</html>".to_vec(),
                ..status(200)
            }),
            Whim::Holds(number, version) => Ok(self.held(number, version)),
            Whim::Done(number) => Ok(status(number)),
            Whim::FinalNotFound => Ok(HttpResponse {
                body: json!({ "type": problems::NOT_FOUND, "title": "", "status": 404 })
                    .to_string()
                    .into_bytes(),
                ..status(404)
            }),
            Whim::Fails(kind) => Err(TransportError::new(kind, "no")),
            Whim::Silence => std::future::pending().await,
            Whim::Panics => panic!("a transport's own fault"),
        }
    }
}

/// What an app does next, with the time that it lets pass after it.
#[derive(Clone, Debug)]
enum Habit {
    Poll(u64),
    Sync,
    Begin,
    Send,
}

fn habit() -> impl Strategy<Value = Habit> {
    prop_oneof![
        6 => prop::sample::select(vec![0, 0, 1, 50, 300, 1000, 5000, 20_000, 70_000])
            .prop_map(Habit::Poll),
        3 => Just(Habit::Sync),
        1 => Just(Habit::Begin),
        1 => Just(Habit::Send),
    ]
}

/// A wallet of either side, as far into a transfer as `steps` of both.
struct Wallet {
    client: TransferClient,
    id: TransferId,
    /// The link, at a receiver.
    url: Option<String>,
}

const KEY: &str = "the user's tap";

fn request() -> InvitationRequest {
    InvitationRequest {
        idempotency_key: Some(KEY.into()),
        ..InvitationRequest::default()
    }
}

fn client(http: Arc<dyn HttpTransport>) -> TransferClient {
    let mut config = Config::with_relay(PlainRelay::ORIGIN);
    config.allow_loopback_http = true;
    TransferClient::new(config, Arc::new(MemoryStore::new()), Some(http)).unwrap()
}

/// The sender or the receiver of a transfer in which each had `steps` rounds at an honest relay, one after the other;
/// the other one is never seen again. With 0, nothing has been asked yet.
async fn wallet(relay: &Arc<Moody>, sends: bool, steps: usize) -> Wallet {
    let (alice, bob) = (client(relay.clone()), client(relay.clone()));
    let ours = TransferId::of_idempotency_key(KEY);
    if steps == 0 && sends {
        return Wallet {
            client: alice,
            id: ours,
            url: None,
        };
    }
    let invitation = alice.create_invitation(request()).await.unwrap();
    alice
        .send_credential(ours, Apps::credential())
        .await
        .unwrap();
    let url = invitation.share_url.to_url().to_string();
    let theirs = TransferId::of_invitation(&url).unwrap();
    if steps > 1 {
        bob.accept_invitation(&url, AcceptOptions::confirmed())
            .await
            .unwrap();
    }
    for _ in 2..steps {
        bob.sync(MINUTE).await.unwrap();
        alice.sync(MINUTE).await.unwrap();
    }
    bob.sync(MINUTE).await.unwrap();
    alice.sync(MINUTE).await.unwrap();
    // Who stays has read what is new to it before the relay turns: there is no progress any more.
    if !sends {
        bob.sync(MINUTE).await.unwrap();
    }
    match sends {
        true => Wallet {
            client: alice,
            id: ours,
            url: None,
        },
        false => Wallet {
            client: bob,
            id: theirs,
            url: Some(url),
        },
    }
}

impl Wallet {
    async fn act(&self, habit: &Habit) {
        // Whatever a call gives, a loop goes on.
        match habit {
            Habit::Poll(wait) => {
                let wait = Duration::from_millis(*wait);
                let started = Instant::now();
                let _ = self.client.poll(self.id, wait, 0).await;
                let over = started.elapsed().saturating_sub(wait);
                assert!(
                    over <= Duration::from_millis(1001),
                    "{over:?} longer than it was asked to"
                );
            }
            Habit::Sync => drop(self.client.sync(Duration::from_secs(10)).await),
            Habit::Send => drop(
                self.client
                    .send_credential(self.id, Apps::credential())
                    .await,
            ),
            Habit::Begin => match &self.url {
                None => drop(self.client.create_invitation(request()).await),
                Some(url) => {
                    let accepted = self
                        .client
                        .accept_invitation(url, AcceptOptions::confirmed());
                    drop(accepted.await);
                }
            },
        }
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}

/// The most requests in a minute of an app with these habits, who does each thing for a while, and may end the transfer.
fn most(
    (sends, steps): (bool, usize),
    whims: Vec<(Whim, u64)>,
    habits: Vec<(Habit, u64)>,
    ends: bool,
) -> usize {
    block_on(async {
        let relay = Moody::new();
        let wallet = wallet(&relay, sends, steps).await;
        relay.turn(whims);
        let started = Instant::now();
        for (number, (habit, pause)) in habits.iter().enumerate() {
            if ends && number == habits.len() / 2 {
                let _ = wallet
                    .client
                    .terminate(wallet.id, TerminateReason::Done)
                    .await;
            }
            let until = Instant::now() + MINUTE;
            while Instant::now() < until {
                wallet.act(habit).await;
                sleep(Duration::from_millis(*pause)).await;
            }
        }
        assert!(started.elapsed() >= MINUTE);
        relay.most()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    //= test protocol/6.2-pace
    #[test]
    fn no_transfer_asks_more_than_thirty_times_a_minute_without_progress(
        place in (any::<bool>(), 0..7_usize),
        whims in prop::collection::vec((whim(), prop::sample::select(vec![0, 0, 0, 30, 1000, 25_000])), 1..6),
        habits in prop::collection::vec((habit(), prop::sample::select(vec![7, 100, 900])), 1..4),
        ends in any::<bool>(),
    ) {
        let most = most(place, whims, habits, ends);
        prop_assert!(most <= BOUND, "{most} requests");
    }
}

//= test protocol/6.2-pace
/// The instances that were seen: other garbage for each read, for one who polls; `Retry-After` for one who loops.
#[test]
fn garbage_at_each_read_is_no_reason_to_hurry() {
    for steps in 0..6 {
        for sends in [true, false] {
            let garbage: Vec<_> = (0..9).map(|n| (Whim::Holds(n, Some(n as u8)), 0)).collect();
            let polls = vec![(Habit::Poll(2000), 7)];
            let most = most((sends, steps), garbage, polls, false);
            assert!(most <= BOUND, "{most} requests at step {steps}");
        }
    }
}
