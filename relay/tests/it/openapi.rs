//! The interface's description is what the relay does, path by path and method by method.

use reqwest::Method;
use serde_json::Value;

use crate::common::{config, start_with};
use tigress_relay::RelayConfig;

const METHODS: [(&str, Method); 6] = [
    ("get", Method::GET),
    ("post", Method::POST),
    ("put", Method::PUT),
    ("patch", Method::PATCH),
    ("delete", Method::DELETE),
    ("options", Method::OPTIONS),
];

#[tokio::test]
async fn what_is_described_is_there_and_what_is_not_is_405() {
    let relay = start_with(RelayConfig {
        apple_app_site_association: Some("{}".to_owned()),
        assetlinks: Some("[]".to_owned()),
        ..config()
    })
    .await;
    let path = "/.well-known/tigress-relay/openapi.json";
    let answer = relay.call(Method::GET, path, &[], None).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document: Value = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mailbox = relay.create().await;
    let id = mailbox.rsplit('/').next().unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (name, method) in METHODS {
            let url = path.replace("{id}", id);
            let seen = relay.call(method, &url, &[], None).await;
            let described = operations.get(name);
            let expected = match described {
                // Calls of devices want a claim, which is not there.
                Some(call) if call["parameters"].is_array() => 400,
                Some(_) => 200,
                None => 405,
            };
            assert_eq!(seen.status, expected, "{name} {path}");
            if let Some(call) = described {
                assert!(
                    call["responses"][expected.to_string()].is_object(),
                    "{name} {path}"
                );
            }
        }
    }
}
