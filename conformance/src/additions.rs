//! What this project adds, and a relay may leave out.

use std::time::{Duration, Instant};

use serde_json::json;
use tigress_mailbox::{
    HttpResponse, PAYLOAD_TYPE, Secret, headers, media, problems, recipient_proof_hash,
    recipient_proof_header,
};

use crate::Stopped;
use crate::checks::{self, Check};
use crate::session::{Device, Header, Made, Session, body_of, data_of, fresh, holds, is, payload};

/// Longest hold that is asked for where the answer is expected at once…
const HOLD: u64 = 20;
/// …which stands for: it was held all the same.
const AT_ONCE: Duration = Duration::from_secs(HOLD - 5);
/// A hold of one second is no shorter, whatever the clocks.
const A_SECOND: Duration = Duration::from_millis(900);

/// What a mailbox may be made with, and how a refusal looks.
pub(crate) async fn creation(session: &Session<'_>) -> Result<(), Stopped> {
    let mut body = session.mailbox();
    let kind = PAYLOAD_TYPE.len();
    body["payload"] = payload(&"x".repeat(16 * 1024 - kind));
    if let Some((sender, made)) = session.make(&checks::SIXTEEN_KIB, &body).await? {
        session.judge(&checks::SIXTEEN_KIB, Ok(()));
        let stranger = session.device();
        let refusals = [
            (
                problems::UNAUTHORIZED,
                stranger.update(&made.url, &fresh(), "x").await?,
            ),
            (
                problems::NOT_FOUND,
                stranger.read(&session.mailbox_url(&fresh()), &[]).await?,
            ),
            (
                problems::MALFORMED,
                stranger.create(&fresh(), &json!({})).await?,
            ),
        ];
        sender.delete(&made.url).await?;
        if refusals.iter().all(|(_, answer)| !is_problem(answer)) {
            session.skip(&checks::PROBLEMS, "its refusals are no problem documents");
            return Ok(());
        }
        for (wanted, answer) in refusals {
            session.judge(&checks::PROBLEMS, says(&answer, wanted));
        }
    }
    Ok(())
}

fn is_problem(answer: &HttpResponse) -> bool {
    let kind = answer.header(headers::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.starts_with(media::PROBLEM))
}

/// A problem document of this type, which tells the status.
fn says(answer: &HttpResponse, problem: &str) -> Result<(), String> {
    let body = body_of(answer);
    holds(
        is_problem(answer),
        &format!("a {} is no problem document", answer.status),
    )?;
    holds(
        body["type"] == problem,
        &format!("a {} is not of type {problem}", answer.status),
    )?;
    holds(
        body["status"] == answer.status,
        "its status is another than the answer's",
    )
}

fn version(answer: &HttpResponse) -> Option<String> {
    answer.header(headers::PAYLOAD_VERSION).map(str::to_owned)
}

/// What needs the payload's version, and therefore is not there without.
const BY_VERSION: [&Check; 8] = [
    &checks::VERSIONS,
    &checks::CONDITION,
    &checks::CONDITION_LAST,
    &checks::HELD,
    &checks::HELD_END,
    &checks::NOT_HELD,
    &checks::HELD_UPDATE,
    &checks::HELD_UPDATE_AGAIN,
];

/// Payload versions, and what stands on them.
pub(crate) async fn versions(session: &Session<'_>) -> Result<(), Stopped> {
    let mut body = session.mailbox();
    body["later"] = json!({ "x": [1] });
    let Some((sender, made)) = session.make(&checks::UNKNOWN_KEYS, &body).await? else {
        return Ok(());
    };
    session.judge(&checks::UNKNOWN_KEYS, Ok(()));
    let url = &made.url;
    let Some(first) = version(&sender.read(url, &[]).await?) else {
        for check in BY_VERSION {
            session.skip(check, "its reads name no version");
        }
        return Ok(());
    };
    let updated = version(&sender.update(url, &fresh(), "first").await?);
    let Some(read) = version(&sender.read(url, &[]).await?) else {
        session.judge(&checks::VERSIONS, Err("a read names none".to_owned()));
        return Ok(());
    };
    let other = holds(read != first, "another payload has the same");
    let same = holds(
        updated.as_ref() == Some(&read),
        "a read names another than the update before it",
    );
    session.judge(&checks::VERSIONS, other.and(same));
    conditions(session, &sender, &made, [&first, &read]).await?;
    held_updates(session, &sender, &made).await?;
    held_reads(session, &sender, &made).await
}

/// Conditional updates, with the version before and the one that is.
async fn conditions(
    session: &Session<'_>,
    sender: &Device<'_, '_>,
    made: &Made,
    versions: [&str; 2],
) -> Result<(), Stopped> {
    let [old, current] =
        versions.map(|version| -> [Header; 1] { [(headers::IF_MATCH, format!("\"{version}\""))] });
    let (url, id) = (&made.url, fresh());
    let stale = sender.update_if(url, &id, "stale", &old).await?;
    if stale.status == 200 {
        for check in [&checks::CONDITION, &checks::CONDITION_LAST] {
            session.skip(check, "it does not look at If-Match");
        }
        return Ok(());
    }
    let seen = is(412, "an update with the version before", &stale);
    session.judge(&checks::CONDITION, seen);
    let good = sender.update_if(url, &id, "good", &current).await?;
    let seen = is(200, "one with the current version, after a 412", &good);
    session.judge(&checks::CONDITION, seen);
    let again = sender.update_if(url, &id, "good", &current).await?;
    session.judge(&checks::CONDITION_LAST, is(201, "a repetition", &again));
    let foreign = session.device().update_if(url, &fresh(), "x", &old).await?;
    session.judge(&checks::CONDITION_LAST, is(401, "a stranger's", &foreign));
    let read = data_of(&sender.read(url, &[]).await?);
    session.judge(
        &checks::CONDITION,
        holds(read == "good", "another payload is there"),
    );
    Ok(())
}

/// Long poll.
async fn held_reads(
    session: &Session<'_>,
    sender: &Device<'_, '_>,
    made: &Made,
) -> Result<(), Stopped> {
    let (url, reader) = (&made.url, session.device());
    let Some(known) = version(&reader.read(url, &[]).await?) else {
        return Ok(());
    };
    let begun = Instant::now();
    let same = reader.read_held(url, 1, Some(&known)).await?;
    let is_held = begun.elapsed() >= A_SECOND;
    if !is_held && same.header(headers::PREFERENCE_APPLIED).is_none() {
        for check in [&checks::HELD, &checks::HELD_END, &checks::NOT_HELD] {
            session.skip(check, "it holds no answer");
        }
        return Ok(());
    }
    let whole = holds(is_held, "it was not held for its second");
    let seen = whole.and(holds(
        version(&same).as_ref() == Some(&known),
        "after its time it has another version",
    ));
    session.judge(&checks::HELD, seen);
    let begun = Instant::now();
    let read = reader.read_held(url, HOLD, None).await?;
    let at_once = holds(begun.elapsed() < AT_ONCE, "it was held");
    session.judge(&checks::NOT_HELD, at_once.and(is(200, "it", &read)));
    released(session, sender, &reader, url, &known).await
}

/// Write, then wait, in one request.
async fn held_updates(
    session: &Session<'_>,
    sender: &Device<'_, '_>,
    made: &Made,
) -> Result<(), Stopped> {
    let url = &made.url;
    let begun = Instant::now();
    let alone = sender.update_held(url, &fresh(), "alone", 1).await?;
    let is_held = begun.elapsed() >= A_SECOND;
    if !is_held && alone.header(headers::PREFERENCE_APPLIED).is_none() {
        for check in [&checks::HELD_UPDATE, &checks::HELD_UPDATE_AGAIN] {
            session.skip(check, "it holds no update");
        }
        return Ok(());
    }
    let read = sender.read(url, &[]).await?;
    let whole = holds(is_held, "it was not held for its second");
    let seen = whole.and(is(200, "it, after its time,", &alone)).and(holds(
        version(&alone) == version(&read) && data_of(&alone).is_null(),
        "after its time it says more than that it is done",
    ));
    session.judge(&checks::HELD_UPDATE, seen);
    answered(session, sender, url, version(&read)).await
}

/// Held, and repeated, while another device writes.
async fn answered(
    session: &Session<'_>,
    sender: &Device<'_, '_>,
    url: &str,
    known: Option<String>,
) -> Result<(), Stopped> {
    let (id, other, begun) = (fresh(), sender.clone(), Instant::now());
    let (held, then) = tokio::join!(sender.update_held(url, &id, "held", HOLD), async {
        let read = other.read_held(url, HOLD, known.as_deref()).await?;
        let written = other.update(url, &fresh(), "then").await?;
        Ok::<_, Stopped>((read, written))
    });
    let (held, (read, written)) = (held?, then?);
    let at_once = holds(
        begun.elapsed() < AT_ONCE,
        "it was held although there was another payload",
    );
    let done = holds(data_of(&read) == "held", "it was not done at once");
    let next = holds(
        data_of(&held) == "then" && version(&held) == version(&written),
        "it was answered without the next payload",
    );
    let seen = is(200, "it", &held).and(done).and(next).and(at_once);
    session.judge(&checks::HELD_UPDATE, seen);

    let begun = Instant::now();
    let again = sender.update_held(url, &id, "held", HOLD).await?;
    let at_once = holds(begun.elapsed() < AT_ONCE, "it was held");
    let next = holds(
        data_of(&again) == "then",
        "it was answered without what the mailbox holds",
    );
    let seen = is(201, "it", &again).and(next).and(at_once);
    session.judge(&checks::HELD_UPDATE_AGAIN, seen);
    Ok(())
}

/// What ends a hold before its time: another payload, and the end of the mailbox.
async fn released(
    session: &Session<'_>,
    sender: &Device<'_, '_>,
    reader: &Device<'_, '_>,
    url: &str,
    known: &str,
) -> Result<(), Stopped> {
    let (begun, id) = (Instant::now(), fresh());
    let (read, written) = tokio::join!(
        reader.read_held(url, HOLD, Some(known)),
        sender.update(url, &id, "news")
    );
    let (read, written) = (read?, written?);
    let news = holds(
        data_of(&read) == "news",
        "it was answered with what it knew",
    );
    let at_once = holds(
        begun.elapsed() < AT_ONCE,
        "it was held although there was another payload",
    );
    session.judge(&checks::HELD, news.and(at_once));

    let (begun, known) = (Instant::now(), version(&written));
    let (read, deleted) = tokio::join!(
        reader.read_held(url, HOLD, known.as_deref()),
        sender.delete(url)
    );
    deleted?;
    let at_once = holds(
        begun.elapsed() < AT_ONCE,
        "it was held although the mailbox was gone",
    );
    session.judge(&checks::HELD_END, is(404, "it", &read?).and(at_once));
    Ok(())
}

/// The recipient proof.
pub(crate) async fn recipient_proof(session: &Session<'_>) -> Result<(), Stopped> {
    let (right, wrong) = (Secret::new([1; 32]), Secret::new([2; 32]));
    let mut body = session.mailbox();
    body["recipientProof"] = json!(recipient_proof_hash(&right));
    let Some((sender, made)) = session.make(&checks::PROOF, &body).await? else {
        return Ok(());
    };
    let (recipient, stranger) = (session.device(), session.device());
    let shown =
        |proof| -> [Header; 1] { [(headers::RECIPIENT_PROOF, recipient_proof_header(proof))] };
    let read = stranger.read(&made.url, &[]).await?;
    if read.status == 200 {
        session.skip(&checks::PROOF, "it binds who shows none");
        return Ok(());
    }
    session.judge(&checks::PROOF, is(401, "a read without it", &read));
    let read = stranger.read(&made.url, &shown(&wrong)).await?;
    session.judge(&checks::PROOF, is(401, "a read with a wrong one", &read));
    let read = sender.read(&made.url, &[]).await?;
    session.judge(
        &checks::PROOF,
        is(200, "the sender's read, which needs none,", &read),
    );
    let read = recipient.read(&made.url, &shown(&right)).await?;
    session.judge(&checks::PROOF, is(200, "a read with the right one", &read));
    let read = recipient.read(&made.url, &[]).await?;
    session.judge(&checks::PROOF, is(200, "a read of who is bound", &read));
    Ok(())
}
