//! CPU of a whole exchange: the calls of a transfer of a queued credential, by two devices on connections of their own.

use std::path::Path;

use reqwest::Method;
use serde_json::json;

use super::load::{DATA, Desk, Http, client, payload};
use super::side::{Candidate, compare};
use super::{bare, relay};
use crate::table::Table;

/// Exchanges at a time, and how many there are one after the other.
const PAIRS: usize = 64;
const TIMES: usize = 4;

pub(super) fn run(program: &Path, runtime: &tokio::runtime::Runtime) -> Table {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mailboxes");
    let of = |store: &str| vec![relay(program, store)];
    let mut all = [
        Candidate::new("bare axum", vec![bare()], None),
        Candidate::new("memory", of("memory"), Some((0, Some(1.3)))),
        Candidate::new("durable file", of(file.to_str().unwrap()), Some((0, None))),
    ];
    compare(
        "The relay's CPU of a whole exchange: eight requests of two devices on new connections, HTTP/1.1, 2 KiB each, 64 at a time",
        "µs an exchange",
        &mut all,
        |_, origins| runtime.block_on(round(&origins[0])),
    )
}

async fn round(origin: &str) -> usize {
    let tasks: Vec<_> = (0..PAIRS)
        .map(|_| {
            let origin = origin.to_owned();
            tokio::spawn(async move {
                for _ in 0..TIMES {
                    exchange(&origin).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    PAIRS * TIMES
}

/// The mailbox is made and found; then each envelope answers the one before it, as the answer to an update that waits.
async fn exchange(origin: &str) {
    let body = json!({"payload": payload(DATA)});
    let sender = Desk::new(client(Http::One), origin, DATA).await;
    let receiver = sender.other(client(Http::One));
    let update = |desk: &Desk| {
        let (desk, origin, body) = (desk.clone(), origin.to_owned(), body.clone());
        tokio::spawn(async move { desk.ask_and_wait(&origin, Method::PUT, Some(&body)).await })
    };
    let found = {
        let (desk, origin) = (sender.clone(), origin.to_owned());
        tokio::spawn(async move { desk.ask_and_wait(&origin, Method::POST, None).await })
    };
    receiver.ask(origin, Method::POST, None).await;
    let second = update(&receiver);
    found.await.unwrap();
    let third = update(&sender);
    second.await.unwrap();
    let fourth = update(&receiver);
    third.await.unwrap();
    sender.ask(origin, Method::PUT, Some(&body)).await;
    fourth.await.unwrap();
    receiver.ask(origin, Method::DELETE, None).await;
}
