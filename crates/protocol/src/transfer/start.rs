//! How a transfer begins, on either side (steps 1 to 4).

use super::events::EventLog;
use super::id::TransferId;
use super::messages::Messages;
use super::place::Place;
use super::refused::Refused;
use super::security::{PinRequired, Security};
use super::{Authenticity, Clocks, Consent, LINGER, OfferedPin, Phase, PublicTexts, Transfer};
use crate::exchange::{Side, Window};
use crate::invitation::{InvitationFile, RelayOrigin, ShareUrl, Vertical};
use crate::summary::Summary;
use tigress_gss::auth_credential::AuthCredential;
use tigress_gss::gss::{self, ChannelBindings, InitiatorCredential};
use tigress_gss::mechanism;
use tigress_gss::pin::Pin;
use tigress_mailbox::{
    CreateRequest, DeviceClaim, DisplayInformation, HttpRequest, MailboxId, NotificationToken,
    RequestId, create_request,
};
use tigress_primitives::entropy::Entropy;
use tigress_primitives::secret::SharedSecret;

/// What a sender's transfer begins with.
pub struct SenderStart {
    /// Its name on this device.
    pub id: TransferId,
    /// Where the mailbox is made.
    pub relay: RelayOrigin,
    /// The kind of credential.
    pub vertical: Vertical,
    /// What the invitation says to everybody.
    pub public: PublicTexts,
    /// What it says to whoever holds it.
    pub summary: Option<Summary>,
    /// Seconds.
    pub lifetime: u64,
    /// The PIN and how often it may be tried.
    pub pin: Option<(Pin, u8)>,
    /// Where this device can be woken.
    pub notification: Option<NotificationToken>,
    /// What the relay may ask for.
    pub attestation: Option<String>,
}

/// What a receiver's transfer begins with.
pub struct ReceiverStart<'a> {
    /// Its name on this device.
    pub id: TransferId,
    /// The link.
    pub share_url: &'a ShareUrl,
    /// Token 1, where the invitation had it: the mailbox's must be the same.
    pub token: Option<Vec<u8>>,
    /// What the invitation says to everybody, where it is a file.
    pub said: Option<PublicTexts>,
    /// Whether its user has agreed already.
    pub confirmed: bool,
    /// Where this device can be woken.
    pub notification: Option<NotificationToken>,
}

impl Transfer {
    /// Steps 1 to 3: the auth credential, sealed; token 1; the request that makes the mailbox with it.
    pub fn new_sender(
        start: SenderStart,
        now: u64,
        entropy: &mut Entropy,
    ) -> Result<Self, Refused> {
        let registry = mechanism::registry();
        let secret: SharedSecret = entropy.secret();
        let expires_at = now.saturating_add(start.lifetime);
        let oid = registry
            .preferred()
            .ok_or(Refused::Internal("no mechanism"))?;
        let auth = AuthCredential::new(oid, now, expires_at, start.pin.is_some(), entropy);
        let id = auth.id;
        let public = PublicTexts {
            authenticity: Authenticity::Authentic,
            ..start.public
        };
        let mut credential = InitiatorCredential::new(auth, secret.clone())
            .with_application_data(public.hash().to_vec());
        if let Some(summary) = &start.summary {
            let summary = summary.encode();
            credential = credential
                .with_summary(summary.ok_or(Refused::Internal("the summary does not fit"))?);
        }
        if let Some((pin, tries)) = &start.pin {
            credential = credential.with_pin(pin.clone(), *tries);
        }
        let pin = start.pin.map(|(pin, _)| pin);
        let bindings = ChannelBindings::for_relay(&start.relay.to_string());
        let (context, token) =
            gss::init_sec_context(registry, &credential, Some(&bindings), None, now, entropy)?;
        let mut window = Window::default();
        window
            .push(token)
            .map_err(|_| Refused::Internal("token 1 does not fit"))?;
        let place = Place::new(start.relay, None, &secret, start.notification, entropy);
        let clocks = Clocks::of_sender(now, start.lifetime);
        // An answer that comes too late is told so: the mailbox must still be there.
        let expiration = clocks.expiration().saturating_add(LINGER);
        let body = create_body(&window, &public, expiration, &place)?;
        Ok(Self {
            id: start.id,
            side: Side::Sender,
            vertical: start.vertical,
            public,
            summary: start.summary,
            place,
            clocks,
            security: Security {
                credential: Some(id),
                context: Some(context),
                answered: false,
                pin_required: PinRequired(pin.is_some()),
                proven: pin.is_none(),
            },
            window,
            messages: Messages::default(),
            events: EventLog::default(),
            phase: Phase::Creating {
                secret,
                request_id: RequestId::from(entropy.uuid()),
                body: body.into(),
                attestation: start.attestation,
                pin,
            },
        })
    }

    //= draft/4.1-two-claims
    /// Step 4, before the relay was asked: the claim is stored first.
    pub fn new_receiver(start: ReceiverStart<'_>, now: u64, entropy: &mut Entropy) -> Self {
        let ShareUrl {
            relay,
            mailbox,
            vertical,
            secret,
            pin_required,
        } = start.share_url.clone();
        let mailbox = Some(MailboxId::from(mailbox));
        Self {
            id: start.id,
            side: Side::Receiver,
            vertical,
            public: PublicTexts::default(),
            summary: None,
            place: Place::new(relay, mailbox, &secret, start.notification, entropy),
            clocks: Clocks::of_receiver(now),
            security: Security::of_receiver(pin_required),
            window: Window::default(),
            messages: Messages::default(),
            events: EventLog::default(),
            phase: Phase::Offered {
                secret,
                expected: start.token,
                said: start.said,
                token: None,
                pin: match pin_required {
                    true => OfferedPin::Needed,
                    false => OfferedPin::None,
                },
                consent: Consent::given_if(start.confirmed),
            },
        }
    }

    /// Receiver: takes the place of a transfer of the same id, given back before. The app's cursor goes on.
    pub fn follow(&mut self, before: &Self) {
        self.events = before.events.followed();
    }

    /// The envelope with token 1, which never has a MIC.
    pub(super) fn first_envelope(&self) -> String {
        first_envelope(&self.window)
    }

    /// The request that makes the mailbox; the same bytes and id each time, until it was answered.
    pub(super) fn creation(&self) -> Option<HttpRequest> {
        match &self.phase {
            Phase::Creating {
                request_id,
                body,
                attestation,
                ..
            } => Some(create_request(
                &self.place.relay.to_string(),
                &self.place.claim,
                request_id,
                body.to_vec(),
                attestation.as_deref(),
            )),
            _ => None,
        }
    }

    /// A relay that repeats no answer has swallowed the address of the mailbox: make another one.
    pub(super) fn recreate(&mut self, entropy: &mut Entropy) {
        if let Phase::Creating { request_id, .. } = &mut self.phase {
            *request_id = RequestId::from(entropy.uuid());
            self.place.claim = DeviceClaim::from(entropy.uuid());
        }
    }

    /// Sender, until somebody has answered: the share URL, the `.tigress` file and the PIN.
    pub fn invitation(&self) -> Option<(ShareUrl, InvitationFile, Option<Pin>)> {
        let Phase::Invited { secret, pin } = &self.phase else {
            return None;
        };
        let mailbox = self.place.mailbox.as_ref()?.uuid();
        let share_url = ShareUrl {
            relay: self.place.relay.clone(),
            mailbox,
            vertical: self.vertical,
            secret: secret.clone(),
            pin_required: pin.is_some(),
        };
        let fields = self.window.fields(Side::Sender, false);
        let file = InvitationFile {
            share_url: share_url.clone(),
            title: self.public.title.clone(),
            description: self.public.description.clone(),
            image_url: self.public.image_url.clone(),
            expiration: self.expires_at(),
            token: fields.tokens.into_iter().next(),
        };
        Some((share_url, file, pin.clone()))
    }
}

/// The envelope with token 1, which never has a MIC.
fn first_envelope(window: &Window) -> String {
    window.fields(Side::Sender, false).encode(|_| None)
}

fn create_body(
    window: &Window,
    public: &PublicTexts,
    expiration: u64,
    place: &Place,
) -> Result<Vec<u8>, Refused> {
    let display = DisplayInformation {
        title: public.title.raw().to_owned(),
        description: public.description.raw().to_owned(),
        image_url: public.image_url.clone().unwrap_or_default(),
    };
    let request = CreateRequest::new(
        first_envelope(window),
        display,
        expiration,
        &place.proof,
        place.notification.clone(),
    );
    serde_json::to_vec(&request).map_err(|_| Refused::Internal("CreateMailbox can't be written"))
}
