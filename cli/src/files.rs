//! Files of the user: read whole within the limit, written whole or not at all.

use std::fs::{self, File, FileType};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::exit::Failure;

/// What is not whole yet is named so, with something random between.
const PART: &str = ".tigress-";
const PART_END: &str = ".part";
/// How often a file is begun that somebody else takes away at once.
const BEGINNINGS: usize = 10;

/// Whether it stands for stdin or stdout.
pub(crate) fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads what is to be sent: a file, or `-` for stdin.
pub(crate) fn read_content(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let limit = tigress::MAX_CONTENT;
    let content = if is_dash(path) {
        read_from(io::stdin(), limit)
            .map_err(|error| Failure::new("file", format!("stdin can't be read: {error}")))?
    } else {
        read(path, limit)?
    };
    if content.len() > limit {
        let reason = "a message's content has at most 256 KiB";
        return Err(Failure::new("too_large", reason));
    }
    Ok(content)
}

/// Reads a file, one byte more than `limit` at most.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let unreadable = |error: io::Error| {
        let reason = format!("{} can't be read: {error}", path.display());
        Failure::new("file", reason)
    };
    let file = File::open(path).map_err(unreadable)?;
    read_from(file, limit).map_err(unreadable)
}

/// Reads one byte more than `limit` at most.
pub(crate) fn read_from(from: impl Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // All the room at once: growing would leave a copy behind.
    let mut content = Zeroizing::new(Vec::with_capacity(limit + 1));
    from.take(limit as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}

/// Writes a file, readable by its user alone, at once and durably. Never over another file, unless `force`; one
/// that has these very bytes already is left as it is. What is no regular file is never replaced.
pub(crate) fn write(path: &Path, content: &[u8], force: bool) -> Result<(), Failure> {
    match put(path, content, force) {
        // Perhaps another process has put it there just now.
        Err(_) if holds(path, content) => Ok(()),
        result => result,
    }
}

fn put(path: &Path, content: &[u8], force: bool) -> Result<(), Failure> {
    let failed = |error: io::Error| unwritable(path, &error.to_string());
    if holds(path, content) {
        return Ok(());
    }
    check_place(path, force)?;
    let folder = folder_of(path);
    clear(&folder);
    let mut file = begin(&folder).map_err(failed)?;
    file.write_all(content)
        .and_then(|()| file.as_file().sync_all())
        .map_err(failed)?;
    let kept = if force {
        file.persist(path)
    } else {
        file.persist_noclobber(path)
    };
    match kept {
        Ok(_) => sync_folder(&folder).map_err(failed),
        // Something came there meanwhile.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(check_place(path, force)
                .err()
                .unwrap_or_else(|| exists(path)))
        }
        Err(error) => Err(failed(error.error)),
    }
}

/// A file that is not whole yet. It is locked as long as its process lives, so that what a kill leaves behind is known by
/// that; where a file system has no locks, it stays.
fn begin(folder: &Path) -> io::Result<NamedTempFile> {
    let mut beginnings = 0;
    loop {
        let mut builder = tempfile::Builder::new();
        let file = builder.prefix(PART).suffix(PART_END).tempfile_in(folder)?;
        let _ = file.as_file().lock();
        beginnings += 1;
        // Somebody who clears up may have come between the two.
        if file.as_file().metadata()?.nlink() > 0 || beginnings == BEGINNINGS {
            return Ok(file);
        }
    }
}

/// Takes away what a kill has left in a folder: this user's files of that name that nobody works on.
fn clear(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let is_part = |name: &str| name.starts_with(PART) && name.ends_with(PART_END);
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(is_part) {
            remove_if_left(&entry.path());
        }
    }
}

fn remove_if_left(path: &Path) {
    let own = rustix::process::geteuid().as_raw();
    let is_own = |found: fs::Metadata| found.is_file() && found.uid() == own;
    if !path.symlink_metadata().is_ok_and(is_own) {
        return;
    }
    if let Ok(file) = File::open(path)
        && file.try_lock().is_ok()
    {
        // Under the lock: whoever has just begun it sees that it is gone.
        let _ = fs::remove_file(path);
    }
}

/// Says early what `write` would say at the end.
pub(crate) fn check_free(path: &Path, force: bool) -> Result<(), Failure> {
    check_place(path, force)?;
    let folder = folder_of(path);
    if !folder.is_dir() {
        return Err(unwritable(path, "its folder is not there"));
    }
    clear(&folder);
    Ok(())
}

/// Says early that a folder for files can't be one.
pub(crate) fn check_folder(path: &Path) -> Result<(), Failure> {
    match path.metadata() {
        Ok(found) if !found.is_dir() => Err(unwritable(path, "it is no folder")),
        _ => Ok(()),
    }
}

/// Whether a file may be put at a path: nothing is there, or a regular file and `force`. Somebody reads from a pipe
/// or device, and a link leads elsewhere: none of them is replaced, nor is that advised.
fn check_place(path: &Path, force: bool) -> Result<(), Failure> {
    let found = match path.symlink_metadata() {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unwritable(path, &error.to_string())),
    };
    match kind(found) {
        None if force => Ok(()),
        None => Err(exists(path)),
        Some(kind) => Err(unwritable(
            path,
            &format!("it is {kind}, which is never replaced"),
        )),
    }
}

/// What it is, unless a regular file.
fn kind(found: FileType) -> Option<&'static str> {
    if found.is_file() {
        None
    } else if found.is_dir() {
        Some("a folder")
    } else if found.is_symlink() {
        Some("a symbolic link")
    } else if found.is_fifo() {
        Some("a named pipe")
    } else if found.is_socket() {
        Some("a socket")
    } else {
        Some("a device")
    }
}

fn unwritable(path: &Path, reason: &str) -> Failure {
    let reason = format!("{} can't be written: {reason}", path.display());
    Failure::new("file", reason)
}

fn exists(path: &Path) -> Failure {
    let reason = format!(
        "{} is there already (--force overwrites it)",
        path.display()
    );
    Failure::new("file_exists", reason)
}

fn holds(path: &Path, content: &[u8]) -> bool {
    let is_file = path.symlink_metadata().is_ok_and(|found| found.is_file());
    is_file && read(path, content.len()).is_ok_and(|found| *found == content)
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The path as it is from anywhere: what is resumed may be resumed elsewhere.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    if path.as_os_str().is_empty() {
        return Err(Failure::usage("a path is empty"));
    }
    std::path::absolute(path)
        .map_err(|error| unwritable(path, &format!("no current folder: {error}")))
}
