//! The store that several relays share: a Redis or Valkey from version 7 on, one server, one with replicas and Sentinels, or
//! a cluster.
//!
//! A call loads the mailbox, runs the rules on it, and keeps the result if nobody was faster ([`scripts`]); else it begins
//! anew. The server forgets what has expired. What it acknowledged and then loses with a fail-over harms no transfer: an
//! older payload is written again by whoever wrote the newer one, and what nobody would repeat (that a mailbox was made, and who is
//! bound to it) is answered only when so many replicas have it as the address asks for.

mod address;
mod creations;
mod key;
mod link;
mod owned;
mod scripts;
mod wake;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use redis::{Cmd, FromRedisValue, Value, from_redis_value};
use tigress_mailbox::rules::{self, Command, Effect, Record, Refusal, Transition};
use tigress_mailbox::{MailboxId, Payload};
use uuid::Uuid;

use super::{Applied, Created, Creation, Kept, MailboxStore, Room, StoreError, Wakeups};
use address::{Address, Kind};
pub use address::{BadAddress, is_address};
use link::Link;
use owned::Owned;
use wake::RedisWakeups;

/// How often a call begins anew because another was faster.
const TRIES: usize = 16;
/// What has expired stays for so many seconds longer: relays and server do not agree on the time to the second.
const MARGIN: u64 = 60;
/// Longest time that replicas are waited for, in milliseconds.
const REPLICATION: u64 = 1_000;
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
    /// The command that tells of a change.
    publish: &'static str,
}

/// A mailbox as it was loaded.
struct Loaded {
    revision: Vec<u8>,
    /// Without its payload, unless that was wanted.
    record: Record,
    payload_size: usize,
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

    async fn load(&self, id: MailboxId, wanted: &[u8]) -> Result<Option<Loaded>, StoreError> {
        type Row = (Vec<u8>, Vec<u8>, usize, Option<Vec<u8>>);
        let key = key::of_mailbox(id);
        let row: Value = self
            .link
            .run(|connection| scripts::LOAD.call(&key, &[wanted], connection))
            .await?;
        if matches!(row, Value::Nil | Value::Boolean(false)) {
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
        let mut record = Record::from_bytes(&head).map_err(|_| damaged())?;
        if let Some(payload) = payload {
            let payload = Payload::from_bytes(&payload).map_err(|_| damaged())?;
            record = record.joined(payload);
        }
        Ok(Some(Loaded {
            revision,
            record,
            payload_size,
        }))
    }

    /// Runs a script that changes something; waits for the replicas if that is asked for.
    async fn change<T: FromRedisValue>(
        &self,
        script: &scripts::Step,
        key: &[u8],
        arguments: &[&[u8]],
        replicate: bool,
    ) -> Result<T, StoreError> {
        let replicas = self.link.address().replicas;
        if !replicate || replicas == 0 {
            return self
                .link
                .run(|connection| script.call(key, arguments, connection))
                .await;
        }
        let results = self.patient.run(|mut connection| {
            let commands = [script.in_full(key, arguments), wait(replicas)];
            async move { connection.both(key, commands).await }
        });
        let mut results = results.await?.into_iter();
        let (Some(result), Some(Value::Int(reached))) = (results.next(), results.next()) else {
            return Err(StoreError::Unavailable);
        };
        if let Value::ServerError(error) = result {
            return Err(link::told(&error.into()));
        }
        if reached < i64::from(replicas) {
            tracing::warn!(reached, wanted = replicas, "redis: too few replicas");
            return Err(StoreError::Unavailable);
        }
        from_redis_value(result).map_err(|_| damaged())
    }

    async fn keep(
        &self,
        id: MailboxId,
        loaded: &Loaded,
        record: Record,
        transition: &Transition,
        always: bool,
        now: u64,
    ) -> Result<bool, StoreError> {
        let (key, revision) = (key::of_mailbox(id), Uuid::new_v4());
        let is_new = record.version() != loaded.record.version();
        let expires = record.expires();
        let version = *record.version().0.as_bytes();
        let wakes = transition.effect == Effect::KeepAndWake;
        let (head, payload) = record.split();
        let (size, head) = (head.size(), head.to_bytes());
        let payload = is_new.then(|| payload.to_bytes());
        let left = left(expires, now);
        let wake = if wakes { self.publish } else { "" };
        let mut arguments = vec![
            loaded.revision.as_slice(),
            revision.as_bytes(),
            &head,
            left.as_bytes(),
            wake.as_bytes(),
        ];
        if let Some(payload) = &payload {
            arguments.extend([version.as_slice(), payload]);
        }
        let script = if always {
            &scripts::KEEP_ALWAYS
        } else {
            &scripts::KEEP
        };
        // Who is bound is what nobody would say again.
        let kept: Option<Vec<u8>> = self.change(script, &key, &arguments, !wakes).await?;
        let Some(creation) = kept else {
            return Ok(false);
        };
        let payload_size = payload.map_or(loaded.payload_size, |payload| payload.len());
        self.owned().changed(id, size + payload_size, expires);
        if expires != loaded.record.expires() {
            self.remember(&creation, id, false, left).await;
        }
        Ok(true)
    }

    async fn erase(
        &self,
        id: MailboxId,
        loaded: &Loaded,
        remember: u64,
    ) -> Result<bool, StoreError> {
        let key = key::of_mailbox(id);
        let arguments = [loaded.revision.as_slice(), self.publish.as_bytes()];
        let erased: Option<Vec<u8>> = self
            .change(&scripts::ERASE, &key, &arguments, false)
            .await?;
        let Some(creation) = erased else {
            return Ok(false);
        };
        self.owned().gone(id);
        let remember = remember.saturating_mul(1_000).max(1).to_string();
        self.remember(&creation, id, true, remember).await;
        Ok(true)
    }

    async fn unlink(&self, id: MailboxId) -> Result<(), StoreError> {
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

fn wait(replicas: u32) -> Cmd {
    let mut wait = redis::cmd("WAIT");
    wait.arg(replicas).arg(REPLICATION);
    wait
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
        let wanted = match &command {
            Command::Read { known, .. } => known
                .map_or(UNKNOWN, |version| *version.0.as_bytes())
                .to_vec(),
            _ => Vec::new(),
        };
        for _ in 0..TRIES {
            let Some(loaded) = self.load(id, &wanted).await? else {
                return Ok(told(Transition::refused(Refusal::NotFound)));
            };
            let needs_room = command.needs_room();
            let mut record = loaded.record.clone();
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
                    self.keep(id, &loaded, record, &transition, always, now)
                        .await?
                }
                Effect::EraseAndWake => self.erase(id, &loaded, room.remember).await?,
            };
            if done {
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
