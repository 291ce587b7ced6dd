//! How a transfer ends: by the app, by the other side, by an abort, by a mailbox that is gone.

use super::cause::Cause;
use super::codes;
use super::refused::Refused;
use super::types::{Credential, MessageIndex, TerminateReason, TransferEvent};
use super::{LINGER, Outcome, Parting, Phase, Transfer, message};
use crate::exchange::{Fields, Window};
use tigress_primitives::entropy::Entropy;
use tigress_primitives::rule;

impl Transfer {
    /// Queues a message; it leaves with a later round.
    pub fn send(&mut self, credential: &Credential) -> Result<MessageIndex, Refused> {
        message::check(credential)?;
        match &self.phase {
            Phase::Closed { outcome, .. } => return Err(Refused::Closed(*outcome)),
            Phase::Creating { .. }
            | Phase::Invited { .. }
            | Phase::Offered { .. }
            | Phase::Establishing
            | Phase::Established { ending: None } => {}
            _ => return Err(Refused::Closing),
        }
        // Each delivery is an event: an app that acknowledges none must not make a record that can't be read.
        if self.events.is_full() {
            return Err(Refused::QueueFull);
        }
        self.messages.queue(message::encode(credential))
    }

    //= protocol/6.2-no-relinquish
    /// The app ends the transfer. `Done` lets waiting messages leave first; before the context is complete
    /// nothing can be done, so it cancels.
    pub fn terminate(
        &mut self,
        reason: TerminateReason,
        now: u64,
        entropy: &mut Entropy,
    ) -> Result<(), Refused> {
        let early = match reason {
            TerminateReason::Done => TerminateReason::Cancelled,
            other => other,
        };
        let outcome = self.outcome_of(&Cause::Own(early.code()), now);
        match &self.phase {
            Phase::Creating { .. } => self.close(outcome, now, None),
            Phase::Invited { .. } => self.phase = Phase::Removing { outcome },
            Phase::Offered { .. } => self.phase = Phase::Relinquishing { outcome },
            Phase::Establishing => self.abort(early.code(), now, entropy),
            Phase::Established { .. } => {
                if reason != TerminateReason::Done {
                    self.messages.drop_waiting();
                }
                self.phase = Phase::Established {
                    ending: Some(reason.code()),
                };
                // With nothing waiting the deletion is made now, so that what is stored already holds it.
                if !self.messages.waits() {
                    self.delete_context(reason.code(), entropy)?;
                }
            }
            Phase::Closed { outcome, .. } => return Err(Refused::Closed(*outcome)),
            _ => {}
        }
        Ok(())
    }

    /// Ends by an abort: key 6 of the envelope. That ends this side, whatever the other makes of it.
    pub(super) fn abort(&mut self, code: u64, now: u64, entropy: &mut Entropy) {
        if self.phase.is_aborted() {
            return;
        }
        let outcome = self.outcome_of(&Cause::Own(code), now);
        self.messages.drop_waiting();
        match self.abort_token(code, entropy) {
            Some(token) => self.phase = Phase::Aborting { outcome, token },
            // Without keys there is nobody to tell.
            None => self.close(outcome, now, None),
        }
    }

    /// This side's abort; its context does nothing else any more.
    fn abort_token(&mut self, code: u64, entropy: &mut Entropy) -> Option<Vec<u8>> {
        let context = self.security.context.as_mut()?;
        let token = context.abort_token(code, entropy)?;
        context.end();
        Some(token)
    }

    //= protocol/6.3-not-indexed
    /// The other side's abort: it has ended, whatever it meant to say.
    pub(super) fn peer_aborted(&mut self, token: &[u8], now: u64, entropy: &mut Entropy) {
        let context = self.security.context.as_ref();
        let code = context.and_then(|context| context.open_abort(token));
        let told = self.outcome_of(&Cause::PeerAborted(code), now);
        match &self.phase {
            Phase::Aborting { outcome: own, .. } => {
                // It was faster, or this is its answer. What is nobody's word counts less than this side's own.
                let is_word = self.security.proven && code.is_some_and(|code| code != codes::DONE);
                let outcome = if is_word { told } else { *own };
                self.phase = Phase::Removing { outcome };
            }
            Phase::Answering { .. } | Phase::Removing { .. } | Phase::Closed { .. } => {}
            // What was proven before stays so, although the other side has lost its state since.
            Phase::Acknowledging { outcome, .. } => self.answer_abort(code, *outcome, now, entropy),
            _ => {
                // What the sender judged last; its own tries are the receiver's business.
                let judged = !self.is_sender() && matches!(self.phase, Phase::Establishing);
                if judged && code == Some(codes::PIN_TRIES) {
                    self.events
                        .push(TransferEvent::PinRejected { tries_left: 0 });
                }
                self.answer_abort(code, told, now, entropy);
            }
        }
    }

    /// Confirms the other side's abort by one with the same code.
    fn answer_abort(
        &mut self,
        code: Option<u64>,
        outcome: Outcome,
        now: u64,
        entropy: &mut Entropy,
    ) {
        self.messages.drop_waiting();
        let code = code.filter(|code| *code != codes::DONE);
        match self.abort_token(code.unwrap_or(codes::UNDECODABLE), entropy) {
            Some(token) => self.phase = Phase::Answering { outcome, token },
            None => self.close(outcome, now, None),
        }
    }

    /// The other side's deletion token, found to agree with what was sent and taken.
    pub(super) fn peer_deleted(&mut self, code: u64, now: u64) {
        let own = match self.phase {
            Phase::Deleting { code } => Some(code),
            _ => None,
        };
        let peer = Some(code);
        let outcome = self.outcome_of(&Cause::Deleted { own, peer }, now);
        self.messages.drop_waiting();
        self.phase = match own {
            // Both are taken: nothing is left to be said.
            Some(_) if !self.window.has_unacknowledged() => Phase::Removing { outcome },
            own => Phase::Acknowledging {
                outcome,
                crossed: own.is_some(),
            },
        };
    }

    /// This side's deletion was acknowledged.
    pub(super) fn confirm_deletion(&mut self, now: u64) {
        if let Phase::Deleting { code } = self.phase
            && !self.window.has_unacknowledged()
        {
            let (own, peer) = (Some(code), None);
            let outcome = self.outcome_of(&Cause::Deleted { own, peer }, now);
            self.phase = Phase::Removing { outcome };
        }
    }

    //= protocol/9-gone
    /// The mailbox is gone for good. That alone confirms nothing.
    pub(super) fn gone(&mut self, now: u64) {
        if self.outcome().is_some() {
            return self.part();
        }
        let outcome = self.phase.known_outcome();
        let outcome = outcome.unwrap_or_else(|| self.outcome_of(&Cause::Gone, now));
        self.close(outcome, now, None);
    }

    /// The relay has refused for long what is left to be asked of it. Where that decides nothing any more, the transfer has
    /// ended, and its rest is tried with each later round; says whether it did.
    pub fn leave_behind(&mut self, now: u64) -> bool {
        let (Some(outcome), None) = (self.phase.known_outcome(), self.outcome()) else {
            return false;
        };
        let aborted = matches!(self.phase, Phase::Aborting { .. });
        let data = match self.phase {
            Phase::Removing { .. } | Phase::Relinquishing { .. } => None,
            _ => self.envelope(),
        };
        self.close_with_last(outcome, data, aborted, now);
        true
    }

    /// This side's last envelope was written: over. The other side may take its time until the invitation's is over
    /// to read an abort.
    pub(super) fn wrote_last(&mut self, data: &str, now: u64) {
        let (outcome, aborted) = match &self.phase {
            Phase::Acknowledging { outcome, .. } | Phase::Answering { outcome, .. } => {
                (*outcome, false)
            }
            Phase::Aborting { outcome, .. } => (*outcome, true),
            _ => return,
        };
        // Only what this phase writes is its last word: an older write may be answered now.
        if self.envelope().as_deref() != Some(data) {
            return;
        }
        self.close_with_last(outcome, Some(data.to_owned()), aborted, now);
    }

    /// The end, with what may still have to be said in it, for as long as somebody may read it.
    fn close_with_last(&mut self, outcome: Outcome, data: Option<String>, aborted: bool, now: u64) {
        let unread = match aborted {
            true => self.clocks.left(now),
            false => 0,
        };
        let linger = if data.is_some() { LINGER } else { 0 };
        let parting = Parting {
            data,
            until: now.saturating_add(linger).saturating_add(unread),
            aborted,
        };
        self.close(outcome, now, Some(parting));
    }

    /// An ended side sees an envelope of the other. Without keys it is nobody's word, but an abort answers this
    /// side's own: what is left to do is to delete the mailbox.
    pub(super) fn read_after_the_end(&mut self, fields: &Fields, now: u64) {
        if let Phase::Closed {
            parting: Some(parting),
            ..
        } = &mut self.phase
            && parting.aborted
            && fields.side == self.side.other()
            && fields.abort.is_some()
        {
            parting.until = parting.until.min(now);
        }
    }

    /// The end: keys and everything else secret are erased, the tombstone and the events stay.
    pub(super) fn close(&mut self, outcome: Outcome, now: u64, parting: Option<Parting>) {
        self.security.context = None;
        self.window = Window::default();
        self.messages.end();
        self.phase = Phase::Closed {
            outcome,
            at: now,
            parting,
        };
        if !rule::holds("9-events") {
            self.events = self.events.followed();
        }
        self.events.push(TransferEvent::Closed { outcome });
    }
}
