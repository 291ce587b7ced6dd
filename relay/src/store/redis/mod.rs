//! The store that several relays share: a Redis or Valkey from version 7 on, one server, one with replicas and Sentinels, or
//! a cluster.
//!
//! A call loads the mailbox, runs the rules on it, and keeps the result if nobody was faster ([`scripts`]); else it begins
//! anew. A write begins with the mailbox as this relay has last seen it, if it has, and loads it only if it is another by now
//! ([`seen`]). The server forgets what has expired. What it acknowledged and then loses with a fail-over harms no transfer: an
//! older payload is written again by whoever wrote the newer one, and what nobody would repeat (that a mailbox was made, and who is
//! bound to it) is answered only when so many replicas have it as the address asks for.

mod address;
mod changes;
mod creations;
mod key;
mod link;
mod owned;
mod scripts;
mod seen;
mod wake;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use redis::{Value, from_redis_value};
use tigress_mailbox::rules::{self, Command, Effect, Record, Refusal, Transition};
use tigress_mailbox::{MailboxId, Payload};
use uuid::Uuid;

use super::{Applied, Created, Creation, Kept, MailboxStore, Room, StoreError, Wakeups};
use address::{Address, Kind};
pub use address::{BadAddress, is_address};
use link::Link;
use owned::Owned;
use seen::{Loaded, Seen};
use wake::RedisWakeups;

/// How often a call begins anew because another was faster: who writes what it has seen is faster than who must look first, so
/// that one that writes without a pause wins many times in a row.
const TRIES: usize = 64;
/// What has expired stays for so many seconds longer: relays and server do not agree on the time to the second.
const MARGIN: u64 = 60;
/// Mailboxes of its own that a sweep asks for.
const SWEEP: usize = 512;
/// As no version is: a reader who knows none.
const UNKNOWN: [u8; 16] = [0; 16];

/// Keeps mailboxes in a Redis or Valkey.
pub struct RedisStore {
    link: Arc<Link>,
    /// For calls that wait for replicas: nothing else is held up by them.
    patient: Link,
    wakeups: RedisWakeups,
    owned: Mutex<Owned>,
    seen: Seen,
    /// The command that tells of a change.
    publish: &'static str,
}

impl RedisStore {
    /// A store at this address; `docs/relay.md` has the forms. Nothing is connected yet. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// [`BadAddress`].
    pub fn new(address: &str) -> Result<Self, BadAddress> {
        let address = Address::parse(address)?;
        let publish = match address.kind {
            Kind::Cluster => "SPUBLISH",
            _ => "PUBLISH",
        };
        let link = Arc::new(Link::new(address.clone()));
        Ok(Self {
            patient: Link::new(address),
            wakeups: RedisWakeups::new(link.clone()),
            owned: Mutex::default(),
            seen: Seen::default(),
            link,
            publish,
        })
    }

    /// The servers, without user and password.
    #[must_use]
    pub fn shown(&self) -> String {
        self.link.address().shown()
    }

    /// Nothing panics while the lock is held halfway through a change.
    fn owned(&self) -> MutexGuard<'_, Owned> {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The mailbox, and its payload if that is wanted.
    async fn load(
        &self,
        id: MailboxId,
        wanted: &[u8],
    ) -> Result<Option<(Arc<Loaded>, Option<Payload>)>, StoreError> {
        type Row = (Vec<u8>, Vec<u8>, usize, Option<Vec<u8>>);
        let key = key::of_mailbox(id);
        let row: Value = self
            .link
            .run(|connection| scripts::LOAD.call(&key, &[wanted], connection))
            .await?;
        if matches!(row, Value::Nil | Value::Boolean(false)) {
            self.seen.forget(id);
            return Ok(None);
        }
        // A script's answer ends before what was not fetched.
        let row = match row {
            Value::Array(mut cells) => {
                cells.resize(4, Value::Nil);
                Value::Array(cells)
            }
            other => other,
        };
        let (revision, head, payload_size, payload) =
            from_redis_value::<Row>(row).map_err(|_| damaged())?;
        let payload = payload.map(|payload| Payload::from_bytes(&payload));
        let payload = payload.transpose().map_err(|_| damaged())?;
        // The same revision is the same record.
        if let Some(seen) = self.seen.get(id)
            && seen.revision == revision
        {
            return Ok(Some((seen, payload)));
        }
        let record = Record::from_bytes(&head).map_err(|_| damaged())?;
        let loaded = Arc::new(Loaded {
            revision,
            record,
            payload_size,
        });
        self.seen.put(id, loaded.clone());
        Ok(Some((loaded, payload)))
    }

    /// Runs the rules on the mailbox as it was loaded and keeps what they did; none if another was faster.
    async fn attempt(
        &self,
        id: MailboxId,
        loaded: &Loaded,
        payload: Option<Payload>,
        command: &Command,
        room: &Room,
        now: u64,
    ) -> Result<Option<Transition>, StoreError> {
        let needs_room = command.needs_room();
        let mut record = loaded.record.clone();
        if let Some(payload) = payload {
            record = record.joined(payload);
        }
        let transition = rules::apply(&mut record, command.clone(), now);
        let done = match transition.effect {
            Effect::Unchanged => true,
            Effect::Keep | Effect::KeepAndWake => {
                if needs_room {
                    let before = loaded.record.size() + loaded.payload_size;
                    let after = match transition.effect {
                        Effect::KeepAndWake => record.size(),
                        _ => record.size() + loaded.payload_size,
                    };
                    self.owned().ledger.may_resize(id, before, after, room)?;
                }
                let always = !needs_room;
                self.keep(id, loaded, record, &transition, always, now)
                    .await?
            }
            Effect::EraseAndWake => self.erase(id, loaded, room.remember).await?,
        };
        Ok(done.then_some(transition))
    }

    async fn unlink(&self, id: MailboxId) -> Result<(), StoreError> {
        self.seen.forget(id);
        let mut unlink = redis::cmd("UNLINK");
        unlink.arg(key::of_mailbox(id));
        self.link.query(&unlink).await
    }

    async fn exists(&self, id: MailboxId) -> Result<bool, StoreError> {
        let mut exists = redis::cmd("EXISTS");
        exists.arg(key::of_mailbox(id));
        self.link.query(&exists).await
    }
}

/// Seconds until then as milliseconds, counted from the relay's time: the server's own may be another.
fn left(expires: u64, now: u64) -> String {
    let seconds = expires.saturating_sub(now).saturating_add(MARGIN);
    seconds.saturating_mul(1_000).to_string()
}

fn damaged() -> StoreError {
    tracing::error!("redis: what is kept is not what was written");
    StoreError::Unavailable
}

#[async_trait]
impl MailboxStore for RedisStore {
    async fn create(&self, new: Creation, room: &Room, now: u64) -> Result<Created, StoreError> {
        let Creation {
            key: creation,
            id,
            record,
            client,
        } = new;
        let (size, expires, version) = (record.size(), record.expires(), record.version());
        let repeated = self.repeated(&creation, now).await?;
        if let Some(repeated) = repeated {
            return Ok(repeated);
        }
        self.owned().ledger.may_create(client, size, room)?;
        let (head, payload) = record.split();
        let (key, left) = (key::of_mailbox(id), left(expires, now));
        let (revision, head, payload) = (Uuid::new_v4(), head.to_bytes(), payload.to_bytes());
        let arguments = [
            revision.as_bytes().as_slice(),
            &head,
            left.as_bytes(),
            version.0.as_bytes(),
            &payload,
            &creation.0,
        ];
        let made: Result<i64, _> = self.change(&scripts::CREATE, &key, &arguments, true).await;
        if let Err(error) = made {
            // Perhaps it was made, with too few replicas.
            let _ = self.unlink(id).await;
            return Err(error);
        }
        // A relay that ends here leaves a mailbox that nobody knows, which expires.
        match self.note(&creation, id, &left).await {
            Ok(None) => {
                self.owned().created(id, client, size, expires);
                Ok(Created::New)
            }
            Ok(Some(_)) => {
                // The same request at another relay was faster.
                self.unlink(id).await?;
                let repeated = self.repeated(&creation, now).await?;
                repeated.ok_or(StoreError::Unavailable)
            }
            Err(error) => Err(error),
        }
    }

    async fn apply(
        &self,
        id: MailboxId,
        command: Command,
        room: &Room,
        now: u64,
    ) -> Result<Applied, StoreError> {
        // A read asks for the payload, which only the server has; a write may begin with what was seen.
        let (wanted, mut seen) = match &command {
            Command::Read { known, .. } => {
                let known = known.map_or(UNKNOWN, |version| *version.0.as_bytes());
                (known.to_vec(), None)
            }
            Command::Show => (Vec::new(), None),
            _ => (Vec::new(), self.seen.get(id)),
        };
        for _ in 0..TRIES {
            if let Some(loaded) = seen.take() {
                // That it changes nothing, or has no room, may be true no more.
                let tried = self.attempt(id, &loaded, None, &command, room, now).await;
                match tried {
                    Ok(Some(transition)) if transition.effect != Effect::Unchanged => {
                        return Ok(told(transition));
                    }
                    Ok(_) | Err(StoreError::Full | StoreError::ClientFull) => {}
                    Err(error) => return Err(error),
                }
            }
            let Some((loaded, payload)) = self.load(id, &wanted).await? else {
                return Ok(told(Transition::refused(Refusal::NotFound)));
            };
            let tried = self.attempt(id, &loaded, payload, &command, room, now);
            if let Some(transition) = tried.await? {
                return Ok(told(transition));
            }
        }
        Err(StoreError::Unavailable)
    }

    fn wakeups(&self) -> &dyn Wakeups {
        &self.wakeups
    }

    async fn sweep(&self, now: u64) -> Result<usize, StoreError> {
        let (expired, others) = self.owned().due(now, SWEEP);
        for id in &expired {
            self.unlink(*id).await?;
            let mut publish = redis::cmd(self.publish);
            publish.arg(key::of_mailbox(*id)).arg("");
            self.link.query::<()>(&publish).await?;
            self.owned().gone(*id);
        }
        for id in others {
            if !self.exists(id).await? {
                self.owned().gone(id);
            }
        }
        Ok(expired.len())
    }

    async fn ready(&self, room: &Room) -> Result<(), StoreError> {
        let mut set = redis::cmd("SET");
        set.arg("tigress:ready").arg("").arg("PX").arg(1_000);
        self.link.query::<()>(&set).await?;
        self.owned().ledger.has_room(room)
    }

    async fn kept(&self) -> Option<Kept> {
        Some(self.owned().ledger.kept())
    }
}

fn told(transition: Transition) -> Applied {
    Applied {
        answer: transition.answer,
        notify: transition.notify,
    }
}

#[cfg(test)]
mod tests;
