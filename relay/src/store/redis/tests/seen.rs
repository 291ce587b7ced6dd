//! Writes that begin with what this relay has seen, while another relay is faster.

use std::sync::Arc;

use tigress_mailbox::DeviceClaim;
use tigress_mailbox::rules::Condition;

use super::super::super::Bound;
use super::*;

const FIRST: DeviceClaim = conformance::THIRD;

fn write(claim: DeviceClaim, request: u128, condition: Condition, data: &str) -> Command {
    Command::Update {
        claim,
        request_id: tigress_mailbox::RequestId(Uuid::from_u128(request)),
        condition,
        payload: Arc::new(Payload::gss_api(data.to_owned())),
        notification: None,
        version: Version(Uuid::from_u128(request)),
    }
}

fn update(claim: DeviceClaim, request: u128, data: &str) -> Command {
    write(claim, request, Condition::None, data)
}

fn sender() -> DeviceClaim {
    new_mailbox().claim
}

async fn answer(store: &RedisStore, command: Command) -> Result<Answer, Refusal> {
    run(store, 1, command).await.unwrap().answer
}

fn done(request: u128, repeated: bool) -> Result<Answer, Refusal> {
    let version = Version(Uuid::from_u128(request));
    Ok(Answer::Done { version, repeated })
}

async fn data(store: &RedisStore) -> String {
    match answer(store, read(sender())).await {
        Ok(Answer::Content { payload, .. }) => payload.data.clone(),
        other => panic!("no content but {other:?}"),
    }
}

/// Scripts that the server has run since it was asked last.
fn scripts_run(server: &RedisServer) -> u64 {
    let told = server.cli(&["INFO", "commandstats"]);
    server.cli(&["CONFIG", "RESETSTAT"]);
    let calls = told.lines().find_map(|line| {
        let calls = line.strip_prefix("cmdstat_evalsha:calls=")?;
        calls.split(',').next()?.parse().ok()
    });
    calls.unwrap_or(0)
}

#[tokio::test]
async fn what_this_relay_has_seen_is_written_in_one_step() {
    let server = RedisServer::start();
    let (here, there) = (store(&server.url()), store(&server.url()));
    create(&here, 1).await.unwrap();
    answer(&here, update(sender(), 1, "one")).await.unwrap();
    scripts_run(&server);
    for request in 2..10 {
        let written = answer(&here, update(sender(), request, "more")).await;
        assert_eq!((written, scripts_run(&server)), (done(request, false), 1));
    }
    assert_eq!(data(&there).await, "more");
    assert_eq!(scripts_run(&server), 1, "a read is one step");
    let written = answer(&there, update(sender(), 10, "there")).await;
    assert_eq!((written, scripts_run(&server)), (done(10, false), 1));
    // Another was faster: tried, loaded, and kept.
    let written = answer(&here, update(sender(), 11, "here")).await;
    assert_eq!((written, scripts_run(&server)), (done(11, false), 3));
    assert_eq!(data(&there).await, "here");
}

#[tokio::test]
async fn nothing_is_lost_that_another_relay_has_written_since() {
    let server = RedisServer::start();
    let (here, there) = (store(&server.url()), store(&server.url()));
    create(&here, 1).await.unwrap();
    answer(&here, update(sender(), 1, "one")).await.unwrap();
    // Here it is still seen with a free place.
    answer(&there, read(FIRST)).await.unwrap();
    assert_eq!(
        answer(&here, update(FIRST, 2, "two")).await,
        done(2, false),
        "no refusal by what was"
    );
    answer(&there, update(FIRST, 3, "three")).await.unwrap();
    let seen = Version(Uuid::from_u128(2));
    let late = write(sender(), 4, Condition::Is(seen), "late");
    assert_eq!(answer(&here, late).await, Err(Refusal::Conflict));
    let now = Version(Uuid::from_u128(3));
    let known = write(sender(), 5, Condition::Is(now), "five");
    assert_eq!(answer(&there, known).await, done(5, false));
    // What was done at the other is repeated here, and known.
    assert_eq!(
        answer(&here, update(FIRST, 3, "three")).await,
        done(5, true)
    );
    assert_eq!(
        answer(&here, update(sender(), 5, "five")).await,
        done(5, true)
    );
    assert_eq!(data(&here).await, "five");
    answer(&there, Command::Delete { claim: sender() })
        .await
        .unwrap();
    let gone = answer(&here, update(sender(), 6, "six")).await;
    assert_eq!(gone, Err(Refusal::NotFound));
}

/// What a fail-over may do: the server has an older one again.
#[tokio::test]
async fn a_server_that_lost_the_last_write_is_not_written_over() {
    let server = RedisServer::start();
    let here = store(&server.url());
    create(&here, 1).await.unwrap();
    answer(&here, read(FIRST)).await.unwrap();
    answer(&here, update(sender(), 1, "kept")).await.unwrap();
    let key = String::from_utf8(key::of_mailbox(ID)).unwrap();
    server.cli(&["COPY", &key, "aside"]);
    answer(&here, update(sender(), 2, "lost")).await.unwrap();
    server.cli(&["COPY", "aside", &key, "REPLACE"]);
    // Request 2 is not known any more, and who made it makes it again.
    answer(&here, update(FIRST, 3, "next")).await.unwrap();
    let again = answer(&here, update(sender(), 2, "lost")).await;
    assert_eq!(again, done(2, false));
    assert_eq!(data(&here).await, "lost");
}

#[tokio::test]
async fn room_is_asked_for_by_what_the_mailbox_takes_now() {
    let server = RedisServer::start();
    let (here, there) = (store(&server.url()), store(&server.url()));
    create(&here, 1).await.unwrap();
    answer(&here, update(sender(), 1, "one")).await.unwrap();
    let large = "x".repeat(9_000);
    answer(&there, update(sender(), 2, &large)).await.unwrap();
    let none = Room {
        bytes: Bound::new(0, 0, 0),
        ..Room::default()
    };
    let less = update(sender(), 3, &"x".repeat(5_000));
    let written = here.apply(ID, less, &none, NOW).await;
    assert_eq!(written.unwrap().answer, done(3, false));
    let more = update(sender(), 4, &large);
    let refused = here.apply(ID, more, &none, NOW).await;
    assert!(
        matches!(refused, Err(StoreError::Full | StoreError::ClientFull)),
        "{refused:?}"
    );
}

/// Each writes what only the next version may follow: none is lost, and each is done once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_relays_that_write_at_once_lose_nothing() {
    let server = RedisServer::start();
    let both = [store(&server.url()), store(&server.url())].map(Arc::new);
    create(&both[0], 1).await.unwrap();
    answer(&both[0], read(FIRST)).await.unwrap();
    let writers = [sender(), FIRST].into_iter().zip(&both).map(|(claim, at)| {
        let at = at.clone();
        tokio::spawn(async move {
            for request in 1..=40 {
                let written = answer(&at, update(claim, request, "x")).await;
                assert_eq!(written, done(request, false));
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    for (claim, at) in [FIRST, sender()].into_iter().zip(&both) {
        for request in 1..=40 {
            let again = answer(at, update(claim, request, "x")).await;
            assert!(matches!(again, Ok(Answer::Done { repeated: true, .. })));
        }
    }
}
