//! The relay for wallets' own tests.

use std::sync::Arc;

#[cfg(feature = "testing")]
use tigress::testing::InMemoryRelay as Relay;

use crate::error::TigressError;
use crate::http::{BuiltIn, HttpTransport};

/// A relay in memory, for a wallet's own tests: whole transfers without a network. Give its `transport` to the clients,
/// and its `origin` to them as their relay. The library for phones has none.
#[derive(uniffi::Object)]
pub struct InMemoryRelay(Arc<Relay>);

#[uniffi::export]
impl InMemoryRelay {
    /// One without mailboxes. Fails with `no_transport` where none is built in.
    #[uniffi::constructor]
    pub fn new() -> Result<Arc<Self>, TigressError> {
        Ok(Arc::new(Self(relay()?)))
    }

    /// The relay's origin, for `Config.relay`.
    #[must_use]
    pub fn origin(&self) -> String {
        Relay::ORIGIN.to_owned()
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

#[cfg(feature = "testing")]
#[allow(clippy::unnecessary_wraps, reason = "the one below can fail")]
fn relay() -> Result<Arc<Relay>, TigressError> {
    Ok(Arc::default())
}

#[cfg(not(feature = "testing"))]
fn relay() -> Result<Arc<Relay>, TigressError> {
    Err(tigress::Error::NoTransport.into())
}

/// What stands in the relay's place where it is left out, so that the other languages have one form: none can be made.
#[cfg(not(feature = "testing"))]
enum Relay {}

#[cfg(not(feature = "testing"))]
impl Relay {
    const ORIGIN: &str = "";

    fn mailboxes(&self) -> usize {
        match *self {}
    }
}

#[cfg(not(feature = "testing"))]
#[async_trait::async_trait]
impl tigress::HttpTransport for Relay {
    async fn send(
        &self,
        _: tigress::mailbox::HttpRequest,
    ) -> Result<tigress::mailbox::HttpResponse, tigress::TransportError> {
        match *self {}
    }
}
