//! Both state machines over an adversarial slot, with a kill at any step: whatever the schedule, each message
//! arrives exactly once and in order, "delivered" is never false, nothing is written too early, and it ends.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Act {
    /// A step of one side that goes wrong somehow.
    Step(bool, Fault),
    Send(bool),
    Wait(u64),
    /// The slot goes back to what it held once.
    RollBack(prop::sample::Index),
    /// One bit of what the slot holds is another.
    FlipBit(prop::sample::Index),
    /// The next answer is not the relay's, and the request was not processed.
    Instead(usize),
    /// The relay says that something was done, and has not done it.
    PretendDone(bool),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let fault = prop::sample::select(vec![
        Fault::None,
        Fault::None,
        Fault::None,
        Fault::BeforeStore,
        Fault::BeforeRequest,
        Fault::LostRequest,
        Fault::BeforeAnswer,
        Fault::LostAnswer,
        Fault::BeforeLastStore,
    ]);
    let index = any::<prop::sample::Index>;
    let act = prop_oneof![
        12 => (any::<bool>(), fault).prop_map(|(who, fault)| Act::Step(who, fault)),
        2 => any::<bool>().prop_map(Act::Send),
        1 => (0u64..30).prop_map(Act::Wait),
        2 => index().prop_map(Act::RollBack),
        1 => index().prop_map(Act::FlipBit),
        1 => (0usize..4).prop_map(Act::Instead),
        1 => any::<bool>().prop_map(Act::PretendDone),
    ];
    prop::collection::vec(act, 0..120)
}

pub(super) fn instead(n: usize) -> Reply {
    match n {
        0 => Reply::Gone { final_: false },
        1 => Reply::Unauthorized,
        2 => Reply::Conflict,
        _ => Reply::Malformed,
    }
}

fn flip(data: &str, which: &prop::sample::Index) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let mut bytes = STANDARD.decode(data).unwrap_or_default();
    if !bytes.is_empty() {
        let bit = which.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    STANDARD.encode(bytes)
}

/// A run: what each side has sent so far, and what must hold at every moment.
struct Run {
    world: World,
    sent: [u8; 2],
    /// Whether the receiver's app was done.
    done: bool,
}

impl Run {
    fn begin() -> Self {
        let mut world = World::invited();
        world.send(SENDER, 0);
        world.accept(RECEIVER).unwrap();
        Self {
            world,
            sent: [1, 0],
            done: false,
        }
    }

    fn act(&mut self, act: &Act) {
        let world = &mut self.world;
        match act {
            // Errors say what happened; the app tries again.
            Act::Step(who, fault) => _ = world.try_step(usize::from(*who), *fault),
            Act::Send(who) => {
                let at = usize::from(*who);
                let next = message(self.sent[at]);
                if self.sent[at] < 30 && world.edit(at, |t, _| t.send(&next).is_ok()) {
                    self.sent[at] += 1;
                }
            }
            Act::Wait(seconds) => world.wait(*seconds),
            Act::RollBack(which) => {
                let old = which.get(&world.relay.held).clone();
                world.relay.put(old);
            }
            Act::FlipBit(which) => {
                let flipped = flip(world.relay.data(), which);
                world.relay.put(flipped);
            }
            Act::Instead(n) => world.relay.answers = vec![instead(*n)],
            Act::PretendDone(repeated) => {
                world.relay.answers = vec![Reply::Done {
                    repeated: *repeated,
                    version: None,
                }];
            }
        }
    }

    /// One side ends it, or fails; says whether it could.
    fn end(&mut self, at: usize, how: usize) -> bool {
        use TerminateReason::{Cancelled, Declined, Done};
        let world = &mut self.world;
        // What is decided already, no app and no fault decides anew.
        if world.devices[at].load().phase.known_outcome().is_some() {
            return false;
        }
        match [Done, Declined, Cancelled].get(how) {
            Some(reason) => world.terminate(at, *reason),
            None => {
                let now = world.clock(at);
                world.edit(at, |transfer, entropy| {
                    if transfer.envelope().is_some()
                        && !transfer.is_creating()
                        && transfer.invitation().is_none()
                    {
                        transfer.abort(codes::INTERNAL, now, entropy);
                    }
                });
            }
        }
        true
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let world = &self.world;
        for at in [SENDER, RECEIVER] {
            let received = world.devices[at].received();
            let sent: Vec<_> = (0..self.sent[1 - at]).map(message).collect();
            prop_assert!(sent.starts_with(&received), "once, in order, unaltered");
            let delivered = world.devices[1 - at].delivered();
            let expected: Vec<_> = (0..delivered.len() as u64).collect();
            prop_assert_eq!(&delivered, &expected);
            // The other app may not have looked yet: its store has it.
            let stored = world.devices[at]
                .load()
                .update_after(world.devices[at].cursor);
            let unseen = stored.events.iter();
            let unseen = unseen.filter(|e| matches!(e, TransferEvent::CredentialReceived { .. }));
            prop_assert!(delivered.len() <= received.len() + unseen.count());
        }
        let relinquished = |call: &Call| matches!(call, Call::Relinquish { .. });
        prop_assert!(!world.relay.was_asked(RECEIVER, relinquished));
        Ok(())
    }

    /// An honest relay and apps that go on: until both have ended.
    fn finish(&mut self) {
        self.world.relay.answers.clear();
        for _ in 0..400 {
            if self.world.outcomes().iter().all(Option::is_some) {
                return;
            }
            for at in [SENDER, RECEIVER] {
                if self.world.outcome(at).is_some() {
                    // In the background an ended side sees to its last envelope.
                    self.world.devices[at].slot.forget();
                }
                let _ = self.world.try_step(at, Fault::None);
                let received = self.world.devices[RECEIVER].received().len();
                if received == usize::from(self.sent[SENDER])
                    && self.world.state(RECEIVER) == TransferState::Established
                {
                    self.done = true;
                    self.world.terminate(RECEIVER, TerminateReason::Done);
                }
            }
            self.world.wait(5);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_messages_arrive_once_in_order_and_it_ends(acts in acts()) {
        let mut run = Run::begin();
        for act in &acts {
            run.act(act);
            run.check()?;
        }
        run.finish();
        run.check()?;
        let completed = Some(Outcome::Completed);
        prop_assert_eq!(run.world.outcomes(), [completed; 2]);
        let [sender, receiver] = &run.world.devices[..] else { unreachable!() };
        prop_assert_eq!(receiver.received().len(), usize::from(run.sent[SENDER]));
        prop_assert_eq!(sender.delivered().len(), usize::from(run.sent[SENDER]));
        prop_assert_eq!(sender.received().len(), usize::from(run.sent[RECEIVER]));
        prop_assert_eq!(receiver.delivered().len(), usize::from(run.sent[RECEIVER]));
    }

    //= test protocol/9-completed
    #[test]
    fn whatever_ends_it_on_either_side_both_end(
        acts in acts(),
        endings in prop::collection::vec((0usize..120, any::<bool>(), 0usize..4), 1..4),
        lost in any::<bool>(),
    ) {
        let mut run = Run::begin();
        let mut ended = [false; 2];
        for (n, act) in acts.iter().enumerate() {
            for (_, who, how) in endings.iter().filter(|(at, _, _)| *at == n) {
                ended[usize::from(*who)] |= run.end(usize::from(*who), *how);
            }
            run.act(act);
        }
        if lost {
            run.world.relay.lose();
        }
        run.finish();
        // At the latest when its time is over.
        run.world.wait(LIFETIME + 2 * CLOCK_SKEW + 2 * LINGER);
        run.finish();
        for at in [SENDER, RECEIVER] {
            prop_assert!(run.world.outcome(at).is_some(), "{:?}", run.world.state(at));
        }
        // The receiver's app is done when it has all.
        ended[RECEIVER] |= run.done;
        super::pairs::agree(&run.world, ended, &|| format!("{endings:?} {lost}"));
    }
}
