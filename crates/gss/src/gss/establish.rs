//! The first call of each side (RFC 2743 §2.2.1 and §2.2.2). A first call that fails leaves no context.

use super::context::SecurityContext;
use super::mechanism::{First, Heard, Mechanism, Registry, Said};
use super::status::{Error, MajorStatus, MinorStatus};
use super::token;
use super::{AcceptorCredential, ChannelBindings, InitiatorCredential, Role};
use crate::auth_credential::{AuthCredential, CredentialError, CredentialId};
use crate::crypto;
use crate::pin::Pin;
use tigress_primitives::entropy::Entropy;

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

//= gss/2743-2.2.1-continue
/// Starts a context as its initiator and gives the first token.
///
/// The context lives until the credential expires; `lifetime` (seconds; `None` or 0 for the default) can
/// shorten that. `now` in Unix seconds.
///
/// # Errors
/// `BAD_MECH` if the credential's mechanism is not registered, `CREDENTIALS_EXPIRED`, `NO_CRED` if it asks for a
/// PIN and there is none, `DEFECTIVE_CREDENTIAL` if there is one and it asks for none.
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
    pin_agrees(credential, cred.pin.as_ref())?;
    let first = First {
        credential,
        sealed: &credential.seal(&cred.secret, entropy),
        bindings: bindings.map(ChannelBindings::hash),
        late: late(bindings),
        said: Said {
            application_data: cred.application_data.as_deref(),
            summary: cred.summary.as_deref(),
        },
        pin: cred.pin.as_ref(),
        tries: cred.tries,
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

/// What an initiator's first token says, before it is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckedToken {
    /// The auth credential's id.
    pub credential_id: CredentialId,
    /// When the credential was issued, Unix seconds by the sender's clock.
    pub issued_at: u64,
    /// When it expires, Unix seconds.
    pub expires_at: u64,
    /// Whether it asks for a PIN.
    pub pin_required: bool,
    /// What the initiator's application says beside, if anything.
    pub application_data: Option<Vec<u8>>,
    /// What it says to the acceptor's user, if anything.
    pub summary: Option<Vec<u8>>,
}

/// Judges an initiator's first token as [`accept_sec_context`] does, without answering it: no PIN is needed yet,
/// and nothing is used up.
///
/// # Errors
/// As [`accept_sec_context`], but for a missing PIN.
pub fn check_token(
    registry: &Registry,
    cred: &AcceptorCredential,
    bindings: Option<&ChannelBindings>,
    token: &[u8],
    used: &dyn Fn(&CredentialId) -> bool,
    now: u64,
) -> Result<CheckedToken, Error> {
    let read = read(registry, cred, token, used, now)?;
    no_downgrade(&read.credential, cred.pin.as_ref())?;
    let first = read.first(cred, bindings);
    let heard = read.mechanism.check(&first, read.body)?;
    Ok(checked(&read.credential, heard))
}

pub(super) fn checked(credential: &AuthCredential, heard: Heard) -> CheckedToken {
    CheckedToken {
        credential_id: credential.id,
        issued_at: credential.issued_at,
        expires_at: credential.expires_at,
        pin_required: credential.pin_required,
        application_data: heard.application_data,
        summary: heard.summary,
    }
}

/// Takes an initiator's first token and answers it.
///
/// `used` tells whether a credential id was used on this device before. `now` in Unix seconds is what expiry
/// is judged by: a caller that does not trust its clock gives the earliest time it holds possible.
///
/// # Errors
/// `DEFECTIVE_TOKEN`, `BAD_MECH`, `NO_CRED` without a shared secret, `DEFECTIVE_CREDENTIAL` if the sealed
/// credential does not open or is not for this token, `CREDENTIALS_EXPIRED`, `DUPLICATE_TOKEN` if it was used
/// before, `NO_CRED` if it asks for a PIN and there is none, `DEFECTIVE_CREDENTIAL` if there is one and it asks
/// for none, `BAD_BINDINGS` if both sides gave some and they differ.
pub fn accept_sec_context(
    registry: &Registry,
    cred: &AcceptorCredential,
    bindings: Option<&ChannelBindings>,
    token: &[u8],
    used: &dyn Fn(&CredentialId) -> bool,
    now: u64,
    entropy: &mut Entropy,
) -> Result<Accepted, Error> {
    let read = read(registry, cred, token, used, now)?;
    pin_agrees(&read.credential, cred.pin.as_ref())?;
    let first = read.first(cred, bindings);
    let (inner, answer) = read.mechanism.accept(&first, read.body, entropy)?;
    let expires_at = read.credential.expires_at;
    Ok(Accepted {
        context: SecurityContext::new(read.mechanism, inner, Role::Acceptor, expires_at),
        token: token::frame(&read.mechanism.oid(), &answer),
        credential_id: read.credential.id,
        issued_at: read.credential.issued_at,
        expires_at,
        pin_required: read.credential.pin_required,
    })
}

/// A first token taken apart, its credential opened and judged.
struct Read<'t> {
    mechanism: &'static dyn Mechanism,
    credential: AuthCredential,
    sealed: &'t [u8],
    body: &'t [u8],
}

fn read<'t>(
    registry: &Registry,
    cred: &AcceptorCredential,
    token: &'t [u8],
    used: &dyn Fn(&CredentialId) -> bool,
    now: u64,
) -> Result<Read<'t>, Error> {
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
    Ok(Read {
        mechanism,
        credential,
        sealed,
        body: frame.body,
    })
}

impl Read<'_> {
    fn first<'a>(
        &'a self,
        cred: &'a AcceptorCredential,
        bindings: Option<&ChannelBindings>,
    ) -> First<'a> {
        First {
            credential: &self.credential,
            sealed: self.sealed,
            bindings: bindings.map(ChannelBindings::hash),
            late: late(bindings),
            said: Said::default(),
            pin: cred.pin.as_ref(),
            tries: 1,
        }
    }
}

pub(super) fn late(bindings: Option<&ChannelBindings>) -> [u8; 32] {
    crypto::sha256(&[bindings.map_or(&[][..], |bindings| &bindings.late_data)])
}

const UNKNOWN_MECHANISM: Error = Error::new(MajorStatus::BAD_MECH, MinorStatus::UnknownMechanism);

fn in_time(credential: &AuthCredential, now: u64) -> Result<(), Error> {
    let minor = MinorStatus::CredentialExpired;
    (now < credential.expires_at)
        .then_some(())
        .ok_or(Error::new(MajorStatus::CREDENTIALS_EXPIRED, minor))
}

fn pin_agrees(credential: &AuthCredential, pin: Option<&Pin>) -> Result<(), Error> {
    if credential.pin_required && pin.is_none() {
        return Err(Error::new(MajorStatus::NO_CRED, MinorStatus::PinNeeded));
    }
    no_downgrade(credential, pin)
}

//= protocol/5.3-no-downgrade
/// Whoever was given a PIN goes on with nothing that asks for none.
fn no_downgrade(credential: &AuthCredential, pin: Option<&Pin>) -> Result<(), Error> {
    if pin.is_some() && !credential.pin_required {
        let minor = MinorStatus::PinDowngrade;
        return Err(Error::new(MajorStatus::DEFECTIVE_CREDENTIAL, minor));
    }
    Ok(())
}

pub(super) fn defective(error: CredentialError) -> Error {
    let minor = match error {
        CredentialError::DoesNotOpen => MinorStatus::SealedCredential,
        CredentialError::Version => MinorStatus::CredentialVersion,
        CredentialError::Content => MinorStatus::CredentialContent,
        CredentialError::Mechanism => MinorStatus::CredentialMechanism,
        CredentialError::Times => MinorStatus::CredentialTimes,
    };
    Error::new(MajorStatus::DEFECTIVE_CREDENTIAL, minor)
}
