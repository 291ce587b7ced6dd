//! The HTTP client of the gateways: goes where the operator says and nowhere else, and takes little.

use std::time::Duration;

use reqwest::header::{HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use url::{Host, Url};
use zeroize::Zeroizing;

use super::{Outcome, Why};
use crate::outgoing::{silence, tls};

/// What is read of an answer, and for how long: its status counts whatever follows.
const MAX_BODY: usize = 16 * 1024;
const BODY_TIME: Duration = Duration::from_secs(2);
const CONNECT: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(90);

/// Why a gateway can't be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("push: {0}")]
pub struct PushError(pub(super) &'static str);

/// Which versions of HTTP are spoken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    Any,
    Http2,
}

/// A client without proxies, redirects or cookies.
#[derive(Clone)]
pub(super) struct Client(reqwest::Client);

/// What counts of an answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) after: Option<Duration>,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Client {
    /// Trusts what the system trusts, or these authorities (PEM) alone.
    pub(super) fn new(authorities: Option<&[u8]>, speaks: Speaks) -> Result<Self, PushError> {
        let mut tls = tls(authorities).map_err(PushError)?;
        let builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE);
        tls.alpn_protocols = vec![b"h2".to_vec()];
        if speaks == Speaks::Any {
            tls.alpn_protocols.push(b"http/1.1".to_vec());
        }
        let client = builder.tls_backend_preconfigured(tls).build();
        client
            .map(Self)
            .map_err(|_| PushError("TLS can't be set up"))
    }

    pub(super) fn post(&self, url: Url) -> RequestBuilder {
        self.0.post(url)
    }
}

/// Sends it and takes the answer; `now` is for a time to wait that is told as a date.
pub(super) async fn send(request: RequestBuilder, now: u64) -> Result<Answer, Why> {
    let mut response = request.send().await.map_err(|error| failed(&error))?;
    let status = response.status().as_u16();
    let after = response.headers().get(RETRY_AFTER);
    let after = after.and_then(|value| silence(value, now));
    let body = tokio::time::timeout(BODY_TIME, body(&mut response)).await;
    Ok(Answer {
        status,
        after,
        body: body.unwrap_or_default(),
    })
}

/// The body, if it is a small one.
async fn body(response: &mut Response) -> Zeroizing<Vec<u8>> {
    let mut all = Zeroizing::new(Vec::new());
    while let Ok(Some(part)) = response.chunk().await {
        if part.len() > MAX_BODY - all.len() {
            return Zeroizing::default();
        }
        all.extend_from_slice(&part);
    }
    all
}

/// reqwest's texts name URLs: say what kind of failure it was instead.
fn failed(error: &reqwest::Error) -> Why {
    Why::new(if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "not reached"
    } else {
        "the connection failed"
    })
}

impl Answer {
    pub(super) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What is left when nothing particular is known of it: only what may change by itself is tried again.
    pub(super) fn outcome(&self, word: &'static str) -> Outcome {
        let why = Why::answered(self.status, word);
        match self.status {
            200..300 => Outcome::Sent,
            408 | 429 | 500..600 => Outcome::Later {
                after: self.after,
                why,
            },
            _ => Outcome::Refused(why),
        }
    }
}

/// Where something goes: https, or plain http that does not leave this machine.
pub(super) fn address(text: &str) -> Result<Url, PushError> {
    let url = Url::parse(text).map_err(|_| PushError("a URL is none"))?;
    let own = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(PushError("a URL must name no user"));
    }
    if url.scheme() == "https" || (url.scheme() == "http" && own) {
        Ok(url)
    } else {
        Err(PushError("a URL must be https, or of this machine"))
    }
}

/// A header that no log shows.
pub(super) fn secret(text: &str) -> Result<HeaderValue, Why> {
    let mut value = HeaderValue::try_from(text).map_err(|_| Why::new("a key is no header"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_wait_is_seconds_or_a_date() {
        let of = |text: &'static str| silence(&HeaderValue::from_static(text), 784_111_700);
        assert_eq!(of("120"), Some(Duration::from_secs(120)));
        let date = of("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(date, Some(Duration::from_secs(77)));
        assert_eq!(of("soon"), None);
    }

    #[test]
    fn only_what_may_change_by_itself_is_tried_again() {
        let of = |status| {
            let answer = Answer {
                status,
                after: None,
                body: Zeroizing::default(),
            };
            answer.outcome("")
        };
        assert_eq!(of(204), Outcome::Sent);
        for status in [408, 429, 500, 503, 599] {
            assert!(matches!(of(status), Outcome::Later { .. }), "{status}");
        }
        for status in [301, 307, 400, 401, 403, 413, 600] {
            assert!(matches!(of(status), Outcome::Refused(_)), "{status}");
        }
    }

    #[test]
    fn nothing_is_sent_in_clear_beyond_this_machine() {
        for good in [
            "https://hook.example/x?y",
            "http://127.0.0.1:1/",
            "http://[::1]/",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "http://hook.example/",
            "http://10.0.0.1/",
            "https://a@hook.example/",
            "https://:b@hook.example/",
            "hook",
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
