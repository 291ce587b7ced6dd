//! A transfer's events, one by one.

use std::sync::Arc;

use tigress::{Events, RelayWatch, TransfersWatch};
use tokio::sync::Mutex;

use crate::cancel::{Cancellation, cancellable};
use crate::error::TigressError;
use crate::transfer::{TransferEvent, TransferSummary};

/// What the observer of a transfer is told.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Observed {
    /// Something happened.
    Event {
        /// It is acknowledged when the next is asked for.
        event: TransferEvent,
    },
    /// The relay does not answer, and is tried on.
    NoAnswer {
        /// Why.
        error: TigressError,
    },
    /// It answers again.
    Answers,
}

/// The events of one transfer, which one at a time has: what `events` of the Swift package and of the Android library
/// passes on. It ends when it is no longer used.
#[derive(uniffi::Object)]
pub struct Observation(Mutex<(Events, RelayWatch)>);

impl Observation {
    pub(crate) fn new(events: Events, relay: RelayWatch) -> Self {
        Self(Mutex::new((events, relay)))
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl Observation {
    /// Acknowledges the event before, and waits for the next; none after the last. Carries the transfer on meanwhile, for as
    /// long as it takes.
    ///
    /// Fails with what time alone does not mend: `relay_refused` once it has lasted, `untrusted_certificate`, `security`,
    /// `store`, `unknown_transfer`.
    #[uniffi::method(default(cancellation = None))]
    pub async fn next(
        &self,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Option<Observed>, TigressError> {
        cancellable(cancellation, async {
            let (events, relay) = &mut *self.0.lock().await;
            loop {
                tokio::select! {
                    biased;
                    event = events.next() => {
                        return Ok(event?.map(|event| Observed::Event { event: event.into() }));
                    }
                    trouble = relay.changed() => {
                        match trouble {
                            None => return Ok(Some(Observed::Answers)),
                            Some(error) if error.is_retryable() => {
                                return Ok(Some(Observed::NoAnswer { error: error.into() }));
                            }
                            // `events` fails with it.
                            Some(_) => {}
                        }
                    }
                }
            }
        })
        .await
    }
}

/// All transfers as they change, for a list that an app shows.
#[derive(uniffi::Object)]
pub struct TransfersObservation(Mutex<TransfersWatch>);

impl TransfersObservation {
    pub(crate) fn new(watch: TransfersWatch) -> Self {
        Self(Mutex::new(watch))
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl TransfersObservation {
    /// All transfers: at once the first time, then when they are others than before.
    ///
    /// Fails with `store`, `store_busy`.
    #[uniffi::method(default(cancellation = None))]
    pub async fn next(
        &self,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Vec<TransferSummary>, TigressError> {
        let all = cancellable(cancellation, async { self.0.lock().await.next().await }).await?;
        Ok(all.into_iter().map(Into::into).collect())
    }
}
