//! The relay's HTTP interface (draft-vinokurov-tigress-http, version 1, and what this project adds) as types,
//! requests and responses: pure, and shared by the client and the relay.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod call;
mod http;
mod ids;
#[cfg(feature = "testing")]
pub mod memory;
mod object;
mod peer_text;
mod plain_text;
pub mod rules;
mod time;
mod wire;

#[cfg(test)]
mod tests;

pub use call::{Call, Content, Later, Mailbox, Reply, create_request, interpret, later};
pub use http::{HttpRequest, HttpResponse, MAX_BODY, Method, TransportFailure};
pub use ids::{DeviceClaim, MailboxId, NotAUuid, RequestId};
pub use object::Object;
pub use peer_text::{PeerText, PeerTextTooLong};
/// The recipient proof is one.
pub use tigress_primitives::secret::Secret;
pub use time::{format_timestamp, parse_http_date, parse_timestamp};
pub use wire::{
    AccessRights, CreateRequest, CreateResponse, DisplayInformation, HeldUpdateResponse,
    InvalidRights, MailboxConfiguration, NotificationToken, PAYLOAD_TYPE, Payload, Problem,
    ReadResponse, UpdateRequest, UpdateResponse, decode_recipient_proof, recipient_proof_hash,
    recipient_proof_header,
};

/// Longest time in seconds that a read or an update may ask to be held.
pub const MAX_WAIT: u64 = 60;

/// Where the mailboxes are, below a relay's origin.
pub const MAILBOX_PATH: &str = "/v1/m";

/// Names of the headers, lower-case.
pub mod headers {
    /// UUID of one request; every answer echoes it.
    pub const REQUEST_ID: &str = "mailbox-request-id";
    /// UUID by which a device owns its place at a mailbox: a secret between it and the relay.
    pub const DEVICE_CLAIM: &str = "mailbox-device-claim";
    /// Optional and opaque: what a relay may ask for before it lets a mailbox be created.
    pub const DEVICE_ATTESTATION: &str = "mailbox-device-attestation";
    /// Ours: the payload's version, an opaque value.
    pub const PAYLOAD_VERSION: &str = "mailbox-payload-version";
    /// Ours: base64url of the recipient proof.
    pub const RECIPIENT_PROOF: &str = "mailbox-recipient-proof";
    /// RFC 9110 §13.1.1: condition of an update.
    pub const IF_MATCH: &str = "if-match";
    /// RFC 7240: how long an answer may be held, and what for.
    pub const PREFER: &str = "prefer";
    /// RFC 7240: the preference that the relay kept.
    pub const PREFERENCE_APPLIED: &str = "preference-applied";
    /// RFC 9110 §10.2.3: when to come again.
    pub const RETRY_AFTER: &str = "retry-after";
    /// RFC 9110 §6.6.1: the relay's time.
    pub const DATE: &str = "date";
    /// RFC 9110 §8.3.
    pub const CONTENT_TYPE: &str = "content-type";

    /// All that a request has.
    pub const OF_REQUESTS: [&str; 8] = [
        REQUEST_ID,
        DEVICE_CLAIM,
        DEVICE_ATTESTATION,
        PAYLOAD_VERSION,
        RECIPIENT_PROOF,
        IF_MATCH,
        PREFER,
        CONTENT_TYPE,
    ];
}

/// Media types of the bodies.
pub mod media {
    /// Bodies of calls and answers.
    pub const JSON: &str = "application/json";
    /// RFC 9457 problem details.
    pub const PROBLEM: &str = "application/problem+json";
}

/// `type` of the problem documents (RFC 9457) with which our relay refuses a call.
pub mod problems {
    /// 400: a field, header or value is missing or malformed.
    pub const MALFORMED: &str = "urn:tigress:relay:malformed";
    /// 401: the claim, its rights or the recipient proof do not allow the call.
    pub const UNAUTHORIZED: &str = "urn:tigress:relay:unauthorized";
    /// 404: there is no such mailbox, or not any more.
    pub const NOT_FOUND: &str = "urn:tigress:relay:not-found";
    /// 405: the path does not know the method.
    pub const METHOD: &str = "urn:tigress:relay:method-not-allowed";
    /// 408: the request did not arrive in time.
    pub const TIMEOUT: &str = "urn:tigress:relay:timeout";
    /// 412: the payload is not the one that `If-Match` names.
    pub const CONFLICT: &str = "urn:tigress:relay:conflict";
    /// 413: the body is larger than the relay takes.
    pub const TOO_LARGE: &str = "urn:tigress:relay:too-large";
    /// 429: too many requests from this client.
    pub const TOO_MANY: &str = "urn:tigress:relay:too-many-requests";
    /// 421: the request names another host.
    pub const MISDIRECTED: &str = "urn:tigress:relay:misdirected";
    /// 503: the relay is full or can't reach its store.
    pub const UNAVAILABLE: &str = "urn:tigress:relay:unavailable";
}
