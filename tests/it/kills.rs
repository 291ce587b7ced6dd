//! A kill at every store write and every request of a whole transfer, on either side, before and after it had
//! its effect; then a restart. The credential arrives exactly once, and both sides know it.

use std::sync::Arc;

use tigress::{MemoryStore, Outcome, TransferEvent};
use tigress_testkit::{Apps, Kill, PlainRelay, Process, Receiver, Sender};

/// What both sides saw, and how much each process did.
struct Run {
    sender: Sender,
    receiver: Receiver,
    counts: [usize; 2],
}

/// A whole transfer, in which the process of each side dies once where its kill says.
async fn run(kills: [Option<Kill>; 2]) -> Run {
    let relay = Arc::new(PlainRelay::with_final_not_found());
    let stores = [(); 2].map(|()| Arc::new(MemoryStore::new()));
    let start = |side: usize, kill: Option<Kill>| {
        let process = Process::new(kill);
        let client = Apps::client(process.disk(&stores[side]), process.network(&relay));
        (client, process)
    };
    let (mut sender, mut receiver) = (Sender::default(), Receiver::default());
    let mut processes = [0, 1].map(|side| start(side, kills[side]));
    let mut counts = [0; 2];
    for _ in 0..60 {
        for side in 0..2 {
            let client = processes[side].0.clone();
            let result = match (side, sender.url.clone()) {
                (0, _) => sender.step(&client).await,
                (_, Some(url)) => receiver.step(&client, &url).await,
                _ => Ok(()),
            };
            counts[side] = processes[side].1.count();
            if processes[side].1.is_dead() {
                processes[side] = start(side, None);
            } else {
                result.unwrap_or_else(|error| panic!("{kills:?}, side {side}: {error}"));
            }
        }
        if Apps::outcome(&sender.events).is_some() && Apps::outcome(&receiver.events).is_some() {
            break;
        }
    }
    Run {
        sender,
        receiver,
        counts,
    }
}

fn arrived_exactly_once(run: &Run, kills: &[Option<Kill>; 2]) {
    let received = Apps::received(&run.receiver.events);
    assert_eq!(received, [Apps::credential()], "{kills:?}");
    let delivered = TransferEvent::CredentialDelivered { index: 0 };
    let count = run
        .sender
        .events
        .iter()
        .filter(|event| **event == delivered)
        .count();
    assert_eq!(count, 1, "{kills:?} {:?}", run.sender.events);
    for events in [&run.sender.events, &run.receiver.events] {
        assert_eq!(Apps::outcome(events), Some(Outcome::Completed), "{kills:?}");
    }
}

#[tokio::test]
async fn a_kill_anywhere_loses_and_repeats_nothing() {
    let whole = run([None, None]).await;
    arrived_exactly_once(&whole, &[None, None]);
    for side in 0..2 {
        assert!(whole.counts[side] > 10, "a transfer has many steps");
        for at in 0..whole.counts[side] {
            for after in [false, true] {
                let mut kills = [None, None];
                kills[side] = Some(Kill { at, after });
                arrived_exactly_once(&run(kills).await, &kills);
            }
        }
    }
}

#[tokio::test]
async fn kills_on_both_sides_lose_and_repeat_nothing() {
    let whole = run([None, None]).await;
    for at in 0..whole.counts[0] {
        for (other, after) in [(at / 2, true), (at, false), (whole.counts[1] - 1, true)] {
            let kills = [
                Some(Kill { at, after }),
                Some(Kill {
                    at: other,
                    after: !after,
                }),
            ];
            arrived_exactly_once(&run(kills).await, &kills);
        }
    }
}
