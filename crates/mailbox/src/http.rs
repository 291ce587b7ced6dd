//! HTTP as plain values, so that any platform's client can carry it.

use std::fmt;

use super::headers;
use super::time::parse_http_date;

/// Most bytes of a body, in either direction.
pub const MAX_BODY: usize = 1024 * 1024;

/// The methods that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

impl Method {
    /// Its name, upper-case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request to make.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The URL; never has a fragment.
    pub url: String,
    /// Names (lower-case) and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body, if there is one.
    pub body: Option<Vec<u8>>,
    /// Seconds that the relay may hold the answer; the time-out comes on top.
    pub wait: u64,
    /// Opaque, and one for each transfer: requests with different keys must share no connection and no TLS session, or
    /// else the relay knows them to be of one device. Never sent.
    pub isolation: String,
}

impl HttpRequest {
    /// Scheme, host and port of the URL.
    #[must_use]
    pub fn origin(&self) -> &str {
        let host = self.url.find("://").map_or(0, |at| at + 3);
        let path = self.url[host..].find('/');
        path.map_or(&self.url, |at| &self.url[..host + at])
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}

/// A response, whatever its status.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body, at most [`MAX_BODY`] bytes.
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl HttpResponse {
    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The relay's clock, Unix seconds, if it told.
    #[must_use]
    pub fn date(&self) -> Option<u64> {
        self.header(headers::DATE).and_then(parse_http_date)
    }
}

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportFailure {
    /// Nothing listens there, the name is unknown, there is no route or no network.
    Unreachable,
    /// Nothing came in time.
    TimedOut,
    /// The relay's certificate is expired, for another name, or from an authority that this device does not trust.
    Untrusted,
    /// The connection ended before the answer did.
    CutOff,
    /// The answer has more than 1 MiB.
    TooLarge,
    /// Anything else.
    Other,
}

impl TransportFailure {
    /// A stable word: `unreachable`, `timed_out`, `untrusted`, `cut_off`, `too_large`, `other`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Untrusted => "untrusted",
            Self::CutOff => "cut_off",
            Self::TooLarge => "too_large",
            Self::Other => "other",
        }
    }
}
