//! Between the relay's calls and the push services: nobody waits for it, it has an end, and each token is tried by one
//! task at a time, again and again if that may help.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tigress_mailbox::NotificationToken;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::ended::{Ended, Key};
use super::{Notification, Outcome, PushGateway, Why};
use crate::clock::Clock;

/// Two gateways serve this type of notification token.
#[derive(Debug)]
pub(crate) struct ServedTwice(pub(crate) String);

/// Tokens that wait or are under way; further ones are dropped, the devices look by themselves anyway.
const ROOM: usize = 4096;
/// Tries at a time, for each gateway: a slow one holds up no other.
const AT_A_TIME: usize = 64;
/// After this a try is given up.
const TRY: Duration = Duration::from_secs(10);
/// Tries altogether, and the first pause between them; each is three times the one before. Six minutes in all.
const TRIES: u32 = 7;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// A service that asks for a longer silence is not waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What became of notifications since the relay's start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PushCounts {
    /// Tokens that wait or are under way now.
    pub waiting: u64,
    /// Taken by a service.
    pub sent: u64,
    /// Came while one for the same token waited or was under way, and became one with it or with the next.
    pub merged: u64,
    /// Tries that are made again.
    pub retried: u64,
    /// Dropped, since too many waited.
    pub dropped: u64,
    /// For a token that its service has ended, now or within the last hour.
    pub ended: u64,
    /// Refused by a service.
    pub refused: u64,
    /// Given up after the last try.
    pub given_up: u64,
}

/// A gateway and what is kept for it.
struct Served {
    gateway: Arc<dyn PushGateway>,
    slots: Semaphore,
    /// Until when it asked for silence.
    silent: Mutex<Option<Instant>>,
}

/// Where a token stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    Waiting,
    UnderWay,
    /// Something happened while it was under way, which the device may not see by it.
    Again,
}

#[derive(Default)]
struct Room {
    tokens: HashMap<Key, Stand>,
    ended: Ended,
    counts: PushCounts,
    /// Dropped, and not told in the log yet.
    untold: u64,
}

/// All that is to be told to devices.
pub(crate) struct Queue {
    types: HashMap<String, Arc<Served>>,
    room: Mutex<Room>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

/// How a token's tries came to their end.
enum End {
    Sent,
    Ended(Why),
    Refused(Why),
    GivenUp(Why),
}

impl Queue {
    pub(crate) fn new(
        gateways: Vec<Arc<dyn PushGateway>>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, ServedTwice> {
        let mut types = HashMap::new();
        for gateway in gateways {
            let served = Arc::new(Served {
                gateway,
                slots: Semaphore::new(AT_A_TIME),
                silent: Mutex::default(),
            });
            for kind in served.gateway.types() {
                if types.insert(kind.clone(), served.clone()).is_some() {
                    return Err(ServedTwice(kind));
                }
            }
        }
        Ok(Arc::new(Self {
            types,
            room: Mutex::default(),
            clock,
            stop: CancellationToken::new(),
        }))
    }

    /// Whether a token is served; without one, whether any is.
    pub(crate) fn serves(&self, token: Option<&NotificationToken>) -> bool {
        let Some(token) = token else {
            return !self.types.is_empty();
        };
        let known = self.types.contains_key(&token.token_type);
        known && !self.room().ended.has(Key::of(token), Instant::now())
    }

    /// The types that are served, in order.
    pub(crate) fn types(&self) -> Vec<String> {
        let mut types: Vec<_> = self.types.keys().cloned().collect();
        types.sort_unstable();
        types
    }

    pub(crate) fn counts(&self) -> PushCounts {
        let room = self.room();
        PushCounts {
            waiting: u64::try_from(room.tokens.len()).unwrap_or(u64::MAX),
            ..room.counts
        }
    }

    /// Has a device notified; returns at once.
    pub(crate) fn notify(self: &Arc<Self>, token: NotificationToken) {
        let Some(served) = self.types.get(&token.token_type) else {
            return;
        };
        let key = Key::of(&token);
        if !self.room().take(key) {
            return;
        }
        let place = Place {
            queue: self.clone(),
            served: served.clone(),
            token,
            key: Some(key),
        };
        let work = self.stop.clone().run_until_cancelled_owned(place.work());
        tokio::spawn(work);
    }

    /// Ends the work: what waits is lost.
    pub(crate) fn close(&self) {
        let left = self.room().tokens.len();
        if left > 0 {
            tracing::info!(left, "notifications that were not sent yet are lost");
        }
        self.stop.cancel();
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    /// Whether there is something to begin for this token.
    fn take(&mut self, key: Key) -> bool {
        if self.ended.has(key, Instant::now()) {
            self.counts.ended += 1;
            return false;
        }
        if let Some(stand) = self.tokens.get_mut(&key) {
            if *stand == Stand::UnderWay {
                *stand = Stand::Again;
            }
            self.counts.merged += 1;
            return false;
        }
        if self.tokens.len() >= ROOM {
            if self.untold == 0 {
                tracing::warn!("notifications are dropped: too many wait");
            }
            self.untold += 1;
            self.counts.dropped += 1;
            return false;
        }
        self.tokens.insert(key, Stand::Waiting);
        true
    }

    fn leave(&mut self, key: Key) {
        self.tokens.remove(&key);
        if self.untold > 0 {
            let dropped = std::mem::take(&mut self.untold);
            tracing::warn!(dropped, "notifications were dropped: too many waited");
        }
    }
}

impl Served {
    fn silent(&self) -> MutexGuard<'_, Option<Instant>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the gateway may be asked, and there are not too many tries already.
    async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        loop {
            let slot = self.slots.acquire().await.ok()?;
            let silent = *self.silent();
            match silent {
                Some(until) if until > Instant::now() => {
                    drop(slot);
                    sleep_until(until).await;
                }
                _ => return Some(slot),
            }
        }
    }

    fn be_silent(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut silent = self.silent();
        *silent = Some(silent.map_or(until, |there| there.max(until)));
    }
}

/// A token's place in the queue, given back however its work ends.
struct Place {
    queue: Arc<Queue>,
    served: Arc<Served>,
    token: NotificationToken,
    key: Option<Key>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.queue.room().leave(key);
        }
    }
}

impl Place {
    async fn work(mut self) {
        while let Some(key) = self.key {
            let Some(end) = self.tries(key).await else {
                return;
            };
            if !self.ended(key, &end) {
                self.key = None;
            }
        }
    }

    /// Tries until there is nothing more to try.
    async fn tries(&self, key: Key) -> Option<End> {
        let (id, made) = (Uuid::new_v4(), self.queue.clock.now());
        let mut tried = 0;
        loop {
            let slot = self.served.slot().await?;
            // This try tells of all that happened until now.
            self.queue.room().tokens.insert(key, Stand::UnderWay);
            let notification = Notification {
                token: &self.token,
                id,
                made,
                now: self.queue.clock.now(),
            };
            let outcome = timeout(TRY, self.served.gateway.notify(&notification)).await;
            drop(slot);
            let (after, why) = match outcome {
                Ok(Outcome::Sent) => return Some(End::Sent),
                Ok(Outcome::Ended(why)) => return Some(End::Ended(why)),
                Ok(Outcome::Refused(why)) => return Some(End::Refused(why)),
                Ok(Outcome::Later { after, why }) => (after, why),
                Err(_) => (None, Why::new("no answer in time")),
            };
            tried += 1;
            let Some(pause) = pause(tried, id, after) else {
                return Some(End::GivenUp(why));
            };
            if after.is_some() {
                self.served.be_silent(pause);
            }
            self.queue.room().counts.retried += 1;
            let kind = &self.token.token_type;
            tracing::debug!(kind, %why, "notification is tried again");
            sleep(pause).await;
        }
    }

    /// Counts and tells it; whether there is more to do for this token.
    fn ended(&self, key: Key, end: &End) -> bool {
        let kind = &self.token.token_type;
        let mut room = self.queue.room();
        match end {
            End::Sent => {
                room.counts.sent += 1;
                tracing::debug!(kind, "device notified");
            }
            End::Ended(why) => {
                room.counts.ended += 1;
                room.ended.add(key, Instant::now());
                tracing::info!(kind, %why, "notification token ended by its service");
            }
            End::Refused(why) => {
                room.counts.refused += 1;
                tracing::warn!(kind, %why, "notification refused");
            }
            End::GivenUp(why) => {
                room.counts.given_up += 1;
                tracing::warn!(kind, %why, "notification given up");
            }
        }
        let more = room.tokens.get(&key) == Some(&Stand::Again) && !matches!(end, End::Ended(_));
        if more {
            room.tokens.insert(key, Stand::Waiting);
        } else {
            room.leave(key);
        }
        more
    }
}

/// How long to wait after so many tries, if there is another one.
fn pause(tried: u32, id: Uuid, after: Option<Duration>) -> Option<Duration> {
    if tried >= TRIES || after.is_some_and(|after| after > LONGEST_PAUSE) {
        return None;
    }
    let own = FIRST_PAUSE * 3_u32.pow(tried - 1);
    // Up to a quarter longer, so that not all come at once. The id is random.
    let own = own + own * u32::from(id.as_bytes()[0]) / 1024;
    Some(after.map_or(own, |after| after.max(own)))
}

#[cfg(test)]
mod tests;
