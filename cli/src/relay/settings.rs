//! The relay's settings, each once: as an option of the command line, in the environment, and in a file. What is given in
//! the first of these counts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use tigress_relay::store::is_address;
use tigress_relay::{Limits, Listen, People, RelayConfig, TlsFiles};
use toml::{Table, Value};
use zeroize::Zeroizing;

use super::acme::AcmeSettings;
use super::file;
use super::push::{KEY_IN_FILE, PushSettings};
use crate::environment;
use crate::exit::Failure;
use crate::log::Form;

/// What comes before a limit's name in the environment.
const LIMIT: &str = "TIGRESS_LIMIT_";

/// One for each row of the table in docs/relay.md.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Where to listen: an address, port 0 for a free one, or unix:PATH. May be given several times. By default
    /// 127.0.0.1:0.
    #[arg(
        long,
        value_name = "PLACE",
        env = "TIGRESS_LISTEN",
        value_delimiter = ','
    )]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    listen: Vec<String>,
    /// Where mailboxes are kept: `memory`, a file, made on first use, or a Redis or Valkey, such as redis://127.0.0.1 or
    /// redis+sentinel://10.0.0.1,10.0.0.2/main (docs/relay.md). By default `relay/mailboxes` in the user's state folder.
    /// An address with a password is better given in the environment or a file.
    #[arg(
        long,
        value_name = "memory|PATH|URL",
        env = "TIGRESS_STORE",
        hide_env_values = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) store: Option<String>,
    /// Origin of the mailboxes' URLs, such as https://relay.example.
    #[arg(long, value_name = "URL", env = "TIGRESS_PUBLIC_URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    public_url: Option<String>,
    /// A name of the relay; a request for another host is refused. May be given several times. By default any.
    #[arg(
        long,
        value_name = "NAME",
        env = "TIGRESS_HOST_NAMES",
        value_delimiter = ','
    )]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    host_names: Vec<String>,
    /// Where Prometheus finds the metrics, at /metrics: an address or unix:PATH that only the operator can reach. By default
    /// nowhere.
    #[arg(long, value_name = "PLACE", env = "TIGRESS_METRICS_LISTEN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics_listen: Option<String>,
    /// The log's form: text, or an object of JSON in each line.
    #[arg(long, value_name = "FORM", env = "TIGRESS_LOG")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log: Option<Form>,
    /// Speak TLS with this certificate (PEM), followed by those between it and its authority. Certificate and key are
    /// read again when they change.
    #[arg(long, value_name = "FILE", env = "TIGRESS_TLS_CERT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM).
    #[arg(long, value_name = "FILE", env = "TIGRESS_TLS_KEY")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_key: Option<PathBuf>,
    #[command(flatten)]
    #[serde(skip_serializing_if = "AcmeSettings::is_empty")]
    acme: AcmeSettings,
    /// Behind a proxy: the header in which it says the client's address, such as x-forwarded-for. Only if nobody can reach
    /// the relay but through it.
    #[arg(long, value_name = "NAME", env = "TIGRESS_CLIENT_IP_HEADER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ip_header: Option<String>,
    /// The file that is served as /.well-known/apple-app-site-association, so that links open the wallet.
    #[arg(long, value_name = "FILE", env = "TIGRESS_APPLE_APP_SITE_ASSOCIATION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    apple_app_site_association: Option<PathBuf>,
    /// The file that is served as /.well-known/assetlinks.json, so that links open the wallet.
    #[arg(long, value_name = "FILE", env = "TIGRESS_ASSETLINKS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    assetlinks: Option<PathBuf>,
    /// Who runs the relay, as the page says for people who open a link in a browser.
    #[arg(long, value_name = "NAME", env = "TIGRESS_OPERATOR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<String>,
    /// The operator's own page (https).
    #[arg(long, value_name = "URL", env = "TIGRESS_OPERATOR_URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    operator_url: Option<String>,
    /// The app that takes the links, as the page calls it.
    #[arg(long, value_name = "NAME", env = "TIGRESS_APP")]
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    /// Where an iPhone gets the app (https).
    #[arg(long, value_name = "URL", env = "TIGRESS_APP_IOS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    app_ios: Option<String>,
    /// Where an Android phone gets the app (https).
    #[arg(long, value_name = "URL", env = "TIGRESS_APP_ANDROID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    app_android: Option<String>,
    /// Sets a limit, such as connections=96,192,5000 (of one client, of an IPv6 /48, of all); in the environment
    /// TIGRESS_LIMIT_CONNECTIONS=96,192,5000. May be given several times. docs/relay.md has them all.
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    #[serde(skip)]
    limit: Vec<String>,
    #[arg(skip)]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    limits: BTreeMap<String, Value>,
    #[command(flatten)]
    #[serde(skip_serializing_if = "PushSettings::is_empty")]
    pub(crate) push: PushSettings,
}

impl Settings {
    /// What is given here, else in the environment's limits, else in the file.
    pub(crate) fn over(mut self, file: Option<&Path>) -> Result<Self, Failure> {
        for name in Limits::NAMES {
            if let Some(value) = environment::text(&format!("{LIMIT}{}", name.to_uppercase())) {
                self.limits.insert(name.to_owned(), Value::String(value));
            }
        }
        self.push = self.push.with_environment();
        for limit in std::mem::take(&mut self.limit) {
            let (name, value) = limit.split_once('=').unwrap_or((&limit, ""));
            let value = Value::String(value.to_owned());
            self.limits.insert(name.to_owned(), value);
        }
        let Some(file) = file else {
            return Ok(self);
        };
        let shown = file.display();
        let text = Zeroizing::new(file::of(file, fs::read_to_string)?);
        let bad =
            |error: toml::de::Error| Failure::usage(format!("{shown}{}", told(&error, &text)));
        // Read as settings first: what is wrong is told with its line.
        toml::from_str::<Self>(&text).map_err(bad)?;
        let mut all: Table = toml::from_str(&text).map_err(bad)?;
        lay(&mut all, self.to_table()?);
        all.try_into().map_err(bad)
    }

    fn to_table(&self) -> Result<Table, Failure> {
        Table::try_from(self).map_err(|error| Failure::usage(error.to_string()))
    }

    /// As the relay takes them.
    pub(crate) fn config(&self) -> Result<RelayConfig, Failure> {
        let usual = RelayConfig::default();
        let place = |text: &String| {
            text.parse::<Listen>()
                .map_err(|error| Failure::usage(format!("{text} is {error}")))
        };
        let listen = self.listen.iter().map(place);
        let listen = listen.collect::<Result<Vec<_>, _>>()?;
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(TlsFiles::new(certificate, key)),
            (None, None) => None,
            _ => {
                return Err(Failure::usage(
                    "a certificate needs its key, and a key its certificate",
                ));
            }
        };
        let config = RelayConfig {
            listen: if listen.is_empty() {
                self.acme.places().unwrap_or(usual.listen)
            } else {
                listen
            },
            host_names: self.host_names.clone(),
            tls,
            public_url: self.public_url.clone(),
            client_ip_header: self.client_ip_header.clone(),
            apple_app_site_association: document(self.apple_app_site_association.as_deref())?,
            assetlinks: document(self.assetlinks.as_deref())?,
            people: People {
                operator: self.operator.clone(),
                operator_url: self.operator_url.clone(),
                app: self.app.clone(),
                app_ios: self.app_ios.clone(),
                app_android: self.app_android.clone(),
            },
            metrics_listen: self.metrics_listen.as_ref().map(place).transpose()?,
            limits: self.limits()?,
            ..usual
        };
        self.acme.apply(config, self.store_file())
    }

    /// Where the store is, if a file was named.
    fn store_file(&self) -> Option<&Path> {
        let store = self.store.as_deref();
        let file = store.filter(|store| *store != "memory" && !is_address(store));
        file.map(Path::new)
    }

    fn limits(&self) -> Result<Limits, Failure> {
        let mut limits = Limits::default();
        for (name, value) in &self.limits {
            limits.set(name, &as_limit(value)).map_err(Failure::usage)?;
        }
        Ok(limits)
    }

    /// The limits that are not as usual.
    pub(crate) fn unusual(&self) -> Vec<String> {
        let limits = self.limits.iter();
        limits
            .map(|(name, value)| format!("{name}={}", as_limit(value)))
            .collect()
    }

    /// All of them as a file, those that were not given as they are then. Passwords and keys are left out.
    pub(crate) fn to_file(&self) -> Result<String, Failure> {
        let (config, mut all) = (self.config()?, self.to_table()?);
        let places = config.listen.iter().map(|place| place.to_string().into());
        all.insert("listen".to_owned(), Value::Array(places.collect()));
        if let Some(url) = config.public_url {
            all.insert("public_url".to_owned(), url.into());
        }
        if !config.host_names.is_empty() {
            all.insert("host_names".to_owned(), config.host_names.into());
        }
        if let Some(store) = &self.store {
            all.insert("store".to_owned(), without_password(store).into());
        }
        if let Some(Value::Table(push)) = all.get_mut("push") {
            push.remove(KEY_IN_FILE);
        }
        let limits = Limits::NAMES.into_iter().filter_map(|name| {
            let value = config.limits.get(name)?;
            Some((name.to_owned(), Value::String(value)))
        });
        all.insert("limits".to_owned(), Value::Table(limits.collect()));
        toml::to_string(&all).map_err(|error| Failure::usage(error.to_string()))
    }
}

/// What is wrong and where, without the line itself: it may hold a key.
fn told(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(String::new(), |before| {
        format!(", line {}", before.matches('\n').count() + 1)
    });
    format!("{line}: {}", error.message())
}

/// Lays what is given over what is there.
fn lay(there: &mut Table, given: Table) {
    for (name, value) in given {
        match (there.get_mut(&name), value) {
            (Some(Value::Table(there)), Value::Table(given)) => lay(there, given),
            (_, value) => drop(there.insert(name, value)),
        }
    }
}

/// A limit in a file is a number, a text such as "16MiB", true or false, or a list of three.
fn as_limit(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(as_limit).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn document(file: Option<&Path>) -> Result<Option<String>, Failure> {
    file.map(|file| file::of(file, fs::read_to_string))
        .transpose()
}

/// An address without who logs in.
fn without_password(store: &str) -> String {
    match store.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let host = rest[..end].rfind('@').map_or(0, |at| at + 1);
            format!("{scheme}://{}", &rest[host..])
        }
        None => store.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_file(text: &str, given: Settings) -> Result<Settings, Failure> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        given.over(Some(file.path()))
    }

    #[test]
    fn what_is_given_counts_before_the_file_limit_by_limit() {
        let file = "store = 'memory'\nlisten = ['127.0.0.1:1', 'unix:/x']\n[limits]\nstreams = 3\nburst = [1, 2, 3]\n";
        let given = Settings {
            store: Some("/mine".to_owned()),
            limit: vec!["streams=4".to_owned()],
            ..Settings::default()
        };
        let settings = of_file(file, given).unwrap();
        assert_eq!(settings.store.as_deref(), Some("/mine"));
        let config = settings.config().unwrap();
        assert_eq!(config.listen.len(), 2);
        assert_eq!(config.limits.streams, 4);
        assert_eq!(config.limits.burst.network, 2);
    }

    #[test]
    fn what_is_printed_is_read_again_as_the_same() {
        let file = "store = 'redis://me:secret@127.0.0.1/1'\npublic_url = 'https://relay.example'\n[limits]\nbytes = ['1MiB', '2MiB', '3MiB']\n[push]\nwebhook_url = 'https://hook.example'\nwebhook_key = 'whsec_secret'\n";
        let printed = of_file(file, Settings::default())
            .unwrap()
            .to_file()
            .unwrap();
        assert!(printed.contains("redis://127.0.0.1/1"), "{printed}");
        assert!(printed.contains("webhook_url"), "{printed}");
        assert!(!printed.contains("secret"), "{printed}");
        for name in Limits::NAMES {
            assert!(printed.contains(&format!("{name} = ")), "{name}: {printed}");
        }
        let again = of_file(&printed, Settings::default()).unwrap().to_file();
        assert_eq!(again.unwrap(), printed);
    }

    #[test]
    fn a_name_for_a_certificate_says_where_the_relay_is() {
        let file = "store = '/x/mailboxes'\n[acme]\nnames = ['relay.example']\n";
        let settings = of_file(file, Settings::default()).unwrap();
        let printed = settings.to_file().unwrap();
        for line in [
            "listen = [\"0.0.0.0:443\", \"[::]:443\"]",
            "public_url = \"https://relay.example\"",
            "host_names = [\"relay.example\"]",
            "[acme]",
        ] {
            assert!(printed.lines().any(|one| one == line), "{line}: {printed}");
        }
        let again = of_file(&printed, Settings::default()).unwrap();
        assert_eq!(again.to_file().unwrap(), printed);
        let own = "listen = ['127.0.0.1:1']\nhost_names = ['a.example']\n[acme]\nnames = ['relay.example']\n";
        let own = of_file(own, Settings::default()).unwrap().config().unwrap();
        assert_eq!((own.listen.len(), &own.host_names[0][..]), (1, "a.example"));
    }

    #[test]
    fn what_a_file_should_not_have_is_told_with_its_line() {
        for (file, told) in [
            ("\nlissen = ['127.0.0.1:1']\n", "line 2"),
            ("listen = 7\n", "line 1"),
            ("[limits]\nstreems = 3\n", "there is no limit streems"),
            ("\n[push]\nwebhook_key = 'very-secret' oops\n", "line 3"),
            ("tls_cert = 'a.pem'\n", "needs its key"),
            ("listen = ['localhost']\n", "neither an address"),
        ] {
            let failed = of_file(file, Settings::default()).and_then(|settings| settings.config());
            let failure = failed.err().unwrap_or_else(|| panic!("{file} is taken"));
            assert!(failure.reason.contains(told), "{}", failure.reason);
            assert!(
                !failure.reason.contains("very-secret"),
                "{}",
                failure.reason
            );
            assert_eq!(failure.exit, crate::exit::USAGE);
        }
    }
}
