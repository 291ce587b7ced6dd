//! A sender, a receiver, the relay between them and a clock; how a story comes to where it begins.

use super::*;

#[derive(Clone)]
pub(super) struct World {
    pub(super) now: u64,
    pub(super) relay: Relay,
    pub(super) devices: Vec<Device>,
    pub(super) drawn: u64,
}

impl World {
    /// A sender who has made an invitation; nobody has answered.
    pub(super) fn invited() -> Self {
        let mut world = Self::with_lifetime(LIFETIME, 0);
        world.step(SENDER);
        assert_eq!(world.state(SENDER), TransferState::Invited);
        world
    }

    /// A sender whose invitation is stored, and not yet at the relay.
    pub(super) fn with_lifetime(lifetime: u64, skew: i64) -> Self {
        Self::begun(lifetime, skew, None)
    }

    /// The same with a PIN, which may be tried so often.
    pub(super) fn with_pin(tries: u8) -> Self {
        let mut world = Self::begun(LIFETIME, 0, Some((pin(), tries)));
        world.step(SENDER);
        world
    }

    pub(super) fn begun(lifetime: u64, skew: i64, pin: Option<(Pin, u8)>) -> Self {
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
            public: PublicTexts::default(),
            summary: None,
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
    pub(super) fn established() -> Self {
        let mut world = Self::invited();
        world.accept(RECEIVER).unwrap();
        world.run();
        for device in [SENDER, RECEIVER] {
            assert_eq!(world.state(device), TransferState::Established);
        }
        world
    }

    /// Fresh randomness, other for each input, the same in each run.
    pub(super) fn entropy(&mut self) -> Entropy {
        self.drawn += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.drawn.to_be_bytes());
        Entropy::from_seed(&Secret::new(seed))
    }

    pub(super) fn clock(&self, device: usize) -> u64 {
        self.now.saturating_add_signed(self.devices[device].skew)
    }

    pub(super) fn date(&self) -> Option<u64> {
        let offset = self.relay.date?;
        Some(self.now.saturating_add_signed(offset))
    }

    pub(super) fn state(&self, device: usize) -> TransferState {
        self.devices[device].load().state()
    }

    pub(super) fn outcome(&self, device: usize) -> Option<Outcome> {
        self.devices[device].outcome()
    }

    /// How many messages a device has sent, how many of them have arrived, how many it has received.
    pub(super) fn counts(&self, device: usize) -> [u64; 3] {
        let summary = self.devices[device].load().summary();
        [summary.sent, summary.delivered, summary.received]
    }

    pub(super) fn outcomes(&self) -> [Option<Outcome>; 2] {
        [self.outcome(SENDER), self.outcome(RECEIVER)]
    }

    /// Changes what a device has stored, as its app or an attacker on it would.
    pub(super) fn edit<T>(
        &mut self,
        device: usize,
        change: impl FnOnce(&mut Transfer, &mut Entropy) -> T,
    ) -> T {
        let mut transfer = self.devices[device].load();
        let result = change(&mut transfer, &mut self.entropy());
        self.devices[device].store(&transfer);
        result
    }

    pub(super) fn send(&mut self, device: usize, n: u8) {
        self.edit(device, |transfer, _| transfer.send(&message(n)).unwrap());
    }

    pub(super) fn terminate(&mut self, device: usize, reason: TerminateReason) {
        let now = self.clock(device);
        self.edit(device, |transfer, entropy| {
            transfer.terminate(reason, now, entropy).unwrap();
        });
    }

    /// The receiver's user types a PIN.
    pub(super) fn type_pin(&mut self, pin: &Pin) {
        let now = self.clock(RECEIVER);
        self.edit(RECEIVER, |transfer, entropy| {
            transfer.provide_pin(pin, now, entropy).unwrap();
        });
    }

    pub(super) fn share_url(&self) -> ShareUrl {
        let sender = self.devices[SENDER].load();
        sender.invitation().expect("nobody has answered").0
    }

    /// A receiver's first look at the mailbox, as `accept_invitation` takes it.
    pub(super) fn accept(&mut self, device: usize) -> Result<(), Refused> {
        let url = self.share_url();
        self.accept_as(device, &url, None, &[])
    }

    pub(super) fn accept_as(
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
    pub(super) fn unread(
        &mut self,
        share_url: &ShareUrl,
        token: Option<Vec<u8>>,
        now: u64,
    ) -> Transfer {
        let start = ReceiverStart {
            id: TransferId::from(uuid::Uuid::from_u128(2)),
            share_url,
            token,
            said: None,
            confirmed: true,
            notification: None,
        };
        Transfer::new_receiver(start, now, &mut self.entropy())
    }

    pub(super) fn look_at_offer(
        &mut self,
        device: usize,
        used: &[CredentialId],
    ) -> Result<(), Refused> {
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
    pub(super) fn reply(&mut self, at: usize, ask: &Ask) -> Reply {
        let Some(call) = &ask.ticket.call else {
            return self.relay.create(at, &ask.request);
        };
        let claim = self.devices[at].load().place.claim;
        let before = self.relay.log.len();
        let reply = self.relay.answer(at, claim, call, self.now, false);
        let slot = &self.devices[at].slot;
        let unchanged = matches!(&reply, Reply::Content(content) if slot.holds(&content.data));
        if ask.ticket.is_held_read() && unchanged {
            self.relay.log[before].idle = true;
        }
        reply
    }

    pub(super) fn wait(&mut self, seconds: u64) {
        self.now += seconds;
    }

    /// What the slot holds, read.
    pub(super) fn slot(&self) -> Fields {
        Envelope::decode(self.relay.data())
            .unwrap()
            .fields()
            .unwrap()
    }

    /// Whether the slot's envelope has a MIC.
    pub(super) fn slot_has_mic(&self) -> bool {
        Envelope::decode(self.relay.data()).unwrap().mic.is_some()
    }

    /// An envelope that says `fields`, authentic under the keys of `device`.
    pub(super) fn authentic(&self, device: usize, fields: &Fields) -> String {
        let transfer = self.devices[device].load();
        let context = transfer.security.context.as_ref().unwrap();
        fields.encode(|body| context.envelope_mic(role(fields.side), body))
    }

    /// The same, under the key of `device` whatever side it says it is of.
    pub(super) fn authentic_from(&self, device: usize, fields: &Fields) -> String {
        let transfer = self.devices[device].load();
        let context = transfer.security.context.as_ref().unwrap();
        fields.encode(|body| context.envelope_mic(role(transfer.side), body))
    }
}
