//! A process that dies at a chosen store write or request, before or after that had its effect.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use tigress::{
    HttpTransport, MemoryStore, StoreError, StoredRecord, TransferStore, TransportError,
    TransportFailure,
};
use tigress_mailbox::{HttpRequest, HttpResponse};

use crate::PlainRelay;

/// Where a process dies: at which of its store writes and requests together, and on which side of the effect.
#[derive(Clone, Copy, Debug)]
pub struct Kill {
    /// Counted from 0.
    pub at: usize,
    /// Whether the effect took place.
    pub after: bool,
}

/// One process: counts what it does, and is dead from its kill on.
#[derive(Default)]
pub struct Process {
    kill: Option<Kill>,
    done: AtomicUsize,
    dead: AtomicBool,
}

impl Process {
    /// One that dies there, if anywhere.
    pub fn new(kill: Option<Kill>) -> Arc<Self> {
        Arc::new(Self {
            kill,
            ..Self::default()
        })
    }

    /// How many store writes and requests it has begun.
    pub fn count(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }

    /// Whether it has died.
    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// What it writes to: the disk outlives it.
    pub fn disk(self: &Arc<Self>, disk: &Arc<MemoryStore>) -> Arc<dyn TransferStore> {
        Arc::new(Disk(Arc::clone(disk), Arc::clone(self)))
    }

    /// How it reaches the relay.
    pub fn network(self: &Arc<Self>, relay: &Arc<PlainRelay>) -> Arc<dyn HttpTransport> {
        Arc::new(Network(Arc::clone(relay), Arc::clone(self)))
    }

    /// Whether the effect takes place, and whether the process lives to see it.
    fn next(&self) -> (bool, bool) {
        if self.is_dead() {
            return (false, false);
        }
        let now = self.done.fetch_add(1, Ordering::SeqCst);
        match self.kill.filter(|kill| kill.at == now) {
            Some(kill) => {
                self.dead.store(true, Ordering::SeqCst);
                (kill.after, false)
            }
            None => (true, true),
        }
    }
}

struct Disk(Arc<MemoryStore>, Arc<Process>);

impl Disk {
    fn write<T>(&self, effect: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let (happens, lives) = self.1.next();
        let result = happens.then(effect);
        match (result, lives) {
            (Some(result), true) => result,
            _ => Err(StoreError::Failed {
                reason: "killed".into(),
            }),
        }
    }
}

impl TransferStore for Disk {
    fn load(&self, key: &str) -> Result<Option<StoredRecord>, StoreError> {
        self.0.load(key)
    }

    fn save(&self, key: &str, expected: Option<&str>, bytes: &[u8]) -> Result<String, StoreError> {
        self.write(|| self.0.save(key, expected, bytes))
    }

    fn delete(&self, key: &str, expected: &str) -> Result<(), StoreError> {
        self.write(|| self.0.delete(key, expected))
    }

    fn list(&self) -> Result<Vec<String>, StoreError> {
        self.0.list()
    }
}

struct Network(Arc<PlainRelay>, Arc<Process>);

#[async_trait]
impl HttpTransport for Network {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let (happens, lives) = self.1.next();
        let answer = happens.then(|| self.0.answer(&request));
        answer
            .filter(|_| lives)
            .ok_or_else(|| TransportError::new(TransportFailure::CutOff, "killed"))
    }
}
