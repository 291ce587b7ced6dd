//! One side's half of the exchange: what it has sent, what of it is acknowledged, what it has received.

use super::envelope::{Fields, Side};
use super::{MAX_BYTES, MAX_TOKENS, RESERVED_BYTES};
use tigress_primitives::hash::sha256;

/// No place for another token until the other side has acknowledged some.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many unacknowledged tokens")]
pub struct WindowFull;

/// An authentic envelope knows more than this side does: its state was restored from an older copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state was rolled back")]
pub struct RolledBack;

/// Indexes count all tokens of a side from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    /// Index of the first unacknowledged token.
    base: u64,
    /// The unacknowledged tokens, as sent.
    outbox: Vec<Vec<u8>>,
    /// `H(base)` of what this side sent.
    sent_hash: [u8; 32],
    /// Index of the next token expected.
    received: u64,
    /// `H(received)` of what the other side sent.
    received_hash: [u8; 32],
}

tigress_primitives::record! {
    struct Window { base: 1, outbox: 2, sent_hash: 3, received: 4, received_hash: 5 }
}

/// H(n) = SHA-256(H(n−1) ‖ token n−1).
fn chain(hash: &[u8; 32], token: &[u8]) -> [u8; 32] {
    sha256(&[hash, token])
}

impl Window {
    /// Index that the next token sent will have.
    pub fn next_index(&self) -> u64 {
        self.base + self.outbox.len() as u64
    }

    /// Index of the first token that the other side has not acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.base
    }

    /// Whether something of this side awaits its acknowledgement.
    pub fn has_unacknowledged(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Whether a token of `len` bytes fits beside the place kept for the deletion.
    pub fn has_room(&self, len: usize) -> bool {
        self.outbox.len() < MAX_TOKENS - 1 && self.bytes() + len <= MAX_BYTES - RESERVED_BYTES
    }

    fn bytes(&self) -> usize {
        self.outbox.iter().map(Vec::len).sum()
    }

    /// Queues a token and gives its index.
    pub fn push(&mut self, token: Vec<u8>) -> Result<u64, WindowFull> {
        if !self.has_room(token.len()) {
            return Err(WindowFull);
        }
        Ok(self.append(token))
    }

    /// Queues the deletion token, for which the last place is kept.
    pub fn push_last(&mut self, token: Vec<u8>) -> Result<u64, WindowFull> {
        if self.outbox.len() >= MAX_TOKENS || self.bytes() + token.len() > MAX_BYTES {
            return Err(WindowFull);
        }
        Ok(self.append(token))
    }

    fn append(&mut self, token: Vec<u8>) -> u64 {
        let index = self.next_index();
        self.outbox.push(token);
        index
    }

    /// Drops what an authentic envelope acknowledges; says up to which index all is now acknowledged.
    /// An acknowledgement below the base is old: nothing dropped, no hash check.
    pub fn acknowledge(&mut self, envelope: &Fields) -> Result<u64, RolledBack> {
        if envelope.ack > self.next_index() {
            return Err(RolledBack);
        }
        if envelope.ack < self.base {
            return Ok(self.base);
        }
        let count = usize::try_from(envelope.ack - self.base).map_err(|_| RolledBack)?;
        let hash = self.outbox[..count]
            .iter()
            .fold(self.sent_hash, |hash, token| chain(&hash, token));
        if hash != envelope.hash {
            return Err(RolledBack);
        }
        self.outbox.drain(..count);
        self.sent_hash = hash;
        self.base = envelope.ack;
        Ok(self.base)
    }

    /// The tokens of an authentic envelope that are new to this side, in order.
    pub fn new_tokens<'a>(&self, envelope: &'a Fields) -> Result<&'a [Vec<u8>], RolledBack> {
        let known = self.received.checked_sub(envelope.base).ok_or(RolledBack)?;
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        Ok(envelope.tokens.get(known..).unwrap_or_default())
    }

    /// Counts one token as received: from now on it is acknowledged.
    pub fn take(&mut self, token: &[u8]) {
        self.received_hash = chain(&self.received_hash, token);
        self.received += 1;
    }

    //= protocol/6.2-rolled-back
    /// Whether an authentic envelope of this side's own says more than this side knows, or something else.
    pub fn is_behind(&self, own: &Fields) -> bool {
        let skip = usize::try_from(self.base.saturating_sub(own.base)).unwrap_or(usize::MAX);
        let theirs = own.tokens.get(skip..).unwrap_or_default();
        let at = usize::try_from(own.base.saturating_sub(self.base)).unwrap_or(usize::MAX);
        let mine = self.outbox.get(at..).unwrap_or_default();
        own.ack > self.received || own.base > self.base || !mine.starts_with(theirs)
    }

    /// The envelope to write now; `silent` leaves the tokens out (after the other side has ended).
    pub fn fields(&self, side: Side, silent: bool) -> Fields {
        Fields {
            side,
            ack: self.received,
            base: self.base,
            tokens: if silent {
                Vec::new()
            } else {
                self.outbox.clone()
            },
            hash: self.received_hash,
            abort: None,
        }
    }
}
