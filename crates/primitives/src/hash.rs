//! SHA-256 (FIPS 180-4).

use sha2::{Digest, Sha256};

/// SHA-256 over the joined parts.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}
