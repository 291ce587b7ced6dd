//! CPU of a request.

use std::path::Path;

use tigress_servers::RedisServer;

use super::load::{self, Http};
use super::side::{Candidate, compare};
use super::{bare, relay};
use crate::table::Table;

pub(super) fn run(program: &Path, runtime: &tokio::runtime::Runtime) -> Table {
    let folder = tempfile::tempdir().unwrap();
    let (redis, file) = (RedisServer::start(), folder.path().join("mailboxes"));
    let (redis, file) = (&redis.url(), file.to_str().unwrap());
    let of = |store: &str| vec![relay(program, store)];
    let two = vec![relay(program, redis), relay(program, redis)];
    let most = |other, most| Some((other, Some(most)));
    let mut all = [
        Candidate::new("bare axum, HTTP/1.1", vec![bare()], None),
        Candidate::new("memory, HTTP/1.1", of("memory"), most(0, 1.4)),
        Candidate::new("durable file, HTTP/1.1", of(file), most(0, 1.8)),
        Candidate::new("two relays on one Redis, HTTP/1.1", two, most(1, 2.0)),
        Candidate::new("bare axum, HTTP/2", vec![bare()], None),
        Candidate::new("memory, HTTP/2", of("memory"), most(4, 1.4)),
    ];
    compare(
        "The relay's CPU of a request: 64 connections, 2 KiB written and read in turn",
        "µs a request",
        &mut all,
        |at, origins| {
            let http = if at < 4 { Http::One } else { Http::Two };
            runtime.block_on(load::round(origins, http))
        },
    )
}
