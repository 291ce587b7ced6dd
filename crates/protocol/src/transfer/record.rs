//! The stored form of a transfer: one versioned CBOR record. It holds secrets; stores seal it. What a version promises
//! is said at the head of [`record`].

use zeroize::Zeroizing;

use super::Transfer;
use super::messages::Messages;
use super::place::Place;
use super::security::{PinRequired, Security};
use tigress_primitives::record;
use tigress_primitives::record::RecordError;

/// Version of the record's form. What was version 1 was in no release; version 2 had no [`Consent`],
/// version 3 no summary and no [`PinRequired`].
const VERSION: u64 = 4;
/// The oldest that is read.
const OLDEST: u64 = 2;

record! {
    struct Transfer {
        id: 1,
        side: 2,
        vertical: 7,
        public: 8,
        summary: 25,
        place: flat,
        clocks: 10,
        security: flat,
        window: 14,
        messages: flat,
        events: 19,
        phase: 21,
    }
}

// In the transfer's own map.
record! {
    struct Place { relay: 3, mailbox: 4, claim: 5, proof: 6, notification: 9, absence: 20 }
}
record! {
    struct Security { credential: 12, context: 13, answered: 22, proven: 24, pin_required: 26 }
}
record! {
    struct Messages { waiting: 15, next: 16, under_way: 17, next_received: 18, delivered: 23 }
}

impl Transfer {
    /// All that must outlive the process.
    pub fn to_record(&self) -> Zeroizing<Vec<u8>> {
        record::encode(VERSION, self)
    }

    /// A transfer as [`Self::to_record`] gave it.
    ///
    /// # Errors
    /// Another version, or damaged.
    pub fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        let (version, mut transfer): (_, Self) = record::decode_any(OLDEST..=VERSION, bytes)?;
        let of_its_time = (version > 2 || !transfer.awaits_consent())
            && (version > 3 || transfer.summary.is_none() && !transfer.security.pin_required.0);
        if version <= 3 {
            // All that is known of it: of what was established by then nothing is.
            transfer.security.pin_required = PinRequired(!transfer.security.proven);
        }
        match transfer.events.is_sound() && transfer.security.is_sound() && of_its_time {
            true => Ok(transfer),
            false => Err(RecordError::Damaged),
        }
    }
}
