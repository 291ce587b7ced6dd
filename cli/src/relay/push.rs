//! The settings of push: one gateway for each service that the operator has a key for.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde::{Deserialize, Serialize};
use tigress_relay::push::{Apns, ApnsKey, ApnsPlace, Fcm, PushError, PushGateway, Webhook};
use zeroize::Zeroizing;

use super::file;
use crate::environment;
use crate::exit::Failure;

/// Where the key of a webhook may be given beside the file: other users of a machine see a command's line.
const KEY: &str = "TIGRESS_PUSH_WEBHOOK_KEY";
/// The name of its line in the file.
pub(super) const KEY_IN_FILE: &str = "webhook_key";

/// The table `[push]` of the file.
#[derive(Args, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PushSettings {
    /// Tell this URL whom to wake, signed by the form of Standard Webhooks. The key is given in the environment
    /// (TIGRESS_PUSH_WEBHOOK_KEY) or the file.
    #[arg(
        long = "push-webhook-url",
        value_name = "URL",
        env = "TIGRESS_PUSH_WEBHOOK_URL",
        hide_env_values = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<String>,
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_key: Option<Secret>,
    /// A type of notification token that the webhook serves. May be given several times.
    #[arg(
        long = "push-webhook-types",
        value_name = "TYPE",
        env = "TIGRESS_PUSH_WEBHOOK_TYPES",
        value_delimiter = ','
    )]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    webhook_types: Vec<String>,
    /// Wake iPhones: the key for Apple's push service (.p8). It needs the key's id, the team's, and the topic.
    #[arg(
        long = "push-apns-key",
        value_name = "FILE",
        env = "TIGRESS_PUSH_APNS_KEY"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    apns_key: Option<PathBuf>,
    /// The id of the key for Apple's push service.
    #[arg(
        long = "push-apns-key-id",
        value_name = "ID",
        env = "TIGRESS_PUSH_APNS_KEY_ID"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    apns_key_id: Option<String>,
    /// The id of the team at Apple.
    #[arg(
        long = "push-apns-team-id",
        value_name = "ID",
        env = "TIGRESS_PUSH_APNS_TEAM_ID"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    apns_team_id: Option<String>,
    /// The app's bundle ID.
    #[arg(
        long = "push-apns-topic",
        value_name = "ID",
        env = "TIGRESS_PUSH_APNS_TOPIC"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    apns_topic: Option<String>,
    /// Use Apple's sandbox, for apps that Xcode has installed.
    #[arg(long = "push-apns-sandbox", env = "TIGRESS_PUSH_APNS_SANDBOX")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    apns_sandbox: bool,
    /// Show this text, for an app with a notification service extension; without, the app is woken unseen.
    #[arg(
        long = "push-apns-alert",
        value_name = "TEXT",
        env = "TIGRESS_PUSH_APNS_ALERT"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    apns_alert: Option<String>,
    /// Wake Android phones: a service account of the Firebase project (JSON).
    #[arg(
        long = "push-fcm-account",
        value_name = "FILE",
        env = "TIGRESS_PUSH_FCM_ACCOUNT"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    fcm_account: Option<PathBuf>,
}

/// A secret that stands in a file of settings, or in the environment.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
struct Secret(Zeroizing<String>);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        secret.0.as_str().to_owned()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl PushSettings {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// With what is given in the environment alone.
    pub(super) fn with_environment(mut self) -> Self {
        if let Some(key) = environment::text(KEY) {
            self.webhook_key = Some(key.into());
        }
        self
    }

    /// A gateway for each service.
    pub(crate) fn gateways(&self) -> Result<Vec<Arc<dyn PushGateway>>, Failure> {
        let mut all: Vec<Arc<dyn PushGateway>> = Vec::new();
        if let Some(webhook) = self.webhook()? {
            all.push(Arc::new(webhook));
        }
        if let Some(apns) = self.apns()? {
            all.push(Arc::new(apns));
        }
        if let Some(file) = &self.fcm_account {
            let bad = |error: PushError| Failure::usage(format!("{}: {error}", file.display()));
            all.push(Arc::new(Fcm::new(&read(file)?).map_err(bad)?));
        }
        Ok(all)
    }

    fn webhook(&self) -> Result<Option<Webhook>, Failure> {
        let types = &self.webhook_types;
        match (&self.webhook_url, &self.webhook_key) {
            (None, None) if types.is_empty() => Ok(None),
            (Some(url), Some(key)) if !types.is_empty() => {
                let webhook = Webhook::new(url, &key.0, types.clone());
                webhook
                    .map(Some)
                    .map_err(|error| Failure::usage(error.to_string()))
            }
            _ => Err(Failure::usage(
                "a webhook needs a URL, a key and types of notification tokens",
            )),
        }
    }

    fn apns(&self) -> Result<Option<Apns>, Failure> {
        let ids = (&self.apns_key_id, &self.apns_team_id, &self.apns_topic);
        match (&self.apns_key, ids) {
            (None, (None, None, None)) if !self.apns_sandbox && self.apns_alert.is_none() => {
                Ok(None)
            }
            (Some(file), (Some(key_id), Some(team_id), Some(topic))) => {
                let pem = read(file)?;
                let key = ApnsKey {
                    pem: &pem,
                    key_id,
                    team_id,
                };
                let place = if self.apns_sandbox {
                    ApnsPlace::Sandbox
                } else {
                    ApnsPlace::Production
                };
                let apns = Apns::new(&key, topic, place).and_then(|apns| match &self.apns_alert {
                    Some(text) => apns.showing(text),
                    None => Ok(apns),
                });
                apns.map(Some)
                    .map_err(|error| Failure::usage(error.to_string()))
            }
            _ => Err(Failure::usage(
                "Apple's push service needs a key, its id, the team's id and a topic",
            )),
        }
    }
}

fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    file::of(file, fs::read).map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn of(text: &str) -> Result<Vec<String>, String> {
        let settings: PushSettings = toml::from_str(text).map_err(|error| error.to_string())?;
        let gateways = settings.gateways().map_err(|failure| failure.reason)?;
        Ok(gateways.iter().flat_map(|one| one.types()).collect())
    }

    #[test]
    fn what_is_set_is_served_and_what_is_set_by_half_is_told() {
        let webhook = "webhook_url = 'https://hook.example/'\n";
        let types = "webhook_types = ['com.example.wallet']\n";
        let key = format!("webhook_key = '{KEY}'\n");
        assert_eq!(of(""), Ok(Vec::new()));
        let served = of(&format!("{webhook}{types}{key}"));
        assert_eq!(served, Ok(vec!["com.example.wallet".to_owned()]));
        for (half, told) in [
            (format!("{webhook}{types}"), "a webhook needs"),
            (format!("{webhook}{key}"), "a webhook needs"),
            (format!("{types}{key}"), "a webhook needs"),
            (
                "apns_topic = 'com.example.wallet'".to_owned(),
                "Apple's push service needs",
            ),
            (
                "apns_sandbox = true".to_owned(),
                "Apple's push service needs",
            ),
            (
                "apns_alert = 'Open the wallet'".to_owned(),
                "Apple's push service needs",
            ),
            (
                "fcm_account = '/there/is/none'".to_owned(),
                "cannot read /there/is/none",
            ),
            ("webhook = 1".to_owned(), "unknown field"),
        ] {
            let failed = of(&half).err().unwrap_or_else(|| panic!("{half} is taken"));
            assert!(failed.contains(told), "{failed}");
            assert!(!failed.contains("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        }
    }
}
