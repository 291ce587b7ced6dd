//! The single-use auth credential (steps 1 and 5): it authenticates one security context, and travels in the
//! first token, sealed under a key from the shared secret.

use std::fmt;

use zeroize::Zeroizing;

use crate::crypto;
use crate::oid::Oid;
use tigress_primitives::cbor::{self, Map, Value};
use tigress_primitives::entropy::Entropy;
use tigress_primitives::record::Stored;
use tigress_primitives::secret::{Secret, SharedSecret};

/// The one version there is, of the credential and of its sealed form.
const VERSION: u8 = 1;
/// Longest time from a credential's issue to its expiry, in seconds.
pub const MAX_LIFETIME: u64 = 30 * 24 * 3600;
/// Names the sealing key and opens its associated data.
const LABEL: &[u8] = b"tigress v1 auth credential";

/// The id of an auth credential: 16 random bytes, by which a receiver knows that it was used before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialId([u8; 16]);

impl CredentialId {
    /// The id with these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl Stored for CredentialId {
    fn to_value(&self) -> Option<Value<'_>> {
        self.0.to_value()
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        Stored::from_value(value).map(Self)
    }
}

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CredentialId({self})")
    }
}

/// A single-use auth credential.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthCredential {
    /// Version of its form: 1.
    pub version: u8,
    /// Its id.
    pub id: CredentialId,
    /// What the context is authenticated with; not the shared secret, so that a mechanism can change without
    /// touching invitations.
    pub key: Secret<32>,
    /// The mechanism that it is for.
    pub mechanism: Oid,
    /// When it was issued, Unix seconds by the sender's clock.
    pub issued_at: u64,
    /// When it expires, Unix seconds by the sender's clock.
    pub expires_at: u64,
    /// Whether the receiver must know a PIN as well.
    pub pin_required: bool,
}

/// Why a sealed credential was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CredentialError {
    /// Another secret, another mechanism's token, or altered.
    #[error("the auth credential does not open under the shared secret")]
    DoesNotOpen,
    /// A version that is not known here.
    #[error("the auth credential's version is not known")]
    Version,
    /// It opened, but holds something else than a credential.
    #[error("the auth credential is malformed")]
    Content,
    /// It expires before it was issued, or more than 30 days later than it may.
    #[error("the auth credential's times are out of bounds")]
    Times,
    /// It is for another mechanism than the token that it came in.
    #[error("the auth credential is for another mechanism")]
    Mechanism,
}

impl AuthCredential {
    /// A fresh credential; times in Unix seconds.
    #[must_use]
    pub fn new(
        mechanism: Oid,
        issued_at: u64,
        expires_at: u64,
        pin_required: bool,
        entropy: &mut Entropy,
    ) -> Self {
        Self {
            version: VERSION,
            id: CredentialId(entropy.bytes()),
            key: entropy.secret(),
            mechanism,
            issued_at,
            expires_at,
            pin_required,
        }
    }

    /// Seals it under `secret`: version ‖ nonce (12 bytes) ‖ ChaCha20-Poly1305.
    #[must_use]
    pub fn seal(&self, secret: &SharedSecret, entropy: &mut Entropy) -> Vec<u8> {
        let nonce: [u8; 12] = entropy.bytes();
        let aad = associated_data(&self.mechanism);
        let sealed = crypto::seal_once(&sealing_key(secret), &nonce, &aad, &self.to_cbor());
        [&[VERSION], &nonce[..], &sealed].concat()
    }

    /// Opens what [`Self::seal`] gave; `mechanism` is that of the token it came in.
    ///
    /// # Errors
    /// Each reason is its own [`CredentialError`]. Expiry and use before are the caller's to judge.
    pub fn open(
        secret: &SharedSecret,
        mechanism: &Oid,
        sealed: &[u8],
    ) -> Result<Self, CredentialError> {
        let (version, nonce, data) = split(sealed).ok_or(CredentialError::DoesNotOpen)?;
        if *version != [VERSION] {
            return Err(CredentialError::Version);
        }
        let aad = associated_data(mechanism);
        let plain = crypto::open_once(&sealing_key(secret), nonce, &aad, data)
            .ok_or(CredentialError::DoesNotOpen)?;
        let credential = Self::from_cbor(&plain)?;
        if credential.mechanism != *mechanism {
            return Err(CredentialError::Mechanism);
        }
        Ok(credential)
    }

    /// Its deterministic CBOR, unsealed.
    pub(crate) fn to_cbor(&self) -> Zeroizing<Vec<u8>> {
        Map::new()
            .with(0, u64::from(self.version))
            .with(1, &self.id.0)
            .with(2, self.key.expose())
            .with(3, self.mechanism.content())
            .with(4, self.issued_at)
            .with(5, self.expires_at)
            .with(6, self.pin_required)
            .encode()
    }

    /// Reads what [`Self::to_cbor`] wrote.
    pub(crate) fn from_cbor(bytes: &[u8]) -> Result<Self, CredentialError> {
        let map = cbor::decode_map(bytes).ok_or(CredentialError::Content)?;
        match map.uint(0) {
            Some(version) if version == u64::from(VERSION) => {}
            Some(_) => return Err(CredentialError::Version),
            None => return Err(CredentialError::Content),
        }
        let credential = Self::from_map(&map).ok_or(CredentialError::Content)?;
        // What guards tries and single use depends on no more than 30 days of anybody's word.
        match credential.expires_at.checked_sub(credential.issued_at) {
            Some(..=MAX_LIFETIME) => Ok(credential),
            _ => Err(CredentialError::Times),
        }
    }

    //= protocol/3-bounds
    fn from_map(map: &Map) -> Option<Self> {
        map.only(&[0, 1, 2, 3, 4, 5, 6]).then_some(())?;
        Some(Self {
            version: VERSION,
            id: CredentialId(map.bytes(1)?.try_into().ok()?),
            key: Secret::from_slice(map.bytes(2)?)?,
            mechanism: Oid::from_content(map.bytes(3)?)?,
            issued_at: map.uint(4)?,
            expires_at: map.uint(5)?,
            pin_required: map.boolean(6)?,
        })
    }
}

/// Version, nonce and data of a sealed credential.
pub(crate) fn split(sealed: &[u8]) -> Option<(&[u8; 1], &[u8; 12], &[u8])> {
    let (version, rest) = sealed.split_first_chunk()?;
    let (nonce, data) = rest.split_first_chunk()?;
    Some((version, nonce, data))
}

/// K_ac.
pub(crate) fn sealing_key(secret: &SharedSecret) -> Secret<32> {
    crypto::hkdf(secret.expose(), LABEL)
}

/// Binds the sealed credential to its place: the token of this mechanism.
fn associated_data(mechanism: &Oid) -> Vec<u8> {
    let oid = mechanism.content();
    // An OID has at most 255 octets.
    [LABEL, &[VERSION], &(oid.len() as u16).to_be_bytes(), oid].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HERE: Oid = Oid::known(&[0x2a, 1]);
    const ELSEWHERE: Oid = Oid::known(&[0x2a, 2]);

    fn entropy() -> Entropy {
        Entropy::from_seed(&Secret::new([7; 32]))
    }

    fn secret() -> SharedSecret {
        Secret::new([9; 32])
    }

    fn credential() -> AuthCredential {
        AuthCredential::new(HERE, 1_000, 2_000, true, &mut entropy())
    }

    /// A sealed credential with any content.
    fn sealed(version: u8, content: &[u8]) -> Vec<u8> {
        let aad = associated_data(&HERE);
        let data = crypto::seal_once(&sealing_key(&secret()), &[5; 12], &aad, content);
        [&[version], &[5; 12][..], &data].concat()
    }

    #[test]
    fn opens_under_the_same_secret_only() {
        let sealed = credential().seal(&secret(), &mut entropy());
        assert_eq!(
            AuthCredential::open(&secret(), &HERE, &sealed),
            Ok(credential())
        );
        assert_eq!(
            AuthCredential::open(&Secret::new([8; 32]), &HERE, &sealed),
            Err(CredentialError::DoesNotOpen)
        );
    }

    #[test]
    fn belongs_to_its_mechanism() {
        let sealed_here = credential().seal(&secret(), &mut entropy());
        assert_eq!(
            AuthCredential::open(&secret(), &ELSEWHERE, &sealed_here),
            Err(CredentialError::DoesNotOpen)
        );
        let other = AuthCredential {
            mechanism: ELSEWHERE,
            ..credential()
        };
        assert_eq!(
            AuthCredential::open(&secret(), &HERE, &sealed(1, &other.to_cbor())),
            Err(CredentialError::Mechanism)
        );
    }

    #[test]
    fn another_version_is_its_own_error() {
        let open = |sealed: &[u8]| AuthCredential::open(&secret(), &HERE, sealed);
        let next = AuthCredential {
            version: 2,
            ..credential()
        };
        assert_eq!(
            open(&sealed(1, &next.to_cbor())),
            Err(CredentialError::Version)
        );
        assert_eq!(
            open(&sealed(2, &credential().to_cbor())),
            Err(CredentialError::Version)
        );
    }

    #[test]
    fn malformed_content_is_its_own_error() {
        let good = credential().to_cbor();
        let good = cbor::decode_map(&good).unwrap();
        let bad = [
            good.clone().with(1, &[0; 15]),
            good.clone().with(2, &[0; 33]),
            good.clone().with(3, &[0x80]),
            good.clone().with(4, "soon"),
            good.clone().with(6, 1),
            good.clone().with(7, true),
            good.with(0, "1"),
        ];
        for map in bad {
            let opened = AuthCredential::open(&secret(), &HERE, &sealed(1, &map.encode()));
            assert_eq!(opened, Err(CredentialError::Content), "{map:?}");
        }
    }

    //= test protocol/3-bounds
    #[test]
    fn times_out_of_bounds_are_their_own_error() {
        let open = |issued_at, expires_at| {
            let credential = AuthCredential {
                issued_at,
                expires_at,
                ..credential()
            };
            let sealed = credential.seal(&secret(), &mut entropy());
            AuthCredential::open(&secret(), &HERE, &sealed).map(drop)
        };
        for (issued_at, expires_at) in [
            (1_000, 1_000),
            (1_000, 1_000 + MAX_LIFETIME),
            (u64::MAX - MAX_LIFETIME, u64::MAX),
        ] {
            assert_eq!(open(issued_at, expires_at), Ok(()));
        }
        for (issued_at, expires_at) in [
            (1_000, 999),
            (1_000, 1_001 + MAX_LIFETIME),
            (1_000, u64::MAX),
            (u64::MAX, 0),
        ] {
            assert_eq!(open(issued_at, expires_at), Err(CredentialError::Times));
        }
    }

    #[test]
    fn shows_no_key() {
        let key = hex::encode(credential().key.expose());
        let shown = format!("{:?}", credential()).replace(", ", "");
        assert!(
            shown.contains("Secret(..)") && !shown.contains(&key[..8]),
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn altered_or_cut_does_not_open(at: prop::sample::Index, flip in 1u8..) {
            let mut sealed = credential().seal(&secret(), &mut entropy());
            let at = at.index(sealed.len());
            prop_assert!(AuthCredential::open(&secret(), &HERE, &sealed[..at]).is_err());
            sealed[at] ^= flip;
            prop_assert!(AuthCredential::open(&secret(), &HERE, &sealed).is_err());
        }

        #[test]
        fn anything_else_does_not_open(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(AuthCredential::open(&secret(), &HERE, &bytes).is_err());
            prop_assert!(AuthCredential::from_cbor(&bytes).is_err());
        }
    }
}
