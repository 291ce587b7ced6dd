//! Files of the user: read whole within the limit, written whole or not at all.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::exit::Failure;

/// Reads a file that is to be sent.
pub(crate) fn read_content(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let limit = tigress::MAX_CONTENT;
    let content = read(path, limit)?;
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
/// that has these very bytes already is left as it is.
pub(crate) fn write(path: &Path, content: &[u8], force: bool) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        let reason = format!("{} can't be written: {error}", path.display());
        Failure::new("file", reason)
    };
    if holds(path, content) {
        return Ok(());
    }
    let folder = folder_of(path);
    let mut file = NamedTempFile::new_in(&folder).map_err(failed)?;
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
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
        Err(error) => Err(failed(error.error)),
    }
}

/// Says early what `write` would say at the end.
pub(crate) fn check_free(path: &Path, force: bool) -> Result<(), Failure> {
    if path.is_dir() {
        let reason = format!("{} is a folder", path.display());
        return Err(Failure::new("file", reason));
    }
    if !force && path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    if !folder_of(path).is_dir() {
        let reason = format!("the folder of {} is not there", path.display());
        return Err(Failure::new("file", reason));
    }
    Ok(())
}

fn exists(path: &Path) -> Failure {
    let reason = format!(
        "{} is there already (--force overwrites it)",
        path.display()
    );
    Failure::new("file_exists", reason)
}

fn holds(path: &Path, content: &[u8]) -> bool {
    let is_file = path.metadata().is_ok_and(|meta| meta.is_file());
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
    std::path::absolute(path).map_err(|_| Failure::usage("a path is empty"))
}
