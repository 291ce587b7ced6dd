//! The rules of a mailbox, as one function from a record and a command to the next record and an answer. No I/O, clock or
//! randomness: a store runs it inside its transaction, so that "the first claim binds" is decided once and the same way
//! in every store. Sources: draft-vinokurov-tigress-http (the calls); `docs/relay.md` (versions, recipient proof).

mod command;
mod encoding;
mod parts;
mod record;

use std::sync::Arc;

use crate::{NotificationToken, Payload};

pub use command::{Answer, Command, Condition, Effect, Refusal, Transition};
pub use encoding::Unreadable;
use record::RequestDigest;
pub use record::{
    ClaimDigest, CreateKey, NewMailbox, NotAVersion, Party, ProofDigest, REMEMBERED_FORMER,
    REMEMBERED_REQUESTS, Record, Version,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Initiator,
    Recipient,
}

//= draft/3.3-round-trips draft/4.3-expired draft/6.1.5-expired
/// Runs `command` on `record` at `now` (Unix seconds). A refusal leaves the record as it was.
pub fn apply(record: &mut Record, command: Command, now: u64) -> Transition {
    // The next sweep erases it: what a caller is told must not depend on whether the store can write.
    if record.expires <= now {
        return Transition::refused(Refusal::NotFound);
    }
    match command {
        Command::Show => record.shown(),
        Command::Read {
            claim,
            proof,
            bind,
            known,
        } => {
            let claim = ClaimDigest::of(claim);
            let seen = record.seen(claim, proof, bind, known);
            seen.unwrap_or_else(|| record.bind(claim, known))
        }
        Command::Update {
            claim,
            request_id,
            condition,
            payload,
            notification,
            version,
        } => {
            let update = Update {
                request: RequestDigest::of(request_id),
                condition,
                payload,
                notification,
                version,
            };
            record.update(ClaimDigest::of(claim), update)
        }
        Command::Relinquish { claim, request_id } => {
            record.relinquish(ClaimDigest::of(claim), RequestDigest::of(request_id))
        }
        Command::Delete { claim } => record.delete(ClaimDigest::of(claim)),
    }
}

/// What [`apply`] says to a command that reads and changes nothing; none to any other. So a store that has the record at
/// hand answers without a transaction.
#[must_use]
pub fn look(record: &Record, command: &Command, now: u64) -> Option<Transition> {
    if record.expires <= now {
        return Some(Transition::refused(Refusal::NotFound));
    }
    match command {
        Command::Show => Some(record.shown()),
        Command::Read {
            claim,
            proof,
            bind,
            known,
        } => record.seen(ClaimDigest::of(*claim), *proof, *bind, *known),
        Command::Update { .. } | Command::Relinquish { .. } | Command::Delete { .. } => None,
    }
}

struct Update {
    request: RequestDigest,
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
            Role::Recipient => self.recipient.as_deref_mut(),
        }
    }

    /// Where the device that is not `role` is notified.
    fn other_token(&self, role: Role) -> Option<NotificationToken> {
        let token = match role {
            Role::Initiator => &self.recipient.as_ref()?.notification,
            Role::Recipient => &self.initiator.notification,
        };
        token.as_deref().cloned()
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

    fn shown(&self) -> Transition {
        let answer = Answer::Shown {
            display: self.display.clone(),
            expires: self.expires,
        };
        Transition::done(answer, Effect::Unchanged, None)
    }

    /// What a reader is told, unless it takes the free place by reading.
    fn seen(
        &self,
        claim: ClaimDigest,
        proof: Option<ProofDigest>,
        bind: bool,
        known: Option<Version>,
    ) -> Option<Transition> {
        match self.role(claim) {
            // Who is bound has the right to read: without it nobody is.
            Some(_) => Some(Transition::done(
                self.content(known),
                Effect::Unchanged,
                None,
            )),
            None if bind && self.may_bind(proof) => None,
            None => Some(Transition::refused(Refusal::Unauthorized)),
        }
    }

    fn may_bind(&self, shown: Option<ProofDigest>) -> bool {
        let proven = self.proof.is_none_or(|wanted| shown == Some(wanted));
        self.recipient.is_none() && self.rights.read && proven
    }

    //= draft/8.1.1-one-recipient
    /// A claim that comes back after it gave its place up is still known by its requests. From the first binding on the
    /// mailbox has the life that was asked for.
    fn bind(&mut self, claim: ClaimDigest, known: Option<Version>) -> Transition {
        let former = self.former.iter().position(|party| party.claim == claim);
        let party = former.map(|index| self.former.remove(index));
        self.recipient = Some(Box::new(party.unwrap_or_else(|| Party::new(claim))));
        self.expires = self.bound_expires;
        let notify = self.other_token(Role::Recipient);
        Transition::done(self.content(known), Effect::Keep, notify)
    }

    //= draft/3.3-no-turns draft/3.3-back-to-back draft/6.2.6-repeated draft/6.2.6-stored draft/6.2.6-not-again draft/6.2.6-by-claim
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
        if party.has_processed(update.request) {
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
        party.remember(update.request);
        if let Some(token) = update.notification {
            party.notification = Some(Box::new(token));
        }
        self.payload = update.payload;
        self.version = update.version;
        let answer = Answer::Done {
            version: self.version,
            repeated: false,
        };
        Transition::done(answer, Effect::KeepAndWake, self.other_token(role))
    }

    //= draft/6.6.3-repeated draft/6.6.3-stored draft/6.6.3-not-again draft/6.6.3-by-claim
    fn relinquish(&mut self, claim: ClaimDigest, request: RequestDigest) -> Transition {
        let version = self.version;
        let repeated = Answer::Done {
            version,
            repeated: true,
        };
        match self.recipient.take() {
            Some(party) if party.claim == claim && party.has_processed(request) => {
                self.recipient = Some(party);
                Transition::done(repeated, Effect::Unchanged, None)
            }
            Some(mut party) if party.claim == claim => {
                party.remember(request);
                // It is not to be notified about somebody else's transfer.
                party.notification = None;
                if self.former.len() >= REMEMBERED_FORMER {
                    self.former.remove(0);
                }
                self.former.push(*party);
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
                if former.any(|party| party.has_processed(request)) {
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
