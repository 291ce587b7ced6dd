//! Recognises what happened to a link on its way, so that its user can be told what to do. What is recognised is never
//! undone: a gateway that has rewritten a link has seen its secret.

use super::error::{InvitationError, LinkChange};

/// Microsoft's gateway, of Outlook, Exchange and Teams.
const SAFE_LINKS: &str = "safelinks.protection.outlook.com";
/// Gateways and shorteners whose links do not show what they lead to. Others are known by the link within theirs.
const OPAQUE: [&str; 8] = [
    "urldefense.com",
    "urldefense.proofpoint.com",
    "cudasvc.com",
    "mimecast.com",
    "mimecastprotect.com",
    "protection.sophos.com",
    "lnkd.in",
    "t.co",
];
/// How a path of ours looks when it was escaped: in a query, twice, and by Proofpoint.
const ESCAPED_PATHS: [&str; 3] = ["%2fv1%2fm%2f", "%252fv1%252fm%252f", "_v1_m_"];
const PATH: &str = "/v1/m/";

/// The error for a URL that could not be read, by what happened to it if that can be recognised.
pub(super) fn explain(url: &str, error: InvitationError) -> InvitationError {
    if let Some(gateway) = gateway(url) {
        return InvitationError::Changed(gateway);
    }
    let (address, fragment) = match url.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (url, None),
    };
    let change = match fragment {
        None if holds(url, &["%23", "%2523"]) => LinkChange::Escaped,
        _ if !address.contains(PATH) && holds(address, &[PATH]) => LinkChange::Case,
        _ if !address.contains(PATH) && holds(address, &ESCAPED_PATHS) => LinkChange::Escaped,
        Some(fragment) if fragment.contains(":~:") => LinkChange::TextFragment,
        Some(fragment) if fragment.contains('#') => LinkChange::Repeated,
        _ => return error,
    };
    InvitationError::Changed(change)
}

/// Whether a text is about an invitation, however it was changed.
pub(super) fn is_about_an_invitation(text: &str) -> bool {
    holds(text, &[PATH]) || holds(text, &ESCAPED_PATHS)
}

/// What happened to a link of which `://` is gone, if one is in a text.
pub(super) fn without_scheme(text: &str) -> Option<LinkChange> {
    if holds(text, &[PATH]) {
        return Some(LinkChange::SchemeLost);
    }
    holds(text, &ESCAPED_PATHS).then_some(LinkChange::Escaped)
}

/// Who has put the link into one of its own.
fn gateway(url: &str) -> Option<LinkChange> {
    // Up to the host alone: a link's secret is copied nowhere.
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '\\', '?', '#', '%']).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    let (_, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let host = place.split(':').next().unwrap_or_default();
    let host = host.to_ascii_lowercase();
    let is_of = |domain: &str| {
        host.strip_suffix(domain)
            .is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
    };
    if is_of(SAFE_LINKS) {
        Some(LinkChange::SafeLinks)
    } else if OPAQUE.iter().any(|domain| is_of(domain)) || leads_elsewhere(url) {
        Some(LinkChange::Gateway)
    } else {
        None
    }
}

/// Whether another URL stands within this one, plain or escaped, as redirecting services have it. Behind the `#` of a link
/// of ours it is one that was pasted twice.
fn leads_elsewhere(url: &str) -> bool {
    let (address, _) = url.split_once('#').unwrap_or((url, ""));
    let url = if holds(address, &[PATH]) {
        address
    } else {
        url
    };
    let inner = url.find("://").and_then(|at| url.get(at + 3..));
    inner.is_some_and(|inner| {
        holds(inner, &["http://", "https://", "http%3a", "https%3a"])
            || holds(inner, &["http%253a", "https%253a", "http-3a", "https-3a"])
    })
}

/// Whether one of `parts`, all lower-case, is in `text` in either case.
fn holds(text: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| {
        text.as_bytes()
            .windows(part.len())
            .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
    })
}
