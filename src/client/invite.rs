//! Steps 1 to 3 at the sender.

use super::round::Goal;
use super::send::Time;
use super::{
    DEFAULT_LIFETIME, Invitation, InvitationRequest, MAX_LIFETIME, TransferClient, os_entropy,
};
use crate::Error;
use tigress_gss::pin::Pin;
use tigress_protocol::invitation::{PeerText, RelayOrigin, is_image_url};
use tigress_protocol::summary::Summary;
use tigress_protocol::transfer::{PublicTexts, SenderStart, Transfer, TransferId};

/// Most bytes of an idempotency key.
const MAX_KEY: usize = 255;

impl TransferClient {
    /// Steps 1 to 3: makes an invitation and the mailbox behind it, and returns when the relay has answered.
    /// With the same idempotency key it goes on after a kill, and gives the same invitation again. Where there is a
    /// [`Config::approval`](crate::Config::approval), the user is asked first: nothing is stored or sent without.
    ///
    /// # Errors
    /// `not_approved` if the user did not agree; `bad_config` without an own relay or with a lifetime over 30 days; `bad_credential` for texts that are
    /// too long; `relay_unreachable`, `relay_refused`, `store`, `store_busy`; `closed` if the invitation of
    /// this key has been used or has ended.
    pub async fn create_invitation(&self, request: InvitationRequest) -> Result<Invitation, Error> {
        let key = request.idempotency_key.as_deref();
        if key.is_some_and(|key| key.len() > MAX_KEY) {
            return Err(Error::bad_config(
                "an idempotency key has at most 255 bytes",
            ));
        }
        let id = match key {
            Some(key) => TransferId::of_idempotency_key(key),
            None => TransferId::from(os_entropy()?.uuid()),
        };
        if let Some((transfer, _)) = self.load(id).await? {
            self.approve(&transfer, true).await?;
            // Nothing is asked for then: whoever watches the transfer has the slot as long as the relay holds a read.
            if transfer.invitation().is_some() || !transfer.is_unanswered() {
                return invitation_of(&transfer);
            }
        } else {
            let credential = request.credential.clone();
            let start = self.sender_start(id, request)?;
            let mut transfer = Transfer::new_sender(start, self.now(), &mut os_entropy()?)?;
            if let Some(credential) = credential {
                transfer.send(&credential)?;
            }
            self.approve(&transfer, false).await?;
            match self.save(&transfer, None).await {
                Ok(_) => {}
                // The same call in another process was faster: go on with its.
                Err(Error::StoreBusy) if self.load(id).await?.is_some() => {}
                Err(error) => return Err(error),
            }
        }
        let live = self.live(id);
        let mut slot = live.slot.lock().await;
        let time = Time::within(self.0.config.give_up_after);
        self.run(id, &live, &mut slot, time, Goal::Begun).await?;
        self.transact(id, |transfer, _, _| invitation_of(transfer))
            .await
    }

    fn sender_start(
        &self,
        id: TransferId,
        request: InvitationRequest,
    ) -> Result<SenderStart, Error> {
        let relay = self.own_relay()?;
        let lifetime = request.lifetime.unwrap_or(DEFAULT_LIFETIME);
        if lifetime.is_zero() || lifetime > MAX_LIFETIME {
            return Err(Error::bad_config("a lifetime is 1 second to 30 days"));
        }
        Ok(SenderStart {
            id,
            relay,
            vertical: request.vertical,
            public: public_texts(&request)?,
            summary: Some(summary(&request)?),
            lifetime: lifetime.as_secs().max(1),
            pin: match request.pin {
                true => Some((self.new_pin()?, self.0.config.pin_tries)),
                false => None,
            },
            notification: request.notification_token,
            attestation: request.device_attestation,
        })
    }

    fn new_pin(&self) -> Result<Pin, Error> {
        let digits = self.0.config.pin_digits.into();
        Ok(Pin::generate(digits, &mut os_entropy()?))
    }

    fn own_relay(&self) -> Result<RelayOrigin, Error> {
        let policy = &self.0.policy;
        let relay = policy
            .own
            .clone()
            .ok_or(Error::bad_config("no relay is configured"))?;
        policy.check(&relay).map_err(Error::of_policy)?;
        Ok(relay)
    }

    /// The sender's invitation, as long as nobody has answered it; the user is asked first, as for a new one.
    ///
    /// # Errors
    /// `not_approved` if the user did not agree; `closed` once it was used or has ended; `unknown_transfer`, `store`, `store_busy`.
    pub async fn invitation(&self, id: TransferId) -> Result<Invitation, Error> {
        let (transfer, _) = self.load(id).await?.ok_or(Error::unknown_transfer())?;
        self.approve(&transfer, true).await?;
        self.transact(id, |transfer, _, _| invitation_of(transfer))
            .await
    }
}

/// What everybody may read.
fn public_texts(request: &InvitationRequest) -> Result<PublicTexts, Error> {
    let text = |text: &str| {
        PeerText::new(text).map_err(|_| Error::TooLarge {
            reason: "title and description have at most 4096 bytes",
        })
    };
    let image_url = request.preview_image_url.clone();
    if !image_url.as_deref().is_none_or(is_image_url) {
        return Err(Error::BadCredential {
            reason: "the image URL must be https, at most 2048 bytes",
        });
    }
    Ok(PublicTexts {
        title: text(&request.preview_title)?,
        description: text(&request.preview_description)?,
        image_url,
        ..PublicTexts::default()
    })
}

/// What only the receiver can read.
fn summary(request: &InvitationRequest) -> Result<Summary, Error> {
    let or = |sealed: &'_ str, public: &'_ str| match sealed.is_empty() {
        true => public.to_owned(),
        false => sealed.to_owned(),
    };
    let of_credential = request.credential.as_ref().map(|one| &one.format);
    let format = request.format.as_ref().or(of_credential);
    if of_credential.is_some_and(|of| format != Some(of)) {
        // What the receiver agrees to is what it gets.
        return Err(Error::BadCredential {
            reason: "the invitation's format is not its credential's",
        });
    }
    let made = Summary::new(
        or(&request.title, &request.preview_title),
        or(&request.description, &request.preview_description),
        &request.sender,
        format.cloned(),
        request.may_be_passed_on,
    );
    made.map_err(Error::of_summary)
}

fn invitation_of(transfer: &Transfer) -> Result<Invitation, Error> {
    let Some((share_url, file, pin)) = transfer.invitation() else {
        return Err(match transfer.outcome() {
            Some(outcome) => Error::Closed { outcome },
            None => Error::invitation_used(),
        });
    };
    Ok(Invitation {
        transfer: transfer.id,
        share_url,
        pin,
        file: file.to_bytes()?,
        expires_at: transfer.expires_at(),
    })
}
