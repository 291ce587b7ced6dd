//! The event log: what happened stays until the app has acknowledged it.

use super::types::{Credential, TransferEvent};
use tigress_primitives::record;

/// Most bytes of unacknowledged messages that are kept before more are taken from the other side.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Most unacknowledged events before more messages are taken.
const MAX_EVENTS: usize = 256;
/// Most notices of foreign tokens in one transfer: whoever fills the mailbox must not fill the log.
const MAX_REJECTED: u64 = 8;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct EventLog {
    /// Cursor of the newest event ever logged; the first has 1.
    last: u64,
    /// The unacknowledged ones, oldest first; the newest has the cursor `last`.
    kept: Vec<TransferEvent>,
    rejected: u64,
}

record! {
    struct EventLog { last: 1, kept: 2, rejected: 3 }
}

record! {
    enum TransferEvent at 0 {
        1 = Accepted,
        2 = PinRequired,
        3 = PinRejected { tries_left: 1 },
        4 = Established,
        5 = CredentialReceived { index: 1, credential: flat },
        6 = CredentialDelivered { index: 1 },
        7 = RejectedToken,
        8 = Closed { outcome: 1 },
    }
}

record! {
    struct Credential { format: 2, content: 3, media_type: 4 }
}

impl EventLog {
    pub(super) fn push(&mut self, event: TransferEvent) {
        self.last += 1;
        self.kept.push(event);
    }

    /// An empty log whose cursors go on from this one's.
    pub(super) fn followed(&self) -> Self {
        Self {
            last: self.last,
            ..Self::default()
        }
    }

    /// Logs a foreign token, a few times at most.
    pub(super) fn push_rejected(&mut self) {
        if self.rejected < MAX_REJECTED {
            self.rejected += 1;
            self.push(TransferEvent::RejectedToken);
        }
    }

    /// Drops the events up to and including `cursor`; says whether there were any.
    pub(super) fn acknowledge(&mut self, cursor: u64) -> bool {
        let first = self.first();
        let count = (cursor.min(self.last) + 1).saturating_sub(first);
        let count = usize::try_from(count).unwrap_or(0);
        self.kept.drain(..count);
        count > 0
    }

    fn first(&self) -> u64 {
        self.last + 1 - self.kept.len() as u64
    }

    /// The events after `cursor`.
    pub(super) fn after(&self, cursor: u64) -> &[TransferEvent] {
        let skip = cursor.saturating_add(1).saturating_sub(self.first());
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        self.kept.get(skip..).unwrap_or_default()
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether the app must acknowledge some before another message is taken.
    pub(super) fn is_full(&self) -> bool {
        let bytes: usize = self
            .kept
            .iter()
            .map(|event| match event {
                TransferEvent::CredentialReceived { credential, .. } => credential.content.len(),
                _ => 0,
            })
            .sum();
        self.kept.len() >= MAX_EVENTS || bytes >= MAX_BYTES
    }

    /// Whether the cursors of what is kept begin at 1 or later, and there is one more.
    pub(super) fn is_sound(&self) -> bool {
        (self.kept.len() as u64..u64::MAX).contains(&self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_stay_until_acknowledged_and_read_the_same_each_time() {
        let mut log = EventLog::default();
        assert!(log.after(0).is_empty());
        log.push(TransferEvent::Accepted);
        log.push(TransferEvent::Established);
        assert_eq!(log.after(0).len(), 2);
        assert_eq!(log.after(1), [TransferEvent::Established]);
        assert_eq!(log.after(0).len(), 2);
        assert!(log.acknowledge(1));
        assert!(!log.acknowledge(1));
        assert_eq!(log.after(0), [TransferEvent::Established]);
        assert_eq!(record::from_map(&record::to_map(&log)), Some(log.clone()));
        assert!(log.acknowledge(u64::MAX - 1));
        assert!(log.is_empty() && log.after(0).is_empty());
        log.push(TransferEvent::Established);
        assert!(log.after(u64::MAX).is_empty() && log.acknowledge(u64::MAX));
        assert_eq!(log.last(), 3);
    }

    #[test]
    fn whoever_fills_the_mailbox_does_not_fill_the_log() {
        let mut log = EventLog::default();
        for _ in 0..1000 {
            log.push_rejected();
        }
        assert_eq!(log.after(0).len() as u64, MAX_REJECTED);
    }
}
