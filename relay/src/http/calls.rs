//! The calls that devices make.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tigress_mailbox::{
    CreateRequest, CreateResponse, MAILBOX_PATH, MailboxId, Object, UpdateRequest, UpdateResponse,
    headers, media, parse_timestamp,
};
use uuid::Uuid;

use super::answer::Reply;
use super::checked::{check_sizes, check_token, proof, rights};
use super::fault::Fault;
use super::fields;
use super::held::{AROUND, Look, look_again};
use super::json;
use super::{App, once};

use crate::budget::Taken;
use crate::client::Client;
use crate::metrics::Operation;
use crate::store::{Answer, Command, CreateKey, Created, Creation, NewMailbox, Record, Version};

type Answered = Result<Reply, Fault>;

/// Header fields of an answer.
const FIELDS: usize = 8;

pub(super) async fn create(app: &App, client: Client, request: Request) -> Answered {
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
        Created::New => Ok(app.created(StatusCode::OK, id, Some(version), push).into()),
        Created::Repeated { id, version } => {
            Ok(app.created(StatusCode::CREATED, id, version, push).into())
        }
    }
}

pub(super) async fn read(app: &App, client: Client, id: MailboxId, request: Request) -> Answered {
    let list = request.headers();
    let claim = fields::claim(list)?;
    let proof = fields::proof(list);
    let hold = fields::hold(list, app.config.limits.max_wait);
    // Its fields are parts of the buffer that they came in: who waits keeps none of it.
    drop(request);
    let known = hold.as_ref().and_then(|hold| hold.known);
    let first = Command::Read {
        claim,
        proof,
        bind: true,
        known,
    };
    let mut seen = app.look(client, id, first).await?;
    if let (Answer::Unchanged { .. }, Some(hold), Some(known)) = (&seen.0, &hold, known) {
        drop(seen);
        let waiting = app.until_changed(client, id, claim, known, hold.seconds);
        seen = match waiting.await? {
            Some(changed) => changed,
            None => app.look(client, id, look_again(claim, None)).await?,
        };
    }
    let mut reply = content(seen, None)?;
    if let Some(hold) = hold {
        applied(&mut reply.response, &format!("wait={}", hold.seconds));
    }
    Ok(reply)
}

pub(super) async fn update(app: &App, client: Client, id: MailboxId, request: Request) -> Answered {
    let list = request.headers();
    let (claim, request_id) = (fields::claim(list)?, fields::request_id(list)?);
    let condition = fields::condition(list);
    let hold = fields::update_hold(list, app.config.limits.max_wait);
    let most = app.config.limits.body_bytes;
    let (body, part) = app.json::<UpdateRequest>(client, request, most).await?;
    check_token(body.notification_token.as_ref())?;
    let push = app.push.serves(body.notification_token.as_ref());
    let command = Command::Update {
        claim,
        request_id,
        condition,
        payload: Arc::new(body.payload),
        notification: body.notification_token,
        version: fresh_version(),
    };
    //= protocol/7.1-applied
    let (status, version) = done(&app.apply(id, command).await?)?;
    // What was sent is the store's now: who waits keeps none of it.
    drop(part);
    if let Some(seconds) = hold {
        let seen = match status {
            StatusCode::OK => app.until_changed(client, id, claim, version, seconds).await,
            // What a repeated one wrote is not known any more.
            _ => {
                let now = app.look(client, id, look_again(claim, None));
                now.await.map(Some)
            }
        };
        // It was done, whatever keeps this from looking.
        if let Ok(Some(seen)) = seen
            && let Ok(mut reply) = content(seen, Some(push))
        {
            *reply.response.status_mut() = status;
            let preference = format!("return=representation, wait={seconds}");
            applied(&mut reply.response, &preference);
            return Ok(reply);
        }
    }
    let body = UpdateResponse {
        is_push_notification_supported: push,
    };
    let mut response = json(status, &body, Some(version));
    if let Some(seconds) = hold {
        applied(&mut response, &format!("wait={seconds}"));
    }
    Ok(response.into())
}

fn applied(response: &mut Response, preference: &str) {
    if let Ok(value) = HeaderValue::try_from(preference) {
        response
            .headers_mut()
            .insert(headers::PREFERENCE_APPLIED, value);
    }
}

pub(super) async fn relinquish(app: &App, id: MailboxId, request: Request) -> Answered {
    let list = request.headers();
    let (claim, request_id) = (fields::claim(list)?, fields::request_id(list)?);
    let answer = app
        .apply(id, Command::Relinquish { claim, request_id })
        .await?;
    Ok(done(&answer)?.0.into_response().into())
}

pub(super) async fn delete(app: &App, id: MailboxId, request: Request) -> Answered {
    let list = request.headers();
    let claim = fields::claim(list)?;
    fields::request_id(list)?;
    app.apply(id, Command::Delete { claim }).await?;
    Ok(StatusCode::OK.into_response().into())
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

    fn expires(&self, wanted: Option<&str>, now: u64) -> Result<u64, Fault> {
        let (limits, from) = (&self.config.limits, self.time.latest());
        let Some(text) = wanted else {
            return Ok(from.saturating_add(limits.default_lifetime.min(limits.max_lifetime)));
        };
        let expires = parse_timestamp(text).filter(|at| *at > now);
        let expires = expires.ok_or(Fault::Malformed("expiration"))?;
        Ok(expires.min(from.saturating_add(limits.max_lifetime)))
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

/// What a mailbox holds, as an answer; to an update it tells of push, too.
fn content((answer, part): Look, push: Option<bool>) -> Answered {
    let Answer::Content {
        payload,
        display,
        expires,
        version,
    } = answer
    else {
        return Err(UNEXPECTED);
    };
    let body = json::content(&payload, &display, expires, push);
    let response = json_of(StatusCode::OK, body.ok(), Some(version));
    Ok(Reply::taking(part, response))
}

fn json<T: Serialize>(status: StatusCode, value: &T, version: Option<Version>) -> Response {
    json_of(status, serde_json::to_vec(value).ok(), version)
}

/// None where it could not be written.
fn json_of(status: StatusCode, body: Option<Vec<u8>>, version: Option<Version>) -> Response {
    let mut response = Response::new(body.map_or_else(Body::empty, Body::from));
    *response.status_mut() = status;
    let list = response.headers_mut();
    // With what every answer has: they don't grow again and again.
    list.reserve(FIELDS);
    list.insert(header::CONTENT_TYPE, HeaderValue::from_static(media::JSON));
    if let Some(version) = version
        && let Ok(value) = HeaderValue::try_from(version.to_string())
    {
        list.insert(fields::PAYLOAD_VERSION, once(value));
    }
    response
}
