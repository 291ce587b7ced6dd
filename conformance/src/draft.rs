//! What the draft says beside a transfer: rights, refusals, expiry.

use serde_json::{Value, json};
use tigress_mailbox::{MAILBOX_PATH, Method, format_timestamp, headers};

use crate::Stopped;
use crate::checks::{self, Check};
use crate::session::{Made, Session, body_of, fresh, holds, is, request, said};

/// Seconds that the mailbox lives which is to expire.
const LIFE: u64 = 3;

/// What the recipient may do, asked for and by default.
pub(crate) async fn rights(session: &Session<'_>) -> Result<(), Stopped> {
    let mut body = session.mailbox();
    body["mailboxConfiguration"]["accessRights"] = json!("RW");
    if let Some((_, made)) = session.make(&checks::RIGHTS, &body).await? {
        let recipient = session.device();
        let read = recipient.read(&made.url, &[]).await?;
        session.judge(&checks::RIGHTS, is(200, "a read with RW", &read));
        let answer = recipient.delete(&made.url).await?;
        session.judge(&checks::RIGHTS, is(401, "a deletion with RW", &answer));
    }
    if let Some(all) = body.as_object_mut() {
        all.remove("mailboxConfiguration");
    }
    let Some((_, made)) = session.make(&checks::DEFAULTS, &body).await? else {
        return Ok(());
    };
    let recipient = session.device();
    let read = recipient.read(&made.url, &[]).await?;
    session.judge(&checks::DEFAULT_RIGHTS, is(200, "a read", &read));
    let told = body_of(&read)["expiration"].is_string();
    session.judge(&checks::DEFAULTS, holds(told, "it has no expiration"));
    let answer = recipient.update(&made.url, &fresh(), "second").await?;
    session.judge(&checks::DEFAULT_RIGHTS, is(401, "an update", &answer));
    let answer = recipient.delete(&made.url).await?;
    session.judge(&checks::DEFAULT_RIGHTS, is(200, "a deletion", &answer));
    Ok(())
}

/// Every call to a mailbox that is not there; the read was the first request of the run.
pub(crate) async fn unknown_mailbox(session: &Session<'_>) -> Result<(), Stopped> {
    let (device, url) = (session.device(), session.mailbox_url(&fresh()));
    let answer = device.update(&url, &fresh(), "x").await?;
    session.judge(&checks::UPDATE_UNKNOWN, is(404, "an update", &answer));
    let answer = device.relinquish(&url, &fresh()).await?;
    session.judge(
        &checks::RELINQUISH_UNKNOWN,
        is(404, "a relinquish", &answer),
    );
    let answer = device.delete(&url).await?;
    session.judge(&checks::DELETE_UNKNOWN, is(404, "a deletion", &answer));
    let answer = session
        .send(request(Method::Get, &url, Vec::new(), None))
        .await?;
    session.judge(&checks::PREVIEW_UNKNOWN, is(404, "a preview", &answer));
    Ok(())
}

/// A part of a body that is required.
const REQUIRED: [&str; 4] = [
    "/payload",
    "/payload/data",
    "/displayInformation",
    "/displayInformation/title",
];

/// What is no request, or lacks what it needs.
pub(crate) async fn malformed(session: &Session<'_>) -> Result<(), Stopped> {
    malformed_creations(session).await?;
    let body = session.mailbox();
    let Some((sender, made)) = session.make(&checks::UPDATE_MALFORMED, &body).await? else {
        return Ok(());
    };
    let url = made.url.as_str();
    let list = vec![
        (headers::DEVICE_CLAIM, sender.claim.clone()),
        (headers::REQUEST_ID, fresh()),
    ];
    let answer = session
        .send(request(Method::Put, url, list, Some(b"{}".to_vec())))
        .await?;
    session.judge(
        &checks::UPDATE_MALFORMED,
        is(400, "one without payload", &answer),
    );
    without_a_claim(session, url).await?;
    sender.delete(url).await?;
    Ok(())
}

async fn malformed_creations(session: &Session<'_>) -> Result<(), Stopped> {
    let path = format!("{}{MAILBOX_PATH}", session.relay());
    for part in REQUIRED {
        let mut body = session.mailbox();
        without(&mut body, part);
        let answer = session.device().create(&fresh(), &body).await?;
        session.judge(
            &checks::CREATE_MALFORMED,
            is(400, &format!("one without {part}"), &answer),
        );
    }
    refused(
        session,
        &checks::CREATE_MALFORMED,
        &[400],
        Method::Post,
        &path,
        Some("{"),
        true,
    )
    .await
}

/// The draft names two statuses that fit.
async fn without_a_claim(session: &Session<'_>, url: &str) -> Result<(), Stopped> {
    let (path, body) = (
        format!("{}{MAILBOX_PATH}", session.relay()),
        session.mailbox(),
    );
    let (create, update) = (
        body.to_string(),
        json!({ "payload": body["payload"] }).to_string(),
    );
    for (method, url, body) in [
        (Method::Post, path.as_str(), Some(create.as_str())),
        (Method::Post, url, None),
        (Method::Put, url, Some(&update)),
    ] {
        refused(
            session,
            &checks::CLAIM_NEEDED,
            &[400, 401],
            method,
            url,
            body,
            false,
        )
        .await?;
    }
    let mut stranger = session.device();
    stranger.claim = "not-a-uuid".to_owned();
    let answer = stranger.read(url, &[]).await?;
    let seen = holds(
        matches!(answer.status, 400 | 401),
        &format!("a read with another was answered by {}", answer.status),
    );
    session.judge(&checks::CLAIM_IS_UUID, seen);
    Ok(())
}

/// A request with this body is refused, with or without a claim.
async fn refused(
    session: &Session<'_>,
    check: &'static Check,
    statuses: &[u16],
    method: Method,
    url: &str,
    body: Option<&str>,
    claims: bool,
) -> Result<(), Stopped> {
    let mut list = vec![(headers::REQUEST_ID, fresh())];
    if claims {
        list.push((headers::DEVICE_CLAIM, fresh()));
    }
    let body = body.map(|body| body.as_bytes().to_vec());
    let answer = session.send(request(method, url, list, body)).await?;
    let seen = format!("{} {url} was answered by {}", method.name(), said(&answer));
    session.judge(check, holds(statuses.contains(&answer.status), &seen));
    Ok(())
}

fn without(body: &mut Value, part: &str) {
    let (outer, name) = part.rsplit_once('/').unwrap_or_default();
    if let Some(Value::Object(object)) = body.pointer_mut(outer) {
        object.remove(name);
    }
}

/// A mailbox that is to expire while the other checks are made, and until when it lives.
pub(crate) async fn short_life(session: &Session<'_>) -> Result<Option<(Made, u64)>, Stopped> {
    let Some(now) = session.date() else {
        session.skip(&checks::EXPIRED, "it does not tell its time");
        return Ok(None);
    };
    let end = now + LIFE;
    let mut body = session.mailbox();
    body["mailboxConfiguration"]["expiration"] = json!(format_timestamp(end));
    let sender = session.device();
    sender.create(&fresh(), &body).await?;
    Ok(session.last_made(&sender.claim).map(|made| (made, end)))
}

/// It is gone.
pub(crate) async fn expiry(
    session: &Session<'_>,
    short: Option<(Made, u64)>,
) -> Result<(), Stopped> {
    let Some((made, end)) = short else {
        session.skip(&checks::EXPIRED, "it makes no mailbox for 3 seconds");
        return Ok(());
    };
    let left = end.saturating_sub(session.date().unwrap_or_default());
    session.pass(left + 1).await;
    let read = session.device().read(&made.url, &[]).await?;
    session.judge(
        &checks::EXPIRED,
        is(404, "a read after the expiration", &read),
    );
    Ok(())
}
