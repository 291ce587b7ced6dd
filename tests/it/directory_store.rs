//! The sealed folder: every store's rules, and what only it has: two processes, kills, damage, the disk's own view.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;

use tempfile::TempDir;
use tigress::secret::Secret;
use tigress::{DirectoryStore, MemoryStore, StoreError, TransferStore};
use tigress_testkit::check_store;

use crate::own_process::command;

const KEY: &str = "2bba630e-519b-41ec-81d3-0242ac130003";
const OTHER: &str = "ffffffff-519b-41ec-81d3-0242ac130003";
const SECRET: &[u8] = b"the record's secret words";
/// Tells a child process where the store is.
const FOLDER: &str = "TIGRESS_TEST_FOLDER";
const COUNTS: u64 = 100;

fn store(folder: &Path) -> DirectoryStore {
    DirectoryStore::new(folder, Secret::new([7; 32]))
}

fn file(folder: &TempDir, key: &str) -> PathBuf {
    folder.path().join(format!("{key}.record"))
}

fn bytes(store: &DirectoryStore, key: &str) -> Vec<u8> {
    store.load(key).unwrap().unwrap().bytes.to_vec()
}

fn is_failed<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Failed { .. }))
}

#[test]
fn both_built_in_stores_conform() {
    let memory: Arc<dyn TransferStore> = Arc::new(MemoryStore::new());
    check_store(&memory);
    let folder = TempDir::new().unwrap();
    let directory: Arc<dyn TransferStore> =
        Arc::new(store(&folder.path().join("made on first use")));
    check_store(&directory);
}

#[test]
fn making_one_touches_nothing() {
    let folder = TempDir::new().unwrap();
    let below = folder.path().join("store");
    let store = store(&below);
    assert_eq!(store.load(KEY), Ok(None));
    assert_eq!(store.list(), Ok(vec![]));
    assert!(!below.exists());
}

#[test]
fn two_instances_see_each_other_and_conflict() {
    let folder = TempDir::new().unwrap();
    let (app, extension) = (store(folder.path()), store(folder.path()));
    let first = app.save(KEY, None, b"app").unwrap();
    assert_eq!(bytes(&extension, KEY), b"app");
    let second = extension.save(KEY, Some(&first), b"extension").unwrap();
    assert_eq!(
        app.save(KEY, Some(&first), b"late"),
        Err(StoreError::Conflict)
    );
    assert_eq!(app.delete(KEY, &first), Err(StoreError::Conflict));
    assert_eq!(bytes(&app, KEY), b"extension");
    assert_eq!(app.delete(KEY, &second), Ok(()));
    assert_eq!(extension.load(KEY), Ok(None));
}

/// One of the two functions below in a process of its own.
fn child<Test: Fn()>(test: Test, folder: &Path) -> Child {
    command(test)
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn count_of(store: &DirectoryStore) -> u64 {
    u64::from_be_bytes(bytes(store, KEY).try_into().unwrap())
}

fn count_up(store: &DirectoryStore) -> u64 {
    loop {
        let record = store.load(KEY).unwrap().unwrap();
        let count = u64::from_be_bytes(record.bytes[..].try_into().unwrap()) + 1;
        match store.save(KEY, Some(&record.version), &count.to_be_bytes()) {
            Ok(_) => return count,
            Err(StoreError::Conflict | StoreError::Busy) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn child_counts() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return; // Not the child process.
    };
    let store = store(Path::new(&folder));
    for _ in 0..COUNTS {
        count_up(&store);
    }
}

#[test]
fn child_counts_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return; // Not the child process.
    };
    let store = store(Path::new(&folder));
    loop {
        println!("count {}", count_up(&store));
    }
}

#[test]
fn two_processes_lose_no_write() {
    let folder = TempDir::new().unwrap();
    store(folder.path()).save(KEY, None, &[0; 8]).unwrap();
    let children = [(); 2].map(|()| child(child_counts, folder.path()));
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(count_of(&store(folder.path())), 2 * COUNTS);
}

#[test]
fn a_killed_process_leaves_what_it_had_said_or_the_next() {
    let folder = TempDir::new().unwrap();
    store(folder.path()).save(KEY, None, &[0; 8]).unwrap();
    for _ in 0..5 {
        let before = count_of(&store(folder.path()));
        let mut child = child(child_counts_until_killed, folder.path());
        let mut said = before;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while said < before + 20 {
            let line = lines.next().unwrap().unwrap();
            if let Some((_, count)) = line.split_once("count ") {
                said = count.parse().unwrap();
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            if let Some(count) = line.split_once("count ").and_then(|(_, c)| c.parse().ok()) {
                said = count;
            }
        }
        let now = count_of(&store(folder.path()));
        assert!(now == said || now == said + 1, "said {said}, is {now}");
        // Neither its lock nor a file half written is in anybody's way.
        assert_eq!(count_up(&store(folder.path())), now + 1);
    }
}

#[test]
fn a_write_that_was_cut_off_is_no_record() {
    let folder = TempDir::new().unwrap();
    let version = store(folder.path()).save(KEY, None, b"whole").unwrap();
    fs::write(folder.path().join("writing"), b"half a rec").unwrap();
    let store = store(folder.path());
    assert_eq!(bytes(&store, KEY), b"whole");
    assert_eq!(store.list(), Ok(vec![KEY.to_owned()]));
    store.save(KEY, Some(&version), b"the next").unwrap();
    assert_eq!(bytes(&store, KEY), b"the next");
    assert!(!folder.path().join("writing").exists());
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_planted_link() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder.path().join("store"));
    let version = store.save(KEY, None, SECRET).unwrap();
    let victim = folder.path().join("victim");
    fs::write(&victim, b"something else").unwrap();
    for name in ["writing", &format!("{OTHER}.record")] {
        std::os::unix::fs::symlink(&victim, folder.path().join("store").join(name)).unwrap();
    }
    store.save(KEY, Some(&version), SECRET).unwrap();
    assert!(store.save(OTHER, None, SECRET).is_err());
    assert_eq!(fs::read(&victim).unwrap(), b"something else");
}

#[test]
fn another_key_opens_nothing() {
    let folder = TempDir::new().unwrap();
    store(folder.path()).save(KEY, None, SECRET).unwrap();
    let stranger = DirectoryStore::new(folder.path(), Secret::new([8; 32]));
    assert!(is_failed(stranger.load(KEY)), "an error, never \"none\"");
    assert_eq!(stranger.list(), Ok(vec![KEY.to_owned()]));
}

#[test]
fn files_can_not_be_swapped() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    store.save(KEY, None, b"one").unwrap();
    store.save(OTHER, None, b"two").unwrap();
    let (one, two) = (file(&folder, KEY), file(&folder, OTHER));
    let aside = folder.path().join("aside");
    fs::rename(&one, &aside).unwrap();
    fs::rename(&two, &one).unwrap();
    fs::rename(&aside, &two).unwrap();
    assert!(is_failed(store.load(KEY)));
    assert!(is_failed(store.load(OTHER)));
}

#[test]
fn damage_is_an_error_wherever_it_is() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    store.save(KEY, None, SECRET).unwrap();
    let whole = fs::read(file(&folder, KEY)).unwrap();
    for len in 0..whole.len() {
        fs::write(file(&folder, KEY), &whole[..len]).unwrap();
        assert!(is_failed(store.load(KEY)), "cut to {len}");
    }
    for at in 0..whole.len() {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        fs::write(file(&folder, KEY), altered).unwrap();
        assert!(is_failed(store.load(KEY)), "byte {at} altered");
    }
    fs::write(file(&folder, KEY), [&whole[..], b"x"].concat()).unwrap();
    assert!(is_failed(store.load(KEY)), "longer");
    fs::write(file(&folder, KEY), whole).unwrap();
    assert_eq!(bytes(&store, KEY), SECRET);
}

#[test]
fn nothing_of_a_record_is_in_clear_on_the_disk() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    let version = store.save(KEY, None, SECRET).unwrap();
    store.save(KEY, Some(&version), &SECRET.repeat(3)).unwrap();
    store.save(OTHER, None, SECRET).unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let part = SECRET
            .windows(6)
            .find(|p| bytes.windows(6).any(|w| w == *p));
        assert_eq!(part, None);
        assert!(!bytes.windows(32).any(|w| w == [7; 32]), "the key itself");
    }
    // The same bytes twice are not the same file.
    let contents = [KEY, OTHER].map(|key| fs::read(file(&folder, key)).unwrap());
    assert!(
        !contents[1]
            .windows(16)
            .any(|w| contents[0].windows(16).any(|v| v == w))
    );
}

#[test]
fn a_key_that_is_a_path_is_refused() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder.path().join("store"));
    for key in ["", "../up", "a/b", "a.b", "A", "\0", &"a".repeat(65)] {
        assert!(is_failed(store.load(key)), "{key:?}");
        assert!(is_failed(store.save(key, None, b"x")), "{key:?}");
        assert!(is_failed(store.delete(key, "1")), "{key:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    store.save(&"a".repeat(64), None, b"x").unwrap();
}

#[cfg(unix)]
#[test]
fn only_its_user_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let below = folder.path().join("a").join("store");
    store(&below).save(KEY, None, b"x").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&below), 0o700);
    for entry in fs::read_dir(&below).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn a_store_that_stays_locked_is_busy() {
    let folder = TempDir::new().unwrap();
    let store = store(folder.path());
    let version = store.save(KEY, None, b"x").unwrap();
    let lock = fs::File::open(folder.path().join("lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(store.save(KEY, Some(&version), b"y"), Err(StoreError::Busy));
    // Reading needs no lock, and nothing was written.
    assert_eq!(bytes(&store, KEY), b"x");
    drop(lock);
    store.save(KEY, Some(&version), b"y").unwrap();
}

#[test]
fn an_error_names_no_path() {
    let folder = TempDir::new().unwrap();
    let below = folder.path().join("a file");
    fs::write(&below, b"").unwrap();
    let store = store(&below);
    let error = store.save(KEY, None, b"x").unwrap_err();
    assert!(matches!(&error, StoreError::Failed { .. }));
    assert!(!format!("{error} {error:?}").contains("a file"), "{error}");
}
