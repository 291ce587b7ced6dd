//! What is answered from memory is what is in the file.

use std::pin::pin;
use std::task::{Context, Poll, Wake, Waker};

use super::sharing::pause;
use super::*;

const STRANGER: DeviceClaim = DeviceClaim(Uuid::from_u128(9));

/// What is there without waiting for anybody. While the store's thread stands still, who waited would wait for ever.
fn at_once<T>(work: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(work).poll(&mut context) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits for the store's thread"),
    }
}

fn has(store: &DurableStore, n: u128) -> bool {
    store.told.committed.get(mailbox(n)).is_some()
}

/// A store whose file takes no page more than it has now.
fn full(path: &Path) -> DurableStore {
    let file = File::open(path).unwrap();
    let pages: i64 = file.setting("page_count").parse().unwrap();
    file.execute(&format!("PRAGMA max_page_count = {pages}"))
        .unwrap();
    DurableStore::with_file(file, path).unwrap()
}

#[tokio::test]
async fn who_reads_and_changes_nothing_waits_for_no_transaction() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    create(&store, 1, "one").await;
    run(&store, 1, read(RECEIVER)).await.unwrap();
    // As after a restart: once it was read, it is at hand.
    drop(store);
    let store = DurableStore::open(&path).unwrap();
    run(&store, 1, Command::Show).await.unwrap();
    let go = pause(&store);
    for claim in [SENDER, RECEIVER] {
        assert_eq!(data(at_once(run(&store, 1, read(claim)))), "one");
    }
    let shown = at_once(run(&store, 1, Command::Show));
    assert!(matches!(shown, Ok(Answer::Shown { .. })), "{shown:?}");
    let refused = at_once(run(&store, 1, read(STRANGER)));
    assert_eq!(refused, Err(Refusal::Unauthorized));
    let room = Room::default();
    let late = store.apply(mailbox(1), read(SENDER), &room, NOW + 1_000);
    assert_eq!(at_once(late).unwrap().answer, Err(Refusal::NotFound));
    go.send(()).unwrap();
}

#[tokio::test]
async fn what_one_wrote_the_other_reads_and_nobody_before_it_is_kept() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    create(&store, 1, "0").await;
    run(&store, 1, read(RECEIVER)).await.unwrap();
    for n in 1..20 {
        let go = pause(&store);
        let text = n.to_string();
        let mut writing = std::pin::pin!(run(&store, 1, update(100 + n, &text)));
        let asked = std::future::poll_fn(|context| {
            let waits = writing.as_mut().poll(context).is_pending();
            std::task::Poll::Ready(waits)
        });
        assert!(asked.await, "it is asked for, and waits");
        let before = data(at_once(run(&store, 1, read(RECEIVER))));
        assert_eq!(before, (n - 1).to_string());
        go.send(()).unwrap();
        writing.await.unwrap();
        assert_eq!(data(run(&store, 1, read(RECEIVER)).await), text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_reader_sees_less_than_what_was_answered_or_goes_back() {
    let (_folder, path) = folder();
    let store = Arc::new(DurableStore::open(&path).unwrap());
    create(&store, 1, "0").await;
    let answered = Arc::new(AtomicU32::new(0));
    let readers = (0..4).map(|_| {
        let (store, answered) = (store.clone(), answered.clone());
        tokio::spawn(async move {
            let mut last = 0;
            while last < 300 {
                let least = answered.load(Ordering::SeqCst).max(last);
                let seen = data(run(&store, 1, read(SENDER)).await);
                last = seen.parse::<u32>().unwrap();
                assert!(last >= least, "{last} after {least}");
                tokio::task::yield_now().await;
            }
        })
    });
    let readers: Vec<_> = readers.collect();
    for n in 1..=300_u32 {
        let written = run(&store, 1, update(1_000 + u128::from(n), &n.to_string())).await;
        written.unwrap();
        answered.store(n, Ordering::SeqCst);
    }
    for reader in readers {
        reader.await.unwrap();
    }
}

/// Whoever waits is woken by the store's thread: what is in memory at that moment is what a reader would find.
#[tokio::test]
async fn who_is_woken_finds_what_woke_them() {
    struct Looks(Arc<Committed>, std::sync::Mutex<Vec<Option<Version>>>);
    impl Wake for Looks {
        fn wake(self: Arc<Self>) {
            let found = self.0.get(mailbox(1));
            self.1
                .lock()
                .unwrap()
                .push(found.map(|found| found.version()));
        }
    }
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    create(&store, 1, "one").await;
    let looks = Arc::new(Looks(store.told.committed.clone(), Default::default()));
    let waker = Waker::from(looks.clone());
    let expected = [Some(Version(Uuid::from_u128(7))), None];
    let commands = [update(7, "two"), Command::Delete { claim: SENDER }];
    for command in commands {
        let watch = store.wakeups().watch(mailbox(1)).await.unwrap();
        let mut changed = std::pin::pin!(watch.changed());
        let waits = changed.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(waits.is_pending());
        run(&store, 1, command).await.unwrap();
    }
    assert_eq!(*looks.1.lock().unwrap(), expected);
}

#[tokio::test]
async fn what_the_disk_did_not_take_is_not_read() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    for n in 1..=2 {
        create(&store, n, &"x".repeat(5_000)).await;
    }
    store.close().await;
    let store = full(&path);
    let room = Room::default();
    let large = update(9, &"y".repeat(500_000));
    for n in 1..=2 {
        run(&store, n, read(SENDER)).await.unwrap();
    }
    let go = pause(&store);
    // In one transaction, which fails; then each has its own.
    let (mut small, mut grown) = (
        std::pin::pin!(run(&store, 2, update(8, "small"))),
        std::pin::pin!(store.apply(mailbox(1), large, &room, NOW)),
    );
    let asked = async {
        tokio::task::yield_now().await;
        go.send(()).unwrap();
    };
    let (small, grown, ()) = tokio::join!(&mut small, &mut grown, asked);
    assert!(small.is_ok());
    assert_eq!(grown, Err(StoreError::DiskFull));
    for _ in 0..2 {
        let first = data(run(&store, 1, read(SENDER)).await);
        assert_eq!(first, "x".repeat(5_000));
        assert_eq!(data(run(&store, 2, read(SENDER)).await), "small");
    }
}

#[tokio::test]
async fn what_is_deleted_or_swept_is_in_memory_no_more() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    for n in 1..=3 {
        create(&store, n, "one").await;
        assert!(has(&store, n), "as it was made");
    }
    let deleted = run(&store, 1, Command::Delete { claim: SENDER });
    assert_eq!(deleted.await, Ok(Answer::Deleted));
    assert!(!has(&store, 1));
    assert_eq!(run(&store, 1, read(SENDER)).await, Err(Refusal::NotFound));
    assert_eq!(store.sweep(NOW + 1_000).await, Ok(2));
    assert!(!has(&store, 2) && !has(&store, 3));
}

#[tokio::test]
async fn of_a_file_that_was_touched_underneath_nothing_is_in_memory() {
    let (folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    create(&store, 1, "one").await;
    let (room, aside) = (Room::default(), folder.path().join("aside"));
    std::fs::rename(&path, &aside).unwrap();
    assert_eq!(store.ready(&room).await, Err(StoreError::Replaced));
    for _ in 0..2 {
        assert!(!has(&store, 1), "also when it was read again");
        assert_eq!(data(run(&store, 1, read(SENDER)).await), "one");
    }
    std::fs::rename(&aside, &path).unwrap();
    assert_eq!(store.ready(&room).await, Ok(()));
    assert_eq!(data(run(&store, 1, read(SENDER)).await), "one");
    assert!(has(&store, 1), "back in its place");
}

#[tokio::test]
async fn a_store_that_is_closed_answers_nothing_that_another_may_change() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    create(&store, 1, "one").await;
    store.close().await;
    let next = DurableStore::open(&path).unwrap();
    run(&next, 1, update(7, "two")).await.unwrap();
    let room = Room::default();
    let late = store.apply(mailbox(1), read(SENDER), &room, NOW).await;
    assert_eq!(late, Err(StoreError::Unavailable));
}

/// A copy of the files is what a kill leaves behind.
#[tokio::test]
async fn what_anybody_has_read_is_there_after_a_kill() {
    let (folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    create(&store, 1, "0").await;
    for n in 1..=5 {
        run(&store, 1, update(100 + n, &n.to_string()))
            .await
            .unwrap();
        let seen = data(run(&store, 1, read(SENDER)).await);
        let copy = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        let after = DurableStore::open(copy.path().join("mailboxes")).unwrap();
        assert_eq!(data(run(&after, 1, read(SENDER)).await), seen);
    }
}
