//! The model that is explored, and what was found.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use stateright::{Checker, HasDiscoveries, Model, Property};
use tigress_primitives::rule;
use tigress_protocol::transfer::{TerminateReason, TransferState};

use crate::action::{Action, Net};
use crate::bounds::Bounds;
use crate::finish::Prospect;
use crate::properties::{ALL, PROSPECTS};
use crate::relay::Lie;
use crate::world::{SENDER, World};

/// All that may happen within bounds.
pub struct TransferModel {
    bounds: &'static Bounds,
    /// What becomes of a state, by its essence.
    known: Mutex<HashMap<u64, Prospect>>,
}

/// What a checker found.
#[derive(Debug)]
pub struct Checked {
    /// Different states.
    pub states: usize,
    /// Steps that were gone, to new states and to known ones.
    pub steps: usize,
    /// The longest way.
    pub depth: usize,
    /// The property that was broken, and a shortest story of it.
    pub broken: Option<(&'static str, String)>,
}

/// Goes through every state within bounds, or until a property is broken.
///
/// # Panics
/// Where a machine does.
#[must_use]
pub fn check(bounds: &'static Bounds) -> Checked {
    let model = TransferModel {
        bounds,
        known: Mutex::default(),
    };
    // By one alone the same story is found each time.
    let threads = match bounds.without {
        Some(_) => 1,
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let checker = model
        .checker()
        .threads(threads)
        .finish_when(HasDiscoveries::Any)
        .spawn_bfs()
        .join();
    // What is wrong by itself is told rather than what comes of it.
    let is_forecast = |name: &str| PROSPECTS.iter().any(|(forecast, _)| *forecast == name);
    let found = checker.discoveries().into_iter();
    let found = found.min_by_key(|(name, _)| (is_forecast(name), *name));
    Checked {
        states: checker.unique_state_count(),
        steps: checker.state_count(),
        depth: checker.max_depth(),
        broken: found.map(|(name, path)| (name, story(checker.model(), name, path.into_actions()))),
    }
}

/// What has happened, without what did not matter.
fn story(model: &TransferModel, name: &str, mut actions: Vec<Action>) -> String {
    let properties = model.properties();
    let broken = |world: &World| {
        let mut named = properties.iter().filter(|property| property.name == name);
        named.any(|property| !(property.condition)(model, world))
    };
    let mut at = actions.len();
    while at > 0 {
        at -= 1;
        let mut fewer = actions.clone();
        fewer.remove(at);
        let ends_broken = |worlds: Vec<World>| worlds.last().is_some_and(broken);
        if model.told(&fewer).is_some_and(ends_broken) {
            // Others may matter no more.
            (actions, at) = (fewer, actions.len() - 1);
        }
    }
    let mut told = format!("broken: {name}\n");
    let worlds = model.told(&actions).unwrap_or_default();
    for (n, (action, world)) in actions.iter().zip(worlds.iter().skip(1)).enumerate() {
        let _ = writeln!(told, "{:>3}. {action}: {world:?}", n + 1);
    }
    told
}

impl TransferModel {
    /// Each world of a story; nothing if it can't happen so.
    fn told(&self, actions: &[Action]) -> Option<Vec<World>> {
        let mut worlds = self.init_states();
        for action in actions {
            let mut possible = Vec::new();
            let world = worlds.last()?;
            self.actions(world, &mut possible);
            let next = possible.contains(action).then(|| world.after(*action))??;
            worlds.push(next);
        }
        Some(worlds)
    }

    fn prospect(&self, world: &World) -> Prospect {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        world.prospect(
            |essence| known().get(&essence).copied(),
            |essence, prospect| {
                known().insert(essence, prospect);
            },
        )
    }
}

impl Model for TransferModel {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![rule::without(self.bounds.without, || {
            World::begin(self.bounds)
        })]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        for at in 0..world.devices.len() {
            world.rounds(at, actions);
            world.apps(at, actions);
            world.troubles(at, actions);
        }
        actions.extend((0..world.late.len()).map(Action::Arrives));
        if world.left.copies > 0 && world.devices[1].stored.is_some() {
            actions.push(Action::Copies);
        }
        if world.left.times < world.bounds.times.len() {
            actions.push(Action::Passes);
        }
    }

    fn within_boundary(&self, world: &World) -> bool {
        world.relay.writes() <= self.bounds.writes
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        world.after(action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = Vec::new();
        macro_rules! each {
            ($table:ident: $($n:literal)*; $holds:expr) => {
                $(all.push(Property::always($table[$n].0, |model: &Self, world: &World| {
                    $holds($table[$n].1, model, world)
                }));)*
            };
        }
        each!(ALL: 0 1 2 3 4 5 6 7 8 9 10 11; |holds: fn(&World) -> bool, _: &Self, world: &World| holds(world));
        each!(PROSPECTS: 0 1 2; |holds: fn(&World, Prospect) -> bool, model: &Self, world: &World| {
            holds(world, model.prospect(world))
        });
        all
    }
}

impl World {
    /// The requests of a device, and what may become of them.
    fn rounds(&self, at: usize, actions: &mut Vec<Action>) {
        let facts = self.facts(at);
        let opens = at != SENDER
            && facts.is_none_or(|facts| {
                let unread = facts.state == TransferState::Offered && !facts.is_read;
                (facts.may_be_accepted_again && !self.devices[at].app.ended) || unread
            });
        let to = |net| match opens {
            true => Action::Accept(at, net),
            false => Action::Round(at, net),
        };
        if opens && self.left.opens == 0 {
            return;
        }
        actions.push(to(Net::Answered));
        let held = self.devices[at]
            .pending
            .as_ref()
            .is_some_and(|p| p.held.is_some());
        if held {
            return;
        }
        if self.left.losses > 0 {
            actions.extend([Net::Lost, Net::Unanswered, Net::Late].map(to));
        }
        if self.left.lies > 0 {
            actions.extend(self.lies(at, opens).into_iter().map(Net::Lie).map(to));
        }
    }

    /// The lies that can be told to what a device asks next.
    fn lies(&self, at: usize, opens: bool) -> Vec<Lie> {
        let request = self.next_request(at, opens);
        request.map_or_else(Vec::new, |request| self.relay.lies(&request))
    }

    fn apps(&self, at: usize, actions: &mut Vec<Action>) {
        let Some(facts) = self.facts(at) else {
            return;
        };
        let (is_sender, is_over) = (at == SENDER, facts.outcome.is_some());
        let state = facts.state;
        if state == TransferState::Offered && facts.is_read {
            actions.push(Action::Confirms(at));
        }
        if state == TransferState::PinRequired {
            if !self.bounds.stranger {
                actions.push(Action::Types(at, true));
            }
            if self.left.wrong_pins > 0 {
                actions.push(Action::Types(at, false));
            }
        }
        let side = usize::from(!is_sender);
        if self.left.messages[side] > 0 && !is_over {
            actions.push(Action::Sends(at));
        }
        let app = &self.devices[at].app;
        if self.bounds.endings[side] && !is_over && !app.ended {
            let refuses = match is_sender {
                true => TerminateReason::Cancelled,
                false => TerminateReason::Declined,
            };
            actions.extend([TerminateReason::Done, refuses].map(|how| Action::Ends(at, how)));
        }
        let has_all = app.received.len() == self.devices[SENDER].app.sent.len();
        let done = !is_sender && state == TransferState::Established && has_all;
        if done && !self.bounds.endings[side] && !app.ended {
            actions.push(Action::Ends(at, TerminateReason::Done));
        }
        if self.bounds.looks && facts.has_events {
            actions.push(Action::Looks(at));
        }
    }

    fn troubles(&self, at: usize, actions: &mut Vec<Action>) {
        let device = &self.devices[at];
        if device.stored.is_none() {
            return;
        }
        if self.left.crashes > 0 {
            actions.push(Action::Dies(at));
        }
        if self.left.rollbacks > 0 {
            actions.push(match device.backup {
                None => Action::BacksUp(at),
                Some(_) => Action::Restores(at),
            });
        }
        if self.left.given_up > 0 {
            actions.push(Action::GivesUp(at));
        }
    }
}
