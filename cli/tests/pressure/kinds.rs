//! The kinds of pressure: what is sent, read or left unread, on so many connections.

use super::*;

/// Answers of a mebibyte, of which nothing is read.
pub(crate) async fn unread_answers(watched: &Watched, prey: &Prey, many: usize) -> Vec<Connection> {
    let mut open = Vec::new();
    for (caller, path, _) in prey.full.iter().cycle().take(many) {
        let Some(mut stream) = watched.door.connect(ATTACKER).await else {
            continue;
        };
        // Some at a time: the next are asked for before the first is read.
        let request = caller.request("POST", path, &[], b"").repeat(3);
        let _ = stream.write_all(&request).await;
        let _ = stream.flush().await;
        open.push(stream);
    }
    open
}

/// Reads that are held, of mailboxes with a mebibyte in them.
pub(crate) async fn held_reads(watched: &Watched, prey: &Prey, many: usize) -> Vec<Connection> {
    let mut open = Vec::new();
    for (caller, path, version) in prey.full.iter().cycle().take(many) {
        let list = [("Prefer", "wait=60"), ("Mailbox-Payload-Version", version)];
        let Some(mut stream) = watched.door.connect(ATTACKER).await else {
            continue;
        };
        let request = caller.request("POST", path, &list, b"");
        let _ = stream.write_all(&request).await;
        let _ = stream.flush().await;
        open.push(stream);
    }
    open
}

/// Heads of a mebibyte, which never end.
pub(crate) async fn endless_heads(watched: &Watched, _: &Prey, many: usize) -> Vec<Connection> {
    let mut open = Vec::new();
    for _ in 0..many {
        let Some(mut stream) = watched.door.connect(ATTACKER).await else {
            continue;
        };
        let line = format!("X-Much: {}\r\n", "x".repeat(8_000));
        let _ = stream
            .write_all(b"POST /v1/m HTTP/1.1\r\nHost: x\r\n")
            .await;
        for _ in 0..MIB / line.len() {
            if stream.write_all(line.as_bytes()).await.is_err() {
                break;
            }
        }
        open.push(stream);
    }
    open
}

/// Bodies whose last byte never comes.
pub(crate) async fn endless_bodies(watched: &Watched, prey: &Prey, many: usize) -> Vec<Connection> {
    let mut open = Vec::new();
    for (caller, path, _) in prey.full.iter().cycle().take(many) {
        let Some(mut stream) = watched.door.connect(ATTACKER).await else {
            continue;
        };
        let length = (MIB - 100).to_string();
        let head = head("PUT", path, &[("Content-Length", &length)], caller);
        let _ = stream.write_all(&head).await;
        let body = vec![b'x'; MIB - 101];
        // What the relay does not take stays with us.
        let sending = stream.write_all(&body);
        let _ = tokio::time::timeout(Duration::from_millis(20), sending).await;
        open.push(stream);
    }
    open
}

/// As many and as large mailboxes as it gets.
pub(crate) async fn as_much_as_there_is(watched: &Watched, _: &Prey, _: usize) {
    let mut mailboxes = Vec::new();
    let refused = loop {
        let caller = watched.caller(ATTACKER);
        match caller.create(16_000).await {
            Ok(path) => mailboxes.push((caller, path)),
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), Some("10"));
    let mut grown = 0;
    for (caller, path) in &mailboxes {
        match caller.update(path, MIB - 100).await.status {
            200 => grown += 1,
            429 => {}
            other => panic!("{other}"),
        }
    }
    assert!(
        mailboxes.is_empty() || grown > 0,
        "updates have room that creations have not"
    );
}

/// HTTP/2 streams, of which nothing is read, on connections that ask for something else as well.
pub(crate) async fn unread_streams(
    watched: &Watched,
    prey: &Prey,
    many: usize,
) -> Vec<wire::Second> {
    let mut open = Vec::new();
    for (caller, path, _) in prey.full.iter().cycle().take(many) {
        let Some(mut second) = wire::Second::connect(&watched.door, ATTACKER).await else {
            continue;
        };
        for _ in 0..3 {
            second.ask("GET", &prey.page, caller).await;
            second.ask("POST", path, caller).await;
        }
        second.probe().await;
        open.push(second);
    }
    open
}

/// HTTP/2 streams whose heads are as large as they may be, and whose bodies never end.
pub(crate) async fn endless_streams(
    watched: &Watched,
    prey: &Prey,
    many: usize,
) -> Vec<wire::Second> {
    let mut open = Vec::new();
    // As many as there may be, and as many as are let through.
    let streams = [8, 1].into_iter().cycle();
    for ((caller, path, _), streams) in prey.full.iter().cycle().zip(streams).take(many) {
        let Some(mut second) = wire::Second::connect(&watched.door, ATTACKER).await else {
            continue;
        };
        for _ in 0..streams {
            second.begin(path, caller).await;
        }
        open.push(second);
    }
    open
}

/// HTTP/2 heads of which the table of header fields (RFC 7541 §2.3.2) keeps a few bytes, with much around them.
pub(crate) async fn remembered_heads(watched: &Watched, _: &Prey, many: usize) -> Vec<Connection> {
    let mut open = Vec::new();
    // As many as the table has room for, and as many as are let through.
    for heads in [90, 2].into_iter().cycle().take(many) {
        let Some(mut stream) = watched.door.connect(ATTACKER).await else {
            continue;
        };
        let mut all = wire::OPENING.to_vec();
        for n in 0..heads {
            all.extend(wire::head_frame(1 + 2 * n, 15_900));
        }
        let sending = stream.write_all(&all);
        let _ = tokio::time::timeout(Duration::from_millis(200), sending).await;
        open.push(stream);
    }
    open
}
