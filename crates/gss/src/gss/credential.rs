//! GSS credentials (RFC 2743 §1.1.1): what each side proves itself with.

use super::Role;
use super::mechanism::Registry;
use super::name::Name;
use super::status::{Error, MajorStatus, MinorStatus};
use crate::auth_credential::AuthCredential;
use crate::oid::Oid;
use crate::pin::Pin;
use tigress_primitives::secret::SharedSecret;

/// The initiator's: a single-use auth credential, and the shared secret that it will be sealed under.
#[derive(Debug)]
pub struct InitiatorCredential {
    pub(super) auth: AuthCredential,
    pub(super) secret: SharedSecret,
    pub(super) pin: Option<Pin>,
    pub(super) tries: u8,
    pub(super) application_data: Option<Vec<u8>>,
    pub(super) summary: Option<Vec<u8>>,
}

/// The acceptor's: the shared secret of the invitation. The default one has none (`GSS_C_NO_CREDENTIAL`).
#[derive(Debug, Default)]
pub struct AcceptorCredential {
    pub(super) secret: Option<SharedSecret>,
    pub(super) pin: Option<Pin>,
}

/// What `inquire_cred` tells (RFC 2743 §2.1.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CredentialInfo {
    /// Whose it is.
    pub name: Name,
    /// Seconds left; `None` is indefinite (the sealed credential is not open yet).
    pub lifetime: Option<u64>,
    /// The side it is for.
    pub usage: Role,
    /// The mechanisms it can be used with.
    pub mechanisms: Vec<Oid>,
}

impl InitiatorCredential {
    /// A credential for [`super::init_sec_context`].
    #[must_use]
    pub fn new(auth: AuthCredential, secret: SharedSecret) -> Self {
        Self {
            auth,
            secret,
            pin: None,
            tries: 1,
            application_data: None,
            summary: None,
        }
    }

    /// With bytes of the application's that the first token carries, sealed: the acceptor has them before it
    /// answers. A token has room for some 60 KiB of them.
    #[must_use]
    pub fn with_application_data(self, data: Vec<u8>) -> Self {
        Self {
            application_data: Some(data),
            ..self
        }
    }

    //= protocol/7.2-sealed
    /// With bytes for the acceptor's user, which the first token carries as it does application data: whoever has the
    /// shared secret can read them, before any PIN, and nobody else.
    #[must_use]
    pub fn with_summary(self, summary: Vec<u8>) -> Self {
        Self {
            summary: Some(summary),
            ..self
        }
    }

    /// With the PIN that the auth credential says is required, and how often it may be tried (1 to 10).
    #[must_use]
    pub fn with_pin(self, pin: Pin, tries: u8) -> Self {
        Self {
            pin: Some(pin),
            tries,
            ..self
        }
    }

    /// What this credential is (`GSS_Inquire_cred`); `now` in Unix seconds.
    #[must_use]
    pub fn inquire_cred(&self, now: u64) -> CredentialInfo {
        CredentialInfo {
            name: Name::Anonymous,
            lifetime: Some(self.auth.expires_at.saturating_sub(now)),
            usage: Role::Initiator,
            mechanisms: vec![self.auth.mechanism.clone()],
        }
    }
}

impl AcceptorCredential {
    /// A credential for [`super::accept_sec_context`].
    #[must_use]
    pub fn new(secret: SharedSecret) -> Self {
        Self {
            secret: Some(secret),
            pin: None,
        }
    }

    /// With the PIN that the user has typed.
    #[must_use]
    pub fn with_pin(self, pin: Pin) -> Self {
        Self {
            pin: Some(pin),
            ..self
        }
    }

    /// What this credential is (`GSS_Inquire_cred`).
    ///
    /// # Errors
    /// `NO_CRED` without a shared secret.
    pub fn inquire_cred(&self, registry: &Registry) -> Result<CredentialInfo, Error> {
        self.secret()?;
        Ok(CredentialInfo {
            name: Name::Anonymous,
            lifetime: None,
            usage: Role::Acceptor,
            mechanisms: registry.mechanisms(),
        })
    }

    pub(super) fn secret(&self) -> Result<&SharedSecret, Error> {
        self.secret.as_ref().ok_or(Error::new(
            MajorStatus::NO_CRED,
            MinorStatus::NoSharedSecret,
        ))
    }
}
