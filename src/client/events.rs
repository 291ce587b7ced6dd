//! A transfer's events as a stream, which carries the transfer on: the one loop over `poll`, and the one rule of what is
//! waited out.

use std::sync::PoisonError;
use std::time::Duration;

use super::send::Retries;
use super::{FOREVER, TransferClient};
use crate::{Error, TransferEvent, TransferId, TransferState};

/// The events of one transfer, from the first that was not acknowledged to its end. One at a time has a transfer's events in
/// a client, until this is dropped: an acknowledged event is gone for all.
#[derive(Debug)]
pub struct Events {
    observer: Observer,
    /// The number of the event that was given last.
    given: u64,
    retries: Retries,
}

/// The right to a transfer's events, until it is dropped.
#[derive(Debug)]
struct Observer {
    client: TransferClient,
    id: TransferId,
}

impl Events {
    /// Acknowledges the event before, and waits for the next; none after the last. An event that an app was killed over comes
    /// again. Does what the transfer needs of the relay meanwhile, for as long as it takes: why that does not answer,
    /// [`TransferClient::watch_relay`] tells. May be cancelled: the next call goes on.
    ///
    /// # Errors
    /// What time alone does not mend: `relay_refused` once it has lasted, `untrusted_certificate`, `security`, `store`,
    /// `unknown_transfer`. The transfer stays, and the next call tries again.
    pub async fn next(&mut self) -> Result<Option<TransferEvent>, Error> {
        loop {
            let Observer { client, id } = &self.observer;
            let pause = match client.poll(*id, FOREVER, self.given).await {
                Ok(mut update) if !update.events.is_empty() => {
                    self.retries = Retries::default();
                    self.given = update.cursor - (update.events.len() as u64 - 1);
                    return Ok(Some(update.events.swap_remove(0)));
                }
                Ok(update) if matches!(update.state, TransferState::Closed(_)) => return Ok(None),
                // An invitation that could not be read yet: until it is accepted there is nothing to do.
                Ok(_) => Duration::ZERO,
                Err(error) if is_passing(&error) => error.retry_after().unwrap_or_default(),
                Err(error) => return Err(error),
            };
            tokio::time::sleep(self.retries.next()?.max(pause)).await;
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        let observed = &self.client.0.observed;
        let mut observed = observed.lock().unwrap_or_else(PoisonError::into_inner);
        observed.remove(&self.id);
    }
}

/// Whether time alone mends it. A store that fails may be mended, too, but not by waiting.
fn is_passing(error: &Error) -> bool {
    error.is_retryable() && !matches!(error, Error::Store { .. })
}

impl TransferClient {
    /// The events of a transfer as they happen. Nothing is asked before the first [`Events::next`].
    ///
    /// # Errors
    /// `already_observed` while another has them.
    pub fn events(&self, id: TransferId) -> Result<Events, Error> {
        let observed = &self.0.observed;
        let mut observed = observed.lock().unwrap_or_else(PoisonError::into_inner);
        if !observed.insert(id) {
            return Err(Error::already_observed());
        }
        let client = self.clone();
        Ok(Events {
            observer: Observer { client, id },
            given: 0,
            retries: Retries::default(),
        })
    }
}
