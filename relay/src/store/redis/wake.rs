//! Wake-ups from whichever relay made the change: each mailbox that is watched here is subscribed to, on a connection that
//! does nothing else.
//!
//! A message that is published while the connection is lost is gone. So all who watch are woken when it is, and again
//! look at their mailbox, as they do when a subscription is confirmed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{PushInfo, PushKind, RedisResult, Value};
use tigress_mailbox::MailboxId;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};
use uuid::Uuid;

use super::key;
use super::link::{Connection, Link, told};
use crate::store::StoreError;
use crate::store::wake::{LocalWakeups, Wakeups, Watch};

/// Mailboxes that are subscribed to at once.
const BATCH: usize = 256;
/// How often it is seen to that messages still arrive.
const BEAT: Duration = Duration::from_secs(1);
/// After this long without a beat of its own the connection is given up.
const SILENCE: Duration = Duration::from_secs(3);
/// Longest time for a subscription to be confirmed.
const CONFIRM: Duration = Duration::from_secs(3);
/// How soon a lost connection is made again, at first and at most.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];
/// A reader looks again after this long without a message: what no connection tells of, such as a cluster's server that
/// nobody reaches, costs it no more than that.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// Wakes those who watch here when any relay changes a mailbox.
pub(super) struct RedisWakeups {
    local: Arc<LocalWakeups>,
    wanted: mpsc::Sender<Want>,
    listener: AbortHandle,
}

/// A mailbox that is to be subscribed to.
struct Want {
    id: MailboxId,
    done: oneshot::Sender<()>,
}

impl RedisWakeups {
    /// Must be called on a tokio runtime.
    pub(super) fn new(link: Arc<Link>) -> Self {
        let (wanted, wants) = mpsc::channel(BATCH);
        let local = Arc::<LocalWakeups>::default();
        let listener = Listener {
            link,
            local: local.clone(),
            subscribed: HashSet::new(),
            beat: format!("tigress:beat:{{{}}}", Uuid::new_v4()).into_bytes(),
            beaten: None,
        };
        let listener = tokio::spawn(listener.run(wants)).abort_handle();
        Self {
            local,
            wanted,
            listener,
        }
    }
}

impl Drop for RedisWakeups {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

#[async_trait]
impl Wakeups for RedisWakeups {
    async fn watch(&self, id: MailboxId) -> Result<Watch, StoreError> {
        let watch = self.local.watch_now(id);
        let (done, confirmed) = oneshot::channel();
        let subscribing = async {
            self.wanted.send(Want { id, done }).await.ok()?;
            confirmed.await.ok()
        };
        match tokio::time::timeout(CONFIRM, subscribing).await {
            Ok(Some(())) => Ok(watch),
            _ => Err(StoreError::Unavailable),
        }
    }

    fn look_again(&self) -> Option<Duration> {
        Some(LOOK_AGAIN)
    }
}

struct Listener {
    link: Arc<Link>,
    local: Arc<LocalWakeups>,
    subscribed: HashSet<MailboxId>,
    /// This relay's own channel: what it publishes there must come back.
    beat: Vec<u8>,
    /// When the oldest beat was published that has not come back.
    beaten: Option<Instant>,
}

/// The connection is of no use any more.
struct Lost;

impl Listener {
    async fn run(mut self, mut wants: mpsc::Receiver<Want>) {
        let mut pause = PAUSES[0];
        loop {
            let (sender, pushes) = mpsc::unbounded_channel();
            match self.connect(sender).await {
                Ok(connection) => {
                    pause = PAUSES[0];
                    let Err(Lost) = self.serve(connection, pushes, &mut wants).await else {
                        return;
                    };
                    tracing::warn!("redis: wake-ups lost, subscribing anew");
                }
                Err(error) => {
                    told(&error);
                }
            }
            self.subscribed.clear();
            self.beaten = None;
            self.local.wake_all();
            // Who wants something meanwhile is told that it is not to be had.
            let until = Instant::now() + pause;
            while let Ok(Some(_)) = tokio::time::timeout_at(until, wants.recv()).await {}
            if wants.is_closed() {
                return;
            }
            pause = pause.saturating_mul(2).min(PAUSES[1]);
        }
    }

    async fn connect(&self, pushes: mpsc::UnboundedSender<PushInfo>) -> RedisResult<Connection> {
        let mut connection = self.link.address().connect(Some(pushes)).await?;
        if let Connection::One(one) = &mut connection {
            one.subscribe(&self.beat).await?;
        }
        Ok(connection)
    }

    /// Returns when the store is gone.
    async fn serve(
        &mut self,
        connection: Connection,
        mut pushes: UnboundedReceiver<PushInfo>,
        wants: &mut mpsc::Receiver<Want>,
    ) -> Result<(), Lost> {
        let mut beats = tokio::time::interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                push = pushes.recv() => self.pushed(&push.ok_or(Lost)?)?,
                _ = beats.tick() => {
                    self.tidy(&connection).await?;
                    self.beat(&connection)?;
                }
                count = wants.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return Ok(());
                    }
                    self.subscribe(&connection, &batch).await?;
                    for want in batch.drain(..) {
                        let _ = want.done.send(());
                    }
                }
            }
        }
    }

    fn pushed(&mut self, push: &PushInfo) -> Result<(), Lost> {
        match push.kind {
            PushKind::Disconnection => Err(Lost),
            PushKind::Message | PushKind::SMessage => {
                if let Some(id) = channel(push).and_then(key::mailbox_of) {
                    self.local.wake(id);
                } else if channel(push) == Some(&self.beat) {
                    self.beaten = None;
                }
                Ok(())
            }
            // Not by our wish: the mailbox is another server's now.
            PushKind::SUnsubscribe => {
                if let Some(id) = channel(push).and_then(key::mailbox_of)
                    && self.subscribed.remove(&id)
                {
                    self.local.wake(id);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn subscribe(&mut self, connection: &Connection, wants: &[Want]) -> Result<(), Lost> {
        let new = wants.iter().map(|want| want.id);
        let new: HashSet<MailboxId> = new.filter(|id| !self.subscribed.contains(id)).collect();
        if new.is_empty() {
            return Ok(());
        }
        change(connection, &new, true).await?;
        self.subscribed.extend(new);
        Ok(())
    }

    /// Unsubscribes from what nobody watches any more.
    async fn tidy(&mut self, connection: &Connection) -> Result<(), Lost> {
        self.local.tidy();
        let idle = self
            .subscribed
            .iter()
            .filter(|id| !self.local.is_watched(**id));
        let idle: HashSet<MailboxId> = idle.copied().collect();
        if idle.is_empty() {
            return Ok(());
        }
        self.subscribed.retain(|id| !idle.contains(id));
        change(connection, &idle, false).await
    }

    /// Publishes where calls go and sees to it that it comes back here: so both talk to the same server.
    fn beat(&mut self, connection: &Connection) -> Result<(), Lost> {
        if matches!(connection, Connection::Cluster(_)) {
            return Ok(());
        }
        if self.beaten.is_some_and(|at| at.elapsed() > SILENCE) {
            return Err(Lost);
        }
        self.beaten.get_or_insert_with(Instant::now);
        let (link, channel) = (self.link.clone(), self.beat.clone());
        tokio::spawn(async move {
            let mut publish = redis::cmd("PUBLISH");
            publish.arg(&channel).arg("");
            let _ = link.query::<()>(&publish).await;
        });
        Ok(())
    }
}

/// Subscribes, or unsubscribes; returns when that is confirmed.
async fn change(
    connection: &Connection,
    mailboxes: &HashSet<MailboxId>,
    subscribe: bool,
) -> Result<(), Lost> {
    let channels: Vec<Vec<u8>> = mailboxes.iter().map(|id| key::of_mailbox(*id)).collect();
    let changing = async {
        match connection.clone() {
            Connection::One(mut one) if subscribe => one.subscribe(channels).await,
            Connection::One(mut one) => one.unsubscribe(channels).await,
            Connection::Cluster(cluster) => {
                // Each has a server of its own.
                let mut all = JoinSet::new();
                for channel in channels {
                    let mut cluster = cluster.clone();
                    all.spawn(async move {
                        if subscribe {
                            cluster.ssubscribe(channel).await
                        } else {
                            cluster.sunsubscribe(channel).await
                        }
                    });
                }
                while let Some(done) = all.join_next().await {
                    done.unwrap_or(Ok(()))?;
                }
                Ok(())
            }
        }
    };
    match tokio::time::timeout(CONFIRM, changing).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            told(&error);
            Err(Lost)
        }
        Err(_) => Err(Lost),
    }
}

fn channel(push: &PushInfo) -> Option<&[u8]> {
    match push.data.first()? {
        Value::BulkString(channel) => Some(channel),
        Value::SimpleString(channel) => Some(channel.as_bytes()),
        _ => None,
    }
}
