//! Whole transfers in one process: sender and receiver through the public API, an embedded relay, HTTP over loopback.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tigress::{
    AcceptOptions, Config, Credential, HttpTransport, InvitationRequest, MemoryStore, Outcome,
    TerminateReason, TransferClient, TransferEvent, TransferId, built_in_transport,
};
use tigress_relay::store::{DurableStore, MailboxStore};
use tigress_relay::{Relay, RelayConfig, RunningRelay};
use tokio::runtime::Runtime;

use crate::chart::Panel;
use crate::counter::{CountedStore, Counter, Traffic};
use crate::table::{Table, aim, figure};
use crate::{Findings, cpu};

const TRANSFERS: usize = 300;
const WARM_UP: usize = 30;
const WAIT: Duration = Duration::from_secs(20);

/// When the credential is handed over.
#[derive(Clone, Copy, PartialEq)]
enum When {
    /// With the invitation.
    Queued,
    /// Once the two are established.
    Later,
}

struct Case {
    name: &'static str,
    when: When,
    content: usize,
    most_requests: f64,
    most_milliseconds: Option<f64>,
}

const CASES: [Case; 3] = [
    Case {
        name: "1 KiB, queued",
        when: When::Queued,
        content: 1024,
        most_requests: 11.0,
        most_milliseconds: Some(4.0),
    },
    Case {
        name: "1 KiB, sent later",
        when: When::Later,
        content: 1024,
        most_requests: 15.0,
        most_milliseconds: Some(4.0),
    },
    Case {
        name: "256 KiB, queued",
        when: When::Queued,
        content: 256 * 1024,
        most_requests: 11.0,
        most_milliseconds: None,
    },
];

/// What one transfer needed.
struct Cost {
    p50: f64,
    p99: f64,
    cpu: f64,
    traffic: Traffic,
}

pub(crate) fn run() -> Findings {
    let runtime = Runtime::new().unwrap();
    let mut tables = Vec::new();
    let mut panel = Panel::new("A whole transfer over loopback", "ms").limit(4.0);
    let mut cpu = Vec::new();
    for (store, durable) in [("memory", false), ("durable file", true)] {
        let mut table = Table::new(
            format!(
                "A whole transfer, from the invitation to the end on both sides; relay's store: {store}"
            ),
            [
                "", "p50, ms", "p99, ms", "CPU, ms", "requests", "KiB", "loads", "saves", "aims",
            ],
        );
        for case in &CASES {
            let cost = runtime.block_on(measure_over(case, durable));
            let mut aims = vec![aim(
                cost.traffic.requests as f64 <= case.most_requests * TRANSFERS as f64,
                &format!("≤ {} requests", case.most_requests),
            )];
            if let Some(most) = case.most_milliseconds.filter(|_| !durable) {
                aims.push(aim(cost.p50 <= most, &format!("p50 ≤ {most} ms")));
            }
            if durable {
                let memory: f64 = cpu[cpu.len() - CASES.len()];
                aims.push(aim(cost.cpu <= 2.0 * memory, "CPU ≤ 2 × memory"));
            }
            cpu.push(cost.cpu);
            let each = |count: usize| figure(count as f64 / TRANSFERS as f64);
            table.row([
                case.name.into(),
                figure(cost.p50),
                figure(cost.p99),
                figure(cost.cpu),
                each(cost.traffic.requests),
                each(cost.traffic.bytes / 1024),
                each(cost.traffic.loads),
                each(cost.traffic.saves),
                aims.join("; "),
            ]);
            if case.content == 1024 {
                panel = panel
                    .bar(format!("{store}, {}: p50", case.name), cost.p50)
                    .bar("p99", cost.p99)
                    .reference("CPU: both sides and the relay", cost.cpu);
            }
        }
        tables.push(table);
    }
    Findings {
        tables,
        panels: vec![panel],
    }
}

async fn measure_over(case: &Case, durable: bool) -> Cost {
    if durable {
        let folder = tempfile::tempdir().unwrap();
        let store = DurableStore::open(folder.path().join("mailboxes")).unwrap();
        return measure(case, store).await;
    }
    measure(case, tigress_relay::store::MemoryStore::default()).await
}

async fn measure(case: &Case, store: impl MailboxStore) -> Cost {
    let relay = Relay::start(RelayConfig::default(), store).await.unwrap();
    for _ in 0..WARM_UP {
        transfer(case, &relay, &Arc::default()).await;
    }
    let traffic = Arc::default();
    let (mut times, used) = (Vec::new(), cpu::process());
    for _ in 0..TRANSFERS {
        let started = Instant::now();
        transfer(case, &relay, &traffic).await;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let used = cpu::process() - used;
    relay.shutdown().await;
    times.sort_by(f64::total_cmp);
    Cost {
        p50: times[TRANSFERS / 2],
        p99: times[TRANSFERS * 99 / 100],
        cpu: used.as_secs_f64() * 1e3 / TRANSFERS as f64,
        traffic: traffic.lock().unwrap().clone(),
    }
}

/// A wallet that has just been opened: nothing is connected yet.
fn wallet(relay: &RunningRelay, traffic: &Arc<std::sync::Mutex<Traffic>>) -> TransferClient {
    let mut config = Config::with_relay(relay.url());
    config.allow_loopback_http = true;
    let http: Arc<dyn HttpTransport> = Arc::new(Counter {
        inner: built_in_transport(&config).unwrap(),
        traffic: Arc::clone(traffic),
    });
    let store = CountedStore {
        inner: MemoryStore::new(),
        traffic: Arc::clone(traffic),
    };
    TransferClient::new(config, Arc::new(store), Some(http)).unwrap()
}

async fn transfer(case: &Case, relay: &RunningRelay, traffic: &Arc<std::sync::Mutex<Traffic>>) {
    let (sender, receiver) = (wallet(relay, traffic), wallet(relay, traffic));
    let credential = Credential::new("org.example.key", vec![7; case.content]);
    let queued = case.when == When::Queued;
    let request = InvitationRequest {
        credential: queued.then(|| credential.clone()),
        ..InvitationRequest::default()
    };
    let invitation = sender.create_invitation(request).await.unwrap();
    let url = invitation.share_url.to_url();
    let id = invitation.transfer;
    let later = (!queued).then(|| credential.clone());
    let sending = tokio::spawn(async move { send(&sender, id, later).await });
    let options = AcceptOptions::default();
    let id = receiver
        .accept_invitation(url.as_str(), options)
        .await
        .unwrap();
    receive(&receiver, id, &credential).await;
    sending.await.unwrap();
}

async fn send(client: &TransferClient, id: TransferId, mut later: Option<Credential>) {
    let mut cursor = 0;
    loop {
        let update = client.poll(id, WAIT, cursor).await.unwrap();
        cursor = update.cursor;
        if update.events.contains(&TransferEvent::Established)
            && let Some(credential) = later.take()
        {
            client.send_credential(id, credential).await.unwrap();
        }
        if is_over(&update.events) {
            return;
        }
    }
}

async fn receive(client: &TransferClient, id: TransferId, expected: &Credential) {
    let mut cursor = 0;
    loop {
        let update = client.poll(id, WAIT, cursor).await.unwrap();
        cursor = update.cursor;
        let received = |event: &TransferEvent| matches!(event, TransferEvent::CredentialReceived { credential, .. } if credential == expected);
        if update.events.iter().any(received) {
            client.terminate(id, TerminateReason::Done).await.unwrap();
        }
        if is_over(&update.events) {
            return;
        }
    }
}

fn is_over(events: &[TransferEvent]) -> bool {
    let outcome = events.iter().find_map(|event| match event {
        TransferEvent::Closed { outcome } => Some(*outcome),
        _ => None,
    });
    assert!(
        matches!(outcome, None | Some(Outcome::Completed)),
        "{outcome:?}"
    );
    outcome.is_some()
}
