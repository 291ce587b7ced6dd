//! Every pair of endings: what either side does at each stage of a transfer, in every order, with and without a loss on
//! the way. What the two then say is the table of `docs/protocol.md`, section 9.1, made here; and no two say what
//! contradicts more than each can know explains.

use std::collections::BTreeSet;

use super::*;

const SPECIFICATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");
const BEGIN: &str = "<!-- pairs:begin -->\n";
const END: &str = "<!-- pairs:end -->\n";

/// What the two say of one transfer must not contradict each other more than what each can know explains. `ended`
/// tells which of them ended it by itself.
pub(super) fn agree(world: &World, ended: [bool; 2], what: &dyn Fn() -> String) {
    for at in [SENDER, RECEIVER] {
        let ([sent, delivered, received], taken) = (world.counts(at), world.counts(1 - at)[2]);
        // No delivery is told of what was not taken.
        assert!(delivered <= taken, "{}", what());
        match world.outcome(at) {
            Some(Outcome::Completed) => assert_eq!((sent, taken), (delivered, sent), "{}", what()),
            Some(Outcome::Expired | Outcome::Unproven(_)) => {
                assert_eq!((delivered, received), (0, 0), "{}", what());
            }
            _ => {}
        }
    }
    let [Some(a), Some(b)] = world.outcomes() else {
        return;
    };
    let explained = match (a, b) {
        _ if a == b => true,
        // One does not know.
        (Outcome::Unconfirmed, _) | (_, Outcome::Unconfirmed) => true,
        (Outcome::Completed, _) | (_, Outcome::Completed) => false,
        // One never heard of anything, and nothing was handed over.
        (Outcome::Expired, _) | (_, Outcome::Expired) => true,
        // Each ended it before it heard of the other.
        _ if ended == [true; 2] => true,
        (Outcome::Unproven(code), other) | (other, Outcome::Unproven(code)) => {
            let claimed = match code {
                codes::DECLINED => Outcome::Declined,
                codes::CANCELLED => Outcome::Cancelled,
                code => Outcome::Failed(code),
            };
            claimed == other
        }
        _ => false,
    };
    assert!(explained, "{a}, {b}: {}", what());
}

/// What one side does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    GoesOn,
    Ends(TerminateReason),
    /// A fault of its own: an abort with code 9.
    Fails,
    /// It never comes back.
    StaysAway,
}

impl Act {
    fn word(self) -> &'static str {
        match self {
            Self::GoesOn => "goes on",
            Self::Ends(TerminateReason::Done) => "done",
            Self::Ends(TerminateReason::Declined) => "declines",
            Self::Ends(TerminateReason::Cancelled) => "cancels",
            Self::Fails => "internal error",
            Self::StaysAway => "stays away",
        }
    }

    fn is_an_end(self) -> bool {
        matches!(self, Self::Ends(_) | Self::Fails)
    }
}

fn acts(at: usize) -> [Act; 5] {
    let refuses = match at {
        SENDER => TerminateReason::Cancelled,
        _ => TerminateReason::Declined,
    };
    [
        Act::GoesOn,
        Act::Ends(TerminateReason::Done),
        Act::Ends(refuses),
        Act::Fails,
        Act::StaysAway,
    ]
}

/// What comes between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    Nothing,
    /// The mailbox is gone after so many more steps.
    Mailbox(usize),
    /// The time is over then.
    Time(usize),
}

const LOSSES: [Loss; 5] = [
    Loss::Nothing,
    Loss::Mailbox(0),
    Loss::Mailbox(2),
    Loss::Time(0),
    Loss::Time(2),
];

/// Who acts first, and how many steps it has before the other acts. Without conditional writes and with no step
/// between, each may write over what the other has written.
#[derive(Clone, Copy, Debug)]
struct Order {
    first: usize,
    steps: usize,
    blind: bool,
}

fn orders() -> Vec<Order> {
    let mut all = Vec::new();
    for first in [SENDER, RECEIVER] {
        for steps in [0, 1, 3] {
            for blind in [false, true] {
                all.push(Order {
                    first,
                    steps,
                    blind,
                });
            }
        }
    }
    all
}

/// A stage of a transfer in which the sender's first message is its credential.
struct Stage {
    name: &'static str,
    world: World,
    /// Which sides have keys: without, nobody can abort.
    keys: [bool; 2],
}

fn offered(mut world: World) -> World {
    world.send(SENDER, 1);
    world.accept(RECEIVER).unwrap();
    world
}

fn answered() -> World {
    let mut world = offered(World::invited());
    world.step(RECEIVER);
    world
}

fn confirmed() -> World {
    let mut world = answered();
    world.step(SENDER);
    world.step(SENDER);
    world
}

fn wrong() -> World {
    let mut world = offered(World::with_pin(5));
    world.type_pin(&wrong_pin());
    world.run();
    assert_eq!(world.state(RECEIVER), TransferState::PinRequired);
    world
}

fn delivered() -> World {
    let mut world = confirmed();
    world.run();
    assert_eq!(world.counts(SENDER), [1, 1, 0]);
    world
}

fn under_way() -> World {
    let mut world = delivered();
    world.send(SENDER, 2);
    world.send(RECEIVER, 3);
    world.step(SENDER);
    world
}

fn stages() -> Vec<Stage> {
    let stage = |name, world, keys| Stage { name, world, keys };
    vec![
        stage(
            "read by the receiver, not answered",
            offered(World::invited()),
            [false; 2],
        ),
        stage(
            "answered; the sender has not looked",
            answered(),
            [false, true],
        ),
        stage(
            "a wrong PIN was typed, and is asked for again",
            wrong(),
            [true; 2],
        ),
        stage(
            "the sender is established, the receiver has not looked; the credential is under way",
            confirmed(),
            [true; 2],
        ),
        stage(
            "established, the credential delivered",
            delivered(),
            [true; 2],
        ),
        stage(
            "the same, with another message of each side under way",
            under_way(),
            [true; 2],
        ),
    ]
}

fn act(world: &mut World, at: usize, act: Act) {
    // It may have ended already.
    if world.outcome(at).is_some() {
        return;
    }
    let now = world.clock(at);
    match act {
        Act::GoesOn | Act::StaysAway => {}
        Act::Ends(reason) => world.terminate(at, reason),
        Act::Fails => {
            // Only what has keys, and has not given the transfer up, can fail so.
            world.edit(at, |transfer, entropy| {
                let can = matches!(
                    transfer.phase,
                    Phase::Establishing | Phase::Established { .. } | Phase::Deleting { .. }
                );
                if can {
                    transfer.abort(codes::INTERNAL, now, entropy);
                }
            });
        }
    }
}

/// So long that every time is over.
const OVER: u64 = LIFETIME + CLOCK_SKEW + LINGER;

/// One run; gives what the two say, nothing of one that stays away.
fn run(stage: &Stage, acts: [Act; 2], order: Order, loss: Loss) -> [Option<Outcome>; 2] {
    let mut world = stage.world.clone();
    world.relay.tells_versions = !order.blind;
    let here = |at: usize| acts[at] != Act::StaysAway;
    if order.blind && order.steps == 0 {
        // Both know the slot as it is now.
        for at in [SENDER, RECEIVER] {
            world.devices[at].kill();
            if here(at) && world.state(at) == TransferState::Established {
                world.step(at);
            }
        }
    }
    let other = 1 - order.first;
    act(&mut world, order.first, acts[order.first]);
    for _ in 0..order.steps {
        if here(order.first) {
            world.step(order.first);
        }
    }
    act(&mut world, other, acts[other]);
    let turns = |world: &mut World, steps: usize| {
        for n in 0..steps {
            let at = if n % 2 == 0 { order.first } else { other };
            if here(at) && world.outcome(at).is_none() {
                world.step(at);
            }
        }
    };
    match loss {
        Loss::Nothing => {}
        Loss::Mailbox(steps) => {
            turns(&mut world, steps);
            world.relay.lose();
        }
        Loss::Time(steps) => {
            turns(&mut world, steps);
            world.wait(OVER);
        }
    }
    // They go on, long after its time if nothing ends it.
    for pause in [0, 0, 1, 1, OVER, LINGER, LINGER] {
        world.wait(pause);
        turns(&mut world, 8);
        for at in [SENDER, RECEIVER].into_iter().filter(|at| here(*at)) {
            world.sync(at);
        }
    }
    agree(&world, acts.map(Act::is_an_end), &|| {
        format!("{}: {acts:?} {order:?} {loss:?}", stage.name)
    });
    for at in [SENDER, RECEIVER].into_iter().filter(|at| here(*at)) {
        assert!(
            world.outcome(at).is_some(),
            "{} {acts:?} {order:?} {loss:?}",
            stage.name
        );
    }
    [SENDER, RECEIVER].map(|at| world.outcome(at).filter(|_| here(at)))
}

fn said(pair: [Option<Outcome>; 2]) -> String {
    let word = |outcome: Option<Outcome>| match outcome {
        None => "–".to_owned(),
        Some(outcome) => match outcome.code() {
            Some(code) => format!("{} {code}", outcome.name()),
            None => outcome.name().to_owned(),
        },
    };
    pair.map(word).join(" / ")
}

fn table(stage: &Stage) -> String {
    let mut out = format!(
        "**{}**\n\n| sender | receiver | they say | also, if the mailbox is lost or the time is over on the way |\n|---|---|---|---|\n",
        stage.name
    );
    for ours in acts(SENDER) {
        for theirs in acts(RECEIVER) {
            let acts = [ours, theirs];
            let fails = (0..2).any(|at| acts[at] == Act::Fails && !stage.keys[at]);
            if fails || acts == [Act::StaysAway; 2] {
                continue;
            }
            let (mut always, mut lost) = (BTreeSet::new(), BTreeSet::new());
            for order in orders() {
                for loss in LOSSES {
                    let pair = said(run(stage, acts, order, loss));
                    match loss {
                        Loss::Nothing => always.insert(pair),
                        _ => lost.insert(pair),
                    };
                }
            }
            let cell = |pairs: Vec<&String>| {
                let pairs: Vec<_> = pairs.into_iter().map(String::as_str).collect();
                pairs.join("; ")
            };
            out.push_str(&format!(
                "| {} | {} | {} | {} |\n",
                ours.word(),
                theirs.word(),
                cell(always.iter().collect()),
                cell(lost.difference(&always).collect()),
            ));
        }
    }
    out.push('\n');
    out
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "compares with a table in docs/protocol.md, and writes it when it is asked to"
)]
fn the_specifications_table_of_endings_is_what_the_machine_does() {
    let specification = std::fs::read_to_string(SPECIFICATION).unwrap();
    let (before, rest) = specification.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let tables: String = stages().iter().map(table).collect();
    let made = format!("{before}{BEGIN}\n{tables}{END}{after}");
    if std::env::var_os("TIGRESS_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(SPECIFICATION, &made).unwrap();
    } else {
        assert!(
            specification == made,
            "docs/protocol.md, 9.1 is stale: run with TIGRESS_BLESS=1 if the change is meant"
        );
    }
}
