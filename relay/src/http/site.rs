//! What is not about a mailbox: probes, and the documents that let share links open a wallet.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tigress_mailbox::media;

use super::App;
use super::fault::Fault;
use crate::metrics::Operation;

pub(super) const APPLE_APP_SITE_ASSOCIATION: &str = "/.well-known/apple-app-site-association";
pub(super) const ASSETLINKS: &str = "/.well-known/assetlinks.json";
pub(super) const HEALTH: &str = "/healthz";
pub(super) const READY: &str = "/readyz";

/// The process answers.
pub(super) fn health() -> StatusCode {
    StatusCode::OK
}

/// The store can be read and written and has room, there is a certificate if the relay speaks TLS, and it is not about to end.
pub(super) async fn ready(app: &App) -> Result<StatusCode, Fault> {
    if app.stop.is_cancelled() {
        return Err(Fault::Unavailable("the relay is about to end"));
    }
    let until = app.certificates.as_ref().map(|served| served.until());
    if until.is_some_and(|until| until <= app.time.now()) {
        return Err(Fault::Unavailable("there is no valid certificate"));
    }
    let ready = app.store.ready(&app.config.limits.room);
    app.metrics.of_store(Operation::Ready, ready).await?;
    Ok(StatusCode::OK)
}

/// What the operator has set for this place, if anything.
pub(super) fn document(configured: &Option<String>) -> Result<Response, Fault> {
    let body = configured.clone().ok_or(Fault::NotFound)?;
    let list = [
        (header::CONTENT_TYPE, media::JSON),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    Ok((list, body).into_response())
}
