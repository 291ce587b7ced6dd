//! The shell: everything with I/O, clock, randomness and waiting. It loads a transfer, lets it decide, stores
//! it, and only then makes the request that it asked for.

mod accept;
mod approval;
mod clock;
mod config;
mod events;
mod forget;
#[cfg(feature = "http")]
mod http;
mod invite;
mod live;
#[cfg(feature = "testing")]
mod memory_relay;
mod pace;
mod records;
mod relay_watch;
mod relays;
mod round;
mod send;
mod store;
#[cfg(test)]
mod tests;
mod transfers_watch;
mod transport;
mod trouble;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

pub use approval::{ShareRequest, UserApproval};
pub use clock::Clock;
pub use config::{
    AcceptOptions, Config, DEFAULT_LIFETIME, Invitation, InvitationRequest, MAX_LIFETIME,
};
pub use events::Events;
#[cfg(feature = "testing")]
pub use memory_relay::InMemoryRelay;
pub use relay_watch::RelayWatch;
pub use store::{DirectoryStore, MemoryStore, StoreError, StoredRecord, TransferStore};
pub use transfers_watch::TransfersWatch;
pub use transport::{HttpTransport, TransportError};

use live::Live;
use relays::Relays;
use round::Goal;
use send::Time;

use crate::Error;
use tigress_gss::pin::Pin;
use tigress_mailbox::NotificationToken;
use tigress_primitives::entropy::Entropy;
use tigress_primitives::secret::Secret;
use tigress_protocol::invitation::RelayPolicy;
use tigress_protocol::transfer::{
    Credential, MessageIndex, Slot, TerminateReason, TransferId, TransferState, TransferSummary,
    TransferUpdate,
};

/// Store calls that run at the same time, each on a thread: many transfers that wake together must not start as many.
const MAX_STORE_CALLS: usize = 8;
/// The interface that wallets call: it carries any number of transfers, as sender and as receiver.
///
/// Cheap to clone; every function may be called from any thread, on a tokio runtime with time enabled, and may
/// be cancelled (dropped) at any await: what was stored stays, and the same call later goes on.
#[derive(Clone)]
pub struct TransferClient(Arc<Inner>);

struct Inner {
    config: Config,
    policy: RelayPolicy,
    store: Arc<dyn TransferStore>,
    store_calls: Arc<Semaphore>,
    http: Arc<dyn HttpTransport>,
    clock: Arc<dyn Clock>,
    relays: Relays,
    live: Mutex<HashMap<TransferId, Arc<Live>>>,
    observed: Mutex<HashSet<TransferId>>,
    /// Counts what was stored.
    changes: watch::Sender<u64>,
}

impl std::fmt::Debug for TransferClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TransferClient(..)")
    }
}

/// A generator over a fresh seed from the operating system.
pub(crate) fn os_entropy() -> Result<Entropy, Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| Error::internal("the system gives no randomness"))?;
    Ok(Entropy::from_seed(&Secret::new(seed)))
}

/// Longest time that a call waits; what asks for more means "as long as it takes".
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

impl TransferClient {
    /// A client over a store and a transport; without one, the built-in transport. Touches neither disk nor
    /// network.
    ///
    /// # Errors
    /// `bad_config` for relay URLs that are no origins, or PINs out of their limits; `no_transport` without a transport where none is built
    /// in.
    pub fn new(
        config: Config,
        store: Arc<dyn TransferStore>,
        http: Option<Arc<dyn HttpTransport>>,
    ) -> Result<Self, Error> {
        Self::with_clock(config, store, http, Arc::new(clock::SystemClock))
    }

    /// The same with another clock than the device's: for tests.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_clock(
        config: Config,
        store: Arc<dyn TransferStore>,
        http: Option<Arc<dyn HttpTransport>>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let policy = config.policy()?;
        let http = match http {
            Some(http) => http,
            None => built_in_transport(&config)?,
        };
        Ok(Self(Arc::new(Inner {
            config,
            policy,
            store,
            store_calls: Arc::new(Semaphore::new(MAX_STORE_CALLS)),
            http,
            clock,
            relays: Relays::default(),
            live: Mutex::default(),
            observed: Mutex::default(),
            changes: watch::Sender::default(),
        })))
    }

    /// Queues a credential or an additional message, of either side, from the beginning of the transfer on;
    /// returns when it is stored. `events`, `poll` and `sync` deliver it, once the other side has answered.
    ///
    /// # Errors
    /// `bad_credential`, `too_large`, `queue_full`, `closed`, `closing`, `unknown_transfer`, `store`,
    /// `store_busy`.
    pub async fn send_credential(
        &self,
        id: TransferId,
        credential: Credential,
    ) -> Result<MessageIndex, Error> {
        let index = self
            .transact(id, |transfer, _, _| Ok(transfer.send(&credential)?))
            .await?;
        self.live(id).wake();
        Ok(index)
    }

    /// Ends the transfer; returns when that is stored. `events`, `poll` and `sync` tell the other side. `Done`
    /// lets waiting messages leave first; before the two are established nothing can be done, and it cancels.
    ///
    /// # Errors
    /// `closed`, `unknown_transfer`, `store`, `store_busy`.
    pub async fn terminate(&self, id: TransferId, reason: TerminateReason) -> Result<(), Error> {
        self.transact(id, |transfer, now, entropy| {
            Ok(transfer.terminate(reason, now, entropy)?)
        })
        .await?;
        self.live(id).wake();
        Ok(())
    }

    /// Receiver: the user wants what is offered, and has typed this PIN, if one is asked for (without it, the state is
    /// `pin_required` then, and [`provide_pin`](Self::provide_pin) takes it). Nothing is answered to the sender before this,
    /// by no `events`, `poll` or `sync`. Returns when that is stored, and with it the answer, which these deliver. A second
    /// time it does no more than `provide_pin`, or nothing.
    ///
    /// # Errors
    /// `not_the_receiver` at a sender; `expired` if it is too late; `pin_not_asked` for a PIN where none is asked for; as
    /// [`provide_pin`](Self::provide_pin) if it was confirmed before; `closed`, `closing`, `unknown_transfer`, `security`,
    /// `store`, `store_busy`.
    pub async fn confirm(&self, id: TransferId, pin: Option<&Pin>) -> Result<(), Error> {
        self.transact(id, |transfer, now, entropy| {
            Ok(transfer.confirm(pin, now, entropy)?)
        })
        .await?;
        self.live(id).wake();
        Ok(())
    }

    /// Receiver: does not want it. Before anything was answered this gives the mailbox back, unused.
    ///
    /// # Errors
    /// `not_the_receiver` at a sender; else as [`Self::terminate`].
    pub async fn decline(&self, id: TransferId) -> Result<(), Error> {
        self.transact(id, |transfer, now, entropy| {
            if transfer.is_sender() {
                return Err(Error::not_the_receiver());
            }
            Ok(transfer.terminate(TerminateReason::Declined, now, entropy)?)
        })
        .await?;
        self.live(id).wake();
        Ok(())
    }

    /// Receiver: the PIN that the user has typed, when the transfer's state is `pin_required`. Returns when the
    /// answer to the sender is stored; `poll` and `sync` deliver it. Whether the PIN was right shows in a later
    /// event: `established` or `pin_rejected`. At most 5 PINs are taken in one transfer.
    ///
    /// # Errors
    /// `not_the_receiver` at a sender; `pin_not_asked` if no PIN is asked for now; `wrong_pin` if no try is
    /// left; `closed`, `unknown_transfer`, `store`, `store_busy`.
    pub async fn provide_pin(&self, id: TransferId, pin: &Pin) -> Result<(), Error> {
        self.transact(id, |transfer, now, entropy| {
            Ok(transfer.provide_pin(pin, now, entropy)?)
        })
        .await?;
        self.live(id).wake();
        Ok(())
    }

    /// Sets where the relay's push gateway can wake this device; told to the relay with the next write.
    ///
    /// # Errors
    /// `unknown_transfer`, `store`, `store_busy`.
    pub async fn set_notification_token(
        &self,
        id: TransferId,
        token: Option<NotificationToken>,
    ) -> Result<(), Error> {
        self.transact(id, |transfer, _, _| {
            transfer.set_notification(token.clone());
            Ok(())
        })
        .await
    }

    /// All transfers of the store, ended ones too while their events or tombstones are kept. Those that can't
    /// be read are left out, with a warning in the log.
    ///
    /// # Errors
    /// `store`, `store_busy`.
    pub async fn transfers(&self) -> Result<Vec<TransferSummary>, Error> {
        let mut all = Vec::new();
        for id in self.ids().await? {
            match self.load(id).await {
                // One that `accept_invitation` could not read has not begun.
                Ok(Some((transfer, _))) if transfer.is_unanswered() && !transfer.is_read() => {}
                Ok(Some((transfer, _))) => all.push(transfer.summary()),
                Ok(None) => {}
                Err(error) => tracing::warn!(code = error.code(), "a transfer can't be read"),
            }
        }
        all.sort_by_key(|summary| summary.id);
        Ok(all)
    }

    fn now(&self) -> u64 {
        self.0.clock.now()
    }

    /// The events after `after`, waiting up to `wait` for the first; events up to `after` are acknowledged and
    /// forgotten. Does what the transfer needs of the relay meanwhile; with no `wait`, one round. What
    /// [`events`](Self::events) is made of: for apps that look now and then.
    ///
    /// # Errors
    /// `relay_unreachable` or `relay_refused` if the relay gave no good answer in this time (the transfer goes
    /// on with the next poll); `unknown_transfer`, `store`, `store_busy`.
    pub async fn poll(
        &self,
        id: TransferId,
        wait: Duration,
        after: u64,
    ) -> Result<TransferUpdate, Error> {
        let time = Time::within(wait);
        let live = self.live(id);
        // One at a time talks to the relay; a second poll sees what there is, else waits its own time for it.
        let mut slot = match live.slot.try_lock() {
            Ok(slot) => slot,
            Err(_) => {
                let update = self.seen(id, after).await?;
                if !update.events.is_empty() || matches!(update.state, TransferState::Closed(_)) {
                    return Ok(update);
                }
                match tokio::time::timeout_at(time.until, live.slot.lock()).await {
                    Ok(slot) => slot,
                    Err(_) => return self.seen(id, after).await,
                }
            }
        };
        self.run(id, &live, &mut slot, time, Goal::Events(after))
            .await
    }

    /// The events after `after`, those before acknowledged, without asking the relay.
    async fn seen(&self, id: TransferId, after: u64) -> Result<TransferUpdate, Error> {
        self.transact(id, |transfer, _, _| {
            transfer.acknowledge_events(after);
            Ok(transfer.update_after(after))
        })
        .await
    }

    /// One round for every transfer, without waiting for anything to happen: for push wake-ups and background
    /// work. Stops at `deadline` from now, and what that cuts short is no failure. Forgets ended transfers whose time is over.
    ///
    /// # Errors
    /// The first failure, after all transfers were tried; the others go on.
    pub async fn sync(&self, deadline: Duration) -> Result<(), Error> {
        let deadline = Time::within(deadline).until;
        let mut result = Ok(());
        for id in self.ids().await? {
            let live = self.live(id);
            // A poll is at it already.
            let Ok(mut slot) = live.slot.try_lock() else {
                continue;
            };
            match tokio::time::timeout_at(deadline, self.round(id, &live, &mut slot, deadline))
                .await
            {
                Ok(Ok(())) => {}
                // What its own time cut short has not failed.
                Ok(Err(error)) if error.is_retryable() && Instant::now() >= deadline => break,
                Ok(Err(error)) => result = result.and(Err(error)),
                Err(_) => break,
            }
        }
        result
    }

    async fn round(
        &self,
        id: TransferId,
        live: &Live,
        slot: &mut Slot,
        deadline: Instant,
    ) -> Result<(), Error> {
        let Some((transfer, _)) = self.load(id).await? else {
            return Ok(());
        };
        if transfer.outcome().is_some() && self.forget_if_due(id).await? {
            return Ok(());
        }
        if transfer.outcome().is_some() {
            slot.forget();
        }
        // Events that wait for the app don't hold the round up.
        self.run(id, live, slot, Time::round(deadline), Goal::Round)
            .await?;
        Ok(())
    }
}

/// The built-in transport (feature `http`): reqwest with rustls and the system's trust, for apps that wrap it.
///
/// # Errors
/// `no_transport` where none is built in; `bad_config` for an extra root that is no certificate.
pub fn built_in_transport(config: &Config) -> Result<Arc<dyn HttpTransport>, Error> {
    #[cfg(feature = "http")]
    {
        http::check_roots(config).map_err(Error::bad_config)?;
        Ok(Arc::new(http::Reqwest::new(config)))
    }
    #[cfg(not(feature = "http"))]
    {
        let _ = config;
        Err(Error::NoTransport)
    }
}
