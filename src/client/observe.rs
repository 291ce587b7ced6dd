//! Who watches a transfer's events: one at a time, since an acknowledged event is gone for all.

use std::sync::PoisonError;

use super::TransferClient;
use crate::{Error, TransferId};

/// The right to watch a transfer's events, until it is dropped. Whoever only polls needs none.
pub struct Observation {
    client: TransferClient,
    id: TransferId,
}

impl std::fmt::Debug for Observation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observation(..)")
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        let observed = &self.client.0.observed;
        let mut observed = observed.lock().unwrap_or_else(PoisonError::into_inner);
        observed.remove(&self.id);
    }
}

impl TransferClient {
    /// The right to watch a transfer's events, which one at a time has in this client: for streams of events over
    /// [`poll`](Self::poll).
    ///
    /// # Errors
    /// `already_observed` while another has it.
    pub fn observe(&self, id: TransferId) -> Result<Observation, Error> {
        let observed = &self.0.observed;
        let mut observed = observed.lock().unwrap_or_else(PoisonError::into_inner);
        if !observed.insert(id) {
            return Err(Error::already_observed());
        }
        Ok(Observation {
            client: self.clone(),
            id,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;

    use super::*;
    use crate::{Config, HttpTransport, MemoryStore, TransportError, TransportFailure};
    use tigress_mailbox::{HttpRequest, HttpResponse};

    struct Unused;

    #[async_trait]
    impl HttpTransport for Unused {
        async fn send(&self, _: HttpRequest) -> Result<HttpResponse, TransportError> {
            Err(TransportError::new(TransportFailure::Other, "unused"))
        }
    }

    #[test]
    fn one_watches_a_transfer_at_a_time() {
        let store = Arc::new(MemoryStore::default());
        let client = TransferClient::new(Config::default(), store, Some(Arc::new(Unused))).unwrap();
        let id = |n: u128| TransferId::from(uuid::Uuid::from_u128(n));
        let first = client.observe(id(1)).unwrap();
        assert_eq!(
            client.observe(id(1)).unwrap_err().code(),
            "already_observed"
        );
        assert!(client.observe(id(2)).is_ok());
        drop(first);
        assert!(client.observe(id(1)).is_ok());
    }
}
