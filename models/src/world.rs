//! The sides, the relay between them, and what has happened: one state of a model.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use tigress_gss::pin::Pin;
use tigress_mailbox::HttpRequest;
use tigress_mailbox::memory::MemoryRelay;
use tigress_primitives::entropy::Entropy;
use tigress_primitives::hash::sha256;
use tigress_primitives::secret::Secret;
use tigress_protocol::invitation::{RelayOrigin, ShareUrl, Vertical};
use tigress_protocol::transfer::{
    Aim, PublicTexts, SenderStart, Slot, Transfer, TransferId, TransferState,
};
use uuid::Uuid;

use crate::action::name;
use crate::bounds::{Bounds, LIFETIME};
use crate::device::{Device, Facts};
use crate::relay::Relay;

/// When it begins, Unix seconds.
pub(crate) const START: u64 = 1_800_000_000;

/// How often links are opened in all: an invitation that was refused may be opened for ever.
const MOST_OPENED: u8 = 3;

/// The sender's number.
pub const SENDER: usize = 0;

/// How often what may happen may still happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    pub(crate) losses: u8,
    pub(crate) crashes: u8,
    pub(crate) lies: u8,
    pub(crate) rollbacks: u8,
    pub(crate) copies: u8,
    pub(crate) given_up: u8,
    pub(crate) wrong_pins: u8,
    pub(crate) messages: [u8; 2],
    pub(crate) times: usize,
    /// How often links are opened.
    pub(crate) opens: u8,
}

/// What has happened that explains an ending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Marks {
    /// A store was set back, or is used by two.
    pub(crate) set_back: bool,
    /// A store was set back to where there were no keys: the other side knows none of those to come.
    pub(crate) begins_anew: bool,
    /// The relay said that the mailbox is gone.
    pub(crate) gone: bool,
    /// The relay said that the mailbox is deleted, and it is not.
    pub(crate) kept: bool,
    /// A receiver without consent has written.
    pub(crate) unasked: bool,
}

/// One state.
#[derive(Clone)]
pub struct World {
    pub(crate) bounds: &'static Bounds,
    pub(crate) now: u64,
    pub(crate) devices: Vec<Device>,
    pub(crate) relay: Relay,
    /// Requests that will come late.
    pub(crate) late: Vec<(usize, HttpRequest)>,
    pub(crate) left: Left,
    pub(crate) marks: Marks,
    pub(crate) link: Arc<ShareUrl>,
}

impl World {
    /// An invitation lies in the mailbox; nobody has opened the link.
    ///
    /// # Panics
    /// If a sender can't begin.
    #[must_use]
    pub fn begin(bounds: &'static Bounds) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "without a beginning there is nothing to check"
        )]
        Self::try_begin(bounds).expect("a sender begins")
    }

    fn try_begin(bounds: &'static Bounds) -> Option<Self> {
        let mut entropy = seeded(&[b"begin"]);
        let start = SenderStart {
            id: TransferId::from(Uuid::from_u128(1)),
            relay: RelayOrigin::parse(MemoryRelay::ORIGIN).ok()?,
            vertical: Vertical::General,
            public: PublicTexts::default(),
            summary: None,
            lifetime: LIFETIME,
            pin: bounds.pin.and_then(|tries| Some((pin(true)?, tries))),
            notification: None,
            attestation: None,
        };
        let mut transfer = Transfer::new_sender(start, START, &mut entropy).ok()?;
        let (mut slot, mut relay) = (Slot::default(), Relay::new(bounds.accomplice));
        let ask = transfer
            .ask(Aim::Begin, &slot, START, &mut entropy)
            .ok()??;
        let mut look = tigress_mailbox::memory::Look::first(&ask.request);
        let answer = relay.answer(SENDER, &ask.request, &mut look, START, &mut entropy)?;
        transfer
            .answered(&ask.ticket, &answer, &[], &mut slot, START, &mut entropy)
            .ok()?;
        let link = Arc::new(transfer.invitation()?.0);
        let mut devices = vec![Device::default(); 1 + bounds.receivers];
        devices[SENDER].store(&transfer, false);
        devices[SENDER].slot = slot;
        Some(Self {
            bounds,
            now: START,
            devices,
            relay,
            late: Vec::new(),
            left: Left {
                losses: bounds.losses,
                crashes: bounds.crashes,
                lies: bounds.lies,
                rollbacks: bounds.rollbacks,
                copies: bounds.copies,
                given_up: bounds.given_up,
                wrong_pins: bounds.wrong_pins,
                messages: bounds.messages,
                times: 0,
                opens: MOST_OPENED,
            },
            marks: Marks::default(),
            link,
        })
    }

    /// Whether a rule of the shell is taken away.
    pub(crate) fn is_without(&self, rule: &str) -> bool {
        self.bounds.without == Some(rule)
    }

    /// Randomness that only depends on what there is: the same from the same state, another from each other.
    pub(crate) fn entropy(&self, at: usize, what: &str) -> Entropy {
        let device = &self.devices[at];
        let record = device.unsaved.as_ref().or(device.stored.as_ref());
        let mut slot = DefaultHasher::new();
        (&device.slot, &device.app).hash(&mut slot);
        seeded(&[
            &[u8::try_from(at).unwrap_or(u8::MAX)],
            what.as_bytes(),
            record.map_or(&[][..], |record| record),
            &slot.finish().to_be_bytes(),
            &self.now.to_be_bytes(),
            &self.relay.writes().to_be_bytes(),
        ])
    }

    /// The transfer of a device, as it stands.
    pub(crate) fn transfer(&self, at: usize) -> Option<Transfer> {
        self.devices[at].load()
    }

    /// What a device's record says.
    pub(crate) fn facts(&self, at: usize) -> Option<&Facts> {
        self.devices[at].facts.as_ref()
    }

    /// How a device says it ended.
    pub(crate) fn outcome(&self, at: usize) -> Option<(&'static str, Option<u64>)> {
        self.facts(at)?.outcome
    }

    /// Whether each device that has begun has ended.
    pub(crate) fn is_over(&self) -> bool {
        let facts = |device: &Device| device.facts;
        let mut begun = self.devices.iter().filter_map(facts);
        begun.all(|facts| facts.outcome.is_some())
    }

    /// All that decides what may become of it, without what may still go wrong.
    pub(crate) fn essence(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash_essence(&mut hasher);
        hasher.finish()
    }

    fn hash_essence<H: Hasher>(&self, state: &mut H) {
        (self.now, &self.marks, self.left.times).hash(state);
        (&self.devices, &self.relay).hash(state);
    }
}

impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash_essence(state);
        (&self.late, &self.left).hash(state);
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for at in 0..self.devices.len() {
            let separator = if at == 0 { "" } else { ", " };
            let state = match self.facts(at).map(|facts| facts.state) {
                None => "has not begun".to_owned(),
                Some(TransferState::Closed(outcome)) => format!("says {outcome}"),
                Some(state) => format!("is {}", state.name()),
            };
            write!(f, "{separator}{} {state}", name(at))?;
        }
        Ok(())
    }
}

/// The invitation's PIN, or another.
pub(crate) fn pin(right: bool) -> Option<Pin> {
    Pin::parse(if right { "042917" } else { "042918" }).ok()
}

/// Randomness from some words.
fn seeded(words: &[&[u8]]) -> Entropy {
    let mut all = vec![&b"tigress models"[..]];
    all.extend(words);
    Entropy::from_seed(&Secret::new(sha256(&all)))
}

/// By their hash, as the checker tells them apart.
impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        let of = |world: &Self| {
            let mut hasher = DefaultHasher::new();
            world.hash(&mut hasher);
            hasher.finish()
        };
        of(self) == of(other)
    }
}
