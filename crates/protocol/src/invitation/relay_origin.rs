//! Which relay a URL means, and whether it may be talked to.

use std::fmt;

use super::error::{RelayOriginError, RelayPolicyError};
use super::host::Host;
use tigress_primitives::cbor::Value;
use tigress_primitives::record::Stored;

/// Where a relay is: `https://host[:port]`, or `http://` for a loopback host (127.0.0.0/8, `[::1]`,
/// `localhost`). Scheme and host are lower-case and the scheme's default port is dropped, so two equal
/// origins are equal values. RFC 6454.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelayOrigin {
    scheme: Scheme,
    host: String,
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Scheme {
    Https,
    LoopbackHttp,
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::LoopbackHttp => "http",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::LoopbackHttp => 80,
        }
    }
}

impl RelayOrigin {
    //= draft/4.2-https draft/4.2-only-https
    /// Reads an origin; a lone `/` after it is taken, being the same resource (RFC 3986 §6.2.3).
    ///
    /// # Errors
    /// [`RelayOriginError`]: other schemes, plain http to a host that is not loopback, user information,
    /// an unusual spelling of the host (a number for an IPv4 address, percent-encoding, a final dot,
    /// characters outside ASCII), a bad port, anything after the origin.
    pub fn parse(text: &str) -> Result<Self, RelayOriginError> {
        match Self::split(text)? {
            (origin, "" | "/") => Ok(origin),
            _ => Err(RelayOriginError::NotAnOrigin),
        }
    }

    /// Reads the origin at the start of a URL; gives what follows it, too.
    pub(super) fn split(url: &str) -> Result<(Self, &str), RelayOriginError> {
        let (scheme, rest) = url.split_once("://").ok_or(RelayOriginError::NotAUrl)?;
        let (host, port, after) = Host::start_of(rest)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => Scheme::Https,
            "http" if host.is_loopback() => Scheme::LoopbackHttp,
            "http" => return Err(RelayOriginError::PlainHttp),
            _ => return Err(RelayOriginError::Scheme),
        };
        let origin = Self {
            scheme,
            host: host.to_string(),
            port: port.filter(|port| *port != scheme.default_port()),
        };
        Ok((origin, after))
    }

    /// The host, lower-case, without the port; an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether this is plain http, which is possible only to a loopback host.
    #[must_use]
    pub fn is_loopback_http(&self) -> bool {
        self.scheme == Scheme::LoopbackHttp
    }

    /// Whether it is this machine, by whatever scheme.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        Host::parse(&self.host).is_ok_and(|host| host.is_loopback())
    }

    /// Whether the two name one relay: they are equal, or both are plain http to this machine, by whatever name, and
    /// the same port.
    #[must_use]
    pub fn is_same_place(&self, other: &Self) -> bool {
        let both_here = self.is_loopback_http() && other.is_loopback_http();
        self == other || both_here && self.port == other.port
    }
}

impl Stored for RelayOrigin {
    fn to_value(&self) -> Option<Value<'_>> {
        Some(self.to_string().into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        let text = value?.text()?;
        let origin = Self::parse(text).ok();
        origin.filter(|origin| origin.to_string() == text)
    }
}

impl fmt::Display for RelayOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// The relay allow-list: https only, and only the app's own relay and those it trusts, by origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelayPolicy {
    /// The app's own relay.
    pub own: Option<RelayOrigin>,
    /// Other relays that the app trusts; a loopback one must be named like any other.
    pub trusted: Vec<RelayOrigin>,
    /// Whether plain http to a (trusted) loopback relay is possible: for development and tests.
    pub allow_loopback_http: bool,
}

impl RelayPolicy {
    /// Says whether `relay` may be talked to.
    ///
    /// # Errors
    /// [`RelayPolicyError::LoopbackHttpDisabled`] and [`RelayPolicyError::UntrustedRelay`], which carries the
    /// host so that the app can ask its user. To trust it, add the share URL's whole origin.
    pub fn check(&self, relay: &RelayOrigin) -> Result<(), RelayPolicyError> {
        if relay.is_loopback_http() && !self.allow_loopback_http {
            return Err(RelayPolicyError::LoopbackHttpDisabled);
        }
        if self.own.as_ref() == Some(relay) || self.trusted.contains(relay) {
            return Ok(());
        }
        Err(RelayPolicyError::UntrustedRelay {
            host: relay.host().to_owned(),
        })
    }
}
