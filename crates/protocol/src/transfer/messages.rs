//! The messages of both sides, by their numbers: what waits, what is under way, what has arrived.

use zeroize::Zeroizing;

use super::refused::Refused;
use super::types::MessageIndex;
use tigress_primitives::record;

/// Most messages that wait to be wrapped.
const MAX_WAITING: usize = 64;
/// Most bytes of them.
const MAX_WAITING_BYTES: usize = 4 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Messages {
    /// Wait for the context, or for room in the window.
    pub(super) waiting: Vec<Waiting>,
    /// Number of this side's next message.
    pub(super) next: MessageIndex,
    pub(super) under_way: Vec<UnderWay>,
    /// How many of this side's messages the other has acknowledged, the first ones.
    pub(super) delivered: MessageIndex,
    /// Number of the other side's next message.
    pub(super) next_received: MessageIndex,
}

/// A message as it will be wrapped.
pub(super) struct Waiting {
    pub(super) index: MessageIndex,
    pub(super) message: Zeroizing<Vec<u8>>,
}

/// A message that is wrapped, and not acknowledged.
pub(super) struct UnderWay {
    /// The index of its token.
    pub(super) token: u64,
    pub(super) message: MessageIndex,
}

record! {
    struct Waiting { index: 1, message: 2 }
}

record! {
    struct UnderWay { token: 1, message: 2 }
}

impl Messages {
    /// Takes a message of this side and gives its number.
    pub(super) fn queue(&mut self, message: Zeroizing<Vec<u8>>) -> Result<MessageIndex, Refused> {
        let bytes: usize = self.waiting.iter().map(|one| one.message.len()).sum();
        if self.waiting.len() >= MAX_WAITING || bytes + message.len() > MAX_WAITING_BYTES {
            return Err(Refused::QueueFull);
        }
        let index = self.next;
        self.next += 1;
        self.waiting.push(Waiting { index, message });
        Ok(index)
    }

    pub(super) fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The first that waits has become this token.
    pub(super) fn leave(&mut self, token: u64) {
        let message = self.waiting.remove(0).index;
        self.under_way.push(UnderWay { token, message });
    }

    /// All tokens below this index have arrived: the numbers of the messages in them.
    pub(super) fn arrive(&mut self, acknowledged: u64) -> Vec<MessageIndex> {
        let arrived = |one: &mut UnderWay| one.token < acknowledged;
        let arrived: Vec<_> = self.under_way.extract_if(.., arrived).collect();
        self.delivered += arrived.len() as u64;
        arrived.into_iter().map(|one| one.message).collect()
    }

    /// Counts one of the other side's and gives its number.
    pub(super) fn take(&mut self) -> MessageIndex {
        let index = self.next_received;
        self.next_received += 1;
        index
    }

    /// Whether nothing of this side's is missing at the other.
    pub(super) fn have_arrived(&self) -> bool {
        self.delivered == self.next
    }

    /// None leaves any more.
    pub(super) fn drop_waiting(&mut self) {
        self.waiting.clear();
    }

    /// Nothing is sent, and nothing will arrive any more; the counts stay.
    pub(super) fn end(&mut self) {
        self.waiting.clear();
        self.under_way.clear();
    }
}
