//! A security context: everything after the first call (RFC 2743 §2.2 and §2.3).

mod exported;
mod messages;
mod saved;
mod told;

use std::fmt;

use zeroize::Zeroizing;

pub use messages::Unwrapped;
pub use told::{ContextInfo, Deletion, Step};

use crate::crypto;
use crate::gss::mechanism::{Mechanism, MechanismContext};
use crate::gss::name::Name;
use crate::gss::sequence::SequenceWindow;
use crate::gss::status::{Error, MajorStatus, MinorStatus};
use crate::gss::{FLAGS, Role, token};
use crate::pin::Pin;
use tigress_primitives::entropy::Entropy;

/// A security context, from its first token to its end.
///
/// It is not `Clone`: two copies would give out the same sequence numbers.
pub struct SecurityContext {
    mechanism: &'static dyn Mechanism,
    inner: Box<dyn MechanismContext>,
    role: Role,
    expires_at: u64,
    next_send: u64,
    received: SequenceWindow,
    /// Deleted on this side: no more output.
    deleted: bool,
    /// Deleted by the peer: no more input either.
    peer_deleted: bool,
}

impl SecurityContext {
    pub(super) fn new(
        mechanism: &'static dyn Mechanism,
        inner: Box<dyn MechanismContext>,
        role: Role,
        expires_at: u64,
    ) -> Self {
        Self {
            mechanism,
            inner,
            role,
            expires_at,
            next_send: 0,
            received: SequenceWindow::default(),
            deleted: false,
            peer_deleted: false,
        }
    }

    /// Takes the peer's next context token: the later calls of `GSS_Init_sec_context` and
    /// `GSS_Accept_sec_context`. On an error the context is as before, and there is no token. `now` in Unix
    /// seconds.
    ///
    /// # Errors
    /// `NO_CONTEXT` once deleted, `FAILURE` if it is established already, `CREDENTIALS_EXPIRED`,
    /// `DEFECTIVE_TOKEN`.
    pub fn continue_with(
        &mut self,
        token: &[u8],
        now: u64,
        entropy: &mut Entropy,
    ) -> Result<Step, Error> {
        self.establishing()?;
        if now >= self.expires_at {
            return Err(CREDENTIALS_EXPIRED);
        }
        let frame = self.parse(token)?;
        let stepped = self.inner.step(frame.id, frame.body, entropy)?;
        Ok(Step {
            complete: self.inner.complete(),
            token: stepped.token.map(|answer| self.frame(&answer)),
            wrong_pin: stepped.wrong_pin,
        })
    }

    /// Acceptor: whether the user must give a PIN again, after a wrong one.
    #[must_use]
    pub fn pin_needed(&self) -> bool {
        self.inner.pin_needed()
    }

    /// Acceptor: no PIN can be given any more, whatever the initiator says of the last one.
    pub fn answers_used_up(&self) -> bool {
        self.inner.answers_used_up()
    }

    /// Acceptor, when a PIN is needed: gives the token for the initiator, which judges it. `now` in Unix seconds.
    ///
    /// # Errors
    /// `FAILURE` if no PIN is asked for, `NO_CONTEXT` once deleted, `CREDENTIALS_EXPIRED`.
    pub fn provide_pin(
        &mut self,
        pin: &Pin,
        now: u64,
        entropy: &mut Entropy,
    ) -> Result<Vec<u8>, Error> {
        self.establishing()?;
        if now >= self.expires_at {
            return Err(CREDENTIALS_EXPIRED);
        }
        let token = self.inner.answer_pin(pin, entropy)?;
        Ok(self.frame(&token))
    }

    /// Initiator, before it takes the peer's answer: sets the channel bindings' late data, which it did not know when
    /// it made the first token.
    ///
    /// # Errors
    /// `FAILURE` once an answer was taken, and at the acceptor.
    pub fn bind_late(&mut self, late_data: &[u8]) -> Result<(), Error> {
        self.inner.bind_late(crypto::sha256(&[late_data]))
    }

    /// Initiator: takes of the acceptor's first token only the keys that both share, so that the MIC of the
    /// envelope around it can be checked before anything in it is judged. [`Self::continue_with`] with the same
    /// token goes on.
    ///
    /// # Errors
    /// As [`Self::continue_with`], the time aside.
    pub fn open_answer(&mut self, token: &[u8]) -> Result<(), Error> {
        self.establishing()?;
        let frame = self.parse(token)?;
        self.inner.open_answer(frame.id, frame.body)
    }

    /// Takes no more tokens, and forgets all but what envelopes and aborts need.
    pub fn end(&mut self) {
        self.inner.end();
        self.deleted = true;
        self.peer_deleted = true;
    }

    fn establishing(&self) -> Result<(), Error> {
        self.not_deleted()?;
        if self.inner.complete() {
            let minor = MinorStatus::Established;
            return Err(Error::new(MajorStatus::FAILURE, minor));
        }
        Ok(())
    }

    //= gss/2743-2.2.2-distinguish
    fn parse<'t>(&self, token: &'t [u8]) -> Result<token::Frame<'t>, Error> {
        let frame = token::parse(token)?;
        (frame.oid == self.mechanism.oid())
            .then_some(frame)
            .ok_or(Error::token(MinorStatus::UnexpectedToken))
    }

    fn frame(&self, token: &[u8]) -> Vec<u8> {
        token::frame(&self.mechanism.oid(), token)
    }

    /// Seconds left (`GSS_Context_time`).
    ///
    /// # Errors
    /// `NO_CONTEXT` unless established, `CONTEXT_EXPIRED`.
    pub fn context_time(&self, now: u64) -> Result<u64, Error> {
        self.usable(now)?;
        Ok(self.expires_at - now)
    }

    /// `length` bytes that only both sides can compute, the same for the same `input`
    /// (`GSS_Pseudo_random`, RFC 4401, with the full key). Also once this side has deleted the context.
    ///
    /// # Errors
    /// `NO_CONTEXT` unless established and not deleted by the peer, `CONTEXT_EXPIRED`, `FAILURE` beyond 8160
    /// bytes, `UNAVAILABLE` if the mechanism has none.
    pub fn pseudo_random(
        &self,
        input: &[u8],
        length: usize,
        now: u64,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.peer_not_deleted()?;
        self.usable(now)?;
        if length > MAX_PSEUDO_RANDOM {
            let minor = MinorStatus::MessageTooLong;
            return Err(Error::new(MajorStatus::FAILURE, minor));
        }
        let mut out = Zeroizing::new(vec![0; length]);
        self.inner.pseudo_random(input, &mut out)?;
        Ok(out)
    }

    //= gss/2743-1.2.7-prot-ready gss/2743-2.2.1-mech gss/2743-2.2.6-open
    /// What this context is (`GSS_Inquire_context`), at any time.
    #[must_use]
    pub fn inquire(&self, now: u64) -> ContextInfo {
        ContextInfo {
            initiator: Name::Anonymous,
            acceptor: Name::Anonymous,
            lifetime: self.expires_at.saturating_sub(now),
            mechanism: self.mechanism.oid(),
            flags: FLAGS,
            prot_ready: self.is_complete(),
            locally_initiated: self.role == Role::Initiator,
            open: self.is_complete() && !self.deleted && !self.peer_deleted,
        }
    }

    /// This side of the context.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether the context is established.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.inner.complete()
    }

    //= gss/2744-5.9-half-built
    /// Ends this side's output (`GSS_Delete_sec_context`) and gives the token that tells the peer `code`;
    /// empty if the context is not established. The peer's tokens, which may be under way, are still taken.
    /// Dropping the context erases the rest.
    ///
    /// # Errors
    /// `NO_CONTEXT` if either side has deleted it before.
    pub fn delete_sec_context(
        &mut self,
        code: u64,
        entropy: &mut Entropy,
    ) -> Result<Vec<u8>, Error> {
        self.not_deleted()?;
        let token = if self.is_complete() {
            let expected = self.received.next();
            self.inner.delete(code, self.next_send, expected, entropy)?
        } else {
            self.peer_deleted = true;
            Vec::new()
        };
        self.deleted = true;
        Ok(token)
    }

    /// Takes the peer's deletion (`GSS_Process_context_token`): no more input or output, but envelopes.
    ///
    /// # Errors
    /// `NO_CONTEXT` unless established, or if the peer has deleted it before; `DEFECTIVE_TOKEN`.
    pub fn process_context_token(&mut self, token: &[u8]) -> Result<Deletion, Error> {
        self.peer_not_deleted()?;
        let opened = self.inner.open_deletion(token)?;
        self.peer_deleted = true;
        Ok(Deletion {
            code: opened.code,
            next_expected: opened.next_expected,
            supplementary: self.received.check(opened.sequence),
        })
    }

    /// The next number that this side's wrap and MIC tokens will carry.
    #[cfg(test)]
    pub(crate) fn next_send_seq(&self) -> u64 {
        self.next_send
    }

    /// MIC of the envelope that side `from` sends; `None` before both sides share a key. Outside the sequence
    /// numbers, and possible until the context is dropped.
    pub fn envelope_mic(&self, from: Role, body: &[u8]) -> Option<[u8; 32]> {
        self.inner.envelope_mic(from, body)
    }

    /// Whether `mic` is that of side `from` over `body`.
    pub fn verify_envelope(&self, from: Role, body: &[u8], mic: &[u8]) -> bool {
        self.inner.verify_envelope(from, body, mic)
    }

    /// This side's abort, framed; `None` before both sides share a key.
    pub fn abort_token(&self, code: u64, entropy: &mut Entropy) -> Option<Vec<u8>> {
        let token = self.inner.abort(code, entropy)?;
        Some(self.frame(&token))
    }

    /// The code of the peer's abort; `None` if it is not authentic.
    pub fn open_abort(&self, token: &[u8]) -> Option<u64> {
        let frame = self.parse(token).ok()?;
        self.inner.open_abort(frame.id, frame.body)
    }

    /// A copy to try a token on: it either replaces this context or is dropped.
    pub fn tentative(&self) -> Self {
        Self {
            inner: self.inner.copy(),
            ..*self
        }
    }

    fn usable(&self, now: u64) -> Result<(), Error> {
        if !self.is_complete() {
            return Err(no_context(MinorStatus::NotEstablished));
        }
        if now >= self.expires_at {
            let minor = MinorStatus::ContextExpired;
            return Err(Error::new(MajorStatus::CONTEXT_EXPIRED, minor));
        }
        Ok(())
    }

    fn not_deleted(&self) -> Result<(), Error> {
        if self.deleted {
            return Err(no_context(MinorStatus::Deleted));
        }
        if self.peer_deleted {
            return Err(no_context(MinorStatus::PeerDeleted));
        }
        Ok(())
    }

    fn peer_not_deleted(&self) -> Result<(), Error> {
        if !self.is_complete() {
            return Err(no_context(MinorStatus::NotEstablished));
        }
        if self.peer_deleted {
            return Err(no_context(MinorStatus::PeerDeleted));
        }
        Ok(())
    }
}

/// Most bytes of one `pseudo_random` (HKDF's bound with SHA-256).
const MAX_PSEUDO_RANDOM: usize = 255 * 32;

const CREDENTIALS_EXPIRED: Error = Error::new(
    MajorStatus::CREDENTIALS_EXPIRED,
    MinorStatus::CredentialExpired,
);

fn no_context(minor: MinorStatus) -> Error {
    Error::new(MajorStatus::NO_CONTEXT, minor)
}

impl fmt::Debug for SecurityContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityContext")
            .field("role", &self.role)
            .field("mechanism", &self.mechanism.oid())
            .field("complete", &self.is_complete())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
