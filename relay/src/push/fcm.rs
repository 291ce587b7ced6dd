//! Firebase Cloud Messaging: the HTTP v1 API, with a service account's OAuth tokens (RFC 7523).

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::json;
use tigress_mailbox::media;
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::client::{self, Answer, Client, PushError, Speaks};
use super::jwt::{Algorithm, SigningKey};
use super::{Notification, Outcome, PushGateway, Why};

/// The type of notification token.
const TYPE: &str = "com.google.fcm";
const ORIGIN: &str = "https://fcm.googleapis.com";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Life of what asks for an access token; an access token is renewed so long before its end.
const ASSERTION: u64 = 3600;
const EARLIER: u64 = 300;
/// Seconds in which no access token is asked for after one was refused.
const REFUSED: u64 = 5;
/// Silence after a 429 that names none, as Google asks for.
const BUSY: Duration = Duration::from_secs(60);

/// What counts of a service account's file.
#[derive(Deserialize)]
struct Account {
    project_id: String,
    private_key_id: String,
    private_key: String,
    client_email: String,
    token_uri: String,
}

/// Notifies apps of one Firebase project, for tokens of type `com.google.fcm`: the registration token.
pub struct Fcm {
    key: SigningKey,
    key_id: String,
    email: String,
    tokens: Url,
    messages: Url,
    client: Client,
    access: Mutex<Access>,
}

/// The access token.
#[derive(Default)]
struct Access {
    header: Option<Zeroizing<String>>,
    /// When another one is asked for, Unix seconds.
    until: u64,
    /// No other is asked for before.
    not_before: u64,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

impl Fcm {
    /// With a service account's file (JSON), as the Firebase console gives it.
    ///
    /// # Errors
    /// [`PushError`] if the file is none, or its key can't sign.
    pub fn new(account: &[u8]) -> Result<Self, PushError> {
        Self::at(account, ORIGIN)
    }

    /// The same at another origin, for tests; access tokens are asked for where the account says.
    ///
    /// # Errors
    /// As [`Fcm::new`].
    pub fn at(account: &[u8], origin: &str) -> Result<Self, PushError> {
        let account: Account = serde_json::from_slice(account)
            .map_err(|_| PushError("the file is no service account's"))?;
        let pem = Zeroizing::new(account.private_key);
        let project = account.project_id;
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':');
        if project.is_empty() || !project.bytes().all(is_id) {
            return Err(PushError("the service account's project has no valid id"));
        }
        let messages = client::address(origin)?
            .join(&format!("/v1/projects/{project}/messages:send"))
            .map_err(|_| PushError("a URL is none"))?;
        Ok(Self {
            key: SigningKey::from_pem(pem.as_bytes(), Algorithm::Rs256)?,
            key_id: account.private_key_id,
            email: account.client_email,
            tokens: client::address(&account.token_uri)?,
            messages,
            client: Client::new(None, Speaks::Any)?,
            access: Mutex::default(),
        })
    }

    /// The access token, asked for if there is none: by one at a time, the others wait for it.
    async fn access(&self, now: u64) -> Result<Zeroizing<String>, Outcome> {
        let mut access = self.access.lock().await;
        if let Some(header) = &access.header
            && now < access.until
        {
            return Ok(header.clone());
        }
        if now < access.not_before {
            let why = Why::new("there was no access token just now");
            return Err(Outcome::Later { after: None, why });
        }
        let granted = match self.grant(now).await {
            Ok(granted) => granted,
            Err(outcome) => {
                access.not_before = now.saturating_add(REFUSED);
                return Err(outcome);
            }
        };
        let token = Zeroizing::new(granted.access_token);
        let header = Zeroizing::new(format!("Bearer {}", token.as_str()));
        let life = granted.expires_in;
        access.until = now.saturating_add(life - EARLIER.min(life / 2));
        access.header = Some(header.clone());
        Ok(header)
    }

    async fn grant(&self, now: u64) -> Result<Granted, Outcome> {
        let claims = json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.tokens.as_str(),
            "iat": now,
            "exp": now.saturating_add(ASSERTION),
        });
        let header = json!({"typ": "JWT", "kid": self.key_id});
        let assertion = self.key.sign(header, &claims);
        let assertion = assertion.map_err(|_| Outcome::Refused(Why::new("the key can't sign")))?;
        let assertion = Zeroizing::new(assertion);
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", GRANT)
            .append_pair("assertion", &assertion)
            .finish();
        let request = self
            .client
            .post(self.tokens.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let answer = client::send(request, now).await;
        let answer = answer.map_err(|why| Outcome::Later { after: None, why })?;
        if !answer.is_good() {
            return Err(answer.outcome("no access token"));
        }
        let why = Why::answered(answer.status, "no access token");
        serde_json::from_slice(&answer.body).map_err(|_| Outcome::Refused(why))
    }

    async fn outcome(&self, answer: &Answer, used: &str) -> Outcome {
        let error = error(&answer.body);
        let why = Why::answered(answer.status, error);
        match (answer.status, error) {
            // All of the message but the token is ours: what is wrong with it is the token.
            (400, _) | (404, "UNREGISTERED") | (403, "SENDER_ID_MISMATCH") => Outcome::Ended(why),
            (401, _) => {
                let mut access = self.access.lock().await;
                let header = &mut access.header;
                header.take_if(|header| header.as_str() == used);
                Outcome::Later { after: None, why }
            }
            (429, _) => {
                let after = Some(answer.after.unwrap_or(BUSY));
                Outcome::Later { after, why }
            }
            _ => answer.outcome(error),
        }
    }
}

/// FCM's word for what is wrong, if it is one of these: the log has no other.
fn error(body: &[u8]) -> &'static str {
    #[derive(Deserialize)]
    struct Body {
        error: Error,
    }
    #[derive(Deserialize)]
    struct Error {
        #[serde(default)]
        details: Vec<Detail>,
    }
    #[derive(Deserialize)]
    struct Detail {
        #[serde(rename = "errorCode")]
        code: Option<String>,
    }
    const KNOWN: [&str; 7] = [
        "INTERNAL",
        "INVALID_ARGUMENT",
        "QUOTA_EXCEEDED",
        "SENDER_ID_MISMATCH",
        "THIRD_PARTY_AUTH_ERROR",
        "UNAVAILABLE",
        "UNREGISTERED",
    ];
    let said = serde_json::from_slice::<Body>(body);
    let details = said.map(|body| body.error.details).unwrap_or_default();
    let mut codes = details.into_iter().filter_map(|detail| detail.code);
    let known = codes.find_map(|code| KNOWN.into_iter().find(|known| *known == code));
    known.unwrap_or_default()
}

#[async_trait]
impl PushGateway for Fcm {
    fn types(&self) -> Vec<String> {
        vec![TYPE.to_owned()]
    }

    async fn notify(&self, notification: &Notification<'_>) -> Outcome {
        let now = notification.now;
        let access = match self.access(now).await {
            Ok(access) => access,
            Err(outcome) => return outcome,
        };
        let bearer = match client::secret(&access) {
            Ok(bearer) => bearer,
            Err(why) => return Outcome::Refused(why),
        };
        let body = json!({
            "message": {
                "token": notification.token.token_data,
                "data": {"type": "wake"},
                "android": {"collapse_key": "tigress", "priority": "HIGH", "ttl": "86400s"},
            },
        });
        let request = self
            .client
            .post(self.messages.clone())
            .header(AUTHORIZATION, bearer)
            .header(CONTENT_TYPE, media::JSON)
            .body(body.to_string());
        match client::send(request, now).await {
            Ok(answer) => self.outcome(&answer, &access).await,
            Err(why) => Outcome::Later { after: None, why },
        }
    }
}
