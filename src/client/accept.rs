//! Steps 4 and 5 at the receiver, up to the point where nothing is answered yet.

use super::send::Time;
use super::{AcceptOptions, Live, TransferClient, os_entropy};
use crate::Error;
use tigress_gss::auth_credential::CredentialId;
use tigress_mailbox::{Call, Reply, TransportFailure};
use tigress_protocol::invitation::{InvitationPreview, RelayOrigin, RelayPolicy, parse_invitation};
use tigress_protocol::transfer::{
    Answer, Display, Next, ReceiverStart, Slot, TerminateReason, Transfer, TransferId,
};

impl TransferClient {
    /// Takes an invitation (a share URL or a `.tigress` file) on: claims its mailbox, reads and checks it, and
    /// returns when the relay has answered. Nothing is answered to the sender before the first `poll`: until
    /// then, nor before the PIN where one is needed, [`decline`](Self::decline) gives the invitation back, unused.
    /// The same invitation again gives the same transfer.
    ///
    /// An invitation that needs a PIN is accepted without one, too: the state is then `pin_required` until
    /// [`provide_pin`](Self::provide_pin) is called.
    ///
    /// # Errors
    /// `pin_downgrade` if a PIN is given and the invitation asks for none, or it and its credential differ;
    /// `bad_invitation`, `untrusted_relay`, `expired`, `already_used`, `claimed_by_another`,
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
        let id = TransferId::of_share_url(&preview.share_url);
        let live = self.live(id);
        let mut slot = live.slot.lock().await;
        if self.begin(id, &live, preview, options, &mut slot).await? {
            self.look(id, &live, &mut slot).await?;
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

    /// Stores the claim before it is used. Says whether the mailbox must still be read.
    async fn begin(
        &self,
        id: TransferId,
        live: &Live,
        preview: InvitationPreview,
        options: AcceptOptions,
        slot: &mut Slot,
    ) -> Result<bool, Error> {
        self.finish_relinquishing(id, live, slot).await?;
        let before = match self.load(id).await? {
            Some((transfer, _)) if transfer.is_offered() => {
                if let Some(pin) = &options.pin {
                    self.transact(id, |transfer, _, _| Ok(transfer.type_pin(pin)))
                        .await?;
                }
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
            said: Display::of_file(&preview),
            token: preview.token,
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
        Ok(stored.is_some_and(|(transfer, _)| transfer.is_offered()))
    }

    /// A claim that is being given up must be given up before there is another: the relay knows one recipient.
    async fn finish_relinquishing(
        &self,
        id: TransferId,
        live: &Live,
        slot: &mut Slot,
    ) -> Result<(), Error> {
        if let Some((transfer, _)) = self.load(id).await?
            && transfer.next(slot, self.now()) == Next::Relinquish
        {
            let time = Time::within(self.0.config.give_up_after);
            self.ask(id, live, Next::Relinquish, slot, time).await?;
            if let Some((transfer, _)) = self.load(id).await?
                && transfer.next(slot, self.now()) == Next::Relinquish
            {
                return Err(Error::RelayUnreachable {
                    kind: TransportFailure::Other,
                    reason: "not found, perhaps by a proxy".into(),
                    retry_after: None,
                });
            }
        }
        Ok(())
    }

    /// Reads the mailbox, which binds it to this device, and checks what it holds.
    async fn look(&self, id: TransferId, live: &Live, slot: &mut Slot) -> Result<(), Error> {
        let time = Time::within(self.0.config.give_up_after);
        let call = Call::Read {
            wait: 0,
            known: None,
        };
        let request = self
            .transact(id, |transfer, _, _| Ok(transfer.request(&call)))
            .await?
            .ok_or(Error::internal("no mailbox"))?;
        let (reply, date) = self
            .perform(live, &Next::Read, request, Some(&call), time)
            .await?;
        match &reply {
            Reply::Content { .. } => {}
            Reply::Unauthorized => return self.refuse(id, Error::ClaimedByAnother).await,
            Reply::Gone { final_: true } => return self.refuse(id, Error::NoLongerThere).await,
            // Perhaps a proxy's word. An earlier read that got no answer may have bound the claim: it is kept.
            other => return live.told(Err(Error::of_reply(other))),
        }
        let used = self.used_credentials(id).await?;
        let checked = self
            .transact(id, |transfer, now, entropy| {
                let answer = Answer {
                    reply: reply.clone(),
                    now,
                    date,
                };
                transfer.handle(&Next::Read, answer, slot, entropy)?;
                let checked = transfer.validate(&|id| used.contains(id), now, date);
                if checked.is_err() && transfer.is_offered() {
                    transfer.terminate(TerminateReason::Declined, now, entropy)?;
                }
                Ok(checked)
            })
            .await?;
        if checked.is_err() {
            // Never an error token: it would lock the right device out.
            let _ = self.ask(id, live, Next::Relinquish, slot, time).await;
        }
        Ok(checked?)
    }

    /// The relay has nothing for this device: nothing was begun.
    async fn refuse(&self, id: TransferId, error: Error) -> Result<(), Error> {
        if let Some((transfer, record)) = self.load(id).await?
            && transfer.is_offered()
        {
            let key = id.to_string();
            self.blocking(move |store| store.delete(&key, &record.version))
                .await?;
        }
        Err(error)
    }

    /// Auth credentials that other transfers of this device have used. A record that can't be read stops no
    /// new transfer: that a credential is used once is the sender's to enforce.
    async fn used_credentials(&self, but: TransferId) -> Result<Vec<CredentialId>, Error> {
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
