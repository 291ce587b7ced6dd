//! A relay that lies: it drops, repeats, reorders, shows old envelopes, flips bits, forges acknowledgements and
//! "not found". Both sides end right or say what happened; never a false "delivered", never altered content.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};
use tigress::{
    HttpTransport, MemoryStore, Outcome, TransferClient, TransferEvent, TransportError,
    TransportFailure,
};
use tigress_mailbox::{HttpRequest, HttpResponse, Method, headers, problems};
use tigress_testkit::{Apps, PlainRelay, Receiver, Sender};

/// What the relay does with one request.
#[derive(Clone, Debug)]
enum Lie {
    Honest,
    /// Not processed, no answer.
    Drop,
    /// Processed, no answer.
    LoseAnswer,
    /// Answered as if processed, but not.
    PretendDone(bool),
    /// A read shows what the slot held once.
    ShowOld(prop::sample::Index),
    /// The slot itself goes back to what it held once.
    RollBack(prop::sample::Index),
    /// A read shows one bit of the envelope flipped.
    FlipBit(prop::sample::Index),
    /// A read shows the peer's envelope with everything acknowledged.
    ForgeAck,
    /// A read shows an abort that nobody made.
    ForgeAbort,
    NotFound(bool),
    Status(u16),
    WrongClock(bool),
}

fn lie() -> impl Strategy<Value = Lie> {
    let any_index = any::<prop::sample::Index>;
    prop_oneof![
        4 => Just(Lie::Honest),
        1 => Just(Lie::Drop),
        1 => Just(Lie::LoseAnswer),
        1 => any::<bool>().prop_map(Lie::PretendDone),
        2 => any_index().prop_map(Lie::ShowOld),
        2 => any_index().prop_map(Lie::RollBack),
        2 => any_index().prop_map(Lie::FlipBit),
        1 => Just(Lie::ForgeAck),
        1 => Just(Lie::ForgeAbort),
        1 => prop::bool::weighted(0.1).prop_map(Lie::NotFound),
        1 => prop_oneof![Just(400), Just(401), Just(412), Just(500), Just(302)].prop_map(Lie::Status),
        1 => any::<bool>().prop_map(Lie::WrongClock),
    ]
}

/// Tells its lies, one a request; honest once they are used up.
struct Liar {
    relay: PlainRelay,
    /// Whether it says that each payload has the same version, and answers held updates at once with what there is.
    holds: bool,
    lies: Mutex<VecDeque<Lie>>,
    held: Mutex<Vec<String>>,
}

impl Liar {
    fn new(lies: Vec<Lie>, holds: bool) -> Arc<Self> {
        Arc::new(Self {
            holds,
            relay: PlainRelay::with_final_not_found(),
            lies: Mutex::new(lies.into()),
            held: Mutex::default(),
        })
    }

    fn remember(&self) {
        if let Some(data) = self.relay.payload() {
            let mut held = self.held.lock().unwrap();
            if held.last() != Some(&data) {
                held.push(data);
            }
        }
    }

    fn old(&self, which: &prop::sample::Index) -> Option<String> {
        let held = self.held.lock().unwrap();
        (!held.is_empty()).then(|| which.get(&held).clone())
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let mut answer = self.relay.answer(request);
        if self.holds {
            if request.method == Method::Put && request.wait > 0 && answer.status < 300 {
                let read = HttpRequest {
                    method: Method::Post,
                    body: None,
                    ..request.clone()
                };
                answer.body = self.relay.answer(&read).body;
            }
            let version = (headers::PAYLOAD_VERSION.to_owned(), "1".to_owned());
            answer.headers.push(version);
        }
        answer
    }

    fn lied(&self, lie: &Lie, request: &HttpRequest) -> Option<HttpResponse> {
        let status = |status| HttpResponse {
            status,
            ..HttpResponse::default()
        };
        Some(match lie {
            Lie::Drop => return None,
            Lie::LoseAnswer => {
                self.answer(request);
                return None;
            }
            Lie::PretendDone(repeated) if request.method != Method::Post => {
                status(if *repeated { 201 } else { 200 })
            }
            Lie::RollBack(which) => {
                if let Some(old) = self.old(which) {
                    self.relay.set_payload(&old);
                }
                self.answer(request)
            }
            Lie::ShowOld(which) => show(self.answer(request), |_| self.old(which)),
            Lie::FlipBit(which) => show(self.answer(request), |data| {
                let mut bytes = STANDARD.decode(data).ok()?;
                let bit = which.index(bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
                Some(STANDARD.encode(bytes))
            }),
            Lie::ForgeAck => show(self.answer(request), |data| forge(data, false)),
            Lie::ForgeAbort => show(self.answer(request), |data| forge(data, true)),
            Lie::NotFound(is_final) => {
                let mut response = status(404);
                if *is_final {
                    let problem =
                        json!({ "type": problems::NOT_FOUND, "title": "", "status": 404 });
                    response.body = problem.to_string().into_bytes();
                }
                response
            }
            Lie::Status(code) => status(*code),
            Lie::WrongClock(future) => {
                let mut response = self.answer(request);
                let year = if *future { 2999 } else { 1999 };
                let date = format!("Fri, 01 Jan {year} 00:00:00 GMT");
                response.headers.push(("date".into(), date));
                response
            }
            _ => self.answer(request),
        })
    }
}

/// Changes the payload's data in the answer to a read.
fn show(mut response: HttpResponse, change: impl FnOnce(&str) -> Option<String>) -> HttpResponse {
    let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) else {
        return response;
    };
    let changed = body["payload"]["data"].as_str().and_then(change);
    if let Some(data) = changed {
        body["payload"]["data"] = json!(data);
        response.body = body.to_string().into_bytes();
    }
    response
}

/// The envelope in the slot with another acknowledgement, or an abort, under a MIC of zeros.
fn forge(data: &str, abort: bool) -> Option<String> {
    let bytes = STANDARD.decode(data).ok()?;
    // Array of two, byte string with a two-byte length: the body follows.
    let start = bytes
        .windows(4)
        .position(|w| w[..2] == [0x00, 0x01] && w[2] == 0x01)?;
    let mut forged = bytes.clone();
    // Key 1 (side), key 2 (ack): a small number, one byte.
    *forged.get_mut(start + 5)? = if abort { 0 } else { 9 };
    Some(STANDARD.encode(forged))
}

#[async_trait]
impl HttpTransport for Liar {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let lie = self.lies.lock().unwrap().pop_front();
        let answer = self.lied(&lie.unwrap_or(Lie::Honest), &request);
        self.remember();
        answer.ok_or_else(|| TransportError::new(TransportFailure::CutOff, "no answer"))
    }
}

struct Ended {
    sender: Sender,
    receiver: Receiver,
}

/// `holds`: its apps wait a moment for each answer, and it holds updates.
async fn run(lies: Vec<Lie>, holds: bool) -> Ended {
    let relay = Liar::new(lies, holds);
    let client = || -> TransferClient {
        let http: Arc<dyn HttpTransport> = relay.clone();
        Apps::client(Arc::new(MemoryStore::new()), http)
    };
    let (alice, bob) = (client(), client());
    let (mut sender, mut receiver) = (Sender::default(), Receiver::default());
    if holds {
        sender.wait = Duration::from_secs(2);
        receiver.wait = sender.wait;
    }
    for _ in 0..80 {
        // Errors say what happened; the apps try again, a minute later.
        tokio::time::sleep(Duration::from_secs(60)).await;
        let _ = sender.step(&alice).await;
        if let Some(url) = sender.url.clone() {
            let _ = receiver.step(&bob, &url).await;
        }
        if Apps::outcome(&sender.events).is_some() && Apps::outcome(&receiver.events).is_some() {
            break;
        }
        // What apps do in the background: an ended side's last envelope is written again if it was lost.
        for client in [&alice, &bob] {
            let _ = client.sync(Duration::from_secs(5)).await;
        }
    }
    Ended { sender, receiver }
}

fn judge(ended: &Ended, lies: &[Lie]) -> Result<(), TestCaseError> {
    let received = Apps::received(&ended.receiver.events);
    let delivered = TransferEvent::CredentialDelivered { index: 0 };
    let claims = ended
        .sender
        .events
        .iter()
        .filter(|event| **event == delivered)
        .count();
    let outcomes = [&ended.sender.events, &ended.receiver.events].map(|e| Apps::outcome(e));

    // Never altered, never twice.
    prop_assert!(received.is_empty() || received == [Apps::credential()]);
    // Never a false "delivered", nor a false "completed".
    prop_assert!(claims <= received.len());
    if outcomes[0] == Some(Outcome::Completed) {
        prop_assert_eq!(claims, 1);
    }
    // A relay that forges nothing final, and gave the mailbox back when it said so, is only a delay.
    let fatal = |lie: &Lie| {
        matches!(
            lie,
            Lie::NotFound(true) | Lie::Status(401) | Lie::NotFound(false)
        )
    };
    if !lies.iter().any(fatal) && ended.receiver.has_accepted() {
        prop_assert_eq!(outcomes, [Some(Outcome::Completed); 2]);
    }
    Ok(())
}

#[test]
fn an_honest_relay_completes() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    for holds in [false, true] {
        judge(&runtime.block_on(run(vec![], holds)), &[]).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    //= test draft/3.3-confidential
    #[test]
    fn a_lying_relay_is_only_a_delay_or_is_told(lies in prop::collection::vec(lie(), 0..40), holds in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let ended = runtime.block_on(run(lies.clone(), holds));
        judge(&ended, &lies)?;
    }
}
