//! Stopping a call from languages whose cancellation does not reach Rust.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::error::TigressError;

/// Stops the calls that it was given to. Swift's task cancellation does not reach into the library by itself: the
/// Swift package uses this. In Kotlin a cancelled coroutine stops its call without it.
///
/// A stopped call fails with `cancelled`. Nothing is lost by that: what was stored stays, and the same call goes on
/// later.
#[derive(uniffi::Object)]
pub struct Cancellation {
    /// Never has a permit: waiting for one ends when it is closed.
    closed: Semaphore,
}

#[uniffi::export]
impl Cancellation {
    /// One that has not been used yet.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            closed: Semaphore::const_new(0),
        })
    }

    /// Stops the calls that were given this, and those that will be.
    pub fn cancel(&self) {
        self.closed.close();
    }

    /// Whether `cancel` was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.closed.is_closed()
    }
}

/// Runs `call` until it is done, or cancelled.
pub(crate) async fn cancellable<T>(
    cancellation: Option<Arc<Cancellation>>,
    call: impl Future<Output = Result<T, tigress::Error>>,
) -> Result<T, TigressError> {
    let Some(cancellation) = cancellation else {
        return Ok(call.await?);
    };
    tokio::select! {
        biased;
        _ = cancellation.closed.acquire() => Err(TigressError::cancelled()),
        result = call => Ok(result?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_cancelled_call_stops_where_it_waits_and_a_later_one_does_not_begin() {
        let cancellation = Cancellation::new();
        let waiting = tokio::spawn(cancellable::<()>(
            Some(Arc::clone(&cancellation)),
            std::future::pending(),
        ));
        tokio::task::yield_now().await;
        cancellation.cancel();
        assert_eq!(waiting.await.unwrap(), Err(TigressError::cancelled()));
        let later = cancellable(Some(cancellation), async { Ok(1) }).await;
        assert_eq!(later, Err(TigressError::cancelled()));
    }

    #[tokio::test]
    async fn without_one_a_call_runs_to_its_end() {
        assert_eq!(cancellable(None, async { Ok(1) }).await, Ok(1));
    }
}
