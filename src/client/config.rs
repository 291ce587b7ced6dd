//! What an app decides once, and what it asks for with each call.

use std::sync::Arc;
use std::time::Duration;

use tigress_gss::auth_credential;
use tigress_gss::pin::Pin;
use tigress_mailbox::NotificationToken;
use tigress_protocol::invitation;
use tigress_protocol::invitation::{RelayOrigin, RelayPolicy, Vertical};
use tigress_protocol::transfer::{Credential, TransferId};

use super::UserApproval;
use crate::Error;

/// Longest lifetime of an invitation.
pub const MAX_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
const _: () = assert!(MAX_LIFETIME.as_secs() == auth_credential::MAX_LIFETIME);
/// Lifetime of an invitation if nothing else is asked for.
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(48 * 3600);

/// A client's settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The relay on which this device makes its own mailboxes, such as `https://relay.example`; none for a
    /// device that only receives.
    pub relay: Option<String>,
    /// Other relays whose invitations are accepted.
    pub trusted_relays: Vec<String>,
    /// Whether a relay on this machine may be reached by plain http; for tests.
    pub allow_loopback_http: bool,
    /// Certificates (DER, or PEM with any number) of authorities that the built-in transport trusts besides the
    /// system's: for a relay with a private one. Not on Android, where the app's network security configuration says it.
    pub extra_roots: Vec<Vec<u8>>,
    /// How long an attempt to connect may take.
    pub connect_timeout: Duration,
    /// How long an answer may take, the time that the relay was asked to hold it not counted.
    pub request_timeout: Duration,
    /// Longest time that a relay is asked to hold an answer; 60 s at most.
    pub long_poll: Duration,
    /// First pause between reads at a relay that holds no answers; doubled up to `poll_interval_max`.
    pub poll_interval: Duration,
    /// Longest such pause.
    pub poll_interval_max: Duration,
    /// How long `create_invitation` and `accept_invitation` try to get an answer.
    pub give_up_after: Duration,
    /// Digits of the PINs that this device draws for its invitations: 6 to 12.
    pub pin_digits: u8,
    /// How often a PIN may be tried at this device's invitations: 1 to 10. A receiver makes 5 tries at most.
    pub pin_tries: u8,
    /// Who asks the sender's user before an invitation leaves this device; without, an app has asked before it calls.
    pub approval: Option<Arc<dyn UserApproval>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            relay: None,
            trusted_relays: Vec::new(),
            allow_loopback_http: false,
            extra_roots: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(20),
            long_poll: Duration::from_secs(50),
            poll_interval: Duration::from_millis(500),
            poll_interval_max: Duration::from_secs(10),
            give_up_after: Duration::from_secs(30),
            pin_digits: 6,
            pin_tries: 5,
            approval: None,
        }
    }
}

impl Config {
    /// Settings for a device whose own relay is `relay`, all else as by default.
    #[must_use]
    pub fn with_relay(relay: impl Into<String>) -> Self {
        Self {
            relay: Some(relay.into()),
            ..Self::default()
        }
    }

    pub(crate) fn policy(&self) -> Result<RelayPolicy, Error> {
        if !Pin::is_length(self.pin_digits.into()) || !(1..=10).contains(&self.pin_tries) {
            return Err(Error::bad_config(
                "a PIN has 6 to 12 digits, and 1 to 10 tries",
            ));
        }
        let origin = |text: &String| {
            RelayOrigin::parse(text)
                .map_err(|_| Error::bad_config("a relay's URL is not an origin"))
        };
        Ok(RelayPolicy {
            own: self.relay.as_ref().map(origin).transpose()?,
            trusted: self
                .trusted_relays
                .iter()
                .map(origin)
                .collect::<Result<_, _>>()?,
            allow_loopback_http: self.allow_loopback_http,
        })
    }
}

/// What `create_invitation` is asked for.
#[derive(Clone, Default)]
pub struct InvitationRequest {
    /// What is offered. Only who has the invitation can read it, PIN or not: no relay, no preview. At most 4096 bytes; where
    /// it is empty, `preview_title` stands for it.
    pub title: String,
    /// The same, a sentence or a note; where it is empty, `preview_description` stands for it.
    pub description: String,
    /// What the sender calls itself, sealed like the title. At most 256 bytes.
    pub sender: String,
    /// The format of what will be handed over, sealed like the title, so that the receiver knows before it agrees; that of
    /// `credential` if none is given.
    pub format: Option<String>,
    /// Whether the receiver may pass on what it gets: the sender's word, which nothing enforces.
    pub may_be_passed_on: bool,
    /// Public: what the relay's preview page and messengers show to everybody. Empty: a neutral page.
    pub preview_title: String,
    /// The same, a sentence.
    pub preview_description: String,
    /// Public: an https image, which messengers show and load.
    pub preview_image_url: Option<String>,
    /// What kind of credential it is, as far as the share URL tells.
    pub vertical: Vertical,
    /// How long the invitation lasts; [`DEFAULT_LIFETIME`] if none is given, [`MAX_LIFETIME`] at most.
    pub lifetime: Option<Duration>,
    /// Whether the receiver must type a PIN, which the sender's user tells by another channel than the link's.
    pub pin: bool,
    /// Where the relay's push gateway can wake this device.
    pub notification_token: Option<NotificationToken>,
    /// Opaque proof for relays that ask what device this is.
    pub device_attestation: Option<String>,
    /// What is to be handed over, if it is there already: queued in the same store write as the invitation, so
    /// that no kill comes between. [`send_credential`](crate::TransferClient::send_credential) adds to it.
    pub credential: Option<Credential>,
    /// Names this request: the same key gives the same invitation, also after a kill. At most 255 bytes.
    pub idempotency_key: Option<String>,
}

impl std::fmt::Debug for InvitationRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InvitationRequest")
            .field("vertical", &self.vertical)
            .field("lifetime", &self.lifetime)
            .field("pin", &self.pin)
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}

/// What `accept_invitation` may be told.
#[derive(Clone, Default)]
pub struct AcceptOptions {
    /// The PIN, if the user has typed it already; else
    /// [`provide_pin`](crate::TransferClient::provide_pin) takes it.
    pub pin: Option<Pin>,
    /// Where the relay's push gateway can wake this device.
    pub notification_token: Option<NotificationToken>,
    /// A relay to trust for this invitation, after the user has been asked.
    pub trust: Option<String>,
    /// The app has asked its user already, before it could say what is offered: the sender is answered without
    /// [`confirm`](crate::TransferClient::confirm).
    pub confirmed: bool,
}

impl AcceptOptions {
    /// For an app that has asked its user already; all else as by default.
    #[must_use]
    pub fn confirmed() -> Self {
        Self {
            confirmed: true,
            ..Self::default()
        }
    }
}

impl std::fmt::Debug for AcceptOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AcceptOptions")
            .field("trust", &self.trust)
            .field("confirmed", &self.confirmed)
            .finish_non_exhaustive()
    }
}

/// What the sender shares. Whoever has it can take the credential.
#[derive(Clone)]
pub struct Invitation {
    /// The transfer that it begins.
    pub transfer: TransferId,
    /// The link, with the secret in its fragment.
    pub share_url: invitation::ShareUrl,
    /// The PIN, if one was asked for: the user tells it by another channel than the link's.
    pub pin: Option<Pin>,
    /// The same as a `.tigress` file.
    pub file: zeroize::Zeroizing<Vec<u8>>,
    /// When it expires, Unix seconds.
    pub expires_at: u64,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invitation")
            .field("transfer", &self.transfer)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
