//! The relay for wallets' own tests.

use std::sync::Arc;

use crate::http::{BuiltIn, HttpTransport};

/// A relay in memory, for a wallet's own tests: whole transfers without a network. Give its `transport` to the clients,
/// and its `origin` to them as their relay.
#[derive(uniffi::Object)]
pub struct InMemoryRelay(Arc<tigress::testing::InMemoryRelay>);

#[uniffi::export]
impl InMemoryRelay {
    /// One without mailboxes.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Arc::default()))
    }

    /// The relay's origin, for `Config.relay`.
    #[must_use]
    pub fn origin(&self) -> String {
        tigress::testing::InMemoryRelay::ORIGIN.to_owned()
    }

    /// The way to this relay, and to no other.
    #[must_use]
    pub fn transport(&self) -> Arc<dyn HttpTransport> {
        Arc::new(BuiltIn(self.0.clone()))
    }

    /// How many mailboxes there are.
    #[must_use]
    pub fn mailboxes(&self) -> u64 {
        self.0.mailboxes() as u64
    }
}
