//! What one transaction does.

use std::collections::HashMap;
use std::sync::Arc;

use tigress_mailbox::MailboxId;

use super::super::room::{Ledger, Room};
use super::super::{Applied, Created, Creation, StoreError};
use super::committed::Committed;
use super::job::{Done, Job, Task};
use super::rows::{RowError, Rows};
use tigress_mailbox::rules::Record;
use tigress_mailbox::rules::{self, Command, Effect, Refusal};

/// A sweep erases at most so many mailboxes in one transaction, and goes on in the next: what is overwritten goes through
/// the log, and others wait.
const SWEEP: usize = 256;
/// Bytes, in the same way; one mailbox is always erased.
const SWEEP_BYTES: usize = 2 * 1024 * 1024;

pub(super) struct Batch<'work, 'file> {
    pub(super) rows: &'work mut Rows<'file>,
    /// What was there before this transaction.
    pub(super) committed: &'work Committed,
    /// What it has read, or makes of it; none is erased.
    pub(super) seen: HashMap<MailboxId, Option<Arc<Record>>>,
    pub(super) ledger: &'work mut Ledger,
    pub(super) deleted: &'work mut usize,
    /// Why the last write was not kept.
    pub(super) trouble: Option<StoreError>,
    /// Whether anything may be written.
    pub(super) writable: Result<(), StoreError>,
    pub(super) writes: u64,
    /// Mailboxes whose content ended: overwritten or erased.
    pub(super) ended: Vec<MailboxId>,
}

/// What a call is told; the outer error ends the transaction.
type Ran<T> = Result<Result<T, StoreError>, RowError>;

impl Batch<'_, '_> {
    pub(super) fn answer(&mut self, job: &Job) -> Ran<Done> {
        if job.is_for_nobody() {
            return Ok(Err(StoreError::Unavailable));
        }
        self.run(&job.task)
    }

    fn run(&mut self, task: &Task) -> Ran<Done> {
        Ok(match task {
            Task::Create { new, room, now } => self.create(new, room, *now)?.map(Done::Created),
            Task::Apply {
                id,
                command,
                room,
                now,
            } => self
                .apply(*id, command.clone(), room, *now)?
                .map(Done::Applied),
            Task::Sweep { now } => self.sweep(*now)?,
            Task::Ready { room } => {
                readiness(self.ledger, self.writable, self.trouble, room).map(|()| Done::Ready)
            }
            Task::Kept => Ok(Done::Kept(self.ledger.kept())),
            Task::Close => Ok(Done::Closed),
            #[cfg(test)]
            Task::Pause { begun, until } => {
                let _ = begun.send(());
                let _ = until.lock().unwrap().recv();
                Ok(Done::Ready)
            }
        })
    }

    fn create(&mut self, new: &Creation, room: &Room, now: u64) -> Ran<Created> {
        let Creation {
            key,
            id,
            record,
            client,
        } = new;
        if let Some((before, forgotten)) = self.rows.creation(*key)? {
            let kept = match self.load(before)? {
                Ok(kept) => kept,
                Err(error) => return Ok(Err(error)),
            };
            let is_there = kept.as_ref().is_some_and(|kept| kept.expires() > now);
            if is_there || forgotten.is_some_and(|at| at > now) {
                let version = kept.as_ref().map(|kept| kept.version());
                return Ok(Ok(Created::Repeated {
                    id: before,
                    version,
                }));
            }
            if let Err(error) = self.writable {
                return Ok(Err(error));
            }
            if let Some(kept) = kept {
                self.erase(before, kept.size())?;
            }
            self.rows.forget(before)?;
        }
        let admitted = self.ledger.may_create(*client, record.size(), room);
        if let Err(error) = self.writable.and(admitted) {
            return Ok(Err(error));
        }
        self.writes += 1;
        self.ledger.created(*id, *client, record.size());
        self.rows.remember(*key, *id)?;
        self.seen.insert(*id, None);
        self.rows.insert(*id, record)?;
        self.seen.insert(*id, Some(Arc::new(record.clone())));
        Ok(Ok(Created::New))
    }

    fn apply(&mut self, id: MailboxId, command: Command, room: &Room, now: u64) -> Ran<Applied> {
        let mut record = match self.load(id)? {
            Ok(Some(record)) => Record::clone(&record),
            Ok(None) => {
                let answer = Err(Refusal::NotFound);
                return Ok(Ok(Applied {
                    answer,
                    notify: None,
                }));
            }
            Err(error) => return Ok(Err(error)),
        };
        let (before, needs_room) = (record.size(), command.needs_room());
        let end = record.expires();
        let transition = rules::apply(&mut record, command, now);
        if transition.effect != Effect::Unchanged
            && let Err(error) = self.writable
        {
            return Ok(Err(error));
        }
        match transition.effect {
            Effect::Unchanged => {}
            Effect::Keep | Effect::KeepAndWake => {
                let after = record.size();
                if needs_room && let Err(error) = self.ledger.may_resize(id, before, after, room) {
                    return Ok(Err(error));
                }
                self.writes += 1;
                self.ledger.resized(id, before, after);
                self.seen.insert(id, None);
                if record.expires() == end {
                    self.rows.rewrite(id, &record)?;
                } else {
                    self.rows.update(id, &record)?;
                }
                self.seen.insert(id, Some(Arc::new(record)));
            }
            Effect::EraseAndWake => {
                self.erase(id, before)?;
                let end = now.saturating_add(room.remember);
                *self.deleted += self.rows.remember_until(id, end)?;
                while *self.deleted > room.remembered {
                    *self.deleted = self
                        .deleted
                        .saturating_sub(self.rows.forget_oldest()?.max(1));
                }
            }
        }
        if transition.effect == Effect::KeepAndWake {
            self.ended.push(id);
        }
        Ok(Ok(Applied {
            answer: transition.answer,
            notify: transition.notify,
        }))
    }

    fn sweep(&mut self, now: u64) -> Ran<Done> {
        if let Err(error) = self.writable {
            return Ok(Err(error));
        }
        let expired = self.rows.expired(now, SWEEP)?;
        let (mut erased, mut bytes) = (0, 0);
        for (id, size) in &expired {
            if bytes > SWEEP_BYTES {
                break;
            }
            self.erase(*id, *size)?;
            self.rows.forget(*id)?;
            (erased, bytes) = (erased + 1, bytes + size);
        }
        let forgotten = self.rows.forget_expired(now)?;
        self.writes += u64::from(forgotten > 0 && erased == 0);
        *self.deleted = self.deleted.saturating_sub(forgotten);
        let more = erased < expired.len() || expired.len() == SWEEP;
        Ok(Ok(Done::Swept { erased, more }))
    }

    /// One record that can't be read spoils nothing for others.
    fn load(&mut self, id: MailboxId) -> Ran<Option<Arc<Record>>> {
        if let Some(seen) = self.seen.get(&id) {
            return Ok(Ok(seen.clone()));
        }
        if let Some(record) = self.committed.get(id) {
            return Ok(Ok(Some(record)));
        }
        match self.rows.load(id) {
            Err(RowError::Unreadable(error)) => {
                tracing::error!(%error, "store");
                Ok(Err(StoreError::Unavailable))
            }
            loaded => {
                let record = loaded?.map(Arc::new);
                if record.is_some() {
                    self.seen.insert(id, record.clone());
                }
                Ok(Ok(record))
            }
        }
    }

    fn erase(&mut self, id: MailboxId, size: usize) -> Result<(), RowError> {
        self.writes += 1;
        self.ledger.erased(id, size);
        self.ended.push(id);
        self.seen.insert(id, None);
        Ok(self.rows.erase(id)?)
    }
}

/// Whether the store is as it should be, as far as the thread can tell.
fn readiness(
    ledger: &Ledger,
    writable: Result<(), StoreError>,
    trouble: Option<StoreError>,
    room: &Room,
) -> Result<(), StoreError> {
    writable?;
    trouble.map_or(Ok(()), Err)?;
    ledger.has_room(room)
}
