//! The event log: what happened stays until the app has acknowledged it.

use super::outcome::Outcome;
use super::types::{Credential, TransferEvent};
use tigress_primitives::cbor::{Map, Value};

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

    pub(super) fn to_map(&self) -> Map<'_> {
        let kept: Vec<Value> = self.kept.iter().map(|e| event_map(e).into()).collect();
        Map::new()
            .with(1, self.last)
            .with(2, kept)
            .with(3, self.rejected)
    }

    pub(super) fn from_map(map: &Map) -> Option<Self> {
        let kept = map
            .array(2)?
            .iter()
            .map(|value| event_from(value.map()?))
            .collect::<Option<Vec<_>>>()?;
        let last = map.uint(1)?;
        (last >= kept.len() as u64).then_some(Self {
            last,
            kept,
            rejected: map.uint(3)?,
        })
    }
}

fn event_map(event: &TransferEvent) -> Map<'_> {
    let map = Map::new();
    match event {
        TransferEvent::Accepted => map.with(0, 1),
        TransferEvent::PinRequired => map.with(0, 2),
        TransferEvent::PinRejected { tries_left } => map.with(0, 3).with(1, u64::from(*tries_left)),
        TransferEvent::Established => map.with(0, 4),
        TransferEvent::CredentialReceived { credential, index } => map
            .with(0, 5)
            .with(1, *index)
            .with(2, credential.format.as_str())
            .with(3, &credential.content[..])
            .with_opt(4, credential.media_type.as_deref()),
        TransferEvent::CredentialDelivered { index } => map.with(0, 6).with(1, *index),
        TransferEvent::RejectedToken => map.with(0, 7),
        TransferEvent::Closed { outcome } => map.with(0, 8).with(1, outcome.to_map()),
    }
}

fn event_from(map: &Map) -> Option<TransferEvent> {
    Some(match map.uint(0)? {
        1 => TransferEvent::Accepted,
        2 => TransferEvent::PinRequired,
        3 => TransferEvent::PinRejected {
            tries_left: map.uint(1)?.try_into().ok()?,
        },
        4 => TransferEvent::Established,
        5 => TransferEvent::CredentialReceived {
            index: map.uint(1)?,
            credential: Credential {
                format: map.text(2)?.to_owned(),
                content: map.bytes(3)?.to_vec().into(),
                media_type: map.text(4).map(str::to_owned),
            },
        },
        6 => TransferEvent::CredentialDelivered {
            index: map.uint(1)?,
        },
        7 => TransferEvent::RejectedToken,
        8 => TransferEvent::Closed {
            outcome: Outcome::from_map(map.map(1)?)?,
        },
        _ => return None,
    })
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
        assert_eq!(EventLog::from_map(&log.to_map()), Some(log.clone()));
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
