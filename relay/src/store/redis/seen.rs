//! Mailboxes as this relay has last seen them, so that a write needs not load what it changes. They may be another's by now:
//! the script that keeps a change asks for the revision, so what is here decides only how often the server is asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tigress_mailbox::MailboxId;
use tigress_mailbox::rules::Record;

use crate::store::recent::Recent;

/// Bytes that they take at most: some ten thousand, without their payloads.
const MOST: usize = 16 * 1024 * 1024;

/// A mailbox as it was loaded or kept.
pub(super) struct Loaded {
    pub(super) revision: Vec<u8>,
    /// Without its payload.
    pub(super) record: Record,
    pub(super) payload_size: usize,
}

pub(super) struct Seen(Mutex<Recent<Arc<Loaded>>>);

impl Default for Seen {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(MOST)))
    }
}

impl Seen {
    pub(super) fn get(&self, id: MailboxId) -> Option<Arc<Loaded>> {
        self.recent().get(id)
    }

    pub(super) fn put(&self, id: MailboxId, loaded: Arc<Loaded>) {
        let size = loaded.record.size();
        self.recent().put(id, loaded, size);
    }

    pub(super) fn forget(&self, id: MailboxId) {
        self.recent().remove(id);
    }

    /// Nothing panics while the lock is held halfway through a change.
    fn recent(&self) -> MutexGuard<'_, Recent<Arc<Loaded>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
