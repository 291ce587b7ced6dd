//! What an app decides once, and what it asks for with each call.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::TigressError;
use crate::invitation::Vertical;
use crate::time::TimeSpan;
use crate::transfer::Credential;

/// A client's settings. What is not given is as by default.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Config {
    /// The relay on which this device makes its own mailboxes, such as `https://relay.example`; none for a device that
    /// only receives.
    #[uniffi(default = None)]
    pub relay: Option<String>,
    /// Other relays whose invitations are accepted.
    #[uniffi(default = [])]
    pub trusted_relays: Vec<String>,
    /// Whether a relay on this machine may be reached by plain http: for tests.
    #[uniffi(default = false)]
    pub allow_loopback_http: bool,
    /// How long an attempt to connect may take; 10 s by default. For the built-in transport.
    #[uniffi(default = None)]
    pub connect_timeout: Option<TimeSpan>,
    /// How long an answer may take, the time that the relay was asked to hold it not counted; 20 s by default. For the
    /// built-in transport.
    #[uniffi(default = None)]
    pub request_timeout: Option<TimeSpan>,
    /// Longest time that a relay is asked to hold an answer; 50 s by default, 60 s at most.
    #[uniffi(default = None)]
    pub long_poll: Option<TimeSpan>,
    /// First pause between reads at a relay that holds no answers; half a second by default.
    #[uniffi(default = None)]
    pub poll_interval: Option<TimeSpan>,
    /// Longest such pause; 10 s by default.
    #[uniffi(default = None)]
    pub poll_interval_max: Option<TimeSpan>,
    /// How long creating and accepting an invitation try to get an answer; 30 s by default.
    #[uniffi(default = None)]
    pub give_up_after: Option<TimeSpan>,
    /// Digits of the PINs that this device draws for its invitations: 6 by default, 12 at most.
    #[uniffi(default = None)]
    pub pin_digits: Option<u8>,
    /// How often a PIN may be tried at this device's invitations: 5 times by default, 1 to 10.
    #[uniffi(default = None)]
    pub pin_tries: Option<u8>,
}

impl From<Config> for tigress::Config {
    fn from(config: Config) -> Self {
        let default = Self::default();
        let or = |given: Option<TimeSpan>, default| given.map_or(default, |span| span.0);
        Self {
            relay: config.relay,
            trusted_relays: config.trusted_relays,
            allow_loopback_http: config.allow_loopback_http,
            extra_roots: default.extra_roots,
            connect_timeout: or(config.connect_timeout, default.connect_timeout),
            request_timeout: or(config.request_timeout, default.request_timeout),
            long_poll: or(config.long_poll, default.long_poll),
            poll_interval: or(config.poll_interval, default.poll_interval),
            poll_interval_max: or(config.poll_interval_max, default.poll_interval_max),
            give_up_after: or(config.give_up_after, default.give_up_after),
            pin_digits: config.pin_digits.unwrap_or(default.pin_digits),
            pin_tries: config.pin_tries.unwrap_or(default.pin_tries),
            approval: default.approval,
        }
    }
}

/// What an invitation is to be.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Display)]
pub struct InvitationRequest {
    /// What is offered. Only who has the invitation can read it, PIN or not: no relay, no preview. At most 4096 bytes; where
    /// it is empty, `preview_title` stands for it.
    #[uniffi(default = "")]
    pub title: String,
    /// The same, a sentence or a note; where it is empty, `preview_description` stands for it.
    #[uniffi(default = "")]
    pub description: String,
    /// What the sender calls itself, sealed like the title. At most 256 bytes.
    #[uniffi(default = "")]
    pub sender: String,
    /// The format of what will be handed over, sealed like the title; that of `credential` if none is given.
    #[uniffi(default = None)]
    pub format: Option<String>,
    /// Whether the receiver may pass on what it gets: the sender's word, which nothing enforces.
    #[uniffi(default = false)]
    pub may_be_passed_on: bool,
    /// Public: what the relay's preview page and messengers show to everybody. Empty: a neutral page.
    #[uniffi(default = "")]
    pub preview_title: String,
    /// The same, a sentence.
    #[uniffi(default = "")]
    pub preview_description: String,
    /// Public: an https image, which messengers show and load.
    #[uniffi(default = None)]
    pub preview_image_url: Option<String>,
    /// What kind of credential it is, as far as the share URL tells; general by default.
    #[uniffi(default = None)]
    pub vertical: Option<Vertical>,
    /// How long the invitation lasts; 48 hours by default, 30 days at most.
    #[uniffi(default = None)]
    pub lifetime: Option<TimeSpan>,
    /// Whether the receiver must type a PIN, which is told by another way than the invitation.
    #[uniffi(default = false)]
    pub pin: bool,
    /// Where the relay's push gateway can wake this device.
    #[uniffi(default = None)]
    pub notification_token: Option<NotificationToken>,
    /// Opaque proof for relays that ask what device this is.
    #[uniffi(default = None)]
    pub device_attestation: Option<String>,
    /// What is to be handed over, if it is there already: queued in the same store write as the invitation, so that no
    /// kill comes between.
    #[uniffi(default = None)]
    pub credential: Option<Credential>,
    /// Names this request: the same key gives the same invitation, also after a kill. At most 255 bytes.
    #[uniffi(default = None)]
    pub idempotency_key: Option<String>,
}

/// Without the attestation, the token and the texts.
impl fmt::Display for InvitationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationRequest(..)")
    }
}

impl From<InvitationRequest> for tigress::InvitationRequest {
    fn from(request: InvitationRequest) -> Self {
        Self {
            title: request.title,
            description: request.description,
            sender: request.sender,
            format: request.format,
            may_be_passed_on: request.may_be_passed_on,
            preview_title: request.preview_title,
            preview_description: request.preview_description,
            preview_image_url: request.preview_image_url,
            vertical: request.vertical.map(Into::into).unwrap_or_default(),
            lifetime: request.lifetime.map(|span| span.0),
            pin: request.pin,
            notification_token: request.notification_token.map(Into::into),
            device_attestation: request.device_attestation,
            credential: request.credential.map(Into::into),
            idempotency_key: request.idempotency_key,
        }
    }
}

/// What accepting an invitation may be told.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Display)]
pub struct AcceptOptions {
    /// The PIN, if the invitation needs one and the user has typed it already.
    #[uniffi(default = None)]
    pub pin: Option<String>,
    /// Where the relay's push gateway can wake this device.
    #[uniffi(default = None)]
    pub notification_token: Option<NotificationToken>,
    /// A relay to trust for this invitation, after the user has been asked, such as `https://relay.example`.
    #[uniffi(default = None)]
    pub trust: Option<String>,
    /// The app has asked its user already, before it could say what is offered: the sender is answered without `confirm`.
    #[uniffi(default = false)]
    pub confirmed: bool,
}

/// Without the PIN.
impl fmt::Display for AcceptOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AcceptOptions(..)")
    }
}

impl TryFrom<AcceptOptions> for tigress::AcceptOptions {
    type Error = TigressError;

    fn try_from(options: AcceptOptions) -> Result<Self, TigressError> {
        Ok(Self {
            pin: options.pin.map(parse_pin).transpose()?,
            notification_token: options.notification_token.map(Into::into),
            trust: options.trust,
            confirmed: options.confirmed,
        })
    }
}

/// What a user typed as a PIN.
pub(crate) fn parse_pin(typed: String) -> Result<tigress::Pin, TigressError> {
    let typed = Zeroizing::new(typed);
    Ok(tigress::Pin::parse(&typed).map_err(tigress::Error::from)?)
}

/// Where a push gateway can wake a device.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Display)]
pub struct NotificationToken {
    /// The gateway, such as `com.apple.apns`.
    pub token_type: String,
    /// Opaque.
    pub token_data: String,
}

/// Without the token, which addresses a device.
impl fmt::Display for NotificationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NotificationToken(..)")
    }
}

impl fmt::Debug for NotificationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<NotificationToken> for tigress::mailbox::NotificationToken {
    fn from(token: NotificationToken) -> Self {
        Self {
            token_type: token.token_type,
            token_data: token.token_data,
        }
    }
}
