//! One device: what is stored, what its process remembers, what its app has seen.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use tigress_mailbox::memory::Look;
use tigress_protocol::transfer::{Ask, Outcome, Slot, Transfer, TransferEvent, TransferState};

/// A device.
#[derive(Clone, Default)]
pub struct Device {
    /// The record, once there is one.
    pub(crate) stored: Option<Arc<[u8]>>,
    /// What is to be stored later: only without the rule that all is durable before it is visible.
    pub(crate) unsaved: Option<Arc<[u8]>>,
    /// An older record that may come back.
    pub(crate) backup: Option<Arc<[u8]>>,
    /// In memory only.
    pub(crate) slot: Slot,
    /// A request without an answer, in memory only.
    pub(crate) pending: Option<Pending>,
    /// What the record says, read once.
    pub(crate) facts: Option<Facts>,
    /// What its app and its user have done and seen, in all lives.
    pub(crate) app: App,
}

/// What a record says.
#[derive(Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) state: TransferState,
    pub(crate) outcome: Option<Outcome2>,
    pub(crate) is_read: bool,
    pub(crate) is_unanswered: bool,
    pub(crate) may_be_accepted_again: bool,
    pub(crate) has_events: bool,
    pub(crate) sent: u64,
    pub(crate) delivered: u64,
    pub(crate) received: u64,
}

impl Facts {
    fn of(transfer: &Transfer) -> Self {
        let summary = transfer.summary();
        Self {
            state: summary.state,
            outcome: transfer.outcome().map(word),
            is_read: transfer.is_read(),
            is_unanswered: transfer.is_unanswered(),
            may_be_accepted_again: transfer.may_be_accepted_again(),
            has_events: transfer.has_events_after(0),
            sent: summary.sent,
            delivered: summary.delivered,
            received: summary.received,
        }
    }
}

/// A request that has no answer.
#[derive(Clone)]
pub(crate) struct Pending {
    pub(crate) ask: Ask,
    /// The relay has done it, and holds the answer.
    pub(crate) held: Option<Look>,
}

/// What an app and its user have done and seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct App {
    /// Contents that it gave to be sent, with their numbers.
    pub(crate) sent: Vec<(u64, u8)>,
    /// Contents that it was given, with their numbers.
    pub(crate) received: Vec<(u64, u8)>,
    /// What it was told to have arrived.
    pub(crate) delivered: Vec<u64>,
    /// Its user agreed.
    pub(crate) confirmed: bool,
    /// Its user has typed the right PIN.
    pub(crate) knows_pin: bool,
    /// Wrong PINs that it was told of.
    pub(crate) rejected: u8,
    /// It was established, at this time.
    pub(crate) established: Option<u64>,
    /// It said that it is done.
    pub(crate) done: bool,
    /// It ended the transfer, done or not.
    pub(crate) ended: bool,
    /// It has written to the mailbox.
    pub(crate) wrote: bool,
    /// It was told how it ended.
    pub(crate) outcome: Option<Outcome2>,
}

/// An outcome that can be compared and hashed.
pub(crate) type Outcome2 = (&'static str, Option<u64>);

/// An outcome as a word and a code.
pub(crate) fn word(outcome: Outcome) -> Outcome2 {
    (outcome.name(), outcome.code())
}

impl Hash for Device {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.stored, &self.unsaved, &self.backup).hash(state);
        self.slot.hash(state);
        self.app.hash(state);
        if let Some(Pending { ask, held }) = &self.pending {
            ask.request.hash(state);
            held.is_some().hash(state);
        }
    }
}

impl Device {
    /// What it goes on from.
    pub(crate) fn load(&self) -> Option<Transfer> {
        let record = self.unsaved.as_ref().or(self.stored.as_ref())?;
        Transfer::from_record(record).ok()
    }

    /// Stores a transfer; later, where nothing need be durable before it is visible.
    pub(crate) fn store(&mut self, transfer: &Transfer, late: bool) {
        let record: Arc<[u8]> = transfer.to_record().as_slice().into();
        self.facts = Some(Facts::of(transfer));
        match late {
            false => self.stored = Some(record),
            true => {
                if let Some(before) = self.unsaved.replace(record) {
                    self.stored = Some(before);
                }
            }
        }
    }

    /// The process is gone, with all that only it knew.
    pub(crate) fn kill(&mut self) {
        self.slot = Slot::default();
        self.pending = None;
        self.unsaved = None;
        self.facts = self.load().as_ref().map(Facts::of);
    }

    /// There is nothing at the relay for this device: it has not begun.
    pub(crate) fn take_back(&mut self) {
        (self.stored, self.unsaved, self.facts) = (None, None, None);
    }

    /// The store is what it was when it was backed up.
    pub(crate) fn restore(&mut self) {
        self.stored = self.backup.take();
        self.kill();
    }

    /// The app sees what is new, and acknowledges it.
    pub(crate) fn look(&mut self, now: u64, late: bool) {
        if self.facts.is_none_or(|facts| !facts.has_events) {
            return;
        }
        let Some(mut transfer) = self.load() else {
            return;
        };
        let update = transfer.update_after(0);
        for event in update.events {
            self.app.see(event, now);
        }
        if transfer.acknowledge_events(update.cursor) {
            self.store(&transfer, late);
        }
    }
}

impl App {
    fn see(&mut self, event: TransferEvent, now: u64) {
        match event {
            TransferEvent::CredentialReceived { credential, index } => {
                let content = credential.content.first().copied().unwrap_or_default();
                if !self.received.contains(&(index, content)) {
                    self.received.push((index, content));
                }
            }
            TransferEvent::CredentialDelivered { index } if !self.delivered.contains(&index) => {
                self.delivered.push(index);
            }
            TransferEvent::PinRejected { .. } => self.rejected += 1,
            TransferEvent::Established => {
                self.established.get_or_insert(now);
            }
            TransferEvent::Closed { outcome } => self.outcome = Some(word(outcome)),
            _ => {}
        }
    }
}
