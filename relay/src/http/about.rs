//! What this relay is, allows and offers, for clients and people who want to know before they meet it. No client needs it:
//! it says nothing that an answer does not show.

use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use tigress_mailbox::media;

use super::App;
use super::checked::{MAX_IMAGE_URL, MAX_TEXT};

pub(super) const PATH: &str = "/.well-known/tigress-relay";

/// What is offered beyond the draft; docs/relay.md says what each means.
const ADDITIONS: [&str; 7] = [
    "payload-version",
    "long-poll",
    "held-update",
    "conditional-update",
    "recipient-proof",
    "repeated-creation",
    "problem-details",
];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct About {
    software: Software,
    interface: Interface,
    limits: Limits,
    additions: &'static [&'static str],
    /// Types of notification tokens that are served.
    push: Vec<String>,
}

#[derive(Serialize)]
struct Software {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Interface {
    name: &'static str,
    versions: [u32; 1],
}

/// What one client meets. Bytes and seconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    body_bytes: usize,
    first_payload_bytes: usize,
    title_bytes: usize,
    description_bytes: usize,
    image_url_bytes: usize,
    notification_token_bytes: usize,
    hold_seconds: u64,
    lifetime_seconds: Lifetime,
    mailboxes: usize,
    requests_per_second: usize,
    requests_at_once: usize,
    requests_under_way: usize,
}

#[derive(Serialize)]
struct Lifetime {
    longest: u64,
    usual: u64,
    unclaimed: u64,
}

pub(super) fn about(app: &App) -> impl IntoResponse + use<> {
    let list = [
        (header::CONTENT_TYPE, media::JSON),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    let body = serde_json::to_vec(&About::of(app)).unwrap_or_default();
    (list, body)
}

impl About {
    fn of(app: &App) -> Self {
        let limits = &app.config.limits;
        Self {
            software: Software {
                name: env!("CARGO_PKG_NAME"),
                version: env!("CARGO_PKG_VERSION"),
            },
            interface: Interface {
                name: "draft-vinokurov-tigress-http",
                versions: [1],
            },
            limits: Limits {
                body_bytes: limits.body_bytes,
                first_payload_bytes: limits.first_payload_bytes,
                title_bytes: MAX_TEXT,
                description_bytes: MAX_TEXT,
                image_url_bytes: MAX_IMAGE_URL,
                notification_token_bytes: MAX_TEXT,
                hold_seconds: limits.max_wait,
                lifetime_seconds: Lifetime {
                    longest: limits.max_lifetime,
                    usual: limits.default_lifetime.min(limits.max_lifetime),
                    unclaimed: limits.unbound_lifetime,
                },
                mailboxes: limits.room.mailboxes.client,
                requests_per_second: limits.requests_per_second.client,
                requests_at_once: limits.burst.client,
                requests_under_way: limits.requests.client,
            },
            additions: &ADDITIONS,
            push: app.push.types(),
        }
    }
}
