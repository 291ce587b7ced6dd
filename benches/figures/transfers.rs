//! Whole transfers in one process: sender and receiver through the public API, an embedded relay, HTTP over loopback.

use std::sync::Arc;
use std::time::Instant;

use tempfile::TempDir;
use tigress::{
    AcceptOptions, Config, Credential, HttpTransport, InvitationRequest, MemoryStore, Outcome,
    TerminateReason, TransferClient, TransferEvent, TransferId, built_in_transport,
};
use tigress_relay::store::{DurableStore, MemoryStore as Mailboxes};
use tigress_relay::{Relay, RelayConfig, RunningRelay};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::chart::Panel;
use crate::counter::{CountedStore, Counter, Traffic};
use crate::table::{Table, aim, figure};
use crate::{Findings, cpu};

const TRANSFERS: usize = 300;
const WARM_UP: usize = 30;
/// Transfers at a time, and how many each of them does.
const CROWD: usize = 64;
const EACH_IN_CROWD: usize = 10;
/// The relay's stores, and whether they are durable.
const STORES: [(&str, bool); 2] = [("memory", false), ("durable file", true)];

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
        most_requests: 8.0,
        most_milliseconds: Some(4.0),
    },
    Case {
        name: "1 KiB, sent later",
        when: When::Later,
        content: 1024,
        most_requests: 10.0,
        most_milliseconds: Some(4.0),
    },
    Case {
        name: "256 KiB, queued",
        when: When::Queued,
        content: 256 * 1024,
        most_requests: 8.0,
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
    let (mut tables, mut panel) = (
        Vec::new(),
        Panel::new("A whole transfer over loopback", "ms"),
    );
    for (store, durable) in STORES {
        let mut table = Table::new(
            format!(
                "A whole transfer, from the invitation to the end on both sides; relay's store: {store}"
            ),
            [
                "", "p50, ms", "p99, ms", "CPU, ms", "requests", "KiB", "loads", "saves", "aims",
            ],
        );
        for case in &CASES {
            let cost = runtime.block_on(measure(case, durable));
            let each = |count: usize| count as f64 / TRANSFERS as f64;
            let few = each(cost.traffic.requests) <= case.most_requests;
            let mut aims = aim(few, &format!("≤ {} requests", case.most_requests));
            if let Some(most) = case.most_milliseconds.filter(|_| !durable) {
                let fast = aim(cost.p50 <= most, &format!("p50 ≤ {most} ms"));
                aims = format!("{fast}; {aims}");
            }
            table.row([
                case.name.into(),
                figure(cost.p50),
                figure(cost.p99),
                figure(cost.cpu),
                figure(each(cost.traffic.requests)),
                figure(each(cost.traffic.bytes) / 1024.0),
                figure(each(cost.traffic.loads)),
                figure(each(cost.traffic.saves)),
                aims,
            ]);
            if case.content == 1024 {
                panel = panel
                    .bar(format!("{store}, {}: p50", case.name), cost.p50)
                    .reference("CPU: both sides and the relay", cost.cpu);
            }
        }
        tables.push(table);
    }
    let (crowds, second) = crowds(&runtime);
    tables.push(crowds);
    Findings {
        tables,
        panels: vec![panel.limit(4.0), second],
    }
}

/// Many transfers at a time, where the durable store writes those of many in one go.
fn crowds(runtime: &Runtime) -> (Table, Panel) {
    let title = format!("{CROWD} transfers at a time, 1 KiB, queued");
    let mut panel = Panel::new(title.clone(), "ms CPU each");
    let mut table = Table::new(
        title,
        ["relay's store", "transfers/s", "CPU each, ms", "aim"],
    );
    let mut memory = f64::INFINITY;
    for (store, durable) in STORES {
        let (rate, cpu) = runtime.block_on(crowd(durable));
        let cheap = aim(cpu <= 2.0 * memory, "CPU ≤ 2 × memory");
        table.row([
            store.into(),
            figure(rate),
            figure(cpu),
            if durable { cheap } else { String::new() },
        ]);
        memory = cpu;
        panel = panel.bar(store, cpu);
    }
    (table, panel)
}

async fn crowd(durable: bool) -> (f64, f64) {
    let (relay, _folder) = relay(durable).await;
    let relay = Arc::new(relay);
    let (mut started, mut used) = (Instant::now(), cpu::process());
    for counted in [false, true] {
        if counted {
            (started, used) = (Instant::now(), cpu::process());
        }
        let mut crowd = JoinSet::new();
        for _ in 0..CROWD {
            let relay = Arc::clone(&relay);
            crowd.spawn(async move {
                for _ in 0..EACH_IN_CROWD {
                    transfer(&CASES[0], &relay, &Arc::default()).await;
                }
            });
        }
        crowd.join_all().await;
    }
    let transfers = (CROWD * EACH_IN_CROWD) as f64;
    let rate = transfers / started.elapsed().as_secs_f64();
    let cpu = (cpu::process() - used).as_secs_f64() * 1e3 / transfers;
    (rate, cpu)
}

/// A relay, and the folder in which it keeps its mailboxes.
async fn relay(durable: bool) -> (RunningRelay, Option<TempDir>) {
    let config = RelayConfig::default();
    if !durable {
        let relay = Relay::start(config, Mailboxes::default()).await;
        return (relay.unwrap(), None);
    }
    let folder = tempfile::tempdir().unwrap();
    let store = DurableStore::open(folder.path().join("mailboxes")).unwrap();
    let relay = Relay::start(config, store).await;
    (relay.unwrap(), Some(folder))
}

async fn measure(case: &Case, durable: bool) -> Cost {
    let (relay, _folder) = relay(durable).await;
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
    let options = AcceptOptions::confirmed();
    let id = receiver
        .accept_invitation(url.as_str(), options)
        .await
        .unwrap();
    receive(&receiver, id, &credential).await;
    sending.await.unwrap();
}

async fn send(client: &TransferClient, id: TransferId, mut later: Option<Credential>) {
    let mut events = client.events(id).unwrap();
    while let Some(event) = events.next().await.unwrap() {
        if event == TransferEvent::Established
            && let Some(credential) = later.take()
        {
            client.send_credential(id, credential).await.unwrap();
        }
        expect_no_other_end(&event);
    }
}

async fn receive(client: &TransferClient, id: TransferId, expected: &Credential) {
    let mut events = client.events(id).unwrap();
    while let Some(event) = events.next().await.unwrap() {
        if matches!(&event, TransferEvent::CredentialReceived { credential, .. } if credential == expected)
        {
            client.terminate(id, TerminateReason::Done).await.unwrap();
        }
        expect_no_other_end(&event);
    }
}

fn expect_no_other_end(event: &TransferEvent) {
    let is_other =
        matches!(event, TransferEvent::Closed { outcome } if *outcome != Outcome::Completed);
    assert!(!is_other, "{event:?}");
}
