//! What becomes of a state when nothing goes wrong any more: an honest relay, apps that go on, and time.

use tigress_primitives::rule;
use tigress_protocol::transfer::{TerminateReason, TransferState};

use crate::action::{Action, Net};
use crate::bounds::LIFETIME;
use crate::world::{SENDER, START, World};

/// Most turns of all devices before something is called endless.
const MOST_TURNS: usize = 60;
/// After these times all is over, whoever's clock it is by: the lifetime, a skew, and twice the time for a last word; a
/// link that was never read, after the longest lifetime.
const ALL_OVER: [u64; 5] = [
    LIFETIME + 1801,
    LIFETIME + 2402,
    LIFETIME + 3003,
    31 * DAY,
    31 * DAY + 601,
];
const DAY: u64 = 24 * 3600;

/// How it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prospect {
    /// All sides say completed, and nothing waited for the time to be over.
    pub completes: bool,
    /// All sides end before the time is over.
    pub ends_soon: bool,
    /// All sides end, at the latest when the time is over.
    pub ends: bool,
}

impl World {
    /// How it ends; `known` knows what becomes of states that were met before, and is told what becomes of these.
    pub(crate) fn prospect(
        &self,
        known: impl Fn(u64) -> Option<Prospect>,
        mut tell: impl FnMut(u64, Prospect),
    ) -> Prospect {
        let mut world = self.clone();
        world.late.clear();
        let mut met = Vec::new();
        let prospect = rule::without(self.bounds.without, || {
            for _ in 0..MOST_TURNS {
                let essence = world.essence();
                if let Some(prospect) = known(essence) {
                    return prospect;
                }
                if met.contains(&essence) {
                    break;
                }
                met.push(essence);
                if world.is_over() {
                    break;
                }
                (0..world.devices.len()).for_each(|at| world.go_on(at));
            }
            let over = |at| matches!(world.outcome(at), Some(("completed", _)));
            Prospect {
                completes: (0..world.devices.len()).all(over),
                ends_soon: world.is_over(),
                ends: world.ends_in_time(),
            }
        });
        for essence in met {
            tell(essence, prospect);
        }
        prospect
    }

    fn ends_in_time(mut self) -> bool {
        for time in ALL_OVER {
            self.now = self.now.max(START + time);
            for _ in 0..MOST_TURNS {
                if self.is_over() {
                    return true;
                }
                let before = self.essence();
                (0..self.devices.len()).for_each(|at| self.go_on(at));
                if self.essence() == before {
                    break;
                }
            }
        }
        self.is_over()
    }

    /// What an app that wants the transfer does, and one request.
    fn go_on(&mut self, at: usize) {
        if let Some(action) = self.wants(at) {
            self.take_if_possible(action);
        }
        self.take_if_possible(Action::Round(at, Net::Answered));
        self.take_if_possible(Action::Looks(at));
    }

    fn take_if_possible(&mut self, action: Action) {
        if let Some(next) = self.after(action) {
            *self = next;
        }
    }

    fn wants(&self, at: usize) -> Option<Action> {
        let facts = self.facts(at);
        if at != SENDER && !self.bounds.stranger {
            let opens = match facts {
                // Another device only goes on with what it has.
                None => at == 1,
                Some(facts) => match facts.state {
                    TransferState::Closed(_) => {
                        facts.may_be_accepted_again && !self.devices[at].app.ended
                    }
                    TransferState::Offered => !facts.is_read,
                    _ => false,
                },
            };
            if opens && self.sender_waits() {
                return Some(Action::Accept(at, Net::Answered));
            }
        }
        let has_all = || self.devices[at].app.received.len() == self.devices[SENDER].app.sent.len();
        match facts?.state {
            TransferState::Offered => Some(Action::Confirms(at)),
            TransferState::PinRequired if !self.bounds.stranger => Some(Action::Types(at, true)),
            TransferState::Established if at != SENDER && has_all() => {
                Some(Action::Ends(at, TerminateReason::Done))
            }
            _ => None,
        }
    }

    fn sender_waits(&self) -> bool {
        self.facts(SENDER)
            .is_some_and(|sender| sender.is_unanswered && sender.outcome.is_none())
    }
}
