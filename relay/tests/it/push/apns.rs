//! Apple's service, played on loopback: HTTP/2 over TLS, provider tokens checked by their public key.

use axum::http::Version;
use rcgen::{KeyPair, PublicKeyData as _};
use ring::signature::ECDSA_P256_SHA256_FIXED;
use serde_json::json;
use tigress_relay::push::{Apns, ApnsKey, ApnsPlace, Outcome, Why};

use super::service::{Act, Received, Service};
use super::{later, notify, notify_at, token, verified};
use crate::common::NOW;
use crate::tls::Authority;

const KIND: &str = "com.apple.apns";
const DEVICE: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";

struct Apple {
    service: Service,
    key: KeyPair,
    apns: Apns,
}

fn apns(key: &KeyPair, place: ApnsPlace<'_>) -> Apns {
    let pem = key.serialize_pem();
    let key = ApnsKey {
        pem: pem.as_bytes(),
        key_id: "ABC123DEFG",
        team_id: "DEF123GHIJ",
    };
    Apns::new(&key, "com.example.wallet", place).unwrap()
}

impl Apple {
    async fn start() -> Self {
        let (authority, key) = (Authority::new(), KeyPair::generate().unwrap());
        let service = Service::start_with_tls(&authority, Vec::new()).await;
        let pem = authority.pem();
        let place = ApnsPlace::At {
            url: &service.url,
            authority: pem.as_bytes(),
        };
        let apns = apns(&key, place);
        Self { service, key, apns }
    }

    /// When the provider token of a request was made.
    fn made(&self, received: &Received) -> u64 {
        let bearer = received.header("authorization").strip_prefix("bearer ");
        let point = self.key.der_bytes();
        let [header, claims] = verified(bearer.unwrap(), &ECDSA_P256_SHA256_FIXED, point);
        assert_eq!(header, json!({"alg": "ES256", "kid": "ABC123DEFG"}));
        assert_eq!(claims["iss"], "DEF123GHIJ");
        claims["iat"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn an_app_is_woken_in_the_background_and_shown_nothing() {
    let mut apple = Apple::start().await;
    let outcome = notify(&apple.apns, &token(KIND, DEVICE)).await;
    assert_eq!(outcome, Outcome::Sent);
    let received = apple.service.next().await;
    assert_eq!(received.version, Version::HTTP_2);
    assert_eq!(received.path, format!("POST /3/device/{DEVICE}"));
    assert_eq!(apple.made(&received), NOW);
    let expected = [
        ("apns-topic", "com.example.wallet"),
        ("apns-push-type", "background"),
        ("apns-priority", "5"),
        ("apns-collapse-id", "tigress"),
        ("apns-id", "00000000-0000-0000-0000-000000000007"),
    ];
    for (name, value) in expected {
        assert_eq!(received.header(name), value, "{name}");
    }
    assert_eq!(
        received.header("apns-expiration"),
        (NOW + 86400).to_string()
    );
    assert_eq!(received.json(), json!({"aps": {"content-available": 1}}));
}

#[tokio::test]
async fn an_app_with_a_notification_service_is_shown_the_operator_s_text_and_nothing_else() {
    let mut apple = Apple::start().await;
    let text = "Open the wallet: \"it\" goes on";
    apple.apns = apple.apns.showing(text).unwrap();
    let outcome = notify(&apple.apns, &token(KIND, DEVICE)).await;
    assert_eq!(outcome, Outcome::Sent);
    let received = apple.service.next().await;
    assert_eq!(received.header("apns-push-type"), "alert");
    assert_eq!(received.header("apns-priority"), "10");
    assert_eq!(received.header("apns-collapse-id"), "tigress");
    let shown = json!({"aps": {"alert": text, "mutable-content": 1}});
    assert_eq!(received.json(), shown);
    for none in ["", " ", &"x".repeat(513)] {
        assert!(apns(&apple.key, ApnsPlace::Sandbox).showing(none).is_err());
    }
}

#[tokio::test]
async fn the_provider_token_is_kept_for_most_of_an_hour_and_then_renewed() {
    let mut apple = Apple::start().await;
    let device = token(KIND, DEVICE);
    for (now, made) in [(0, 0), (2999, 0), (3000, 3000), (3300, 3000)] {
        notify_at(&apple.apns, &device, NOW + now).await;
        let received = apple.service.next().await;
        assert_eq!(apple.made(&received), NOW + made, "{now}");
    }
    let old = || Act::Answer(403, r#"{"reason":"ExpiredProviderToken"}"#);
    // Renewed at once only if the last renewal is twenty minutes ago.
    for (refused, next, made) in [(4199, 4199, 3000), (4200, 4200, 4200)] {
        apple.service.will(old());
        let outcome = notify_at(&apple.apns, &device, NOW + refused).await;
        assert_eq!(outcome, later(403, "ExpiredProviderToken", None));
        apple.service.next().await;
        notify_at(&apple.apns, &device, NOW + next).await;
        let received = apple.service.next().await;
        assert_eq!(apple.made(&received), NOW + made);
    }
}

#[tokio::test]
async fn each_answer_has_its_outcome() {
    let mut apple = Apple::start().await;
    let ended = |status, word| Outcome::Ended(Why::answered(status, word));
    let refused = |status, word| Outcome::Refused(Why::answered(status, word));
    let cases = [
        (
            410,
            r#"{"reason":"Unregistered","timestamp":1}"#,
            ended(410, "Unregistered"),
        ),
        (410, "", ended(410, "")),
        (
            400,
            r#"{"reason":"BadDeviceToken"}"#,
            ended(400, "BadDeviceToken"),
        ),
        (400, r#"{"reason":"BadTopic"}"#, refused(400, "BadTopic")),
        (
            403,
            r#"{"reason":"InvalidProviderToken"}"#,
            refused(403, "InvalidProviderToken"),
        ),
        (
            429,
            r#"{"reason":"TooManyRequests"}"#,
            later(429, "TooManyRequests", None),
        ),
        (
            503,
            r#"{"reason":"Shutdown"}"#,
            later(503, "Shutdown", None),
        ),
        (
            400,
            r#"{"reason":"a word with 00fc13ad in it"}"#,
            refused(400, ""),
        ),
    ];
    for (status, body, outcome) in cases {
        apple.service.will(Act::Answer(status, body));
        assert_eq!(notify(&apple.apns, &token(KIND, DEVICE)).await, outcome);
        apple.service.next().await;
    }
    let busy = Act::With(503, "retry-after", "30".to_owned());
    apple.service.will(busy);
    let outcome = notify(&apple.apns, &token(KIND, DEVICE)).await;
    assert_eq!(outcome, later(503, "", Some(30)));
    apple.service.next().await;
}

#[tokio::test]
async fn what_is_no_device_token_is_sent_nowhere() {
    let mut apple = Apple::start().await;
    let long = "0".repeat(201);
    for bad in ["", "../3/device/00", "00ff?x", "0 0", "%30", "tokén", &long] {
        let outcome = notify(&apple.apns, &token(KIND, bad)).await;
        assert_eq!(
            outcome,
            Outcome::Ended(Why::new("no device token")),
            "{bad}"
        );
    }
    assert!(apple.service.is_left_alone());
}

#[tokio::test]
async fn only_the_right_authority_is_sent_anything() {
    let mut apple = Apple::start().await;
    let other = Authority::new().pem();
    let place = ApnsPlace::At {
        url: &apple.service.url,
        authority: other.as_bytes(),
    };
    let stranger = apns(&apple.key, place);
    let outcome = notify(&stranger, &token(KIND, DEVICE)).await;
    assert!(matches!(outcome, Outcome::Later { .. }), "{outcome:?}");
    assert!(apple.service.is_left_alone());
}
