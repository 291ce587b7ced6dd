//! A record in two parts, for stores that fetch and write the payload only where a call needs it: only a read of another
//! version than the reader's does, and only an update writes one.

use std::sync::Arc;

use minicbor::{Decoder, Encoder};

use super::Record;
use super::encoding::Unreadable::{self, Damaged};
use crate::Payload;

impl Record {
    /// The record with an empty payload in its place, and the payload. The version stays.
    #[must_use]
    pub fn split(mut self) -> (Self, Arc<Payload>) {
        let nothing = Payload {
            payload_type: String::new(),
            data: String::new(),
        };
        let payload = std::mem::replace(&mut self.payload, Arc::new(nothing));
        (self, payload)
    }

    /// The record with this payload.
    #[must_use]
    pub fn joined(mut self, payload: Payload) -> Self {
        self.payload = Arc::new(payload);
        self
    }
}

impl Payload {
    /// The payload as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let size = self.payload_type.len() + self.data.len() + 16;
        let mut encoder = Encoder::new(Vec::with_capacity(size));
        // Writing to memory can't fail.
        let _ = encoder
            .array(2)
            .and_then(|encoder| encoder.str(&self.payload_type))
            .and_then(|encoder| encoder.str(&self.data));
        encoder.into_writer()
    }

    /// From what [`Payload::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Damaged`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut decoder = Decoder::new(bytes);
        if decoder.array()? != Some(2) {
            return Err(Damaged);
        }
        let (payload_type, data) = (decoder.str()?.to_owned(), decoder.str()?.to_owned());
        if decoder.position() != bytes.len() {
            return Err(Damaged);
        }
        Ok(Self { payload_type, data })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::new_mailbox;
    use super::*;

    #[test]
    fn the_parts_are_the_whole_again() {
        let whole = Record::new(new_mailbox());
        let (head, payload) = whole.clone().split();
        assert!(head.payload.data.is_empty());
        assert_eq!(head.version(), whole.version());
        let payload = Payload::from_bytes(&payload.to_bytes());
        assert_eq!(payload.map(|payload| head.joined(payload)), Ok(whole));
    }

    #[test]
    fn what_is_cut_or_longer_is_damaged() {
        let bytes = Record::new(new_mailbox()).split().1.to_bytes();
        for end in 0..bytes.len() {
            assert_eq!(Payload::from_bytes(&bytes[..end]), Err(Damaged));
        }
        assert_eq!(
            Payload::from_bytes(&[bytes.as_slice(), &[0]].concat()),
            Err(Damaged)
        );
    }
}
