//! Room on the disk that is given back when the disk is full, so that something can still be deleted then.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// Enough for the largest mailbox to be overwritten, which goes through the log.
const SIZE: usize = 4 * 1024 * 1024;
/// Enough for the largest mailbox to be written.
const BESIDE: usize = 2 * 1024 * 1024;
static PIECE: [u8; 64 * 1024] = [0; 64 * 1024];

/// A file that holds nothing.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    there: bool,
}

impl Reserve {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, there: false }
    }

    /// Takes the room if it is not taken. A full disk has none: then the next time.
    pub(super) fn take(&mut self) {
        if self.there {
            return;
        }
        match self.fill() {
            Ok(()) => self.there = true,
            Err(error) => {
                tracing::warn!(kind = ?error.kind(), "no room is kept for a full disk");
                let _ = fs::remove_file(&self.path);
            }
        }
    }

    fn fill(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&self.path)?;
        (0..SIZE / PIECE.len()).try_for_each(|_| file.write_all(&PIECE))?;
        file.sync_all()
    }

    /// Whether it is taken, and there is as much as a call may need beside it.
    pub(super) fn has_room_beside(&self) -> bool {
        let grown = || {
            let mut file = OpenOptions::new().append(true).open(&self.path)?;
            let written = (0..BESIDE / PIECE.len()).try_for_each(|_| file.write_all(&PIECE));
            file.set_len(SIZE as u64).and(written)
        };
        self.there && grown().is_ok()
    }

    /// Gives the room to whoever is faster; whether there was some.
    pub(super) fn give(&mut self) -> bool {
        let given = self.there && fs::remove_file(&self.path).is_ok();
        self.there = false;
        given
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        self.give();
    }
}
