//! One request to a relay: not before its time, never longer than its time.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::TransportError;
use super::relays::Refusal;
use super::{FOREVER, Live, TransferClient, os_entropy};
use crate::Error;
use tigress_mailbox::{HttpRequest, HttpResponse, Later, Method, TransportFailure, later};
use tigress_protocol::transfer::{Refused, Ticket};

/// First pause before an unanswered request is repeated; doubled up to [`MAX_RETRY`].
const FIRST_RETRY: Duration = Duration::from_millis(200);
const MAX_RETRY: Duration = Duration::from_secs(10);
/// How much longer than its own time a call waits for the request that it has made.
const GRACE: Duration = Duration::from_secs(1);
/// After this an answer that has not come is told, though it may still come.
const TELL_AFTER: Duration = Duration::from_millis(2500);
/// A held answer that breaks off later than this was cut by something on the way, for taking too long.
const MIN_HELD: Duration = Duration::from_secs(2);

/// How long a call may take.
#[derive(Clone, Copy)]
pub(super) struct Time {
    /// So long it waits and tries again.
    pub(super) until: Instant,
    /// Then the request that is under way is given up.
    pub(super) limit: Instant,
}

impl Time {
    /// `wait` from now, whatever an app asks for.
    pub(super) fn within(wait: Duration) -> Self {
        let until = Instant::now() + wait.min(FOREVER);
        Self {
            until,
            limit: until + GRACE,
        }
    }

    /// One round without waiting, which may take until `limit`.
    pub(super) fn round(limit: Instant) -> Self {
        Self {
            until: Instant::now(),
            limit,
        }
    }

    /// What is left to wait.
    pub(super) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// The pauses between tries of one call.
#[derive(Debug)]
pub(super) struct Retries(Duration);

impl Default for Retries {
    fn default() -> Self {
        Self(FIRST_RETRY)
    }
}

impl Retries {
    pub(super) fn next(&mut self) -> Result<Duration, Error> {
        let pause = jittered(self.0)?;
        self.0 = (self.0 * 2).min(MAX_RETRY);
        Ok(pause)
    }
}

/// Why there was no answer.
pub(super) enum Unanswered {
    /// A held answer was cut for taking too long: the slot is as it was.
    Cut,
    /// It may be asked again then.
    Failed { error: Error, again: Instant },
}

/// A request may not be made yet.
pub(super) struct NotYet {
    pub(super) at: Instant,
    /// Why, if it is the relay's doing.
    pub(super) trouble: Option<Error>,
}

impl NotYet {
    pub(super) fn into_error(self) -> Error {
        self.trouble.unwrap_or(Error::RelayUnreachable {
            kind: TransportFailure::Other,
            reason: "it was asked often enough, without any progress".into(),
            retry_after: Some(self.at.saturating_duration_since(Instant::now())),
        })
    }
}

impl Refusal {
    fn error(&self) -> Error {
        let left = self.until.saturating_duration_since(Instant::now());
        Error::from(Refused::later(self.status)).not_before(left)
    }
}

impl TransferClient {
    /// Nothing if the request may be made now.
    pub(super) fn not_yet(&self, live: &Live, origin: &str, ticket: &Ticket) -> Option<NotYet> {
        let now = Instant::now();
        let turn = live.allowance().turn(ticket).filter(|at| *at > now);
        if let Some(refusal) = self.0.relays.refusal(origin) {
            live.trouble.set(Some(refusal.error()));
            return Some(NotYet {
                at: turn.map_or(refusal.until, |at| at.max(refusal.until)),
                trouble: Some(refusal.error()),
            });
        }
        turn.map(|at| NotYet {
            at,
            trouble: live.trouble.now().map(|error| match error.is_retryable() {
                true => error.not_before(at - now),
                // A refusal that has lasted, or ended its call, is not tried again by itself.
                false => error,
            }),
        })
    }

    /// Sends a request once. A relay that is out of order (5xx) or overloaded (429) has not answered.
    pub(super) async fn attempt(
        &self,
        live: &Live,
        request: &HttpRequest,
        time: Time,
        retries: &mut Retries,
    ) -> Result<HttpResponse, Unanswered> {
        let (origin, relays) = (request.origin(), &self.0.relays);
        live.allowance().asks();
        let asked_at = Instant::now();
        let result = self.send(live, request, time.limit).await;
        let held = Some(asked_at.elapsed()).filter(|held| request.wait > 0 && *held >= MIN_HELD);
        let (error, not_before) = match result.map(|response| (later(&response), response)) {
            Ok((None, response)) => return Ok(response),
            Ok((Some(Later { after, status }), _)) => match (after, held) {
                (Some(after), _) => {
                    let refusal = relays.refused(origin, status, Duration::from_secs(after));
                    (refusal.error(), refusal.until)
                }
                (None, Some(held)) if status >= 500 => {
                    relays.cut(origin, held);
                    return Err(Unanswered::Cut);
                }
                _ => (Refused::later(status).into(), Instant::now()),
            },
            Err(error) => {
                if self.is_cut(live, request, error.kind, held, time) {
                    return Err(Unanswered::Cut);
                }
                (Error::from(error), Instant::now())
            }
        };
        live.trouble.set(Some(error.clone()));
        Err(failed(error, not_before, retries))
    }

    /// Whether an answer did not come because it was held; learns how long answers can be.
    fn is_cut(
        &self,
        live: &Live,
        request: &HttpRequest,
        kind: TransportFailure,
        held: Option<Duration>,
        time: Time,
    ) -> bool {
        let (origin, relays) = (request.origin(), &self.0.relays);
        match (kind, held) {
            (TransportFailure::CutOff, Some(held)) => {
                relays.cut(origin, held);
                true
            }
            // Its time was too short for the answer to be missed.
            (TransportFailure::TimedOut, Some(_)) if Instant::now() >= time.limit => {
                !live.allowance().was_silent()
            }
            // Perhaps something on the way forgets quiet connections; a write may never have arrived.
            (TransportFailure::TimedOut, Some(held)) if request.method == Method::Post => {
                relays.cut(origin, held.min(Duration::from_secs(request.wait)));
                false
            }
            _ => false,
        }
    }

    /// The transport's answer, or what is to be said when it gives none in time, whatever it does.
    async fn send(
        &self,
        live: &Live,
        request: &HttpRequest,
        limit: Instant,
    ) -> Result<HttpResponse, TransportError> {
        let (http, owned) = (Arc::clone(&self.0.http), request.clone());
        // A task of its own: one that blocks its thread or panics takes nobody with it. Ended when dropped.
        let mut sending = JoinSet::new();
        sending.spawn(async move { http.send(owned).await });
        let due = Instant::now() + Duration::from_secs(request.wait);
        let end = limit.min(due + self.0.config.request_timeout);
        let told = end.min(due + TELL_AFTER);
        let timed_out = |_| TransportError::new(TransportFailure::TimedOut, "timed out");
        let answer = match timeout_at(told, sending.join_next()).await {
            Ok(answer) => Ok(answer),
            Err(late) if told < end => {
                live.trouble.set(Some(Error::from(timed_out(late))));
                timeout_at(end, sending.join_next()).await
            }
            Err(late) => Err(late),
        };
        match answer.map_err(timed_out)? {
            Some(Ok(answer)) => answer,
            _ => Err(TransportError::new(
                TransportFailure::Other,
                "the transport failed unexpectedly",
            )),
        }
    }
}

fn failed(error: Error, not_before: Instant, retries: &mut Retries) -> Unanswered {
    // Later than the relay asked for, so that many clients don't come at once.
    match retries.next() {
        Ok(pause) => Unanswered::Failed {
            error,
            again: not_before + pause,
        },
        Err(error) => Unanswered::Failed {
            error,
            again: not_before,
        },
    }
}

/// Between half of the time and all of it, so that many clients don't come at once.
pub(super) fn jittered(time: Duration) -> Result<Duration, Error> {
    if time.is_zero() {
        return Ok(time);
    }
    let part = u32::from(u16::from_be_bytes(os_entropy()?.bytes()));
    Ok(time / 2 + time / 2 * part / 65_536)
}
