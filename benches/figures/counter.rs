//! Counts what goes over the wire.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tigress::{
    HttpTransport, MemoryStore, StoreError, StoredRecord, TransferStore, TransportError,
};
use tigress_mailbox::{HttpRequest, HttpResponse, headers};

/// Requests, all but waiting reads that came back unchanged, and the bytes of all: URLs, headers, bodies.
#[derive(Clone, Default)]
pub(crate) struct Traffic {
    pub(crate) requests: usize,
    pub(crate) bytes: usize,
    /// Of both devices' stores.
    pub(crate) loads: usize,
    pub(crate) saves: usize,
}

pub(crate) struct Counter {
    pub(crate) inner: Arc<dyn HttpTransport>,
    pub(crate) traffic: Arc<Mutex<Traffic>>,
}

#[async_trait]
impl HttpTransport for Counter {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let length = |name: &str, value: &str| name.len() + value.len() + 4;
        let asked: usize = request.headers.iter().map(|(n, v)| length(n, v)).sum();
        let asked = request.url.len() + asked + request.body.as_ref().map_or(0, Vec::len);
        let known = request
            .headers
            .iter()
            .find(|(name, _)| *name == headers::PAYLOAD_VERSION);
        let known = known.map(|(_, version)| version.clone());
        let response = self.inner.send(request).await?;
        let answered: usize = response.headers.iter().map(|(n, v)| length(n, v)).sum();
        let unchanged =
            known.is_some() && known.as_deref() == response.header(headers::PAYLOAD_VERSION);
        let mut traffic = self.traffic.lock().unwrap();
        traffic.requests += usize::from(!unchanged);
        traffic.bytes += asked + answered + response.body.len();
        Ok(response)
    }
}

/// A memory store that counts.
pub(crate) struct CountedStore {
    pub(crate) inner: MemoryStore,
    pub(crate) traffic: Arc<Mutex<Traffic>>,
}

impl TransferStore for CountedStore {
    fn load(&self, key: &str) -> Result<Option<StoredRecord>, StoreError> {
        self.traffic.lock().unwrap().loads += 1;
        self.inner.load(key)
    }

    fn save(&self, key: &str, expected: Option<&str>, bytes: &[u8]) -> Result<String, StoreError> {
        self.traffic.lock().unwrap().saves += 1;
        self.inner.save(key, expected, bytes)
    }

    fn delete(&self, key: &str, expected: &str) -> Result<(), StoreError> {
        self.inner.delete(key, expected)
    }

    fn list(&self) -> Result<Vec<String>, StoreError> {
        self.inner.list()
    }

    fn blocks(&self) -> bool {
        self.inner.blocks()
    }
}
