//! Somebody with the link of an invitation, but without its PIN, who runs the relay and plays the sender as often
//! as the user tries again: how many PINs does the user's device answer with?

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;

use super::super::*;
use tigress_gss::auth_credential::{AuthCredential, MAX_LIFETIME};
use tigress_gss::gss::{
    ChannelBindings, InitiatorCredential, Role, SecurityContext, init_sec_context,
};
use tigress_gss::mechanism::registry;
use tigress_mailbox::{HttpRequest, HttpResponse, Method, headers, problems};
use tigress_protocol::exchange::{Envelope, Side, Window};
use tigress_protocol::transfer::TransferEvent;

const START: u64 = 1_800_000_000;
const DAY: u64 = 24 * 3600;
const TEN_YEARS: u64 = 3650 * DAY;
const ORIGIN: &str = "https://relay.example";
const LINK: &str = "https://relay.example/v1/m/2bba630e-519b-41ec-81d3-0242ac130003?v=a#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8.p";
/// What the protocol allows a receiver.
const ANSWERS: usize = 5;

struct DeviceClock(AtomicU64);

impl Clock for DeviceClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// What the false sender's relay says.
#[derive(Clone, Default)]
struct Lie {
    payload: String,
    expiration: Option<&'static str>,
    date: Option<&'static str>,
    gone: bool,
}

#[derive(Default)]
struct FalseRelay(Mutex<Lie>);

impl FalseRelay {
    fn lie(&self) -> std::sync::MutexGuard<'_, Lie> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl HttpTransport for FalseRelay {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let mut lie = self.lie();
        let mut response = HttpResponse {
            status: 200,
            headers: Vec::new(),
            body: b"{}".to_vec(),
        };
        if let Some(date) = lie.date {
            response.headers.push((headers::DATE.into(), date.into()));
        }
        let body: serde_json::Value = request
            .body
            .as_deref()
            .and_then(|body| serde_json::from_slice(body).ok())
            .unwrap_or_default();
        match request.method {
            _ if lie.gone => {
                response.status = 404;
                let problem =
                    json!({ "type": problems::NOT_FOUND, "title": "gone", "status": 404 });
                response.body = problem.to_string().into_bytes();
            }
            Method::Put => {
                lie.payload = body["payload"]["data"].as_str().unwrap_or_default().into();
            }
            Method::Post => {
                let content = json!({
                    "payload": { "type": "GSS_API", "data": lie.payload },
                    "displayInformation": { "title": "", "description": "", "imageURL": "" },
                    "expiration": lie.expiration,
                });
                response.body = content.to_string().into_bytes();
            }
            _ => {}
        }
        Ok(response)
    }
}

/// The false sender's side of one round: it guesses that the PIN is another, and learns with each answer whether
/// the user's is that one.
struct FalseSender {
    context: SecurityContext,
    window: Window,
    drawn: u8,
}

impl FalseSender {
    fn new(issued_at: u64, expires_at: u64, round: u8) -> Self {
        let mut draws = Entropy::from_seed(&Secret::new([round; 32]));
        let oid = registry().preferred().unwrap();
        let auth = AuthCredential {
            issued_at,
            expires_at,
            ..AuthCredential::new(oid, 0, 0, true, &mut draws)
        };
        let secret = tigress_protocol::invitation::ShareUrl::parse(LINK)
            .unwrap()
            .secret;
        let credential = InitiatorCredential::new(auth, secret);
        let credential = credential.with_pin(Pin::parse("999999").unwrap(), 10);
        let bindings = ChannelBindings::for_mailbox(ORIGIN, "2bba630e-519b-41ec-81d3-0242ac130003");
        let made = init_sec_context(
            registry(),
            &credential,
            Some(&bindings),
            None,
            0,
            &mut draws,
        );
        let (context, first) = made.unwrap();
        let mut window = Window::default();
        window.push(first).unwrap();
        Self {
            context,
            window,
            drawn: 0,
        }
    }

    fn envelope(&self) -> String {
        let fields = self.window.fields(Side::Sender, false);
        fields.encode(|body| self.context.envelope_mic(Role::Initiator, body))
    }

    /// Takes what the receiver has written, and asks it once more.
    fn asks_again(&mut self, data: &str) -> String {
        let fields = Envelope::decode(data).and_then(|envelope| envelope.fields());
        let fields = fields.filter(|fields| fields.side == Side::Receiver);
        for token in fields.map(|fields| fields.tokens).unwrap_or_default() {
            self.drawn += 1;
            let draws = &mut Entropy::from_seed(&Secret::new([100 + self.drawn; 32]));
            if let Ok(step) = self.context.continue_with(&token, 0, draws) {
                self.window.take(&token);
                self.window.push(step.token.unwrap()).unwrap();
            }
        }
        self.envelope()
    }
}

/// The user's device, and how often it has answered with a PIN.
struct Victim {
    clock: Arc<DeviceClock>,
    relay: Arc<FalseRelay>,
    client: TransferClient,
    answers: usize,
    rounds: u8,
}

impl Victim {
    fn new() -> Self {
        let clock = Arc::new(DeviceClock(AtomicU64::new(START)));
        let relay = Arc::new(FalseRelay::default());
        let mut config = Config::with_relay(ORIGIN);
        config.give_up_after = Duration::ZERO;
        let store = Arc::new(MemoryStore::new());
        let http: Arc<dyn HttpTransport> = relay.clone();
        let client = TransferClient::with_clock(config, store, Some(http), clock.clone());
        Self {
            clock,
            relay,
            client: client.unwrap(),
            answers: 0,
            rounds: 0,
        }
    }

    fn shows(&self, now: u64) {
        self.clock.0.store(now, Ordering::SeqCst);
    }

    /// The user opens the link and types the PIN as often as asked; the relay begins to lie in the phase that is
    /// so many steps in.
    async fn round(&mut self, issued_at: u64, expires_at: u64, lie: &Lie, phase: usize) {
        self.rounds += 1;
        let mut sender = FalseSender::new(issued_at, expires_at, self.rounds);
        *self.relay.lie() = Lie {
            payload: sender.envelope(),
            ..if phase == 0 {
                lie.clone()
            } else {
                Lie::default()
            }
        };
        let accepted = self
            .client
            .accept_invitation(LINK, AcceptOptions::confirmed());
        let Ok(id) = accepted.await else { return };
        for step in 1..20 {
            if step == phase {
                let payload = self.relay.lie().payload.clone();
                *self.relay.lie() = Lie {
                    payload,
                    ..lie.clone()
                };
            }
            let pin = Pin::parse("123456").unwrap();
            if self.client.provide_pin(id, &pin).await.is_ok() {
                self.answers += 1;
            }
            let _ = self.client.sync(Duration::from_secs(5)).await;
            let written = self.relay.lie().payload.clone();
            self.relay.lie().payload = sender.asks_again(&written);
            let _ = self.client.sync(Duration::from_secs(5)).await;
        }
        if let Ok(update) = self.client.poll(id, Duration::ZERO, 0).await {
            assert!(!update.events.contains(&TransferEvent::Established));
        }
        // It is over, and the app has seen everything.
        let _ = self.client.terminate(id, TerminateReason::Cancelled).await;
        self.relay.lie().gone = true;
        let _ = self.client.poll(id, Duration::ZERO, u64::MAX - 1).await;
        let _ = self.client.sync(Duration::from_secs(5)).await;
    }

    /// In the background, twice: what is overdue must stay so for a while.
    async fn passes(&self, now: u64) {
        for at in [now, now + 2 * DAY] {
            self.shows(at);
            let _ = self.client.sync(Duration::from_secs(5)).await;
        }
    }
}

const LONG_AGO: &str = "Fri, 01 Jan 2016 00:00:00 GMT";
const FAR_OFF: &str = "Sun, 01 Jan 2040 00:00:00 GMT";

fn lies() -> Vec<Lie> {
    [
        (None, None),
        (Some("2001-01-01T00:00:00Z"), None),
        (Some("2099-01-01T00:00:00Z"), None),
        (None, Some(LONG_AGO)),
        (None, Some(FAR_OFF)),
        (Some("2001-01-01T00:00:00Z"), Some(LONG_AGO)),
    ]
    .map(|(expiration, date)| Lie {
        expiration,
        date,
        ..Lie::default()
    })
    .to_vec()
}

#[tokio::test]
async fn one_link_gets_five_pins_whatever_the_sender_and_the_relay_say_of_the_time() {
    let times = [
        (START, START + 3600),
        (START, u64::MAX),
        (u64::MAX - 3600, u64::MAX),
        (START, START - 1),
        (START - 3600, START - 599),
        (START, START + 31 * DAY),
        (START, START + MAX_LIFETIME),
        (START - TEN_YEARS, START - TEN_YEARS + 3600),
    ];
    for lie in lies() {
        for phase in [0, 1, 3, 6] {
            let mut victim = Victim::new();
            for (issued_at, expires_at) in times {
                victim.round(issued_at, expires_at, &lie, phase).await;
            }
            assert_eq!(victim.answers, ANSWERS, "{phase}");
        }
    }
}

//= test protocol/3-tombstones
#[tokio::test]
async fn one_link_gets_five_pins_through_forgetting_and_clocks_that_leap() {
    for first in [(START, START + 3600), (START - 3600, START - 599)] {
        let mut victim = Victim::new();
        victim.round(first.0, first.1, &Lie::default(), 0).await;
        assert_eq!(victim.answers, ANSWERS);
        assert_eq!(victim.client.transfers().await.unwrap().len(), 1);
        // Until the tombstone is forgotten, by a clock that leaps and comes back, and by one that goes on.
        for now in [
            START + TEN_YEARS,
            START,
            START + 40 * DAY,
            START + 2 * TEN_YEARS,
        ] {
            victim.passes(now).await;
            let now = victim.client.now();
            victim.round(now, now + 3600, &Lie::default(), 0).await;
            victim.round(START, START + 3600, &lies()[3], 0).await;
        }
        assert_eq!(victim.answers, ANSWERS);
        assert_eq!(victim.client.transfers().await.unwrap(), []);
        let again = victim
            .client
            .accept_invitation(LINK, AcceptOptions::default());
        assert_eq!(again.await, Err(Error::AlreadyUsed));
    }
}
