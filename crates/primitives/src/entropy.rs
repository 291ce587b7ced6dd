//! Randomness that is handed in: the shell draws a fresh seed from the operating system for each input,
//! the core expands it, so that every step can be replayed in a test.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::secret::Secret;

/// A deterministic generator (ChaCha20) over one fresh 32-byte seed.
pub struct Entropy(ChaCha20Rng);

impl Entropy {
    /// Expands `seed`, which must come from the operating system's generator and be used once.
    #[must_use]
    pub fn from_seed(seed: &Secret<32>) -> Self {
        Self(ChaCha20Rng::from_seed(*seed.expose()))
    }

    /// The next `N` bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.0.fill_bytes(&mut out);
        out
    }

    /// The next `N` bytes, as a secret.
    pub fn secret<const N: usize>(&mut self) -> Secret<N> {
        Secret::new(self.bytes())
    }

    /// A random (version 4) UUID.
    pub fn uuid(&mut self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entropy(..)")
    }
}
