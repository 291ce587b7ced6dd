//! The key schedule after the handshake: HKDF-SHA256 from the handshake's hash and split keys.

use zeroize::{Zeroize, Zeroizing};

use super::handshake::Split;
use super::pin::Shared;
use crate::auth_credential::AuthCredential;
use crate::crypto;
use crate::gss::{Oid, Role};
use tigress_primitives::secret::Secret;

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
    /// The hash h of the handshake and the late bindings.
    pub(super) hash: [u8; 32],
    /// From the handshake alone: envelopes and control tokens.
    pub(super) root: Secret<32>,
    /// Messages and key confirmation; where there is a PIN, its key is mixed into this one.
    pub(super) master: Secret<32>,
}

tigress_primitives::record! {
    struct Keys { hash: 6, root: 7, master: 8 }
}

/// k1 ‖ k2: kept only as long as a PIN's key may still have to be mixed in.
pub(super) type Halves = Secret<64>;

pub(super) fn halves(split: &Split) -> Halves {
    let mut both = [0; 64];
    both[..32].copy_from_slice(split.k1.expose());
    both[32..].copy_from_slice(split.k2.expose());
    let halves = Secret::new(both);
    both.zeroize();
    halves
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
    /// `late`: hash of what both sides know only after the first token. All keys, and all that is sealed under
    /// them, come from `hash`.
    pub(super) fn new(split: &Split, late: &[u8; 32]) -> Self {
        let hash = crypto::sha256(&[b"tigress v1 late bindings", &split.hash, late]);
        let root = crypto::extract(&hash, halves(split).expose());
        Self {
            hash,
            master: root.clone(),
            root,
        }
    }

    /// The keys of two sides that also share a PIN's key.
    pub(super) fn with_pin(&self, halves: &Halves, shared: &Shared) -> Self {
        let ikm = Zeroizing::new([&halves.expose()[..], shared.expose()].concat());
        Self {
            master: crypto::extract(&self.hash, &ikm),
            ..self.clone()
        }
    }

    /// What envelopes and aborts need, and nothing else.
    pub(super) fn without_master(&self) -> Self {
        Self {
            master: self.root.clone(),
            ..self.clone()
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

    /// K_prf.
    pub(super) fn pseudo_random(&self) -> Secret<32> {
        crypto::expand(&self.master, &[b"tigress v1 prf"])
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
