//! Against real servers.

mod seen;

use std::time::{Duration, Instant};

use tigress_servers::{RedisCluster, RedisServer, WatchedRedis};

use super::super::conformance::{self, creation, new_mailbox, read};
use super::super::{Answer, NewMailbox, Version};
use super::*;

/// Longest time for a call when the server does not answer: connecting, and asking once more.
const TIMELY: Duration = Duration::from_secs(8);
/// So many mailboxes are in all thirds of a cluster.
const MANY: u128 = 12;
const NOW: u64 = 1_900_000_000;
const ID: MailboxId = MailboxId(Uuid::from_u128(1));

fn store(url: &str) -> RedisStore {
    RedisStore::new(url).unwrap()
}

async fn create(store: &RedisStore, n: u128) -> Result<Created, StoreError> {
    let new = NewMailbox {
        request_id: tigress_mailbox::RequestId(Uuid::from_u128(100 + n)),
        ..new_mailbox()
    };
    let id = MailboxId(Uuid::from_u128(n));
    store.create(creation(id, new), &Room::default(), NOW).await
}

async fn run(store: &RedisStore, n: u128, command: Command) -> Result<Applied, StoreError> {
    let id = MailboxId(Uuid::from_u128(n));
    store.apply(id, command, &Room::default(), NOW).await
}

#[tokio::test]
async fn conforms_on_one_server() {
    let server = RedisServer::start();
    conformance::check_shared(|| {
        server.cli(&["FLUSHALL"]);
        store(&server.url())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms_on_a_cluster() {
    let cluster = RedisCluster::start();
    conformance::check_shared(|| {
        for master in &cluster.masters {
            master.cli(&["FLUSHALL"]);
        }
        store(&cluster.url())
    })
    .await;
}

#[tokio::test]
async fn a_creation_is_known_for_as_long_as_its_mailbox_and_after_its_end_as_the_room_says() {
    let server = RedisServer::start();
    let store = store(&server.url());
    create(&store, 1).await.unwrap();
    let keys = server.cli(&["--raw", "--scan", "--pattern", "tigress:m:*"]);
    assert_eq!(keys, String::from_utf8(key::of_mailbox(ID)).unwrap());
    let left = |pattern: &str| {
        let script = format!("return redis.call('PTTL', redis.call('KEYS', '{pattern}')[1])");
        server.cli(&["EVAL", &script, "0"]).parse::<u64>().unwrap()
    };
    let whole = 160_000;
    for pattern in ["tigress:m:*", "tigress:c:*"] {
        assert!(
            (whole - 30_000..=whole).contains(&left(pattern)),
            "{pattern}"
        );
    }
    let claim = new_mailbox().claim;
    run(&store, 1, Command::Delete { claim }).await.unwrap();
    assert!((570_000..=600_000).contains(&left("tigress:c:*")));
    let again = create(&store, 1).await;
    let gone = Created::Repeated {
        id: ID,
        version: None,
    };
    assert_eq!(again, Ok(gone), "deleted, and not made again");
}

#[tokio::test]
async fn what_a_fail_over_lost_may_be_made_again() {
    let server = RedisServer::start();
    let store = store(&server.url());
    create(&store, 1).await.unwrap();
    server.cli(&["DEL", &String::from_utf8(key::of_mailbox(ID)).unwrap()]);
    assert_eq!(create(&store, 1).await, Ok(Created::New));
    assert!(
        run(&store, 1, read(new_mailbox().claim))
            .await
            .unwrap()
            .answer
            .is_ok()
    );
}

#[tokio::test]
async fn one_relay_wakes_those_who_wait_at_another() {
    let server = RedisServer::start();
    let (here, there) = (store(&server.url()), store(&server.url()));
    for n in 1..=50 {
        create(&here, n).await.unwrap();
        let id = MailboxId(Uuid::from_u128(n));
        let watch = there.wakeups().watch(id).await.unwrap();
        let claim = new_mailbox().claim;
        run(&here, n, Command::Delete { claim }).await.unwrap();
        watch.changed().await;
    }
}

#[tokio::test]
async fn a_server_without_memory_takes_no_more_and_gives_back() {
    let server = RedisServer::start();
    let store = store(&server.url());
    create(&store, 1).await.unwrap();
    let claim = new_mailbox().claim;
    run(&store, 1, Command::Show).await.unwrap();
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_eq!(create(&store, 2).await, Err(StoreError::Full));
    let bound = run(&store, 1, read(conformance::THIRD)).await.unwrap();
    assert!(
        matches!(bound.answer, Ok(Answer::Content { .. })),
        "{bound:?}"
    );
    let deleted = run(&store, 1, Command::Delete { claim }).await.unwrap();
    assert_eq!(deleted.answer, Ok(Answer::Deleted));
}

#[tokio::test]
async fn a_server_that_is_gone_is_told_in_time_and_found_again() {
    let mut server = RedisServer::start();
    let store = store(&server.url());
    create(&store, 1).await.unwrap();
    let waiting = store.wakeups().watch(ID).await.unwrap();
    server.kill();
    waiting.changed().await;
    let begun = Instant::now();
    assert_eq!(
        store.ready(&Room::default()).await,
        Err(StoreError::Unavailable)
    );
    assert_eq!(create(&store, 2).await, Err(StoreError::Unavailable));
    assert!(store.wakeups().watch(ID).await.is_err());
    assert!(begun.elapsed() < TIMELY, "{:?}", begun.elapsed());
    server.restart();
    until(async || create(&store, 2).await.is_ok()).await;
    until(async || store.wakeups().watch(ID).await.is_ok()).await;
}

#[tokio::test]
async fn a_server_that_answers_nothing_holds_nobody_up() {
    let server = RedisServer::start();
    let store = store(&server.url());
    create(&store, 1).await.unwrap();
    let waiting = store.wakeups().watch(ID).await.unwrap();
    server.freeze();
    let begun = Instant::now();
    assert_eq!(create(&store, 2).await, Err(StoreError::Unavailable));
    waiting.changed().await;
    assert!(begun.elapsed() < TIMELY, "{:?}", begun.elapsed());
    server.thaw();
    until(async || create(&store, 2).await.is_ok()).await;
}

#[tokio::test]
async fn without_the_replicas_that_are_asked_for_nothing_is_made() {
    let server = RedisServer::start();
    let alone = store(&format!("{}?replicas=1", server.url()));
    assert_eq!(create(&alone, 1).await, Err(StoreError::Unavailable));
    let keys = server.cli(&["--scan", "--pattern", "tigress:[mc]:*"]);
    assert_eq!(keys, "", "and nothing is left of it");
}

#[tokio::test]
async fn after_a_fail_over_what_was_made_and_bound_is_there_and_wakes_go_on() {
    let redis = WatchedRedis::start();
    let url = redis.url();
    let (here, there) = (store(&url), store(&url));
    create(&here, 1).await.unwrap();
    run(&there, 1, read(conformance::THIRD)).await.unwrap();
    let waiting = there.wakeups().watch(ID).await.unwrap();
    redis.first.freeze();
    waiting.changed().await;
    redis.wait_for_second();
    redis.first.thaw();
    // It becomes the replica that creations wait for.
    redis
        .second
        .wait_for(&["INFO", "replication"], "state=online");
    until(async || here.ready(&Room::default()).await.is_ok()).await;
    let bound = run(&here, 1, read(conformance::THIRD)).await.unwrap();
    assert!(bound.answer.is_ok(), "still bound: {bound:?}");
    until(async || there.wakeups().watch(ID).await.is_ok()).await;
    let waiting = there.wakeups().watch(ID).await.unwrap();
    let claim = new_mailbox().claim;
    until(async || run(&here, 1, Command::Delete { claim }).await.is_ok()).await;
    waiting.changed().await;
    until(async || create(&here, 2).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_whose_master_falls_silent_has_what_was_made_and_bound_and_wakes_go_on() {
    let cluster = RedisCluster::start();
    let replicas = tokio::task::block_in_place(|| cluster.replicas());
    let url = format!("{}?replicas=1", cluster.url());
    let (here, there) = (store(&url), store(&url));
    for n in 1..=MANY {
        until(async || create(&here, n).await.is_ok()).await;
        run(&there, n, read(conformance::THIRD)).await.unwrap();
    }
    cluster.masters[0].freeze();
    let replacement = &replicas[0];
    tokio::task::block_in_place(|| replacement.wait_for(&["ROLE"], "master"));
    for n in 1..=MANY {
        let mut bound = None;
        until(async || {
            bound = run(&here, n, read(conformance::THIRD)).await.ok();
            bound.is_some()
        })
        .await;
        assert!(bound.unwrap().answer.is_ok(), "still there and bound: {n}");
    }
    let claim = new_mailbox().claim;
    for n in 1..=MANY {
        let id = MailboxId(Uuid::from_u128(n));
        let mut waiting = None;
        until(async || {
            waiting = there.wakeups().watch(id).await.ok();
            waiting.is_some()
        })
        .await;
        until(async || run(&here, n, Command::Delete { claim }).await.is_ok()).await;
        waiting.unwrap().changed().await;
    }
    cluster.masters[0].thaw();
}

/// Tries until it is so.
async fn until(mut what: impl AsyncFnMut() -> bool) {
    let trying = async {
        while !what().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let tried = tokio::time::timeout(Duration::from_secs(30), trying).await;
    assert!(tried.is_ok(), "not so after 30 seconds");
}
