//! Another Rust SDK with UniFFI's bindings, with each kind of thing that ours has too: an object, a trait that the other
//! language implements, an async function, a record, an error. An app that has both must be able to use both.
#![deny(missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;

uniffi::setup_scaffolding!("other_sdk");

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Greeting {
    /// The words.
    pub words: String,
    /// How many were said before.
    pub number: u32,
}

/// Nobody was named.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Error)]
pub enum GreetingError {
    /// The name is empty.
    Nobody,
}

impl std::fmt::Display for GreetingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nobody is named")
    }
}

impl std::error::Error for GreetingError {}

/// Finds words; the app's own.
#[uniffi::export(with_foreign)]
#[async_trait]
pub trait Words: Send + Sync {
    /// The words for a name.
    async fn words(&self, name: String) -> String;
}

/// Greets by name.
#[derive(uniffi::Object)]
pub struct Greeter {
    words: Arc<dyn Words>,
    count: AtomicU32,
}

#[uniffi::export(async_runtime = "tokio")]
impl Greeter {
    /// One that has greeted nobody.
    #[uniffi::constructor]
    #[must_use]
    pub fn new(words: Arc<dyn Words>) -> Self {
        let count = AtomicU32::default();
        Self { words, count }
    }

    /// Fails if nobody is named.
    pub async fn greet(&self, name: String) -> Result<Greeting, GreetingError> {
        if name.is_empty() {
            return Err(GreetingError::Nobody);
        }
        Ok(Greeting {
            words: self.words.words(name).await,
            number: self.count.fetch_add(1, Ordering::Relaxed),
        })
    }
}
