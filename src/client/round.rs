//! Talking to the relay for one transfer: ask the state machine, store, request, hand the answer back.

use std::time::Duration;

use tokio::time::Instant;

use super::pace::Pace;
use super::{Live, TransferClient, os_entropy};
use crate::Error;
use crate::entropy::Entropy;
use crate::mailbox::{Call, HttpRequest, Reply, RequestId, interpret};
use crate::transfer::{Answer, Next, Slot, Transfer, TransferId, TransferUpdate};

/// First pause before an unanswered request is repeated; doubled up to [`MAX_RETRY`].
const FIRST_RETRY: Duration = Duration::from_millis(200);
const MAX_RETRY: Duration = Duration::from_secs(10);
/// Most mailboxes that are asked for when the relay says each time that it made one and does not say which.
const MAX_CREATIONS: usize = 3;
/// Longest `Retry-After` that is heeded: a relay must not put a transfer to sleep for good.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// A cursor after which there are no events.
const ALL_SEEN: u64 = u64::MAX - 1;

/// An answer of the relay, and what it is to.
struct Answered {
    to: Next,
    reply: Reply,
    date: Option<u64>,
}

impl Answered {
    fn hand_over(
        &self,
        transfer: &mut Transfer,
        now: u64,
        slot: &mut Slot,
        entropy: &mut Entropy,
    ) -> Result<(), Error> {
        let answer = Answer {
            reply: self.reply.clone(),
            now,
            date: self.date,
        };
        transfer.handle(&self.to, answer, slot, entropy)
    }
}

/// What a transfer wants after a step.
struct Step {
    next: Next,
    request: Option<(Call, HttpRequest)>,
    update: TransferUpdate,
}

impl TransferClient {
    /// Goes on until there are events after `after`, the transfer is over, or the deadline has passed and
    /// nothing can be done without waiting. Without `after`, events are neither acknowledged nor waited for.
    pub(super) async fn run(
        &self,
        id: TransferId,
        live: &Live,
        slot: &mut Slot,
        deadline: Instant,
        after: Option<u64>,
    ) -> Result<TransferUpdate, Error> {
        let mut looked = false;
        let mut pace = Pace::new(&self.0.config);
        let mut answered: Option<Answered> = None;
        loop {
            live.sleep();
            let before = slot.clone();
            let step = self
                .step(id, slot, answered.as_ref(), deadline, after)
                .await?;
            if !step.update.events.is_empty() || step.next == Next::Over {
                return Ok(step.update);
            }
            if step.next == Next::Create {
                self.create_mailbox(id, slot, deadline).await?;
                answered = None;
                continue;
            }
            let remaining = deadline.saturating_duration_since(Instant::now());
            let idle = match answered.take() {
                Some(answered) => pace.idle(&answered.to, &step.next, slot, &before),
                None => Duration::ZERO,
            };
            if !idle.is_zero() {
                if remaining.is_zero() {
                    return Ok(step.update);
                }
                sleep_or_wake(live, idle.min(remaining)).await;
                continue;
            }
            let (call, request) = step.request.ok_or(Error::internal("nothing to ask"))?;
            pace.asks();
            let (reply, date) = match &step.next {
                Next::Wait if looked && remaining.is_zero() => return Ok(step.update),
                Next::Wait => {
                    looked = true;
                    tokio::select! {
                        // An answer that has come is taken: it may be what the write that woke this must know of.
                        biased;
                        answer = self.perform(request, Some(&call), deadline) => answer?,
                        // Dropping the read is harmless; the slot is as it was known.
                        () = live.wake.notified() => {
                            pace.quicken();
                            continue;
                        }
                    }
                }
                Next::Write(_) => {
                    let back_off = jittered(slot.back_off())?;
                    if !pace.before_write(back_off, remaining).await {
                        return Ok(step.update);
                    }
                    // Unanswered or cancelled: read before the next write.
                    slot.attempt();
                    self.perform(request, Some(&call), deadline).await?
                }
                next => {
                    looked |= *next == Next::Read;
                    self.perform(request, Some(&call), deadline).await?
                }
            };
            let to = step.next;
            answered = Some(Answered { to, reply, date });
        }
    }

    /// Hands an answer to the transfer, lets it go on as far as it can by itself, and prepares what it wants to
    /// ask next: one load and at most one write of the record.
    async fn step(
        &self,
        id: TransferId,
        slot: &mut Slot,
        answered: Option<&Answered>,
        deadline: Instant,
        after: Option<u64>,
    ) -> Result<Step, Error> {
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = left.min(self.0.config.long_poll).as_secs().min(60);
        let before = slot.clone();
        self.transact(id, |transfer, now, entropy| {
            // Another process may have been faster: start again from what was known.
            *slot = before.clone();
            if let Some(after) = after {
                transfer.acknowledge_events(after);
            }
            let update = |transfer: &Transfer| transfer.update_after(after.unwrap_or(ALL_SEEN));
            if let Some(answered) = answered {
                // What an error leaves is stored, too.
                if let Err(error) = answered.hand_over(transfer, now, slot, entropy) {
                    return Ok(Err(error));
                }
            } else if after.is_some_and(|after| {
                transfer.has_events_after(after) || transfer.outcome().is_some()
            }) {
                return Ok(Ok(Step {
                    next: Next::Over,
                    request: None,
                    update: update(transfer),
                }));
            }
            if let Err(error) = transfer.advance(now, entropy) {
                return Ok(Err(error));
            }
            let next = transfer.next(slot, now);
            Ok(Ok(Step {
                request: asked(transfer, &next, slot, wait, entropy),
                next,
                update: update(transfer),
            }))
        })
        .await?
    }

    /// Makes the request that `next` stands for, and hands the answer to the transfer.
    pub(super) async fn ask(
        &self,
        id: TransferId,
        next: Next,
        slot: &mut Slot,
        deadline: Instant,
    ) -> Result<(), Error> {
        let prepared = self.transact(id, |transfer, _, entropy| {
            Ok(asked(transfer, &next, slot, 0, entropy))
        });
        let (call, request) = prepared.await?.ok_or(Error::internal("nothing to ask"))?;
        let (reply, date) = self.perform(request, Some(&call), deadline).await?;
        let answered = Answered {
            to: next,
            reply,
            date,
        };
        let before = slot.clone();
        self.transact(id, |transfer, now, entropy| {
            *slot = before.clone();
            Ok(answered.hand_over(transfer, now, slot, entropy))
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
        let mut answered: Option<Answered> = None;
        for tries in 0.. {
            let before = slot.clone();
            let creation = self.transact(id, |transfer, now, entropy| {
                *slot = before.clone();
                let handed = answered
                    .as_ref()
                    .map(|answered| answered.hand_over(transfer, now, slot, entropy));
                Ok(handed.unwrap_or(Ok(())).map(|()| transfer.creation()))
            });
            let Some(request) = creation.await?? else {
                break;
            };
            if tries == MAX_CREATIONS {
                return Err(Error::bad_relay("the relay does not name the mailbox"));
            }
            let (reply, date) = self.perform(request, None, deadline).await?;
            answered = Some(Answered {
                to: Next::Create,
                reply,
                date,
            });
        }
        Ok(())
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
                    reply => return Ok((reply, response.date())),
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
}

/// The request that `next` stands for, with an id of its own.
fn asked(
    transfer: &Transfer,
    next: &Next,
    slot: &Slot,
    wait: u64,
    entropy: &mut Entropy,
) -> Option<(Call, HttpRequest)> {
    let call = transfer.call(next, slot, wait, RequestId::from(entropy.uuid()))?;
    let request = transfer.request(&call)?;
    Some((call, request))
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
