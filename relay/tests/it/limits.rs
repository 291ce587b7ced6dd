//! What a client may send, ask for and leave behind.

use reqwest::Method;
use serde_json::json;
use tigress_mailbox::format_timestamp;
use tigress_relay::store::Room;
use tigress_relay::{Bound, Limits, RelayConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::common::{
    NOW, RECEIVER, SENDER, config, create_body, id, payload, start, start_with, url_of,
};

fn limited(limits: Limits) -> RelayConfig {
    RelayConfig { limits, ..config() }
}

#[tokio::test]
async fn large_bodies_are_refused() {
    let relay = start_with(limited(Limits {
        body_bytes: 1000,
        ..Limits::default()
    }))
    .await;
    let url = relay.create().await;
    assert_eq!(
        relay.update(&url, SENDER, 1, &"x".repeat(900)).await.status,
        200
    );
    let large = relay.update(&url, SENDER, 2, &"x".repeat(1000)).await;
    assert_eq!(
        (large.status, large.problem().as_str()),
        (413, "urn:tigress:relay:too-large")
    );
    assert_eq!(
        relay.read(&url, SENDER).await.json()["payload"]["data"],
        "x".repeat(900)
    );
}

#[tokio::test]
async fn a_body_of_undeclared_length_is_limited_too() {
    let relay = start_with(limited(Limits {
        body_bytes: 1000,
        ..Limits::default()
    }))
    .await;
    let url = relay.create().await;
    let path = url.split_at(relay.base().len()).1;
    let mut stream = TcpStream::connect(relay.running.local_addr().unwrap())
        .await
        .unwrap();
    let request_id = id(1);
    let head = format!(
        "PUT {path} HTTP/1.1\r\nHost: x\r\nMailbox-Device-Claim: {SENDER}\r\nMailbox-Request-ID: {request_id}\r\n\
         Transfer-Encoding: chunked\r\n\r\n7d0\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&[b'x'; 2000]).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn who_is_refused_while_still_sending_gets_the_answer() {
    let relay = start_with(limited(Limits {
        limit_loopback: true,
        burst: Bound::new(21, 21, 100),
        requests_per_second: Bound::new(1, 1, 1),
        ..Limits::default()
    }))
    .await;
    let url = relay.create().await;
    let path = url.split_at(relay.base().len()).1;
    let body = vec![b'x'; 1024 * 1024 + 1];
    let claim = format!("Mailbox-Device-Claim: {SENDER}\r\n");
    // Too large; without a claim; too many.
    let refused = [(claim.as_str(), "413"), ("", "400")].repeat(10);
    for (claim, status) in refused.into_iter().chain([("", "429"); 5]) {
        // So small that what is sent waits for the relay to read it.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(4096).unwrap();
        let address = relay.running.local_addr().unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        let head = format!(
            "PUT {path} HTTP/1.1\r\nHost: x\r\n{claim}Mailbox-Request-ID: {}\r\nContent-Length: {}\r\n\r\n",
            id(1),
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, format!("HTTP/1.1 {status}").as_bytes());
    }
}

#[tokio::test]
async fn a_body_of_one_mebibyte_is_the_default_limit() {
    let relay = start().await;
    let url = relay.create().await;
    let around = payload("").to_string().len();
    let most = 1024 * 1024 - around;
    assert_eq!(
        relay
            .update(&url, SENDER, 1, &"x".repeat(most))
            .await
            .status,
        200
    );
    assert_eq!(
        relay
            .update(&url, SENDER, 2, &"x".repeat(most + 1))
            .await
            .status,
        413
    );
}

#[tokio::test]
async fn the_number_of_mailboxes_is_limited() {
    let room = Room {
        mailboxes: Bound::new(1, 1, 1),
        ..Room::default()
    };
    let relay = start_with(limited(Limits {
        room,
        ..Limits::default()
    }))
    .await;
    let url = relay.create().await;
    let request_id = id(1);
    let list = [
        ("Mailbox-Device-Claim", SENDER),
        ("Mailbox-Request-ID", request_id.as_str()),
    ];
    let full = relay
        .call(Method::POST, "/v1/m", &list, Some(&create_body()))
        .await;
    assert_eq!(
        (full.status, full.problem().as_str()),
        (429, "urn:tigress:relay:too-many-requests")
    );
    assert_eq!(full.header("retry-after"), Some("10"));
    let ready = relay.call(Method::GET, "/readyz", &[], None).await;
    assert_eq!(
        (ready.status, ready.json()["detail"].as_str()),
        (503, Some("the relay has no room for more"))
    );
    let updated = relay.update(&url, SENDER, 3, "what is there goes on").await;
    assert_eq!(updated.status, 200);
    relay.leave(Method::DELETE, &url, SENDER, 2).await;
    let again = relay
        .call(Method::POST, "/v1/m", &list, Some(&create_body()))
        .await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn each_client_has_its_own_rate() {
    let limits = Limits {
        requests_per_second: Bound::new(1, 1, 1_000),
        burst: Bound::new(2, 2, 1_000),
        ..Limits::default()
    };
    let relay = start_with(RelayConfig {
        client_ip_header: Some("x-forwarded-for".to_owned()),
        ..limited(limits)
    })
    .await;
    let from = async |address: &str| {
        relay
            .call(
                Method::GET,
                "/v1/m/x",
                &[("X-Forwarded-For", address)],
                None,
            )
            .await
    };
    assert_eq!(from("192.0.2.1").await.status, 404);
    assert_eq!(from("192.0.2.1").await.status, 404);
    let refused = from("198.51.100.7, 192.0.2.1").await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (429, "urn:tigress:relay:too-many-requests")
    );
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(from("192.0.2.2").await.status, 404, "another client");
    relay.clock.advance(1);
    assert_eq!(from("192.0.2.1").await.status, 404);
    assert_eq!(from("192.0.2.3:1234").await.status, 404, "with its port");
    for n in 0..3 {
        let unreadable = ["", "unknown", "192.0.2.999"][n];
        let wanted = if n < 2 { 404 } else { 429 };
        assert_eq!(from(unreadable).await.status, wanted, "they are one client");
    }
    for _ in 0..9 {
        let probe = relay.call(
            Method::GET,
            "/healthz",
            &[("X-Forwarded-For", "192.0.2.1")],
            None,
        );
        assert_eq!(probe.await.status, 200, "probes");
    }
}

#[tokio::test]
async fn loopback_can_be_limited_and_headers_are_not_believed_by_default() {
    let limits = Limits {
        burst: Bound::new(1, 1, 1_000),
        limit_loopback: true,
        ..Limits::default()
    };
    let relay = start_with(limited(limits)).await;
    let from = |address| relay.call(Method::GET, "/v1/m/x", address, None);
    assert_eq!(from(&[("X-Forwarded-For", "192.0.2.1")]).await.status, 404);
    assert_eq!(from(&[("X-Forwarded-For", "192.0.2.2")]).await.status, 429);
}

#[tokio::test]
async fn a_person_whose_rate_is_used_up_gets_a_page_and_a_program_the_problem() {
    let limits = Limits {
        burst: Bound::new(1, 1, 1_000),
        limit_loopback: true,
        ..Limits::default()
    };
    let relay = start_with(limited(limits)).await;
    let list = [("Accept", "text/html"), ("Accept-Language", "de")];
    let first = relay.call(Method::GET, "/v1/m/x", &list, None).await;
    assert_eq!(first.status, 404);
    let page = relay.call(Method::GET, "/v1/m/x", &list, None).await;
    assert_eq!((page.status, page.header("retry-after")), (429, Some("1")));
    assert!(page.text().starts_with("<!DOCTYPE html><html lang=\"de\""));
    let told = relay.call(Method::GET, "/v1/m/x", &[], None).await;
    assert_eq!(
        (told.status, told.problem().as_str()),
        (429, "urn:tigress:relay:too-many-requests")
    );
}

#[tokio::test]
async fn what_comes_through_a_proxy_on_this_machine_is_limited() {
    let limits = || Limits {
        burst: Bound::new(1, 1, 1_000),
        ..Limits::default()
    };
    let free = start_with(limited(limits())).await;
    let behind = start_with(RelayConfig {
        public_url: Some("https://relay.example".to_owned()),
        ..limited(limits())
    })
    .await;
    for _ in 0..3 {
        let answer = free.call(Method::GET, "/v1/m/x", &[], None).await;
        assert_eq!(answer.status, 404);
    }
    assert_eq!(
        behind.call(Method::GET, "/v1/m/x", &[], None).await.status,
        404
    );
    assert_eq!(
        behind.call(Method::GET, "/v1/m/x", &[], None).await.status,
        429
    );
}

#[tokio::test]
async fn what_a_mailbox_begins_with_is_small() {
    let relay = start().await;
    let with = |path: &str, value: String| {
        let mut body = create_body();
        *body.pointer_mut(path).unwrap() = json!(value);
        body
    };
    for (path, most) in [
        ("/payload/data", 16 * 1024 - "GSS_API".len()),
        ("/displayInformation/title", 4096),
        ("/displayInformation/description", 4096),
        ("/displayInformation/imageURL", 2048),
    ] {
        let large = relay.create_from(&with(path, "x".repeat(most + 1))).await;
        assert_eq!(
            (large.status, large.problem().as_str()),
            (413, "urn:tigress:relay:too-large"),
            "{path}"
        );
    }
    let mut body = create_body();
    body["notificationToken"] = json!({"type": "t", "tokenData": "x".repeat(4096)});
    assert_eq!(relay.create_from(&body).await.status, 413);
    // The largest page: each letter is written as five.
    let mut body = with("/displayInformation/title", "&".repeat(4096));
    body["displayInformation"]["description"] = json!("&".repeat(4096));
    body["payload"]["data"] = json!("x".repeat(16 * 1024 - "GSS_API".len()));
    let url = url_of(&relay.create_from(&body).await);
    let page = relay.call(Method::GET, &url, &[], None).await;
    assert_eq!(page.status, 200);
    assert!(page.body.len() < 150 * 1024, "{}", page.body.len());
}

#[tokio::test]
async fn nobody_keeps_a_mailbox_long_that_nobody_claims() {
    let month = 30 * 24 * 3600;
    let relay = start().await;
    let mut body = create_body();
    body["mailboxConfiguration"]["expiration"] = json!(format_timestamp(NOW + month));
    let url = url_of(&relay.create_from(&body).await);
    let until = |read: &crate::common::Seen| read.json()["expiration"].as_str().unwrap().to_owned();
    let two_days = format_timestamp(NOW + 48 * 3600);
    assert_eq!(until(&relay.read(&url, SENDER).await), two_days);
    let page = relay.call(Method::GET, &url, &[], None).await;
    assert!(
        page.text().contains(&two_days),
        "it is to be opened by then"
    );
    let bound = relay.read(&url, RECEIVER).await;
    assert_eq!(until(&bound), format_timestamp(NOW + month));
    relay.clock.advance(month - 1);
    assert_eq!(relay.read(&url, SENDER).await.status, 200);
}
