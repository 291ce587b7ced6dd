//! The calls that devices make.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tigress::mailbox::{
    AccessRights, CreateRequest, CreateResponse, MAILBOX_PATH, MailboxId, ReadResponse,
    UpdateRequest, UpdateResponse, decode_recipient_proof, format_timestamp, headers, media,
    parse_timestamp,
};
use uuid::Uuid;

use super::App;
use super::fault::Fault;
use super::fields::{self, Hold};

use crate::store::{Answer, Command, CreateKey, Created, NewMailbox, ProofDigest, Record, Version};

type Answered = Result<Response, Fault>;

pub(super) async fn create(State(app): State<Arc<App>>, request: Request) -> Answered {
    let claim = fields::claim(request.headers())?;
    let request_id = fields::request_id(request.headers())?;
    let body: CreateRequest = app.json(request).await?;
    let now = app.clock.now();
    let configuration = body.mailbox_configuration.unwrap_or_default();
    let version = fresh_version();
    let new = NewMailbox {
        claim,
        request_id,
        payload: body.payload,
        display: body.display_information,
        notification: body.notification_token,
        rights: rights(configuration.access_rights.as_deref())?,
        expires: app.expires(configuration.expiration.as_deref(), now)?,
        proof: body.recipient_proof.as_deref().map(proof).transpose()?,
        version,
    };
    let key = CreateKey::of(claim, request_id);
    let id = MailboxId(Uuid::new_v4());
    let limit = app.config.limits.mailboxes;
    match app
        .store
        .create(key, id, Record::new(new), limit, now)
        .await?
    {
        Created::New => Ok(app.created(StatusCode::OK, id, Some(version))),
        Created::Repeated { id, version } => Ok(app.created(StatusCode::CREATED, id, version)),
    }
}

pub(super) async fn read(
    State(app): State<Arc<App>>,
    Addressed(id): Addressed,
    list: HeaderMap,
) -> Answered {
    let claim = fields::claim(&list)?;
    let proof = fields::proof(&list);
    let hold = fields::hold(&list, app.config.limits.max_wait);
    let mut answer = app
        .apply(
            id,
            Command::Read {
                claim,
                proof,
                bind: true,
            },
        )
        .await?;
    if let Some(Hold { known, seconds }) = hold {
        let again = || {
            app.apply(
                id,
                Command::Read {
                    claim,
                    proof,
                    bind: false,
                },
            )
        };
        if is_unchanged(&answer, known) {
            // Watched first and looked at again: a change in between is not missed.
            let watch = app.store.watch(id).await?;
            answer = again().await?;
            if is_unchanged(&answer, known) {
                app.wait(watch.changed(), seconds, &answer).await;
                answer = again().await?;
            }
        }
    }
    let mut response = content(answer)?;
    if let Some(Hold { seconds, .. }) = hold
        && let Ok(value) = HeaderValue::try_from(format!("wait={seconds}"))
    {
        response
            .headers_mut()
            .insert(headers::PREFERENCE_APPLIED, value);
    }
    Ok(response)
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Addressed(id): Addressed,
    request: Request,
) -> Answered {
    let list = request.headers();
    let (claim, request_id) = (fields::claim(list)?, fields::request_id(list)?);
    let condition = fields::condition(list);
    let body: UpdateRequest = app.json(request).await?;
    let answer = app
        .apply(
            id,
            Command::Update {
                claim,
                request_id,
                condition,
                payload: body.payload,
                notification: body.notification_token,
                version: fresh_version(),
            },
        )
        .await?;
    let (status, version) = done(&answer)?;
    let is_push_notification_supported = app.push.is_supported();
    Ok(json(
        status,
        &UpdateResponse {
            is_push_notification_supported,
        },
        Some(version),
    ))
}

pub(super) async fn relinquish(
    State(app): State<Arc<App>>,
    Addressed(id): Addressed,
    list: HeaderMap,
) -> Answered {
    let (claim, request_id) = (fields::claim(&list)?, fields::request_id(&list)?);
    let answer = app
        .apply(id, Command::Relinquish { claim, request_id })
        .await?;
    Ok(done(&answer)?.0.into_response())
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Addressed(id): Addressed,
    list: HeaderMap,
) -> Answered {
    let claim = fields::claim(&list)?;
    fields::request_id(&list)?;
    app.apply(id, Command::Delete { claim }).await?;
    Ok(StatusCode::OK.into_response())
}

/// The mailbox that the path names; what is no UUID names none.
pub(super) struct Addressed(pub(super) MailboxId);

impl<S: Send + Sync> FromRequestParts<S> for Addressed {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(id) = path.map_err(|_| Fault::NotFound)?;
        id.parse().map(Self).map_err(|_| Fault::NotFound)
    }
}

impl App {
    pub(super) fn url(&self, id: MailboxId) -> String {
        format!("{}{MAILBOX_PATH}/{id}", self.origin)
    }

    fn created(&self, status: StatusCode, id: MailboxId, version: Option<Version>) -> Response {
        let body = CreateResponse {
            url_link: self.url(id),
            is_push_notification_supported: self.push.is_supported(),
        };
        json(status, &body, version)
    }

    async fn json<T: DeserializeOwned>(&self, request: Request) -> Result<T, Fault> {
        let limits = &self.config.limits;
        let reading = body(request, limits.body_bytes);
        let timed = tokio::time::timeout(limits.request_timeout, reading);
        let bytes = timed.await.map_err(|_| Fault::Timeout)??;
        serde_json::from_slice(&bytes).map_err(|_| Fault::Malformed("body"))
    }

    fn expires(&self, wanted: Option<&str>, now: u64) -> Result<u64, Fault> {
        let limits = &self.config.limits;
        let Some(text) = wanted else {
            return Ok(now.saturating_add(limits.default_lifetime.min(limits.max_lifetime)));
        };
        let expires = parse_timestamp(text).filter(|at| *at > now);
        let expires = expires.ok_or(Fault::Malformed("expiration"))?;
        Ok(expires.min(now.saturating_add(limits.max_lifetime)))
    }

    /// Until the change, the end of the wait, the mailbox's end or the relay's shutdown.
    async fn wait(&self, change: impl Future<Output = ()>, seconds: u64, answer: &Answer) {
        let left = match answer {
            Answer::Content { expires, .. } => expires.saturating_sub(self.clock.now()),
            _ => 0,
        };
        let mut stopping = self.stopping.clone();
        tokio::select! {
            () = change => {}
            () = tokio::time::sleep(Duration::from_secs(seconds.min(left))) => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }
}

async fn body(mut request: Request, limit: usize) -> Result<Bytes, Fault> {
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(Fault::TooLarge);
    }
    DefaultBodyLimit::max(limit).apply(&mut request);
    Bytes::from_request(request, &())
        .await
        .map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Fault::TooLarge
            } else {
                Fault::Malformed("body")
            }
        })
}

fn rights(wanted: Option<&str>) -> Result<AccessRights, Fault> {
    let Some(text) = wanted else {
        return Ok(AccessRights::default());
    };
    text.parse().map_err(|_| Fault::Malformed("accessRights"))
}

fn proof(text: &str) -> Result<ProofDigest, Fault> {
    let digest = decode_recipient_proof(text).ok_or(Fault::Malformed("recipientProof"))?;
    Ok(ProofDigest::new(*digest.expose()))
}

fn fresh_version() -> Version {
    Version(Uuid::new_v4())
}

fn is_unchanged(answer: &Answer, known: Option<Version>) -> bool {
    matches!(answer, Answer::Content { version, .. } if Some(*version) == known)
}

/// The rules answer each command in its own way; anything else is a fault of ours, told as such.
const UNEXPECTED: Fault = Fault::Unavailable("the relay failed");

fn done(answer: &Answer) -> Result<(StatusCode, Version), Fault> {
    match answer {
        Answer::Done {
            version,
            repeated: false,
        } => Ok((StatusCode::OK, *version)),
        Answer::Done {
            version,
            repeated: true,
        } => Ok((StatusCode::CREATED, *version)),
        _ => Err(UNEXPECTED),
    }
}

fn content(answer: Answer) -> Answered {
    let Answer::Content {
        payload,
        display,
        expires,
        version,
    } = answer
    else {
        return Err(UNEXPECTED);
    };
    let body = ReadResponse {
        payload,
        display_information: display,
        expiration: Some(format_timestamp(expires)),
    };
    Ok(json(StatusCode::OK, &body, Some(version)))
}

fn json<T: Serialize>(status: StatusCode, value: &T, version: Option<Version>) -> Response {
    let body = Body::from(serde_json::to_vec(value).unwrap_or_default());
    let mut response = (status, [(header::CONTENT_TYPE, media::JSON)], body).into_response();
    if let Some(version) = version
        && let Ok(value) = HeaderValue::try_from(version.to_string())
    {
        response
            .headers_mut()
            .insert(headers::PAYLOAD_VERSION, value);
    }
    response
}
