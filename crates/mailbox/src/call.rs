//! The client's half: calls as requests, responses as replies.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::headers;
use super::http::{HttpRequest, HttpResponse, MAX_BODY, Method};
use super::ids::{DeviceClaim, RequestId};
use super::object::Object;
use super::time::{parse_http_date, parse_timestamp};
use super::wire::{
    CreateResponse, DisplayInformation, NotificationToken, Payload, Problem, ReadResponse,
    UpdateRequest, recipient_proof_header,
};
use tigress_primitives::hash::sha256;
use tigress_primitives::secret::Secret;

/// Longest version that is remembered.
const MAX_VERSION: usize = 128;

/// A mailbox as one device addresses it.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// `https://{relay}/v1/m/{id}`, without query and fragment.
    pub url: String,
    /// This device's claim.
    pub claim: DeviceClaim,
    /// R, if this device is the recipient.
    pub proof: Option<Secret<32>>,
}

/// What can be asked of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// ReadSecureContentFromMailbox.
    Read {
        /// Seconds the answer may be held…
        wait: u64,
        /// …while the payload is of this version.
        known: Option<String>,
    },
    /// UpdateMailbox.
    Update {
        /// The payload's data.
        payload: String,
        /// Repeats of a request have the same id.
        request_id: RequestId,
        /// Only if the payload is still of this version.
        if_match: Option<String>,
        /// Where this device can be woken.
        notification: Option<NotificationToken>,
        /// Seconds the answer may be held for the payload that comes after this one; 0 for not at all.
        wait: u64,
    },
    /// RelinquishMailbox.
    Relinquish {
        /// Repeats of a request have the same id.
        request_id: RequestId,
    },
    /// DeleteMailbox.
    Delete {
        /// Repeats of a request have the same id.
        request_id: RequestId,
    },
}

impl Mailbox {
    //= draft/5.2-claim
    /// The request of a call.
    #[must_use]
    pub fn request(&self, call: &Call) -> HttpRequest {
        let mut headers = vec![(headers::DEVICE_CLAIM, self.claim.to_string())];
        let (method, body, wait) = match call {
            Call::Read { wait, known } => {
                if let Some(proof) = &self.proof {
                    headers.push((headers::RECIPIENT_PROOF, recipient_proof_header(proof)));
                }
                if let Some(known) = known.as_ref().filter(|_| *wait > 0) {
                    headers.push((headers::PAYLOAD_VERSION, known.clone()));
                    headers.push((headers::PREFER, format!("wait={wait}")));
                }
                let wait = if known.is_some() { *wait } else { 0 };
                (Method::Post, None, wait)
            }
            Call::Update {
                payload,
                request_id,
                if_match,
                notification,
                wait,
            } => {
                headers.push((headers::REQUEST_ID, request_id.to_string()));
                if *wait > 0 {
                    let preference = format!("wait={wait}, return=representation");
                    headers.push((headers::PREFER, preference));
                }
                if let Some(version) = if_match {
                    headers.push((headers::IF_MATCH, format!("\"{version}\"")));
                }
                let body = UpdateRequest {
                    payload: Payload::gss_api(payload.clone()),
                    notification_token: notification.clone(),
                };
                (Method::Put, serde_json::to_vec(&body).ok(), *wait)
            }
            Call::Relinquish { request_id } => {
                headers.push((headers::REQUEST_ID, request_id.to_string()));
                (Method::Patch, None, 0)
            }
            Call::Delete { request_id } => {
                headers.push((headers::REQUEST_ID, request_id.to_string()));
                (Method::Delete, None, 0)
            }
        };
        if body.is_some() {
            headers.push((headers::CONTENT_TYPE, "application/json".to_owned()));
        }
        HttpRequest {
            method,
            url: self.url.clone(),
            headers,
            body,
            wait,
            isolation: isolation(&self.claim),
        }
    }
}

/// A claim is of one transfer only, and so is what is made of it; the claim itself is a secret.
fn isolation(claim: &DeviceClaim) -> String {
    let digest = sha256(&[b"tigress v1 isolation", claim.to_string().as_bytes()]);
    URL_SAFE_NO_PAD.encode(&digest[..16])
}

/// CreateMailbox at `relay` (an origin); `body` is a [`super::CreateRequest`] as JSON.
#[must_use]
pub fn create_request(
    relay: &str,
    claim: &DeviceClaim,
    request_id: &RequestId,
    body: Vec<u8>,
    attestation: Option<&str>,
) -> HttpRequest {
    let mut headers = vec![
        (headers::DEVICE_CLAIM, claim.to_string()),
        (headers::REQUEST_ID, request_id.to_string()),
        (headers::CONTENT_TYPE, "application/json".to_owned()),
    ];
    if let Some(attestation) = attestation {
        headers.push((headers::DEVICE_ATTESTATION, attestation.to_owned()));
    }
    HttpRequest {
        method: Method::Post,
        url: format!("{relay}/v1/m"),
        headers,
        body: Some(body),
        wait: 0,
        isolation: isolation(claim),
    }
}

/// What the slot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The payload's data.
    pub data: String,
    /// The payload's type.
    pub payload_type: String,
    /// For the user.
    pub display: DisplayInformation,
    /// When the mailbox ends, Unix seconds.
    pub expiration: Option<u64>,
    /// Version of the payload.
    pub version: Option<String>,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The mailbox was made, now or at the first of repeated requests.
    Created {
        /// Its URL.
        url_link: String,
        /// Version of the payload.
        version: Option<String>,
    },
    /// What the slot holds.
    Content(Content),
    /// Done; `repeated` says that it was done by an earlier request of the same id.
    Done {
        /// 201.
        repeated: bool,
        /// Version of the payload.
        version: Option<String>,
    },
    /// An update that was to be held is done, and this is what the slot holds by now.
    DoneAndRead {
        /// 201.
        repeated: bool,
        /// As it would be read.
        content: Content,
    },
    /// 404; final if it is our relay's own word for it.
    Gone {
        /// A problem document of type `urn:tigress:relay:not-found`.
        final_: bool,
    },
    /// 401.
    Unauthorized,
    /// 412: the payload is of another version.
    Conflict,
    /// A redirect, which is not followed.
    Redirected {
        /// 3xx.
        status: u16,
    },
    /// Any other refusal.
    Refused {
        /// 4xx.
        status: u16,
        /// What it means, in fixed words.
        reason: &'static str,
    },
    /// 429 or 5xx: not answered yet.
    RetryLater {
        /// Seconds.
        after: Option<u64>,
        /// The status.
        status: u16,
    },
    /// Not an answer of this interface.
    Malformed,
}

/// What the relay's answer to `call` means; no call stands for CreateMailbox.
#[must_use]
pub fn interpret(call: Option<&Call>, response: &HttpResponse) -> Reply {
    let status = response.status;
    if let Some(Later { after, status }) = later(response) {
        return Reply::RetryLater { after, status };
    }
    match status {
        200 | 201 if response.body.len() > MAX_BODY => Reply::Malformed,
        200 | 201 => success(call, response),
        300..=399 => Reply::Redirected { status },
        401 => Reply::Unauthorized,
        404 => Reply::Gone {
            final_: is_final(response),
        },
        // Of what asks for no version it says nothing.
        412 if matches!(call, Some(Call::Update { .. })) => Reply::Conflict,
        400..=499 => Reply::Refused {
            status,
            reason: match status {
                400 => "the request is not in order; is this device's clock right?",
                403 => "forbidden",
                413 => "too large for this relay",
                _ => "refused",
            },
        },
        _ => Reply::Malformed,
    }
}

/// The relay is out of order or overloaded, and has not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Later {
    /// When to come again, in seconds, if it says.
    pub after: Option<u64>,
    /// 429 or 5xx.
    pub status: u16,
}

/// Whether a response answers nothing yet, to whatever call.
#[must_use]
pub fn later(response: &HttpResponse) -> Option<Later> {
    let status = response.status;
    let says = matches!(status, 429 | 500..=599);
    says.then(|| Later {
        after: retry_after(response),
        status,
    })
}

/// RFC 9110 §10.2.3: seconds, or a date, which is told by the same clock as the answer's.
fn retry_after(response: &HttpResponse) -> Option<u64> {
    let text = response.header(headers::RETRY_AFTER)?.trim();
    let date = || Some(parse_http_date(text)?.saturating_sub(response.date()?));
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match digits {
        // More than a number holds is as long as it gets.
        true => Some(text.parse().unwrap_or(u64::MAX)),
        false => date(),
    }
}

fn success(call: Option<&Call>, response: &HttpResponse) -> Reply {
    let version = response
        .header(headers::PAYLOAD_VERSION)
        .filter(|v| !v.is_empty() && v.len() <= MAX_VERSION && v.bytes().all(is_etag_byte))
        .map(str::to_owned);
    let repeated = response.status == 201;
    match call {
        None => match serde_json::from_slice::<Object<CreateResponse>>(&response.body) {
            Ok(Object(created)) => Reply::Created {
                url_link: created.url_link,
                version,
            },
            // The draft's 201 has no body.
            Err(_) if repeated => Reply::Done { repeated, version },
            Err(_) => Reply::Malformed,
        },
        Some(Call::Read { .. }) => {
            content(response, version).map_or(Reply::Malformed, Reply::Content)
        }
        Some(Call::Update { wait: 1.., .. }) => match content(response, version.clone()) {
            Some(content) => Reply::DoneAndRead { repeated, content },
            None => Reply::Done { repeated, version },
        },
        Some(_) => Reply::Done { repeated, version },
    }
}

fn content(response: &HttpResponse, version: Option<String>) -> Option<Content> {
    let Object(read) = serde_json::from_slice::<Object<ReadResponse>>(&response.body).ok()?;
    Some(Content {
        data: read.payload.data,
        payload_type: read.payload.payload_type,
        display: read.display_information,
        expiration: read.expiration.as_deref().and_then(parse_timestamp),
        version,
    })
}

/// RFC 9110 §8.8.3: what may stand between the quotes.
fn is_etag_byte(byte: u8) -> bool {
    byte == 0x21 || (0x23..=0x7e).contains(&byte)
}

fn is_final(response: &HttpResponse) -> bool {
    serde_json::from_slice::<Object<Problem>>(&response.body)
        .is_ok_and(|Object(problem)| problem.problem_type == super::problems::NOT_FOUND)
}
