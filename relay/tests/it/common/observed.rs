//! A store that tells what its relay does with it.

use async_trait::async_trait;
use tigress_mailbox::MailboxId;
use tigress_relay::store::{
    Applied, Command, Created, Creation, MailboxStore, Room, StoreError, Wakeups, Watch,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A read begins to wait.
    Watched,
    /// A sweep is done.
    Swept,
}

pub(crate) struct Observed<S> {
    store: S,
    told: UnboundedSender<Seen>,
    is_blind: bool,
}

impl<S> Observed<S> {
    pub(crate) fn new(store: S) -> (Self, UnboundedReceiver<Seen>) {
        let (told, seen) = unbounded_channel();
        let is_blind = false;
        let observed = Self {
            store,
            told,
            is_blind,
        };
        (observed, seen)
    }

    /// One that can't tell of any change.
    pub(crate) fn blind(store: S) -> Self {
        let (mut observed, _) = Self::new(store);
        observed.is_blind = true;
        observed
    }
}

/// The next of its kind.
pub(crate) async fn next(seen: &mut UnboundedReceiver<Seen>, wanted: Seen) {
    while seen.recv().await.unwrap() != wanted {}
}

#[async_trait]
impl<S: MailboxStore> Wakeups for Observed<S> {
    async fn watch(&self, id: MailboxId) -> Result<Watch, StoreError> {
        let watch = self.store.wakeups().watch(id).await;
        let _ = self.told.send(Seen::Watched);
        match self.is_blind {
            true => Err(StoreError::Unavailable),
            false => watch,
        }
    }
}

#[async_trait]
impl<S: MailboxStore> MailboxStore for Observed<S> {
    async fn create(&self, new: Creation, room: &Room, now: u64) -> Result<Created, StoreError> {
        self.store.create(new, room, now).await
    }

    async fn apply(
        &self,
        id: MailboxId,
        command: Command,
        room: &Room,
        now: u64,
    ) -> Result<Applied, StoreError> {
        self.store.apply(id, command, room, now).await
    }

    fn wakeups(&self) -> &dyn Wakeups {
        self
    }

    async fn sweep(&self, now: u64) -> Result<usize, StoreError> {
        let swept = self.store.sweep(now).await;
        let _ = self.told.send(Seen::Swept);
        swept
    }

    async fn ready(&self, room: &Room) -> Result<(), StoreError> {
        self.store.ready(room).await
    }

    async fn close(&self) {
        self.store.close().await;
    }
}
