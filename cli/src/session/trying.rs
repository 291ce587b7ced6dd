//! What stands between a session and its relay, how long that is tried on, and what Ctrl-C comes into.

use std::future::Future;
use std::time::Duration;

use tigress::{Error, TransferClient};

use super::Session;
use crate::exit::{self, Failure, is_silence};

/// Pause when another process has the store.
const BUSY: Duration = Duration::from_millis(100);
/// Longest pause while the relay wants to be asked later: whether the patience lasts is looked at meanwhile.
const IDLE: Duration = Duration::from_secs(1);

impl Session {
    /// What `work` gives, tried until the relay has been silent for too long; nothing if Ctrl-C came first, after which
    /// the transfer is being ended.
    pub(crate) async fn unless_interrupted<T, F>(
        &mut self,
        work: impl Fn(TransferClient) -> F,
    ) -> Result<Option<T>, Failure>
    where
        F: Future<Output = Result<T, Error>>,
    {
        loop {
            let mut trying = std::pin::pin!(work(self.client.clone()));
            let result = loop {
                tokio::select! {
                    result = &mut trying => break result,
                    trouble = self.relay.changed() => self.tell(trouble.as_ref()),
                    () = self.meter.silence() => return Err(self.no_answer()),
                    _ = self.interrupts.recv() => {
                        self.leave().await?;
                        return Ok(None);
                    }
                }
            };
            match result {
                // The process was stopped, or the patience is greater than the core's.
                Err(error) if is_silence(&error) && !self.meter.is_given_up() => {
                    self.tell(Some(&error));
                    let pause = error.retry_after().unwrap_or_default();
                    tokio::time::sleep(pause.clamp(BUSY, IDLE)).await;
                }
                Err(Error::StoreBusy) => tokio::time::sleep(BUSY).await,
                result => return Ok(Some(result?)),
            }
        }
    }

    /// What `work` gives, unless Ctrl-C comes first.
    pub(crate) async fn or_interrupt(&mut self, work: impl Future<Output = ()>) {
        tokio::select! {
            () = work => {}
            _ = self.interrupts.recv() => {}
        }
    }

    /// What stands between this and the relay, which is tried on. The rest ends what is being done, and is told by that.
    pub(super) fn tell(&mut self, trouble: Option<&Error>) {
        if trouble.is_none_or(is_silence) {
            self.told.tell(self.output, trouble.map(Error::to_string));
        }
    }

    /// The relay was silent for too long, with the reason if there is one.
    pub(super) fn no_answer(&self) -> Failure {
        match self.relay.trouble() {
            Some(error) if is_silence(&error) => Failure {
                exit: exit::NO_ANSWER,
                ..error.into()
            },
            _ => Failure::no_answer(),
        }
    }
}
