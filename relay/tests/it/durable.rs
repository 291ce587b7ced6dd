//! A relay whose mailboxes are in a file.

use std::sync::Arc;

use reqwest::Method;
use tempfile::TempDir;
use tigress_relay::Relay;
use tigress_relay::store::{DurableStore, Effort};

use crate::common::observed::{Observed, Seen, next};
use crate::common::{NOW, RECEIVER, SENDER, TestRelay, config, http_client, id, run, url_of};

async fn start(folder: &TempDir) -> TestRelay {
    let store = DurableStore::open(folder.path().join("mailboxes")).unwrap();
    run(Relay::new(config(), store)).await
}

//= test draft/3.3-store-and-forward
#[tokio::test]
async fn a_transfer_goes_on_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let relay = start(&folder).await;
    let url = relay.create().await;
    let path = url[relay.base().len()..].to_owned();
    relay.read(&url, RECEIVER).await;
    let written = relay.update(&url, RECEIVER, 1, "second").await;
    relay.running.shutdown().await;

    let relay = start(&folder).await;
    let created = relay.create_from(&crate::common::create_body()).await;
    assert_eq!(created.status, 201, "the creation is remembered");
    assert!(url_of(&created).ends_with(&path));
    let read = relay.read(&path, SENDER).await;
    assert_eq!(read.version(), written.version());
    assert_eq!(read.json()["payload"]["data"], "second");
    assert_eq!(relay.update(&path, RECEIVER, 1, "second").await.status, 201);
    assert_eq!(
        relay.leave(Method::DELETE, &path, SENDER, 2).await.status,
        200
    );
}

//= test draft/4.3-sweep draft/8.1.2-sweep
#[tokio::test]
async fn an_expired_mailbox_is_erased_from_the_file_before_long() {
    let folder = TempDir::new().unwrap();
    let store = DurableStore::open(folder.path().join("mailboxes")).unwrap();
    let (store, mut seen) = Observed::new(store);
    let relay = run(Relay::new(config(), store)).await;
    let url = relay.create().await;
    relay.update(&url, SENDER, 1, "somewhere in the file").await;
    let holds = || {
        let files = std::fs::read_dir(folder.path()).unwrap();
        let mut all = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        all.any(|bytes| {
            bytes
                .windows(21)
                .any(|part| part == b"somewhere in the file")
        })
    };
    assert!(holds());
    while seen.try_recv().is_ok() {}
    relay.clock.advance(1000);
    assert_eq!(tigress_relay::Clock::now(&*relay.clock), NOW + 1000);
    // The first sweep that begins after this erases it, however long that takes.
    for _ in 0..2 {
        next(&mut seen, Seen::Swept).await;
    }
    assert!(!holds());
    relay.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_connections_share_syncs() {
    let folder = TempDir::new().unwrap();
    let store = Arc::new(DurableStore::open(folder.path().join("mailboxes")).unwrap());
    let relay = Arc::new(run(Relay::new(config(), store.clone())).await);
    let url = relay.create().await;
    let before = store.effort();
    let writers = (0..64).map(|n| {
        let (relay, url, client) = (relay.clone(), url.clone(), http_client());
        tokio::spawn(async move {
            for m in 0..30 {
                let request = client.put(&url).header("Mailbox-Device-Claim", SENDER);
                let request = request.header("Mailbox-Request-ID", id(1 + n * 100 + m));
                let body = crate::common::payload("later").to_string();
                assert_eq!(request.body(body).send().await.unwrap().status(), 200);
            }
            drop(relay);
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let Effort { writes, syncs } = store.effort();
    let (writes, syncs) = (writes - before.writes, syncs - before.syncs);
    // How many share one depends on the machine; that all do which wait together, the store's own test counts.
    assert_eq!(writes, 64 * 30);
    assert!(syncs <= writes);
    let shared = writes as f64 / syncs as f64;
    println!("64 connections: {shared:.1} writes a sync");
}
