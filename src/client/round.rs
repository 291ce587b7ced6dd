//! Talking to the relay for one transfer: ask the state machine, store, request, hand the answer back.

use std::time::Duration;

use tokio::time::Instant;

use super::pace::Pace;
use super::send::{Retries, Time, Unanswered, jittered};
use super::{Config, Live, TransferClient};
use crate::Error;
use tigress_mailbox::{Call, HttpRequest, MAX_WAIT, Reply, RequestId};
use tigress_primitives::entropy::Entropy;
use tigress_protocol::transfer::{
    Answer, Next, Refused, Slot, Transfer, TransferId, TransferUpdate,
};

/// Most mailboxes that are asked for when the relay says each time that it made one and does not say which.
const MAX_CREATIONS: usize = 3;
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
        Ok(transfer.handle(&self.to, answer, slot, entropy)?)
    }
}

/// What one call of `run` knows.
struct Round {
    /// Whether the slot was read.
    looked: bool,
    pace: Pace,
    retries: Retries,
    /// The pauses after refusals.
    refusals: Retries,
    /// What was not handed to the transfer yet.
    answered: Option<Answered>,
}

impl Round {
    fn new(config: &Config) -> Self {
        Self {
            looked: false,
            pace: Pace::new(config),
            retries: Retries::default(),
            refusals: Retries::default(),
            answered: None,
        }
    }
}

/// What a transfer wants after a step.
struct Step {
    next: Next,
    request: Option<(Call, HttpRequest)>,
    update: TransferUpdate,
}

impl TransferClient {
    /// Goes on until there are events after `after`, the transfer is over, or its time has passed and
    /// nothing can be done without waiting. Without `after`, events are neither acknowledged nor waited for.
    pub(super) async fn run(
        &self,
        id: TransferId,
        live: &Live,
        slot: &mut Slot,
        time: Time,
        after: Option<u64>,
    ) -> Result<TransferUpdate, Error> {
        let mut round = Round::new(&self.0.config);
        loop {
            live.sleep();
            let before = slot.clone();
            let step = self.step(id, slot, round.answered.as_ref(), time, after);
            let step = match step.await {
                Ok(step) => step,
                Err(error) => {
                    self.after_refusal(id, live, error, &mut round, time)
                        .await?;
                    continue;
                }
            };
            if slot.advances() != before.advances() {
                live.allowance().progressed();
            }
            if !step.update.events.is_empty() || step.next == Next::Over {
                return Ok(step.update);
            }
            if step.next == Next::Create {
                self.create_mailbox(id, live, slot, time).await?;
                round.answered = None;
                continue;
            }
            if let Some(answered) = round.answered.take() {
                live.allowance().back_off(jittered(slot.back_off())?);
                let idle = round.pace.idle(&answered.to, &step.next, slot, &before);
                if !idle.is_zero() {
                    if time.left().is_zero() {
                        return Ok(step.update);
                    }
                    sleep_or_wake(live, idle.min(time.left())).await;
                    continue;
                }
            }
            if round.looked && step.next == Next::Wait && time.left().is_zero() {
                return Ok(step.update);
            }
            let (call, request) = step.request.ok_or(Error::internal("nothing to ask"))?;
            if let Some(not_yet) = self.not_yet(live, request.origin(), &step.next) {
                if time.left().is_zero() {
                    return not_yet.trouble.map_or(Ok(step.update), Err);
                }
                let left = not_yet.at.saturating_duration_since(Instant::now());
                sleep_or_wake(live, left.min(time.left())).await;
                continue;
            }
            self.make(live, slot, &mut round, step.next, call, request, time)
                .await?;
        }
    }

    /// An answer that no call can go on with ends none at once: whoever stands between answers for the relay, too. It is
    /// asked again until its refusals have lasted.
    async fn after_refusal(
        &self,
        id: TransferId,
        live: &Live,
        error: Error,
        round: &mut Round,
        time: Time,
    ) -> Result<(), Error> {
        let answered = round.answered.take();
        if answered.is_none() || !matches!(error, Error::RelayRefused { .. }) {
            return Err(error);
        }
        if live.allowance().is_refused_for_good() {
            live.trouble.set(Some(error.clone()));
            let left = self.transact(id, |transfer, now, _| Ok(transfer.leave_behind(now)));
            return if left.await? { Ok(()) } else { Err(error) };
        }
        let pause = round.refusals.next()?;
        let error = error.not_before(pause);
        live.trouble.set(Some(error.clone()));
        live.allowance().back_off(pause);
        if pause >= time.left() {
            return Err(error);
        }
        tracing::debug!(code = error.code(), "refused, trying again");
        sleep_or_wake(live, pause).await;
        Ok(())
    }

    /// Makes one request; what is answered is in the round then.
    #[allow(clippy::too_many_arguments, reason = "a part of `run`")]
    async fn make(
        &self,
        live: &Live,
        slot: &mut Slot,
        round: &mut Round,
        next: Next,
        call: Call,
        request: HttpRequest,
        time: Time,
    ) -> Result<(), Error> {
        round.pace.asks();
        let (reply, date) = if next == Next::Wait {
            round.looked = true;
            let told = tokio::select! {
                // An answer that has come is taken: it may be what the write that woke this must know of.
                biased;
                told = self.attempt(live, &request, Some(&call), time, &mut round.retries) => told,
                // Dropping the read is harmless; the slot is as it was known.
                () = live.wake.notified() => {
                    round.pace.quicken();
                    return Ok(());
                }
            };
            match told {
                Ok(told) => told,
                Err(Unanswered::Cut) => return Ok(()),
                Err(Unanswered::Failed { error, again }) => {
                    if !error.is_retryable() || again >= time.until {
                        return Err(error);
                    }
                    tracing::debug!(code = error.code(), "trying again");
                    sleep_or_wake(live, again - Instant::now()).await;
                    return Ok(());
                }
            }
        } else {
            if matches!(next, Next::Write(_)) {
                // Unanswered or cancelled: read before the next write.
                slot.attempt();
            }
            round.looked |= next == Next::Read;
            self.perform(live, &next, request, Some(&call), time)
                .await?
        };
        round.retries = Retries::default();
        round.answered = Some(Answered {
            to: next,
            reply,
            date,
        });
        Ok(())
    }

    /// Hands an answer to the transfer, lets it go on as far as it can by itself, and prepares what it wants to
    /// ask next: one load and at most one write of the record.
    async fn step(
        &self,
        id: TransferId,
        slot: &mut Slot,
        answered: Option<&Answered>,
        time: Time,
        after: Option<u64>,
    ) -> Result<Step, Error> {
        let wait = time.left().min(self.0.config.long_poll).as_secs();
        let before = slot.clone();
        let result = self.transact(id, |transfer, now, entropy| {
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
            if let Err(refused) = transfer.advance(now, entropy) {
                return Ok(Err(refused.into()));
            }
            let next = transfer.next(slot, now);
            let wait = self.0.relays.hold(&transfer.relay(), wait.min(MAX_WAIT));
            Ok(Ok(Step {
                request: asked(transfer, &next, slot, wait, entropy),
                next,
                update: update(transfer),
            }))
        });
        let result = result.await;
        if result.is_err() {
            // What could not be stored has not happened.
            *slot = before;
        }
        result?
    }

    /// Makes the request that `next` stands for, and hands the answer to the transfer.
    pub(super) async fn ask(
        &self,
        id: TransferId,
        live: &Live,
        next: Next,
        slot: &mut Slot,
        time: Time,
    ) -> Result<(), Error> {
        let prepared = self.transact(id, |transfer, _, entropy| {
            Ok(asked(transfer, &next, slot, 0, entropy))
        });
        let (call, request) = prepared.await?.ok_or(Error::internal("nothing to ask"))?;
        let (reply, date) = self
            .perform(live, &next, request, Some(&call), time)
            .await?;
        let answered = Answered {
            to: next,
            reply,
            date,
        };
        let before = slot.clone();
        let handed = self.transact(id, |transfer, now, entropy| {
            *slot = before.clone();
            Ok(answered.hand_over(transfer, now, slot, entropy))
        });
        live.told(handed.await?)
    }

    /// Makes the mailbox of a new invitation; the same bytes and request id until it was answered.
    pub(super) async fn create_mailbox(
        &self,
        id: TransferId,
        live: &Live,
        slot: &mut Slot,
        time: Time,
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
            let Some(request) = live.told(creation.await?)? else {
                break;
            };
            if tries == MAX_CREATIONS {
                return Err(Refused::bad_relay("the relay does not name the mailbox").into());
            }
            let (reply, date) = self
                .perform(live, &Next::Create, request, None, time)
                .await?;
            answered = Some(Answered {
                to: Next::Create,
                reply,
                date,
            });
        }
        Ok(())
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
