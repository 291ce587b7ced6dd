//! A relay whose disk is full: a small file system of its own, where the machine lets a test have one.

use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::Method;
use tigress_relay::Relay;
use tigress_relay::store::DurableStore;

use crate::common::observed::{Observed, Seen, next};
use crate::common::{RECEIVER, SENDER, config, run};

/// Where the small file system is, in the process that has one.
const FOLDER: &str = "TIGRESS_SMALL_DISK";

#[test]
fn a_full_disk_stops_no_reading_and_no_deleting() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(on_a_small_disk(&PathBuf::from(folder)));
    }
    let folder = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=9m tmpfs \"$0\" || exit 77; exec \"$@\"";
    let mut command = Command::new("unshare");
    command
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "full_disk::a_full_disk_stops_no_reading_and_no_deleting",
            "--nocapture",
        ])
        .env(FOLDER, folder.path());
    match command.output() {
        Ok(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(said.contains("1 passed"), "another name: {said}");
        }
        Ok(output) if String::from_utf8_lossy(&output.stdout).contains("running 1 test") => {
            panic!(
                "{}",
                String::from_utf8_lossy(&[output.stdout, output.stderr].concat())
            );
        }
        // No such command, or not allowed to.
        _ => println!("not run: this machine gives a test no file system of its own"),
    }
}

/// Leaves no byte free.
fn fill(folder: &Path, name: &str) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(folder.join(name)).unwrap();
    let mut piece = 64 * 1024;
    while piece > 0 {
        if file.write_all(&vec![1; piece]).is_err() {
            piece /= 2;
        }
    }
}

async fn on_a_small_disk(folder: &Path) {
    let store = DurableStore::open(folder.join("mailboxes")).unwrap();
    let (store, mut seen) = Observed::new(store);
    let relay = run(Relay::new(config(), store)).await;
    let url = relay.create().await;
    assert_eq!(relay.read(&url, RECEIVER).await.status, 200);
    let reason = async || {
        let ready = relay.call(Method::GET, "/readyz", &[], None).await;
        (ready.status != 200).then(|| ready.json()["detail"].as_str().unwrap().to_owned())
    };
    assert_eq!(reason().await, None);
    // The log is empty after a sweep: what is written next needs room.
    while seen.try_recv().is_ok() {}
    next(&mut seen, Seen::Swept).await;
    next(&mut seen, Seen::Swept).await;
    fill(folder, "filler");

    let large = "x".repeat(100_000);
    let refused = relay.update(&url, SENDER, 1, &large).await;
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("10"))
    );
    assert_eq!(reason().await.as_deref(), Some("the relay's disk is full"));
    let read = relay.read(&url, SENDER).await;
    assert_eq!(
        (read.status, read.json()["payload"]["data"].as_str()),
        (200, Some("first"))
    );
    assert_eq!(relay.call(Method::GET, &url, &[], None).await.status, 200);
    let deleted = relay.leave(Method::DELETE, &url, SENDER, 2).await;
    assert_eq!(deleted.status, 200);
    assert_eq!(relay.read(&url, SENDER).await.status, 404);

    std::fs::remove_file(folder.join("filler")).unwrap();
    while seen.try_recv().is_ok() {}
    for _ in 0..2 {
        next(&mut seen, Seen::Swept).await;
    }
    assert_eq!(reason().await, None, "it is found out without a call");
    relay.running.shutdown().await;
}
