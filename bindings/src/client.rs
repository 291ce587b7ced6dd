//! The client: each function is the core's, with its values converted.

use std::sync::Arc;

use crate::approval::{self, UserApproval};
use crate::cancel::{Cancellation, cancellable};
use crate::error::TigressError;
use crate::http::{self, HttpTransport};
use crate::invitation::Invitation;
use crate::observe::{Observation, TransfersObservation};
use crate::settings::{AcceptOptions, Config, InvitationRequest, NotificationToken, parse_pin};
use crate::store::{self, TransferStore};
use crate::time::TimeSpan;
use crate::transfer::{Credential, TerminateReason, TransferSummary, TransferUpdate};
use crate::transfer_id::TransferId;

/// The interface that wallets call: it carries any number of transfers, as sender and as receiver.
///
/// Every function may be called from any thread, and may be cancelled at any point: what was stored stays, and the same call
/// goes on later.
#[derive(uniffi::Object)]
pub struct TransferClient(tigress::TransferClient);

#[uniffi::export(async_runtime = "tokio")]
impl TransferClient {
    /// A client over a store and a transport; without one, the built-in transport. Touches neither disk nor network. Fails
    /// with `bad_config` for relay URLs that are no origins, with `no_transport` without a transport where none is built in.
    /// `approval` asks the sender's user before an invitation leaves; without, the app has asked before it calls.
    #[uniffi::constructor(default(transport = None, approval = None))]
    pub fn new(
        config: Config,
        store: Arc<dyn TransferStore>,
        transport: Option<Arc<dyn HttpTransport>>,
        approval: Option<Arc<dyn UserApproval>>,
    ) -> Result<Arc<Self>, TigressError> {
        let transport: Option<Arc<dyn tigress::HttpTransport>> = match transport {
            Some(transport) => Some(Arc::new(http::Foreign(transport))),
            None => None,
        };
        let store = Arc::new(store::Foreign(store));
        let mut config = tigress::Config::from(config);
        if let Some(approval) = approval {
            config.approval = Some(Arc::new(approval::Foreign(approval)));
        }
        let client = tigress::TransferClient::new(config, store, transport)?;
        Ok(Arc::new(Self(client)))
    }

    /// Makes an invitation and the mailbox behind it, and returns when the relay has answered. With the same idempotency key
    /// it goes on after a kill, and gives the same invitation again. The user is asked first, where there is an approval:
    /// nothing is stored or sent without.
    ///
    /// Fails with `not_approved` if the user did not agree, with `bad_config` without an own relay or with a lifetime over 30 days, with `too_large` for texts that are too
    /// long, with `closed` if the invitation of this key has been used or has ended, and with `relay_unreachable`,
    /// `relay_refused`, `store`, `store_busy`.
    #[uniffi::method(default(cancellation = None))]
    pub async fn create_invitation(
        &self,
        request: InvitationRequest,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Arc<Invitation>, TigressError> {
        let call = self.0.create_invitation(request.into());
        Ok(Arc::new(cancellable(cancellation, call).await?.into()))
    }

    /// Takes an invitation (a share URL, or the bytes of a `.tigress` file) on: claims its mailbox, reads and checks it, and
    /// returns when the relay has answered. The state is then `Offered`: the app shows its user what it is about (`transfers`
    /// has it, also after a kill). Nothing is answered to the sender before `confirm`; until then `decline` gives the
    /// invitation back, unused. The same invitation again gives the same transfer. An app that has asked its user before
    /// says so in the options; where a PIN is needed the state is then `PinRequired`.
    ///
    /// Fails with `bad_invitation`, `untrusted_relay`, `own_invitation`, `expired`, `already_used`, `claimed_by_another`, `no_longer_there`,
    /// `bad_mailbox`, `bad_pin`, `pin_downgrade`, `security`, `relay_unreachable`, `relay_refused`, `store`, `store_busy`.
    #[uniffi::method(default(cancellation = None))]
    pub async fn accept_invitation(
        &self,
        invitation: Vec<u8>,
        options: AcceptOptions,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<TransferId, TigressError> {
        let call = self.0.accept_invitation(invitation, options.try_into()?);
        Ok(cancellable(cancellation, call).await?.into())
    }

    /// The events after `after`, waiting up to `wait` for the first; events up to `after` are acknowledged and forgotten. Does
    /// what the transfer needs of the relay meanwhile; with no `wait`, one round.
    ///
    /// Fails with `relay_unreachable` or `relay_refused` if the relay gave no good answer in this time (the transfer goes on with
    /// the next poll), and with `unknown_transfer`, `store`, `store_busy`.
    #[uniffi::method(default(cancellation = None))]
    pub async fn poll(
        &self,
        id: TransferId,
        wait: TimeSpan,
        after: u64,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<TransferUpdate, TigressError> {
        let call = self.0.poll(id.parse()?, wait.0, after);
        Ok(cancellable(cancellation, call).await?.into())
    }

    /// Queues a credential or an additional message, of either side, from the beginning of the transfer on; gives its number
    /// among this side's messages when it is stored. `poll` and `sync` deliver it, once the other side has answered.
    ///
    /// Fails with `bad_credential`, `too_large`, `queue_full`, `closed`, `closing`, `unknown_transfer`, `store`, `store_busy`.
    pub async fn send_credential(
        &self,
        id: TransferId,
        credential: Credential,
    ) -> Result<u64, TigressError> {
        Ok(self
            .0
            .send_credential(id.parse()?, credential.into())
            .await?)
    }

    /// Ends the transfer; returns when that is stored. `poll` and `sync` tell the other side. `Done` lets waiting messages
    /// leave first; before the two are established nothing can be done, and it cancels.
    ///
    /// Fails with `closed`, `unknown_transfer`, `store`, `store_busy`.
    pub async fn terminate(
        &self,
        id: TransferId,
        reason: TerminateReason,
    ) -> Result<(), TigressError> {
        Ok(self.0.terminate(id.parse()?, reason.into()).await?)
    }

    /// Receiver: the user wants what is offered, and has typed this PIN, if one is asked for (without it, the state is
    /// `PinRequired` then, and `provide_pin` takes it). Nothing is answered to the sender before this, by no poll or sync.
    /// Returns when that is stored, and with it the answer, which these deliver. A second time it does no more than
    /// `provide_pin`, or nothing.
    ///
    /// Fails with `not_the_receiver` at a sender, with `expired` if it is too late, with `bad_pin` for what is no PIN, with
    /// `pin_not_asked` for a PIN where none is asked for, as `provide_pin` if it was confirmed before, and with `closed`,
    /// `closing`, `unknown_transfer`, `security`, `store`, `store_busy`.
    #[uniffi::method(default(pin = None))]
    pub async fn confirm(&self, id: TransferId, pin: Option<String>) -> Result<(), TigressError> {
        let pin = pin.map(parse_pin).transpose()?;
        Ok(self.0.confirm(id.parse()?, pin.as_ref()).await?)
    }

    /// Receiver: does not want it. Before anything was answered this gives the invitation back, unused.
    ///
    /// Fails with `not_the_receiver` at a sender, else as `terminate`.
    pub async fn decline(&self, id: TransferId) -> Result<(), TigressError> {
        Ok(self.0.decline(id.parse()?).await?)
    }

    /// Receiver: the PIN that the user has typed (spaces and hyphens in it are dropped), when the transfer's state is
    /// `PinRequired`. Returns when the answer to the sender is stored; `poll` and `sync` deliver it. Whether the PIN was right
    /// shows in a later event: `Established` or `PinRejected`. At most 5 PINs are taken in one transfer.
    ///
    /// Fails with `bad_pin` for what is no PIN, with `not_the_receiver` at a sender, with `pin_not_asked` if no PIN is asked
    /// for now, with `wrong_pin` if no try is left, and with `closed`, `unknown_transfer`, `store`, `store_busy`.
    pub async fn provide_pin(&self, id: TransferId, pin: String) -> Result<(), TigressError> {
        Ok(self.0.provide_pin(id.parse()?, &parse_pin(pin)?).await?)
    }

    /// All transfers of the store, ended ones too while their events or tombstones are kept. Those that can't be read are left
    /// out, with a warning in the log.
    ///
    /// Fails with `store`, `store_busy`.
    pub async fn transfers(&self) -> Result<Vec<TransferSummary>, TigressError> {
        let all = self.0.transfers().await?;
        Ok(all.into_iter().map(Into::into).collect())
    }

    /// The same, as they change. What another process changes is seen with this client's next change.
    #[must_use]
    pub fn observe_transfers(&self) -> Arc<TransfersObservation> {
        Arc::new(TransfersObservation::new(self.0.watch_transfers()))
    }

    /// Forgets an ended transfer before its time: texts, counts, and events that were not acknowledged, with what they hold.
    /// That its invitation was answered stays known. What the relay was still to be told is not told any more; its mailbox
    /// ends by itself.
    ///
    /// Fails with `not_ended`, `unknown_transfer`, `store`, `store_busy`.
    pub async fn forget(&self, id: TransferId) -> Result<(), TigressError> {
        Ok(self.0.forget(id.parse()?).await?)
    }

    /// One round for every transfer, without waiting for anything to happen: for push wake-ups and background work. Stops at
    /// `deadline` from now.
    ///
    /// Fails with the first failure, after all transfers were tried; the others go on.
    #[uniffi::method(default(cancellation = None))]
    pub async fn sync(
        &self,
        deadline: TimeSpan,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<(), TigressError> {
        cancellable(cancellation, self.0.sync(deadline.0)).await
    }

    /// Sets where the relay's push gateway can wake this device; told to the relay with the next write.
    ///
    /// Fails with `unknown_transfer`, `store`, `store_busy`.
    pub async fn set_notification_token(
        &self,
        id: TransferId,
        token: Option<NotificationToken>,
    ) -> Result<(), TigressError> {
        let token = token.map(Into::into);
        Ok(self.0.set_notification_token(id.parse()?, token).await?)
    }

    /// The sender's invitation, as long as nobody has answered it. The user is asked first, as for a new one.
    ///
    /// Fails with `not_approved` if the user did not agree, with `invitation_used` once it was answered, with `closed` once it has ended, and with `unknown_transfer`,
    /// `store`, `store_busy`.
    #[uniffi::method(default(cancellation = None))]
    pub async fn invitation(
        &self,
        id: TransferId,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Arc<Invitation>, TigressError> {
        let call = self.0.invitation(id.parse()?);
        Ok(Arc::new(cancellable(cancellation, call).await?.into()))
    }

    /// A transfer's events, which one at a time has in this client. Fails with `already_observed` while another has them.
    pub fn observe(&self, id: TransferId) -> Result<Arc<Observation>, TigressError> {
        let id = id.parse()?;
        let (events, relay) = (self.0.events(id)?, self.0.watch_relay(id));
        Ok(Arc::new(Observation::new(events, relay)))
    }
}
