//! Stories of transfers: a sender, a receiver, a relay's slot between them, and a clock that a test sets. Each
//! step is what the client does: load the record, decide, store, ask the relay, store. A kill is to drop all
//! but the record.

mod aborts;
mod asking;
mod binding;
mod bounds;
mod clocks;
mod consent;
mod deadlines;
mod deletions;
mod device;
mod endings;
mod establishing;
mod gone;
mod guesses;
mod held;
mod messages;
mod model;
mod offers;
mod pairs;
mod pins;
mod proof;
#[expect(
    clippy::disallowed_methods,
    reason = "reads, and writes when it is asked to, what is kept in tests/vectors"
)]
mod records;
mod relay;
mod requests;
mod rollback;
mod slots;
mod steps;
mod summaries;
mod told;
mod undecodable;
#[expect(
    clippy::disallowed_methods,
    reason = "reads, and writes when it is asked to, what is kept in tests/vectors"
)]
mod vectors;
mod world;

use device::Device;
use relay::Relay;
use steps::Fault;
use world::World;
use zeroize::Zeroizing;

use super::security::role;
use super::*;
use crate::exchange::{Envelope, Fields};
use crate::invitation::{RelayOrigin, ShareUrl};
use tigress_gss::auth_credential::CredentialId;
use tigress_gss::gss::{Role, SecurityContext};
use tigress_gss::pin::Pin;
use tigress_mailbox::{Call, Reply, RequestId};
use tigress_primitives::entropy::Entropy;
use tigress_primitives::secret::Secret;

const START: u64 = 1_800_000_000;
const HOUR: u64 = 3600;
const LIFETIME: u64 = 48 * HOUR;
const SENDER: usize = 0;
const RECEIVER: usize = 1;

fn pin() -> Pin {
    Pin::parse("042917").unwrap()
}

fn wrong_pin() -> Pin {
    Pin::parse("042918").unwrap()
}

fn message(n: u8) -> Credential {
    Credential::new("org.example.key", vec![n; 5])
}

const REASONS: [TerminateReason; 3] = [
    TerminateReason::Done,
    TerminateReason::Declined,
    TerminateReason::Cancelled,
];

fn abort(world: &mut World, at: usize, code: u64) {
    let now = world.clock(at);
    world.edit(at, |transfer, entropy| transfer.abort(code, now, entropy));
}

/// The receiver is done; the sender has acknowledged that, which the receiver does not know yet.
fn acknowledged() -> World {
    let mut world = World::established();
    world.terminate(RECEIVER, TerminateReason::Done);
    world.step(RECEIVER);
    world.step(SENDER);
    world.step(SENDER);
    assert_eq!(world.outcome(SENDER), Some(Outcome::Completed));
    world
}

#[test]
fn a_transfer_is_eight_steps() {
    let mut world = World::invited();
    world.send(SENDER, 1);
    world.accept(RECEIVER).unwrap();
    world.run();
    assert_eq!(world.devices[RECEIVER].received(), [message(1)]);
    world.terminate(RECEIVER, TerminateReason::Done);
    world.run();
    assert_eq!(world.outcomes(), [Some(Outcome::Completed); 2]);
    assert!(world.relay.is_gone());
    assert_eq!(
        world.devices[SENDER].events,
        [
            TransferEvent::Accepted,
            TransferEvent::Established,
            TransferEvent::CredentialDelivered { index: 0 },
            TransferEvent::Closed {
                outcome: Outcome::Completed
            },
        ]
    );
}
