//! One device: what it stores, what its process remembers, what its app does with it.

use super::*;

/// One device: what it has stored, what its process remembers, what its app has seen.
#[derive(Clone)]
pub(super) struct Device {
    pub(super) record: Option<Zeroizing<Vec<u8>>>,
    pub(super) slot: Slot,
    /// A request without an answer: the process repeats it.
    pub(super) unanswered: Option<Ask>,
    /// Its clock less the world's.
    pub(super) skew: i64,
    pub(super) events: Vec<TransferEvent>,
    pub(super) cursor: u64,
    /// Whether the app acknowledges what it has seen.
    pub(super) acknowledges: bool,
    /// Whether the app ends with "done" once it has so many messages.
    pub(super) done_after: Option<usize>,
}

impl Device {
    pub(super) fn new() -> Self {
        Self {
            record: None,
            slot: Slot::default(),
            unanswered: None,
            skew: 0,
            events: Vec::new(),
            cursor: 0,
            acknowledges: true,
            done_after: None,
        }
    }

    pub(super) fn load(&self) -> Transfer {
        Transfer::from_record(self.record.as_ref().expect("stored")).unwrap()
    }

    /// Stores it; what is read back must be stored the same.
    pub(super) fn store(&mut self, transfer: &Transfer) {
        let record = transfer.to_record();
        assert_eq!(Transfer::from_record(&record).unwrap().to_record(), record);
        self.record = Some(record);
    }

    pub(super) fn kill(&mut self) {
        self.slot = Slot::default();
        self.unanswered = None;
    }

    /// What the app does between two steps.
    pub(super) fn look(&mut self) {
        let mut transfer = self.load();
        let update = transfer.update_after(self.cursor);
        self.cursor = update.cursor;
        self.events.extend(update.events);
        if self.acknowledges {
            transfer.acknowledge_events(self.cursor);
            self.store(&transfer);
        }
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        self.load().outcome()
    }

    pub(super) fn received(&self) -> Vec<Credential> {
        let credential = |event: &TransferEvent| match event {
            TransferEvent::CredentialReceived { credential, .. } => Some(credential.clone()),
            _ => None,
        };
        self.events.iter().filter_map(credential).collect()
    }

    pub(super) fn delivered(&self) -> Vec<MessageIndex> {
        let index = |event: &TransferEvent| match event {
            TransferEvent::CredentialDelivered { index } => Some(*index),
            _ => None,
        };
        self.events.iter().filter_map(index).collect()
    }

    pub(super) fn has(&self, event: &TransferEvent) -> bool {
        self.events.contains(event)
    }
}
