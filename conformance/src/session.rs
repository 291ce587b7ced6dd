//! One run: what was asked, made and found so far.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tigress_mailbox::{
    HttpRequest, HttpResponse, MAILBOX_PATH, Method, PAYLOAD_TYPE, format_timestamp, headers, media,
};
use uuid::Uuid;

use crate::checks::{self, Check, Source};
use crate::{Client, Finding, Stopped, Verdict};

/// Seconds that a mailbox of a run lives at the most.
const LIFE: u64 = 600;

/// What a check has seen: nothing amiss, or what.
pub(crate) type Seen = Result<(), String>;

pub(crate) struct Session<'c> {
    relay: String,
    client: &'c dyn Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    verdicts: HashMap<&'static str, Verdict>,
    made: Vec<Made>,
    requests: usize,
    /// The relay's time at its last answer.
    date: Option<u64>,
    /// Answers to Create, Read and Update that name a version, and those that name none.
    versions: (usize, usize),
}

/// A mailbox as it was made.
#[derive(Clone)]
pub(crate) struct Made {
    /// Where it is asked for.
    pub(crate) url: String,
    /// Where the relay says that it is.
    pub(crate) link: String,
    pub(crate) claim: String,
}

/// A header, and its value.
pub(crate) type Header = (&'static str, String);

impl<'c> Session<'c> {
    pub(crate) fn new(relay: &str, client: &'c dyn Client) -> Self {
        Self {
            relay: relay.trim_end_matches('/').to_owned(),
            client,
            state: Mutex::default(),
        }
    }

    pub(crate) fn relay(&self) -> &str {
        &self.relay
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn requests(&self) -> usize {
        self.state().requests
    }

    pub(crate) async fn pass(&self, seconds: u64) {
        self.client.pass(seconds).await;
    }

    /// A read of nothing: from its answer the run has the relay's time.
    pub(crate) async fn ask_the_time(&self) -> Result<(), Stopped> {
        let nowhere = self.mailbox_url(&fresh());
        let answer = self.device().read(&nowhere, &[]).await?;
        self.judge(&checks::READ_UNKNOWN, is(404, "a read", &answer));
        match answer.header(headers::DATE) {
            Some(_) if answer.date().is_some() => self.judge(&checks::DATE, Ok(())),
            Some(text) => self.judge(&checks::DATE, Err(format!("this is no date: {text}"))),
            None => self.skip(&checks::DATE, "its answers have no Date"),
        }
        Ok(())
    }

    /// A fresh device.
    pub(crate) fn device(&self) -> Device<'_, 'c> {
        Device {
            session: self,
            claim: fresh(),
        }
    }

    pub(crate) fn mailbox_url(&self, id: &str) -> String {
        format!("{}{MAILBOX_PATH}/{id}", self.relay)
    }

    /// The relay's time, if it tells one.
    pub(crate) fn date(&self) -> Option<u64> {
        self.state().date
    }

    /// The same, or else this machine's.
    fn now(&self) -> u64 {
        let own = || SystemTime::now().duration_since(UNIX_EPOCH);
        self.date()
            .unwrap_or_else(|| own().map_or(0, |since| since.as_secs()))
    }

    /// The body of a CreateMailbox that is in order.
    pub(crate) fn mailbox(&self) -> Value {
        json!({
            "payload": payload("first"),
            "displayInformation": {
                "title": "Conformance test", "description": "Nobody needs it", "imageURL": "https://image.example/it.png",
            },
            "mailboxConfiguration": {
                "accessRights": "RWD", "expiration": format_timestamp(self.now() + LIFE),
            },
        })
    }

    /// A mailbox with this body; none, and that is a failure of the check, if the relay does not make it.
    pub(crate) async fn make(
        &self,
        check: &'static Check,
        body: &Value,
    ) -> Result<Option<(Device<'_, 'c>, Made)>, Stopped> {
        let sender = self.device();
        let answer = sender.create(&fresh(), body).await?;
        let made = self.last_made(&sender.claim);
        if made.is_none() {
            self.judge(check, is(200, "a creation", &answer));
        }
        Ok(made.map(|made| (sender, made)))
    }

    pub(crate) fn last_made(&self, claim: &str) -> Option<Made> {
        let state = self.state();
        state.made.iter().rfind(|made| made.claim == claim).cloned()
    }

    /// What an answer says of a mailbox, whatever form its link has.
    fn made(&self, answer: &HttpResponse) -> Option<String> {
        let link = body_of(answer)["urlLink"].as_str()?.to_owned();
        (answer.status == 200).then_some(link)
    }

    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Stopped> {
        let header = |name: &str| {
            let found = request.headers.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.clone())
        };
        let (id, claim) = (header(headers::REQUEST_ID), header(headers::DEVICE_CLAIM));
        let creates = request.method == Method::Post && request.url.ends_with(MAILBOX_PATH);
        let slot = matches!(request.method, Method::Post | Method::Put);
        self.state().requests += 1;
        let answer = self.client.send(request).await?;
        if let Some(id) = id {
            let echo = answer.header(headers::REQUEST_ID);
            let seen = (echo == Some(id.as_str())).then_some(());
            self.judge(
                &checks::ECHO,
                seen.ok_or(format!(
                    "an answer with status {} has {}",
                    answer.status,
                    echo.map_or("none".to_owned(), |echo| format!("another: {echo}"))
                )),
            );
        }
        let mut state = self.state();
        state.date = answer.date().or(state.date);
        if slot && matches!(answer.status, 200 | 201) {
            match answer.header(headers::PAYLOAD_VERSION) {
                Some(_) => state.versions.0 += 1,
                None => state.versions.1 += 1,
            }
        }
        if creates && let Some(link) = self.made(&answer) {
            let id = link.rsplit('/').next().unwrap_or_default();
            state.made.push(Made {
                url: self.mailbox_url(id),
                link,
                claim: claim.unwrap_or_default(),
            });
        }
        Ok(answer)
    }

    /// What was seen of a check. One that has failed stays so, whatever else is seen.
    pub(crate) fn judge(&self, check: &'static Check, seen: Seen) {
        let mut state = self.state();
        let verdict = state.verdicts.entry(check.name).or_insert(Verdict::Passed);
        match seen {
            Err(what) if !matches!(verdict, Verdict::Failed(_)) => *verdict = Verdict::Failed(what),
            _ => {}
        }
    }

    /// The check can't be made, or need not be passed.
    pub(crate) fn skip(&self, check: &'static Check, why: &str) {
        let verdict = Verdict::Skipped(why.to_owned());
        self.state().verdicts.entry(check.name).or_insert(verdict);
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        let versions = self.state().versions;
        if let (1.., none @ 1..) = versions {
            let seen = format!("{none} answers to Create, Read or Update name none");
            self.judge(&checks::VERSIONS, Err(seen));
        }
        let mut state = self.state();
        let unseen = |check: &Check| {
            Verdict::Skipped(match check.source {
                Source::Addition => "not offered".to_owned(),
                _ => "what comes before it has failed".to_owned(),
            })
        };
        let finding = |check: &&'static Check| Finding {
            verdict: state
                .verdicts
                .remove(check.name)
                .unwrap_or_else(|| unseen(check)),
            check,
        };
        checks::ALL.iter().map(finding).collect()
    }

    /// Deletes what is left, as far as the relay lets it.
    pub(crate) async fn clean_up(&self) {
        let left = std::mem::take(&mut self.state().made);
        for made in left {
            let request = request(Method::Delete, &made.url, own(&made.claim, &fresh()), None);
            let _ = self.client.send(request).await;
        }
    }

    /// Nothing is left to be deleted of it.
    fn gone(&self, url: &str) {
        self.state().made.retain(|made| made.url != url);
    }
}

/// A device at the relay.
#[derive(Clone)]
pub(crate) struct Device<'s, 'c> {
    session: &'s Session<'c>,
    pub(crate) claim: String,
}

impl Device<'_, '_> {
    pub(crate) async fn create(&self, id: &str, body: &Value) -> Result<HttpResponse, Stopped> {
        let url = format!("{}{MAILBOX_PATH}", self.session.relay);
        self.call(Method::Post, &url, id, Some(body), &[]).await
    }

    /// With a request id of its own, and these headers.
    pub(crate) async fn read(&self, url: &str, more: &[Header]) -> Result<HttpResponse, Stopped> {
        self.call(Method::Post, url, &fresh(), None, more).await
    }

    /// Held for so many seconds while the payload is of this version.
    pub(crate) async fn read_held(
        &self,
        url: &str,
        seconds: u64,
        version: Option<&str>,
    ) -> Result<HttpResponse, Stopped> {
        let mut list = own(&self.claim, &fresh());
        list.push((headers::PREFER, format!("wait={seconds}")));
        list.extend(version.map(|version| (headers::PAYLOAD_VERSION, version.to_owned())));
        let mut request = request(Method::Post, url, list, None);
        request.wait = seconds;
        self.session.send(request).await
    }

    pub(crate) async fn update(
        &self,
        url: &str,
        id: &str,
        data: &str,
    ) -> Result<HttpResponse, Stopped> {
        self.update_if(url, id, data, &[]).await
    }

    pub(crate) async fn update_if(
        &self,
        url: &str,
        id: &str,
        data: &str,
        more: &[Header],
    ) -> Result<HttpResponse, Stopped> {
        let body = json!({ "payload": payload(data) });
        self.call(Method::Put, url, id, Some(&body), more).await
    }

    /// Its answer held for so many seconds until the next payload comes.
    pub(crate) async fn update_held(
        &self,
        url: &str,
        id: &str,
        data: &str,
        seconds: u64,
    ) -> Result<HttpResponse, Stopped> {
        let mut list = own(&self.claim, id);
        let wish = format!("wait={seconds}, return=representation");
        list.push((headers::PREFER, wish));
        let body = json!({ "payload": payload(data) }).to_string().into_bytes();
        let mut request = request(Method::Put, url, list, Some(body));
        request.wait = seconds;
        self.session.send(request).await
    }

    pub(crate) async fn relinquish(&self, url: &str, id: &str) -> Result<HttpResponse, Stopped> {
        self.call(Method::Patch, url, id, None, &[]).await
    }

    pub(crate) async fn delete(&self, url: &str) -> Result<HttpResponse, Stopped> {
        let answer = self.call(Method::Delete, url, &fresh(), None, &[]).await?;
        if answer.status == 200 {
            self.session.gone(url);
        }
        Ok(answer)
    }

    async fn call(
        &self,
        method: Method,
        url: &str,
        id: &str,
        body: Option<&Value>,
        more: &[Header],
    ) -> Result<HttpResponse, Stopped> {
        let mut list = own(&self.claim, id);
        list.extend_from_slice(more);
        let body = body.map(|body| body.to_string().into_bytes());
        self.session.send(request(method, url, list, body)).await
    }
}

fn own(claim: &str, id: &str) -> Vec<Header> {
    vec![
        (headers::DEVICE_CLAIM, claim.to_owned()),
        (headers::REQUEST_ID, id.to_owned()),
    ]
}

pub(crate) fn request(
    method: Method,
    url: &str,
    mut headers: Vec<Header>,
    body: Option<Vec<u8>>,
) -> HttpRequest {
    if body.is_some() {
        headers.push((headers::CONTENT_TYPE, media::JSON.to_owned()));
    }
    HttpRequest {
        method,
        url: url.to_owned(),
        headers,
        body,
        wait: 0,
        isolation: "conformance".to_owned(),
    }
}

pub(crate) fn payload(data: &str) -> Value {
    json!({ "type": PAYLOAD_TYPE, "data": data })
}

/// A claim or a request id that nobody has used.
pub(crate) fn fresh() -> String {
    Uuid::new_v4().to_string()
}

/// The JSON of an answer; null if it is none.
pub(crate) fn body_of(answer: &HttpResponse) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// The data of the payload in it.
pub(crate) fn data_of(answer: &HttpResponse) -> Value {
    body_of(answer)["payload"]["data"].clone()
}

/// What an answer is, in a few words that repeat nothing of it but its status and media type.
pub(crate) fn said(answer: &HttpResponse) -> String {
    let kind = answer.header(headers::CONTENT_TYPE).unwrap_or("no body");
    let kind = kind.split(';').next().unwrap_or_default();
    let kind: String = kind
        .chars()
        .filter(char::is_ascii_graphic)
        .take(40)
        .collect();
    format!("{}, {kind}", answer.status)
}

/// Whether the answer to `what` has this status.
pub(crate) fn is(status: u16, what: &str, answer: &HttpResponse) -> Seen {
    match answer.status {
        found if found == status => Ok(()),
        found => Err(format!("{what} was answered by {found}, not {status}")),
    }
}

/// Whether `what` is so.
pub(crate) fn holds(so: bool, else_seen: &str) -> Seen {
    so.then_some(()).ok_or_else(|| else_seen.to_owned())
}
