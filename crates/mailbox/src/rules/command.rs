//! What is asked of a mailbox, and what comes of it.

use std::sync::Arc;

use super::record::{ProofDigest, Version};
use crate::{DeviceClaim, DisplayInformation, NotificationToken, Payload, RequestId};

/// A call on an existing mailbox, checked for form.
#[derive(Debug, Clone)]
pub enum Command {
    /// ReadDisplayInformation
    Show,
    /// ReadSecureContent
    Read {
        /// Who reads.
        claim: DeviceClaim,
        /// What the reader shows, of the right form or `None`.
        proof: Option<ProofDigest>,
        /// Whether a free place is taken; `false` when a held read looks again.
        bind: bool,
        /// The version that the reader has: while it is the current one, the content is left out.
        known: Option<Version>,
    },
    /// UpdateMailbox
    Update {
        /// Who writes.
        claim: DeviceClaim,
        /// The request's id.
        request_id: RequestId,
        /// `If-Match`.
        condition: Condition,
        /// The new content.
        payload: Arc<Payload>,
        /// Where the writer is notified from now on.
        notification: Option<NotificationToken>,
        /// The new content's version: fresh and random.
        version: Version,
    },
    /// RelinquishMailbox
    Relinquish {
        /// Who gives its place up.
        claim: DeviceClaim,
        /// The request's id.
        request_id: RequestId,
    },
    /// DeleteMailbox
    Delete {
        /// Who deletes.
        claim: DeviceClaim,
    },
}

impl Command {
    /// Whether it may take more room only if there is some. A read that binds, which adds a few bytes, always may.
    #[must_use]
    pub fn needs_room(&self) -> bool {
        matches!(self, Self::Update { .. } | Self::Relinquish { .. })
    }

    /// Whether it can do nothing but make room.
    #[must_use]
    pub fn makes_room(&self) -> bool {
        matches!(self, Self::Delete { .. })
    }
}

/// What `If-Match` asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    None,
    /// That the payload has this version.
    Is(Version),
    /// Something that no version of ours is.
    Never,
}

impl Condition {
    /// What the header says: one quoted version of ours, or nothing that can match (also `*` and weak tags).
    #[must_use]
    pub fn parse(tag: &str) -> Self {
        let quoted = tag
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        quoted
            .and_then(|version| version.parse().ok())
            .map_or(Self::Never, Self::Is)
    }
}

/// A call that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// What the preview shows.
    Shown {
        /// The sender's text.
        display: Arc<DisplayInformation>,
        /// Unix seconds.
        expires: u64,
    },
    /// What the mailbox holds.
    Content {
        /// The content.
        payload: Arc<Payload>,
        /// The sender's text.
        display: Arc<DisplayInformation>,
        /// Unix seconds.
        expires: u64,
        /// Of the content.
        version: Version,
    },
    /// It holds what the reader knows.
    Unchanged {
        /// Unix seconds.
        expires: u64,
    },
    /// Update, relinquish.
    Done {
        /// Of the content that the mailbox now has.
        version: Version,
        /// Processed before: nothing was changed now.
        repeated: bool,
    },
    /// Delete.
    Deleted,
}

/// A call that was not done and changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such mailbox, or not any more.
    NotFound,
    /// The claim, its rights or the proof do not allow the call.
    Unauthorized,
    /// The payload is not the one that the condition names.
    Conflict,
}

/// What a store has to do with the record after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Unchanged,
    /// Keep it.
    Keep,
    /// Keep it, and wake those who watch.
    KeepAndWake,
    /// Erase it, and wake those who watch.
    EraseAndWake,
}

/// Outcome of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// What the caller is told.
    pub answer: Result<Answer, Refusal>,
    /// What becomes of the record.
    pub effect: Effect,
    /// Whom to notify, once the effect is kept.
    pub notify: Option<NotificationToken>,
}

impl Transition {
    /// Nothing was changed.
    #[must_use]
    pub fn refused(refusal: Refusal) -> Self {
        Self {
            answer: Err(refusal),
            effect: Effect::Unchanged,
            notify: None,
        }
    }

    pub(super) fn done(answer: Answer, effect: Effect, notify: Option<NotificationToken>) -> Self {
        Self {
            answer: Ok(answer),
            effect,
            notify,
        }
    }
}
