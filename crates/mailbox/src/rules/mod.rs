//! The rules of a mailbox, as one function from a record and a command to the next record and an answer. No I/O, clock or
//! randomness: a store runs it inside its transaction, so that "the first claim binds" is decided once and the same way
//! in every store. Sources: draft-vinokurov-tigress-http (the calls); `docs/relay.md` (versions, recipient proof).

mod encoding;
mod record;

use std::sync::Arc;

use crate::{DeviceClaim, DisplayInformation, NotificationToken, Payload, RequestId};

pub use encoding::Damaged;
pub use record::{
    ClaimDigest, CreateKey, NewMailbox, NotAVersion, Party, ProofDigest, REMEMBERED_FORMER,
    REMEMBERED_REQUESTS, Record, Version,
};

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

    fn done(answer: Answer, effect: Effect, notify: Option<NotificationToken>) -> Self {
        Self {
            answer: Ok(answer),
            effect,
            notify,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Initiator,
    Recipient,
}

/// Runs `command` on `record` at `now` (Unix seconds). A refusal leaves the record as it was.
pub fn apply(record: &mut Record, command: Command, now: u64) -> Transition {
    // The next sweep erases it: what a caller is told must not depend on whether the store can write.
    if record.expires <= now {
        return Transition::refused(Refusal::NotFound);
    }
    match command {
        Command::Show => {
            let answer = Answer::Shown {
                display: record.display.clone(),
                expires: record.expires,
            };
            Transition::done(answer, Effect::Unchanged, None)
        }
        Command::Read {
            claim,
            proof,
            bind,
            known,
        } => record.read(ClaimDigest::of(claim), proof, bind, known),
        Command::Update {
            claim,
            request_id,
            condition,
            payload,
            notification,
            version,
        } => {
            let update = Update {
                request_id,
                condition,
                payload,
                notification,
                version,
            };
            record.update(ClaimDigest::of(claim), update)
        }
        Command::Relinquish { claim, request_id } => {
            record.relinquish(ClaimDigest::of(claim), request_id)
        }
        Command::Delete { claim } => record.delete(ClaimDigest::of(claim)),
    }
}

struct Update {
    request_id: RequestId,
    condition: Condition,
    payload: Arc<Payload>,
    notification: Option<NotificationToken>,
    version: Version,
}

impl Record {
    fn role(&self, claim: ClaimDigest) -> Option<Role> {
        if self.initiator.claim == claim {
            Some(Role::Initiator)
        } else {
            let recipient = self.recipient.as_ref().filter(|party| party.claim == claim);
            recipient.map(|_| Role::Recipient)
        }
    }

    fn party(&mut self, role: Role) -> Option<&mut Party> {
        match role {
            Role::Initiator => Some(&mut self.initiator),
            Role::Recipient => self.recipient.as_mut(),
        }
    }

    /// Where the device that is not `role` is notified.
    fn other_token(&self, role: Role) -> Option<NotificationToken> {
        match role {
            Role::Initiator => self.recipient.as_ref()?.notification.clone(),
            Role::Recipient => self.initiator.notification.clone(),
        }
    }

    fn content(&self, known: Option<Version>) -> Answer {
        if known == Some(self.version) {
            let expires = self.expires;
            return Answer::Unchanged { expires };
        }
        Answer::Content {
            payload: self.payload.clone(),
            display: self.display.clone(),
            expires: self.expires,
            version: self.version,
        }
    }

    fn read(
        &mut self,
        claim: ClaimDigest,
        proof: Option<ProofDigest>,
        bind: bool,
        known: Option<Version>,
    ) -> Transition {
        match self.role(claim) {
            // Who is bound has the right to read: without it nobody is.
            Some(_) => Transition::done(self.content(known), Effect::Unchanged, None),
            None if bind && self.may_bind(proof) => {
                self.bind(claim);
                let notify = self.other_token(Role::Recipient);
                Transition::done(self.content(known), Effect::Keep, notify)
            }
            None => Transition::refused(Refusal::Unauthorized),
        }
    }

    fn may_bind(&self, shown: Option<ProofDigest>) -> bool {
        let proven = self.proof.is_none_or(|wanted| shown == Some(wanted));
        self.recipient.is_none() && self.rights.read && proven
    }

    /// A claim that comes back after it gave its place up is still known by its requests. From the first binding on the
    /// mailbox has the life that was asked for.
    fn bind(&mut self, claim: ClaimDigest) {
        let known = self.former.iter().position(|party| party.claim == claim);
        let party = known.and_then(|index| self.former.remove(index));
        self.recipient = Some(party.unwrap_or_else(|| Party::new(claim)));
        self.expires = self.bound_expires;
    }

    fn update(&mut self, claim: ClaimDigest, update: Update) -> Transition {
        // Claim, then request id, then condition: a repeated request must get 201 also after its own effect changed the
        // version that it names.
        let Some(role) = self.role(claim) else {
            return Transition::refused(Refusal::Unauthorized);
        };
        if role == Role::Recipient && !self.rights.write {
            return Transition::refused(Refusal::Unauthorized);
        }
        let current = self.version;
        let Some(party) = self.party(role) else {
            return Transition::refused(Refusal::Unauthorized);
        };
        if party.has_processed(update.request_id) {
            let answer = Answer::Done {
                version: current,
                repeated: true,
            };
            return Transition::done(answer, Effect::Unchanged, None);
        }
        let holds = match update.condition {
            Condition::None => true,
            Condition::Is(version) => version == current,
            Condition::Never => false,
        };
        if !holds {
            return Transition::refused(Refusal::Conflict);
        }
        party.remember(update.request_id);
        if update.notification.is_some() {
            party.notification = update.notification;
        }
        self.payload = update.payload;
        self.version = update.version;
        let answer = Answer::Done {
            version: self.version,
            repeated: false,
        };
        Transition::done(answer, Effect::KeepAndWake, self.other_token(role))
    }

    fn relinquish(&mut self, claim: ClaimDigest, request_id: RequestId) -> Transition {
        let version = self.version;
        let repeated = Answer::Done {
            version,
            repeated: true,
        };
        match self.recipient.take() {
            Some(party) if party.claim == claim && party.has_processed(request_id) => {
                self.recipient = Some(party);
                Transition::done(repeated, Effect::Unchanged, None)
            }
            Some(mut party) if party.claim == claim => {
                party.remember(request_id);
                // It is not to be notified about somebody else's transfer.
                party.notification = None;
                if self.former.len() >= REMEMBERED_FORMER {
                    self.former.pop_front();
                }
                self.former.push_back(party);
                Transition::done(
                    Answer::Done {
                        version,
                        repeated: false,
                    },
                    Effect::Keep,
                    None,
                )
            }
            other => {
                self.recipient = other;
                let mut former = self.former.iter().filter(|party| party.claim == claim);
                if former.any(|party| party.has_processed(request_id)) {
                    Transition::done(repeated, Effect::Unchanged, None)
                } else {
                    Transition::refused(Refusal::Unauthorized)
                }
            }
        }
    }

    fn delete(&mut self, claim: ClaimDigest) -> Transition {
        match self.role(claim) {
            None => Transition::refused(Refusal::Unauthorized),
            Some(Role::Recipient) if !self.rights.delete => {
                Transition::refused(Refusal::Unauthorized)
            }
            Some(role) => {
                let notify = self.other_token(role);
                Transition::done(Answer::Deleted, Effect::EraseAndWake, notify)
            }
        }
    }
}

#[cfg(test)]
mod tests;
