//! Who is there when: never both, two processes of one app, only when woken, many at once.

use super::*;

//= test draft/3.3-store-and-forward
#[tokio::test(flavor = "multi_thread")]
async fn the_two_are_never_online_together() {
    let relay = TestRelay::start().await;
    let stores = [(); 2].map(|()| Arc::new(MemoryStore::new()));
    // An app that is started for one round, and then is gone again.
    let start = |side: usize| {
        let store: Arc<dyn TransferStore> = stores[side].clone();
        relay.client_over(store)
    };
    let (invitation, url) = invite(&start(0)).await;
    let ours = invitation.transfer;
    start(0).send_credential(ours, note("key")).await.unwrap();
    let theirs = accept(&start(1), &url).await;
    let (mut ours_seen, mut theirs_seen) = (0, 0);
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    let mut said_done = false;
    for _ in 0..6 {
        received.extend(round(&start(1), theirs, &mut theirs_seen).await);
        if !said_done && !Apps::received(&received).is_empty() {
            start(1)
                .terminate(theirs, TerminateReason::Done)
                .await
                .unwrap();
            said_done = true;
            received.extend(round(&start(1), theirs, &mut theirs_seen).await);
        }
        sent.extend(round(&start(0), ours, &mut ours_seen).await);
    }
    let completed = closed(Outcome::Completed);
    assert_eq!(Apps::received(&received), [note("key")]);
    assert_eq!(received.last(), Some(&completed));
    assert!(
        sent.contains(&delivered(0)) && sent.last() == Some(&completed),
        "{sent:?}"
    );
    assert_eq!(page(&invitation).await, 404);
}

async fn sync(client: &TransferClient) {
    if let Err(error) = client.sync(10 * SECOND).await {
        assert!(error.is_retryable(), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_and_its_extension_share_one_store() {
    let relay = TestRelay::start().await;
    let store: Arc<dyn TransferStore> = Arc::new(MemoryStore::new());
    let (app, extension) = (relay.client_over(store.clone()), relay.client_over(store));
    let (invitation, url) = invite(&app).await;
    let ours = invitation.transfer;
    // Either knows the transfer, and gives the same invitation.
    let again = extension.invitation(ours).await.unwrap();
    assert_eq!(again.share_url, invitation.share_url);
    let bob = relay.client();
    let theirs = accept(&bob, &url).await;
    let mut receiver = Follower::start(&bob, theirs);
    // Both are at it at once: one polls, the other syncs on each wake-up and queues messages.
    let mut sender = Follower::start(&app, ours);
    for n in 0..20 {
        loop {
            match extension.send_credential(ours, note(format!("{n}"))).await {
                Ok(index) => break assert_eq!(index, n),
                Err(error) => assert!(error.is_retryable(), "{error}"),
            }
        }
        sync(&extension).await;
    }
    let expected: Vec<_> = (0..20).map(|n| note(format!("{n}"))).collect();
    let arrived = async {
        assert_eq!(receiver.received(20).await, expected);
        sender.event(&delivered(19)).await;
    };
    // The app's poll does not see what the extension has queued: where the two met at the store, it syncs once more.
    tokio::select! {
        () = arrived => {}
        () = async { loop { sync(&extension).await; tokio::task::yield_now().await } } => {}
    }
    let told = sender.events();
    let count = |event| told.iter().filter(|e| **e == event).count();
    assert!((0..20).all(|n| count(delivered(n)) == 1), "{told:?}");
    bob.terminate(theirs, TerminateReason::Done).await.unwrap();
    assert_eq!(sender.outcome().await, Outcome::Completed);
    assert_eq!(receiver.outcome().await, Outcome::Completed);
    assert_eq!(
        state(&extension, ours).await,
        TransferState::Closed(Outcome::Completed)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn push_wake_ups_alone_carry_a_transfer() {
    let (relay, mut pushes) = TestRelay::start_with_push().await;
    let (alice, bob) = (relay.client(), relay.client());
    let token = |who: &str| NotificationToken {
        token_type: "org.example.push".into(),
        token_data: who.into(),
    };
    let request = InvitationRequest {
        notification_token: Some(token("alice")),
        credential: Some(note("key")),
        ..InvitationRequest::default()
    };
    let invitation = alice.create_invitation(request).await.unwrap();
    let options = AcceptOptions {
        notification_token: Some(token("bob")),
        ..AcceptOptions::confirmed()
    };
    let url = invitation.share_url.to_url();
    let theirs = bob.accept_invitation(url.as_str(), options).await.unwrap();
    bob.sync(10 * SECOND).await.unwrap();
    let (mut ours_seen, mut theirs_seen) = (0, 0);
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    // From here on a phone does something only when it was woken.
    while Apps::outcome(&sent).is_none() || Apps::outcome(&received).is_none() {
        let push = tokio::time::timeout(10 * SECOND, pushes.recv()).await;
        let push = push.unwrap_or_else(|_| panic!("nobody was woken: {sent:?} {received:?}"));
        if push.unwrap().token_data == "alice" {
            sent.extend(round(&alice, invitation.transfer, &mut ours_seen).await);
            continue;
        }
        received.extend(round(&bob, theirs, &mut theirs_seen).await);
        if Apps::received(&received).len() == 1
            && state(&bob, theirs).await == TransferState::Established
        {
            bob.terminate(theirs, TerminateReason::Done).await.unwrap();
            bob.sync(10 * SECOND).await.unwrap();
        }
    }
    assert_eq!(Apps::received(&received), [note("key")]);
    assert!(sent.contains(&delivered(0)));
    assert_eq!(
        [Apps::outcome(&sent), Apps::outcome(&received)],
        [Some(Outcome::Completed); 2]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn transfers_in_parallel_do_not_mix() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.client(), relay.client());
    let transfers = (0..20).map(|n| {
        let (alice, bob) = (alice.clone(), bob.clone());
        tokio::spawn(async move {
            let request = InvitationRequest {
                credential: Some(note(format!("key {n}"))),
                ..InvitationRequest::default()
            };
            let invitation = alice.create_invitation(request).await.unwrap();
            let mut sender = Follower::start(&alice, invitation.transfer);
            let theirs = accept(&bob, &invitation.share_url.to_url()).await;
            let mut receiver = Follower::start(&bob, theirs);
            assert_eq!(receiver.received(1).await, [note(format!("key {n}"))]);
            bob.terminate(theirs, TerminateReason::Done).await.unwrap();
            assert_eq!(sender.outcome().await, Outcome::Completed);
            assert_eq!(receiver.outcome().await, Outcome::Completed);
        })
    });
    for transfer in transfers.collect::<Vec<_>>() {
        transfer.await.unwrap();
    }
    assert_eq!(bob.transfers().await.unwrap().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gives_the_same_invitation() {
    let relay = TestRelay::start().await;
    let (alice, at_alice) = recorded(&relay);
    let request = InvitationRequest {
        idempotency_key: Some("the user's tap".into()),
        ..InvitationRequest::default()
    };
    let (first, second) = tokio::join!(
        alice.create_invitation(request.clone()),
        alice.create_invitation(request)
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.share_url, second.share_url);
    assert_eq!(methods(&at_alice), ["POST"], "one mailbox");
}
