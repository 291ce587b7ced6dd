//! Google's services, played on loopback: the one that gives access tokens for a signed assertion, and the one that takes
//! messages.

use std::collections::HashMap;

use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;
use tigress_relay::push::{Fcm, Outcome, Why};

use super::service::{Act, Received, Service};
use super::{later, notify, notify_at, token, verified};
use crate::common::NOW;

const KIND: &str = "com.google.fcm";
/// Made for these tests; it opens nothing.
const KEY: &str = include_str!("rsa_of_tests.pem");
const GRANT: &str = r#"{"access_token":"first","expires_in":3600,"token_type":"Bearer"}"#;
const ANOTHER: &str = r#"{"access_token":"second","expires_in":3600,"token_type":"Bearer"}"#;

struct Google {
    tokens: Service,
    messages: Service,
    fcm: Fcm,
}

fn account(token_uri: &str) -> String {
    let account = json!({
        "type": "service_account",
        "project_id": "example-wallet",
        "private_key_id": "key-1",
        "private_key": KEY,
        "client_email": "relay@example-wallet.iam.gserviceaccount.com",
        "token_uri": token_uri,
    });
    account.to_string()
}

impl Google {
    async fn start(grants: Vec<Act>) -> Self {
        let (tokens, messages) = (
            Service::start(grants).await,
            Service::start(Vec::new()).await,
        );
        let account = account(&format!("{}/token", tokens.url));
        let fcm = Fcm::at(account.as_bytes(), &messages.url).unwrap();
        Self {
            tokens,
            messages,
            fcm,
        }
    }

    /// Checks what asks for an access token, and says when it was made.
    fn asserted(&self, received: &Received) -> u64 {
        assert_eq!(received.path, "POST /token");
        let form: HashMap<_, _> = url::form_urlencoded::parse(&received.body)
            .into_owned()
            .collect();
        assert_eq!(
            form["grant_type"],
            "urn:ietf:params:oauth:grant-type:jwt-bearer"
        );
        let der = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
        let public = key.public_key().as_ref();
        let [header, claims] = verified(&form["assertion"], &RSA_PKCS1_2048_8192_SHA256, public);
        assert_eq!(
            header,
            json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"})
        );
        let made = claims["iat"].as_u64().unwrap();
        let expected = json!({
            "iss": "relay@example-wallet.iam.gserviceaccount.com",
            "scope": "https://www.googleapis.com/auth/firebase.messaging",
            "aud": format!("{}/token", self.tokens.url),
            "iat": made,
            "exp": made + 3600,
        });
        assert_eq!(claims, expected);
        made
    }
}

#[tokio::test]
async fn an_app_gets_a_data_message_that_says_wake() {
    let mut google = Google::start(vec![Act::Answer(200, GRANT)]).await;
    let outcome = notify(&google.fcm, &token(KIND, "registration:token")).await;
    assert_eq!(outcome, Outcome::Sent);
    let asked = google.tokens.next().await;
    assert_eq!(google.asserted(&asked), NOW);
    let received = google.messages.next().await;
    let path = "POST /v1/projects/example-wallet/messages:send";
    assert_eq!(received.path, path);
    assert_eq!(received.header("authorization"), "Bearer first");
    let android = json!({"collapse_key": "tigress", "priority": "HIGH", "ttl": "86400s"});
    let message = json!({
        "token": "registration:token", "data": {"type": "wake"}, "android": android,
    });
    assert_eq!(received.json(), json!({"message": message}));
}

#[tokio::test]
async fn an_access_token_is_renewed_before_its_end_and_when_it_is_not_taken() {
    let grants = [GRANT, ANOTHER, GRANT].map(|grant| Act::Answer(200, grant));
    let mut google = Google::start(grants.into()).await;
    let device = token(KIND, "x");
    let tries = [(0, "first"), (3299, "first"), (3300, "second")];
    for (now, bearer) in tries {
        notify_at(&google.fcm, &device, NOW + now).await;
        let received = google.messages.next().await;
        let expected = format!("Bearer {bearer}");
        assert_eq!(received.header("authorization"), expected, "{now}");
    }
    google.messages.will(Act::Answer(401, ""));
    let outcome = notify_at(&google.fcm, &device, NOW + 3400).await;
    assert_eq!(outcome, later(401, "", None));
    google.messages.next().await;
    notify_at(&google.fcm, &device, NOW + 3401).await;
    let received = google.messages.next().await;
    assert_eq!(received.header("authorization"), "Bearer first");
    for made in [0, 3300, 3401] {
        let asked = google.tokens.next().await;
        assert_eq!(google.asserted(&asked), NOW + made);
    }
    assert!(google.tokens.is_left_alone());
}

#[tokio::test]
async fn without_an_access_token_nothing_is_sent_and_none_is_asked_for_at_once() {
    let busy = Act::With(503, "retry-after", "9".to_owned());
    let wrong = Act::Answer(400, r#"{"error":"invalid_grant"}"#);
    let mut google = Google::start(vec![busy, wrong, Act::Answer(200, GRANT)]).await;
    let device = token(KIND, "x");
    let outcome = notify_at(&google.fcm, &device, NOW).await;
    assert_eq!(outcome, later(503, "no access token", Some(9)));
    google.tokens.next().await;
    let outcome = notify_at(&google.fcm, &device, NOW + 4).await;
    assert!(matches!(outcome, Outcome::Later { .. }), "{outcome:?}");
    assert!(google.tokens.is_left_alone());
    let outcome = notify_at(&google.fcm, &device, NOW + 5).await;
    let refused = Outcome::Refused(Why::answered(400, "no access token"));
    assert_eq!(outcome, refused);
    assert!(google.messages.is_left_alone());
    let outcome = notify_at(&google.fcm, &device, NOW + 10).await;
    assert_eq!(outcome, Outcome::Sent);
}

#[tokio::test]
async fn each_answer_has_its_outcome() {
    let mut google = Google::start(vec![Act::Answer(200, GRANT)]).await;
    let ended = |status, word| Outcome::Ended(Why::answered(status, word));
    let refused = |status, word| Outcome::Refused(Why::answered(status, word));
    let unregistered = r#"{"error":{"code":404,"message":"Requested entity was not found.",
        "status":"NOT_FOUND","details":[{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError",
        "errorCode":"UNREGISTERED"}]}}"#;
    let mismatch = r#"{"error":{"details":[{"@type":"x"},{"errorCode":"SENDER_ID_MISMATCH"}]}}"#;
    let quota = r#"{"error":{"details":[{"errorCode":"QUOTA_EXCEEDED"}]}}"#;
    let cases = [
        (404, unregistered, ended(404, "UNREGISTERED")),
        (403, mismatch, ended(403, "SENDER_ID_MISMATCH")),
        (400, "{}", ended(400, "")),
        (404, "no such project", refused(404, "")),
        (
            403,
            r#"{"error":{"status":"PERMISSION_DENIED"}}"#,
            refused(403, ""),
        ),
        (429, quota, later(429, "QUOTA_EXCEEDED", Some(60))),
        (503, "", later(503, "", None)),
    ];
    for (status, body, outcome) in cases {
        google.messages.will(Act::Answer(status, body));
        assert_eq!(notify(&google.fcm, &token(KIND, "x")).await, outcome);
        google.messages.next().await;
    }
    let busy = Act::With(429, "retry-after", "120".to_owned());
    google.messages.will(busy);
    let outcome = notify(&google.fcm, &token(KIND, "x")).await;
    assert_eq!(outcome, later(429, "", Some(120)));
}

#[test]
fn what_is_no_account_is_refused_and_shows_nothing() {
    let good = account("https://oauth2.googleapis.com/token");
    assert!(Fcm::new(good.as_bytes()).is_ok());
    for (there, instead) in [
        ("https://oauth2", "http://oauth2"),
        ("example-wallet\"", "../x\""),
        ("BEGIN PRIVATE KEY", "BEGIN PUBLIC KEY"),
        ("client_email", "email"),
    ] {
        let bad = good.replace(there, instead);
        let refused = Fcm::new(bad.as_bytes()).err().unwrap().to_string();
        assert!(refused.len() < 80 && !refused.contains("MII"), "{refused}");
    }
}
