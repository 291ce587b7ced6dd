//! How a transfer begins, on either side (steps 1 to 4).

use super::events::EventLog;
use super::id::TransferId;
use super::refused::Refused;
use super::{Authenticity, Clocks, Display, LINGER, OfferedPin, Phase, Transfer};
use crate::exchange::{Side, Window};
use crate::invitation::{InvitationFile, RelayOrigin, ShareUrl, Vertical};
use tigress_gss::auth_credential::AuthCredential;
use tigress_gss::crypto;
use tigress_gss::gss::{self, ChannelBindings, InitiatorCredential, SecurityContext};
use tigress_gss::mechanism;
use tigress_gss::pin::Pin;
use tigress_mailbox::{
    CreateRequest, DeviceClaim, DisplayInformation, HttpRequest, MailboxId, NotificationToken,
    RequestId, create_request,
};
use tigress_primitives::entropy::Entropy;
use tigress_primitives::secret::{Secret, SharedSecret};

/// What a sender's transfer begins with.
pub struct SenderStart {
    /// Its name on this device.
    pub id: TransferId,
    /// Where the mailbox is made.
    pub relay: RelayOrigin,
    /// The kind of credential.
    pub vertical: Vertical,
    /// What the invitation says to people.
    pub display: Display,
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
    /// What the invitation says to people, where it is a file.
    pub said: Option<Display>,
    /// Where this device can be woken.
    pub notification: Option<NotificationToken>,
}

/// R: proves to the relay that a device has the invitation, and tells it nothing about the secret.
fn recipient_proof(secret: &SharedSecret) -> Secret<32> {
    crypto::hkdf(secret.expose(), b"tigress v1 relay bind")
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
        let display = Display {
            authenticity: Authenticity::Authentic,
            ..start.display
        };
        let mut credential = InitiatorCredential::new(auth, secret.clone())
            .with_application_data(display.hash().to_vec());
        if let Some((pin, tries)) = &start.pin {
            credential = credential.with_pin(pin.clone(), *tries);
        }
        let pin = start.pin.map(|(pin, _)| pin);
        let proven = pin.is_none();
        let bindings = ChannelBindings::for_relay(&start.relay.to_string());
        let (context, token) =
            gss::init_sec_context(registry, &credential, Some(&bindings), None, now, entropy)?;
        let mut window = Window::default();
        window
            .push(token)
            .map_err(|_| Refused::Internal("token 1 does not fit"))?;
        let mut transfer = Self::blank(
            start.id,
            Side::Sender,
            start.relay,
            DeviceClaim::from(entropy.uuid()),
            recipient_proof(&secret),
            Clocks::of_sender(now, start.lifetime),
            Phase::Invited {
                secret: secret.clone(),
                pin: None,
            },
        );
        transfer.proven = proven;
        transfer.vertical = start.vertical;
        transfer.display = display;
        transfer.notification = start.notification;
        transfer.credential_id = Some(id);
        transfer.context = Some(context);
        transfer.window = window;
        transfer.phase = Phase::Creating {
            secret,
            request_id: RequestId::from(entropy.uuid()),
            body: transfer.create_body()?.into(),
            attestation: start.attestation,
            pin,
        };
        Ok(transfer)
    }

    /// Step 4, before the relay was asked: the claim is stored first.
    pub fn new_receiver(start: ReceiverStart<'_>, now: u64, entropy: &mut Entropy) -> Self {
        let secret = start.share_url.secret.clone();
        let mut transfer = Self::blank(
            start.id,
            Side::Receiver,
            start.share_url.relay.clone(),
            DeviceClaim::from(entropy.uuid()),
            recipient_proof(&secret),
            Clocks::of_receiver(now),
            Phase::Offered {
                secret,
                expected: start.token,
                said: start.said,
                token: None,
                pin: match start.share_url.pin_required {
                    true => OfferedPin::Needed,
                    false => OfferedPin::None,
                },
            },
        );
        transfer.mailbox = Some(MailboxId::from(start.share_url.mailbox));
        transfer.proven = !start.share_url.pin_required;
        transfer.vertical = start.share_url.vertical;
        transfer.notification = start.notification;
        transfer
    }

    /// Receiver: takes the place of a transfer of the same id, given back before. The app's cursor goes on.
    pub fn follow(&mut self, before: &Self) {
        self.events = before.events.followed();
    }

    fn blank(
        id: TransferId,
        side: Side,
        relay: RelayOrigin,
        claim: DeviceClaim,
        proof: Secret<32>,
        clocks: Clocks,
        phase: Phase,
    ) -> Self {
        Self {
            id,
            side,
            relay,
            mailbox: None,
            claim,
            proof,
            vertical: Vertical::General,
            display: Display::default(),
            notification: None,
            clocks,
            credential_id: None,
            context: None::<SecurityContext>,
            window: Window::default(),
            queue: Vec::new(),
            next_message: 0,
            delivered: 0,
            in_flight: Vec::new(),
            next_received: 0,
            answered: false,
            proven: true,
            events: EventLog::default(),
            not_found: None,
            phase,
        }
    }

    fn create_body(&self) -> Result<Vec<u8>, Refused> {
        let display = DisplayInformation {
            title: self.display.title.raw().to_owned(),
            description: self.display.description.raw().to_owned(),
            image_url: self.display.image_url.clone().unwrap_or_default(),
        };
        let request = CreateRequest::new(
            self.first_envelope(),
            display,
            // An answer that comes too late is told so: the mailbox must still be there.
            self.expires_at().saturating_add(LINGER),
            &self.proof,
            self.notification.clone(),
        );
        serde_json::to_vec(&request)
            .map_err(|_| Refused::Internal("CreateMailbox can't be written"))
    }

    /// The envelope with token 1, which never has a MIC.
    pub(super) fn first_envelope(&self) -> String {
        self.window.fields(Side::Sender, false).encode(|_| None)
    }

    /// The request that makes the mailbox; the same bytes and id each time, until it was answered.
    pub fn creation(&self) -> Option<HttpRequest> {
        match &self.phase {
            Phase::Creating {
                request_id,
                body,
                attestation,
                ..
            } => Some(create_request(
                &self.relay.to_string(),
                &self.claim,
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
            self.claim = DeviceClaim::from(entropy.uuid());
        }
    }

    /// Sender, until somebody has answered: the share URL, the `.tigress` file and the PIN.
    pub fn invitation(&self) -> Option<(ShareUrl, InvitationFile, Option<Pin>)> {
        let Phase::Invited { secret, pin } = &self.phase else {
            return None;
        };
        let mailbox = self.mailbox.as_ref()?.uuid();
        let share_url = ShareUrl {
            relay: self.relay.clone(),
            mailbox,
            vertical: self.vertical,
            secret: secret.clone(),
            pin_required: pin.is_some(),
        };
        let fields = self.window.fields(Side::Sender, false);
        let file = InvitationFile {
            share_url: share_url.clone(),
            title: self.display.title.clone(),
            description: self.display.description.clone(),
            image_url: self.display.image_url.clone(),
            expiration: self.expires_at(),
            token: fields.tokens.into_iter().next(),
        };
        Some((share_url, file, pin.clone()))
    }
}
