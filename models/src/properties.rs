//! What each state must have.

use crate::bounds::LIFETIME;
use crate::device::Facts;
use crate::finish::Prospect;
use crate::world::{SENDER, START, World};
use tigress_protocol::transfer::TransferState;

/// A property of one state, by its words.
pub type Property = (&'static str, fn(&World) -> bool);

/// A property of what becomes of a state, by its words.
pub type Forecast = (&'static str, fn(&World, Prospect) -> bool);

/// What must always hold of a state by itself.
pub const ALL: [Property; 12] = [
    (
        "each message is taken once, in order, as it was sent",
        in_order,
    ),
    ("delivered is what has arrived", delivered_has_arrived),
    (
        "completed needs a side that is done, and all that was sent",
        completed_has_all,
    ),
    ("no two endings contradict each other", endings_agree),
    ("each ending has its reason", endings_are_explained),
    (
        "a PIN is judged no more often than it may be tried",
        tries_are_counted,
    ),
    (
        "nothing is answered before the user has agreed",
        consent_first,
    ),
    ("one device is established", one_receiver),
    (
        "who has not proven the PIN ends nothing in another's name",
        unproven_names_nobody,
    ),
    (
        "who has not answered deletes no mailbox",
        nobody_elses_mailbox,
    ),
    ("nobody is established after the time", established_in_time),
    ("what was taken is told to the app", taken_is_told),
];

/// What must hold of what becomes of it.
pub const PROSPECTS: [Forecast; 3] = [
    ("an honest relay leads to an end", |_, prospect| {
        prospect.ends
    }),
    (
        "what nobody has ended is completed with an honest relay",
        |world, prospect| prospect.completes || !world.can_complete(),
    ),
    (
        "what one side has ended, the other hears before the time is over",
        |world, prospect| prospect.ends_soon || !world.is_ending(),
    ),
];

/// The devices that may have received from `at`, or sent to it.
fn others(world: &World, at: usize) -> impl Iterator<Item = usize> {
    let count = world.devices.len();
    (0..count).filter(move |other| (at == SENDER) != (*other == SENDER))
}

fn in_order(world: &World) -> bool {
    (0..world.devices.len()).all(|at| {
        let received = &world.devices[at].app.received;
        let in_order = received.iter().zip(0..).all(|(one, n)| one.0 == n);
        let was_sent =
            |one| others(world, at).any(|other| world.devices[other].app.sent.contains(one));
        in_order && received.iter().all(was_sent)
    })
}

/// How many messages have ever arrived at the other side.
fn arrived(world: &World, at: usize) -> u64 {
    let counts = others(world, at).map(|other| {
        let stored = world.facts(other).map_or(0, |facts| facts.received);
        stored.max(world.devices[other].app.received.len() as u64)
    });
    counts.max().unwrap_or_default()
}

fn delivered_has_arrived(world: &World) -> bool {
    (0..world.devices.len()).all(|at| {
        let told = world.devices[at].app.delivered.len() as u64;
        let counted = world.facts(at).map_or(0, |facts| facts.delivered);
        told.max(counted) <= arrived(world, at)
    })
}

fn completed_has_all(world: &World) -> bool {
    (0..world.devices.len()).all(|at| match world.outcome(at) {
        Some(("completed", _)) => {
            let sent = world.facts(at).map_or(0, |facts| facts.sent);
            world.devices.iter().any(|device| device.app.done) && sent <= arrived(world, at)
        }
        _ => true,
    })
}

/// As in docs/protocol.md, section 9.1.
fn endings_agree(world: &World) -> bool {
    let (2, Some(ours), Some(theirs)) = (world.devices.len(), world.outcome(0), world.outcome(1))
    else {
        return true;
    };
    if world
        .facts(1)
        .is_some_and(|facts| facts.may_be_accepted_again)
    {
        return true;
    }
    // A sender ends it by itself, too, when no try is left.
    let own =
        |at: usize| world.devices[at].app.ended || world.outcome(at) == Some(("failed", Some(5)));
    let both = [own(0), own(1)];
    match (ours, theirs) {
        (ours, theirs) if ours == theirs => true,
        (("unconfirmed", _), _) | (_, ("unconfirmed", _)) => true,
        // Whose state was set back learns that, whatever it had heard before.
        (("failed", Some(7)), _) | (_, ("failed", Some(7))) if world.marks.set_back => true,
        (("completed", _), _) | (_, ("completed", _)) => false,
        (("expired", _), _) | (_, ("expired", _)) => true,
        _ if both == [true; 2] => true,
        (("unproven", code), other) | (other, ("unproven", code)) => {
            other == named(code) || other.1.is_some() && other.1 == code
        }
        _ => false,
    }
}

fn named(code: Option<u64>) -> (&'static str, Option<u64>) {
    match code {
        Some(2) => ("declined", None),
        Some(3) => ("cancelled", None),
        code => ("failed", code),
    }
}

fn endings_are_explained(world: &World) -> bool {
    (0..world.devices.len()).all(|at| {
        let Some(facts) = world.facts(at) else {
            return true;
        };
        if facts.may_be_accepted_again {
            return true;
        }
        let marks = world.marks;
        let ended = world.devices.iter().any(|device| device.app.ended);
        let time = world.now >= START + LIFETIME - 600;
        let pin = world.bounds.pin.is_some();
        match world.outcome(at) {
            None => true,
            Some(("completed", _)) => ended,
            Some(("declined" | "cancelled", _)) => ended,
            Some(("expired", _)) => time,
            Some(("unconfirmed", _)) => ended || time || marks.gone || marks.set_back,
            Some(("failed" | "unproven", Some(5))) => pin,
            Some(("unproven", _)) => pin && (ended || marks.set_back),
            Some(("failed", Some(7))) => marks.set_back,
            Some(_) => false,
        }
    })
}

fn tries_are_counted(world: &World) -> bool {
    let most = world.bounds.pin.unwrap_or_default();
    world.devices[SENDER].app.rejected <= most
}

fn consent_first(world: &World) -> bool {
    !world.marks.unasked
}

fn one_receiver(world: &World) -> bool {
    let established = |at: &usize| world.devices[*at].app.established.is_some();
    world.marks.set_back || (1..world.devices.len()).filter(established).count() <= 1
}

fn unproven_names_nobody(world: &World) -> bool {
    let proven = world.devices[1..].iter().any(|device| device.app.knows_pin);
    let own = world.devices[SENDER].app.ended;
    match world.outcome(SENDER) {
        Some(("declined" | "cancelled", _)) => world.bounds.pin.is_none() || proven || own,
        _ => true,
    }
}

fn nobody_elses_mailbox(world: &World) -> bool {
    let deleted_by = world.relay.deleted_by;
    deleted_by.is_none_or(|at| world.devices[at].app.wrote || at == SENDER)
}

fn established_in_time(world: &World) -> bool {
    let at = world.devices[SENDER].app.established;
    at.is_none_or(|at| at < START + LIFETIME)
}

fn taken_is_told(world: &World) -> bool {
    (0..world.devices.len()).all(|at| {
        let mut device = world.devices[at].clone();
        device.look(world.now, false);
        let taken = world.facts(at).map_or(0, |facts| facts.received);
        device.app.received.len() as u64 >= taken
    })
}

impl World {
    /// One side has ended it, and the other can be told.
    fn is_ending(&self) -> bool {
        let transfers = || (0..2).filter_map(|at| self.facts(at));
        let both = transfers().filter(|facts| !facts.is_unanswered).count() == 2;
        let ends = |facts: &Facts| {
            matches!(
                facts.state,
                TransferState::Closing | TransferState::Closed(_)
            )
        };
        self.devices.len() == 2
            && both
            && transfers().any(ends)
            && !(self.marks.begins_anew || self.marks.gone || self.marks.kept)
    }

    /// Nothing has happened that ends it otherwise.
    fn can_complete(&self) -> bool {
        let marks = self.marks;
        let ended = self.devices.iter().any(|device| device.app.ended);
        let spoilt = marks.set_back || marks.gone || marks.unasked || ended;
        let tries = self.bounds.pin.unwrap_or(u8::MAX);
        let pin = self.bounds.wrong_pins - self.left.wrong_pins < tries;
        let alone = self.devices.len() == 2 && !self.bounds.stranger;
        !spoilt && pin && alone && self.left.times == 0
    }
}
