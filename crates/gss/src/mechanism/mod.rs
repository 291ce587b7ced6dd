//! The mechanisms: one folder and one line of the registry each.

mod noise_psk;

use crate::gss::Registry;

/// The mechanisms, the preferred one first.
static MECHANISMS: Registry = Registry::new(&[&noise_psk::NoisePsk]);

/// All mechanisms of this version; the first one is what a new invitation uses.
#[must_use]
pub fn registry() -> &'static Registry {
    &MECHANISMS
}
