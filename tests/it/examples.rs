//! The programs in `examples/`, which a reader may copy: what they are made of does what it says.

use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tigress::{Config, MemoryStore, Outcome, TransferClient, TransferStore, built_in_transport};
use tigress_testkit::{TestRelay, check_store};

use self::own_transport::Told;
use self::sqlite_store::SqliteStore;

macro_rules! examples {
    ($($path:literal $name:ident),*) => {$(
        #[path = $path]
        #[expect(dead_code, reason = "its main is not run here")]
        mod $name;
    )*};
}

examples!(
    "../../examples/own_transport.rs" own_transport,
    "../../examples/receive.rs" receive,
    "../../examples/send.rs" send,
    "../../examples/sqlite_store.rs" sqlite_store
);

#[test]
fn the_store_of_ones_own_keeps_the_rules_of_every_store() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&folder.path().join("transfers")).unwrap();
    let store: Arc<dyn TransferStore> = Arc::new(store);
    check_store(&store);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sends_and_the_other_receives_over_parts_of_their_own() {
    let (relay, folder) = (TestRelay::start().await, TempDir::new().unwrap());
    let said = Arc::new(Mutex::new(Vec::new()));
    let tell = said.clone();
    let http = Told {
        http: built_in_transport(&relay.config()).unwrap(),
        tell: Box::new(move |line| tell.lock().unwrap().push(line)),
    };
    let store = SqliteStore::open(&folder.path().join("transfers")).unwrap();
    let sender = TransferClient::new(relay.config(), Arc::new(store), Some(Arc::new(http)));
    let trusting = Config {
        trusted_relays: vec![relay.url().to_owned()],
        allow_loopback_http: true,
        ..Config::default()
    };
    let receiver = TransferClient::new(trusting, Arc::new(MemoryStore::new()), None);
    let (sender, receiver) = (sender.unwrap(), receiver.unwrap());
    let got = folder.path().join("got");

    let (show, link) = tokio::sync::oneshot::channel();
    let shown = |link: &str| show.send(link.to_owned()).unwrap();
    let receiving = async {
        let link = link.await.unwrap();
        receive::receive(&receiver, &link, &got).await.unwrap()
    };
    let (sent, received) = tokio::join!(
        send::send(&sender, b"a pass for room 303".to_vec(), shown),
        receiving
    );
    assert_eq!(
        (sent, received),
        (Ok(Outcome::Completed), Outcome::Completed)
    );
    assert_eq!(std::fs::read(got).unwrap(), b"a pass for room 303");
    assert_eq!(said.lock().unwrap()[0], "POST: 200");
}
