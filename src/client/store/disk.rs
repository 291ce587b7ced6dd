//! How files become durable: each call is a step that a power cut may come after.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// A seam for tests, in which the power is cut.
pub(super) trait Disk: Send + Sync {
    /// Makes a file with these bytes in place of what is there under this name, never through it: it may be a link.
    /// Until the file is synced the bytes may be lost, and its name not.
    fn write(&self, name: &Path, bytes: &[u8]) -> io::Result<File>;

    /// When it returns, the bytes of the file of this name are kept.
    fn sync(&self, name: &Path, file: &File) -> io::Result<()>;

    /// In place of what is there under the new name. Until the folder is synced, either may be there afterwards.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Until the folder is synced, the file may be there again afterwards.
    fn remove(&self, file: &Path) -> io::Result<()>;

    /// When it returns, what was renamed and removed in the folder is so for good.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The system's.
pub(super) struct Files;

impl Disk for Files {
    fn write(&self, name: &Path, bytes: &[u8]) -> io::Result<File> {
        match fs::remove_file(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private(OpenOptions::new().create_new(true).write(true)).open(name)?;
        file.write_all(bytes)?;
        Ok(file)
    }

    fn sync(&self, _: &Path, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        fs::remove_file(file)
    }

    #[cfg(unix)]
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    /// Other systems have no such call.
    #[cfg(not(unix))]
    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
pub(super) fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(builder.recursive(true), 0o700);
    builder.create(folder)
}

#[cfg(not(unix))]
pub(super) fn create_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}
