//! The mailbox, as this side gets at it.

use crate::exchange::Side;
use crate::invitation::RelayOrigin;
use tigress_gss::crypto;
use tigress_gss::gss::ChannelBindings;
use tigress_mailbox::{DeviceClaim, Mailbox, MailboxId, NotificationToken};
use tigress_primitives::entropy::Entropy;
use tigress_primitives::rule;
use tigress_primitives::secret::{Secret, SharedSecret};

/// A "not found" without the relay's own words is final only so many times…
const NOT_FOUND_COUNT: u64 = 3;
/// …over at least so many seconds: proxies say it during a deploy.
const NOT_FOUND_SECONDS: u64 = 60;

/// Where the two meet, and what the relay knows of this side.
pub(super) struct Place {
    pub(super) relay: RelayOrigin,
    /// Known once the mailbox exists.
    pub(super) mailbox: Option<MailboxId>,
    pub(super) claim: DeviceClaim,
    /// The recipient proof, R.
    pub(super) proof: Secret<32>,
    /// Where this device is woken.
    pub(super) notification: Option<NotificationToken>,
    /// What is said to be missing, and may be there.
    pub(super) absence: Option<Absence>,
}

/// A "not found" that may be a proxy's, since the last other answer.
#[derive(Clone, Copy)]
pub(super) struct Absence {
    /// When it was said first, Unix seconds.
    pub(super) since: u64,
    pub(super) count: u64,
}

tigress_primitives::record! {
    struct Absence { since: 1, count: 2 }
}

/// R: proves to the relay that a device has the invitation, and tells it nothing about the secret.
fn recipient_proof(secret: &SharedSecret) -> Secret<32> {
    crypto::hkdf(secret.expose(), b"tigress v1 relay bind")
}

impl Place {
    /// A mailbox that this side has not asked for yet, with a claim of its own.
    pub(super) fn new(
        relay: RelayOrigin,
        mailbox: Option<MailboxId>,
        secret: &SharedSecret,
        notification: Option<NotificationToken>,
        entropy: &mut Entropy,
    ) -> Self {
        Self {
            relay,
            mailbox,
            claim: DeviceClaim::from(entropy.uuid()),
            proof: recipient_proof(secret),
            notification,
            absence: None,
        }
    }

    /// The mailbox as `side` addresses it.
    pub(super) fn mailbox(&self, side: Side) -> Option<Mailbox> {
        let id = self.mailbox.as_ref()?;
        Some(Mailbox {
            url: format!("{}/v1/m/{id}", self.relay),
            claim: self.claim,
            // Binding is the receiver's; the proof is nothing to a sender.
            proof: (side == Side::Receiver).then(|| self.proof.clone()),
        })
    }

    /// What a receiver sees of the channel; its link tells the mailbox.
    pub(super) fn bindings(&self) -> ChannelBindings {
        let mailbox = self.mailbox.as_ref().map(ToString::to_string);
        ChannelBindings::for_mailbox(&self.relay.to_string(), &mailbox.unwrap_or_default())
    }

    /// Counts a "not found"; says whether the mailbox is gone.
    pub(super) fn is_gone(&mut self, is_final: bool, now: u64) -> bool {
        let absence = self.absence.get_or_insert(Absence {
            since: now,
            count: 0,
        });
        absence.count += 1;
        let waited = now.saturating_sub(absence.since) >= NOT_FOUND_SECONDS;
        is_final || !rule::holds("7-not-found") || (absence.count >= NOT_FOUND_COUNT && waited)
    }
}
