//! What a file adds to the rules that every store keeps (those are the conformance suite's).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use tigress::mailbox::{DeviceClaim, MailboxId, Payload, RequestId};
use uuid::Uuid;

use super::super::conformance::{self, creation, new_mailbox, read};
use super::super::record::{NewMailbox, REMEMBERED_REQUESTS};
use super::super::rules::{Answer, Condition, Refusal};
use super::super::{Bound, MailboxStore, Version};
use super::*;

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

/// Names and contents of a folder's files.
fn all_of(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut all: Vec<_> = files
        .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
        .collect();
    all.sort();
    all
}

#[test]
fn not_a_byte_of_a_foreign_file_is_written() {
    type Make = fn(&Path);
    let database = |sql: &'static str| {
        move |path: &Path| {
            let other = rusqlite::Connection::open(path).unwrap();
            other.execute_batch(sql).unwrap();
        }
    };
    let diary: Make = |path| {
        let text = b"somebody's diary, which is no database".repeat(100);
        std::fs::write(path, text).unwrap();
    };
    let short: Make = |path| std::fs::write(path, "short").unwrap();
    let makers: [&dyn Fn(&Path); 5] = [
        &diary,
        &short,
        &database("CREATE TABLE diary (day TEXT)"),
        &database("PRAGMA journal_mode = WAL; CREATE TABLE diary (day TEXT)"),
        &database("PRAGMA user_version = 1; CREATE TABLE diary (day TEXT)"),
    ];
    for (number, make) in makers.iter().enumerate() {
        let (folder, path) = folder();
        make(&path);
        let before = all_of(folder.path());
        let mode = std::fs::metadata(&path).unwrap().permissions();
        let refused = DurableStore::open(&path).unwrap_err();
        assert!(
            matches!(refused, OpenError::Damaged { .. }),
            "{number}: {refused}"
        );
        assert!(
            all_of(folder.path()) == before,
            "{number}: something was written"
        );
        assert_eq!(std::fs::metadata(&path).unwrap().permissions(), mode);
    }
    let refused = DurableStore::open("/dev/null").unwrap_err();
    assert!(refused.to_string().contains("no regular file"), "{refused}");
}

#[tokio::test]
async fn what_a_newer_relay_made_is_refused_and_left_alone() {
    let (_folder, path) = folder();
    drop(DurableStore::open(&path).unwrap());
    let later = rusqlite::Connection::open(&path).unwrap();
    later.execute_batch("PRAGMA user_version = 3").unwrap();
    drop(later);
    let before = std::fs::read(&path).unwrap();
    let refused = DurableStore::open(&path).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { .. }), "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let nowhere = DurableStore::open(path.join("below a file")).unwrap_err();
    assert!(matches!(nowhere, OpenError::Failed { .. }), "{nowhere}");
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    for n in 1..=100 {
        create(&store, n, &"x".repeat(500)).await;
    }
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    let mut overwritten = whole.clone();
    overwritten[4096..20_000].fill(0x55);
    for damaged in [&whole[..whole.len() / 2], &overwritten] {
        std::fs::write(&path, damaged).unwrap();
        let refused = DurableStore::open(&path).unwrap_err();
        assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    }
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

#[tokio::test]
async fn only_its_user_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, path) = folder();
    let private = || {
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
    };
    let store = DurableStore::open(&path).unwrap();
    create(&store, 1, "one").await;
    private();
    drop(store);
    // As an earlier version, or somebody's backup, left it.
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&path, open).unwrap();
    let store = DurableStore::open(&path).unwrap();
    create(&store, 2, "two").await;
    private();
}

#[tokio::test]
async fn a_store_of_the_first_layout_is_read() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    create(&store, 1, "one").await;
    drop(store);
    let earlier = rusqlite::Connection::open(&path).unwrap();
    let sql = format!(
        "DROP INDEX creation_id; UPDATE creation SET expires = {}; PRAGMA user_version = 1",
        NOW + 100
    );
    earlier.execute_batch(&sql).unwrap();
    drop(earlier);
    let store = DurableStore::open(&path).unwrap();
    let again = create(&store, 1, "again").await;
    assert!(matches!(
        again,
        Created::Repeated {
            version: Some(_),
            ..
        }
    ));
    assert_eq!(data(run(&store, 1, read(SENDER)).await), "one");
}

#[tokio::test]
async fn a_file_that_is_replaced_is_noticed_and_not_written_to() {
    let (folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    create(&store, 1, "one").await;
    let aside = folder.path().join("aside");
    let room = Room::default();
    let write = || store.apply(mailbox(1), update(7, "lost"), &room, NOW);
    for replace in [false, true] {
        std::fs::rename(&path, &aside).unwrap();
        if replace {
            std::fs::copy(&aside, &path).unwrap();
        }
        assert_eq!(store.ready(&room).await, Err(StoreError::Replaced));
        assert_eq!(write().await, Err(StoreError::Replaced));
        assert_eq!(store.sweep(NOW + 1_000).await, Err(StoreError::Replaced));
        assert_eq!(
            data(run(&store, 1, read(SENDER)).await),
            "one",
            "it still reads"
        );
        std::fs::rename(&aside, &path).unwrap();
        assert_eq!(store.ready(&room).await, Ok(()));
    }
    assert!(write().await.unwrap().answer.is_ok(), "back in its place");
    std::fs::remove_file(mark::beside(&path, "-wal")).unwrap();
    assert_eq!(store.ready(&room).await, Err(StoreError::Replaced));
}

/// What a kill leaves, with one byte of the log changed.
#[tokio::test]
async fn damage_to_the_log_is_told() {
    let (folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    for n in 1..=20 {
        create(&store, n, &"kept".repeat(1_000)).await;
    }
    let files = all_of(folder.path());
    let told = |change: &dyn Fn(&mut Vec<u8>)| {
        let copy = tempfile::tempdir().unwrap();
        for (path, bytes) in &files {
            let mut bytes = bytes.clone();
            let name = path.file_name().unwrap();
            if name.to_string_lossy().ends_with("-wal") {
                change(&mut bytes);
            }
            std::fs::write(copy.path().join(name), bytes).unwrap();
        }
        let log = crate::store::test_log::TestLog::default();
        let guard = log.collect();
        drop(DurableStore::open(copy.path().join("mailboxes")));
        drop(guard);
        log.text().contains("the store's log is damaged")
    };
    assert!(!told(&|_| {}), "as it was");
    assert!(!told(&|log| log.clear()), "nothing there");
    assert!(
        !told(&|log| log.truncate(log.len() - 100)),
        "cut off in the last write"
    );
    assert!(told(&|log| log[10_000] ^= 1), "in the middle");
    assert!(told(&|log| log[0] ^= 1), "at the beginning");
    assert!(told(&|log| log[20] ^= 1), "in its salt");
    drop(store);
}

#[tokio::test]
async fn one_call_that_fails_spoils_nothing_for_others() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    for n in 1..=3 {
        create(&store, n, &"x".repeat(50_000)).await;
    }
    store.close().await;
    let file = File::open(&path).unwrap();
    // As full as a disk: no page more than there is.
    let pages: i64 = file.setting("page_count").parse().unwrap();
    file.execute(&format!("PRAGMA max_page_count = {pages}"))
        .unwrap();
    let store = DurableStore::with_file(file, &path).unwrap();
    let go = pause(&store);
    let room = Room::default();
    let (mut grown, mut seen, mut gone) = (
        std::pin::pin!(store.apply(mailbox(1), update(9, &"x".repeat(500_000)), &room, NOW)),
        std::pin::pin!(run(&store, 2, read(SENDER))),
        std::pin::pin!(run(&store, 3, Command::Delete { claim: SENDER })),
    );
    // All three are asked before the thread goes on: they come in one batch.
    let asked = async {
        tokio::task::yield_now().await;
        go.send(()).unwrap();
    };
    let (grown, seen, gone, ()) = tokio::join!(&mut grown, &mut seen, &mut gone, asked);
    assert_eq!(grown, Err(StoreError::DiskFull));
    assert_eq!(data(seen), "x".repeat(50_000));
    assert_eq!(gone, Ok(Answer::Deleted));
    assert_eq!(store.ready(&room).await, Err(StoreError::DiskFull));
    assert_eq!(store.sweep(NOW).await, Ok(0));
    assert_eq!(store.ready(&room).await, Ok(()), "the deletion made room");
    let again = store.apply(mailbox(1), update(9, "less"), &room, NOW).await;
    assert!(again.unwrap().answer.is_ok());
}

/// Keeps the store's thread from working until it is told to go on.
fn pause(store: &DurableStore) -> mpsc::Sender<()> {
    let (go, until) = mpsc::channel();
    let (begun, pausing) = mpsc::channel();
    let until = std::sync::Mutex::new(until);
    let task = Task::Pause { begun, until };
    let (reply, _) = oneshot::channel();
    let jobs = store.jobs.as_ref().unwrap();
    jobs.send(Job { task, reply }).unwrap();
    pausing.recv().unwrap();
    go
}

#[tokio::test]
async fn a_lone_writer_has_a_sync_of_its_own() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    create(&store, 1, "one").await;
    for request in 10..20 {
        run(&store, 1, update(request, "more")).await.unwrap();
        run(&store, 1, read(SENDER)).await.unwrap();
    }
    assert_eq!(
        store.effort(),
        Effort {
            writes: 11,
            syncs: 11
        }
    );
}

/// All that waits when a transaction begins is in it.
#[tokio::test]
async fn many_writers_share_a_sync() {
    let (_folder, path) = folder();
    let store = Arc::new(DurableStore::open(&path).unwrap());
    for n in 0..64 {
        create(&store, n, "first").await;
    }
    let before = store.effort();
    for round in 1..=5_u128 {
        let go = pause(&store);
        let mut writers = tokio::task::JoinSet::new();
        for n in 0..64 {
            let store = store.clone();
            writers.spawn(async move {
                run(&store, n, update(1_000 * round + n, "later"))
                    .await
                    .unwrap();
            });
        }
        // On this one thread each has asked before it waits.
        for _ in 0..64 {
            tokio::task::yield_now().await;
        }
        go.send(()).unwrap();
        writers.join_all().await;
    }
    let Effort { writes, syncs } = store.effort();
    assert_eq!((writes - before.writes, syncs - before.syncs), (5 * 64, 5));
}
