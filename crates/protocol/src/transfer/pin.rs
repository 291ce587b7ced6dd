//! The PIN that the receiver's user types, for the first time or again.

use super::codes;
use super::refused::Refused;
use super::{OfferedPin, Outcome, Phase, Transfer};
use tigress_gss::pin::Pin;
use tigress_primitives::entropy::Entropy;

impl Transfer {
    /// Receiver: answers with the user's PIN. The answer is made once, here, and counted by the context.
    pub fn provide_pin(
        &mut self,
        pin: &Pin,
        now: u64,
        entropy: &mut Entropy,
    ) -> Result<(), Refused> {
        if self.is_sender() {
            return Err(Refused::NotTheReceiver);
        }
        if !self.needs_pin() {
            return Err(self.no_pin_asked());
        }
        if self.type_pin(pin) {
            return self.answer(now, entropy).map(drop);
        }
        let judged = self.clocks.judged(now);
        let context = self.security.context_mut()?;
        let token = context.provide_pin(pin, judged, entropy)?;
        self.window
            .push(token)
            .map(drop)
            .map_err(|_| Refused::Internal("the PIN's answer does not fit"))
    }

    /// Receiver, before token 2: notes the PIN that an app gives with the invitation. Says whether it was asked
    /// for.
    pub fn type_pin(&mut self, typed: &Pin) -> bool {
        match &mut self.phase {
            Phase::Offered { pin, .. } if !matches!(pin, OfferedPin::None) => {
                *pin = OfferedPin::Given(typed.clone());
                true
            }
            _ => false,
        }
    }

    fn no_pin_asked(&self) -> Refused {
        match self.phase.known_outcome() {
            Some(Outcome::Failed(codes::PIN_TRIES) | Outcome::Unproven(codes::PIN_TRIES)) => {
                Refused::PinTriesUsedUp
            }
            Some(outcome) if self.outcome().is_some() => Refused::Closed(outcome),
            _ => Refused::PinNotAsked,
        }
    }
}
