//! An authority that does not mean what it says: it harms nothing but itself, and the next try is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::acme::{NAME, Place, lines, rounds, until};
use crate::common::Log;
use crate::tls::Authority;
use crate::tls_listener::TlsListener;

const FAILED: &str = "ACME: no new certificate";
const DAY: u64 = 86_400;

#[derive(Clone)]
enum Lie {
    /// It has too much to do, for so long.
    Busy(&'static str),
    /// It works at the order, for so long.
    Working(&'static str),
    /// It is to be asked there.
    Elsewhere(String),
    /// It proves another name than the one that was asked for.
    Proves(&'static str),
    /// Here is a certificate, for this name and somebody else's key.
    For(&'static str),
}

struct Liar {
    authority: Authority,
    directory: String,
    server: JoinHandle<()>,
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Liar {
    async fn start(lie: Lie) -> Self {
        let authority = Authority::new();
        let (listener, url) = TlsListener::open(&authority).await;
        let directory = format!("{url}/directory");
        let router = Router::new()
            .fallback(answer)
            .with_state((lie, url, Arc::default()));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            authority,
            directory,
            server,
        }
    }
}

type Shared = (Lie, String, Arc<AtomicBool>);

async fn answer(State((lie, url, asked)): State<Shared>, request: Request) -> Response {
    if request.uri().path() == "/finalize" {
        asked.store(true, Ordering::Relaxed);
    }
    let status = match lie {
        Lie::Working(_) | Lie::Proves(_) => "pending",
        _ if asked.load(Ordering::Relaxed) => "valid",
        _ => "ready",
    };

    let at = |path: &str| format!("{url}{path}");
    let nonce = (HeaderName::from_static("replay-nonce"), "once".to_owned());
    let order = json!({
        "status": status,
        "authorizations": if let Lie::Proves(_) = lie { vec![at("/authorization")] } else { vec![] },
        "finalize": at("/finalize"),
        "certificate": at("/certificate"),
    });
    match (request.uri().path(), lie) {
        ("/directory", Lie::Busy(after)) => {
            let after = [(header::RETRY_AFTER, after)];
            (StatusCode::SERVICE_UNAVAILABLE, after, "{}").into_response()
        }
        ("/directory", lie) => {
            let elsewhere = if let Lie::Elsewhere(place) = lie {
                Some(place)
            } else {
                None
            };
            let directory = json!({
                "newNonce": elsewhere.unwrap_or_else(|| at("/nonce")),
                "newAccount": at("/account"),
                "newOrder": at("/order"),
            });
            directory.to_string().into_response()
        }
        ("/account", _) => {
            let made = [nonce, (header::LOCATION, at("/account/1"))];
            (StatusCode::CREATED, made, "{}").into_response()
        }
        ("/order", _) => {
            let made = [nonce, (header::LOCATION, at("/order/1"))];
            (StatusCode::CREATED, made, order.to_string()).into_response()
        }
        ("/order/1", Lie::Working(after)) => {
            let working = [nonce, (header::RETRY_AFTER, after.to_owned())];
            (working, order.to_string()).into_response()
        }
        ("/authorization", Lie::Proves(name)) => {
            let challenge = json!({
                "type": "tls-alpn-01", "url": at("/challenge"), "token": "token", "status": "pending",
            });
            let authorization = json!({
                "identifier": {"type": "dns", "value": name}, "status": "pending", "challenges": [challenge],
            });
            ([nonce], authorization.to_string()).into_response()
        }
        ("/certificate", Lie::For(name)) => {
            let other = tigress_servers::Authority::new().issue(name);
            ([nonce], other.certificate).into_response()
        }
        _ => ([nonce], order.to_string()).into_response(),
    }
}

/// A relay that has failed once with this authority, and what it said.
async fn failed(lie: Lie, log: &Log) -> (Place, tigress_relay::RunningRelay, Liar) {
    let (place, liar) = (Place::new(), Liar::start(lie).await);
    let acme = place.acme_of(liar.directory.clone(), liar.authority.pem());
    let relay = place.start(acme).await;
    until(async || lines(log, FAILED) == 1).await;
    assert_eq!(place.ready().await, 503);
    assert!(place.kept("certificate").is_none());
    (place, relay, liar)
}

#[tokio::test]
async fn however_long_it_wants_to_hear_nothing_it_is_asked_again_the_day_after() {
    for after in [
        "18446744073709551615",
        "99999999",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        let log = Log::default();
        let _guard = log.collect();
        let (place, relay, _liar) = failed(Lie::Busy(after), &log).await;
        assert!(log.text().contains(&format!("again_in_seconds={DAY}")));
        place.clock.advance(DAY - 1);
        rounds().await;
        assert_eq!(lines(&log, FAILED), 1, "{after}");
        place.clock.advance(1);
        until(async || lines(&log, FAILED) == 2).await;
        relay.shutdown().await;
    }
}

#[tokio::test]
async fn however_long_it_works_at_an_order_another_is_made() {
    for after in [
        "18446744073709551615",
        "99999999",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        let log = Log::default();
        let _guard = log.collect();
        let (place, relay, _liar) = failed(Lie::Working(after), &log).await;
        assert!(
            log.text().contains("again_in_seconds=120"),
            "{}",
            log.text()
        );
        assert!(!log.text().contains("broke off"), "{}", log.text());
        place.clock.advance(120);
        until(async || lines(&log, FAILED) == 2).await;
        relay.shutdown().await;
    }
}

#[tokio::test]
async fn it_is_asked_nowhere_without_tls() {
    let log = Log::default();
    let _guard = log.collect();
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = format!("http://{}/nonce", plain.local_addr().unwrap());
    let (_place, relay, _liar) = failed(Lie::Elsewhere(place), &log).await;
    relay.shutdown().await;
    let asked = plain.accept();
    assert!(
        tokio::time::timeout(std::time::Duration::ZERO, asked)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn what_nobody_asked_for_is_neither_proven_nor_taken() {
    for (lie, told) in [
        (
            Lie::Proves("other.example"),
            "other.example: the authority wants a proof",
        ),
        (
            Lie::For("other.example"),
            "the certificate is not for relay.example",
        ),
        (Lie::For(NAME), "certificate and key"),
    ] {
        let log = Log::default();
        let _guard = log.collect();
        let (_place, relay, _liar) = failed(lie, &log).await;
        assert!(log.text().contains(told), "{}", log.text());
        relay.shutdown().await;
    }
}
