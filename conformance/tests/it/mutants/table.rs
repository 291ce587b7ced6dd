//! The relays: what each does wrong, and the checks that must fail by it.

use tigress_mailbox::{Method, Secret, headers, recipient_proof_header};

use super::Fault::{self, Asks, Both, Frozen, Says};
use super::Row;
use super::edits::{creates, edit, has, header, put, reads, renew, rewrite, uuid, wait};

/// `status` where the relay says `old` to such a request.
macro_rules! status {
    ($method:ident, $old:literal => $new:literal) => {
        status!(|request| request.method == Method::$method, $old => $new)
    };
    (|$request:ident| $which:expr, $old:literal => $new:literal) => {
        Says(|$request, response| {
            if response.status == $old && $which {
                response.status = $new;
            }
        })
    };
}

/// Another text in the answers to such requests.
macro_rules! text {
    (|$request:ident| $which:expr, $old:literal => $new:literal) => {
        Says(|$request, response| {
            if $which {
                edit(response, $old, $new);
            }
        })
    };
}

pub(super) fn mutants() -> Vec<Row> {
    [calls(), refusals(), ours()].concat()
}

#[rustfmt::skip] // a row a line
fn calls() -> Vec<Row> {
    vec![
        ("does nothing wrong", Fault::None, &[]),
        ("alters a payload", text!(|r| reads(r), r#""first""# => r#""worst""#), &["a-payload-passes-unchanged"]),
        ("wants turns", status!(|r| has(r, "third"), 200 => 409), &["one-side-may-write-twice"]),
        ("numbers mailboxes", Both(|r| r.url = r.url.replace("/no-", "/"), |r, a| if creates(r) { edit(a, "/m/", "/m/no-"); }), &["a-mailbox-identifier-is-a-uuid"]),
        ("takes any claim", Asks(|r| r.headers.iter_mut().for_each(|(_, value)| if value == "not-a-uuid" { *value = uuid(); })), &["a-claim-is-a-uuid"]),
        ("links to plain http", text!(|r| creates(r), "https:" => "http:"), &["links-are-https", "links-are-of-this-relay"]),
        ("lets nobody delete", status!(Delete, 200 => 403), &["the-recipient-may-delete", "by-default-the-recipient-may-read-and-delete"]),
        ("echoes nothing", Says(|_, a| a.headers.retain(|(name, _)| name != headers::REQUEST_ID)), &["an-answer-echoes-the-request-id"]),
        ("echoes its own", Says(|_, a| put(a, headers::REQUEST_ID, "7")), &["an-answer-echoes-the-request-id"]),
        ("needs no claim", Asks(|r| if header(r, headers::DEVICE_CLAIM).is_none() { r.headers.push((headers::DEVICE_CLAIM, uuid())); }), &["no-call-without-a-claim"]),
        ("needs a configuration", status!(|r| creates(r) && has(r, "imageURL") && has(r, "title") && !has(r, "accessRights"), 200 => 400), &["a-mailbox-needs-no-configuration"]),
        ("gives all rights", Asks(|r| if !has(r, "accessRights") { rewrite(r, r#"{"displayInfo"#, r#"{"mailboxConfiguration":{"accessRights":"RWD","expiration":"2037-01-01T00:00:00Z"},"displayInfo"#); }), &["by-default-the-recipient-may-read-and-delete"]),
        ("ignores rights", Asks(|r| rewrite(r, r#""RW""#, r#""RWD""#)), &["a-right-that-is-not-given-is-refused"]),
        ("keeps what has expired", Frozen, &["an-expired-mailbox-is-gone"]),
        ("links without a host", text!(|r| creates(r), "https://relay.example" => ""), &["creation-gives-a-link"]),
        ("forgets push", text!(|r| creates(r), "isPush" => "push"), &["creation-tells-of-push"]),
        ("says 200 again", status!(|r| creates(r), 201 => 200), &["a-repeated-creation-makes-no-second-mailbox"]),
        ("makes a second", Asks(|r| if creates(r) { renew(r); }), &["a-repeated-creation-makes-no-second-mailbox", "a-repeated-creation-gives-the-same-link"]),
        ("needs no title", status!(|r| creates(r) && has(r, "description") && !has(r, r#""title""#), 400 => 422), &["a-malformed-creation-is-refused"]),
        ("keeps the old", text!(|r| reads(r), r#""second""# => r#""first""#), &["an-update-overwrites"]),
        ("forgets push in updates", text!(|r| r.method == Method::Put, "isPush" => "push"), &["an-update-tells-of-push"]),
        ("updates again", Asks(|r| if has(r, "fourth") { renew(r); }), &["a-repeated-update-changes-nothing"]),
        ("updates by nothing", status!(|r| r.method == Method::Put && !has(r, "payload"), 400 => 200), &["a-malformed-update-is-refused", "each-payload-has-a-version"]),
        ("says yes to strangers", status!(|r| has(r, "fifth"), 401 => 200), &["a-stranger-may-not-update", "each-payload-has-a-version"]),
        ("shows no title", text!(|r| r.method == Method::Get, "og:title" => "title"), &["a-preview-in-open-graph"]),
        ("shows text", Says(|r, a| if r.method == Method::Get { put(a, headers::CONTENT_TYPE, "text/plain"); }), &["a-preview-in-open-graph"]),
        ("tells another title", text!(|r| reads(r), "Conformance" => "Other"), &["a-read-has-the-display-information"]),
        ("tells another form of time", text!(|r| reads(r), r#"Z""# => r#"+00:00""#), &["a-read-tells-the-expiration"]),
        ("says 204", status!(Patch, 200 => 204), &["a-relinquished-place-is-free"]),
        ("relinquishes again", Asks(|r| if r.method == Method::Patch { renew(r); }), &["a-repeated-relinquish-unbinds-nobody"]),
    ]
}

#[rustfmt::skip]
fn refusals() -> Vec<Row> {
    vec![
        ("lets all read", status!(|r| reads(r), 401 => 200), &["a-stranger-may-not-read", "a-repeated-relinquish-unbinds-nobody", "one-recipient-only", "each-payload-has-a-version"]),
        ("says 403 to readers", status!(|r| reads(r), 401 => 403), &["a-stranger-may-not-read", "only-who-shows-the-recipient-proof-binds"]),
        ("says 403 to who deletes", status!(Delete, 401 => 403), &["a-right-that-is-not-given-is-refused", "a-stranger-may-not-delete"]),
        ("says 200 to who relinquishes", status!(Patch, 401 => 200), &["only-the-recipient-relinquishes"]),
        ("updates what is not there", status!(Put, 404 => 401), &["no-update-of-an-unknown-mailbox"]),
        ("deletes what is not there", status!(Delete, 404 => 200), &["no-deletion-of-an-unknown-mailbox"]),
        ("shows what is not there", status!(Get, 404 => 200), &["no-preview-of-an-unknown-mailbox"]),
        ("gives up what is not there", status!(Patch, 404 => 401), &["no-relinquish-of-an-unknown-mailbox"]),
        ("says 410", status!(|r| reads(r), 404 => 410), &["the-recipient-may-delete", "an-expired-mailbox-is-gone", "no-read-of-an-unknown-mailbox", "a-held-read-ends-with-the-mailbox", "refusals-are-problem-documents"]),
        ("has other problems", text!(|r| reads(r), "relay:not-found" => "relay:gone"), &["refusals-are-problem-documents"]),
    ]
}

#[rustfmt::skip]
fn ours() -> Vec<Row> {
    vec![
        ("links elsewhere", text!(|r| creates(r), "https://relay" => "https://other"), &["links-are-of-this-relay"]),
        ("refuses what it does not know", Asks(|r| if has(r, "later") { rewrite(r, "payload", "x"); }), &["unknown-keys-are-ignored"]),
        ("takes small payloads", Asks(|r| if has(r, &"x".repeat(9999)) { rewrite(r, "payload", "x"); }), &["a-payload-of-16-kib-is-taken"]),
        ("links differently", Says(|r, a| if creates(r) && a.status == 201 { edit(a, "/m/", "/m/other/"); }), &["a-repeated-creation-gives-the-same-link"]),
        ("names no version at first", Says(|r, a| if creates(r) { a.headers.retain(|(name, _)| name != headers::PAYLOAD_VERSION); }), &["each-payload-has-a-version"]),
        ("says what is known for news", text!(|r| wait(r) == (20, true), r#""news""# => r#""good""#), &["a-held-read-waits-for-another-payload"]),
        ("changes while it holds", Says(|r, a| if wait(r) == (1, true) { put(a, headers::PAYLOAD_VERSION, "other"); }), &["a-held-read-waits-for-another-payload"]),
        ("holds what is gone", status!(|r| wait(r) == (20, true), 404 => 200), &["each-payload-has-a-version", "a-held-read-ends-with-the-mailbox"]),
        ("wants a version", status!(|r| reads(r) && wait(r) == (20, false), 200 => 400), &["no-read-is-held-without-the-version"]),
        ("answers an update with itself", text!(|r| r.method == Method::Put && wait(r).0 == 20, r#""then""# => r#""held""#), &["a-held-update-waits-for-the-next-payload", "a-repeated-held-update-is-answered-at-once"]),
        ("names another version after its hold", Says(|r, a| if r.method == Method::Put && wait(r).0 == 1 { put(a, headers::PAYLOAD_VERSION, "other"); }), &["a-held-update-waits-for-the-next-payload"]),
        ("repeats a held update as new", status!(|r| r.method == Method::Put && wait(r).0 == 20, 201 => 200), &["a-repeated-held-update-is-answered-at-once"]),
        ("says 409", status!(Put, 412 => 409), &["a-conditional-update-needs-the-version"]),
        ("looks at the condition first", status!(|r| header(r, headers::IF_MATCH).is_some(), 401 => 412), &["claim-and-request-id-come-before-the-condition"]),
        ("takes any proof", Asks(|r| r.headers.iter_mut().for_each(|(name, value)| if *name == headers::RECIPIENT_PROOF { *value = recipient_proof_header(&Secret::new([1; 32])); })), &["only-who-shows-the-recipient-proof-binds"]),
        ("has no date", Says(|_, a| put(a, headers::DATE, "yesterday")), &["answers-tell-the-relays-time"]),
    ]
}
