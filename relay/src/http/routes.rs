//! Which handler answers a request: by its path, then by its method. There are few of either, so it is one `match`: a
//! router would keep a boxed service for each of them, and make a boxed future of each request.

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse as _, Response};
use tigress_mailbox::{MAILBOX_PATH, MailboxId};

use super::answer::Reply;
use super::fault::Fault;
use super::{App, about, calls, openapi, preview, site};
use crate::client::Client;
use crate::metrics::Call;

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Mailboxes,
    /// None if there can't be a mailbox of this name.
    Mailbox(Option<MailboxId>),
    AppleAppSiteAssociation,
    Assetlinks,
    About,
    Description,
    Health,
    Ready,
    Nowhere,
}

/// What is not about a mailbox.
const FETCHED: [(&str, Place); 6] = [
    (
        site::APPLE_APP_SITE_ASSOCIATION,
        Place::AppleAppSiteAssociation,
    ),
    (site::ASSETLINKS, Place::Assetlinks),
    (about::PATH, Place::About),
    (openapi::PATH, Place::Description),
    (site::HEALTH, Place::Health),
    (site::READY, Place::Ready),
];

//= draft/4.2-json
impl Place {
    pub(super) fn of(path: &str) -> Self {
        let within = path.strip_prefix(MAILBOX_PATH);
        if let Some(name) = within.and_then(|rest| rest.strip_prefix('/'))
            && !name.is_empty()
            && !name.contains('/')
        {
            return Self::Mailbox(name.parse().ok());
        }
        if path == MAILBOX_PATH {
            return Self::Mailboxes;
        }
        let fetched = FETCHED.iter().find(|(its, _)| *its == path);
        fetched.map_or(Self::Nowhere, |(_, place)| *place)
    }

    /// Probes are never limited: a busy relay is not a dead one.
    pub(super) fn is_probe(self) -> bool {
        matches!(self, Self::Health | Self::Ready)
    }

    /// What the log and the metrics call a request: never its path, which holds a mailbox's address.
    pub(super) fn call(self, method: &Method) -> Call {
        match (self, method) {
            (Self::Mailboxes, &Method::POST) => Call::Create,
            (Self::Mailbox(_), &Method::GET | &Method::HEAD) => Call::Show,
            (Self::Mailbox(_), &Method::POST) => Call::Read,
            (Self::Mailbox(_), &Method::PUT) => Call::Update,
            (Self::Mailbox(_), &Method::PATCH) => Call::Relinquish,
            (Self::Mailbox(_), &Method::DELETE) => Call::Delete,
            _ => Call::Other,
        }
    }

    /// RFC 9110 §10.2.1.
    fn allow(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Mailboxes => "POST",
            Self::Mailbox(_) => "GET, HEAD, POST, PUT, PATCH, DELETE",
            _ => "GET, HEAD",
        })
    }
}

/// The answer to a request for this place.
pub(super) async fn answer(app: &App, client: Client, place: Place, request: Request) -> Reply {
    let method = request.method().clone();
    let mut reply = match handle(app, client, place, request).await {
        Ok(reply) => reply,
        Err(fault) => {
            let mut response = fault.into_response();
            if fault == Fault::Method {
                response.headers_mut().insert(header::ALLOW, place.allow());
            }
            response.into()
        }
    };
    if method == Method::HEAD {
        without_body(&mut reply.response);
    }
    reply
}

/// Each call is boxed: while one waits, it keeps no room for the largest of the others, which would be 4 KiB.
async fn handle(app: &App, client: Client, place: Place, request: Request) -> Result<Reply, Fault> {
    let fetches = matches!(*request.method(), Method::GET | Method::HEAD);
    if fetches && let Place::Mailbox(id) = place {
        return Ok(Box::pin(preview::show(app, client, id, request)).await);
    }
    match (place, request.method()) {
        (Place::Nowhere, _) => Err(Fault::NotFound),
        (Place::Mailboxes, &Method::POST) => Box::pin(calls::create(app, client, request)).await,
        (Place::Mailbox(id), &Method::POST) => {
            Box::pin(calls::read(app, client, named(id)?, request)).await
        }
        (Place::Mailbox(id), &Method::PUT) => {
            Box::pin(calls::update(app, client, named(id)?, request)).await
        }
        (Place::Mailbox(id), &Method::PATCH) => {
            Box::pin(calls::relinquish(app, named(id)?, request)).await
        }
        (Place::Mailbox(id), &Method::DELETE) => {
            Box::pin(calls::delete(app, named(id)?, request)).await
        }
        (place, _) if fetches => Box::pin(fetch(app, place)).await,
        _ => Err(Fault::Method),
    }
}

/// What is no UUID names no mailbox.
fn named(id: Option<MailboxId>) -> Result<MailboxId, Fault> {
    id.ok_or(Fault::NotFound)
}

async fn fetch(app: &App, place: Place) -> Result<Reply, Fault> {
    let response = match place {
        Place::AppleAppSiteAssociation => site::document(&app.config.apple_app_site_association)?,
        Place::Assetlinks => site::document(&app.config.assetlinks)?,
        Place::About => about::about(app).into_response(),
        Place::Description => openapi::document().into_response(),
        Place::Health => site::health().into_response(),
        Place::Ready => site::ready(app).await?.into_response(),
        Place::Mailboxes | Place::Mailbox(_) => return Err(Fault::Method),
        Place::Nowhere => return Err(Fault::NotFound),
    };
    Ok(response.into())
}

/// As to HEAD: with the length of what is not there (RFC 9110 §9.3.2).
fn without_body(response: &mut Response) {
    let size = response.body().size_hint().exact();
    *response.body_mut() = Body::empty();
    if let Some(size) = size {
        let list = response.headers_mut();
        list.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_path_names_one_place_and_nothing_beside_it() {
        let id = "2bba630e-519b-41ac-81d3-0242ac130003";
        let mailbox = Place::Mailbox(Some(id.parse().unwrap()));
        assert_eq!(Place::of(&format!("/v1/m/{id}")), mailbox);
        assert_eq!(Place::of("/v1/m/x"), Place::Mailbox(None));
        assert_eq!(Place::of("/v1/m"), Place::Mailboxes);
        for nowhere in [
            "",
            "/",
            "/v1",
            "/v1/m/",
            "/v1/mm",
            "/v1/M",
            "//v1/m",
            &format!("/v1/m{id}"),
            &format!("/v1/m/{id}/"),
            &format!("/v1/m/{id}/x"),
            "/healthz/",
            "/.well-known",
        ] {
            assert_eq!(Place::of(nowhere), Place::Nowhere, "{nowhere}");
        }
    }

    #[test]
    fn the_description_has_a_path_for_each_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(openapi::DOCUMENT).unwrap();
        let described = document["paths"].as_object().unwrap().keys();
        let described: BTreeSet<&str> = described.map(String::as_str).collect();
        let mut paths: BTreeSet<&str> = FETCHED.map(|(path, _)| path).into();
        paths.extend(["/v1/m", "/v1/m/{id}"]);
        assert_eq!(described, paths);
    }
}
