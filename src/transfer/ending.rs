//! How a transfer ends: by the app, by the other side, by an abort, by a mailbox that is gone.

use super::types::{Credential, MessageIndex, Outcome, TerminateReason, TransferEvent, codes};
use super::{Parting, Phase, Queued, Transfer, message};
use crate::entropy::Entropy;
use crate::error::Error;
use crate::exchange::Window;

/// Most messages that wait to be wrapped.
const MAX_QUEUE: usize = 64;
/// Most bytes of them.
const MAX_QUEUE_BYTES: usize = 4 * 1024 * 1024;

impl Transfer {
    /// Queues a message; it leaves with a later round.
    pub(crate) fn send(&mut self, credential: &Credential) -> Result<MessageIndex, Error> {
        message::check(credential)?;
        match &self.phase {
            Phase::Closed { outcome, .. } => return Err(Error::Closed { outcome: *outcome }),
            Phase::Creating { .. }
            | Phase::Invited { .. }
            | Phase::Offered { .. }
            | Phase::Establishing
            | Phase::Established { ending: None } => {}
            _ => return Err(Error::closing()),
        }
        let message = message::encode(credential);
        let waiting: usize = self.queue.iter().map(|queued| queued.message.len()).sum();
        if self.queue.len() >= MAX_QUEUE || waiting + message.len() > MAX_QUEUE_BYTES {
            return Err(Error::queue_full());
        }
        let index = self.next_message;
        self.next_message += 1;
        self.queue.push(Queued { index, message });
        Ok(index)
    }

    /// The app ends the transfer. `Done` lets waiting messages leave first; before the context is complete
    /// nothing can be done, so it cancels.
    pub(crate) fn terminate(
        &mut self,
        reason: TerminateReason,
        now: u64,
        entropy: &mut Entropy,
    ) -> Result<(), Error> {
        let early = match reason {
            TerminateReason::Done => TerminateReason::Cancelled,
            other => other,
        };
        let outcome = Outcome::from_code(early.code());
        match &self.phase {
            Phase::Creating { .. } => self.close(outcome, now, None),
            Phase::Invited { .. } => self.phase = Phase::Removing { outcome },
            Phase::Offered { .. } => self.phase = Phase::Relinquishing { outcome },
            Phase::Establishing => self.abort(early.code(), now, entropy),
            Phase::Established { .. } => {
                if reason != TerminateReason::Done {
                    self.queue.clear();
                }
                self.phase = Phase::Established {
                    ending: Some(reason.code()),
                };
                // With nothing waiting the deletion is made now, so that what is stored already holds it.
                if self.queue.is_empty() {
                    self.delete_context(reason.code(), entropy)?;
                }
            }
            Phase::Closed { outcome, .. } => return Err(Error::Closed { outcome: *outcome }),
            _ => {}
        }
        Ok(())
    }

    /// Ends by an abort: key 6 of the envelope, as often as needed, until the other side has answered.
    pub(super) fn abort(&mut self, code: u8, now: u64, entropy: &mut Entropy) {
        if matches!(self.phase, Phase::Aborting { .. } | Phase::Answering { .. }) {
            return;
        }
        self.queue.clear();
        match self.abort_token(code, entropy) {
            Some(token) => self.phase = Phase::Aborting { code, token },
            // Without keys there is nobody to tell.
            None => self.close(Outcome::from_code(code), now, None),
        }
    }

    /// This side's abort; its context does nothing else any more.
    fn abort_token(&mut self, code: u8, entropy: &mut Entropy) -> Option<Vec<u8>> {
        let context = self.context.as_mut()?;
        let token = context.abort_token(code, entropy)?;
        context.end();
        Some(token)
    }

    /// The other side's abort. Whoever aborted first reads this as the confirmation.
    pub(super) fn peer_aborted(&mut self, token: &[u8], now: u64, entropy: &mut Entropy) {
        let code = self.context.as_ref().and_then(|c| c.open_abort(token));
        // The envelope was authentic: the other side has ended, whatever it meant to say.
        let code = code.unwrap_or(codes::UNDECODABLE);
        match &self.phase {
            // Crossing aborts: the smaller code counts, and who has it sees that the other side knows it.
            Phase::Aborting { code: own, token } if *own < code => {
                let (code, token) = (*own, token.clone());
                self.phase = Phase::Answering { code, token };
            }
            Phase::Aborting { .. } => {
                let outcome = Outcome::from_code(code);
                self.phase = Phase::Removing { outcome };
            }
            Phase::Answering { .. } | Phase::Removing { .. } | Phase::Closed { .. } => {}
            _ => {
                self.queue.clear();
                // What the sender judged last; its own tries are the receiver's business.
                let judged = !self.is_sender() && matches!(self.phase, Phase::Establishing);
                if judged && code == codes::PIN_TRIES {
                    self.events
                        .push(TransferEvent::PinRejected { tries_left: 0 });
                }
                match self.abort_token(code, entropy) {
                    Some(token) => self.phase = Phase::Answering { code, token },
                    None => self.close(Outcome::from_code(code), now, None),
                }
            }
        }
    }

    /// The other side's deletion token. Crossing deletions: completed if either is done, else the smaller code.
    pub(super) fn peer_deleted(&mut self, code: u8) {
        self.queue.clear();
        self.phase = match self.phase {
            Phase::Deleting { code: own } => {
                let both = if own == codes::DONE || code == codes::DONE {
                    codes::DONE
                } else {
                    own.min(code)
                };
                let outcome = Outcome::from_code(both);
                if self.window.has_unacknowledged() {
                    Phase::Acknowledging {
                        outcome,
                        crossed: true,
                    }
                } else {
                    Phase::Removing { outcome }
                }
            }
            _ => Phase::Acknowledging {
                outcome: Outcome::from_code(code),
                crossed: false,
            },
        };
    }

    /// This side's deletion was acknowledged.
    pub(super) fn confirm_deletion(&mut self) {
        if let Phase::Deleting { code } = self.phase
            && !self.window.has_unacknowledged()
        {
            self.phase = Phase::Removing {
                outcome: Outcome::from_code(code),
            };
        }
    }

    /// The mailbox is gone for good. That alone confirms nothing.
    pub(super) fn gone(&mut self, now: u64) {
        let outcome = match &self.phase {
            Phase::Closed { .. } => return self.part(),
            Phase::Acknowledging { outcome, .. }
            | Phase::Removing { outcome }
            | Phase::Relinquishing { outcome } => *outcome,
            Phase::Aborting { code, .. } | Phase::Answering { code, .. } => {
                Outcome::from_code(*code)
            }
            _ if self.is_over(now) => Outcome::Expired,
            _ => Outcome::Unconfirmed,
        };
        self.close(outcome, now, None);
    }

    /// The end: keys and everything else secret are erased, the tombstone and the events stay.
    pub(super) fn close(&mut self, outcome: Outcome, now: u64, parting: Option<Parting>) {
        self.context = None;
        self.window = Window::default();
        self.queue.clear();
        self.in_flight.clear();
        self.phase = Phase::Closed {
            outcome,
            at: now,
            parting,
        };
        self.events.push(TransferEvent::Closed { outcome });
    }
}
