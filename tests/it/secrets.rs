//! What is secret stays so: from the relay, from logs, from `Debug`. And what a relay can't link.

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
        credential: Some(credential.clone()),
        pin: true,
        ..InvitationRequest::default()
    };
    let invitation = alice.create_invitation(request).await.unwrap();
    let url = invitation.share_url.to_url();
    let options = AcceptOptions {
        pin: invitation.pin.clone(),
        ..AcceptOptions::default()
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

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_sees_no_secret_key_or_content() {
    let scene = Scene::new().await;
    let ((alice, at_alice), (bob, at_bob)) = (scene.device(), scene.device());
    let invitation = transfer(&alice, &bob).await;
    let seen = [sent(&at_alice.log()), sent(&at_bob.log())].concat();
    assert!(seen.len() > 10_000, "a whole transfer was seen");
    assert_no_leak("what the relay saw", &seen, &secrets_of(&invitation));
    for one in [at_alice.log(), at_bob.log()].concat() {
        assert!(!one.request.url.contains(['#', '?']), "the address alone");
    }
}

fn windows(bytes: &[u8]) -> HashSet<&[u8]> {
    bytes.windows(12).collect()
}

/// What `one` has in common with `two` and not with `stranger`: a run of twelve bytes, of which eight at least are in
/// nothing that it shares with the stranger.
fn telling(one: &[u8], two: &[u8], stranger: &[u8]) -> Option<String> {
    let (two, stranger) = (windows(two), windows(stranger));
    let mut shared_by_all = vec![false; one.len()];
    for (at, part) in one.windows(12).enumerate() {
        if stranger.contains(part) {
            shared_by_all[at..at + 12].fill(true);
        }
    }
    let mut parts = one.windows(12).zip(shared_by_all.windows(12));
    let found = parts.find(|(part, shared)| {
        two.contains(part) && shared.iter().filter(|shared| !**shared).count() >= 8
    });
    found.map(|(part, _)| String::from_utf8_lossy(part).into_owned())
}

#[test]
fn what_links_two_transfers_would_be_found() {
    let sent = |id: &str| format!("mailbox-device-claim: {id}; mailbox-request-id: 1");
    let (one, other) = (sent("90ab12cd34ef"), sent("123456789012"));
    assert!(telling(one.as_bytes(), one.as_bytes(), other.as_bytes()).is_some());
    assert_eq!(
        telling(one.as_bytes(), other.as_bytes(), other.as_bytes()),
        None
    );
}

/// Whatever two transfers of one device have in common, a transfer of any other device has, too.
#[tokio::test(flavor = "multi_thread")]
async fn the_relay_can_not_link_two_transfers_of_one_device() {
    let scene = Scene::new().await;
    let devices = [(); 4].map(|()| scene.device());
    let [
        (alice, at_alice),
        (bob, at_bob),
        (carol, at_carol),
        (dave, at_dave),
    ] = &devices;
    transfer(alice, bob).await;
    transfer(alice, bob).await;
    transfer(carol, dave).await;
    for (recorder, stranger) in [(at_alice, at_carol), (at_bob, at_dave)] {
        // A claim for each transfer…
        let log = recorder.log();
        let claims = values(&log, headers::DEVICE_CLAIM);
        let [first, second] = &claims[..] else {
            panic!("{} claims", claims.len())
        };
        let of = |claim: &String| {
            let of_claim =
                |one: &&Exchanged| values(&[(*one).clone()], headers::DEVICE_CLAIM)[0] == *claim;
            log.iter().filter(of_claim).cloned().collect::<Vec<_>>()
        };
        let (one, two) = (of(first), of(second));
        // … and nothing else in common either.
        let found = telling(&sent(&one), &sent(&two), &sent(&stranger.log()));
        assert_eq!(found, None);
        let ids = [&one, &two].map(|log| values(log, headers::REQUEST_ID));
        assert!(ids[0].iter().all(|id| !ids[1].contains(id)));
    }
}

/// The different values of a header, in the order in which they came.
fn values(log: &[Exchanged], wanted: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (name, value) in log.iter().flat_map(|one| one.request.headers.clone()) {
        if name == wanted && !all.contains(&value) {
            all.push(value);
        }
    }
    all
}

/// Everything that was logged, through `tracing` and through `log`.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {}\n", record.target(), record.args());
        self.0.lock().unwrap().extend(line.bytes());
    }

    fn flush(&self) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_at_the_finest_level_hold_no_secret_claim_or_content() {
    // A process has one logger.
    if !alone(logs_at_the_finest_level_hold_no_secret_claim_or_content) {
        return;
    }
    let written = Log::default();
    let writer = written.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    log::set_boxed_logger(Box::new(written.clone())).unwrap();
    log::set_max_level(log::LevelFilter::Trace);

    let scene = Scene::new().await;
    let ((alice, at_alice), (bob, at_bob)) = (scene.device(), scene.device());
    let invitation = transfer(&alice, &bob).await;
    // What fails is logged as well.
    let gone = invitation.share_url.to_url();
    let error = scene
        .device()
        .0
        .accept_invitation(gone.as_str(), AcceptOptions::default())
        .await;
    assert_eq!(error.unwrap_err().code(), "no_longer_there");

    let mut secrets = secrets_of(&invitation);
    let mailbox = invitation.share_url.mailbox.to_string();
    secrets.push(("mailbox's address", mailbox.into()));
    for one in [at_alice.log(), at_bob.log()].concat() {
        for (name, value) in one.request.headers {
            if [headers::DEVICE_CLAIM, headers::RECIPIENT_PROOF].contains(&name) {
                secrets.push((name, value.into()));
            }
        }
    }
    let log = written.0.lock().unwrap().clone();
    let text = String::from_utf8_lossy(&log);
    assert!(
        text.contains("TRACE") && text.contains("CreateMailbox"),
        "{} bytes",
        log.len()
    );
    assert_no_leak("the log", &log, &secrets);
}

#[tokio::test(flavor = "multi_thread")]
async fn debug_shows_nothing_secret() {
    let scene = Scene::new().await;
    let (alice, recorder) = scene.device();
    let (pin, push, attestation) = (
        "918273645546",
        "device-token-of-alice",
        "attested-by-the-maker",
    );
    let token = NotificationToken {
        token_type: "org.example".into(),
        token_data: push.into(),
    };
    let request = InvitationRequest {
        credential: Some(Credential::new(FORMAT, CONTENT.to_vec())),
        notification_token: Some(token.clone()),
        device_attestation: Some(attestation.into()),
        idempotency_key: Some("the-user-s-key-for-this".into()),
        pin: true,
        ..InvitationRequest::default()
    };
    let invitation = alice.create_invitation(request.clone()).await.unwrap();
    let auth = auth_credential(&invitation);
    let claim = DeviceClaim(uuid::Uuid::from_u128(
        0x1234_5678_9abc_def0_1122_3344_5566_7788,
    ));
    let mut secrets = secrets_of(&invitation);
    secrets.retain(|(name, _)| *name != "auth credential's id");
    secrets.extend([
        ("PIN", pin.into()),
        ("push token", push.into()),
        ("attestation", attestation.into()),
        ("idempotency key", b"the-user-s-key-for-this".to_vec()),
        ("claim", claim.to_string().into_bytes()),
        ("claim's bytes", claim.uuid().as_bytes().to_vec()),
    ]);

    let url: ShareUrl = invitation.share_url.clone();
    let secret = url.secret.clone();
    let store = MemoryStore::new();
    store
        .save("a", None, &[CONTENT, secret.expose()].concat())
        .unwrap();
    let mut entropy = Entropy::from_seed(&Secret::new(*secret.expose()));
    let without_pin = AuthCredential {
        pin_required: false,
        ..auth.clone()
    };
    let initiator = InitiatorCredential::new(without_pin, secret.clone());
    let acceptor = AcceptorCredential::new(secret.clone());
    let now = auth.issued_at;
    let registry = mechanism::registry();
    let (context, first) =
        gss::init_sec_context(registry, &initiator, None, None, now, &mut entropy).unwrap();
    let accepted = gss::accept_sec_context(
        registry,
        &acceptor,
        None,
        &first,
        &|_| false,
        now,
        &mut entropy,
    );
    let mailbox = Mailbox {
        url: "https://relay.example/v1/m/x".into(),
        claim,
        proof: Some(secret.clone()),
    };
    let received = TransferEvent::CredentialReceived {
        credential: Credential::new(FORMAT, CONTENT.to_vec()),
        index: 0,
    };
    let options = AcceptOptions {
        pin: Some(pin.parse().unwrap()),
        notification_token: Some(token.clone()),
        ..AcceptOptions::default()
    };
    let exchanged = recorder.log().remove(0);
    let shown: Vec<&dyn Debug> = vec![
        &request,
        &invitation,
        &url,
        &secret,
        &options,
        &token,
        &auth,
        &claim,
        &mailbox,
        &received,
        &alice,
        &store,
        &entropy,
        &initiator,
        &acceptor,
        &context,
        &exchanged,
    ];
    let owned: Vec<Box<dyn Debug>> = vec![
        Box::new(InvitationFile::parse(&invitation.file).unwrap()),
        Box::new(parse_invitation(&invitation.file).unwrap()),
        Box::new(parse_invitation(&invitation.file).unwrap().to_string()),
        Box::new(scene.relay.config()),
        Box::new(store.load("a").unwrap()),
        Box::new(DirectoryStore::new("somewhere", secret.clone())),
        Box::new(alice.transfers().await.unwrap()),
        Box::new(
            alice
                .poll(invitation.transfer, Duration::ZERO, 0)
                .await
                .unwrap(),
        ),
        Box::new(accepted.unwrap()),
    ];
    for value in shown.into_iter().chain(owned.iter().map(|value| &**value)) {
        for text in [format!("{value:?}"), format!("{value:#?}")] {
            assert_no_leak(&text, text.as_bytes(), &secrets);
        }
    }
}
