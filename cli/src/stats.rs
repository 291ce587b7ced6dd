//! `--stats` of the commands that carry a transfer.

use tigress_parts::{cpu, embedded};

use crate::output::Event;
use crate::session::Session;

/// The name of the command's own threads.
pub(crate) const PART: &str = "tigress";

pub(crate) fn show(session: &Session, has_relay: bool) {
    let counts = session.meter().counts();
    session.event(&Event::Stats {
        requests: counts.requests,
        waits: counts.waits,
        bytes_sent: counts.sent,
        bytes_received: counts.received,
        cpu_ms: cpu::of_part(PART),
        relay_cpu_ms: cpu::of_part(embedded::PART).filter(|_| has_relay),
    });
}
