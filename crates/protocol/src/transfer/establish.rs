//! Steps 4 to 6: what is offered, whether it can be accepted, and the tokens that establish the context.

use super::codes;
use super::receive::Verdict;
use super::refused::Refused;
use super::security::role;
use super::types::TransferEvent;
use super::{Consent, OfferedPin, Phase, PublicTexts, Slot, Transfer, clocks};
use crate::exchange::{Envelope, Fields, Side};
use crate::summary::Summary;
use tigress_gss::auth_credential::CredentialId;
use tigress_gss::gss::{self, AcceptorCredential, MajorStatus, MinorStatus};
use tigress_gss::mechanism;
use tigress_primitives::entropy::Entropy;

impl Transfer {
    /// Step 4, receiver: what a mailbox that nobody has answered holds is the sender's first envelope.
    pub(super) fn offered(&mut self, envelope: &Envelope, mut fields: Fields) {
        // What was judged stays, whatever the relay shows while the user looks for the PIN.
        if self.is_read() {
            return;
        }
        let first = envelope.mic.is_none()
            && fields.side == Side::Sender
            && (fields.ack, fields.base) == (0, 0)
            && fields.hash == [0; 32]
            && fields.abort.is_none()
            && fields.tokens.len() == 1;
        if let Phase::Offered { token, .. } = &mut self.phase {
            *token = fields.tokens.pop().filter(|_| first);
        }
    }

    /// Step 5, receiver: whether what was read can be accepted. Nothing is answered yet, and nothing used.
    pub(super) fn validate(
        &mut self,
        used: &dyn Fn(&CredentialId) -> bool,
        now: u64,
        date: Option<u64>,
    ) -> Result<(), Refused> {
        let Phase::Offered {
            secret,
            expected,
            said,
            token,
            pin,
            consent,
        } = &self.phase
        else {
            return match self.phase {
                Phase::Relinquishing { .. } | Phase::Closed { .. } => Err(Refused::Expired),
                _ => Ok(()),
            };
        };
        let token = token
            .as_deref()
            .ok_or(Refused::BadMailbox("the mailbox holds no first token"))?;
        if expected.as_ref().is_some_and(|other| other != token) {
            return Err(Refused::BadMailbox(
                "the mailbox holds another token than the file",
            ));
        }
        let checked = gss::check_token(
            mechanism::registry(),
            &AcceptorCredential::new(secret.clone()),
            Some(&self.place.bindings()),
            token,
            used,
            clocks::earliest(now, date),
        )?;
        if clocks::is_too_far(checked.expires_at, now, date) {
            let (major, minor) = (
                MajorStatus::DEFECTIVE_CREDENTIAL,
                MinorStatus::CredentialTimes,
            );
            return Err(gss::Error::new(major, minor).into());
        }
        // The share URL tells that a PIN is needed; a credential that says otherwise is somebody else's.
        if checked.pin_required == matches!(pin, OfferedPin::None) {
            return Err(Refused::PinDowngrade);
        }
        let summary = match &checked.summary {
            Some(content) => Summary::decode(content)
                .map_err(|_| Refused::BadMailbox("the first token's summary is malformed"))?,
            None => None,
        };
        // Judged once: a second look moves nothing.
        if self.is_read() {
            return Ok(());
        }
        if let (OfferedPin::Needed, Consent::Given) = (pin, consent) {
            self.events.push(TransferEvent::PinRequired);
        }
        let (relay, file) = (std::mem::take(&mut self.public), said.clone());
        self.summary = summary;
        self.public = PublicTexts::judged(checked.application_data.as_deref(), relay, file);
        self.security.credential = Some(checked.credential_id);
        let (issued_at, expires_at) = (checked.issued_at, checked.expires_at);
        self.clocks.fix_end(issued_at, expires_at, now, date);
        Ok(())
    }

    //= protocol/3-single-use
    /// Step 6, sender: the first authentic answer uses the invitation up. All or nothing: the handshake is
    /// finished on a copy, and counts only if the envelope's MIC holds under the keys that it gives. Only then
    /// is anything else of it judged, a PIN above all.
    pub(super) fn first_answer(
        &mut self,
        envelope: &Envelope,
        fields: &Fields,
        now: u64,
        slot: &mut Slot,
        entropy: &mut Entropy,
    ) -> Verdict {
        let (Some(context), Some(mic), Some(token)) =
            (&self.security.context, &envelope.mic, fields.tokens.first())
        else {
            return self.foreign();
        };
        let mut tried = context.tentative();
        let is_authentic = fields.base == 0
            && tried.open_answer(token).is_ok()
            && tried.verify_envelope(role(Side::Receiver), &envelope.body, mic);
        if !is_authentic {
            return self.foreign();
        }
        self.security.context = Some(tried);
        // The secret is wiped here: nobody else can answer any more.
        self.phase = Phase::Establishing;
        slot.progress();
        // Its handshake counts, whatever else is in it: no envelope of the sender has a MIC and acknowledges
        // nothing.
        self.window.take(token);
        let late = self.clocks.is_over(now);
        if fields.abort.is_none() && self.window.acknowledge(fields).is_err() {
            self.abort(codes::STATE_LOST, now, entropy);
            return Verdict::Peer { needs_answer: true };
        }
        self.events.push(TransferEvent::Accepted);
        let judged = match late {
            true => Err(codes::EXPIRED),
            false => self.establish(token, now, entropy),
        };
        match judged {
            Ok(()) => self.authentic(fields, now, slot, entropy),
            Err(code) => self.abort(code, now, entropy),
        }
        Verdict::Peer { needs_answer: true }
    }

    /// Takes a context token; the code with which the transfer ends if that can't be done. A wrong PIN is
    /// counted by the context, and so in the store write that this step ends with.
    pub(super) fn establish(
        &mut self,
        token: &[u8],
        now: u64,
        entropy: &mut Entropy,
    ) -> Result<(), u64> {
        let judged = self.clocks.judged(now);
        let context = self.security.context.as_mut().ok_or(codes::INTERNAL)?;
        let step = context
            .continue_with(token, judged, entropy)
            .map_err(
                |error| match error.major.has(MajorStatus::CREDENTIALS_EXPIRED) {
                    true => codes::EXPIRED,
                    false => codes::UNDECODABLE,
                },
            )?;
        if let Some(token) = step.token {
            self.window.push(token).map_err(|_| codes::INTERNAL)?;
        }
        if step.complete {
            self.phase = Phase::Established { ending: None };
            self.security.proven = true;
            self.events.push(TransferEvent::Established);
        }
        if let Some(tries_left) = step.wrong_pin {
            self.events.push(TransferEvent::PinRejected { tries_left });
            if tries_left == 0 {
                self.abort(codes::PIN_TRIES, now, entropy);
            }
        }
        Ok(())
    }
}
