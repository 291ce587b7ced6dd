//! One mailbox, as every store keeps it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::Secret;
use crate::{AccessRights, DeviceClaim, DisplayInformation, NotificationToken, Payload, RequestId};
use subtle::ConstantTimeEq;
use tigress_primitives::hash::sha256;
use uuid::Uuid;

/// Request ids that are remembered for each claim.
pub const REMEMBERED_REQUESTS: usize = 64;
/// Claims that gave their place up and are remembered, for a repeated RelinquishMailbox.
pub const REMEMBERED_FORMER: usize = 16;

/// What a mailbox, or a claim at one, takes at least: about what the stores need for it.
const OVERHEAD: usize = 128;
/// What a remembered request counts.
const REQUEST: usize = 16;

/// SHA-256 of a device claim: what is kept of it, so that whoever reads the store can't act as the device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClaimDigest(pub(super) [u8; 32]);

impl ClaimDigest {
    /// Of `claim`.
    #[must_use]
    pub fn of(claim: DeviceClaim) -> Self {
        Self(sha256(&[claim.0.as_bytes()]))
    }
}

impl fmt::Debug for ClaimDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClaimDigest(..)")
    }
}

/// SHA-256 of a recipient proof.
#[derive(Clone, Copy)]
pub struct ProofDigest(pub(super) [u8; 32]);

impl ProofDigest {
    /// Of the proof that a reader shows.
    #[must_use]
    pub fn of(proof: &Secret<32>) -> Self {
        Self(sha256(&[proof.expose()]))
    }

    /// As CreateMailbox carries it.
    #[must_use]
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl PartialEq for ProofDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for ProofDigest {}

impl fmt::Debug for ProofDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofDigest(..)")
    }
}

/// Names a CreateMailbox request: SHA-256 of its claim and request id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CreateKey(pub [u8; 32]);

impl CreateKey {
    /// Of one request.
    #[must_use]
    pub fn of(claim: DeviceClaim, request: RequestId) -> Self {
        Self(sha256(&[claim.0.as_bytes(), request.0.as_bytes()]))
    }
}

impl fmt::Debug for CreateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CreateKey(..)")
    }
}

/// What is kept of a request id: the first eight bytes of its SHA-256. That another of the last 64 has the same is as
/// likely as 2^-58, and concerns only the device that sent both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RequestDigest(pub(super) [u8; 8]);

impl RequestDigest {
    pub(super) fn of(request: RequestId) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = sha256(&[request.0.as_bytes()]);
        Self([a, b, c, d, e, f, g, h])
    }
}

/// Names one content of a mailbox. Random rather than counted: a relay restored from a backup never names another
/// content like one that a client has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(pub Uuid);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_simple().fmt(f)
    }
}

/// The text is no version of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a version")]
pub struct NotAVersion;

impl FromStr for Version {
    type Err = NotAVersion;

    /// Versions are shown as 32 lower-case hexadecimal digits, and only so they are recognised.
    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let version = Self(Uuid::try_parse(text).map_err(|_| NotAVersion)?);
        (version.to_string() == text)
            .then_some(version)
            .ok_or(NotAVersion)
    }
}

/// A device that has a place at a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    pub(super) claim: ClaimDigest,
    /// The oldest first.
    pub(super) processed: Vec<RequestDigest>,
    pub(super) notification: Option<Box<NotificationToken>>,
}

impl Party {
    pub(super) fn new(claim: ClaimDigest) -> Self {
        Self {
            claim,
            processed: Vec::new(),
            notification: None,
        }
    }

    fn size(&self) -> usize {
        let token = self.notification.as_ref();
        let token = token.map_or(0, |token| token.token_type.len() + token.token_data.len());
        OVERHEAD + REQUEST * self.processed.len() + token
    }

    pub(super) fn has_processed(&self, request: RequestDigest) -> bool {
        self.processed.contains(&request)
    }

    pub(super) fn remember(&mut self, request: RequestDigest) {
        if self.processed.len() >= REMEMBERED_REQUESTS {
            self.processed.remove(0);
        }
        self.processed.push(request);
    }
}

/// One mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub(super) payload: Arc<Payload>,
    pub(super) display: Arc<DisplayInformation>,
    pub(super) rights: AccessRights,
    /// From when on it is gone: sooner until somebody is bound, then `bound_expires`.
    pub(super) expires: u64,
    pub(super) bound_expires: u64,
    pub(super) proof: Option<ProofDigest>,
    pub(super) version: Version,
    pub(super) initiator: Party,
    pub(super) recipient: Option<Box<Party>>,
    /// The oldest first.
    pub(super) former: Vec<Party>,
}

/// What CreateMailbox asks for, checked.
#[derive(Debug, Clone)]
pub struct NewMailbox {
    /// The initiator's claim.
    pub claim: DeviceClaim,
    /// The request's id.
    pub request_id: RequestId,
    /// First content.
    pub payload: Payload,
    /// What the preview shows.
    pub display: DisplayInformation,
    /// Where the initiator is notified.
    pub notification: Option<NotificationToken>,
    /// The recipient's rights.
    pub rights: AccessRights,
    /// Unix seconds from which on the mailbox is gone if nobody is bound by then.
    pub expires: u64,
    /// The same once a recipient was bound.
    pub bound_expires: u64,
    /// What a binding read must show.
    pub proof: Option<ProofDigest>,
    /// Fresh and random.
    pub version: Version,
}

impl Record {
    /// A mailbox nobody has read yet.
    #[must_use]
    pub fn new(new: NewMailbox) -> Self {
        let mut initiator = Party::new(ClaimDigest::of(new.claim));
        initiator.remember(RequestDigest::of(new.request_id));
        initiator.notification = new.notification.map(Box::new);
        Self {
            payload: Arc::new(new.payload),
            display: Arc::new(new.display),
            rights: new.rights,
            expires: new.expires.min(new.bound_expires),
            bound_expires: new.bound_expires,
            proof: new.proof,
            version: new.version,
            initiator,
            recipient: None,
            former: Vec::new(),
        }
    }

    /// Unix seconds from which on it is gone.
    #[must_use]
    pub fn expires(&self) -> u64 {
        self.expires
    }

    /// Of the current payload.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Bytes that it takes, for quotas: what clients put in, and what is kept of each of them, also of those that have
    /// given their place up.
    #[must_use]
    pub fn size(&self) -> usize {
        let (payload, display) = (&self.payload, &self.display);
        let payload = payload.payload_type.len() + payload.data.len();
        let shown = display.title.len() + display.description.len() + display.image_url.len();
        let parties = [&self.initiator].into_iter();
        let parties = parties.chain(self.recipient.as_deref()).chain(&self.former);
        OVERHEAD + payload + shown + parties.map(Party::size).sum::<usize>()
    }
}
