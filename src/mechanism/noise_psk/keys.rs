//! The key schedule after the handshake: HKDF-SHA256 from the handshake's hash and split keys.

use zeroize::Zeroizing;

use super::handshake::Split;
use crate::auth_credential::AuthCredential;
use crate::crypto;
use crate::gss::{Oid, Role};
use crate::secret::Secret;

/// The name in labels that belong to this mechanism.
const NAME: &[u8] = b"tigress v1 noise-psk";

/// The pre-shared key of the handshake.
pub(super) fn psk(credential: &AuthCredential) -> Secret<32> {
    crypto::hkdf(credential.key.expose(), NAME)
}

/// The prologue: what both sides must have seen alike before the handshake.
pub(super) fn prologue(oid: &Oid, sealed: &[u8]) -> Option<Vec<u8>> {
    let oid = oid.content();
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).ok().map(u16::to_be_bytes);
    Some([NAME, &[0], &length(oid)?, oid, &length(sealed)?, sealed].concat())
}

/// A context's keys; those per use and direction are derived when they are needed.
#[derive(Clone)]
pub(super) struct Keys {
    /// The handshake hash h.
    pub(super) hash: [u8; 32],
    /// From the handshake alone: envelopes and control tokens.
    pub(super) root: Secret<32>,
    /// Messages and key confirmation; a PIN's key will be mixed into this one.
    pub(super) master: Secret<32>,
}

/// What a key is for, with one key for each direction.
#[derive(Clone, Copy)]
pub(super) enum Use {
    Wrap,
    Integrity,
    Mic,
    Delete,
}

impl Keys {
    pub(super) fn new(split: &Split) -> Self {
        let mut both = Zeroizing::new([0; 64]);
        both[..32].copy_from_slice(split.k1.expose());
        both[32..].copy_from_slice(split.k2.expose());
        let root = crypto::extract(&split.hash, &*both);
        Self {
            hash: split.hash,
            master: root.clone(),
            root,
        }
    }

    /// K_env: never the PIN's, so that an envelope can be judged before the PIN is.
    pub(super) fn envelope(&self, from: Role) -> Secret<32> {
        crypto::expand(&self.root, &[b"tigress v1 envelope ", letter(from)])
    }

    /// K_ctl.
    pub(super) fn control(&self, from: Role) -> Secret<32> {
        crypto::expand(&self.root, &[b"tigress v1 control ", letter(from)])
    }

    /// K_fin.
    pub(super) fn finish(&self) -> Secret<32> {
        crypto::expand(&self.master, &[b"tigress v1 finish"])
    }

    /// K_wrap, K_int, K_mic, K_del.
    pub(super) fn message(&self, purpose: Use, from: Role) -> Secret<32> {
        let label: &[u8] = match purpose {
            Use::Wrap => b"tigress v1 wrap ",
            Use::Integrity => b"tigress v1 integrity ",
            Use::Mic => b"tigress v1 mic ",
            Use::Delete => b"tigress v1 delete ",
        };
        crypto::expand(&self.master, &[label, letter(from)])
    }
}

fn letter(from: Role) -> &'static [u8] {
    match from {
        Role::Initiator => b"i",
        Role::Acceptor => b"a",
    }
}
