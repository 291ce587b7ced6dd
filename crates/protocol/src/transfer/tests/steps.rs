//! What a client does with a transfer, step by step, and what a kill or a lost answer makes of it.

use super::*;

/// Where a step goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Killed after deciding, before that was stored.
    BeforeStore,
    /// Killed with it stored, before the request.
    BeforeRequest,
    /// The request got lost; the process lives.
    LostRequest,
    /// Killed after the relay had processed the request.
    BeforeAnswer,
    /// The answer got lost; the process lives.
    LostAnswer,
    /// Killed after taking the answer, before that was stored.
    BeforeLastStore,
}

impl World {
    pub(super) fn step(&mut self, device: usize) -> Next {
        self.try_step(device, Fault::None).unwrap()
    }

    /// One turn of the client's loop.
    pub(super) fn try_step(&mut self, at: usize, fault: Fault) -> Result<Next, Refused> {
        let now = self.clock(at);
        let mut transfer = self.devices[at].load();
        let aim = Aim::GoOn { wait: 0 };
        let mut entropy = self.entropy();
        let asked = transfer.ask(aim, &self.devices[at].slot, now, &mut entropy)?;
        // The golden records were made with one more.
        self.drawn +=
            u64::from(fault != Fault::BeforeStore && self.devices[at].unanswered.is_none());
        let device = &mut self.devices[at];
        if fault == Fault::BeforeStore {
            device.kill();
            return Ok(Next::Over);
        }
        device.store(&transfer);
        let ask = match device.unanswered.take().or(asked) {
            Some(ask) if fault != Fault::BeforeRequest => ask,
            asked => {
                if fault == Fault::BeforeRequest {
                    device.kill();
                }
                device.look();
                return Ok(asked.map_or(Next::Over, |ask| ask.ticket.next));
            }
        };
        self.ask(at, ask, fault)
    }

    pub(super) fn ask(&mut self, at: usize, ask: Ask, fault: Fault) -> Result<Next, Refused> {
        if ask.ticket.is_write() {
            self.devices[at].slot.attempt();
        }
        let reply = (fault != Fault::LostRequest).then(|| self.reply(at, &ask));
        let next = ask.ticket.next.clone();
        self.now += self.relay.takes;
        let (now, date) = (self.clock(at), self.date());
        let lost = matches!(fault, Fault::LostRequest | Fault::LostAnswer);
        let device = &mut self.devices[at];
        if lost {
            device.unanswered = Some(ask);
        }
        if fault == Fault::BeforeAnswer {
            device.kill();
        }
        let (Some(reply), false, true) = (reply, lost, fault != Fault::BeforeAnswer) else {
            return Ok(next);
        };
        let (mut transfer, mut slot) = (self.devices[at].load(), self.devices[at].slot.clone());
        let answer = Answer { reply, now, date };
        let handled = transfer.take_answer(&next, answer, &[], &mut slot, &mut self.entropy());
        let device = &mut self.devices[at];
        if fault == Fault::BeforeLastStore {
            device.kill();
            return Ok(next);
        }
        device.store(&transfer);
        device.slot = slot;
        device.look();
        self.react(at);
        handled.map(|()| next)
    }

    /// The app's answer to what it has seen.
    pub(super) fn react(&mut self, at: usize) {
        let device = &self.devices[at];
        let done = device
            .done_after
            .is_some_and(|n| device.received().len() >= n);
        if done && self.state(at) == TransferState::Established {
            self.terminate(at, TerminateReason::Done);
        }
    }

    /// Whether a step of this device now would change nothing.
    pub(super) fn is_quiet(&self, at: usize) -> bool {
        let device = &self.devices[at];
        let Some(_) = &device.record else { return true };
        let next = device.load().next(&device.slot, self.clock(at));
        let unchanged = device.slot.holds(self.relay.data());
        device.unanswered.is_none()
            && (next == Next::Over || next == Next::Wait && unchanged && !self.relay.is_gone())
    }

    /// All devices in turn, until nothing changes any more.
    pub(super) fn run(&mut self) {
        for _ in 0..100 {
            let before: Vec<_> = self.devices.iter().map(|d| d.record.clone()).collect();
            for at in 0..self.devices.len() {
                if self.devices[at].record.is_some() {
                    self.step(at);
                }
            }
            let stored = |(device, record): (&Device, &Option<_>)| device.record == *record;
            let unchanged = self.devices.iter().zip(&before).all(stored);
            if unchanged && (0..self.devices.len()).all(|at| self.is_quiet(at)) {
                return;
            }
        }
        panic!(
            "no end: {:?} {:?}",
            self.state(SENDER),
            self.relay.log.len()
        );
    }

    /// The same, with what apps do in the background for transfers that have ended.
    pub(super) fn settle(&mut self) {
        self.run();
        for at in 0..self.devices.len() {
            self.sync(at);
        }
        self.run();
    }

    /// A background round of a transfer that has ended: what the slot holds is looked at anew.
    pub(super) fn sync(&mut self, at: usize) {
        if self.devices[at].record.is_some() && self.outcome(at).is_some() {
            self.devices[at].slot.forget();
            while self.step(at) != Next::Over {}
        }
    }
}
