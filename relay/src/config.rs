//! What an operator can set.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use url::Url;

use crate::tls::TlsFiles;

/// Settings of a relay. The defaults are safe, and listen on a free port of the loopback interface.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// TLS, when the relay itself speaks it; without, plain HTTP for loopback or behind a proxy.
    pub tls: Option<TlsFiles>,
    /// Origin (`https://host[:port]`) of the mailboxes' URLs; scheme and listening address when absent.
    pub public_url: Option<String>,
    /// Header, such as `x-forwarded-for`, whose last address is the client's: only behind a proxy that sets it.
    pub client_ip_header: Option<String>,
    /// JSON served as `/.well-known/apple-app-site-association`, so that share links open the wallet.
    pub apple_app_site_association: Option<String>,
    /// JSON served as `/.well-known/assetlinks.json`, so that share links open the wallet.
    pub assetlinks: Option<String>,
    /// What clients may take.
    pub limits: Limits,
    /// How often expired mailboxes are erased; they are gone for callers at once.
    pub sweep_interval: Duration,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: None,
            public_url: None,
            client_ip_header: None,
            apple_app_site_association: None,
            assetlinks: None,
            limits: Limits::default(),
            sweep_interval: Duration::from_secs(10),
        }
    }
}

/// What clients may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest body of a request, in bytes: 1 MiB.
    pub body_bytes: usize,
    /// Most mailboxes at a time: 10 000.
    pub mailboxes: usize,
    /// Longest life of a mailbox, in seconds: 30 days. A later expiration is brought forward.
    pub max_lifetime: u64,
    /// Life of a mailbox whose creator names no expiration, in seconds: 48 hours.
    pub default_lifetime: u64,
    /// Longest hold of a read, in seconds: 60.
    pub max_wait: u64,
    /// Requests a second that one client (an IPv4 address, an IPv6 /64) may make in the long run: 20.
    pub requests_per_second: u32,
    /// Requests that one client may make at once: 200.
    pub burst: u32,
    /// Whether loopback clients are limited too: no.
    pub limit_loopback: bool,
    /// Most connections at a time: 10 000; further ones wait to be accepted.
    pub connections: usize,
    /// Longest time for a request's head, and again for its body, to arrive: 30 seconds.
    pub request_timeout: Duration,
    /// Longest time that a shutdown waits for requests under way: 5 seconds.
    pub shutdown_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: tigress::mailbox::MAX_BODY,
            mailboxes: 10_000,
            max_lifetime: 30 * 24 * 3600,
            default_lifetime: 48 * 3600,
            max_wait: tigress::mailbox::MAX_WAIT,
            requests_per_second: 20,
            burst: 200,
            limit_loopback: false,
            connections: 10_000,
            request_timeout: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(5),
        }
    }
}

/// Why a relay does not start.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The address can't be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// As configured.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Certificate and key can't be used.
    #[error("TLS: {reason}")]
    Tls {
        /// What is wrong with which file.
        reason: String,
    },
    /// `public_url` is not an origin.
    #[error("the public URL must be http or https, a host, and nothing after it")]
    PublicUrl,
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
        self.public_url
            .as_deref()
            .map_or(Ok(()), |url| origin(url).map(|_| ()))
    }

    /// The origin of mailbox URLs, for a relay that listens on `bound`.
    pub(crate) fn origin(&self, bound: SocketAddr) -> Result<String, RelayError> {
        match &self.public_url {
            Some(url) => origin(url),
            None if self.tls.is_some() => Ok(format!("https://{bound}")),
            None => Ok(format!("http://{bound}")),
        }
    }
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
}
