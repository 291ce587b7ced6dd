//! Why a store does not open.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why a store's file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("{} is in use by another relay", path.display())]
    InUse {
        /// As given.
        path: PathBuf,
    },
    /// It is something else, or not whole any more.
    #[error("{} is not a relay's store, or is damaged", path.display())]
    Damaged {
        /// As given.
        path: PathBuf,
    },
    /// A later version of the relay made it.
    #[error("{} was made by a newer relay", path.display())]
    Newer {
        /// As given.
        path: PathBuf,
    },
    /// It can't be read or written.
    #[error("cannot use {}: {reason}", path.display())]
    Failed {
        /// As given.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
}

impl OpenError {
    pub(super) fn failed(path: &Path, error: &dyn std::fmt::Display) -> Self {
        let (path, reason) = (path.to_owned(), error.to_string());
        Self::Failed { path, reason }
    }

    pub(super) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        let at = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse { path: at },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { path: at }
            }
            _ => Self::failed(path, error),
        }
    }
}
