//! The share URL: `https://{relay}/v1/m/{uuid}?v={a|h|c}#{secret}[.p]`.

use uuid::Uuid;
use zeroize::Zeroizing;

use super::changed;
use super::error::InvitationError;
use super::fragment;
use super::relay_origin::RelayOrigin;
use tigress_primitives::cbor::Value;
use tigress_primitives::record::Stored;
use tigress_primitives::secret::SharedSecret;

/// The longest URL that is read, in characters.
pub(super) const MAX_URL_LEN: usize = 2048;
/// The length of a UUID written with hyphens.
const UUID_LEN: usize = 36;
const PATH: &str = "/v1/m/";

/// What kind of credential is shared: query key `v`, so that the preview and the link can open the right app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Vertical {
    /// `a`: any credential.
    #[default]
    General,
    /// `h`: a home key.
    HomeKey,
    /// `c`: a car key.
    CarKey,
}

impl Vertical {
    /// The value of the query key `v`.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::General => "a",
            Self::HomeKey => "h",
            Self::CarKey => "c",
        }
    }

    /// The vertical of a letter.
    pub(crate) fn from_letter(letter: &str) -> Option<Self> {
        [Self::General, Self::HomeKey, Self::CarKey]
            .into_iter()
            .find(|vertical| vertical.letter() == letter)
    }

    /// The vertical in words: `general`, `home key` or `car key`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::HomeKey => "home key",
            Self::CarKey => "car key",
        }
    }
}

impl Stored for Vertical {
    fn to_value(&self) -> Option<Value<'_>> {
        Some(self.letter().into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        Self::from_letter(value?.text()?)
    }
}

/// An invitation's address and shared secret. Whoever holds it can accept the invitation.
///
/// `Debug` does not show the secret, and there is no `Display`: [`to_url`](Self::to_url) is asked for by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareUrl {
    /// The relay that holds the mailbox.
    pub relay: RelayOrigin,
    /// The mailbox.
    pub mailbox: Uuid,
    /// The kind of credential.
    pub vertical: Vertical,
    /// The shared secret: travels in the fragment, which never leaves the device.
    pub secret: SharedSecret,
    /// Whether the receiver needs a PIN, so that the wallet can ask for it.
    pub pin_required: bool,
}

impl ShareUrl {
    /// Reads a share URL of at most 2048 characters, with nothing around it: [`parse_invitation`](super::parse_invitation)
    /// finds it in what was pasted. A plain-http loopback relay is read too: [`RelayPolicy`](super::RelayPolicy) decides
    /// about it.
    ///
    /// The secret may be written in base64url or standard base64, with or without padding, with `+`, `/`, `=`
    /// percent-encoded. Without a query the vertical is [`Vertical::General`]; a query must have one `v`, and its other
    /// keys are ignored.
    ///
    /// # Errors
    /// [`InvitationError`], which names the part that is wrong, or what happened to the link on its way, and shows
    /// nothing of it.
    pub fn parse(text: &str) -> Result<Self, InvitationError> {
        check_characters(text)?;
        Self::read(text).map_err(|error| changed::explain(text, error))
    }

    fn read(text: &str) -> Result<Self, InvitationError> {
        let (address, fragment) = split_optional(text, '#');
        let (location, query) = split_optional(address, '?');
        let (relay, mailbox) = parse_location(location)?;
        let vertical = query.map_or(Ok(Vertical::General), parse_vertical)?;
        let fragment = fragment.ok_or(InvitationError::SecretMissing)?;
        let (secret, pin_required) = fragment::read(fragment)?;
        Ok(Self {
            relay,
            mailbox,
            vertical,
            secret,
            pin_required,
        })
    }

    //= draft/8.2.1-fragment
    /// The share URL, with the secret: at most 128 characters with a host of 20.
    #[must_use]
    pub fn to_url(&self) -> Zeroizing<String> {
        let address = self.mailbox_url();
        // All the room at once: growing would leave a copy of the secret behind.
        let room =
            address.len() + "?v=a#".len() + fragment::SECRET_CHARS + fragment::PIN_SUFFIX.len();
        let mut url = Zeroizing::new(String::with_capacity(room));
        for part in [address.as_str(), "?v=", self.vertical.letter(), "#"] {
            url.push_str(part);
        }
        fragment::write(&self.secret, self.pin_required, &mut url);
        url
    }

    //= protocol/3-secret draft/8.2.1-no-fragment
    /// The mailbox's address on the relay, without query and fragment.
    #[must_use]
    pub fn mailbox_url(&self) -> String {
        format!("{}{PATH}{}", self.relay, self.mailbox)
    }
}

/// Reads a mailbox's address, such as a relay's `urlLink`: `https://{relay}/v1/m/{uuid}`. A query is ignored.
///
/// # Errors
/// [`InvitationError`]; a fragment, which no relay has a reason to give, is
/// [`InvitationError::UnexpectedFragment`].
pub fn parse_mailbox_url(text: &str) -> Result<(RelayOrigin, Uuid), InvitationError> {
    check_characters(text)?;
    if text.contains('#') {
        return Err(InvitationError::UnexpectedFragment);
    }
    parse_location(split_optional(text, '?').0)
}

pub(super) fn check_characters(url: &str) -> Result<(), InvitationError> {
    if url.len() > MAX_URL_LEN {
        return Err(InvitationError::TooLarge { limit: MAX_URL_LEN });
    }
    if !url.contains("://") {
        return Err(InvitationError::NotAnInvitation);
    }
    if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(InvitationError::UrlCharacter);
    }
    Ok(())
}

fn split_optional(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn parse_location(location: &str) -> Result<(RelayOrigin, Uuid), InvitationError> {
    let (relay, path) = RelayOrigin::split(location)?;
    // The other spellings of a UUID that the library reads have other lengths.
    let id = path
        .strip_prefix(PATH)
        .filter(|id| id.len() == UUID_LEN)
        .ok_or(InvitationError::Path)?;
    let mailbox = Uuid::try_parse(id).map_err(|_| InvitationError::Path)?;
    Ok((relay, mailbox))
}

/// The vertical of a query. A query without one has lost it: it never becomes another by itself.
fn parse_vertical(query: &str) -> Result<Vertical, InvitationError> {
    let mut found = None;
    for pair in query.split('&') {
        let (key, value) = split_optional(pair, '=');
        // HTML writes `&amp;` for `&`, and some programs do it twice.
        let key = key.trim_start_matches("amp;");
        if !is_like_v(key) {
            continue;
        }
        let vertical = value
            .filter(|_| key == "v")
            .and_then(Vertical::from_letter)
            .ok_or(InvitationError::UnknownVertical)?;
        if found.replace(vertical).is_some() {
            return Err(InvitationError::RepeatedVertical);
        }
    }
    found.ok_or(InvitationError::MissingVertical)
}

/// Whether a query's key is `v`, or was before somebody changed its case or encoded it.
fn is_like_v(key: &str) -> bool {
    let mut decoded = form_urlencoded::parse(key.as_bytes());
    let key = decoded.next().map(|(key, _)| key.to_ascii_lowercase());
    key.is_some_and(|key| key.trim().trim_start_matches("amp;") == "v")
}
