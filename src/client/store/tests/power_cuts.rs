//! What a store of records has when the power comes back, wherever it was cut.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::super::disk::{Disk, Files};
use super::super::{DirectoryStore, StoreError, TransferStore};
use tigress_primitives::secret::Secret;

const KEY: &str = "2bba630e-519b-41ec-81d3-0242ac130003";

/// Names, and what the files of that name hold.
type Image = BTreeMap<OsString, Vec<u8>>;

/// What is kept if the power is cut now. Of what was not synced a disk may have kept any part: looked at are the two
/// that go furthest, all of the names and none of them, each without any bytes that were not synced.
#[derive(Default)]
struct Kept {
    /// With all renames and removals.
    new: Image,
    /// With those that were synced.
    old: Image,
    /// What the processes see, bytes that are not synced included.
    seen: Image,
    steps: usize,
}

/// A disk that takes so many steps, then no more.
struct UntilTheCut {
    kept: Arc<Mutex<Kept>>,
    steps: usize,
}

fn name(file: &Path) -> OsString {
    file.file_name().unwrap().to_owned()
}

impl UntilTheCut {
    fn step<T>(
        &self,
        really: impl FnOnce() -> io::Result<T>,
        change: impl FnOnce(&mut Kept),
    ) -> io::Result<T> {
        let mut kept = self.kept.lock().unwrap();
        if kept.steps == self.steps {
            return Err(io::Error::other("the power is cut"));
        }
        kept.steps += 1;
        let result = really()?;
        change(&mut kept);
        Ok(result)
    }
}

impl Disk for UntilTheCut {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<File> {
        self.step(
            || Files.write(path, bytes),
            |kept| {
                kept.seen.insert(name(path), bytes.to_vec());
                kept.new.insert(name(path), Vec::new());
            },
        )
    }

    fn sync(&self, path: &Path, file: &File) -> io::Result<()> {
        self.step(
            || Files.sync(path, file),
            |kept| {
                let bytes = kept.seen[&name(path)].clone();
                kept.new.insert(name(path), bytes);
            },
        )
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(
            || Files.rename(from, to),
            |kept| {
                for image in [&mut kept.seen, &mut kept.new] {
                    let bytes = image.remove(&name(from)).unwrap();
                    image.insert(name(to), bytes);
                }
            },
        )
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        self.step(
            || Files.remove(file),
            |kept| {
                kept.seen.remove(&name(file));
                kept.new.remove(&name(file));
            },
        )
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step(
            || Files.sync_folder(folder),
            |kept| kept.old = kept.new.clone(),
        )
    }
}

fn secret() -> Secret<32> {
    Secret::new([7; 32])
}

/// What the record is when the power is back.
fn found(image: &Image) -> Option<Vec<u8>> {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in image {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let store = DirectoryStore::new(folder.path(), secret());
    let record = store.load(KEY).unwrap();
    record.map(|record| record.bytes.to_vec())
}

/// A store with the record `before`, whose power is cut after so many steps of `act`: says whether `act` had
/// returned by then, and what the record may be afterwards.
fn cut_after(
    steps: usize,
    before: Option<&[u8]>,
    act: impl FnOnce(&DirectoryStore, Option<&str>) -> Result<(), StoreError>,
) -> (bool, [Option<Vec<u8>>; 2]) {
    let (folder, kept) = (TempDir::new().unwrap(), Arc::new(Mutex::default()));
    let disk = |steps| UntilTheCut {
        kept: Arc::clone(&kept),
        steps,
    };
    let whole = DirectoryStore::on(disk(usize::MAX), folder.path(), secret());
    let version = before.map(|bytes| whole.save(KEY, None, bytes).unwrap());
    let so_far = kept.lock().unwrap().steps;
    let store = DirectoryStore::on(disk(so_far + steps), folder.path(), secret());
    let done = act(&store, version.as_deref()).is_ok();
    let kept = kept.lock().unwrap();
    (done, [found(&kept.old), found(&kept.new)])
}

/// Cuts the power after each step: the record is `before` or `after`, and once `act` has returned only `after`.
fn whenever_it_is_cut(
    before: Option<&[u8]>,
    after: Option<&[u8]>,
    act: impl Fn(&DirectoryStore, Option<&str>) -> Result<(), StoreError>,
) {
    for steps in 0.. {
        let (done, found) = cut_after(steps, before, &act);
        for found in found.iter().map(Option::as_deref) {
            let as_it_was = !done && found == before;
            assert!(as_it_was || found == after, "{steps} steps: {found:?}");
        }
        if done {
            return;
        }
    }
}

#[test]
fn a_power_cut_leaves_the_old_record_or_the_new_one_and_what_was_saved_stays() {
    let save =
        |store: &DirectoryStore, version: Option<&str>| store.save(KEY, version, b"new").map(drop);
    whenever_it_is_cut(None, Some(b"new"), save);
    whenever_it_is_cut(Some(b"old"), Some(b"new"), save);
}

#[test]
fn what_was_deleted_does_not_come_back_with_the_power() {
    whenever_it_is_cut(Some(b"old"), None, |store, version| {
        store.delete(KEY, version.unwrap())
    });
}

/// What can't be synced says so: no file that is asked is taken for synced without the system.
#[cfg(target_os = "linux")]
#[test]
fn syncing_asks_the_system() {
    let invalid = |result: io::Result<()>| result.unwrap_err().kind();
    let device = File::open("/dev/null").unwrap();
    let device = Files.sync(Path::new("/dev/null"), &device);
    assert_eq!(invalid(device), io::ErrorKind::InvalidInput);
    let folder = Files.sync_folder(Path::new("/proc"));
    assert_eq!(invalid(folder), io::ErrorKind::InvalidInput);
}
