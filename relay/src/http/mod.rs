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
mod site;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
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
use answer::{Cost, Held, holding};
pub(crate) use dates::Dates;
use fault::Fault;
use rest::Lent;

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
pub(crate) struct Interface {
    app: Arc<App>,
    routes: TowerToHyperService<Router>,
}

//= draft/4.2-json
fn routes(app: Arc<App>) -> Router {
    let mailbox = get(preview::show)
        .post(calls::read)
        .put(calls::update)
        .patch(calls::relinquish)
        .delete(calls::delete);
    Router::new()
        .route("/v1/m", post(calls::create))
        .route("/v1/m/{id}", mailbox)
        .route(
            "/.well-known/apple-app-site-association",
            get(site::apple_app_site_association),
        )
        .route("/.well-known/assetlinks.json", get(site::assetlinks))
        .route(about::PATH, get(about::about))
        .route(openapi::PATH, get(openapi::document))
        .route(site::HEALTH, get(site::health))
        .route(site::READY, get(site::ready))
        .fallback(|| async { Fault::NotFound })
        .method_not_allowed_fallback(|| async { Fault::Method })
        .with_state(app)
}

impl Interface {
    pub(crate) fn new(app: Arc<App>) -> Self {
        let routes = TowerToHyperService::new(routes(app.clone()));
        Self { app, routes }
    }

    /// Around every call: the limits before it, the common headers and one log line after it. Not as layers of the routes:
    /// each of those is a future of its own for every request, and a table of routes for every connection.
    pub(crate) async fn answer(self, peer: Peer, mut request: Request) -> Response {
        let Self { app, routes } = self;
        let started = Instant::now();
        let under_way = peer.begin();
        let call = call_of(request.method(), request.uri().path());
        let may_be_held = request.headers().contains_key(fields::PREFER);
        let echoed = fields::echoed_request_id(request.headers());
        let (client, limited) = app.caller(peer.ip, request.headers());
        request.extensions_mut().insert(client);
        let place = app.requests.try_take(client, 1);
        let lent = Lent::of(&mut request);
        let refused = if site::is_probe(request.uri().path()) {
            None
        } else {
            app.refusal(&request, (client, limited), place.is_some())
        };
        let mut response = match refused {
            Some(fault) if call == Call::Show => preview::refused(&app, request.headers(), fault),
            Some(fault) => fault.into_response(),
            None => {
                let Ok(response) = routes.call(request).await;
                response
            }
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
        tracing::info!(call = call.word(), status, milliseconds, "answered");
        let time = (!may_be_held).then_some(time);
        app.metrics.answered(call, status, time);
        let held = Held {
            under_way,
            place,
            bytes: response.extensions_mut().remove::<Cost>(),
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

/// What the log and the metrics call a request: never its path, which holds a mailbox's address.
fn call_of(method: &Method, path: &str) -> Call {
    let on_mailbox = path.starts_with("/v1/m/");
    match *method {
        Method::POST if path == tigress_mailbox::MAILBOX_PATH => Call::Create,
        Method::GET | Method::HEAD if on_mailbox => Call::Show,
        Method::POST if on_mailbox => Call::Read,
        Method::PUT if on_mailbox => Call::Update,
        Method::PATCH if on_mailbox => Call::Relinquish,
        Method::DELETE if on_mailbox => Call::Delete,
        _ => Call::Other,
    }
}
