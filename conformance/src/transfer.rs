//! A whole transfer as the draft has it: two devices, one after the other, and a stranger.

use serde_json::Value;
use tigress_mailbox::{HttpResponse, MAILBOX_PATH, Method, headers, parse_timestamp};
use url::Url;
use uuid::Uuid;

use crate::Stopped;
use crate::checks;
use crate::session::{Device, Made, Session, body_of, data_of, fresh, holds, is, request, said};

/// From the creation to the deletion.
pub(crate) async fn transfer(session: &Session<'_>) -> Result<(), Stopped> {
    let (sender, first, second) = (session.device(), session.device(), session.device());
    let (id, body) = (fresh(), session.mailbox());
    let created = sender.create(&id, &body).await?;
    let Some(made) = session.last_made(&sender.claim) else {
        return Err(Stopped::NoRelay(said(&created)));
    };
    linked(session, &created, &made);
    let again = sender.create(&id, &body).await?;
    let made_one = session.last_made(&sender.claim);
    let another = made_one.is_none_or(|other| other.url != made.url);
    let seen = is(201, "a repetition", &again).and(holds(!another, "it has made another"));
    session.judge(&checks::CREATED_AGAIN, seen);
    match body_of(&again)["urlLink"].as_str() {
        Some(link) => {
            let same = holds(link == made.link, "it gives another link");
            session.judge(&checks::SAME_LINK, same);
        }
        None => session.skip(&checks::SAME_LINK, "its 201 has no urlLink"),
    }
    shown(session, &made, &body).await?;

    let read = first.read(&made.url, &[]).await?;
    was_read(session, &read, &body);
    let read = second.read(&made.url, &[]).await?;
    let alone = holds(read.status != 200, "a second one may read too");
    session.judge(&checks::ONE_RECIPIENT, alone);
    session.judge(&checks::READ_STRANGER, is(401, "a read", &read));
    written(session, &made, [&sender, &first, &second].map(Clone::clone)).await?;
    given_up(session, &made, [&sender, &first, &second].map(Clone::clone)).await
}

/// The answer to CreateMailbox.
fn linked(session: &Session<'_>, created: &HttpResponse, made: &Made) {
    let body = body_of(created);
    let push = body["isPushNotificationSupported"].is_boolean();
    session.judge(
        &checks::CREATED_PUSH,
        holds(push, "there is no isPushNotificationSupported"),
    );
    let id = made.url.rsplit('/').next().unwrap_or_default();
    session.judge(
        &checks::IDENTIFIER,
        holds(Uuid::try_parse(id).is_ok(), "it is none"),
    );
    let link = Url::parse(&made.link);
    let whole = link.as_ref().is_ok_and(|link| {
        link.has_host() && link.path() == format!("{MAILBOX_PATH}/{id}") && link.query().is_none()
    });
    session.judge(
        &checks::CREATED,
        holds(whole, "urlLink is not https://HOST/v1/m/ID"),
    );
    let (Ok(link), Ok(relay)) = (link, Url::parse(session.relay())) else {
        return;
    };
    match (link.scheme(), relay.scheme()) {
        ("https", _) => session.judge(&checks::HTTPS, Ok(())),
        ("http", "http") => session.skip(&checks::HTTPS, "a relay on this machine, by plain http"),
        (scheme, _) => session.judge(&checks::HTTPS, Err(format!("urlLink is {scheme}"))),
    }
    let own = link.origin() == relay.origin()
        || is_local(&link) && is_local(&relay) && link.port() == relay.port();
    session.judge(
        &checks::OWN_ORIGIN,
        holds(own, "urlLink is of another origin"),
    );
}

/// Names of this machine are one relay, by port, for plain http.
fn is_local(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// ReadDisplayInformationFromMailbox, before anybody is bound.
async fn shown(session: &Session<'_>, made: &Made, body: &Value) -> Result<(), Stopped> {
    let page = session
        .send(request(Method::Get, &made.url, Vec::new(), None))
        .await?;
    let text = String::from_utf8_lossy(&page.body);
    let title = body["displayInformation"]["title"]
        .as_str()
        .unwrap_or_default();
    let is_page = page
        .header(headers::CONTENT_TYPE)
        .is_some_and(|kind| kind.starts_with("text/html"));
    session.judge(&checks::PREVIEW, is(200, "a preview", &page));
    session.judge(&checks::PREVIEW, holds(is_page, "it is no text/html"));
    let has_title = text.contains("og:title") && text.contains(title);
    session.judge(
        &checks::PREVIEW,
        holds(has_title, "there is no og:title with the title"),
    );
    Ok(())
}

/// ReadSecureContentFromMailbox by the first that comes.
fn was_read(session: &Session<'_>, read: &HttpResponse, body: &Value) {
    let answer = body_of(read);
    session.judge(&checks::STORED, is(200, "the first recipient's read", read));
    let same = answer["payload"] == body["payload"];
    session.judge(&checks::STORED, holds(same, "a read gives another payload"));
    let same = answer["displayInformation"] == body["displayInformation"];
    session.judge(&checks::READ_DISPLAY, holds(same, "a read gives another"));
    let told = answer["expiration"].as_str().and_then(parse_timestamp);
    session.judge(
        &checks::READ_EXPIRATION,
        holds(told.is_some(), "there is no time as YYYY-MM-DDThh:mm:ssZ"),
    );
}

type Devices<'s, 'c> = [Device<'s, 'c>; 3];

/// UpdateMailbox, and who may not.
async fn written(
    session: &Session<'_>,
    made: &Made,
    [sender, first, stranger]: Devices<'_, '_>,
) -> Result<(), Stopped> {
    let url = &made.url;
    let answer = first.update(url, &fresh(), "second").await?;
    session.judge(
        &checks::OVERWRITTEN,
        is(200, "the recipient's update", &answer),
    );
    let push = body_of(&answer)["isPushNotificationSupported"].is_boolean();
    session.judge(
        &checks::UPDATED,
        holds(push, "there is no isPushNotificationSupported"),
    );
    let read = sender.read(url, &[]).await?;
    session.judge(
        &checks::OVERWRITTEN,
        holds(
            data_of(&read) == "second",
            "the sender reads something else",
        ),
    );
    let id = fresh();
    let answer = first.update(url, &id, "third").await?;
    session.judge(&checks::BACK_TO_BACK, is(200, "another update", &answer));
    let again = first.update(url, &id, "fourth").await?;
    session.judge(&checks::UPDATED_AGAIN, is(201, "a repetition", &again));
    let foreign = stranger.update(url, &fresh(), "fifth").await?;
    session.judge(&checks::UPDATE_STRANGER, is(401, "an update", &foreign));
    let read = data_of(&sender.read(url, &[]).await?);
    session.judge(&checks::BACK_TO_BACK, holds(read != "second", "it is lost"));
    session.judge(
        &checks::UPDATED_AGAIN,
        holds(read != "fourth", "it was done again"),
    );
    session.judge(
        &checks::UPDATE_STRANGER,
        holds(read != "fifth", "it was done"),
    );
    Ok(())
}

/// RelinquishMailbox and DeleteMailbox, and who may not.
async fn given_up(
    session: &Session<'_>,
    made: &Made,
    [sender, first, second]: Devices<'_, '_>,
) -> Result<(), Stopped> {
    let url = &made.url;
    let answer = second.delete(url).await?;
    session.judge(&checks::DELETE_STRANGER, is(401, "a deletion", &answer));
    for device in [&second, &sender] {
        let answer = device.relinquish(url, &fresh()).await?;
        session.judge(
            &checks::RELINQUISH_STRANGER,
            is(401, "somebody else's", &answer),
        );
    }
    let id = fresh();
    let answer = first.relinquish(url, &id).await?;
    session.judge(&checks::RELINQUISHED, is(200, "a relinquish", &answer));
    let read = second.read(url, &[]).await?;
    session.judge(
        &checks::RELINQUISHED,
        is(200, "the next recipient's read", &read),
    );
    let again = first.relinquish(url, &id).await?;
    session.judge(&checks::RELINQUISHED_AGAIN, is(201, "a repetition", &again));
    let read = first.read(url, &[]).await?;
    session.judge(
        &checks::RELINQUISHED_AGAIN,
        holds(read.status != 200, "the place was free again"),
    );
    let answer = second.delete(url).await?;
    session.judge(
        &checks::DELETED,
        is(200, "the recipient's deletion", &answer),
    );
    let read = sender.read(url, &[]).await?;
    session.judge(&checks::DELETED, is(404, "a read after it", &read));
    Ok(())
}
