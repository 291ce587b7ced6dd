//! The settings of a certificate that the relay gets by itself, and what follows from them for the others.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use tigress_relay::{Acme, Listen, RelayConfig};

use super::file;
use crate::exit::Failure;
use crate::folder;

/// Where wallets look for a relay, and an authority for its proof.
const PORT: u16 = 443;
/// The directory of Let's Encrypt for trying out, in a word.
const STAGING: &str = "staging";

/// The table `[acme]` of the file.
#[derive(Args, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AcmeSettings {
    /// Get a certificate for this name by ACME, and renew it: with your agreement to the authority's terms of service
    /// (Let's Encrypt: https://letsencrypt.org/repository/). The name must lead to this machine's port 443. May be given
    /// several times; the first is the public URL's. Listens on port 443 of all addresses if --listen says nothing else.
    #[arg(
        id = "acme",
        long = "acme",
        value_name = "NAME",
        env = "TIGRESS_ACME",
        value_delimiter = ','
    )]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
    /// An e-mail address that the authority may write to. By default none.
    #[arg(
        id = "acme_contact",
        long = "acme-contact",
        value_name = "ADDRESS",
        env = "TIGRESS_ACME_CONTACT"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    /// The authority's directory, or `staging`: Let's Encrypt's for trying out, whose certificates nobody trusts. By
    /// default Let's Encrypt's.
    #[arg(
        id = "acme_directory",
        long = "acme-directory",
        value_name = "URL",
        env = "TIGRESS_ACME_DIRECTORY"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    directory: Option<String>,
    /// Who vouches for an authority of one's own when it is asked (PEM). By default whom the system trusts.
    #[arg(
        id = "acme_root",
        long = "acme-root",
        value_name = "FILE",
        env = "TIGRESS_ACME_ROOT"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<PathBuf>,
    /// The folder of account and certificate, made on first use; secret. By default `acme` beside the store's file, else
    /// in the user's state folder.
    #[arg(
        id = "acme_cache",
        long = "acme-cache",
        value_name = "FOLDER",
        env = "TIGRESS_ACME_CACHE"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<PathBuf>,
}

impl AcmeSettings {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What these settings make of the others; `store` is the file of mailboxes, if that was named.
    pub(super) fn apply(
        &self,
        config: RelayConfig,
        store: Option<&Path>,
    ) -> Result<RelayConfig, Failure> {
        if self.names.is_empty() {
            return if self.is_empty() {
                Ok(config)
            } else {
                Err(Failure::usage(
                    "--acme-contact, --acme-directory, --acme-root and --acme-cache need a name: --acme",
                ))
            };
        }
        if config.tls.is_some() {
            return Err(Failure::usage(
                "--acme gets a certificate, and --tls-cert names one: give one of them",
            ));
        }
        let acme = self.acme(store)?;
        let url = acme
            .host_names()
            .next()
            .map(|name| format!("https://{name}"));
        Ok(RelayConfig {
            public_url: config.public_url.clone().or(url),
            host_names: match &config.host_names[..] {
                [] => acme.host_names().collect(),
                names => names.to_vec(),
            },
            acme: Some(acme),
            ..config
        })
    }

    /// Where to listen if nothing was said.
    pub(super) fn places(&self) -> Option<Vec<Listen>> {
        let all = [
            (Ipv4Addr::UNSPECIFIED, PORT).into(),
            (Ipv6Addr::UNSPECIFIED, PORT).into(),
        ];
        (!self.names.is_empty()).then(|| all.map(Listen::Tcp).to_vec())
    }

    fn acme(&self, store: Option<&Path>) -> Result<Acme, Failure> {
        let cache = match (&self.cache, store) {
            (Some(cache), _) => cache.clone(),
            (None, Some(store)) => store.with_file_name("acme"),
            (None, None) => folder::of_user()
                .map_err(|_| Failure::usage("there is no home folder: name one with --acme-cache"))?
                .join("relay/acme"),
        };
        let root = self.root.as_deref();
        let root = root.map(|root| file::of(root, fs::read)).transpose()?;
        let mut acme = Acme::new(self.names.clone(), cache);
        acme.contact.clone_from(&self.contact);
        acme.root = root;
        acme.directory = match self.directory.as_deref() {
            None => acme.directory,
            Some(STAGING) => Acme::LETS_ENCRYPT_STAGING.to_owned(),
            Some(url) => url.to_owned(),
        };
        Ok(acme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, store: Option<&str>) -> Result<RelayConfig, String> {
        let settings: AcmeSettings = toml::from_str(text).map_err(|error| error.to_string())?;
        let config = settings.apply(RelayConfig::default(), store.map(Path::new));
        config.map_err(|failure| failure.reason)
    }

    #[test]
    fn a_name_is_all_that_is_needed() {
        let names = "names = ['Relay.example', 'other.example']";
        let config = of(names, Some("/var/lib/relay/mailboxes")).unwrap();
        assert_eq!(config.public_url.as_deref(), Some("https://relay.example"));
        assert_eq!(config.host_names, ["relay.example", "other.example"]);
        let acme = config.acme.unwrap();
        assert_eq!(acme.directory, Acme::LETS_ENCRYPT);
        assert_eq!(acme.cache, Path::new("/var/lib/relay/acme"));
        let settings: AcmeSettings = toml::from_str(names).unwrap();
        let places = settings.places().unwrap();
        let places: Vec<_> = places.iter().map(ToString::to_string).collect();
        assert_eq!(places, ["0.0.0.0:443", "[::]:443"]);
    }

    #[test]
    fn what_is_said_of_it_counts() {
        let config = of(
            "names = ['a.example']\ndirectory = 'staging'\ncache = '/c'\ncontact = 'me@a.example'",
            None,
        );
        let acme = config.unwrap().acme.unwrap();
        assert_eq!(acme.directory, Acme::LETS_ENCRYPT_STAGING);
        assert_eq!(acme.cache, Path::new("/c"));
        assert_eq!(acme.contact.as_deref(), Some("me@a.example"));
    }

    #[test]
    fn what_does_not_go_together_is_told() {
        let none = of("", None).unwrap();
        assert!(none.acme.is_none() && none.public_url.is_none());
        let nameless = of("contact = 'me@a.example'", None).unwrap_err();
        assert!(nameless.contains("need a name: --acme"), "{nameless}");
        let unread = of("names = ['a.example']\nroot = '/there/is/none'", Some("m"));
        assert!(unread.unwrap_err().contains("cannot read /there/is/none"));
        let with_files = RelayConfig {
            tls: Some(tigress_relay::TlsFiles::new("a.pem", "a.key")),
            ..RelayConfig::default()
        };
        let settings: AcmeSettings = toml::from_str("names = ['a.example']").unwrap();
        let both = settings.apply(with_files, None).err().unwrap();
        assert!(both.reason.contains("--tls-cert"), "{}", both.reason);
    }
}
