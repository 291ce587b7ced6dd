//! A context handed from one process to another (`GSS_Export_sec_context`, `GSS_Import_sec_context`).

use super::{SecurityContext, no_context};
use crate::crypto;
use crate::gss::mechanism::Registry;
use crate::gss::status::{Error, MinorStatus};
use tigress_primitives::entropy::Entropy;
use tigress_primitives::secret::Secret;

/// Version of the interprocess token, its first byte.
const VERSION: u8 = 1;
/// Says what the token is.
const LABEL: &[u8] = b"tigress v1 exported context";

impl SecurityContext {
    //= gss/2743-1.2.10-interprocess gss/2743-2.2.8-gone gss/2743-2.2.8-no-token
    /// Moves the established context into an interprocess token, sealed under `key`, for
    /// [`Self::import_sec_context`]: version ‖ nonce (24 bytes) ‖ XChaCha20-Poly1305. From then on this one does
    /// nothing more. Whoever imports a token twice has two contexts that give out the same sequence numbers:
    /// import it once.
    ///
    /// # Errors
    /// `NO_CONTEXT` unless established, and neither side has deleted it.
    pub fn export_sec_context(
        &mut self,
        key: &Secret<32>,
        entropy: &mut Entropy,
    ) -> Result<Vec<u8>, Error> {
        self.not_deleted()?;
        if !self.is_complete() {
            return Err(no_context(MinorStatus::NotEstablished));
        }
        let sealed = crypto::seal(key, LABEL, &self.save(), entropy);
        self.end();
        Ok([&[VERSION], &sealed[..]].concat())
    }

    /// The context that an interprocess token holds, as it was when it was exported.
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN` for another version, another key, or anything altered; `BAD_MECH` if its mechanism is not
    /// registered.
    pub fn import_sec_context(
        registry: &Registry,
        key: &Secret<32>,
        token: &[u8],
    ) -> Result<Self, Error> {
        let Some((&VERSION, sealed)) = token.split_first() else {
            return Err(Error::token(MinorStatus::TokenVersion));
        };
        let saved = crypto::open(key, LABEL, sealed);
        Self::restore(
            registry,
            &saved.ok_or(Error::token(MinorStatus::NotAuthentic))?,
        )
    }
}
