//! The state folder, and the key in it: the user's own, and nobody else's.

use std::fs::{DirBuilder, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use tempfile::NamedTempFile;
use tigress::secret::Secret;
use zeroize::Zeroizing;

use crate::exit::Failure;

const KEY_LEN: usize = 32;
/// Others may write.
const WRITABLE: u32 = 0o022;
/// Others may do anything.
const OPEN: u32 = 0o077;

/// The user's own folder for state.
pub(crate) fn of_user() -> Result<PathBuf, Failure> {
    // The XDG base directory specification: relative paths are to be ignored. An empty or relative home is none.
    let variable = |name| {
        let folder = std::env::var_os(name).map(PathBuf::from);
        folder.filter(|folder| folder.is_absolute())
    };
    variable("XDG_STATE_HOME")
        .or_else(|| Some(variable("HOME")?.join(".local/state")))
        .map(|folder| folder.join("tigress"))
        .ok_or(Failure::usage(
            "there is no home folder: name a state folder with --state",
        ))
}

/// Makes the folder and its key on first use; gives the key. Where others may write, nothing is used: they could
/// have put the key there, or a link in the place of a file.
pub(crate) fn open(folder: &Path) -> io::Result<Secret<KEY_LEN>> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    check(
        &folder.metadata()?,
        WRITABLE,
        "others may write in it (chmod go-w)",
    )?;
    key_in(folder)
}

fn check(found: &Metadata, mode: u32, open_to_others: &str) -> io::Result<()> {
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    if found.mode() & mode != 0 {
        return Err(io::Error::other(open_to_others));
    }
    Ok(())
}

/// The key in the folder; whoever comes first makes it.
fn key_in(folder: &Path) -> io::Result<Secret<KEY_LEN>> {
    let path = folder.join("key");
    match read_key(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        result => return result,
    }
    let mut key = Zeroizing::new([0; KEY_LEN]);
    getrandom::fill(&mut key[..]).map_err(|_| io::Error::other("no randomness"))?;
    // Temporary files are readable by their user alone.
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(&key[..])?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(&path) {
        Ok(_) => File::open(folder)?.sync_all()?,
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.error),
    }
    read_key(&path)
}

fn read_key(path: &Path) -> io::Result<Secret<KEY_LEN>> {
    // A pipe must not be waited for, nor a link be followed.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Err(rustix::io::Errno::LOOP) => return Err(io::Error::other("its key is a link")),
        file => File::from(file?),
    };
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("its key is no file"));
    }
    check(&found, OPEN, "others may read or write its key (chmod 600)")?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_LEN + 1));
    file.take(KEY_LEN as u64 + 1).read_to_end(&mut bytes)?;
    Secret::from_slice(&bytes).ok_or(io::Error::other("its key is not 32 bytes"))
}
