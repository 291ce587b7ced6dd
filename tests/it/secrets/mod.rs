//! What is secret stays so: from the relay, from logs, from `Debug`. And what a relay can't link.

mod logged;
mod relay;
mod shown;

use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use tigress::invitation::{ShareUrl, parse_invitation};
use tigress::secret::Secret;
use tigress::{
    AcceptOptions, Credential, DirectoryStore, HttpTransport, Invitation, InvitationRequest,
    MemoryStore, Outcome, TerminateReason, TransferClient, TransferEvent, TransferStore,
    built_in_transport,
};
use tigress_gss::auth_credential::AuthCredential;
use tigress_gss::gss::{self, AcceptorCredential, InitiatorCredential, mechanism_of};
use tigress_gss::mechanism;
use tigress_mailbox::{DeviceClaim, Mailbox, NotificationToken, headers};
use tigress_primitives::entropy::Entropy;
use tigress_protocol::invitation::InvitationFile;
use tigress_testkit::{Apps, Exchanged, Recorder, Side, TestClock, TestRelay};

use crate::own_process::alone;

const CONTENT: &[u8] = b"the content of a credential, which is nobody else's business";
const FORMAT: &str = "org.example.unmistakable";
/// What the invitation says to whoever holds it.
const TITLE: &str = "The key to the summer house";
const DESCRIPTION: &str = "It is behind the third oak";
const SENDER: &str = "Aunt Adelaide of the hill";

/// A secret in every form in which it might show, and how much of that form tells it: as bytes, as hex, in both
/// alphabets of base64, as a list of numbers.
fn forms(secret: &[u8]) -> Vec<(Vec<u8>, usize)> {
    let list = format!("{secret:?}");
    vec![
        (secret.to_vec(), 12),
        (hex::encode(secret).into(), 12),
        (hex::encode_upper(secret).into(), 12),
        (STANDARD.encode(secret).into(), 12),
        (URL_SAFE_NO_PAD.encode(secret).into(), 12),
        (list.trim_matches(['[', ']']).into(), 40),
    ]
}

/// A telling part of a secret that shows.
fn leak(haystack: &[u8], secret: &[u8]) -> Option<String> {
    forms(secret).iter().find_map(|(form, part)| {
        let seen: HashSet<&[u8]> = haystack.windows(*part).collect();
        let found = form.windows(*part).find(|part| seen.contains(part))?;
        Some(String::from_utf8_lossy(found).into_owned())
    })
}

#[track_caller]
fn assert_no_leak(what: &str, haystack: &[u8], secrets: &[(&str, Vec<u8>)]) {
    for (name, secret) in secrets {
        let found = leak(haystack, secret);
        assert_eq!(found, None, "the {name} is in {what}");
    }
}

/// All bytes that the relay was sent; what is in base64 also as what it is.
fn sent(log: &[Exchanged]) -> Vec<u8> {
    let mut all = Vec::new();
    for Exchanged { request, .. } in log {
        all.extend(
            format!(
                "{} {} {:?}",
                request.method.name(),
                request.url,
                request.headers
            )
            .bytes(),
        );
        let body = request.body.clone().unwrap_or_default();
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        all.extend(body);
        if let Some(data) = json["payload"]["data"].as_str() {
            all.extend(STANDARD.decode(data).unwrap());
        }
    }
    all
}

/// Clients of one relay, whose requests are recorded.
struct Scene {
    relay: TestRelay,
    clock: Arc<TestClock>,
}

impl Scene {
    async fn new() -> Self {
        let clock = TestClock::start();
        let relay = TestRelay::start_with_clock(clock.clone()).await;
        Self { relay, clock }
    }

    fn device(&self) -> (TransferClient, Arc<Recorder>) {
        let mut config = self.relay.config();
        // As long as what is searched for.
        config.pin_digits = 12;
        let recorder = Recorder::new(built_in_transport(&config).unwrap());
        let http: Arc<dyn HttpTransport> = recorder.clone();
        let store = Arc::new(MemoryStore::new());
        let client = TransferClient::with_clock(config, store, Some(http), self.clock.clone());
        (client.unwrap(), recorder)
    }
}

/// A whole transfer with a PIN, and an additional call each way.
async fn transfer(alice: &TransferClient, bob: &TransferClient) -> Invitation {
    let credential = Credential::new(FORMAT, CONTENT.to_vec());
    let request = InvitationRequest {
        title: TITLE.to_owned(),
        description: DESCRIPTION.to_owned(),
        sender: SENDER.to_owned(),
        credential: Some(credential.clone()),
        pin: true,
        ..InvitationRequest::default()
    };
    let invitation = alice.create_invitation(request).await.unwrap();
    let url = invitation.share_url.to_url();
    let options = AcceptOptions {
        pin: invitation.pin.clone(),
        ..AcceptOptions::confirmed()
    };
    let theirs = bob.accept_invitation(url.as_str(), options).await.unwrap();
    let (mut sender, mut receiver) = (
        Side::new(alice, invitation.transfer),
        Side::new(bob, theirs),
    );
    for round in 0..5 {
        receiver.step().await.unwrap();
        sender.step().await.unwrap();
        if round == 2 {
            bob.send_credential(theirs, credential.clone())
                .await
                .unwrap();
            alice
                .send_credential(sender.id, credential.clone())
                .await
                .unwrap();
        }
    }
    assert_eq!(Apps::received(&receiver.events).len(), 2);
    assert_eq!(Apps::received(&sender.events).len(), 1);
    bob.terminate(theirs, TerminateReason::Done).await.unwrap();
    let outcomes = Side::finish([&mut sender, &mut receiver]).await;
    assert_eq!(outcomes, [Some(Outcome::Completed); 2]);
    invitation
}

/// The auth credential of an invitation, as only who has the secret can open it.
fn auth_credential(invitation: &Invitation) -> AuthCredential {
    let token = InvitationFile::parse(&invitation.file)
        .unwrap()
        .token
        .unwrap();
    let start = token.windows(3).position(|w| w == [1, 1, 0]).unwrap() + 2;
    let length = usize::from(u16::from_be_bytes([token[start], token[start + 1]]));
    let sealed = &token[start + 2..start + 2 + length];
    let oid = mechanism_of(&token).unwrap();
    AuthCredential::open(&invitation.share_url.secret, &oid, sealed).unwrap()
}

fn secrets_of(invitation: &Invitation) -> Vec<(&'static str, Vec<u8>)> {
    let auth = auth_credential(invitation);
    let pin = invitation.pin.as_ref().unwrap().as_str();
    vec![
        ("PIN", pin.into()),
        (
            "shared secret",
            invitation.share_url.secret.expose().to_vec(),
        ),
        ("auth credential's key", auth.key.expose().to_vec()),
        ("auth credential's id", auth.id.as_bytes().to_vec()),
        ("content", CONTENT.to_vec()),
        ("format", FORMAT.into()),
        ("title", TITLE.into()),
        ("description", DESCRIPTION.into()),
        ("sender's name", SENDER.into()),
    ]
}

#[test]
fn a_leak_would_be_found() {
    let secret: Vec<u8> = (100..132).collect();
    for (form, _) in forms(&secret) {
        let text = [b"before ", &form[..], b" after"].concat();
        assert!(leak(&text, &secret).is_some());
        assert!(leak(&text[..text.len() - 7], &secret).is_some());
    }
    assert_eq!(leak(b"nothing to be seen here at all", &secret), None);
}
