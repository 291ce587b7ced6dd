//! The HTTP interface: routes, and what every answer has in common.

mod about;
mod answer;
mod calls;
mod checked;
mod dates;
mod fault;
mod fields;
mod held;
mod json;
mod openapi;
mod page;
mod preview;
mod rest;
mod routes;
mod site;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use tigress_mailbox::MailboxId;
use tokio_util::sync::CancellationToken;

use crate::budget::{Budget, Taken};
use crate::certificates::Certificates;
use crate::client::Client;
use crate::config::RelayConfig;
use crate::metrics::{Call, Limit, Metrics, Operation};
use crate::peer::Peer;
use crate::push::Queue;
use crate::rate::Rate;
use crate::store::{Answer, Command, MailboxStore};
use crate::time::Time;
use answer::{Held, Reply, holding};
pub(crate) use dates::Dates;
use fault::Fault;
use rest::Lent;
use routes::Place;

/// What handlers share.
pub(crate) struct App {
    pub(crate) config: RelayConfig,
    pub(crate) origin: String,
    pub(crate) store: Arc<dyn MailboxStore>,
    pub(crate) time: Time,
    pub(crate) dates: Dates,
    pub(crate) push: Arc<Queue>,
    /// Those that are served, where the relay speaks TLS.
    pub(crate) certificates: Option<Arc<Certificates>>,
    pub(crate) rate: Rate,
    pub(crate) requests: Arc<Budget>,
    pub(crate) incoming: Arc<Budget>,
    pub(crate) outgoing: Arc<Budget>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) stop: CancellationToken,
}

impl App {
    /// Runs a command and notifies whom it concerns.
    async fn apply(&self, id: MailboxId, command: Command) -> Result<Answer, Fault> {
        let room = &self.config.limits.room;
        let applying = self.store.apply(id, command, room, self.time.now());
        let applied = self.metrics.of_store(Operation::Apply, applying).await?;
        if let Some(token) = applied.notify {
            self.push.notify(token);
        }
        Ok(applied.answer?)
    }

    /// Whose request it is, and whether its rate is limited.
    fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> (Client, bool) {
        let Some(name) = &self.config.client_ip_header else {
            let local = peer.to_canonical().is_loopback();
            let limited = self.config.limits.limit_loopback || self.config.is_behind_a_proxy();
            return (Client::of(peer), limited || !local);
        };
        // The last address is the one that the nearest proxy saw; those before it are anybody's claim.
        let last = headers.get_all(name.as_str()).iter().next_back();
        let last = last.and_then(|value| value.to_str().ok()?.rsplit(',').next());
        let client = last.and_then(|text| address(text.trim()));
        (client.map_or(Client::UNKNOWN, Client::of), true)
    }

    /// Whether a request names one of this relay's hosts, where these are set.
    fn is_for_us(&self, request: &Request) -> bool {
        if self.config.host_names.is_empty() {
            return true;
        }
        let host = request.headers().get(header::HOST);
        let host = host.and_then(|value| value.to_str().ok()?.parse().ok());
        let authority = request.uri().authority().or(host.as_ref());
        authority.is_some_and(|authority: &Authority| self.config.is_called(authority.host()))
    }

    /// Why a request is not looked at, which costs it next to nothing.
    fn refusal(
        &self,
        request: &Request,
        (client, limited): (Client, bool),
        has_place: bool,
    ) -> Option<Fault> {
        if !self.is_for_us(request) {
            return Some(Fault::Misdirected);
        }
        if limited && let Err(after) = self.rate.take(client) {
            self.metrics.refused(Limit::Rate);
            return Some(Fault::TooMany { after, why: None });
        }
        if !has_place {
            self.metrics.refused(Limit::Requests);
            let why = Some("too many requests under way");
            return Some(Fault::TooMany { after: 1, why });
        }
        None
    }

    /// A part of the bytes under way, for which a client waits if it has too many.
    async fn part(
        &self,
        budget: &Arc<Budget>,
        client: Client,
        bytes: usize,
    ) -> Result<Taken, Fault> {
        let patience = self.config.limits.patience;
        let taken = budget.take(client, bytes, patience).await;
        taken.ok_or_else(|| {
            self.metrics.refused(Limit::Bytes);
            Fault::TooMany {
                after: 1,
                why: Some("too many bytes under way"),
            }
        })
    }
}

/// Some proxies add the port.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port)
}

/// The interface, as connections ask it.
#[derive(Clone)]
pub(crate) struct Interface(Arc<App>);

impl Interface {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self(app)
    }

    /// Around every call: the limits before it, the common headers and one log line after it.
    pub(crate) async fn answer(self, peer: Peer, mut request: Request) -> Response {
        let Self(app) = self;
        let started = Instant::now();
        let under_way = peer.begin();
        let place = Place::of(request.uri().path());
        let call = place.call(request.method());
        let may_be_held = request.headers().contains_key(fields::PREFER);
        let echoed = fields::echoed_request_id(request.headers());
        let (client, limited) = app.caller(peer.ip, request.headers());
        let part = app.requests.try_take(client, 1);
        let lent = Lent::of(&mut request);
        let refused = if place.is_probe() {
            None
        } else {
            app.refusal(&request, (client, limited), part.is_some())
        };
        let Reply {
            mut response,
            bytes,
        } = match refused {
            Some(fault) if call == Call::Show => {
                preview::refused(&app, request.headers(), fault).into()
            }
            Some(fault) => fault.into_response().into(),
            None => routes::answer(&app, client, place, request).await,
        };
        if let Some(lent) = lent {
            // As much again as it may have been.
            let rest = lent.finish(app.config.limits.body_bytes);
            let _ = tokio::time::timeout(app.config.limits.request_timeout, rest).await;
        }
        let list = response.headers_mut();
        if let Some(id) = echoed {
            list.insert(fields::REQUEST_ID, once(id));
        }
        common_headers(list, app.dates.at(app.time.now()));
        let (time, status) = (started.elapsed(), response.status().as_u16());
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(call = call.word(), status, milliseconds, "answered");
        let time = (!may_be_held).then_some(time);
        app.metrics.answered(call, status, time);
        let held = Held {
            under_way,
            place: part,
            bytes,
            leaving: peer.leaving(),
        };
        holding(response, held).await
    }
}

/// A value that no other answer has: in the table that HTTP/2 keeps of header fields (RFC 7541 §7.1.3) it would only be in
/// the way, and each answer would be compared with those before it.
fn once(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

fn common_headers(list: &mut HeaderMap, date: HeaderValue) {
    list.insert(header::DATE, date);
    list.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    list.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    list.entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}
