//! What every [`TransferStore`] must do, also one written in another language.

use std::sync::Arc;

use tigress::{StoreError, StoredRecord, TransferStore};

/// A key as the client uses them.
const KEY: &str = "2bba630e-519b-41ec-81d3-0242ac130003";
const OTHER: &str = "a";
/// Threads that write one record at once, and how often each.
const WRITERS: usize = 4;
const WRITES: usize = 25;

/// Checks an empty store; panics at the first thing that is wrong.
pub fn check_store(store: &Arc<dyn TransferStore>) {
    an_empty_store_has_nothing(&**store);
    a_record_reads_back(&**store);
    only_the_expected_version_is_replaced(&**store);
    records_are_apart(&**store);
    only_the_expected_version_is_deleted(&**store);
    versions_are_not_used_again(&**store);
    any_bytes_and_sizes_are_kept(&**store);
    of_writers_at_once_one_wins(store);
    assert_eq!(store.list(), Ok(vec![]), "all was deleted");
}

fn load(store: &dyn TransferStore, key: &str) -> StoredRecord {
    let record = store.load(key).expect("a load succeeds");
    record.expect("the record is there")
}

fn clear(store: &dyn TransferStore, key: &str) {
    let version = load(store, key).version;
    assert_eq!(store.delete(key, &version), Ok(()));
}

fn an_empty_store_has_nothing(store: &dyn TransferStore) {
    assert_eq!(store.list(), Ok(vec![]));
    assert_eq!(store.load(KEY), Ok(None));
    assert_eq!(store.delete(KEY, "1"), Err(StoreError::Conflict));
    assert_eq!(store.save(KEY, Some("1"), b"x"), Err(StoreError::Conflict));
    assert_eq!(store.load(KEY), Ok(None), "what conflicts writes nothing");
}

fn a_record_reads_back(store: &dyn TransferStore) {
    let version = store.save(KEY, None, b"first").expect("a new record");
    let record = load(store, KEY);
    assert_eq!(
        (record.version, &record.bytes[..]),
        (version, &b"first"[..])
    );
    assert_eq!(store.list(), Ok(vec![KEY.to_owned()]));
}

fn only_the_expected_version_is_replaced(store: &dyn TransferStore) {
    let first = load(store, KEY).version;
    assert_eq!(store.save(KEY, None, b"new"), Err(StoreError::Conflict));
    let second = store.save(KEY, Some(&first), b"second").expect("current");
    assert_ne!(first, second);
    let late = store.save(KEY, Some(&first), b"late");
    assert_eq!(late, Err(StoreError::Conflict));
    let record = load(store, KEY);
    assert_eq!(
        (record.version, &record.bytes[..]),
        (second, &b"second"[..])
    );
}

fn records_are_apart(store: &dyn TransferStore) {
    let version = store.save(OTHER, None, b"other").expect("a new record");
    assert_eq!(&load(store, KEY).bytes[..], b"second");
    let mut keys = store.list().expect("a list");
    keys.sort();
    assert_eq!(keys, [KEY, OTHER]);
    assert_eq!(store.delete(OTHER, &version), Ok(()));
    assert_eq!(store.list(), Ok(vec![KEY.to_owned()]));
}

fn only_the_expected_version_is_deleted(store: &dyn TransferStore) {
    assert_eq!(store.delete(KEY, "no version"), Err(StoreError::Conflict));
    let version = load(store, KEY).version;
    assert_eq!(store.delete(KEY, &version), Ok(()));
    assert_eq!(store.load(KEY), Ok(None));
    assert_eq!(store.delete(KEY, &version), Err(StoreError::Conflict));
}

fn versions_are_not_used_again(store: &dyn TransferStore) {
    let mut seen = Vec::new();
    for _ in 0..5 {
        let version = store.save(KEY, None, b"same").expect("a new record");
        assert!(!seen.contains(&version), "{version} again");
        let stale = seen
            .iter()
            .map(|old: &String| store.save(KEY, Some(old), b"x"));
        assert!(stale.into_iter().all(|r| r == Err(StoreError::Conflict)));
        assert_eq!(store.delete(KEY, &version), Ok(()));
        seen.push(version);
    }
}

fn any_bytes_and_sizes_are_kept(store: &dyn TransferStore) {
    for size in [0, 1, 255, 4096, 5 * 1024 * 1024] {
        let bytes: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        store.save(KEY, None, &bytes).expect("a new record");
        assert!(load(store, KEY).bytes[..] == bytes, "{size} bytes");
        clear(store, KEY);
    }
}

fn of_writers_at_once_one_wins(store: &Arc<dyn TransferStore>) {
    store.save(KEY, None, &[0; 8]).expect("a new record");
    let writer = |store: Arc<dyn TransferStore>| {
        for _ in 0..WRITES {
            count_up(&*store, KEY);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            let store = Arc::clone(store);
            scope.spawn(move || writer(store));
        }
    });
    let count = u64::from_be_bytes(load(&**store, KEY).bytes[..].try_into().expect("8 bytes"));
    assert_eq!(count, (WRITERS * WRITES) as u64, "no write was lost");
    clear(&**store, KEY);
}

/// Adds one to a record of 8 bytes, all over again if somebody else was faster.
fn count_up(store: &dyn TransferStore, key: &str) {
    loop {
        let record = load(store, key);
        let count = u64::from_be_bytes(record.bytes[..].try_into().expect("8 bytes"));
        match store.save(key, Some(&record.version), &(count + 1).to_be_bytes()) {
            Ok(_) => return,
            Err(StoreError::Conflict | StoreError::Busy) => {}
            Err(error) => panic!("{error}"),
        }
    }
}
