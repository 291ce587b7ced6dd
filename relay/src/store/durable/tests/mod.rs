//! What a file adds to the rules that every store keeps (those are the conformance suite's).

mod files;
mod layouts;
mod memory;
mod sharing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use tigress_mailbox::{DeviceClaim, MailboxId, Payload, RequestId};
use uuid::Uuid;

use super::super::conformance::{self, creation, new_mailbox, read};
use super::super::{Bound, MailboxStore, Version};
use super::*;
use tigress_mailbox::rules::{Answer, Condition, Refusal};
use tigress_mailbox::rules::{NewMailbox, REMEMBERED_REQUESTS};

const NOW: u64 = 1_900_000_000;
const SENDER: DeviceClaim = DeviceClaim(Uuid::from_u128(2));
const RECEIVER: DeviceClaim = DeviceClaim(Uuid::from_u128(3));

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mailboxes");
    (folder, path)
}

fn mailbox(n: u128) -> MailboxId {
    MailboxId(Uuid::from_u128(n))
}

async fn create(store: &DurableStore, n: u128, data: &str) -> Created {
    let new = NewMailbox {
        request_id: RequestId(Uuid::from_u128(n)),
        payload: Payload::gss_api(data.to_owned()),
        ..new_mailbox()
    };
    let new = creation(mailbox(n), new);
    store.create(new, &Room::default(), NOW).await.unwrap()
}

async fn run(store: &DurableStore, n: u128, command: Command) -> Result<Answer, Refusal> {
    let room = Room::default();
    let applied = store.apply(mailbox(n), command, &room, NOW).await;
    applied.unwrap().answer
}

fn update(request: u128, data: &str) -> Command {
    Command::Update {
        claim: SENDER,
        request_id: RequestId(Uuid::from_u128(request)),
        condition: Condition::None,
        payload: Arc::new(Payload::gss_api(data.to_owned())),
        notification: None,
        version: Version(Uuid::from_u128(request)),
    }
}

fn data(answer: Result<Answer, Refusal>) -> String {
    match answer {
        Ok(Answer::Content { payload, .. }) => payload.data.clone(),
        other => panic!("no content but {other:?}"),
    }
}

/// Whether the folder's files hold the bytes anywhere.
fn holds(folder: &Path, wanted: &[u8]) -> bool {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .any(|bytes| bytes.windows(wanted.len()).any(|window| window == wanted))
}

#[tokio::test]
async fn conforms() {
    let (folder, _) = folder();
    let count = AtomicU32::new(0);
    conformance::check(|| {
        let name = count.fetch_add(1, Ordering::Relaxed).to_string();
        DurableStore::open(folder.path().join(name)).unwrap()
    })
    .await;
}

#[tokio::test]
async fn content_is_counted_and_bounded_also_after_a_restart() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    let room = |bytes| Room {
        bytes: Bound::new(bytes, bytes, bytes),
        for_updates: 0,
        ..Room::default()
    };
    create(&store, 1, &"x".repeat(6_000)).await;
    store.close().await;
    let store = DurableStore::open(&path).unwrap();
    let other = NewMailbox {
        request_id: RequestId(Uuid::from_u128(2)),
        payload: Payload::gss_api("x".repeat(6_000)),
        ..new_mailbox()
    };
    let make = |bytes| {
        let new = creation(mailbox(2), other.clone());
        let room = room(bytes);
        let store = &store;
        async move { store.create(new, &room, NOW).await }
    };
    assert_eq!(
        make(12_000).await,
        Err(StoreError::Full),
        "it is nobody's now"
    );
    assert_eq!(store.ready(&room(6_000)).await, Err(StoreError::Full));
    assert_eq!(make(13_000).await, Ok(Created::New));
}

#[tokio::test]
async fn what_is_short_leaves_nothing_behind() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    conformance::many_short_transfers(&store, 300).await;
    store.close().await;
    let file = rusqlite::Connection::open(&path).unwrap();
    for table in ["mailbox", "creation"] {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows: i64 = file.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

/// What these settings do can't be seen without a loss of power.
#[test]
fn what_is_answered_is_synced_and_what_is_erased_is_overwritten() {
    let (_folder, path) = folder();
    let file = File::open(&path).unwrap();
    for (name, value) in [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("secure_delete", "1"),
        ("locking_mode", "exclusive"),
        ("temp_store", "2"),
    ] {
        assert_eq!(file.setting(name), value, "{name}");
    }
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    create(&store, 1, "first").await;
    run(&store, 1, read(RECEIVER)).await.unwrap();
    for request in 1000..1000 + REMEMBERED_REQUESTS as u128 {
        run(&store, 1, update(request, "later")).await.unwrap();
    }
    drop(store);

    let store = DurableStore::open(&path).unwrap();
    assert!(
        matches!(create(&store, 1, "again").await, Created::Repeated { id, version: Some(_) } if id == mailbox(1))
    );
    assert_eq!(
        data(run(&store, 1, read(RECEIVER)).await),
        "later",
        "still bound"
    );
    let third = run(&store, 1, read(DeviceClaim(Uuid::from_u128(9)))).await;
    assert_eq!(third, Err(Refusal::Unauthorized));
    for request in 1000..1000 + REMEMBERED_REQUESTS as u128 {
        let repeated = run(&store, 1, update(request, "again")).await;
        assert!(
            matches!(repeated, Ok(Answer::Done { repeated: true, .. })),
            "request {request}"
        );
    }
    run(&store, 1, Command::Delete { claim: SENDER })
        .await
        .unwrap();
    drop(store);

    let store = DurableStore::open(&path).unwrap();
    let again = create(&store, 1, "again").await;
    let gone = Created::Repeated {
        id: mailbox(1),
        version: None,
    };
    assert_eq!(
        again, gone,
        "the answer is known, and that the mailbox is gone"
    );
}

/// A copy of the files in the middle of it all is what a kill leaves behind.
#[tokio::test]
async fn what_was_answered_survives_without_a_proper_end() {
    let (folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    for n in 1..=50 {
        create(&store, n, "kept").await;
    }
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let after = DurableStore::open(copy.path().join("mailboxes")).unwrap();
    for n in 1..=50 {
        assert_eq!(data(run(&after, n, read(SENDER)).await), "kept");
    }
}

#[tokio::test]
async fn what_is_overwritten_deleted_or_expired_is_gone_from_the_files() {
    let (folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    // Small ones share a page, large ones have pages of their own, and rows move as others grow.
    let sizes = [10, 300, 1_500, 3_900, 9_000, 70_000];
    let text = |kind: &str, n: u128| {
        let piece = format!("<{kind} {n} of this test>");
        piece.repeat(1 + sizes[n as usize % sizes.len()] / piece.len())
    };
    for n in 0..240 {
        create(&store, n, &text("created", n)).await;
    }
    assert!(
        holds(folder.path(), b"<created 100 of this test>"),
        "the search finds what is there"
    );
    for n in 0..240 {
        run(&store, n, update(1_000 + n, &text("updated", n * 7)))
            .await
            .unwrap();
    }
    for n in (0..240).filter(|n| n % 3 != 0) {
        run(&store, n, Command::Delete { claim: SENDER })
            .await
            .unwrap();
    }
    store.sweep(NOW).await.unwrap();
    assert!(!holds(folder.path(), b"<created "), "overwritten");
    for n in (0..240).filter(|n| n % 3 != 0) {
        let piece = format!("<updated {} of this test>", n * 7);
        assert!(!holds(folder.path(), piece.as_bytes()), "deleted: {n}");
    }
    assert!(holds(folder.path(), b"<updated 21 of this test>"));
    store.sweep(NOW + 1_000).await.unwrap();
    assert!(!holds(folder.path(), b" of this test>"), "expired");
    drop(store);
    assert!(!holds(folder.path(), b" of this test>"));
}

#[test]
fn one_process_at_a_time() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    let second = DurableStore::open(&path).unwrap_err();
    assert!(matches!(second, OpenError::InUse { .. }), "{second}");
    assert!(
        second
            .to_string()
            .ends_with("mailboxes is in use by another relay")
    );
    drop(store);
    DurableStore::open(&path).unwrap();
}

#[tokio::test]
async fn a_closed_store_is_unavailable_and_its_file_free() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    create(&store, 1, "kept").await;
    store.close().await;
    assert_eq!(
        store.ready(&Room::default()).await,
        Err(StoreError::Unavailable)
    );
    store.close().await;
    let next = DurableStore::open(&path).unwrap();
    assert_eq!(data(run(&next, 1, read(SENDER)).await), "kept");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_spoils_nothing_for_others() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    create(&store, 1, "one").await;
    create(&store, 2, "two").await;
    drop(store);
    let file = rusqlite::Connection::open(&path).unwrap();
    let id = mailbox(1);
    file.execute(
        "UPDATE mailbox SET record = x'00' WHERE id = ?1",
        [id.0.as_bytes()],
    )
    .unwrap();
    drop(file);
    let store = DurableStore::open(&path).unwrap();
    let answer = store.apply(id, Command::Show, &Room::default(), NOW).await;
    assert_eq!(answer, Err(StoreError::Unavailable));
    assert_eq!(data(run(&store, 2, read(SENDER)).await), "two");
    assert_eq!(
        store.sweep(NOW + 1_000).await,
        Ok(2),
        "it goes with its time"
    );
}
