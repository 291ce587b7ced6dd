//! What every app does: it follows a transfer until it is over, and keeps the events.

use std::time::Duration;

use tigress::{
    Credential, Error, Outcome, TerminateReason, TransferClient, TransferEvent, TransferId,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Apps;

/// One transfer, followed in the background until it is over.
pub struct Follower {
    events: watch::Receiver<Vec<TransferEvent>>,
    task: JoinHandle<Result<(), Error>>,
}

impl Follower {
    /// How long a test waits for what must happen: shorter than a read waits at the relay (50 s), so that what should
    /// have woken it is missed.
    const PATIENCE: Duration = Duration::from_secs(45);

    /// Follows this transfer from its first event on.
    pub fn start(client: &TransferClient, id: TransferId) -> Self {
        Self::with(client, id, |_| false)
    }

    /// The same, done with the first credential that comes.
    pub fn start_done_with_the_first(client: &TransferClient, id: TransferId) -> Self {
        Self::with(client, id, |event| {
            matches!(event, TransferEvent::CredentialReceived { .. })
        })
    }

    fn with(
        client: &TransferClient,
        id: TransferId,
        is_done: impl Fn(&TransferEvent) -> bool + Send + 'static,
    ) -> Self {
        let (sender, events) = watch::channel(Vec::new());
        let client = client.clone();
        let task = tokio::spawn(async move {
            let mut events = client.events(id)?;
            while let Some(event) = events.next().await? {
                if is_done(&event) {
                    client.terminate(id, TerminateReason::Done).await?;
                }
                sender.send_modify(|all: &mut Vec<TransferEvent>| all.push(event));
            }
            Ok(())
        });
        Self { events, task }
    }

    /// Waits until the events so far are as wanted, and gives them.
    pub async fn until(&mut self, wanted: impl Fn(&[TransferEvent]) -> bool) -> Vec<TransferEvent> {
        let happened = self.events.wait_for(|all| wanted(all));
        let result = tokio::time::timeout(Self::PATIENCE, happened).await;
        if let Some(events) = result
            .ok()
            .and_then(|r| r.ok().map(|events| events.clone()))
        {
            return events;
        }
        let seen = self.events.borrow().clone();
        if self.task.is_finished() {
            let ended = (&mut self.task).await;
            panic!("over, without what was awaited: {ended:?}, {seen:?}");
        }
        panic!("nothing happens any more: {seen:?}");
    }

    /// Waits for one event.
    pub async fn event(&mut self, wanted: &TransferEvent) {
        self.until(|all| all.contains(wanted)).await;
    }

    /// Waits for so many messages of the other side, and gives them.
    pub async fn received(&mut self, count: usize) -> Vec<Credential> {
        let events = self.until(|all| Apps::received(all).len() >= count).await;
        Apps::received(&events)
    }

    /// Waits for the end.
    pub async fn outcome(&mut self) -> Outcome {
        let events = self.until(|all| Apps::outcome(all).is_some()).await;
        Apps::outcome(&events).expect("awaited")
    }

    /// The events so far.
    pub fn events(&self) -> Vec<TransferEvent> {
        self.events.borrow().clone()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}
