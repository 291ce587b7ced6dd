//! What waits for another payload: held reads and held updates.

use std::time::Duration;

use tigress_mailbox::{DeviceClaim, MailboxId};
use tokio::time::Instant;

use super::App;
use super::fault::Fault;
use crate::budget::Taken;
use crate::client::Client;
use crate::store::{Answer, Command, Version};

/// What stands around a payload at most: the texts, each letter as six, and the rest.
pub(super) const AROUND: usize = 96 * 1024;

/// What a mailbox holds, and the part of the bytes under way that is kept for it.
pub(super) type Look = (Answer, Taken);

impl App {
    /// Before it is fetched, twice as much is kept as a request can have put there, since it is there as it was kept and as
    /// it is sent.
    pub(super) async fn look(
        &self,
        client: Client,
        id: MailboxId,
        command: Command,
    ) -> Result<Look, Fault> {
        let largest = self.config.limits.body_bytes.saturating_add(AROUND);
        let part = self
            .part(&self.outgoing, client, largest.saturating_mul(2))
            .await?;
        Ok((self.apply(id, command).await?, part))
    }

    /// Waits until a mailbox holds something else than `known`, and gives that; none when the time, the mailbox or the relay
    /// ends before. The content is fetched when it is to be sent: who waits keeps none.
    pub(super) async fn until_changed(
        &self,
        client: Client,
        id: MailboxId,
        claim: DeviceClaim,
        known: Version,
        seconds: u64,
    ) -> Result<Option<Look>, Fault> {
        let _held = self.metrics.held_read();
        let until = Instant::now() + Duration::from_secs(seconds);
        loop {
            // Watched first and looked at again: a change in between is not missed.
            let watch = self.store.wakeups().watch(id).await?;
            let again = look_again(claim, Some(known));
            let seen = self.look(client, id, again).await?;
            let Answer::Unchanged { expires } = seen.0 else {
                return Ok(Some(seen));
            };
            drop(seen);
            if self.wait(watch.changed(), until, expires).await {
                return Ok(None);
            }
        }
    }

    /// Until the change, the end of the wait, the mailbox's end or the relay's shutdown; says whether the reader is to
    /// be answered now whatever there is.
    async fn wait(&self, change: impl Future<Output = ()>, until: Instant, expires: u64) -> bool {
        let left = Duration::from_secs(expires.saturating_sub(self.time.now()));
        let end = until.min(Instant::now() + left);
        let again = self.store.wakeups().look_again();
        let again = again.map_or(end, |pause| Instant::now() + pause);
        tokio::select! {
            () = change => {
                self.metrics.woken();
                false
            }
            () = tokio::time::sleep_until(end.min(again)) => end <= again,
            () = self.stop.cancelled() => true,
        }
    }
}

/// Who waited looks again, and takes no place by it.
pub(super) fn look_again(claim: DeviceClaim, known: Option<Version>) -> Command {
    Command::Read {
        claim,
        proof: None,
        bind: false,
        known,
    }
}
