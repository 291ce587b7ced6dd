//! The one loop that talks to a relay: ask the state machine, store, make the request, hand the answer back. Whoever runs
//! it says when it has what it came for.

use std::ops::ControlFlow::{self, Break, Continue};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::pace::Pace;
use super::send::{NotYet, Retries, Time, Unanswered, jittered};
use super::{Live, TransferClient};
use crate::Error;
use tigress_gss::auth_credential::CredentialId;
use tigress_mailbox::{HttpResponse, MAX_WAIT, TransportFailure};
use tigress_primitives::entropy::Entropy;
use tigress_protocol::transfer::{
    Aim, Ask, Refused, Slot, Ticket, Transfer, TransferId, TransferUpdate,
};

/// Most mailboxes that are asked for when the relay says each time that it made one and does not say which.
const MAX_CREATIONS: usize = 3;

/// When a call has what it came for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// The mailbox is made; the invitation is read, and was found good.
    Begun,
    /// The claim is given back, if it is to be.
    GivenBack,
    /// One round, without waiting for anything to happen. Events are neither acknowledged nor waited for.
    Round,
    /// There are events after this cursor, those up to it acknowledged; or the transfer is over.
    Events(u64),
}

impl Goal {
    /// How far the transfer is to go, its reads held for so many seconds.
    fn aim(self, wait: u64) -> Aim {
        match self {
            Self::Begun => Aim::Begin,
            Self::GivenBack => Aim::GiveBack,
            Self::Round | Self::Events(_) => Aim::GoOn { wait },
        }
    }

    /// Whether somebody waits for a first answer, to whom a refusal is told at once.
    fn is_urgent(self) -> bool {
        matches!(self, Self::Begun | Self::GivenBack)
    }

    /// Takes what was answered, and says what to ask next: nothing when the goal is reached.
    fn step(
        self,
        transfer: &mut Transfer,
        heard: Option<&Heard>,
        slot: &mut Slot,
        wait: u64,
        now: u64,
        entropy: &mut Entropy,
    ) -> Result<(Option<Ask>, TransferUpdate), Refused> {
        let seen = match self {
            Self::Events(after) => Some(after),
            _ => None,
        };
        if let Some(after) = seen {
            transfer.acknowledge_events(after);
        }
        if let Some(heard) = heard {
            let (ticket, response) = (&heard.ticket, &heard.response);
            transfer.answered(ticket, response, &heard.used, slot, now, entropy)?;
        } else if let Some(after) = seen
            && (transfer.has_events_after(after) || transfer.outcome().is_some())
        {
            return Ok((None, transfer.update_after(after)));
        }
        let ask = transfer.ask(self.aim(wait), slot, now, entropy)?;
        let mut update = transfer.update_after(seen.unwrap_or_default());
        if seen.is_none() {
            update.events.clear();
        }
        Ok((ask.filter(|_| update.events.is_empty()), update))
    }
}

/// An answer of the relay that was not handed over yet, and what it is to.
struct Heard {
    ticket: Ticket,
    response: HttpResponse,
    /// The auth credentials used before, by which an invitation is judged.
    used: Vec<CredentialId>,
}

/// One run of the loop.
struct Run<'a> {
    client: &'a TransferClient,
    id: TransferId,
    live: &'a Live,
    slot: &'a mut Slot,
    time: Time,
    goal: Goal,
    /// Whether the slot was read.
    looked: bool,
    creations: usize,
    /// Whether the last answer was cut, for being held too long.
    cut: bool,
    pace: Pace,
    retries: Retries,
    /// The pauses after refusals.
    refusals: Retries,
    heard: Option<Heard>,
    /// What was sent and not answered.
    unanswered: Option<Ask>,
}

impl TransferClient {
    /// Goes on until the goal is reached, or its time has passed and nothing can be done without waiting.
    pub(super) async fn run(
        &self,
        id: TransferId,
        live: &Live,
        slot: &mut Slot,
        time: Time,
        goal: Goal,
    ) -> Result<TransferUpdate, Error> {
        let run = Run {
            client: self,
            id,
            live,
            slot,
            time,
            goal,
            looked: false,
            creations: 0,
            cut: false,
            pace: Pace::new(&self.0.config),
            retries: Retries::default(),
            refusals: Retries::default(),
            heard: None,
            unanswered: None,
        };
        run.go().await
    }
}

impl Run<'_> {
    async fn go(mut self) -> Result<TransferUpdate, Error> {
        loop {
            self.live.sleep();
            let ask = match self.unanswered.take() {
                Some(ask) => ask,
                None => match self.decide().await? {
                    Break(update) => return Ok(update),
                    Continue(None) => continue,
                    Continue(Some(ask)) => ask,
                },
            };
            self.turn(&ask).await?;
            self.make(ask).await?;
        }
    }

    /// Hands over what was answered, and says what to ask next; nothing if it is not the time for it.
    async fn decide(&mut self) -> Result<ControlFlow<TransferUpdate, Option<Ask>>, Error> {
        let before = self.slot.clone();
        let mut heard = self.heard.take();
        if let Some(heard) = &mut heard
            && heard.ticket.is_first_read()
        {
            heard.used = self.client.used_credentials(self.id).await?;
        }
        let stepped = self.step(heard.as_ref()).await?;
        let answered = heard.map(|heard| heard.ticket);
        if answered.is_some() {
            let is_refusal = matches!(stepped, Err(Refused::Relay { .. }));
            self.live.allowance().answered(is_refusal);
            if !is_refusal {
                self.live.trouble.set(None);
            }
        }
        let (ask, update) = match stepped {
            Ok(stepped) => stepped,
            Err(refused) => return self.refused(answered, refused).await.map(Continue),
        };
        if self.slot.advances() != before.advances() {
            self.live.allowance().progressed();
        }
        let Some(ask) = ask else {
            return Ok(Break(update));
        };
        let left = self.time.left();
        if let Some(answered) = answered {
            let idle = self.idle(&answered, &ask.ticket, &before)?;
            if !idle.is_zero() && left.is_zero() {
                return Ok(Break(update));
            }
            if !idle.is_zero() {
                self.live.sleep_or_wake(idle.min(left)).await;
                return Ok(Continue(None));
            }
        }
        let only_looks = self.looked && ask.ticket.is_held_read();
        if (only_looks || self.cut) && left.is_zero() {
            return Ok(Break(update));
        }
        match self.not_yet(&ask).filter(|_| !self.goal.is_urgent()) {
            None => Ok(Continue(Some(ask))),
            Some(not_yet) if left.is_zero() => not_yet.trouble.map_or(Ok(Break(update)), Err),
            Some(not_yet) => {
                // What was never sent is decided anew: much may happen until then.
                let pause = not_yet.at - Instant::now();
                self.live.sleep_or_wake(pause.min(left)).await;
                Ok(Continue(None))
            }
        }
    }

    /// Hands an answer to the transfer, lets it go on as far as it can by itself, and prepares what it wants to
    /// ask next: one load and at most one write of the record.
    async fn step(
        &mut self,
        heard: Option<&Heard>,
    ) -> Result<Result<(Option<Ask>, TransferUpdate), Refused>, Error> {
        let inner = &self.client.0;
        let wait = self.time.left().min(inner.config.long_poll).as_secs();
        let (goal, before, slot) = (self.goal, self.slot.clone(), &mut *self.slot);
        let stepped = self.client.transact(self.id, |transfer, now, entropy| {
            // Another process may have been faster: start again from what was known.
            *slot = before.clone();
            let wait = inner.relays.hold(&transfer.relay(), wait.min(MAX_WAIT));
            // What an error leaves is stored, too.
            Ok(goal.step(transfer, heard, slot, wait, now, entropy))
        });
        let stepped = stepped.await;
        if stepped.is_err() {
            // What could not be stored has not happened.
            *self.slot = before;
        }
        stepped
    }

    /// How long to do nothing after an answer, when `next` is wanted and the slot was `before`.
    fn idle(&mut self, answered: &Ticket, next: &Ticket, before: &Slot) -> Result<Duration, Error> {
        if answered.is_creation() {
            self.creations += 1;
            return match next.is_creation() && self.creations >= MAX_CREATIONS {
                true => Err(Refused::bad_relay("the relay does not name the mailbox").into()),
                false => Ok(Duration::ZERO),
            };
        }
        let back_off = jittered(self.slot.back_off())?;
        self.live.allowance().back_off(back_off);
        let idle = self.pace.idle(answered, next, self.slot, before);
        match self.goal.is_urgent() && !idle.is_zero() {
            true => Err(Error::RelayUnreachable {
                kind: TransportFailure::Other,
                reason: "not found, perhaps by a proxy".into(),
                retry_after: None,
            }),
            false => Ok(idle),
        }
    }

    /// An answer that no call can go on with ends none at once where nobody waits for a first one: whoever stands between
    /// answers for the relay, too. It is asked again until its refusals have lasted.
    async fn refused(
        &mut self,
        answered: Option<Ticket>,
        refused: Refused,
    ) -> Result<Option<Ask>, Error> {
        if self.goal == Goal::Begun && refused.begins_nothing() {
            self.client.take_back(self.id).await?;
        }
        let error = Error::from(refused);
        if !matches!(error, Error::RelayRefused { .. }) {
            return Err(error);
        }
        self.live.trouble.set(Some(error.clone()));
        if self.goal.is_urgent() || answered.is_none_or(|ticket| ticket.is_creation()) {
            return Err(error);
        }
        if self.live.allowance().is_refused_for_good() {
            let (client, id) = (self.client, self.id);
            let left = client.transact(id, |transfer, now, _| Ok(transfer.leave_behind(now)));
            return if left.await? { Ok(None) } else { Err(error) };
        }
        let pause = self.refusals.next()?;
        let error = error.not_before(pause);
        self.live.trouble.set(Some(error.clone()));
        self.live.allowance().back_off(pause);
        if pause >= self.time.left() {
            return Err(error);
        }
        tracing::debug!(code = error.code(), "refused, trying again");
        self.live.sleep_or_wake(pause).await;
        Ok(None)
    }

    /// Why a request may not be made yet, if so.
    fn not_yet(&self, ask: &Ask) -> Option<NotYet> {
        let origin = ask.request.origin();
        self.client.not_yet(self.live, origin, &ask.ticket)
    }

    /// Waits until a request may be made, if that is in time.
    async fn turn(&self, ask: &Ask) -> Result<(), Error> {
        while let Some(not_yet) = self.not_yet(ask) {
            if not_yet.at >= self.time.until {
                return Err(not_yet.into_error());
            }
            sleep_until(not_yet.at).await;
        }
        Ok(())
    }

    /// Makes a request; its answer is handed over next.
    async fn make(&mut self, ask: Ask) -> Result<(), Error> {
        let Ask { request, ticket } = &ask;
        let (is_held_read, is_held_write) = (ticket.is_held_read(), ticket.is_held_write());
        self.pace.asks();
        self.cut = false;
        self.looked |= ticket.is_read() || is_held_write;
        if ticket.is_write() {
            // Unanswered or cancelled: read before the next write.
            self.slot.attempt();
        }
        let attempt = self
            .client
            .attempt(self.live, request, self.time, &mut self.retries);
        let answer = tokio::select! {
            // An answer that has come is taken: it may be what the write that woke this must know of.
            biased;
            answer = attempt => answer,
            // Dropping the read is harmless; the slot is as it was known. After a write it is read again.
            () = self.live.woken(), if is_held_read || is_held_write => {
                if is_held_write {
                    self.slot.give_up();
                }
                self.pace.quicken();
                return Ok(());
            }
        };
        match answer {
            Ok(response) => {
                self.retries = Retries::default();
                self.heard = Some(Heard {
                    ticket: ask.ticket,
                    response,
                    used: Vec::new(),
                });
            }
            Err(Unanswered::Cut) => {
                self.cut = true;
                if is_held_write {
                    self.slot.give_up();
                }
            }
            Err(Unanswered::Failed { error, again }) => {
                if !error.is_retryable() || again >= self.time.until {
                    return Err(error);
                }
                tracing::debug!(code = error.code(), "trying again");
                if is_held_read {
                    self.live.sleep_or_wake(again - Instant::now()).await;
                } else {
                    // The same bytes and request id, until it is answered.
                    self.unanswered = Some(ask);
                    sleep_until(again).await;
                }
            }
        }
        Ok(())
    }
}
