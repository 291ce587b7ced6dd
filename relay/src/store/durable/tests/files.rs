//! What becomes of files that are no stores, are damaged, or are moved.

use super::*;

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

#[tokio::test]
async fn a_file_that_is_cut_short_in_its_place_is_noticed_and_not_written_to() {
    for (end, left) in [("", 4096), ("", 0), ("-wal", 4096), ("-wal", 0)] {
        let (_folder, path) = folder();
        let store = DurableStore::open(&path).unwrap();
        let room = Room::default();
        for n in 1..=20 {
            create(&store, n, &"x".repeat(1_000)).await;
        }
        if end.is_empty() {
            // From the log into the file.
            store.sweep(NOW).await.unwrap();
        }
        assert_eq!(store.ready(&room).await, Ok(()));
        let options = std::fs::File::options().write(true).clone();
        let file = options.open(mark::beside(&path, end)).unwrap();
        let whole = file.metadata().unwrap().len();
        file.set_len(left).unwrap();
        assert_eq!(store.ready(&room).await, Err(StoreError::Replaced), "{end}");
        let written = store.apply(mailbox(1), update(7, "lost"), &room, NOW).await;
        assert_eq!(written, Err(StoreError::Replaced));
        assert_eq!(file.metadata().unwrap().len(), left, "not written to");
        file.set_len(whole).unwrap();
        assert_eq!(
            store.ready(&room).await,
            Err(StoreError::Replaced),
            "it is not what it was"
        );
    }
}

#[tokio::test]
async fn a_log_that_the_store_empties_itself_is_not_cut() {
    let (_folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    for n in 1..=20 {
        create(&store, n, &"x".repeat(1_000)).await;
        assert_eq!(store.sweep(NOW).await, Ok(0));
        assert_eq!(store.ready(&Room::default()).await, Ok(()));
    }
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
