//! Several relays over one Redis: what one keeps the others have, and what changes at one wakes who waits at another.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tigress_relay::Relay;
use tigress_relay::store::RedisStore;
use tigress_servers::{Link, RedisServer};
use tokio::task::JoinSet;

use crate::common::{
    RECEIVER, SENDER, Seen, THIRD, TestRelay, config, create_body, http_client, payload, run, seen,
    url_of,
};

/// Longer than anything here should take, shorter than a read is held that nobody wakes.
const SOON: Duration = Duration::from_secs(8);
const HELD: &str = "wait=60";

async fn relay_on(server: &RedisServer) -> TestRelay {
    relay_at(&server.url()).await
}

async fn relay_at(url: &str) -> TestRelay {
    run(Relay::new(config(), RedisStore::new(url).unwrap())).await
}

/// One relay that reaches Redis over a link, and one that needs none.
async fn relays_of(server: &RedisServer) -> (Link, TestRelay, TestRelay) {
    let link = Link::to(server.port());
    let far = relay_at(&format!("redis://127.0.0.1:{}", link.port())).await;
    (link, far, relay_on(server).await)
}

/// The same mailbox at another relay: a load balancer stands before both.
fn at(relay: &TestRelay, url: &str) -> String {
    let path = &url[url.find("/v1/").unwrap()..];
    format!("{}{path}", relay.base())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_is_the_same_at_every_relay() {
    let server = RedisServer::start();
    let (one, other) = (relay_on(&server).await, relay_on(&server).await);
    let url = one.create().await;
    let again = other.create_from(&create_body()).await;
    assert_eq!(again.status, 201, "the same request at another relay");
    assert_eq!(at(&one, &url_of(&again)), url);
    let read = other.read(&at(&other, &url), RECEIVER).await;
    assert_eq!(read.json()["payload"]["data"], "first");
    assert_eq!(one.read(&url, THIRD).await.status, 401, "bound elsewhere");
    let tag = format!("\"{}\"", read.version());
    let condition = [("If-Match", tag.as_str())];
    let written = one.update_with(&url, SENDER, 1, "second", &condition).await;
    assert_eq!(written.status, 200);
    let there = at(&other, &url);
    let late = other
        .update_with(&there, RECEIVER, 1, "third", &condition)
        .await;
    assert_eq!(late.status, 412, "one was faster");
    let repeated = other
        .update_with(&there, SENDER, 1, "second", &condition)
        .await;
    assert_eq!(repeated.status, 201);
    assert_eq!(one.leave(Method::DELETE, &url, SENDER, 2).await.status, 200);
    assert_eq!(other.read(&there, RECEIVER).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_at_one_relay_wakes_a_read_that_another_holds() {
    let server = RedisServer::start();
    let (one, other) = (relay_on(&server).await, relay_on(&server).await);
    let url = one.create().await;
    let there = at(&other, &url);
    let version = other.read(&there, RECEIVER).await.version();
    let list = [("Prefer", HELD), ("Mailbox-Payload-Version", &version)];
    let begun = Instant::now();
    let held = other.read_with(&there, RECEIVER, &list);
    let written = async {
        subscribed(&server).await;
        one.update(&url, SENDER, 1, "second").await
    };
    let (held, written) = tokio::join!(held, written);
    assert_eq!(written.status, 200);
    assert_eq!(held.json()["payload"]["data"], "second");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

//= test protocol/7.1-applied
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_at_one_relay_answers_an_update_that_another_holds() {
    let server = RedisServer::start();
    let (one, other) = (relay_on(&server).await, relay_on(&server).await);
    let url = one.create().await;
    let there = at(&other, &url);
    let first = other.read(&there, RECEIVER).await.version();
    let list = [("Prefer", "wait=60, return=representation")];
    let begun = Instant::now();
    let held = other.update_with(&there, RECEIVER, 1, "second", &list);
    let written = async {
        subscribed(&server).await;
        let read = one.read(&url, SENDER).await;
        assert_ne!(read.version(), first, "done before it is answered");
        assert_eq!(read.json()["payload"]["data"], "second");
        one.update(&url, SENDER, 2, "third").await
    };
    let (held, written) = tokio::join!(held, written);
    assert_eq!((held.status, written.status), (200, 200));
    assert_eq!(held.json()["payload"]["data"], "third");
    assert_eq!(held.version(), written.version());
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

/// Returns when a read or an update is held.
async fn subscribed(server: &RedisServer) {
    let asked = || server.cli(&["PUBSUB", "CHANNELS", "tigress:m:*"]);
    let until = Instant::now() + SOON;
    while !tokio::task::block_in_place(asked).contains("tigress:m:") {
        assert!(Instant::now() < until, "nobody subscribed");
        // The read whose subscription this is goes on in the same task.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// One transfer, as far as a relay sees it: each write at one relay, each read held at the other. Gives how long after the
/// write was answered each read was.
async fn transfer(relays: [String; 2], client: reqwest::Client, n: u128) -> Vec<Duration> {
    let claims = [2 * n, 2 * n + 1].map(|n| uuid::Uuid::from_u128(n).to_string());
    let request = |side: usize, method: Method, url: &str, id: u128| {
        client
            .request(method, url)
            .header("Mailbox-Device-Claim", &claims[side])
            .header("Mailbox-Request-ID", uuid::Uuid::from_u128(id).to_string())
    };
    let create = format!("{}/v1/m", relays[0]);
    let made = request(0, Method::POST, &create, 0).body(create_body().to_string());
    let made = seen(made.send().await.unwrap()).await;
    let url = url_of(&made);
    let path = &url[url.find("/v1/").unwrap()..];
    let places = relays.map(|relay| format!("{relay}{path}"));
    let bound = request(1, Method::POST, &places[1], 0).send();
    let mut version = seen(bound.await.unwrap()).await.version();
    let mut woken = Vec::new();
    for round in 1..=4 {
        let (writer, reader) = (round % 2, (round + 1) % 2);
        let id = u128::try_from(round).unwrap();
        let held = request(reader, Method::POST, &places[reader], id)
            .header("Prefer", HELD)
            .header("Mailbox-Payload-Version", &version)
            .send();
        let body = payload(&format!("{round}")).to_string();
        let write = request(writer, Method::PUT, &places[writer], id)
            .body(body)
            .send();
        let (held, written) = tokio::join!(timed(held), timed(write));
        assert_eq!((held.0.status, written.0.status), (200, 200));
        assert_eq!(held.0.json()["payload"]["data"], json!(format!("{round}")));
        woken.push(held.1.saturating_duration_since(written.1));
        version = held.0.version();
    }
    let deleted = request(0, Method::DELETE, &places[0], 9).send();
    assert_eq!(deleted.await.unwrap().status(), 200);
    woken
}

async fn timed(
    answer: impl Future<Output = reqwest::Result<reqwest::Response>>,
) -> (Seen, Instant) {
    let seen = seen(answer.await.unwrap()).await;
    (seen, Instant::now())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transfers_over_two_relays_lose_no_wake_up() {
    let count = std::env::var("TIGRESS_TRANSFERS").map_or(2_000, |text| text.parse().unwrap());
    let server = RedisServer::start();
    let relays = [relay_on(&server).await, relay_on(&server).await];
    let urls = relays.each_ref().map(TestRelay::base);
    let client = http_client();
    let (mut running, mut woken) = (JoinSet::new(), Vec::new());
    for n in 0..count {
        if running.len() == 32 {
            woken.extend(running.join_next().await.unwrap().unwrap());
        }
        running.spawn(transfer(urls.clone(), client.clone(), n));
    }
    while let Some(done) = running.join_next().await {
        woken.extend(done.unwrap());
    }
    woken.sort_unstable();
    let [half, most] = [woken.len() / 2, woken.len() * 99 / 100].map(|place| woken[place]);
    println!(
        "{count} transfers: a read is answered {half:?} after the write, 99 of 100 within {most:?}"
    );
    assert!(woken.last() < Some(&SOON), "reads that nobody woke");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_away_callers_are_told_so_and_then_served_again() {
    let mut server = RedisServer::start();
    let relay = relay_on(&server).await;
    let url = relay.create().await;
    let version = relay.read(&url, RECEIVER).await.version();
    let list = [("Prefer", HELD), ("Mailbox-Payload-Version", &version)];
    let begun = Instant::now();
    let held = relay.read_with(&url, RECEIVER, &list);
    let killed = async {
        subscribed(&server).await;
        server.kill();
    };
    let (held, ()) = tokio::join!(held, killed);
    assert_eq!(held.status, 503, "not held on for nothing");
    assert!(held.header("retry-after").is_some());
    assert_eq!(relay.create_from(&create_body()).await.status, 503);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    server.restart();
    let until = Instant::now() + SOON;
    while relay.create_from(&create_body()).await.status != 200 {
        assert!(Instant::now() < until);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_answers_nothing_holds_no_read_beyond_its_time() {
    let server = RedisServer::start();
    let relay = relay_on(&server).await;
    let url = relay.create().await;
    let version = relay.read(&url, RECEIVER).await.version();
    let list = [("Prefer", "wait=20"), ("Mailbox-Payload-Version", &version)];
    let begun = Instant::now();
    let held = relay.read_with(&url, RECEIVER, &list);
    let frozen = async {
        subscribed(&server).await;
        server.freeze();
    };
    let (held, ()) = tokio::join!(held, frozen);
    assert_eq!(held.status, 503);
    let taken = begun.elapsed();
    assert!(taken < Duration::from_secs(20), "{taken:?}");
    server.thaw();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_cut_off_says_so_while_another_serves_and_then_has_what_was_written_meanwhile()
 {
    let server = RedisServer::start();
    let (link, far, near) = relays_of(&server).await;
    let url = far.create().await;
    let version = far.read(&url, RECEIVER).await.version();
    let list = [("Prefer", HELD), ("Mailbox-Payload-Version", &version)];
    let begun = Instant::now();
    let held = far.read_with(&url, RECEIVER, &list);
    let cut = async {
        subscribed(&server).await;
        link.cut();
        let there = at(&near, &url);
        near.update(&there, SENDER, 1, "meanwhile").await
    };
    let (held, written) = tokio::join!(held, cut);
    assert_eq!((held.status, written.status), (503, 200));
    assert_eq!(far.create_from(&create_body()).await.status, 503);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    link.heal();
    let read = served_again(async || far.read_with(&url, RECEIVER, &list).await).await;
    assert_eq!(read.json()["payload"]["data"], "meanwhile");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_answer_a_partition_took_is_made_once() {
    let server = RedisServer::start();
    let (link, far, near) = relays_of(&server).await;
    let mut kept_untold = 0;
    // How many answers a write takes is the store's affair: each may be the one that is lost. To the first write of all the
    // server answers that it does not know the script.
    for (n, heard) in [0, 0, 1, 2, 3].into_iter().enumerate() {
        let mut body = create_body();
        body["displayInformation"]["title"] = json!(format!("{heard}"));
        let request_id = uuid::Uuid::from_u128(100 + n as u128).to_string();
        let list = [
            ("Mailbox-Device-Claim", SENDER),
            ("Mailbox-Request-ID", request_id.as_str()),
        ];
        let made = far.call(Method::POST, "/v1/m", &list, Some(&body)).await;
        let url = url_of(&made);
        let there = at(&near, &url);
        let tag = format!("\"{}\"", far.read(&url, RECEIVER).await.version());
        let list = [("If-Match", tag.as_str())];
        let write = async || far.update_with(&url, RECEIVER, 1, "second", &list).await;
        link.cut_answers_after(heard);
        let told = write().await.status;
        let kept = near.read(&there, SENDER).await.json()["payload"]["data"] == "second";
        kept_untold += usize::from(kept && told == 503);
        link.heal();
        let again = served_again(write).await;
        assert_eq!(again.status, if kept { 201 } else { 200 }, "made once");
        let read = near.read(&there, SENDER).await;
        assert_eq!(read.json()["payload"]["data"], "second");
        assert_eq!(read.version(), again.version());
    }
    assert!(kept_untold > 0, "no write's own answer was lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_redis_is_waited_for() {
    let server = RedisServer::start();
    let (link, far, near) = relays_of(&server).await;
    let url = far.create().await;
    link.slow(Duration::from_millis(300));
    let version = far.read(&url, RECEIVER).await.version();
    let list = [("Prefer", HELD), ("Mailbox-Payload-Version", &version)];
    let held = far.read_with(&url, RECEIVER, &list);
    let written = async {
        subscribed(&server).await;
        near.update(&at(&near, &url), SENDER, 1, "second").await
    };
    let (held, written) = tokio::join!(held, written);
    assert_eq!((held.status, written.status), (200, 200));
    assert_eq!(held.version(), written.version());
}

/// Asks until the store is there again.
async fn served_again(ask: impl AsyncFn() -> Seen) -> Seen {
    let until = Instant::now() + SOON;
    loop {
        let seen = ask().await;
        if seen.status != 503 {
            return seen;
        }
        assert!(Instant::now() < until, "not served again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
