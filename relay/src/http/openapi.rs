//! The description of the interface for programs: OpenAPI 3.1. It is written by hand; the tests hold it to the routes, the
//! bodies and the refusals that there are.

use axum::http::header;
use axum::response::IntoResponse;
use tigress_mailbox::media;

pub(super) const PATH: &str = "/.well-known/tigress-relay/openapi.json";
pub(super) const DOCUMENT: &str = include_str!("openapi.json");

pub(super) fn document() -> impl IntoResponse {
    let list = [
        (header::CONTENT_TYPE, media::JSON),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (list, DOCUMENT)
}

#[cfg(test)]
mod tests;
