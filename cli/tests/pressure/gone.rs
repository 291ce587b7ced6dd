//! What many who wait cost, and what is left of it when they have gone.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{SOMEBODY, Watched};

/// Within the descriptors that a process may have everywhere, this one's own included.
const MANY: usize = 800;
/// Of a held read with its connection over HTTP/1.1: docs/performance.md.
const EACH: usize = 24 * 1024;
/// An allocator gives pages back some seconds after they were left.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn many_who_waited_and_have_gone_leave_nothing() {
    let mut options = vec!["--store", "memory"];
    for limit in ["connections", "requests"] {
        let limit = format!("{limit}=10000,10000,10000");
        options.extend(["--limit", limit.leak()]);
    }
    let watched = Watched::start(&options).await;
    let caller = watched.caller(SOMEBODY);
    let path = caller.create(600).await.ok().unwrap();
    let version = caller.version(&path).await;
    let before = watched.memory("RssAnon");
    let mut all = Vec::new();
    for _ in 0..MANY {
        let mut connection = watched.door.connect(SOMEBODY).await.unwrap();
        let first = caller.request("POST", &path, &[], b"");
        connection.write_all(&first).await.unwrap();
        assert!(connection.read(&mut [0; 4096]).await.unwrap() > 0);
        let wait = [("Prefer", "wait=50"), ("Mailbox-Payload-Version", &version)];
        let held = caller.request("POST", &path, &wait, b"");
        connection.write_all(&held).await.unwrap();
        all.push(connection);
    }
    // Another's answer: those before it have been looked at.
    watched.transfer().await;
    let each = (watched.memory("RssAnon") - before) / MANY;
    println!("a held read: {each} bytes");
    assert!(each <= EACH, "{each} bytes");
    drop(all);
    let until = Instant::now() + PATIENCE;
    let left = || watched.memory("RssAnon").saturating_sub(before) / MANY;
    while left() > EACH / 4 {
        assert!(Instant::now() < until, "{} bytes of each are left", left());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
