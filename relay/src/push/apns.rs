//! The Apple Push Notification service: its provider API, by tokens (HTTP/2).

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use reqwest::header::AUTHORIZATION;
use serde::Deserialize;
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

use super::client::{self, Answer, Client, PushError, Speaks};
use super::jwt::{Algorithm, SigningKey};
use super::{Notification, Outcome, PushGateway, Why};

/// The type of notification token.
const TYPE: &str = "com.apple.apns";
/// A provider token is refused after an hour, and must not be renewed more often than every 20 minutes.
const RENEW: u64 = 50 * 60;
const NOT_BEFORE: u64 = 20 * 60;
/// How long Apple keeps a notification for a device that it does not reach.
const KEPT: u64 = 24 * 3600;
/// One word for all: a later notification takes the place of an earlier one.
const COLLAPSE: &str = "tigress";
/// Longest text that is shown, in bytes: Apple takes 4 KiB in all.
const MAX_TEXT: usize = 512;
/// Longest device token, in hexadecimal digits.
const MAX_TOKEN: usize = 200;

/// A key for sending, as Apple's developer pages give it.
pub struct ApnsKey<'key> {
    /// The file `AuthKey_….p8`.
    pub pem: &'key [u8],
    /// The key's id.
    pub key_id: &'key str,
    /// The team's id.
    pub team_id: &'key str,
}

/// Which service.
#[derive(Debug, Clone, Copy)]
pub enum ApnsPlace<'place> {
    /// For apps from the store, and TestFlight.
    Production,
    /// For apps that Xcode has installed.
    Sandbox,
    /// Another one, for tests.
    At {
        /// Its origin.
        url: &'place str,
        /// The authority of its certificate (PEM).
        authority: &'place [u8],
    },
}

/// Notifies apps of one topic by Apple's service, for tokens of type `com.apple.apns`: the device token in hexadecimal.
pub struct Apns {
    key: SigningKey,
    key_id: String,
    team_id: String,
    topic: String,
    origin: Url,
    client: Client,
    says: Says,
    bearer: Mutex<Option<Bearer>>,
}

/// What goes to the device, the same in each notification.
struct Says {
    kind: &'static str,
    priority: &'static str,
    body: String,
}

impl Says {
    /// Wakes the app in the background, and shows nothing.
    fn nothing() -> Self {
        Self {
            kind: "background",
            priority: "5",
            body: json!({"aps": {"content-available": 1}}).to_string(),
        }
    }

    /// Runs the app's notification service, which may put its own words in the place of these.
    fn text(text: &str) -> Self {
        Self {
            kind: "alert",
            priority: "10",
            body: json!({"aps": {"alert": text, "mutable-content": 1}}).to_string(),
        }
    }
}

/// A provider token.
struct Bearer {
    header: Zeroizing<String>,
    made: u64,
}

impl Apns {
    /// For the app with this bundle ID.
    ///
    /// # Errors
    /// [`PushError`] if the key can't sign, or an id is none.
    pub fn new(key: &ApnsKey<'_>, topic: &str, place: ApnsPlace<'_>) -> Result<Self, PushError> {
        let is_id =
            |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_id(key.key_id) || !is_id(key.team_id) {
            return Err(PushError("the ids of key and team are letters and digits"));
        }
        let is_topic = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        if topic.is_empty() || !topic.bytes().all(is_topic) {
            return Err(PushError("the topic is no bundle ID"));
        }
        let (origin, authority) = match place {
            ApnsPlace::Production => ("https://api.push.apple.com", None),
            ApnsPlace::Sandbox => ("https://api.sandbox.push.apple.com", None),
            ApnsPlace::At { url, authority } => (url, Some(authority)),
        };
        Ok(Self {
            key: SigningKey::from_pem(key.pem, Algorithm::Es256)?,
            key_id: key.key_id.to_owned(),
            team_id: key.team_id.to_owned(),
            topic: topic.to_owned(),
            origin: client::address(origin)?,
            client: Client::new(authority, Speaks::Http2)?,
            says: Says::nothing(),
            bearer: Mutex::default(),
        })
    }

    /// Shows this text, one for all, in place of waking the app unseen: for apps with a notification service extension, which
    /// also runs where the user has ended the app.
    ///
    /// # Errors
    /// [`PushError`] for no text, or more than 512 bytes.
    pub fn showing(mut self, text: &str) -> Result<Self, PushError> {
        if text.trim().is_empty() || text.len() > MAX_TEXT {
            return Err(PushError("what is shown has 1 to 512 bytes"));
        }
        self.says = Says::text(text);
        Ok(self)
    }

    fn bearer(&self, now: u64) -> Result<Zeroizing<String>, PushError> {
        let mut kept = self.bearer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bearer) = &*kept
            && bearer.made.abs_diff(now) < RENEW
        {
            return Ok(bearer.header.clone());
        }
        let header = json!({"kid": self.key_id});
        let claims = json!({"iss": self.team_id, "iat": now});
        let token = Zeroizing::new(self.key.sign(header, &claims)?);
        let header = Zeroizing::new(format!("bearer {}", token.as_str()));
        *kept = Some(Bearer {
            header: header.clone(),
            made: now,
        });
        Ok(header)
    }

    /// The service calls the provider token too old: renewed, if that is allowed already.
    fn renew(&self, now: u64) {
        let mut kept = self.bearer.lock().unwrap_or_else(PoisonError::into_inner);
        kept.take_if(|bearer| bearer.made.abs_diff(now) >= NOT_BEFORE);
    }

    fn outcome(&self, answer: &Answer, now: u64) -> Outcome {
        let reason = reason(&answer.body);
        let why = Why::answered(answer.status, reason);
        match (answer.status, reason) {
            (410, _) | (400, "BadDeviceToken" | "DeviceTokenNotForTopic") => Outcome::Ended(why),
            (403, "ExpiredProviderToken") => {
                self.renew(now);
                Outcome::Later { after: None, why }
            }
            _ => answer.outcome(reason),
        }
    }
}

/// Apple's word for what is wrong, if it is one of these: the log has no other.
fn reason(body: &[u8]) -> &'static str {
    #[derive(Deserialize)]
    struct Body {
        reason: String,
    }
    const KNOWN: [&str; 14] = [
        "BadDeviceToken",
        "BadEnvironmentKeyIdInToken",
        "BadTopic",
        "DeviceTokenNotForTopic",
        "ExpiredProviderToken",
        "ExpiredToken",
        "InternalServerError",
        "InvalidProviderToken",
        "ServiceUnavailable",
        "Shutdown",
        "TooManyProviderTokenUpdates",
        "TooManyRequests",
        "TopicDisallowed",
        "Unregistered",
    ];
    let said = serde_json::from_slice::<Body>(body).map(|body| body.reason);
    let known = said
        .ok()
        .and_then(|said| KNOWN.into_iter().find(|known| *known == said));
    known.unwrap_or_default()
}

#[async_trait]
impl PushGateway for Apns {
    fn types(&self) -> Vec<String> {
        vec![TYPE.to_owned()]
    }

    async fn notify(&self, notification: &Notification<'_>) -> Outcome {
        let (device, now) = (&notification.token.token_data, notification.now);
        // It becomes a part of the path.
        let is_token = !device.is_empty() && device.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_token || device.len() > MAX_TOKEN {
            return Outcome::Ended(Why::new("no device token"));
        }
        let Ok(url) = self.origin.join(&format!("/3/device/{device}")) else {
            return Outcome::Ended(Why::new("no device token"));
        };
        let bearer = match self.bearer(now) {
            Ok(bearer) => client::secret(&bearer),
            Err(_) => Err(Why::new("the key can't sign")),
        };
        let bearer = match bearer {
            Ok(bearer) => bearer,
            Err(why) => return Outcome::Refused(why),
        };
        let request = self
            .client
            .post(url)
            .header(AUTHORIZATION, bearer)
            .header("apns-id", notification.id.to_string())
            .header("apns-topic", &self.topic)
            .header("apns-push-type", self.says.kind)
            .header("apns-priority", self.says.priority)
            .header("apns-collapse-id", COLLAPSE)
            .header("apns-expiration", now.saturating_add(KEPT))
            .body(self.says.body.clone());
        match client::send(request, now).await {
            Ok(answer) => self.outcome(&answer, now),
            Err(why) => Outcome::Later { after: None, why },
        }
    }
}
