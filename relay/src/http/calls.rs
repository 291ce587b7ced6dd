//! The calls that devices make.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tigress_mailbox::{
    CreateRequest, CreateResponse, DisplayInformation, MAILBOX_PATH, MailboxId, Object, Payload,
    UpdateRequest, UpdateResponse, format_timestamp, headers, media, parse_timestamp,
};
use tokio::time::Instant;
use uuid::Uuid;

use super::App;
use super::answer::Cost;
use super::checked::{check_sizes, check_token, proof, rights};
use super::fault::Fault;
use super::fields::{self, Hold};

use crate::budget::Taken;
use crate::client::Client;
use crate::metrics::Operation;
use crate::store::{Answer, Command, CreateKey, Created, Creation, NewMailbox, Record, Version};

/// What stands around a payload at most: the texts, each letter as six, and the rest.
const AROUND: usize = 96 * 1024;

type Answered = Result<Response, Fault>;

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Extension(client): Extension<Client>,
    request: Request,
) -> Answered {
    let claim = fields::claim(request.headers())?;
    let request_id = fields::request_id(request.headers())?;
    let limits = &app.config.limits;
    let most = limits.first_payload_bytes.saturating_add(AROUND);
    let (body, _part) = app.json::<CreateRequest>(client, request, most).await?;
    let now = app.time.now();
    check_sizes(&body, limits.first_payload_bytes)?;
    let configuration = body.mailbox_configuration.unwrap_or_default();
    let version = fresh_version();
    let push = app.push.serves(body.notification_token.as_ref());
    let bound_expires = app.expires(configuration.expiration.as_deref(), now)?;
    let record = Record::new(NewMailbox {
        claim,
        request_id,
        payload: body.payload,
        display: body.display_information,
        notification: body.notification_token,
        rights: rights(configuration.access_rights.as_deref())?,
        expires: app.time.latest().saturating_add(limits.unbound_lifetime),
        bound_expires,
        proof: body.recipient_proof.as_deref().map(proof).transpose()?,
        version,
    });
    let id = MailboxId(Uuid::new_v4());
    let new = Creation {
        key: CreateKey::of(claim, request_id),
        id,
        record,
        client,
    };
    let creating = app.store.create(new, &limits.room, now);
    match app.metrics.of_store(Operation::Create, creating).await? {
        Created::New => Ok(app.created(StatusCode::OK, id, Some(version), push)),
        Created::Repeated { id, version } => {
            Ok(app.created(StatusCode::CREATED, id, version, push))
        }
    }
}

pub(super) async fn read(
    State(app): State<Arc<App>>,
    Extension(client): Extension<Client>,
    Addressed(id): Addressed,
    list: HeaderMap,
) -> Answered {
    let claim = fields::claim(&list)?;
    let proof = fields::proof(&list);
    let hold = fields::hold(&list, app.config.limits.max_wait);
    let command = |bind, known| Command::Read {
        claim,
        proof,
        bind,
        known,
    };
    // The content is fetched when it is to be sent: a held read keeps none.
    let known = hold.as_ref().and_then(|hold| hold.known);
    let mut seen = app.look(client, id, command(true, known)).await?;
    if let (Answer::Unchanged { .. }, Some(hold)) = (&seen.0, &hold) {
        drop(seen);
        let _held = app.metrics.held_read();
        let until = Instant::now() + Duration::from_secs(hold.seconds);
        loop {
            // Watched first and looked at again: a change in between is not missed.
            let watch = app.store.wakeups().watch(id).await?;
            seen = app.look(client, id, command(false, hold.known)).await?;
            let Answer::Unchanged { expires } = seen.0 else {
                break;
            };
            drop(seen);
            if app.wait(watch.changed(), until, expires).await {
                seen = app.look(client, id, command(false, None)).await?;
                break;
            }
        }
    }
    let (answer, part) = seen;
    let mut response = content(answer)?;
    let cost = Cost::of(part, &response);
    response.extensions_mut().insert(cost);
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
    Extension(client): Extension<Client>,
    Addressed(id): Addressed,
    request: Request,
) -> Answered {
    let list = request.headers();
    let (claim, request_id) = (fields::claim(list)?, fields::request_id(list)?);
    let condition = fields::condition(list);
    let most = app.config.limits.body_bytes;
    let (body, _part) = app.json::<UpdateRequest>(client, request, most).await?;
    check_token(body.notification_token.as_ref())?;
    let is_push_notification_supported = app.push.serves(body.notification_token.as_ref());
    let answer = app
        .apply(
            id,
            Command::Update {
                claim,
                request_id,
                condition,
                payload: Arc::new(body.payload),
                notification: body.notification_token,
                version: fresh_version(),
            },
        )
        .await?;
    let (status, version) = done(&answer)?;
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

    fn created(
        &self,
        status: StatusCode,
        id: MailboxId,
        version: Option<Version>,
        is_push_notification_supported: bool,
    ) -> Response {
        let body = CreateResponse {
            url_link: self.url(id),
            is_push_notification_supported,
        };
        json(status, &body, version)
    }

    /// The body, and the part of the bytes under way that it takes as long as it is there.
    async fn json<T: DeserializeOwned>(
        &self,
        client: Client,
        request: Request,
        most: usize,
    ) -> Result<(T, Taken), Fault> {
        let declared = request.headers().get(header::CONTENT_LENGTH);
        let declared = declared.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let size = declared.unwrap_or(most);
        if size > most {
            return Err(Fault::TooLarge);
        }
        let part = self.part(&self.incoming, client, size).await?;
        let reading = body(request.into_body(), size);
        let timed = tokio::time::timeout(self.config.limits.request_timeout, reading);
        let bytes = timed.await.map_err(|_| Fault::Timeout)??;
        let Object(value) = serde_json::from_slice(&bytes).map_err(|_| Fault::Malformed("body"))?;
        Ok((value, part))
    }

    /// What a mailbox holds, and the part of the bytes under way that is kept for it: before it is fetched, twice as much
    /// as a request can have put there, since it is there as it was kept and as it is sent.
    async fn look(
        &self,
        client: Client,
        id: MailboxId,
        command: Command,
    ) -> Result<(Answer, Taken), Fault> {
        let largest = self.config.limits.body_bytes.saturating_add(AROUND);
        let part = self
            .part(&self.outgoing, client, largest.saturating_mul(2))
            .await?;
        Ok((self.apply(id, command).await?, part))
    }

    fn expires(&self, wanted: Option<&str>, now: u64) -> Result<u64, Fault> {
        let (limits, from) = (&self.config.limits, self.time.latest());
        let Some(text) = wanted else {
            return Ok(from.saturating_add(limits.default_lifetime.min(limits.max_lifetime)));
        };
        let expires = parse_timestamp(text).filter(|at| *at > now);
        let expires = expires.ok_or(Fault::Malformed("expiration"))?;
        Ok(expires.min(from.saturating_add(limits.max_lifetime)))
    }

    /// Until the change, the end of the wait, the mailbox's end or the relay's shutdown; says whether the reader is to
    /// be answered now whatever there is.
    async fn wait(&self, change: impl Future<Output = ()>, until: Instant, expires: u64) -> bool {
        let left = Duration::from_secs(expires.saturating_sub(self.time.now()));
        let end = until.min(Instant::now() + left);
        let again = self.store.wakeups().look_again();
        let again = again.map_or(end, |pause| Instant::now() + pause);
        tokio::select! {
            () = change => {
                self.metrics.woken();
                false
            }
            () = tokio::time::sleep_until(end.min(again)) => end <= again,
            () = self.stop.cancelled() => true,
        }
    }
}

/// Reads a body of at most so many bytes, and takes no more memory than that.
async fn body(mut body: Body, most: usize) -> Result<Vec<u8>, Fault> {
    let mut all = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| Fault::Malformed("body"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if data.len() > most - all.len() {
            return Err(Fault::TooLarge);
        }
        if data.len() > all.capacity() - all.len() {
            // As a vector grows, but never beyond what there can be.
            let wanted = all.len().saturating_mul(2).min(most);
            all.reserve_exact(wanted.saturating_sub(all.len()).max(data.len()));
        }
        all.extend_from_slice(&data);
    }
    Ok(all)
}

fn fresh_version() -> Version {
    Version(Uuid::new_v4())
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
    let body = Content {
        payload: &payload,
        display_information: &display,
        expiration: format_timestamp(expires),
    };
    let size = payload.data.len() + 1024;
    Ok(json_of(StatusCode::OK, &body, Some(version), size))
}

/// `ReadResponse` without a copy of what it shows.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'answer> {
    payload: &'answer Payload,
    display_information: &'answer DisplayInformation,
    expiration: String,
}

fn json<T: Serialize>(status: StatusCode, value: &T, version: Option<Version>) -> Response {
    json_of(status, value, version, 256)
}

/// With about so many bytes.
fn json_of<T: Serialize>(
    status: StatusCode,
    value: &T,
    version: Option<Version>,
    size: usize,
) -> Response {
    // Growing by halves again would take up to twice what is counted.
    let mut body = Vec::with_capacity(size);
    let written = serde_json::to_writer(&mut body, value);
    body.shrink_to_fit();
    let body = written.map_or_else(|_| Body::empty(), |()| Body::from(body));
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
