//! What the relay keeps: by itself, for a connection, a held read, a mailbox.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::load::{Desk, Http, client, payload};
use super::process::Server;
use super::relay;
use crate::table::{Table, aim, figure};

/// Reads that are held, over HTTP/1.1 as many connections.
const HELD: usize = 8_000;
/// Over HTTP/2, streams of one connection.
const STREAMS: usize = 50;
const MAILBOXES: usize = 1_000;
const UPDATES: usize = 70;
/// Seconds, at most, until pages that are not needed are given back.
const PATIENCE: usize = 15;
const KIB: f64 = 1024.0;

pub(crate) fn run(program: &Path, runtime: &tokio::runtime::Runtime) -> Table {
    let mut table = Table::new("The relay's memory (resident)", ["", "KiB", "aim"]);
    runtime.block_on(async {
        held_by_one(program, &mut table).await;
        held_by_two(program, &mut table).await;
        for bytes in [64, 2048, 8192] {
            mailboxes(program, &mut table, bytes).await;
        }
    });
    table
}

fn kib(bytes: usize, count: usize) -> f64 {
    bytes as f64 / count as f64 / KIB
}

async fn settled(server: &Server) -> usize {
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.memory()
}

/// Once the allocator has given back what it has no use for, which takes it some seconds.
async fn rested(server: &Server) -> usize {
    let mut least = settled(server).await;
    for _ in 0..2 * PATIENCE {
        least = settled(server).await.min(least);
    }
    least
}

async fn held_by_one(program: &Path, table: &mut Table) {
    let server = relay(program, "memory");
    let idle = settled(&server).await;
    table.row([
        "idle".into(),
        figure(kib(idle, 1)),
        aim(idle <= 10_000_000, "≤ 10 MB"),
    ]);
    let desk = Desk::new(client(Http::One), &server.origin, 64).await;
    let host = server.origin.strip_prefix("http://").unwrap();
    let head = |extra: &str| {
        format!(
            "POST {} HTTP/1.1\r\nHost: {host}\r\nMailbox-Device-Claim: {}\r\nContent-Length: 0\r\n{extra}\r\n",
            desk.path, desk.claim
        )
    };
    let mut all = Vec::new();
    let before = server.memory();
    for _ in 0..HELD {
        let mut stream = TcpStream::connect(host).await.unwrap();
        stream.write_all(head("").as_bytes()).await.unwrap();
        let mut answer = [0; 2048];
        assert!(stream.read(&mut answer).await.unwrap() > 0);
        all.push(stream);
    }
    let connected = settled(&server).await;
    let one = kib(connected - before, HELD);
    table.row([
        "a connection, HTTP/1.1, after one request".into(),
        figure(one),
        String::new(),
    ]);
    let wait = format!(
        "Prefer: wait=50\r\nMailbox-Payload-Version: {}\r\n",
        desk.version
    );
    for stream in &mut all {
        stream.write_all(head(&wait).as_bytes()).await.unwrap();
    }
    let held = kib(settled(&server).await - before, HELD);
    table.row([
        "a held read with its connection, HTTP/1.1".into(),
        figure(held),
        aim(held <= 24.0, "≤ 24 KiB"),
    ]);
    drop(all);
    let after = rested(&server).await;
    let name = format!("after {HELD} of them have gone");
    table.row([
        name,
        figure(kib(after, 1)),
        aim(after <= 2 * idle, "≤ twice idle"),
    ]);
}

async fn held_by_two(program: &Path, table: &mut Table) {
    let server = relay(program, "memory");
    let maker = Desk::new(client(Http::Two), &server.origin, 64).await;
    let before = settled(&server).await;
    let mut tasks = Vec::new();
    for _ in 0..HELD / STREAMS {
        let client = client(Http::Two);
        // The first one connects; the others share its connection.
        let url = format!("{}{}", server.origin, maker.path);
        client.get(&url).send().await.unwrap();
        for _ in 0..STREAMS {
            let request = client
                .post(&url)
                .header("Mailbox-Device-Claim", &maker.claim)
                .header("Prefer", "wait=50")
                .header("Mailbox-Payload-Version", &maker.version);
            tasks.push(tokio::spawn(request.send()));
        }
    }
    let held = kib(settled(&server).await - before, HELD);
    let name = format!("a held read, HTTP/2, {STREAMS} on a connection");
    table.row([name, figure(held), aim(held <= 10.0, "≤ 10 KiB")]);
    for task in tasks {
        task.abort();
    }
}

async fn mailboxes(program: &Path, table: &mut Table, bytes: usize) {
    let server = relay(program, "memory");
    let client = client(Http::One);
    // Connections and buffers are there.
    let warm = Desk::new(client.clone(), &server.origin, bytes).await;
    let body = json!({"payload": payload(bytes)});
    for _ in 0..UPDATES {
        warm.ask(&server.origin, Method::PUT, Some(&body)).await;
    }
    let before = rested(&server).await;
    let mut all = Vec::new();
    for _ in 0..MAILBOXES {
        all.push(Desk::new(client.clone(), &server.origin, bytes).await);
    }
    let beyond =
        |now: usize| (now.saturating_sub(before) as f64 / MAILBOXES as f64 - bytes as f64) / KIB;
    let made = beyond(rested(&server).await);
    for desk in &all {
        for _ in 0..UPDATES {
            desk.ask(&server.origin, Method::PUT, Some(&body)).await;
        }
    }
    let updated = beyond(rested(&server).await);
    for (name, value) in [("made", made), ("after 70 updates", updated)] {
        let name = format!("a mailbox beyond its {bytes} bytes, {name}");
        table.row([name, figure(value.max(0.0)), aim(value <= 1.5, "≤ 1.5 KiB")]);
    }
}
