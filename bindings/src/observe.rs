//! Who watches a transfer's events.

use std::sync::{Mutex, PoisonError};

/// The right to watch one transfer's events, which one at a time has: for `events` of the Swift package and of the
/// Android library. It ends with `end`, or when it is no longer used.
#[derive(uniffi::Object)]
pub struct Observation(Mutex<Option<tigress::Observation>>);

impl From<tigress::Observation> for Observation {
    fn from(observation: tigress::Observation) -> Self {
        Self(Mutex::new(Some(observation)))
    }
}

#[uniffi::export]
impl Observation {
    /// Lets the next one watch.
    pub fn end(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
