//! Records as they are in the file, in memory: who reads and changes nothing is answered from here, without the thread that
//! owns the file.
//!
//! Only that thread writes here, once a transaction is kept and before anybody is told or woken: what is here is never
//! older than an answer that was given, and never what a crash could still take back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tigress_mailbox::MailboxId;
use tigress_mailbox::rules::{self, Command, Record};

use super::super::Applied;
use super::super::recent::Recent;

/// Bytes that the records here take at most.
pub(super) const MOST: usize = 32 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Committed(Mutex<Recent<Arc<Record>>>);

impl Committed {
    pub(super) fn new(most: usize) -> Self {
        Self(Mutex::new(Recent::new(most)))
    }

    /// What a call is told that changes nothing at a mailbox that is here.
    pub(super) fn answer(&self, id: MailboxId, command: &Command, now: u64) -> Option<Applied> {
        // The lock is held for no hash.
        let record = self.get(id)?;
        let transition = rules::look(&record, command, now)?;
        Some(Applied {
            answer: transition.answer,
            notify: transition.notify,
        })
    }

    pub(super) fn get(&self, id: MailboxId) -> Option<Arc<Record>> {
        self.recent().get(id)
    }

    /// What a transaction that was kept has left of mailboxes, or what was read in one; none is erased.
    pub(super) fn renew(&self, all: impl IntoIterator<Item = (MailboxId, Option<Arc<Record>>)>) {
        let mut recent = self.recent();
        for (id, record) in all {
            match record {
                Some(record) => {
                    let size = record.size();
                    recent.put(id, record, size);
                }
                None => recent.remove(id),
            }
        }
    }

    /// What is in the file is to be asked for again.
    pub(super) fn forget(&self, all: impl IntoIterator<Item = MailboxId>) {
        self.renew(all.into_iter().map(|id| (id, None)));
    }

    pub(super) fn forget_all(&self) {
        self.recent().clear();
    }

    /// Nothing panics while the lock is held halfway through a change.
    fn recent(&self) -> MutexGuard<'_, Recent<Arc<Record>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
