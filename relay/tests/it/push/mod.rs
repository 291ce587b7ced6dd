//! Push services over real HTTP: each gateway before a local service that speaks its protocol, and answers as a test
//! wants it to.

mod apns;
mod fcm;
mod service;
mod webhook;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{UnparsedPublicKey, VerificationAlgorithm};
use serde_json::Value;
use tigress_mailbox::NotificationToken;
use tigress_relay::push::{Notification, Outcome, PushGateway, Why};
use uuid::Uuid;

use crate::common::NOW;

fn token(kind: &str, data: &str) -> NotificationToken {
    NotificationToken {
        token_type: kind.to_owned(),
        token_data: data.to_owned(),
    }
}

/// One try at a time of the day.
async fn notify_at(gateway: &impl PushGateway, token: &NotificationToken, now: u64) -> Outcome {
    let notification = Notification {
        token,
        id: Uuid::from_u128(7),
        made: NOW,
        now,
    };
    gateway.notify(&notification).await
}

async fn notify(gateway: &impl PushGateway, token: &NotificationToken) -> Outcome {
    notify_at(gateway, token, NOW).await
}

fn later(status: u16, word: &'static str, seconds: Option<u64>) -> Outcome {
    Outcome::Later {
        after: seconds.map(std::time::Duration::from_secs),
        why: Why::answered(status, word),
    }
}

/// Header and claims of a token whose signature is by this key.
fn verified(token: &str, algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> [Value; 2] {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(algorithm, key)
        .verify(signed.as_bytes(), &signature)
        .unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    [header, claims]
        .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
}
