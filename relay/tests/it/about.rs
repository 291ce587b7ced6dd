//! What a relay says of itself under `/.well-known/tigress-relay`.

use reqwest::Method;
use serde_json::{Value, json};
use tigress_relay::{Limits, RelayConfig};

use crate::common::{TestRelay, config, start, start_with};

const DOCUMENT: &str = include_str!("../../../docs/relay.md");

async fn about(relay: &TestRelay) -> Value {
    let answer = relay
        .call(Method::GET, "/.well-known/tigress-relay", &[], None)
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let cache = answer.header("cache-control");
    assert_eq!(cache, Some("public, max-age=3600"));
    answer.json()
}

/// The example in docs/relay.md is what a relay with the usual settings says, name by name.
#[tokio::test]
async fn it_says_what_is_written_down() {
    let example = DOCUMENT.split("```json\n").find_map(|part| {
        let (block, _) = part.split_once("```")?;
        serde_json::from_str::<Value>(block).ok()
    });
    let mut example = example.expect("an example in docs/relay.md");
    example["software"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    assert_eq!(about(&start().await).await, example);
}

#[tokio::test]
async fn it_says_what_holds_here() {
    let relay = start_with(RelayConfig {
        limits: Limits {
            body_bytes: 100_000,
            max_wait: 25,
            max_lifetime: 3_600,
            ..Limits::default()
        },
        ..config()
    })
    .await;
    let limits = &about(&relay).await["limits"];
    assert_eq!(limits["bodyBytes"], 100_000);
    assert_eq!(limits["holdSeconds"], 25);
    let lifetime = &limits["lifetimeSeconds"];
    assert_eq!(
        (&lifetime["longest"], &lifetime["usual"]),
        (&json!(3_600), &json!(3_600))
    );
}
