//! Refusals, as RFC 9457 problem documents. Their texts are fixed: nothing from a request is repeated.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tigress_mailbox::{Problem, media, problems};

use crate::store::{Refusal, StoreError};

/// Seconds after which a full or unreachable store is worth another try.
const STORE_RETRY: u64 = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// What is malformed.
    Malformed(&'static str),
    Unauthorized,
    NotFound,
    Method,
    /// Meant for another host.
    Misdirected,
    Timeout,
    Conflict,
    TooLarge,
    TooMany {
        after: u64,
        /// Of what, if not of requests in a time.
        why: Option<&'static str>,
    },
    Unavailable(&'static str),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::NotFound,
            Refusal::Unauthorized => Self::Unauthorized,
            Refusal::Conflict => Self::Conflict,
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        tracing::debug!(%error, "store");
        Self::Unavailable(match error {
            StoreError::ClientFull => {
                return Self::TooMany {
                    after: STORE_RETRY,
                    why: Some("this client's part of the relay is full"),
                };
            }
            StoreError::Full => "the relay has no room for more",
            StoreError::DiskFull => "the relay's disk is full",
            StoreError::Failing => "the relay's disk takes no writes",
            StoreError::Replaced => "the relay's store was deleted, replaced or cut short",
            StoreError::Unavailable => "the relay can't reach its store",
        })
    }
}

impl Fault {
    pub(super) fn parts(self) -> (StatusCode, &'static str, &'static str, Option<&'static str>) {
        match self {
            Self::Malformed(what) => (
                StatusCode::BAD_REQUEST,
                problems::MALFORMED,
                "Malformed request",
                Some(what),
            ),
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                problems::UNAUTHORIZED,
                "Not allowed",
                None,
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                problems::NOT_FOUND,
                "No such mailbox",
                None,
            ),
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                problems::METHOD,
                "Method not allowed",
                None,
            ),
            Self::Misdirected => (
                StatusCode::MISDIRECTED_REQUEST,
                problems::MISDIRECTED,
                "Another host's request",
                None,
            ),
            Self::Timeout => (
                StatusCode::REQUEST_TIMEOUT,
                problems::TIMEOUT,
                "Too slow",
                None,
            ),
            Self::Conflict => (
                StatusCode::PRECONDITION_FAILED,
                problems::CONFLICT,
                "Payload has changed",
                None,
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                problems::TOO_LARGE,
                "Too large",
                None,
            ),
            Self::TooMany { why, .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                problems::TOO_MANY,
                "Too many requests",
                why,
            ),
            Self::Unavailable(why) => (
                StatusCode::SERVICE_UNAVAILABLE,
                problems::UNAVAILABLE,
                "Unavailable",
                Some(why),
            ),
        }
    }

    pub(super) fn retry_after(self) -> Option<u64> {
        match self {
            Self::TooMany { after, .. } => Some(after),
            Self::Unavailable(_) => Some(STORE_RETRY),
            _ => None,
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (status, problem_type, title, detail) = self.parts();
        let problem = Problem {
            problem_type: problem_type.to_owned(),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.map(str::to_owned),
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, media::PROBLEM)], body).into_response();
        if let Some(after) = self.retry_after() {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(after));
        }
        response
    }
}
