//! Reading the headers of a request.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use tigress_mailbox::{DeviceClaim, RequestId, decode_recipient_proof, headers};

use super::fault::Fault;
use crate::store::ProofDigest;
use crate::store::Version;
use crate::store::rules::Condition;

// Read once, not at each look: a name as text is taken apart first.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static(headers::REQUEST_ID);
pub(super) const PAYLOAD_VERSION: HeaderName = HeaderName::from_static(headers::PAYLOAD_VERSION);
pub(super) const PREFER: HeaderName = HeaderName::from_static(headers::PREFER);
const DEVICE_CLAIM: HeaderName = HeaderName::from_static(headers::DEVICE_CLAIM);
const RECIPIENT_PROOF: HeaderName = HeaderName::from_static(headers::RECIPIENT_PROOF);

//= draft/3.3-anonymous draft/4.1-claim-uuid draft/5.2-claim draft/8.1.3-no-identities
/// The claim that every call but the preview needs.
pub(super) fn claim(list: &HeaderMap) -> Result<DeviceClaim, Fault> {
    let text = single(list, &DEVICE_CLAIM);
    text.and_then(|text| text.parse().ok())
        .ok_or(Fault::Malformed("Mailbox-Device-Claim"))
}

/// The request's id.
pub(super) fn request_id(list: &HeaderMap) -> Result<RequestId, Fault> {
    let text = single(list, &REQUEST_ID);
    text.and_then(|text| text.parse().ok())
        .ok_or(Fault::Malformed("Mailbox-Request-ID"))
}

//= draft/5.1-echo
/// A valid request id is echoed as it was written, whatever becomes of the request. It is a copy: a clone would keep the
/// buffer that the request came in for as long as it is held.
pub(super) fn echoed_request_id(list: &HeaderMap) -> Option<HeaderValue> {
    request_id(list).ok()?;
    let value = list.get(REQUEST_ID)?;
    HeaderValue::from_bytes(value.as_bytes()).ok()
}

/// A malformed proof proves as little as none.
pub(super) fn proof(list: &HeaderMap) -> Option<ProofDigest> {
    let proof = decode_recipient_proof(single(list, &RECIPIENT_PROOF)?)?;
    Some(ProofDigest::of(&proof))
}

/// `If-Match`: exactly one quoted version of ours, or nothing that can match (also `*` and weak tags).
pub(super) fn condition(list: &HeaderMap) -> Condition {
    if !list.contains_key(header::IF_MATCH) {
        return Condition::None;
    }
    let tag = single(list, &header::IF_MATCH).unwrap_or_default();
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
    let known = single(list, &PAYLOAD_VERSION)?.parse().ok();
    let seconds = wait(list)?;
    Some(Hold {
        known,
        seconds: seconds.min(longest),
    })
}

/// `Prefer: wait=N, return=representation`: how many seconds an update wants to wait for the next payload.
pub(super) fn update_hold(list: &HeaderMap, longest: u64) -> Option<u64> {
    let wants = preference(list, "return")?.eq_ignore_ascii_case("representation");
    wants.then(|| wait(list)).flatten().map(|n| n.min(longest))
}

fn wait(list: &HeaderMap) -> Option<u64> {
    let mut all = preferences(list, "wait");
    let digits = all.find(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))?;
    Some(digits.parse().unwrap_or(u64::MAX))
}

/// RFC 7240 §2: the first of a name counts.
fn preference<'a>(list: &'a HeaderMap, name: &'a str) -> Option<&'a str> {
    preferences(list, name).next()
}

/// The values of the preferences of this name, without what comes after a semicolon.
fn preferences<'a>(list: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let values = list.get_all(PREFER).iter();
    let all = values.filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(','))
        .filter_map(move |preference| {
            let (found, value) = preference.split(';').next()?.split_once('=')?;
            let named = found.trim().eq_ignore_ascii_case(name);
            named.then(|| value.trim().trim_matches('"'))
        })
}

/// The header's value if it is there exactly once.
fn single<'a>(list: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
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
        list.insert(PAYLOAD_VERSION, HeaderValue::from_static("x"));
        for value in values {
            list.append(PREFER, HeaderValue::from_static(value));
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
    fn an_update_is_held_only_with_both_preferences() {
        let asked = |values: &[&'static str]| {
            let mut list = HeaderMap::new();
            for value in values {
                list.append(PREFER, HeaderValue::from_static(value));
            }
            update_hold(&list, 50)
        };
        assert_eq!(asked(&["wait=10, return=representation"]), Some(10));
        assert_eq!(
            asked(&["Return=\"representation\"; x", "wait=60"]),
            Some(50)
        );
        for plain in [
            "wait=10",
            "return=representation",
            "wait=10, return=minimal",
            "wait=10, return",
            "wait=x, return=representation",
            "wait=10, return=minimal, return=representation",
        ] {
            assert_eq!(asked(&[plain]), None, "{plain}");
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
