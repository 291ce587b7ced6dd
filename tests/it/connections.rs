//! What a relay could tell by connections: two transfers of one device never share one.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tigress::{AcceptOptions, Config, InvitationRequest, MemoryStore, TransferClient};
use tigress_relay::store::MemoryStore as Mailboxes;
use tigress_relay::{Relay, RelayConfig, RunningRelay};
use tigress_testkit::{Apps, Side};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

/// What came over each connection.
type Heard = Arc<Mutex<Vec<Vec<u8>>>>;

/// A relay, and what lies before it and listens.
struct Scene {
    _relay: RunningRelay,
    origin: String,
    heard: Heard,
}

impl Scene {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let config = RelayConfig {
            public_url: Some(origin.clone()),
            ..RelayConfig::default()
        };
        let relay = Relay::new(config, Mailboxes::default())
            .run()
            .await
            .unwrap();
        let heard = Heard::default();
        let address = relay.local_addr().unwrap().to_string();
        tokio::spawn(listen(listener, address, Arc::clone(&heard)));
        Self {
            _relay: relay,
            origin,
            heard,
        }
    }

    /// The claims that each connection carried.
    fn claims(&self) -> Vec<BTreeSet<String>> {
        let claims = |bytes: &Vec<u8>| {
            let text = String::from_utf8_lossy(bytes).to_lowercase();
            let lines = text
                .lines()
                .filter_map(|line| line.strip_prefix("mailbox-device-claim: "));
            lines.map(str::to_owned).collect()
        };
        self.heard.lock().unwrap().iter().map(claims).collect()
    }

    fn client(&self) -> TransferClient {
        let mut config = Config::with_relay(&self.origin);
        config.allow_loopback_http = true;
        TransferClient::new(config, Arc::new(MemoryStore::new()), None).unwrap()
    }
}

async fn listen(listener: TcpListener, relay: String, heard: Heard) {
    while let Ok((client, _)) = listener.accept().await {
        let server = TcpStream::connect(&relay).await.unwrap();
        let number = {
            let mut heard = heard.lock().unwrap();
            heard.push(Vec::new());
            heard.len() - 1
        };
        let ((mut from, mut to), (mut back, mut out)) = (client.into_split(), server.into_split());
        tokio::spawn(async move { copy(&mut back, &mut to).await });
        let heard = Arc::clone(&heard);
        tokio::spawn(async move {
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut part).await {
                heard.lock().unwrap()[number].extend(&part[..count]);
                if out.write_all(&part[..count]).await.is_err() {
                    break;
                }
            }
        });
    }
}

/// A whole transfer.
async fn transfer(alice: &TransferClient, bob: &TransferClient) {
    let request = InvitationRequest {
        credential: Some(Apps::credential()),
        ..InvitationRequest::default()
    };
    let invitation = alice.create_invitation(request).await.unwrap();
    let url = invitation.share_url.to_url();
    let accepted = bob.accept_invitation(url.as_str(), AcceptOptions::confirmed());
    let (mut ours, mut theirs) = (
        Side::new(alice, invitation.transfer),
        Side::new(bob, accepted.await.unwrap()),
    );
    for _ in 0..4 {
        theirs.step().await.unwrap();
        ours.step().await.unwrap();
    }
    assert_eq!(Apps::received(&theirs.events), [Apps::credential()]);
}

//= test draft/8.1.3-no-devices
#[tokio::test(flavor = "multi_thread")]
async fn two_transfers_of_one_device_never_share_a_connection() {
    let scene = Scene::start().await;
    let (alice, bob) = (scene.client(), scene.client());
    let (again, other) = (alice.clone(), bob.clone());
    // Beside each other, and one after the other.
    tokio::join!(transfer(&alice, &bob), transfer(&again, &other));
    transfer(&alice, &bob).await;
    let claims = scene.claims();
    assert!(claims.iter().all(|claims| claims.len() <= 1), "{claims:?}");
    let all: BTreeSet<_> = claims.iter().flatten().collect();
    assert_eq!(all.len(), 6, "three transfers, two sides");
    // Each keeps its own for all its requests.
    assert!(claims.len() <= 12, "{} connections", claims.len());
}
