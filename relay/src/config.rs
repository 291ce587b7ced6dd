//! What an operator can set.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use url::Url;

#[cfg(feature = "acme")]
use crate::acme::Acme;
use crate::limits::Limits;
use crate::listen::Listen;
use crate::people::{BadPeople, People};
use crate::tls::TlsFiles;

/// Settings of a relay. The defaults are safe, and listen on a free port of the loopback interface.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// Where to listen.
    pub listen: Vec<Listen>,
    /// The names that the relay has: a request for another is refused. Any, if none is given.
    pub host_names: Vec<String>,
    /// TLS, when the relay itself speaks it; without, plain HTTP for loopback or behind a proxy.
    pub tls: Option<TlsFiles>,
    /// TLS with a certificate that the relay gets by itself, instead of files.
    #[cfg(feature = "acme")]
    pub acme: Option<Acme>,
    /// Origin (`https://host[:port]`) of the mailboxes' URLs; scheme and listening address when absent.
    pub public_url: Option<String>,
    /// Header, such as `x-forwarded-for`, whose last address is the client's: only behind a proxy that sets it, and only if
    /// nobody else can reach the relay. Requests without a readable one count as one client.
    pub client_ip_header: Option<String>,
    /// JSON served as `/.well-known/apple-app-site-association`, so that share links open the wallet.
    pub apple_app_site_association: Option<String>,
    /// JSON served as `/.well-known/assetlinks.json`, so that share links open the wallet.
    pub assetlinks: Option<String>,
    /// What people are told who open a link in a browser.
    pub people: People,
    /// What clients may take.
    pub limits: Limits,
    /// How often expired mailboxes are erased; they are gone for callers at once.
    pub sweep_interval: Duration,
    /// Where the metrics are, at `/metrics`: for the operator alone, never where clients come. Nowhere, if there is none.
    #[cfg(feature = "metrics")]
    pub metrics_listen: Option<Listen>,
    /// From one snapshot of the metrics to the next: a minute. What many do in that time is shown after it, what few do after
    /// fifteen times as long.
    #[cfg(feature = "metrics")]
    pub metrics_interval: Duration,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            listen: vec![Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))],
            host_names: Vec::new(),
            tls: None,
            #[cfg(feature = "acme")]
            acme: None,
            public_url: None,
            client_ip_header: None,
            apple_app_site_association: None,
            assetlinks: None,
            people: People::default(),
            limits: Limits::default(),
            sweep_interval: Duration::from_secs(10),
            #[cfg(feature = "metrics")]
            metrics_listen: None,
            #[cfg(feature = "metrics")]
            metrics_interval: Duration::from_secs(60),
        }
    }
}

/// Why a relay does not start.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The place can't be listened on.
    #[error("cannot listen on {place}")]
    Listen {
        /// As configured.
        place: Listen,
        /// What the system said.
        source: std::io::Error,
    },
    /// Certificate and key can't be used.
    #[error("TLS: {reason}")]
    Tls {
        /// What is wrong with which file.
        reason: String,
    },
    /// No certificate can be had in the way that is asked for.
    #[error("ACME: {reason}")]
    Acme {
        /// What is wrong with which setting.
        reason: String,
    },
    /// `public_url` is not an origin.
    #[error("the public URL must be http or https, a host, and nothing after it")]
    PublicUrl,
    /// There is no place to listen on.
    #[error("there is nothing to listen on")]
    Nowhere,
    /// Nobody could be told where the mailboxes are.
    #[error("a relay that listens on no address needs a public URL")]
    NoUrl,
    /// A name among `host_names` is none.
    #[error("{0} is no host name")]
    HostName(String),
    /// `client_ip_header` is no name of a header.
    #[error("the header of the client's address has no valid name")]
    Header,
    /// What people are told has a part that can't be meant.
    #[error("{0}")]
    People(#[from] BadPeople),
    /// Two push gateways serve the same type of notification token.
    #[error("two push gateways serve {0}")]
    PushTwice(String),
    /// A well-known document is not JSON.
    #[error("{0} is not JSON")]
    WellKnown(&'static str),
}

impl RelayConfig {
    /// Checks what can be wrong before anything is opened.
    pub(crate) fn check(&self) -> Result<(), RelayError> {
        let documents = [
            (
                "apple-app-site-association",
                &self.apple_app_site_association,
            ),
            ("assetlinks.json", &self.assetlinks),
        ];
        for (name, document) in documents {
            let valid = document.as_deref().is_none_or(is_json);
            if !valid {
                return Err(RelayError::WellKnown(name));
            }
        }
        self.people.check()?;
        if self.listen.is_empty() {
            return Err(RelayError::Nowhere);
        }
        #[cfg(feature = "acme")]
        self.check_acme()
            .map_err(|reason| RelayError::Acme { reason })?;
        if let Some(name) = self.host_names.iter().find(|name| !is_host(name)) {
            return Err(RelayError::HostName(name.clone()));
        }
        let header = self.client_ip_header.as_deref();
        if header.is_some_and(|name| axum::http::HeaderName::from_bytes(name.as_bytes()).is_err()) {
            return Err(RelayError::Header);
        }
        self.public_url
            .as_deref()
            .map_or(Ok(()), |url| origin(url).map(|_| ()))
    }

    #[cfg(feature = "acme")]
    fn check_acme(&self) -> Result<(), String> {
        let Some(acme) = &self.acme else {
            return Ok(());
        };
        acme.check()?;
        if self.tls.is_some() {
            return Err(
                "a certificate comes from files or from an authority, not from both".to_owned(),
            );
        }
        let url = self
            .public_url
            .as_deref()
            .and_then(|url| Url::parse(url).ok());
        let of_it = |url: &Url| {
            let is_of = |name: String| url.host_str() == Some(&name);
            url.scheme() == "https" && acme.host_names().any(is_of)
        };
        if !url.is_some_and(|url| of_it(&url)) {
            return Err("the public URL must be https, with one of its names".to_owned());
        }
        if self.client_ip_header.is_some() {
            return Err(
                "with a certificate of its own it is behind no proxy, and a client IP header would be anybody's word"
                    .to_owned(),
            );
        }
        let known = |name: &String| self.host_names.is_empty() || self.is_called(name);
        if let Some(name) = acme.host_names().find(|name| !known(name)) {
            return Err(format!(
                "{name} is not among the host names, so that its requests are refused"
            ));
        }
        if self.listen.iter().all(|place| place.address().is_none()) {
            return Err("it needs an address to listen on: a socket has no TLS".to_owned());
        }
        Ok(())
    }

    /// Whether this is among its host names.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let mut names = self.host_names.iter();
        names.any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Whether the relay itself speaks TLS.
    #[must_use]
    pub fn speaks_tls(&self) -> bool {
        #[cfg(feature = "acme")]
        if self.acme.is_some() {
            return true;
        }
        self.tls.is_some()
    }

    /// Whether the clients that this relay sees on its own machine are a proxy's.
    pub(crate) fn is_behind_a_proxy(&self) -> bool {
        self.public_url.is_some() || self.client_ip_header.is_some()
    }

    /// What the authority asks is asked at one port.
    #[cfg(feature = "acme")]
    fn warn_of_port(&self) {
        let mut ports = self.listen.iter().filter_map(Listen::address);
        if self.acme.is_some() && ports.all(|address| address.port() != 443) {
            tracing::warn!(
                "ACME: the authority looks for its proof at port 443, which must lead here"
            );
        }
    }

    /// Tells what can't be meant, for a relay that listens on this address.
    pub(crate) fn warn(&self, local: Option<SocketAddr>) {
        let (url, header) = (&self.public_url, &self.client_ip_header);
        let loopback = local.is_none_or(|address| address.ip().is_loopback());
        #[cfg(feature = "acme")]
        self.warn_of_port();
        let is_proxied = url.is_some() && header.is_none() && loopback;
        if is_proxied && !self.speaks_tls() {
            tracing::warn!(
                "no header with the client's address: all that come through a proxy count as one client"
            );
        }
        let host = url.as_deref().and_then(|url| Url::parse(url).ok());
        let host = host.as_ref().and_then(Url::host_str);
        if !self.host_names.is_empty() && host.is_some_and(|host| !self.is_called(host)) {
            tracing::warn!(
                "the public URL's host is not among the host names: its requests are refused unless a proxy names another"
            );
        }
        if url.is_none() && local.is_some_and(|address| address.ip().is_unspecified()) {
            tracing::warn!(
                "no public URL: the mailboxes' URLs have an address that no device can reach"
            );
        }
        if url.is_none() && !self.speaks_tls() && !loopback {
            tracing::warn!(
                "neither TLS nor a public URL: wallets talk plain HTTP to nobody but their own machine"
            );
        }
    }

    /// The origin of mailbox URLs, for a relay that listens on this address.
    pub(crate) fn origin(&self, local: Option<SocketAddr>) -> Result<String, RelayError> {
        match (&self.public_url, local) {
            (Some(url), _) => origin(url),
            (None, None) => Err(RelayError::NoUrl),
            (None, Some(local)) if self.speaks_tls() => Ok(format!("https://{local}")),
            (None, Some(local)) => Ok(format!("http://{local}")),
        }
    }
}

fn is_host(name: &str) -> bool {
    let url = Url::parse(&format!("http://{name}/"));
    url.is_ok_and(|url| url.host_str() == Some(name) && url.port().is_none())
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Lower-case, default port dropped.
fn origin(text: &str) -> Result<String, RelayError> {
    let url = Url::parse(text).map_err(|_| RelayError::PublicUrl)?;
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if bare && matches!(url.scheme(), "http" | "https") {
        Ok(url.origin().ascii_serialization())
    } else {
        Err(RelayError::PublicUrl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::test_log::TestLog;

    #[test]
    fn the_public_url_is_an_origin_and_nothing_more() {
        assert_eq!(
            origin("HTTPS://Relay.Example:443/").ok().as_deref(),
            Some("https://relay.example")
        );
        assert_eq!(
            origin("http://127.0.0.1:8080").ok().as_deref(),
            Some("http://127.0.0.1:8080")
        );
        for bad in [
            "relay.example",
            "ftp://relay.example",
            "https://relay.example/x",
            "https://a@relay.example",
            "https://relay.example?x",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn well_known_documents_must_be_json() {
        let config = RelayConfig {
            assetlinks: Some("[".to_owned()),
            ..RelayConfig::default()
        };
        assert!(matches!(
            config.check(),
            Err(RelayError::WellKnown("assetlinks.json"))
        ));
    }

    #[test]
    fn settings_that_cannot_work_are_told() {
        let log = TestLog::default();
        let _guard = log.collect();
        let all = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080));
        let usual = RelayConfig::default();
        usual.warn(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))));
        assert_eq!(log.text(), "");
        usual.warn(Some(all));
        assert!(log.text().contains("no public URL"), "{}", log.text());
        assert!(log.text().contains("plain HTTP"), "{}", log.text());
        let behind = RelayConfig {
            public_url: Some("https://relay.example".to_owned()),
            ..usual
        };
        behind.warn(None);
        assert!(log.text().contains("no header"), "{}", log.text());
        assert!(!log.text().contains("host names"), "{}", log.text());
        let named = RelayConfig {
            host_names: vec!["RELAY.example".to_owned()],
            ..behind
        };
        named.warn(None);
        assert!(!log.text().contains("host names"), "{}", log.text());
        let misnamed = RelayConfig {
            host_names: vec!["other.example".to_owned()],
            ..named
        };
        misnamed.warn(None);
        assert!(log.text().contains("host names"), "{}", log.text());
    }
}
