//! The relay's HTTP interface (draft-vinokurov-tigress-http, version 1, and what this project adds) as types,
//! requests and responses: pure, and shared by the client and the relay.

mod call;
mod http;
mod ids;
mod time;
mod wire;

#[cfg(test)]
mod tests;

pub use call::{Call, Mailbox, Reply, create_request, interpret};
pub use http::{HttpRequest, HttpResponse, MAX_BODY, Method};
pub use ids::{DeviceClaim, MailboxId, NotAUuid, RequestId};
pub use time::{format_timestamp, parse_http_date, parse_timestamp};
pub use wire::{
    CreateRequest, CreateResponse, DisplayInformation, MailboxConfiguration, NotificationToken,
    PAYLOAD_TYPE, Payload, Problem, ReadResponse, UpdateRequest, UpdateResponse, problem_type,
};

/// Names of the headers, lower-case.
pub mod header {
    /// The caller's claim on the mailbox: a UUID.
    pub const DEVICE_CLAIM: &str = "mailbox-device-claim";
    /// Names a request, so that a repeat is recognised: a UUID; every response echoes it.
    pub const REQUEST_ID: &str = "mailbox-request-id";
    /// Opaque proof of what device this is, optional.
    pub const DEVICE_ATTESTATION: &str = "mailbox-device-attestation";
    /// Base64url of R: proves that the caller has the invitation.
    pub const RECIPIENT_PROOF: &str = "mailbox-recipient-proof";
    /// Version of the payload; opaque.
    pub const PAYLOAD_VERSION: &str = "mailbox-payload-version";
    /// RFC 9110 §13.1.1, with a quoted version.
    pub const IF_MATCH: &str = "if-match";
    /// RFC 7240: `wait=N`.
    pub const PREFER: &str = "prefer";
    /// RFC 9110 §6.6.1.
    pub const DATE: &str = "date";
    /// RFC 9110 §10.2.3.
    pub const RETRY_AFTER: &str = "retry-after";
    /// RFC 9110 §8.3.
    pub const CONTENT_TYPE: &str = "content-type";
}
