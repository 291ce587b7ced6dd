//! The per-message calls (RFC 2743 §2.3).

use std::fmt;

use zeroize::Zeroizing;

use super::SecurityContext;
use crate::gss::status::{Error, MajorStatus, MinorStatus};
use tigress_primitives::entropy::Entropy;

/// A message out of its token.
#[derive(Clone, PartialEq, Eq)]
pub struct Unwrapped {
    /// The message.
    pub data: Zeroizing<Vec<u8>>,
    /// Whether it was sealed, not only protected against change.
    pub conf_state: bool,
    /// `DUPLICATE_TOKEN`, `OLD_TOKEN`, `UNSEQ_TOKEN`, `GAP_TOKEN` or nothing.
    pub supplementary: MajorStatus,
}

impl fmt::Debug for Unwrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unwrapped")
            .field("conf_state", &self.conf_state)
            .field("supplementary", &self.supplementary)
            .finish_non_exhaustive()
    }
}

impl SecurityContext {
    //= gss/2743-1.2.8-sequence-unchanged
    /// Protects a message (`GSS_Wrap`): sealed and padded with `conf`, else only against change.
    ///
    /// # Errors
    /// `BAD_QOP` unless `qop` is 0, `NO_CONTEXT` unless established and not deleted, `CONTEXT_EXPIRED`,
    /// `FAILURE` if the message is too long.
    pub fn wrap(
        &mut self,
        conf: bool,
        qop: u32,
        data: &[u8],
        now: u64,
        entropy: &mut Entropy,
    ) -> Result<Vec<u8>, Error> {
        default_qop(qop)?;
        let next = self.sending(now)?;
        let token = self.inner.wrap(conf, self.next_send, data, entropy)?;
        self.next_send = next;
        Ok(token)
    }

    /// Opens a wrap token of the peer (`GSS_Unwrap`). A token out of its order comes with its message.
    ///
    /// # Errors
    /// `NO_CONTEXT` unless established and not deleted by the peer, `CONTEXT_EXPIRED`, `DEFECTIVE_TOKEN`,
    /// `BAD_MIC` if it was altered or made with other keys.
    pub fn unwrap(&mut self, token: &[u8], now: u64) -> Result<Unwrapped, Error> {
        self.receiving(now)?;
        let opened = self.inner.unwrap(token)?;
        Ok(Unwrapped {
            supplementary: self.arrived(opened.sequence)?,
            data: opened.data,
            conf_state: opened.sealed,
        })
    }

    /// A MIC over a message that travels by itself (`GSS_GetMIC`).
    ///
    /// # Errors
    /// As [`Self::wrap`].
    pub fn get_mic(&mut self, qop: u32, message: &[u8], now: u64) -> Result<Vec<u8>, Error> {
        default_qop(qop)?;
        let next = self.sending(now)?;
        let token = self.inner.mic(self.next_send, message)?;
        self.next_send = next;
        Ok(token)
    }

    /// Checks the peer's MIC over a message (`GSS_VerifyMIC`) and gives the supplementary bits.
    ///
    /// # Errors
    /// As [`Self::unwrap`].
    pub fn verify_mic(
        &mut self,
        message: &[u8],
        token: &[u8],
        now: u64,
    ) -> Result<MajorStatus, Error> {
        self.receiving(now)?;
        let sequence = self.inner.verify_mic(message, token)?;
        self.arrived(sequence)
    }

    /// Most message bytes whose wrap token has at most `size` bytes (`GSS_Wrap_size_limit`): exact; 0 also if
    /// not even an empty message fits.
    ///
    /// # Errors
    /// As [`Self::wrap`].
    pub fn wrap_size_limit(
        &self,
        conf: bool,
        qop: u32,
        size: usize,
        now: u64,
    ) -> Result<usize, Error> {
        default_qop(qop)?;
        self.sending(now)?;
        Ok(self.inner.wrap_size_limit(conf, size))
    }

    /// Length of the token that wraps `length` bytes; `None` if that is too long.
    pub fn wrapped_len(&self, conf: bool, length: usize) -> Option<usize> {
        self.inner.wrapped_len(conf, length)
    }

    /// The sequence number after the one that is to be sent, if sending is possible.
    fn sending(&self, now: u64) -> Result<u64, Error> {
        self.not_deleted()?;
        self.usable(now)?;
        let minor = MinorStatus::SequenceExhausted;
        self.next_send
            .checked_add(1)
            .ok_or(Error::new(MajorStatus::FAILURE, minor))
    }

    fn receiving(&self, now: u64) -> Result<(), Error> {
        self.peer_not_deleted()?;
        self.usable(now)
    }

    /// Notes an authentic token's number.
    fn arrived(&mut self, sequence: u64) -> Result<MajorStatus, Error> {
        // No honest side sends the last number: there would be no next one.
        if sequence == u64::MAX {
            return Err(Error::token(MinorStatus::MessageHeader));
        }
        Ok(self.received.take(sequence))
    }
}

//= gss/2743-1.2.8-qop-failure
fn default_qop(qop: u32) -> Result<(), Error> {
    (qop == 0)
        .then_some(())
        .ok_or(Error::new(MajorStatus::BAD_QOP, MinorStatus::Qop))
}
