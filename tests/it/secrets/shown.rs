//! What `Debug` shows.

use super::*;

const PIN: &str = "918273645546";
const PUSH: &str = "device-token-of-alice";
const ATTESTATION: &str = "attested-by-the-maker";
const TAP: &str = "the-user-s-key-for-this";

type Shown = Box<dyn Debug>;

#[tokio::test(flavor = "multi_thread")]
async fn debug_shows_nothing_secret() {
    let scene = Scene::new().await;
    let (alice, recorder) = scene.device();
    let request = request();
    let invitation = alice.create_invitation(request.clone()).await.unwrap();
    let claim = DeviceClaim(uuid::Uuid::from_u128(
        0x1234_5678_9abc_def0_1122_3344_5566_7788,
    ));
    let mut secrets = secrets_of(&invitation);
    secrets.retain(|(name, _)| *name != "auth credential's id");
    secrets.extend([
        ("PIN", PIN.into()),
        ("push token", PUSH.into()),
        ("attestation", ATTESTATION.into()),
        ("idempotency key", TAP.into()),
        ("claim", claim.to_string().into_bytes()),
        ("claim's bytes", claim.uuid().as_bytes().to_vec()),
    ]);
    let update = alice.poll(invitation.transfer, Duration::ZERO, 0).await;
    let mut shown: Vec<Shown> = vec![
        Box::new(request),
        Box::new(claim),
        Box::new(scene.relay.config()),
        Box::new(alice.transfers().await.unwrap()),
        Box::new(update.unwrap()),
        Box::new(recorder.log().remove(0)),
        Box::new(alice),
    ];
    shown.extend(of_a_wallet(&invitation, claim));
    shown.extend(of_a_context(&invitation));
    shown.push(Box::new(invitation));
    for value in shown {
        for text in [format!("{value:?}"), format!("{value:#?}")] {
            assert_no_leak(&text, text.as_bytes(), &secrets);
        }
    }
}

fn token() -> NotificationToken {
    NotificationToken {
        token_type: "org.example".into(),
        token_data: PUSH.into(),
    }
}

fn request() -> InvitationRequest {
    InvitationRequest {
        title: TITLE.to_owned(),
        description: DESCRIPTION.to_owned(),
        sender: SENDER.to_owned(),
        credential: Some(Credential::new(FORMAT, CONTENT.to_vec())),
        notification_token: Some(token()),
        device_attestation: Some(ATTESTATION.into()),
        idempotency_key: Some(TAP.into()),
        pin: true,
        ..InvitationRequest::default()
    }
}

/// What an app has in its hands, and where it is kept.
fn of_a_wallet(invitation: &Invitation, claim: DeviceClaim) -> Vec<Shown> {
    let url: ShareUrl = invitation.share_url.clone();
    let secret = url.secret.clone();
    let store = MemoryStore::new();
    let content = [CONTENT, secret.expose()].concat();
    store.save("a", None, &content).unwrap();
    let options = AcceptOptions {
        pin: Some(PIN.parse().unwrap()),
        notification_token: Some(token()),
        ..AcceptOptions::confirmed()
    };
    let mailbox = Mailbox {
        url: "https://relay.example/v1/m/x".into(),
        claim,
        proof: Some(secret.clone()),
    };
    let received = TransferEvent::CredentialReceived {
        credential: Credential::new(FORMAT, CONTENT.to_vec()),
        index: 0,
    };
    vec![
        Box::new(InvitationFile::parse(&invitation.file).unwrap()),
        Box::new(parse_invitation(&invitation.file).unwrap()),
        Box::new(parse_invitation(&invitation.file).unwrap().to_string()),
        Box::new(store.load("a").unwrap()),
        Box::new(store),
        Box::new(options),
        Box::new(token()),
        Box::new(mailbox),
        Box::new(received),
        Box::new(DirectoryStore::new("somewhere", secret.clone())),
        Box::new(secret),
        Box::new(url),
    ]
}

/// The layers below.
fn of_a_context(invitation: &Invitation) -> Vec<Shown> {
    let (auth, secret) = (auth_credential(invitation), &invitation.share_url.secret);
    let mut entropy = Entropy::from_seed(&Secret::new(*secret.expose()));
    let without_pin = AuthCredential {
        pin_required: false,
        ..auth.clone()
    };
    let initiator = InitiatorCredential::new(without_pin, secret.clone());
    let acceptor = AcceptorCredential::new(secret.clone());
    let (now, registry) = (auth.issued_at, mechanism::registry());
    let (context, first) =
        gss::init_sec_context(registry, &initiator, None, None, now, &mut entropy).unwrap();
    let unused = |_: &_| false;
    let accepted = gss::accept_sec_context(
        registry,
        &acceptor,
        None,
        &first,
        &unused,
        now,
        &mut entropy,
    );
    vec![
        Box::new(auth),
        Box::new(initiator),
        Box::new(acceptor),
        Box::new(context),
        Box::new(accepted.unwrap()),
        Box::new(entropy),
    ]
}
