//! What a relay sees, and what it can link by it.

use tigress::mailbox::{HttpRequest, Method};

use super::*;

//= test protocol/3-secret protocol/7.2-sealed draft/3.3-opaque draft/8.1.3-does-not-look draft/8.2.1-encrypt draft/8.2.1-no-fragment
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

/// The whole of a mailbox's page, and of what its relay keeps, is what the sender made public.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_what_was_made_public_and_nothing_else() {
    let scene = Scene::new().await;
    let (alice, at_alice) = scene.device();
    let request = InvitationRequest {
        title: TITLE.to_owned(),
        description: DESCRIPTION.to_owned(),
        sender: SENDER.to_owned(),
        preview_title: "Something for you".to_owned(),
        ..InvitationRequest::default()
    };
    let invitation = alice.create_invitation(request).await.unwrap();
    let http = built_in_transport(&scene.relay.config()).unwrap();
    let request = HttpRequest {
        method: Method::Get,
        url: invitation.share_url.mailbox_url(),
        headers: Vec::new(),
        body: None,
        wait: 0,
        isolation: String::new(),
    };
    let page = http.send(request).await.unwrap();
    let page = String::from_utf8(page.body).unwrap();
    assert!(page.contains("Something for you"), "{page}");
    let body = at_alice.log()[0].request.body.clone().unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let public = serde_json::json!({
        "title": "Something for you", "description": "", "imageURL": "",
    });
    assert_eq!(body["displayInformation"], public);
    for word in [TITLE, DESCRIPTION, SENDER] {
        assert!(!page.contains(word), "{word}");
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

//= test draft/3.3-unrelated draft/4.1-two-claims draft/8.1.3-no-devices
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
    let [ours, theirs] = [at_alice, at_bob].map(|of| values(&of.log(), headers::DEVICE_CLAIM));
    assert!(ours.iter().all(|claim| !theirs.contains(claim)));
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
