//! Which relay a URL means, and whether it may be talked to.

use std::fmt;

use url::Host;

use super::error::{RelayOriginError, RelayPolicyError};
use tigress_primitives::cbor::Value;
use tigress_primitives::record::Stored;

/// The longest domain name (RFC 1035 §2.3.4, without the final dot).
const MAX_HOST_LEN: usize = 253;

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
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, after) = rest.split_at(end);
        if authority.contains('@') {
            return Err(RelayOriginError::UserInfo);
        }
        let (host, port) = split_port(authority)?;
        let host = parse_host(host)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => Scheme::Https,
            "http" if is_loopback(&host) => Scheme::LoopbackHttp,
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
        parse_host(&self.host).is_ok_and(|host| is_loopback(&host))
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

fn split_port(authority: &str) -> Result<(&str, Option<u16>), RelayOriginError> {
    let host_end = match authority.find(']') {
        Some(bracket) => bracket + 1,
        None if authority.starts_with('[') => return Err(RelayOriginError::Host),
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at(host_end);
    if rest.is_empty() {
        return Ok((host, None));
    }
    let digits = rest.strip_prefix(':').ok_or(RelayOriginError::Host)?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    match digits.parse() {
        Ok(port) if plain => Ok((host, Some(port))),
        _ => Err(RelayOriginError::Port),
    }
}

/// Takes a host only as it would be written again, so that no two libraries can read it differently;
/// an IPv6 address, which has one reading, in any spelling.
fn parse_host(text: &str) -> Result<Host<String>, RelayOriginError> {
    let lower = text.to_ascii_lowercase();
    let host = Host::parse(&lower).map_err(|_| RelayOriginError::Host)?;
    let canonical = match &host {
        Host::Domain(name) => *name == lower && is_plain_name(name),
        Host::Ipv4(_) => host.to_string() == lower,
        Host::Ipv6(_) => true,
    };
    if canonical {
        Ok(host)
    } else {
        Err(RelayOriginError::Host)
    }
}

fn is_plain_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    name.len() <= MAX_HOST_LEN
        && name
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(plain))
}

fn is_loopback(host: &Host<String>) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
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
