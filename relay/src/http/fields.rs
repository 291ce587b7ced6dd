//! Reading the headers of a request.

use axum::http::{HeaderMap, HeaderValue, header};
use tigress_mailbox::{DeviceClaim, RequestId, decode_recipient_proof, headers};

use super::fault::Fault;
use crate::store::ProofDigest;
use crate::store::Version;
use crate::store::rules::Condition;

//= draft/3.3-anonymous draft/4.1-claim-uuid draft/5.2-claim draft/8.1.3-no-identities
/// The claim that every call but the preview needs.
pub(super) fn claim(list: &HeaderMap) -> Result<DeviceClaim, Fault> {
    let text = single(list, headers::DEVICE_CLAIM);
    text.and_then(|text| text.parse().ok())
        .ok_or(Fault::Malformed("Mailbox-Device-Claim"))
}

/// The request's id.
pub(super) fn request_id(list: &HeaderMap) -> Result<RequestId, Fault> {
    let text = single(list, headers::REQUEST_ID);
    text.and_then(|text| text.parse().ok())
        .ok_or(Fault::Malformed("Mailbox-Request-ID"))
}

//= draft/5.1-echo
/// A valid request id is echoed as it was written, whatever becomes of the request.
pub(super) fn echoed_request_id(list: &HeaderMap) -> Option<HeaderValue> {
    request_id(list).ok()?;
    list.get(headers::REQUEST_ID).cloned()
}

/// A malformed proof proves as little as none.
pub(super) fn proof(list: &HeaderMap) -> Option<ProofDigest> {
    let proof = decode_recipient_proof(single(list, headers::RECIPIENT_PROOF)?)?;
    Some(ProofDigest::of(&proof))
}

/// `If-Match`: exactly one quoted version of ours, or nothing that can match (also `*` and weak tags).
pub(super) fn condition(list: &HeaderMap) -> Condition {
    if !list.contains_key(header::IF_MATCH) {
        return Condition::None;
    }
    let tag = single(list, headers::IF_MATCH).unwrap_or_default();
    Condition::parse(tag)
}

/// A wish to be answered later.
pub(super) struct Hold {
    /// The version that the client has; `None` if it is none of ours, so already outdated.
    pub(super) known: Option<Version>,
    /// At most this long.
    pub(super) seconds: u64,
}

/// `Prefer: wait=N` together with the version that is known; a preference that makes no sense is ignored (RFC 7240 §2).
pub(super) fn hold(list: &HeaderMap, longest: u64) -> Option<Hold> {
    let known = single(list, headers::PAYLOAD_VERSION)?.parse().ok();
    let seconds = list.get_all(headers::PREFER).iter().find_map(wait)?;
    Some(Hold {
        known,
        seconds: seconds.min(longest),
    })
}

fn wait(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.split(',').find_map(|preference| {
        let first = preference.split(';').next()?;
        let (name, value) = first.split_once('=')?;
        let digits = value.trim().trim_matches('"');
        let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let named = name.trim().eq_ignore_ascii_case("wait");
        (named && all_digits).then(|| digits.parse().unwrap_or(u64::MAX))
    })
}

/// The header's value if it is there exactly once.
fn single<'a>(list: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = list.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn prefer(values: &[&'static str]) -> Option<u64> {
        let mut list = HeaderMap::new();
        list.insert(headers::PAYLOAD_VERSION, HeaderValue::from_static("x"));
        for value in values {
            list.append(headers::PREFER, HeaderValue::from_static(value));
        }
        hold(&list, 60).map(|hold| hold.seconds)
    }

    #[test]
    fn a_wait_is_found_among_other_preferences() {
        assert_eq!(prefer(&["wait=10"]), Some(10));
        assert_eq!(prefer(&["respond-async, Wait = \"7\"; x=1"]), Some(7));
        assert_eq!(
            prefer(&["return=minimal", "wait=99999999999999999999999"]),
            Some(60)
        );
        for ignored in ["wait", "wait=", "wait=-1", "wait=1.5", "waits=1", "wait=+1"] {
            assert_eq!(prefer(&[ignored]), None, "{ignored}");
        }
    }

    #[test]
    fn only_one_quoted_version_can_match() {
        let of = |text: &'static str| {
            let mut list = HeaderMap::new();
            list.insert(header::IF_MATCH, HeaderValue::from_static(text));
            condition(&list)
        };
        let version = Version(Uuid::from_u128(10));
        assert_eq!(
            of("\"0000000000000000000000000000000a\""),
            Condition::Is(version)
        );
        for other in [
            "",
            "*",
            "\"\"",
            "\"",
            "0000000000000000000000000000000a",
            "W/\"0000000000000000000000000000000a\"",
            "\"0000000000000000000000000000000A\"",
            "\"00000000-0000-0000-0000-00000000000a\"",
            "\"0000000000000000000000000000000a\", \"b\"",
        ] {
            assert_eq!(of(other), Condition::Never, "{other}");
        }
        assert_eq!(condition(&HeaderMap::new()), Condition::None);
    }
}
