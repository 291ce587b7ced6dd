//! `--stats` of the commands that carry a transfer.

use tigress_parts::{cpu, embedded, meter::Counts};

use crate::output::Event;

/// The name of the command's own threads.
pub(crate) const PART: &str = "tigress";

/// What the command has asked and used, its own relay's threads apart if it has one.
pub(crate) fn event(counts: &Counts, has_relay: bool) -> Event {
    Event::Stats {
        requests: counts.requests,
        waits: counts.waits,
        bytes_sent: counts.sent,
        bytes_received: counts.received,
        cpu_ms: cpu::of_part(PART),
        relay_cpu_ms: cpu::of_part(embedded::PART).filter(|_| has_relay),
    }
}
