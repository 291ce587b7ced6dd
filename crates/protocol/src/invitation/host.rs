//! The host of a URL, in the forms that no two programs read differently.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::error::RelayOriginError;

/// The longest domain name (RFC 1035 §2.3.4, without the final dot).
const MAX_LEN: usize = 253;

/// A host. Written by `Display` as the URL Standard writes it (§3.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// Letters, digits, `-` and `_`, in lower case. What an internationalised name (`xn--`) stands for is not looked at:
    /// it is resolved and shown as it is.
    Domain(String),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
}

impl Host {
    /// Takes a host only as it would be written again, but for the case of its letters; an IPv6 address, which has one
    /// reading, in any spelling.
    pub(super) fn parse(text: &str) -> Result<Self, RelayOriginError> {
        let inner = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let host = match inner {
            Some(address) => address.parse().ok().map(Self::Ipv6),
            // Four decimal parts, without leading zeros.
            None if ends_in_a_number(text) => text.parse().ok().map(Self::Ipv4),
            None => is_name(text).then(|| Self::Domain(text.to_ascii_lowercase())),
        };
        host.ok_or(RelayOriginError::Host)
    }

    /// The host, the port, and what follows, of a URL behind its `://`.
    pub(super) fn start_of(rest: &str) -> Result<(Self, Option<u16>, &str), RelayOriginError> {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, after) = rest.split_at(end);
        if authority.contains('@') {
            return Err(RelayOriginError::UserInfo);
        }
        let (host, port) = split_port(authority)?;
        Ok((Self::parse(host)?, port, after))
    }

    pub(super) fn is_loopback(&self) -> bool {
        match self {
            Self::Domain(name) => name == "localhost",
            Self::Ipv4(address) => address.is_loopback(),
            Self::Ipv6(address) => address.is_loopback(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(name) => f.write_str(name),
            Self::Ipv4(address) => address.fmt(f),
            // The standard library would write the last half as an IPv4 address, URLs don't.
            Self::Ipv6(address) => match (address.to_ipv4_mapped(), address.segments()) {
                (Some(_), [.., high, low]) => write!(f, "[::ffff:{high:x}:{low:x}]"),
                _ => write!(f, "[{address}]"),
            },
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

/// Whether a URL library would read this as an IPv4 address, or refuse it as a bad one (URL Standard §3.5).
fn ends_in_a_number(text: &str) -> bool {
    let label = text.rsplit('.').next().unwrap_or_default();
    let hex = label
        .get(..2)
        .filter(|start| start.eq_ignore_ascii_case("0x"))
        .and_then(|_| label.get(2..));
    let is = |text: &str, digit: fn(&u8) -> bool| text.bytes().all(|byte| digit(&byte));
    let is_hex = hex.is_some_and(|hex| is(hex, u8::is_ascii_hexdigit));
    is_hex || !label.is_empty() && is(label, u8::is_ascii_digit)
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.len() <= MAX_LEN
        && text
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(plain))
}
