//! The folder of a relay that gets its certificate by itself.

use std::path::Path;

use tigress_relay::store::MemoryStore;
use tigress_relay::{Relay, RelayConfig};
use tigress_servers::{Authority, Pebble};

use crate::acme::{HOUR, Place, lines, until};
use crate::common::{Log, config};

#[cfg(unix)]
#[tokio::test]
async fn what_is_kept_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let authority = Pebble::start(place.port);
    let _relay = place.start(place.acme(&authority)).await;
    until(async || place.kept("certificate").is_some()).await;
    let folder = place.folder.path().join("acme");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for file in std::fs::read_dir(&folder).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_key_that_others_could_read_is_for_its_user_alone_again_and_that_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let log = Log::default();
    let _guard = log.collect();
    let place = Place::new();
    let authority = Pebble::start(place.port);
    let acme = place.served_once(&authority).await;
    let files = || std::fs::read_dir(&acme.cache).unwrap();
    for file in files() {
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(file.unwrap().path(), open).unwrap();
    }
    let _relay = place.start(acme.clone()).await;
    let secret = files().map(|file| file.unwrap());
    let secret = secret.filter(|file| file.path().extension().is_some_and(|end| end == "pem"));
    let mut modes = Vec::new();
    for file in secret {
        modes.push(file.metadata().unwrap().permissions().mode() & 0o777);
    }
    assert_eq!(modes, [0o600; 2]);
    assert_eq!(lines(&log, "others could read this key"), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_is_one_relays_and_nobody_elses() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let acme = place.acme_of("https://127.0.0.1:1/dir".to_owned(), Authority::new().pem());
    let first = place.start(acme.clone()).await;
    let second = RelayConfig {
        listen: config().listen,
        ..place.config(acme.clone())
    };
    let refused = Relay::start(second.clone(), MemoryStore::default()).await;
    let told = refused.err().unwrap().to_string();
    assert!(told.contains("is in use by another relay"), "{told}");
    first.shutdown().await;
    let again = Relay::start(second.clone(), MemoryStore::default()).await;
    again.unwrap().shutdown().await;

    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(&acme.cache, open).unwrap();
    let refused = Relay::start(second, MemoryStore::default()).await;
    let told = refused.err().unwrap().to_string();
    assert!(told.contains("others may write in it"), "{told}");
}

#[tokio::test]
async fn a_damaged_certificate_is_put_aside_and_another_is_had() {
    let log = Log::default();
    let _guard = log.collect();
    let place = Place::new();
    let authority = Pebble::start(place.port);
    let acme = place.served_once(&authority).await;
    for file in std::fs::read_dir(&acme.cache).unwrap() {
        let path = file.unwrap().path();
        if path.to_str().unwrap().contains("certificate-") {
            std::fs::write(&path, "half of i").unwrap();
        }
    }
    let _relay = place.start(acme).await;
    until(async || place.ready().await == 200).await;
    assert!(log.text().contains("put aside"), "{}", log.text());
    assert_eq!(authority.orders(), 2);
    let accounts = |count| format!("There are now {count} accounts");
    assert!(authority.log().contains(&accounts(1)));
    assert!(!authority.log().contains(&accounts(2)), "it stays");
}

#[tokio::test]
async fn a_certificate_that_can_not_be_kept_is_served_and_kept_as_soon_as_it_can_be() {
    let log = Log::default();
    let _guard = log.collect();
    let place = Place::new();
    let authority = Pebble::start(place.port);
    let acme = place.acme(&authority);
    let _relay = place.start(acme.clone()).await;
    until(async || place.ready().await == 200).await;
    let first = place.kept("certificate");
    let files = std::fs::read_dir(&acme.cache).unwrap();
    let mut paths = files.map(|file| file.unwrap().path());
    let kept = paths.find(|path| path.to_str().unwrap().contains("certificate-"));
    // What stands in the way of the file that would take its place.
    let obstacle = kept.unwrap().with_extension("new");
    std::fs::create_dir(&obstacle).unwrap();
    place.clock.advance(16 * HOUR + 300);
    until(async || lines(&log, "new certificate in use") == 2).await;
    assert!(lines(&log, "the certificate can't be kept") >= 1);
    let old = obstacle.with_extension("pem");
    assert_eq!(std::fs::read(&old).ok(), first);
    std::fs::remove_dir(&obstacle).unwrap();
    until(async || std::fs::read(&old).ok() != first).await;
    assert_eq!(authority.orders(), 2);
}
