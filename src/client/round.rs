//! Talking to the relay for one transfer: ask the state machine, store, request, hand the answer back.

use std::time::Duration;

use tokio::time::Instant;

use super::{Live, TransferClient, os_entropy};
use crate::Error;
use crate::mailbox::{Call, HttpRequest, HttpResponse, Reply, RequestId, interpret};
use crate::transfer::{Answer, Next, Slot, TransferId, TransferUpdate};

/// First pause before an unanswered request is repeated; doubled up to [`MAX_RETRY`].
const FIRST_RETRY: Duration = Duration::from_millis(200);
const MAX_RETRY: Duration = Duration::from_secs(10);
/// Most writes in one round that has no time to wait.
const MAX_HURRIED_WRITES: usize = 3;
/// Most mailboxes that are asked for when the relay says each time that it made one and does not say which.
const MAX_CREATIONS: usize = 3;
/// Longest `Retry-After` that is heeded: a relay must not put a transfer to sleep for good.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// Pause after a "not found" that may be a proxy's.
const NOT_FOUND_PAUSE: Duration = Duration::from_secs(20);

impl TransferClient {
    /// Goes on until there are events after `after`, the transfer is over, or the deadline has passed and
    /// nothing can be done without waiting.
    pub(super) async fn run(
        &self,
        id: TransferId,
        live: &Live,
        slot: &mut Slot,
        deadline: Instant,
        after: u64,
    ) -> Result<TransferUpdate, Error> {
        let mut looked = false;
        let mut pause = self.0.config.poll_interval;
        let mut writes = 0;
        loop {
            let known = slot.clone();
            let (next, update, at_relay) = self
                .transact(id, |transfer, now, entropy| {
                    transfer.advance(now, entropy)?;
                    Ok((
                        transfer.next(&known, now),
                        transfer.update_after(after),
                        transfer.is_creating(),
                    ))
                })
                .await?;
            if !update.events.is_empty() || next == Next::Over {
                return Ok(update);
            }
            if at_relay {
                self.create_mailbox(id, slot, deadline).await?;
                continue;
            }
            let remaining = deadline.saturating_duration_since(Instant::now());
            match &next {
                Next::Wait if looked && remaining.is_zero() => return Ok(update),
                Next::Wait => {
                    looked = true;
                    let (had_version, asked) = (slot.has_version(), Instant::now());
                    let changed = self.wait(id, live, slot, remaining).await?;
                    if changed {
                        pause = self.0.config.poll_interval;
                    } else if !had_version || asked.elapsed() < pause {
                        // A relay that holds no answers, or too little time left for it to hold one.
                        let left = deadline.saturating_duration_since(Instant::now());
                        sleep_or_wake(live, pause.min(left)).await;
                        pause = (pause * 2).min(self.0.config.poll_interval_max);
                    }
                }
                Next::Write(_) => {
                    let back_off = jittered(slot.back_off())?;
                    if remaining.is_zero() {
                        // Without time to back off, a few tries are all that a relay gets.
                        if writes >= MAX_HURRIED_WRITES {
                            return Ok(update);
                        }
                    } else if back_off > remaining {
                        tokio::time::sleep(remaining).await;
                        return Ok(update);
                    } else {
                        tokio::time::sleep(back_off).await;
                    }
                    writes += 1;
                    self.ask(id, &next, slot, deadline).await?;
                }
                _ => {
                    looked |= next == Next::Read;
                    self.ask(id, &next, slot, deadline).await?;
                    if !slot.is_known() && next == Next::Read && !self.is_over(id).await? {
                        // Not found, perhaps by a proxy: look again later.
                        let left = deadline.saturating_duration_since(Instant::now());
                        if left.is_zero() {
                            return Ok(update);
                        }
                        sleep_or_wake(live, NOT_FOUND_PAUSE.min(left)).await;
                    }
                }
            }
        }
    }

    async fn is_over(&self, id: TransferId) -> Result<bool, Error> {
        self.transact(id, |transfer, _, _| Ok(transfer.outcome().is_some()))
            .await
    }

    /// Waits for the slot to change, unless there is something to send first. Says whether it did.
    async fn wait(
        &self,
        id: TransferId,
        live: &Live,
        slot: &mut Slot,
        remaining: Duration,
    ) -> Result<bool, Error> {
        let wait = remaining.min(self.0.config.long_poll).as_secs().min(60);
        let before = slot.clone();
        let (call, request) = self.prepare(id, &Next::Wait, slot, wait).await?;
        let deadline = Instant::now() + remaining;
        let answer = tokio::select! {
            // An answer that has come is taken: it may be what the write that woke this must know of.
            biased;
            answer = self.perform(request, Some(&call), deadline) => answer?,
            // Dropping the read is harmless; the slot is as it was known.
            () = live.wake.notified() => return Ok(true),
        };
        self.hand_over(id, &Next::Wait, answer, slot).await?;
        Ok(!slot.is_as(&before))
    }

    /// Makes the request that `next` stands for, and hands the answer to the transfer.
    pub(super) async fn ask(
        &self,
        id: TransferId,
        next: &Next,
        slot: &mut Slot,
        deadline: Instant,
    ) -> Result<(), Error> {
        let (call, request) = self.prepare(id, next, slot, 0).await?;
        if matches!(call, Call::Update { .. }) {
            // Unanswered or cancelled: read before the next write.
            slot.attempt();
        }
        let answer = self.perform(request, Some(&call), deadline).await?;
        self.hand_over(id, next, answer, slot).await
    }

    /// The request that `next` stands for.
    async fn prepare(
        &self,
        id: TransferId,
        next: &Next,
        slot: &Slot,
        wait: u64,
    ) -> Result<(Call, HttpRequest), Error> {
        let request_id = RequestId::from(os_entropy()?.uuid());
        self.transact(id, |transfer, _, _| {
            let call = transfer.call(next, slot, wait, request_id);
            Ok(call.and_then(|call| {
                let request = transfer.request(&call)?;
                Some((call, request))
            }))
        })
        .await?
        .ok_or(Error::internal("nothing to ask"))
    }

    /// Gives an answer to the transfer and stores what follows from it.
    async fn hand_over(
        &self,
        id: TransferId,
        next: &Next,
        answer: (Reply, Option<u64>),
        slot: &mut Slot,
    ) -> Result<(), Error> {
        let before = slot.clone();
        let (reply, date) = answer;
        self.transact(id, |transfer, now, entropy| {
            // Another process may have been faster: start again from what was known.
            *slot = before.clone();
            let answer = Answer {
                reply: reply.clone(),
                now,
                date,
            };
            Ok(transfer.handle(next, answer, slot, entropy))
        })
        .await?
    }

    /// Makes the mailbox of a new invitation; the same bytes and request id until it was answered.
    pub(super) async fn create_mailbox(
        &self,
        id: TransferId,
        slot: &mut Slot,
        deadline: Instant,
    ) -> Result<(), Error> {
        for _ in 0..MAX_CREATIONS {
            let Some(request) = self.transact(id, |t, _, _| Ok(t.creation())).await? else {
                return Ok(());
            };
            let answer = self.perform(request, None, deadline).await?;
            self.hand_over(id, &Next::Create, answer, slot).await?;
        }
        match self.transact(id, |t, _, _| Ok(t.creation())).await? {
            None => Ok(()),
            Some(_) => Err(Error::bad_relay("the relay does not name the mailbox")),
        }
    }

    /// Sends a request until it is answered: the same bytes and request id each time. A relay that is out of
    /// order (5xx) or overloaded (429) has not answered.
    pub(super) async fn perform(
        &self,
        request: HttpRequest,
        call: Option<&Call>,
        deadline: Instant,
    ) -> Result<(Reply, Option<u64>), Error> {
        let mut pause = FIRST_RETRY;
        loop {
            let mut asked_to_wait = Duration::ZERO;
            let error = match self.0.http.send(request.clone()).await {
                Ok(response) => match interpret(call, &response) {
                    Reply::RetryLater { after, status } => {
                        asked_to_wait = after
                            .map_or(Duration::ZERO, Duration::from_secs)
                            .min(MAX_RETRY_AFTER);
                        Error::from_reply(&Reply::RetryLater { after, status })
                    }
                    reply => return Ok((reply, self.date(&response))),
                },
                Err(error) => Error::RelayUnreachable {
                    reason: error.reason,
                },
            };
            // Never sooner than the relay asked for.
            let wait = asked_to_wait + jittered(pause)?;
            if Instant::now() + wait >= deadline {
                return Err(error);
            }
            tracing::debug!(code = error.code(), "trying again");
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(MAX_RETRY);
        }
    }

    fn date(&self, response: &HttpResponse) -> Option<u64> {
        // A date that no clock shows is no date.
        response
            .date()
            .filter(|date| date.abs_diff(self.now()) < 1 << 40)
    }
}

async fn sleep_or_wake(live: &Live, time: Duration) {
    let _ = tokio::time::timeout(time, live.wake.notified()).await;
}

/// Between half of the time and all of it, so that many clients don't come at once.
fn jittered(time: Duration) -> Result<Duration, Error> {
    if time.is_zero() {
        return Ok(time);
    }
    let part = u32::from(u16::from_be_bytes(os_entropy()?.bytes()));
    Ok(time / 2 + time / 2 * part / 65_536)
}
