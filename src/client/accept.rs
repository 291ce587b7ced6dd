//! Steps 4 and 5 at the receiver, up to the point where nothing is answered yet.

use super::round::Goal;
use super::send::Time;
use super::{AcceptOptions, TransferClient, os_entropy};
use crate::Error;
use tigress_gss::auth_credential::CredentialId;
use tigress_primitives::entropy::Entropy;
use tigress_protocol::invitation::{
    InvitationPreview, RelayOrigin, RelayPolicy, ShareUrl, parse_invitation,
};
use tigress_protocol::transfer::{PublicTexts, ReceiverStart, Transfer, TransferId, TransferState};

impl TransferClient {
    /// Takes an invitation (a share URL or a `.tigress` file) on: claims its mailbox, reads and checks it, and
    /// returns when the relay has answered. The state is then `offered`: the app shows its user what it is about
    /// ([`transfers`](Self::transfers) has it, also after a kill). Nothing is answered to the sender before
    /// [`confirm`](Self::confirm); until then [`decline`](Self::decline) gives the invitation back, unused. The same
    /// invitation again gives the same transfer. An app that has asked its user before says so by
    /// [`AcceptOptions::confirmed`]; where a PIN is needed the state is then `pin_required`.
    ///
    /// # Errors
    /// `pin_downgrade` if a PIN is given and the invitation asks for none, or it and its credential differ;
    /// `bad_invitation`, `untrusted_relay`, `own_invitation`, `expired`, `already_used`, `claimed_by_another`,
    /// `no_longer_there`, `bad_mailbox`, `security`, `relay_unreachable`, `relay_refused`, `store`,
    /// `store_busy`. An invitation that can't be accepted is given back to the relay, so that the right device
    /// may come.
    pub async fn accept_invitation(
        &self,
        invitation: impl AsRef<[u8]>,
        options: AcceptOptions,
    ) -> Result<TransferId, Error> {
        let preview = parse_invitation(invitation.as_ref())?;
        self.check_relay(&preview.share_url.relay, options.trust.as_deref())?;
        if options.pin.is_some() && !preview.share_url.pin_required {
            return Err(Error::PinDowngrade);
        }
        self.check_sender(&preview.share_url).await?;
        let id = TransferId::of_share_url(&preview.share_url);
        // Nothing is asked for then: whoever watches the transfer has the slot as long as the relay holds a read.
        if let Some((transfer, _)) = self.load(id).await?
            && transfer.is_read()
            && (transfer.is_unanswered() || transfer.has_used_credential())
        {
            self.begin(id, preview, options).await?;
            return Ok(id);
        }
        let live = self.live(id);
        let mut slot = live.slot.lock().await;
        let time = || Time::within(self.0.config.give_up_after);
        if self.load(id).await?.is_some() {
            // A claim must be given up before there is another: the relay knows one recipient.
            self.run(id, &live, &mut slot, time(), Goal::GivenBack)
                .await?;
        }
        if self.begin(id, preview, options).await? {
            let time = time();
            let read = self.run(id, &live, &mut slot, time, Goal::Begun).await;
            if read.is_err() {
                let _ = self.run(id, &live, &mut slot, time, Goal::GivenBack).await;
            }
            read?;
        }
        Ok(id)
    }

    fn check_relay(&self, relay: &RelayOrigin, trust: Option<&str>) -> Result<(), Error> {
        let mut policy: RelayPolicy = self.0.policy.clone();
        if let Some(trust) = trust {
            let origin = RelayOrigin::parse(trust)
                .map_err(|_| Error::bad_config("the relay to trust is not an origin"))?;
            policy.trusted.push(origin);
        }
        policy.check(relay).map_err(Error::of_policy)
    }

    /// A link of this device's own leads nowhere, as long as its transfer is remembered. A record that can't be read
    /// stops no new transfer.
    async fn check_sender(&self, invitation: &ShareUrl) -> Result<(), Error> {
        for id in self.ids().await? {
            if let Ok(Some((transfer, _))) = self.load(id).await
                && transfer.is_own(invitation)
            {
                return Err(Error::own_invitation());
            }
        }
        Ok(())
    }

    /// Stores the claim before it is used. Says whether the mailbox must still be read.
    async fn begin(
        &self,
        id: TransferId,
        preview: InvitationPreview,
        options: AcceptOptions,
    ) -> Result<bool, Error> {
        let before = match self.load(id).await? {
            Some((transfer, _)) if transfer.is_unanswered() => {
                self.transact(id, |transfer, now, entropy| {
                    again(transfer, &options, now, entropy)
                })
                .await?;
                return Ok(!transfer.is_read());
            }
            // Declined before: a claim that was given up is never used again, a new one is.
            Some((transfer, record)) if transfer.may_be_accepted_again() => {
                Some((transfer, record.version))
            }
            Some(_) => return Ok(false),
            // Answered so long ago that nothing else of it is left.
            None if self.answered().await?.has(id) => return Err(Error::AlreadyUsed),
            None => None,
        };
        let start = ReceiverStart {
            id,
            share_url: &preview.share_url,
            said: PublicTexts::of_file(&preview),
            token: preview.token,
            confirmed: options.confirmed,
            notification: options.notification_token,
        };
        let mut transfer = Transfer::new_receiver(start, self.now(), &mut os_entropy()?);
        if let Some(pin) = &options.pin {
            transfer.type_pin(pin);
        }
        let expected = before.map(|(before, version)| {
            transfer.follow(&before);
            version
        });
        match self.save(&transfer, expected).await {
            Ok(_) => Ok(true),
            // The same call in another process was faster: go on with its.
            Err(Error::StoreBusy) if self.is_begun(id).await? => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Whether a claim is stored that may still be used.
    async fn is_begun(&self, id: TransferId) -> Result<bool, Error> {
        let stored = self.load(id).await?;
        Ok(stored.is_some_and(|(transfer, _)| transfer.is_unanswered()))
    }

    /// The relay has nothing for this device: nothing was begun.
    pub(super) async fn take_back(&self, id: TransferId) -> Result<(), Error> {
        match self.load(id).await? {
            Some((transfer, record)) if transfer.is_unanswered() => self.remove(id, record).await,
            _ => Ok(()),
        }
    }

    /// Auth credentials that other transfers of this device have used. A record that can't be read stops no
    /// new transfer: that a credential is used once is the sender's to enforce.
    pub(super) async fn used_credentials(
        &self,
        but: TransferId,
    ) -> Result<Vec<CredentialId>, Error> {
        let mut used: Vec<_> = self.answered().await?.credentials().collect();
        for id in self.ids().await? {
            match self.load(id).await {
                Ok(Some((transfer, _))) if id != but && transfer.has_used_credential() => {
                    used.extend(transfer.credential_id().copied());
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(code = error.code(), "a transfer can't be read"),
            }
        }
        Ok(used)
    }
}

/// The same invitation once more, which nobody has answered.
fn again(
    transfer: &mut Transfer,
    options: &AcceptOptions,
    now: u64,
    entropy: &mut Entropy,
) -> Result<(), Error> {
    let pin = options.pin.as_ref();
    if options.confirmed && transfer.state() == TransferState::Offered && transfer.is_read() {
        return Ok(transfer.confirm(pin, now, entropy)?);
    }
    transfer.offer_anew(options.confirmed);
    if let Some(pin) = pin {
        transfer.type_pin(pin);
    }
    Ok(())
}
