//! Notifications for a service of the operator's own, by the form of Standard Webhooks 1.0.0.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::CONTENT_TYPE;
use ring::hmac;
use serde_json::json;
use tigress_mailbox::{format_timestamp, media};
use url::Url;
use zeroize::Zeroizing;

use super::client::{self, Client, PushError, Speaks};
use super::{Notification, Outcome, PushGateway, Why};

/// What a key begins with, and how many bytes it has.
const PREFIX: &str = "whsec_";
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Tells one URL of each notification, signed. It says whom to notify, by type and data of the token, and nothing of the
/// mailbox or why.
pub struct Webhook {
    url: Url,
    keys: Vec<Zeroizing<Vec<u8>>>,
    types: Vec<String>,
    client: Client,
}

impl Webhook {
    /// For tokens of these types. `keys`: `whsec_` and 24 to 64 bytes in base64; several, with spaces between, while the
    /// receiver changes over from one to another: all sign.
    ///
    /// # Errors
    /// [`PushError`] if the URL is neither https nor of this machine, there is no key, or no type.
    pub fn new(url: &str, keys: &str, types: Vec<String>) -> Result<Self, PushError> {
        let keys = keys
            .split_whitespace()
            .map(key)
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(PushError("a webhook needs a key"));
        }
        if types.is_empty() || types.iter().any(String::is_empty) {
            return Err(PushError("a webhook needs types of notification tokens"));
        }
        let url = client::address(url)?;
        // Plain http on this machine needs no authorities: there may be none.
        let nobody = (url.scheme() == "http").then_some(&b""[..]);
        Ok(Self {
            client: Client::new(nobody, Speaks::Any)?,
            url,
            keys,
            types,
        })
    }

    /// `webhook-signature`: the MIC of id, time of the try and body by each key.
    fn signatures(&self, id: &str, now: u64, body: &str) -> String {
        let sign = |key: &Zeroizing<Vec<u8>>| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key);
            let tag = hmac::sign(&key, format!("{id}.{now}.{body}").as_bytes());
            format!("v1,{}", STANDARD.encode(tag))
        };
        self.keys.iter().map(sign).collect::<Vec<_>>().join(" ")
    }
}

fn key(text: &str) -> Result<Zeroizing<Vec<u8>>, PushError> {
    let bad = PushError("a webhook's key is whsec_ and 24 to 64 bytes in base64");
    let text = text.strip_prefix(PREFIX).ok_or(bad)?;
    let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| bad)?);
    KEY_BYTES.contains(&bytes.len()).then_some(bytes).ok_or(bad)
}

#[async_trait]
impl PushGateway for Webhook {
    fn types(&self) -> Vec<String> {
        self.types.clone()
    }

    async fn notify(&self, notification: &Notification<'_>) -> Outcome {
        let token = notification.token;
        let id = format!("msg_{}", notification.id.simple());
        let body = json!({
            "type": "wake",
            "timestamp": format_timestamp(notification.made),
            "data": {"type": token.token_type, "tokenData": token.token_data},
        });
        let body = body.to_string();
        let signatures = self.signatures(&id, notification.now, &body);
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, media::JSON)
            .header("webhook-id", id)
            .header("webhook-timestamp", notification.now)
            .header("webhook-signature", signatures)
            .body(body);
        match client::send(request, notification.now).await {
            // Not 404: that is also what a path answers that is not there for a while.
            Ok(answer) if answer.status == 410 => Outcome::Ended(Why::answered(answer.status, "")),
            Ok(answer) => answer.outcome(""),
            Err(why) => Outcome::Later { after: None, why },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn webhook(keys: &str) -> Result<Webhook, PushError> {
        Webhook::new("https://hook.example/", keys, vec!["test".to_owned()])
    }

    /// The example that the libraries of Standard Webhooks are tested with.
    #[test]
    fn it_signs_as_standard_webhooks_do() {
        let signed = |keys: &str| {
            let webhook = webhook(keys).unwrap();
            let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
            webhook.signatures(id, 1_614_265_330, r#"{"test": 2432232314}"#)
        };
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed(KEY), expected);
        let other = format!("{PREFIX}{}", STANDARD.encode([7; 32]));
        let both = signed(&format!("{other} {KEY}"));
        let both: Vec<_> = both.split(' ').collect();
        assert_eq!((both.len(), both[1]), (2, expected));
    }

    #[test]
    fn what_is_no_key_or_no_address_is_refused() {
        for bad in [
            "",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_",
            "whsec_AAAA",
            "whsec_!",
        ] {
            assert!(webhook(bad).is_err(), "{bad}");
        }
        let types = || vec!["test".to_owned()];
        assert!(Webhook::new("http://hook.example/", KEY, types()).is_err());
        assert!(Webhook::new("https://hook.example/", KEY, Vec::new()).is_err());
    }
}
