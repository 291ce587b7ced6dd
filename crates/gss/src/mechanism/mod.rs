//! The mechanisms: one folder and one line of the registry each.

mod noise_psk;
#[cfg(test)]
mod tests;

use crate::gss::{Registry, SecurityContext};
use tigress_primitives::cbor::Value;
use tigress_primitives::record::Stored;

/// The mechanisms, the preferred one first.
static MECHANISMS: Registry = Registry::new(&[&noise_psk::NoisePsk]);

/// All mechanisms of this version; the first one is what a new invitation uses.
#[must_use]
pub fn registry() -> &'static Registry {
    &MECHANISMS
}

/// As it is saved, by one of these mechanisms.
impl Stored for SecurityContext {
    fn to_value(&self) -> Option<Value<'_>> {
        Some(self.save().into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        Self::restore(registry(), value?.bytes()?).ok()
    }
}
