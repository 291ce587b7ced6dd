//! Channel bindings (RFC 2743 §1.1.6, RFC 2744 §3.11).

use crate::crypto;

/// What both sides see of the channel between them; the two must be equal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ChannelBindings {
    /// Type of the initiator's address, RFC 2744's number; 0 without one.
    pub initiator_address_type: u32,
    /// The initiator's address.
    pub initiator_address: Vec<u8>,
    /// Type of the acceptor's address; 0 without one.
    pub acceptor_address_type: u32,
    /// The acceptor's address.
    pub acceptor_address: Vec<u8>,
    /// Whatever else the application binds to.
    pub application_data: Vec<u8>,
    /// What both sides know only once the first token is made: it is mixed into all keys, so unlike the fields
    /// above it must be equal, empty included. RFC 2743 has no such thing.
    pub late_data: Vec<u8>,
}

impl ChannelBindings {
    /// A transfer's own, before there is a mailbox: the relay's origin as both sides know it (lower case, default port dropped), such as
    /// `https://relay.example`.
    #[must_use]
    pub fn for_relay(origin: &str) -> Self {
        Self {
            application_data: [b"tigress-relay:", origin.as_bytes()].concat(),
            ..Self::default()
        }
    }

    /// A transfer's own: the relay's origin, and the mailbox's id as its URL has it.
    #[must_use]
    pub fn for_mailbox(origin: &str, mailbox: &str) -> Self {
        Self {
            late_data: Self::late_mailbox(mailbox),
            ..Self::for_relay(origin)
        }
    }

    //= protocol/4-one-mailbox
    /// A transfer's own late data.
    pub fn late_mailbox(mailbox: &str) -> Vec<u8> {
        [b"tigress-mailbox:", mailbox.as_bytes()].concat()
    }

    //= gss/2743-1.1.6-bindings
    /// SHA-256 over RFC 2744's five fields, each of variable length behind its u32 length.
    pub(crate) fn hash(&self) -> [u8; 32] {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
        crypto::sha256(&[
            &self.initiator_address_type.to_be_bytes(),
            &length(&self.initiator_address),
            &self.initiator_address,
            &self.acceptor_address_type.to_be_bytes(),
            &length(&self.acceptor_address),
            &self.acceptor_address,
            &length(&self.application_data),
            &self.application_data,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_counts_and_none_runs_into_the_next() {
        let base = ChannelBindings::for_relay("https://relay.example");
        let variants = [
            ChannelBindings::default(),
            ChannelBindings::for_relay("https://relay.example:8443"),
            ChannelBindings {
                initiator_address_type: 2,
                ..base.clone()
            },
            ChannelBindings {
                initiator_address: vec![0; 4],
                ..base.clone()
            },
            ChannelBindings {
                acceptor_address_type: 2,
                ..base.clone()
            },
            ChannelBindings {
                acceptor_address: vec![0; 4],
                ..base.clone()
            },
        ];
        for (at, one) in variants.iter().enumerate() {
            assert_ne!(one.hash(), base.hash(), "{at}");
            assert!(
                variants[..at]
                    .iter()
                    .all(|other| other.hash() != one.hash()),
                "{at}"
            );
        }
        let plain: Vec<u8> = [
            [0u8; 16].as_slice(),
            &[0, 0, 0, 35],
            b"tigress-relay:https://relay.example",
        ]
        .concat();
        assert_eq!(base.hash(), crypto::sha256(&[&plain]));
    }
}
