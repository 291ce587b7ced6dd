//! Calls that share a transaction.

use super::*;

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
pub(super) fn pause(store: &DurableStore) -> mpsc::Sender<()> {
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

/// What a read takes is given back when it is given up: if it were made all the same, any number would come at once.
#[tokio::test]
async fn a_read_that_was_given_up_is_not_made() {
    let (_folder, path) = folder();
    let store = Arc::new(DurableStore::open(&path).unwrap());
    create(&store, 1, "one").await;
    let go = pause(&store);
    let asking = store.clone();
    let given_up = tokio::spawn(async move { run(&asking, 1, read(RECEIVER)).await });
    tokio::task::yield_now().await;
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    go.send(()).unwrap();
    // The first who reads has the place.
    let other = DeviceClaim(Uuid::from_u128(4));
    assert_eq!(data(run(&store, 1, read(other)).await), "one");
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
