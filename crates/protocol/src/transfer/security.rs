//! Whom this side deals with: the auth credential, the context, and what of the other side is proven.

use super::codes;
use super::refused::Refused;
use crate::exchange::{Envelope, Side};
use tigress_gss::auth_credential::CredentialId;
use tigress_gss::gss::{Role, SecurityContext};
use tigress_primitives::rule;

/// What is known of the other side, and how.
pub(super) struct Security {
    /// The auth credential; a receiver knows it once it has read the mailbox.
    pub(super) credential: Option<CredentialId>,
    /// From the first own token to the end.
    pub(super) context: Option<SecurityContext>,
    /// Receiver: token 2 was stored, so the auth credential counts as used.
    pub(super) answered: bool,
    /// Whoever ends it is the other side: it needs no PIN to be that, or has proven that it knows it.
    pub(super) proven: bool,
}

impl Security {
    /// A receiver's, before it has read the mailbox.
    pub(super) fn of_receiver(pin_required: bool) -> Self {
        Self {
            credential: None,
            context: None,
            answered: false,
            proven: !pin_required,
        }
    }

    pub(super) fn context_mut(&mut self) -> Result<&mut SecurityContext, Refused> {
        let context = self.context.as_mut();
        context.ok_or(Refused::Internal("no security context"))
    }

    //= protocol/6.1-mic
    /// Whether an envelope has the MIC of that side.
    pub(super) fn is_authentic(&self, from: Side, envelope: &Envelope) -> bool {
        let (Some(context), Some(mic)) = (&self.context, &envelope.mic) else {
            return false;
        };
        !rule::holds("6.1-mic") || context.verify_envelope(role(from), &envelope.body, mic)
    }

    /// Whether the user must type a PIN for the context.
    pub(super) fn needs_pin(&self) -> bool {
        self.context.as_ref().is_some_and(|c| c.pin_needed())
    }

    /// Whether this side itself knows that no try at the PIN is left.
    pub(super) fn has_counted(&self, code: u64) -> bool {
        let context = self.context.as_ref();
        code == codes::PIN_TRIES && context.is_some_and(|context| context.answers_used_up())
    }
}

pub(super) fn role(side: Side) -> Role {
    match side {
        Side::Sender => Role::Initiator,
        Side::Receiver => Role::Acceptor,
    }
}
