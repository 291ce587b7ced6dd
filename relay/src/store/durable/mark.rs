//! Telling a relay's store from anything else before anything is written: by the first bytes of the file, as SQLite's
//! file format has them (<https://sqlite.org/fileformat2.html>, §1.3).

use std::cell::Cell;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::error::OpenError;

/// Marks the file as ours ("TIGR").
pub(super) const APPLICATION: u32 = 0x5449_4752;
/// Layout of the tables. 1 had no index by mailbox on `creation`.
pub(super) const LAYOUT: u32 = 2;

const HEADER: usize = 100;
const MAGIC: &[u8] = b"SQLite format 3\0";

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A file without anything in it, made now if there was none.
    Empty,
    /// A store that this version reads.
    Store,
}

/// Which file a path leads to: it must be the same one as long as the store is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Identity(u64, u64);

impl Identity {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        Ok(Self(found.dev(), found.ino()))
    }
}

/// One of the store's own files while it is open: which it is, and that nobody has cut it short.
#[derive(Debug)]
pub(super) struct Watched {
    path: PathBuf,
    identity: Identity,
    /// Its length when it was looked at last.
    length: Cell<u64>,
    /// It was shorter once: what is missing does not come back with its length.
    is_cut: Cell<bool>,
}

impl Watched {
    pub(super) fn begin(path: PathBuf) -> io::Result<Self> {
        let (identity, length) = (Identity::of(&path)?, fs::metadata(&path)?.len());
        Ok(Self {
            path,
            identity,
            length: Cell::new(length),
            is_cut: Cell::new(false),
        })
    }

    /// Whether the path leads to it and it is whole, as far as its length tells.
    pub(super) fn look(&self) -> Result<(), Misplaced> {
        let found = fs::metadata(&self.path).map_err(|_| Misplaced::Replaced)?;
        if Identity(found.dev(), found.ino()) != self.identity {
            return Err(Misplaced::Replaced);
        }
        if found.len() < self.length.replace(found.len()) {
            self.is_cut.set(true);
        }
        match self.is_cut.get() {
            true => Err(Misplaced::Cut),
            false => Ok(()),
        }
    }

    /// Its owner has emptied it.
    pub(super) fn emptied(&self) {
        self.length.set(0);
    }
}

/// What was done to a store's file underneath.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Misplaced {
    Replaced,
    Cut,
}

/// Looks at a file, writes nothing to one that is not ours, and makes one that is there for its user only.
pub(super) fn look(path: &Path) -> Result<Found, OpenError> {
    let failed = |error: io::Error| OpenError::failed(path, &error);
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Nobody else may read it, from the beginning.
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            options.open(path).map_err(failed)?;
            return Ok(Found::Empty);
        }
        Err(error) => return Err(failed(error)),
    };
    if !found.is_file() {
        return Err(OpenError::failed(path, &"it is no regular file"));
    }
    let kind = if found.len() == 0 {
        Found::Empty
    } else {
        is_ours(path)?;
        Found::Store
    };
    for file in [
        path.to_owned(),
        beside(path, "-wal"),
        beside(path, "-reserve"),
    ] {
        make_private(&file).map_err(failed)?;
    }
    Ok(kind)
}

fn is_ours(path: &Path) -> Result<(), OpenError> {
    let mut header = [0; HEADER];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    let path = path.to_owned();
    match read {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(OpenError::Damaged { path });
        }
        Err(error) => return Err(OpenError::failed(&path, &error)),
        Ok(()) => {}
    }
    let number = |at: usize| {
        let bytes = header
            .get(at..at + 4)
            .and_then(|bytes| bytes.try_into().ok());
        u32::from_be_bytes(bytes.unwrap_or_default())
    };
    let (layout, application) = (number(60), number(68));
    if !header.starts_with(MAGIC) || application != APPLICATION || layout == 0 {
        Err(OpenError::Damaged { path })
    } else if layout > LAYOUT {
        Err(OpenError::Newer { path })
    } else {
        Ok(())
    }
}

/// What others may read of our files, they may not any more.
fn make_private(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            fs::set_permissions(path, Permissions::from_mode(0o600))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The file of the same name with this at its end.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
