//! Stories of transfers: a sender, a receiver, a relay's slot between them, and a clock that a test sets. Each
//! step is what the client does: load the record, decide, store, ask the relay, store. A kill is to drop all
//! but the record.

mod asking;
mod binding;
mod bounds;
mod clocks;
mod deadlines;
mod endings;
mod establishing;
mod messages;
mod model;
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
mod told;

use relay::Relay;
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

/// Where a step goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
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

/// One device: what it has stored, what its process remembers, what its app has seen.
#[derive(Clone)]
struct Device {
    record: Option<Zeroizing<Vec<u8>>>,
    slot: Slot,
    /// A request without an answer: the process repeats it.
    unanswered: Option<Ask>,
    /// Its clock less the world's.
    skew: i64,
    events: Vec<TransferEvent>,
    cursor: u64,
    /// Whether the app acknowledges what it has seen.
    acknowledges: bool,
    /// Whether the app ends with "done" once it has so many messages.
    done_after: Option<usize>,
}

impl Device {
    fn new() -> Self {
        Self {
            record: None,
            slot: Slot::default(),
            unanswered: None,
            skew: 0,
            events: Vec::new(),
            cursor: 0,
            acknowledges: true,
            done_after: None,
        }
    }

    fn load(&self) -> Transfer {
        Transfer::from_record(self.record.as_ref().expect("stored")).unwrap()
    }

    /// Stores it; what is read back must be stored the same.
    fn store(&mut self, transfer: &Transfer) {
        let record = transfer.to_record();
        assert_eq!(Transfer::from_record(&record).unwrap().to_record(), record);
        self.record = Some(record);
    }

    fn kill(&mut self) {
        self.slot = Slot::default();
        self.unanswered = None;
    }

    /// What the app does between two steps.
    fn look(&mut self) {
        let mut transfer = self.load();
        let update = transfer.update_after(self.cursor);
        self.cursor = update.cursor;
        self.events.extend(update.events);
        if self.acknowledges {
            transfer.acknowledge_events(self.cursor);
            self.store(&transfer);
        }
    }

    fn outcome(&self) -> Option<Outcome> {
        self.load().outcome()
    }

    fn received(&self) -> Vec<Credential> {
        let credential = |event: &TransferEvent| match event {
            TransferEvent::CredentialReceived { credential, .. } => Some(credential.clone()),
            _ => None,
        };
        self.events.iter().filter_map(credential).collect()
    }

    fn delivered(&self) -> Vec<MessageIndex> {
        let index = |event: &TransferEvent| match event {
            TransferEvent::CredentialDelivered { index } => Some(*index),
            _ => None,
        };
        self.events.iter().filter_map(index).collect()
    }

    fn has(&self, event: &TransferEvent) -> bool {
        self.events.contains(event)
    }
}

#[derive(Clone)]
struct World {
    now: u64,
    relay: Relay,
    devices: Vec<Device>,
    drawn: u64,
}

fn pin() -> Pin {
    Pin::parse("042917").unwrap()
}

fn wrong_pin() -> Pin {
    Pin::parse("042918").unwrap()
}

fn message(n: u8) -> Credential {
    Credential::new("org.example.key", vec![n; 5])
}

impl World {
    /// A sender who has made an invitation; nobody has answered.
    fn invited() -> Self {
        let mut world = Self::with_lifetime(LIFETIME, 0);
        world.step(SENDER);
        assert_eq!(world.state(SENDER), TransferState::Invited);
        world
    }

    /// A sender whose invitation is stored, and not yet at the relay.
    fn with_lifetime(lifetime: u64, skew: i64) -> Self {
        Self::begun(lifetime, skew, None)
    }

    /// The same with a PIN, which may be tried so often.
    fn with_pin(tries: u8) -> Self {
        let mut world = Self::begun(LIFETIME, 0, Some((pin(), tries)));
        world.step(SENDER);
        world
    }

    fn begun(lifetime: u64, skew: i64, pin: Option<(Pin, u8)>) -> Self {
        let mut world = Self {
            now: START,
            relay: Relay::default(),
            devices: vec![Device::new(), Device::new()],
            drawn: 0,
        };
        world.devices[SENDER].skew = skew;
        let start = SenderStart {
            id: TransferId::from(uuid::Uuid::from_u128(1)),
            relay: RelayOrigin::parse(relay::ORIGIN).unwrap(),
            vertical: Vertical::General,
            display: Display::default(),
            lifetime,
            pin,
            notification: None,
            attestation: None,
        };
        let now = world.clock(SENDER);
        let transfer = Transfer::new_sender(start, now, &mut world.entropy()).unwrap();
        world.devices[SENDER].store(&transfer);
        world
    }

    /// Both established, nothing under way.
    fn established() -> Self {
        let mut world = Self::invited();
        world.accept(RECEIVER).unwrap();
        world.run();
        for device in [SENDER, RECEIVER] {
            assert_eq!(world.state(device), TransferState::Established);
        }
        world
    }

    /// Fresh randomness, other for each input, the same in each run.
    fn entropy(&mut self) -> Entropy {
        self.drawn += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.drawn.to_be_bytes());
        Entropy::from_seed(&Secret::new(seed))
    }

    fn clock(&self, device: usize) -> u64 {
        self.now.saturating_add_signed(self.devices[device].skew)
    }

    fn date(&self) -> Option<u64> {
        let offset = self.relay.date?;
        Some(self.now.saturating_add_signed(offset))
    }

    fn state(&self, device: usize) -> TransferState {
        self.devices[device].load().state()
    }

    fn outcome(&self, device: usize) -> Option<Outcome> {
        self.devices[device].outcome()
    }

    /// How many messages a device has sent, how many of them have arrived, how many it has received.
    fn counts(&self, device: usize) -> [u64; 3] {
        let summary = self.devices[device].load().summary();
        [summary.sent, summary.delivered, summary.received]
    }

    fn outcomes(&self) -> [Option<Outcome>; 2] {
        [self.outcome(SENDER), self.outcome(RECEIVER)]
    }

    /// Changes what a device has stored, as its app or an attacker on it would.
    fn edit<T>(
        &mut self,
        device: usize,
        change: impl FnOnce(&mut Transfer, &mut Entropy) -> T,
    ) -> T {
        let mut transfer = self.devices[device].load();
        let result = change(&mut transfer, &mut self.entropy());
        self.devices[device].store(&transfer);
        result
    }

    fn send(&mut self, device: usize, n: u8) {
        self.edit(device, |transfer, _| transfer.send(&message(n)).unwrap());
    }

    fn terminate(&mut self, device: usize, reason: TerminateReason) {
        let now = self.clock(device);
        self.edit(device, |transfer, entropy| {
            transfer.terminate(reason, now, entropy).unwrap();
        });
    }

    /// The receiver's user types a PIN.
    fn type_pin(&mut self, pin: &Pin) {
        let now = self.clock(RECEIVER);
        self.edit(RECEIVER, |transfer, entropy| {
            transfer.provide_pin(pin, now, entropy).unwrap();
        });
    }

    fn share_url(&self) -> ShareUrl {
        let sender = self.devices[SENDER].load();
        sender.invitation().expect("nobody has answered").0
    }

    /// A receiver's first look at the mailbox, as `accept_invitation` takes it.
    fn accept(&mut self, device: usize) -> Result<(), Refused> {
        let url = self.share_url();
        self.accept_as(device, &url, None, &[])
    }

    fn accept_as(
        &mut self,
        device: usize,
        share_url: &ShareUrl,
        token: Option<Vec<u8>>,
        used: &[CredentialId],
    ) -> Result<(), Refused> {
        let transfer = self.unread(share_url, token, self.clock(device));
        self.devices[device].store(&transfer);
        self.look_at_offer(device, used)
    }

    /// A receiver that has not looked at the mailbox yet, whose clock shows `now`.
    fn unread(&mut self, share_url: &ShareUrl, token: Option<Vec<u8>>, now: u64) -> Transfer {
        let start = ReceiverStart {
            id: TransferId::from(uuid::Uuid::from_u128(2)),
            share_url,
            token,
            said: None,
            notification: None,
        };
        Transfer::new_receiver(start, now, &mut self.entropy())
    }

    fn look_at_offer(&mut self, device: usize, used: &[CredentialId]) -> Result<(), Refused> {
        let (now, date) = (self.clock(device), self.date());
        let mut slot = Slot::default();
        let mut transfer = self.devices[device].load();
        let draws = &mut Entropy::from_seed(&Secret::new([0; 32]));
        let ask = transfer.ask(Aim::Begin, &slot, now, draws)?;
        let ask = ask.expect("it was not read");
        let reply = self.reply(device, &ask);
        let answer = Answer { reply, now, date };
        let checked = self.edit(device, |transfer, entropy| {
            transfer.take_answer(&ask.ticket.next, answer, used, &mut slot, entropy)
        });
        self.devices[device].slot = slot.clone();
        if checked.is_err() {
            let ask = self.edit(device, |transfer, entropy| {
                transfer.ask(Aim::GiveBack, &slot, now, entropy)
            })?;
            if let Some(ask) = ask {
                self.ask(device, ask, Fault::None)?;
            }
        }
        checked
    }

    /// What the relay answers.
    fn reply(&mut self, at: usize, ask: &Ask) -> Reply {
        let Some(call) = &ask.ticket.call else {
            return self.relay.create(at, &ask.request);
        };
        let claim = self.devices[at].load().place.claim;
        let before = self.relay.log.len();
        let reply = self.relay.answer(at, claim, call, self.now, false);
        let slot = &self.devices[at].slot;
        let unchanged = matches!(&reply, Reply::Content { data, .. } if slot.holds(data));
        if ask.ticket.is_held_read() && unchanged {
            self.relay.log[before].idle = true;
        }
        reply
    }

    fn step(&mut self, device: usize) -> Next {
        self.try_step(device, Fault::None).unwrap()
    }

    /// One turn of the client's loop.
    fn try_step(&mut self, at: usize, fault: Fault) -> Result<Next, Refused> {
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

    fn ask(&mut self, at: usize, ask: Ask, fault: Fault) -> Result<Next, Refused> {
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
    fn react(&mut self, at: usize) {
        let device = &self.devices[at];
        let done = device
            .done_after
            .is_some_and(|n| device.received().len() >= n);
        if done && self.state(at) == TransferState::Established {
            self.terminate(at, TerminateReason::Done);
        }
    }

    /// Whether a step of this device now would change nothing.
    fn is_quiet(&self, at: usize) -> bool {
        let device = &self.devices[at];
        let Some(_) = &device.record else { return true };
        let next = device.load().next(&device.slot, self.clock(at));
        let unchanged = device.slot.holds(self.relay.data());
        device.unanswered.is_none()
            && (next == Next::Over || next == Next::Wait && unchanged && !self.relay.is_gone())
    }

    /// All devices in turn, until nothing changes any more.
    fn run(&mut self) {
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
    fn settle(&mut self) {
        self.run();
        for at in 0..self.devices.len() {
            self.sync(at);
        }
        self.run();
    }

    /// A background round of a transfer that has ended: what the slot holds is looked at anew.
    fn sync(&mut self, at: usize) {
        if self.devices[at].record.is_some() && self.outcome(at).is_some() {
            self.devices[at].slot.forget();
            while self.step(at) != Next::Over {}
        }
    }

    fn wait(&mut self, seconds: u64) {
        self.now += seconds;
    }

    /// What the slot holds, read.
    fn slot(&self) -> Fields {
        Envelope::decode(self.relay.data())
            .unwrap()
            .fields()
            .unwrap()
    }

    /// Whether the slot's envelope has a MIC.
    fn slot_has_mic(&self) -> bool {
        Envelope::decode(self.relay.data()).unwrap().mic.is_some()
    }

    /// An envelope that says `fields`, authentic under the keys of `device`.
    fn authentic(&self, device: usize, fields: &Fields) -> String {
        let transfer = self.devices[device].load();
        let context = transfer.security.context.as_ref().unwrap();
        fields.encode(|body| context.envelope_mic(role(fields.side), body))
    }

    /// The same, under the key of `device` whatever side it says it is of.
    fn authentic_from(&self, device: usize, fields: &Fields) -> String {
        let transfer = self.devices[device].load();
        let context = transfer.security.context.as_ref().unwrap();
        fields.encode(|body| context.envelope_mic(role(transfer.side), body))
    }
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
