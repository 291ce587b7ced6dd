//! What the receiver's user says to an offer. Before that nothing leaves that the sender could take for an answer.

use super::refused::Refused;
use super::types::TransferEvent;
use super::{Consent, Phase, Transfer};
use tigress_gss::pin::Pin;
use tigress_primitives::entropy::Entropy;

impl Transfer {
    /// Receiver: nobody has said that its user wants this.
    pub(super) fn awaits_consent(&self) -> bool {
        matches!(
            self.phase,
            Phase::Offered {
                consent: Consent::Awaited,
                ..
            }
        )
    }

    /// Receiver: the user wants what is offered, and has typed this PIN, if one. The answer is made here, unless a PIN is
    /// asked for and none was typed. Once more, it does no more than take the PIN.
    pub fn confirm(
        &mut self,
        typed: Option<&Pin>,
        now: u64,
        entropy: &mut Entropy,
    ) -> Result<(), Refused> {
        if self.is_sender() {
            return Err(Refused::NotTheReceiver);
        }
        if self.phase.is_offered() && !self.is_read() {
            return Err(Refused::NotRead);
        }
        if let Some(outcome) = self.phase.known_outcome() {
            return Err(match self.outcome() {
                Some(_) => Refused::Closed(outcome),
                None => Refused::Closing,
            });
        }
        if !self.phase.is_offered() {
            return typed.map_or(Ok(()), |pin| self.provide_pin(pin, now, entropy));
        }
        self.follow_clock(now);
        if self.is_past_deadline(now) {
            return Err(Refused::Expired);
        }
        if typed.is_some_and(|pin| !self.type_pin(pin)) {
            return Err(Refused::PinNotAsked);
        }
        self.consent();
        self.answer(now, entropy).map(drop)
    }

    /// Receiver, accepting anew what was not read yet: what the app says now counts, not what it said then.
    pub fn offer_anew(&mut self, confirmed: bool) {
        if let (Phase::Offered { consent, .. }, None) = (&mut self.phase, &self.security.credential)
        {
            *consent = Consent::given_if(confirmed);
        }
    }

    /// Notes it; the app is told of a PIN that is still needed.
    fn consent(&mut self) {
        let is_new = self.awaits_consent();
        if let Phase::Offered { consent, .. } = &mut self.phase {
            *consent = Consent::Given;
        }
        if is_new && self.needs_pin() {
            self.events.push(TransferEvent::PinRequired);
        }
    }
}
