//! Copies of one state on several devices, which meet at the mailbox.

use super::*;

/// A relay with versions and conditional updates, some way off, that holds no answers.
struct Versioned {
    relay: PlainRelay,
    version: Mutex<u64>,
    conflicts: Mutex<usize>,
}

#[async_trait]
impl HttpTransport for Versioned {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        sleep(Duration::from_millis(30)).await;
        let answer = {
            let mut version = self.version.lock().unwrap();
            let condition = request
                .headers
                .iter()
                .find(|(name, _)| *name == headers::IF_MATCH);
            if condition.is_some_and(|(_, value)| *value != format!("\"{version}\"")) {
                *self.conflicts.lock().unwrap() += 1;
                return Ok(status(412));
            }
            let mut answer = self.relay.answer(&request);
            *version += u64::from(request.method == Method::Put);
            answer
                .headers
                .push((headers::PAYLOAD_VERSION.into(), version.to_string()));
            answer
        };
        sleep(Duration::from_millis(30)).await;
        Ok(answer)
    }
}

/// The same records once more.
fn copy_of(store: &MemoryStore) -> Arc<MemoryStore> {
    let copy = MemoryStore::new();
    for key in store.list().unwrap() {
        let record = store.load(&key).unwrap().unwrap();
        copy.save(&key, None, &record.bytes).unwrap();
    }
    Arc::new(copy)
}

/// One who follows it until it is over.
async fn watch(client: TransferClient, id: TransferId) {
    let mut events = client.events(id).unwrap();
    // The faster ones may have deleted the mailbox.
    while !matches!(events.next().await, Ok(None)) {}
}

#[test]
fn four_copies_of_one_state_come_to_their_end_in_a_minute() {
    block_on(async {
        let relay = Arc::new(Versioned {
            relay: PlainRelay::with_final_not_found(),
            version: Mutex::new(1),
            conflicts: Mutex::default(),
        });
        let over = |store: Arc<MemoryStore>| {
            let mut config = Config::with_relay(PlainRelay::ORIGIN);
            config.allow_loopback_http = true;
            let http: Arc<dyn HttpTransport> = relay.clone();
            TransferClient::new(config, store, Some(http)).unwrap()
        };
        let store = Arc::new(MemoryStore::new());
        let (alice, bob) = (over(store.clone()), over(Arc::new(MemoryStore::new())));
        let invitation = alice.create_invitation(request()).await.unwrap();
        let (ours, url) = (invitation.transfer, invitation.share_url.to_url());
        let accepted = bob.accept_invitation(url.as_str(), AcceptOptions::confirmed());
        let theirs = accepted.await.unwrap();
        for _ in 0..3 {
            bob.sync(MINUTE).await.unwrap();
            alice.sync(MINUTE).await.unwrap();
        }
        alice
            .send_credential(ours, Apps::credential())
            .await
            .unwrap();
        // A backup, restored on three more devices; the original goes on as well.
        let copies = [(); 3].map(|()| over(copy_of(&store)));
        for copy in &copies {
            copy.send_credential(ours, Apps::credential())
                .await
                .unwrap();
        }
        let mut all = tokio::task::JoinSet::new();
        all.spawn(watch(alice, ours));
        all.spawn(watch(bob, theirs));
        for copy in copies {
            all.spawn(watch(copy, ours));
        }
        let ended = tokio::time::timeout(MINUTE, all.join_all()).await;
        assert!(ended.is_ok(), "they keep each other from coming to an end");
        assert!(*relay.conflicts.lock().unwrap() > 0, "they did meet");
    });
}
