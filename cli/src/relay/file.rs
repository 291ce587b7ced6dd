//! The files that settings name.

use std::io;
use std::path::Path;

use crate::exit::Failure;

/// What `read` makes of the file.
pub(super) fn of<'file, T>(
    file: &'file Path,
    read: impl FnOnce(&'file Path) -> io::Result<T>,
) -> Result<T, Failure> {
    read(file)
        .map_err(|error| Failure::new("config", format!("cannot read {}: {error}", file.display())))
}
