//! Whom this side deals with: the auth credential, the context, and what of the other side is proven.

use super::codes;
use super::refused::Refused;
use crate::exchange::{Envelope, Side};
use tigress_gss::auth_credential::CredentialId;
use tigress_gss::gss::{Role, SecurityContext};
use tigress_primitives::cbor::Value;
use tigress_primitives::record::Stored;
use tigress_primitives::rule;

/// What is known of the other side, and how.
pub(super) struct Security {
    /// The auth credential; a receiver knows it once it has read the mailbox.
    pub(super) credential: Option<CredentialId>,
    /// From the first own token to the end.
    pub(super) context: Option<SecurityContext>,
    /// Receiver: token 2 was stored, so the auth credential counts as used.
    pub(super) answered: bool,
    /// What the invitation says; it stays when `proven` changes.
    pub(super) pin_required: PinRequired,
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
            pin_required: PinRequired(pin_required),
            proven: !pin_required,
        }
    }

    /// Only a PIN leaves anything to be proven.
    pub(super) fn is_sound(&self) -> bool {
        self.proven || self.pin_required.0
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

/// Whether the invitation asks for a PIN.
pub(super) struct PinRequired(pub(super) bool);

/// A key only where it does.
impl Stored for PinRequired {
    fn to_value(&self) -> Option<Value<'_>> {
        self.0.then_some(true.into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        match value.map(Value::boolean) {
            None => Some(Self(false)),
            Some(Some(true)) => Some(Self(true)),
            Some(_) => None,
        }
    }
}

pub(super) fn role(side: Side) -> Role {
    match side {
        Side::Sender => Role::Initiator,
        Side::Receiver => Role::Acceptor,
    }
}
