//! The first call of each side (RFC 2743 §2.2.1 and §2.2.2). A first call that fails leaves no context.

use super::context::SecurityContext;
use super::mechanism::{First, Registry};
use super::status::{Error, MajorStatus, MinorStatus};
use super::token;
use super::{AcceptorCredential, ChannelBindings, InitiatorCredential, Role};
use crate::auth_credential::{AuthCredential, CredentialError, CredentialId};
use crate::entropy::Entropy;

/// What the acceptor's first call gives.
#[derive(Debug)]
pub struct Accepted {
    /// The context, which the initiator's third token will complete.
    pub context: SecurityContext,
    /// The token for the initiator.
    pub token: Vec<u8>,
    /// The auth credential's id: used, from when `token` is stored.
    pub credential_id: CredentialId,
    /// When the credential was issued, Unix seconds by the sender's clock.
    pub issued_at: u64,
    /// When it expires, Unix seconds.
    pub expires_at: u64,
    /// Whether it asks for a PIN.
    pub pin_required: bool,
}

/// Starts a context as its initiator and gives the first token.
///
/// The context lives until the credential expires; `lifetime` (seconds; `None` or 0 for the default) can
/// shorten that. `now` in Unix seconds.
///
/// # Errors
/// `BAD_MECH` if the credential's mechanism is not registered, `CREDENTIALS_EXPIRED`, `UNAVAILABLE` if it asks
/// for a PIN.
pub fn init_sec_context(
    registry: &Registry,
    cred: &InitiatorCredential,
    bindings: Option<&ChannelBindings>,
    lifetime: Option<u64>,
    now: u64,
    entropy: &mut Entropy,
) -> Result<(SecurityContext, Vec<u8>), Error> {
    let credential = &cred.auth;
    let mechanism = registry
        .find(&credential.mechanism)
        .ok_or(UNKNOWN_MECHANISM)?;
    in_time(credential, now)?;
    without_pin(credential)?;
    let first = First {
        credential,
        sealed: &credential.seal(&cred.secret, entropy),
        bindings: bindings.map(ChannelBindings::hash),
    };
    let (inner, token) = mechanism.init(&first, entropy)?;
    let asked = lifetime.filter(|seconds| *seconds != 0);
    let expires_at = asked.map_or(credential.expires_at, |seconds| {
        now.saturating_add(seconds).min(credential.expires_at)
    });
    let token = token::frame(&mechanism.oid(), &token);
    let context = SecurityContext::new(mechanism, inner, Role::Initiator, expires_at);
    Ok((context, token))
}

/// Takes an initiator's first token and answers it.
///
/// `used` tells whether a credential id was used on this device before. `now` in Unix seconds is what expiry
/// is judged by: a caller that does not trust its clock gives the earliest time it holds possible.
///
/// # Errors
/// `DEFECTIVE_TOKEN`, `BAD_MECH`, `NO_CRED` without a shared secret, `DEFECTIVE_CREDENTIAL` if the sealed
/// credential does not open or is not for this token, `CREDENTIALS_EXPIRED`, `DUPLICATE_TOKEN` if it was used
/// before, `UNAVAILABLE` if it asks for a PIN, `BAD_BINDINGS` if both sides gave some and they differ.
pub fn accept_sec_context(
    registry: &Registry,
    cred: &AcceptorCredential,
    bindings: Option<&ChannelBindings>,
    token: &[u8],
    used: &dyn Fn(&CredentialId) -> bool,
    now: u64,
    entropy: &mut Entropy,
) -> Result<Accepted, Error> {
    let frame = token::parse(token)?;
    let mechanism = registry.find(&frame.oid).ok_or(UNKNOWN_MECHANISM)?;
    let secret = cred.secret()?;
    let sealed = mechanism.sealed_credential(frame.id, frame.body)?;
    let credential = AuthCredential::open(secret, &frame.oid, sealed).map_err(defective)?;
    in_time(&credential, now)?;
    if used(&credential.id) {
        let minor = MinorStatus::CredentialUsed;
        return Err(Error::new(MajorStatus::DUPLICATE_TOKEN, minor));
    }
    without_pin(&credential)?;
    let first = First {
        credential: &credential,
        sealed,
        bindings: bindings.map(ChannelBindings::hash),
    };
    let (inner, answer) = mechanism.accept(&first, frame.body, entropy)?;
    Ok(Accepted {
        context: SecurityContext::new(mechanism, inner, Role::Acceptor, credential.expires_at),
        token: token::frame(&frame.oid, &answer),
        credential_id: credential.id,
        issued_at: credential.issued_at,
        expires_at: credential.expires_at,
        pin_required: credential.pin_required,
    })
}

const UNKNOWN_MECHANISM: Error = Error::new(MajorStatus::BAD_MECH, MinorStatus::UnknownMechanism);

fn in_time(credential: &AuthCredential, now: u64) -> Result<(), Error> {
    let minor = MinorStatus::CredentialExpired;
    (now < credential.expires_at)
        .then_some(())
        .ok_or(Error::new(MajorStatus::CREDENTIALS_EXPIRED, minor))
}

fn without_pin(credential: &AuthCredential) -> Result<(), Error> {
    let minor = MinorStatus::PinUnsupported;
    (!credential.pin_required)
        .then_some(())
        .ok_or(Error::new(MajorStatus::UNAVAILABLE, minor))
}

fn defective(error: CredentialError) -> Error {
    let minor = match error {
        CredentialError::DoesNotOpen => MinorStatus::SealedCredential,
        CredentialError::Version => MinorStatus::CredentialVersion,
        CredentialError::Content => MinorStatus::CredentialContent,
        CredentialError::Mechanism => MinorStatus::CredentialMechanism,
    };
    Error::new(MajorStatus::DEFECTIVE_CREDENTIAL, minor)
}
