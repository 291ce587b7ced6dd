//! What a transfer does by itself, and what it wants from the relay next.

use super::cause::Cause;
use super::refused::Refused;
use super::security::role;
use super::{Consent, OfferedPin, Parting, Phase, Slot, Transfer};
use crate::exchange::Side;
use tigress_gss::gss::{self, AcceptorCredential};
use tigress_gss::mechanism;
use tigress_mailbox::{Call, HttpRequest, Mailbox, RequestId};
use tigress_primitives::entropy::Entropy;
use tigress_primitives::rule;

/// Longest time in seconds for which the answer to a write is asked to be held: one that is lost is not waited for longer.
const MAX_HELD_WRITE: u64 = 10;

/// The next request, if there is one to make now.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    /// Make the mailbox (`creation`).
    Create,
    /// Read the slot for the first time, and judge what was offered.
    Look,
    /// Read the slot: nothing is known of it.
    Read,
    /// Write this envelope.
    Write(String),
    /// Give the claim up.
    Relinquish,
    /// Delete the mailbox.
    Delete,
    /// Nothing to do until the slot changes.
    Wait,
    /// Nothing at all.
    Over,
}

impl Transfer {
    /// Does what can be done without the relay: the answer to token 1, messages into the window, expiry.
    /// Says whether anything changed, and so must be stored before the next request.
    pub(super) fn advance(&mut self, now: u64, entropy: &mut Entropy) -> Result<bool, Refused> {
        self.follow_clock(now);
        if self.expire(now) {
            return Ok(true);
        }
        let answered = self.answer(now, entropy)?;
        Ok(self.pump(now, entropy)? || answered)
    }

    //= protocol/9-relinquish
    /// Ends what has outlived the invitation; what is known of its ending stays known.
    pub(super) fn expire(&mut self, now: u64) -> bool {
        if !self.is_past_deadline(now) {
            return false;
        }
        if self.outcome().is_some() {
            return false;
        }
        let outcome = self.phase.known_outcome();
        let outcome = outcome.unwrap_or_else(|| self.outcome_of(&Cause::TimeOver, now));
        let parting = self.place.mailbox.is_some().then_some(Parting {
            data: None,
            until: now,
            aborted: false,
        });
        self.close(outcome, now, parting);
        true
    }

    //= protocol/6.2-writes-nothing protocol/6.2-consent
    /// Step 5 and 6, receiver: makes token 2, once, for good. From here on the auth credential is used.
    pub(super) fn answer(&mut self, now: u64, entropy: &mut Entropy) -> Result<bool, Refused> {
        // Only what was found good is answered, and what the user wants: a kill may have come before it was judged.
        let Phase::Offered {
            secret,
            token: Some(token),
            pin,
            consent,
            ..
        } = &self.phase
        else {
            return Ok(false);
        };
        let awaited = *consent == Consent::Awaited && rule::holds("6.2-consent");
        if awaited || !self.is_read() {
            return Ok(false);
        }
        let mut credential = AcceptorCredential::new(secret.clone());
        match pin {
            OfferedPin::None => {}
            OfferedPin::Needed => return Ok(false),
            OfferedPin::Given(pin) => credential = credential.with_pin(pin.clone()),
        }
        let accepted = gss::accept_sec_context(
            mechanism::registry(),
            &credential,
            Some(&self.place.bindings()),
            token,
            &|_| false,
            self.clocks.judged(now),
            entropy,
        )?;
        self.window.take(token);
        self.window
            .push(accepted.token)
            .map_err(|_| Refused::Internal("token 2 does not fit"))?;
        self.security.context = Some(accepted.context);
        self.security.answered = true;
        self.phase = Phase::Establishing;
        Ok(true)
    }

    //= protocol/6.2-after-token-3
    /// Wraps waiting messages as far as the window has room, then the deletion if one is due.
    fn pump(&mut self, now: u64, entropy: &mut Entropy) -> Result<bool, Refused> {
        let judged = self.clocks.judged(now);
        let Phase::Established { ending } = self.phase else {
            return Ok(false);
        };
        let Some(context) = self.security.context.as_mut() else {
            return Ok(false);
        };
        let mut changed = false;
        while let Some(first) = self.messages.waiting.first() {
            let room = context
                .wrapped_len(true, first.message.len())
                .is_some_and(|len| self.window.has_room(len));
            if !room {
                break;
            }
            let token = context.wrap(true, 0, &first.message, judged, entropy)?;
            let at = self
                .window
                .push(token)
                .map_err(|_| Refused::Internal("the window is full"))?;
            self.messages.leave(at);
            changed = true;
        }
        if let (Some(code), true) = (ending, !self.messages.waits()) {
            self.delete_context(code, entropy)?;
            changed = true;
        }
        Ok(changed)
    }

    /// What to ask of the relay next. Reads come before writes: nothing is written to a slot of which nothing
    /// is known.
    pub(super) fn next(&self, slot: &Slot, now: u64) -> Next {
        match &self.phase {
            Phase::Creating { .. } => Next::Create,
            Phase::Removing { .. } => Next::Delete,
            Phase::Relinquishing { .. } if rule::holds("9-relinquish") => Next::Relinquish,
            Phase::Relinquishing { .. } => Next::Delete,
            Phase::Closed { parting: None, .. } => Next::Over,
            // What was not judged is not gone on with.
            Phase::Offered { .. } if !self.is_read() => Next::Over,
            Phase::Closed {
                parting: Some(parting),
                ..
            } if now >= parting.until => match self.side {
                // Nothing was answered: the mailbox is another device's, should this one's clock be wrong.
                Side::Receiver if !self.security.answered => Next::Relinquish,
                _ => Next::Delete,
            },
            _ if !slot.is_known() => Next::Read,
            Phase::Closed {
                parting: Some(parting),
                ..
            } => match &parting.data {
                Some(data) if !slot.holds(data) => Next::Write(data.clone()),
                _ => Next::Over,
            },
            _ => self.desired(slot).map_or(Next::Wait, Next::Write),
        }
    }

    //= protocol/6.2-put-back
    /// The envelope to write, unless the slot holds it or nothing asks for one.
    fn desired(&self, slot: &Slot) -> Option<String> {
        let asked = match &self.phase {
            Phase::Acknowledging { .. } | Phase::Aborting { .. } | Phase::Answering { .. } => true,
            Phase::Invited { .. } => rule::holds("6.2-put-back"),
            _ => self.window.has_unacknowledged() || slot.needs_answer(),
        };
        let data = asked.then(|| self.envelope())??;
        (!slot.holds(&data)).then_some(data)
    }

    /// The envelope that says all this side has to say: the first one without a MIC, as nobody shares a key yet; none
    /// of what is only offered.
    pub(super) fn envelope(&self) -> Option<String> {
        let (silent, abort) = match &self.phase {
            Phase::Acknowledging { crossed, .. } => (!crossed, None),
            // Only a token 2 that the other side needs to read this leaves with an abort.
            Phase::Aborting { token, .. } | Phase::Answering { token, .. } => {
                let needed = self.side == Side::Receiver && self.window.acknowledged() == 0;
                (!needed, Some(token))
            }
            _ => (false, None),
        };
        let mut fields = self.window.fields(self.side, silent);
        fields.abort = abort.cloned();
        let context = self.security.context.as_ref()?;
        Some(fields.encode(|body| context.envelope_mic(role(self.side), body)))
    }

    /// The mailbox as this side addresses it.
    pub(super) fn mailbox(&self) -> Option<Mailbox> {
        self.place.mailbox(self.side)
    }

    /// The call that `next` stands for, with a new request id.
    pub(super) fn call(
        &self,
        next: &Next,
        slot: &Slot,
        wait: u64,
        request_id: RequestId,
    ) -> Option<Call> {
        let version = || slot.version().map(str::to_owned);
        Some(match next {
            Next::Look | Next::Read => Call::Read {
                wait: 0,
                known: None,
            },
            Next::Wait => Call::Read {
                wait,
                known: version(),
            },
            Next::Write(data) => Call::Update {
                payload: data.clone(),
                request_id,
                if_match: version(),
                notification: self.place.notification.clone(),
                wait: self.hold(slot, wait),
            },
            Next::Relinquish => Call::Relinquish { request_id },
            Next::Delete => Call::Delete { request_id },
            Next::Create | Next::Over => return None,
        })
    }

    /// For how many seconds the answer to a write is asked to be held: where this side would go on to wait, and its reads
    /// are not paced.
    fn hold(&self, slot: &Slot, wait: u64) -> u64 {
        let waits = matches!(
            self.phase,
            Phase::Invited { .. }
                | Phase::Establishing
                | Phase::Established { .. }
                | Phase::Deleting { .. }
        );
        match waits && slot.lets_writes_wait() {
            true => wait.min(MAX_HELD_WRITE),
            false => 0,
        }
    }

    /// The HTTP request of a call.
    pub(super) fn request(&self, call: &Call) -> Option<HttpRequest> {
        self.mailbox().map(|mailbox| mailbox.request(call))
    }

    /// An ended transfer has nothing more to do at the relay.
    pub fn part(&mut self) {
        if let Phase::Closed { parting, .. } = &mut self.phase {
            *parting = None;
        }
    }

    pub(super) fn delete_context(
        &mut self,
        code: u64,
        entropy: &mut Entropy,
    ) -> Result<(), Refused> {
        let context = self.security.context_mut()?;
        let token = context.delete_sec_context(code, entropy)?;
        self.window
            .push_last(token)
            .map_err(|_| Refused::Internal("no room for the deletion"))?;
        self.phase = Phase::Deleting { code };
        Ok(())
    }
}
