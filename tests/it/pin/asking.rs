//! Where a PIN is shown, asked for and taken, and where it is not.

use super::*;

#[tokio::test]
async fn the_pin_is_shown_until_somebody_has_answered() {
    let mut world = World::new(5, [None, None]);
    world.invite().await.unwrap();
    let again = world.clients[0]
        .invitation(world.sender.id())
        .await
        .unwrap();
    assert_eq!(again.pin, world.pin);
    assert!(!format!("{again:?}").contains(again.pin.as_ref().unwrap().as_str()));
    // The same request gives the same PIN.
    world.invite().await.unwrap();
    assert_eq!(world.pin, again.pin);

    for _ in 0..2 {
        world.receiver_step(&wrong_once).await.unwrap();
    }
    world.sender_step().await.unwrap();
    assert_eq!(world.sender.rejections(), [4]);
    let gone = world.clients[0].invitation(world.sender.id()).await;
    assert_eq!(gone.map(drop).unwrap_err().code(), "invitation_used");
}

#[tokio::test]
async fn it_can_be_declined_before_the_pin() {
    let mut world = World::new(5, [None, None]);
    world.invite().await.unwrap();
    let client = world.clients[1].clone();
    let accept = || client.accept_invitation(&world.url, AcceptOptions::confirmed());
    let id = accept().await.unwrap();
    client.decline(id).await.unwrap();
    client.sync(Duration::from_secs(5)).await.unwrap();
    assert_eq!(
        client.poll(id, Duration::ZERO, 1).await.unwrap().state,
        TransferState::Closed(Outcome::Declined)
    );
    // Unused: another device may still come.
    world.receiver.id = None;
    world.receiver.events.clear();
    world.run(&right).await;
    completed(&world);
}

//= test protocol/5.3-no-downgrade
#[tokio::test]
async fn an_invitation_and_a_pin_must_agree() {
    let mut world = World::new(5, [None, None]);
    world.invite().await.unwrap();
    let client = world.clients[1].clone();
    let with_pin = || AcceptOptions {
        pin: world.pin.clone(),
        ..AcceptOptions::confirmed()
    };
    // Somebody has cut the mark off: with a PIN typed or not, it is refused, and given back.
    let cut = world.url.strip_suffix(".p").unwrap().to_owned();
    for options in [AcceptOptions::confirmed(), with_pin()] {
        let refused = client.accept_invitation(&cut, options).await;
        assert_eq!(refused, Err(Error::PinDowngrade));
    }
    // Somebody has put it on a link without.
    let mut plain = World::new(5, [None, None]);
    let request = InvitationRequest::default();
    let invitation = plain.clients[0].create_invitation(request).await.unwrap();
    assert_eq!(invitation.pin, None);
    let url = invitation.share_url.to_url().to_string();
    let marked = format!("{url}.p");
    for options in [AcceptOptions::confirmed(), with_pin()] {
        let refused = plain.clients[1].accept_invitation(&marked, options).await;
        assert_eq!(refused, Err(Error::PinDowngrade));
    }
    let refused = plain.clients[1].accept_invitation(&url, with_pin()).await;
    assert_eq!(refused, Err(Error::PinDowngrade));
    plain.url = url;
    assert!(
        plain.clients[1]
            .accept_invitation(&plain.url, AcceptOptions::confirmed())
            .await
            .is_ok()
    );
    // Nothing was used up.
    world.run(&right).await;
    completed(&world);
}

#[tokio::test]
async fn a_pin_is_taken_only_where_it_is_asked_for() {
    let mut world = World::new(5, [None, None]);
    world.invite().await.unwrap();
    let pin = world.pin.clone().unwrap();
    let refused = world.clients[0].provide_pin(world.sender.id(), &pin).await;
    assert_eq!(refused.unwrap_err().code(), "not_the_receiver");
    world.receiver_step(&right).await.unwrap();
    assert_eq!(world.receiver.events, [TransferEvent::PinRequired]);
    // Answered, and not judged yet.
    let refused = world.clients[1]
        .provide_pin(world.receiver.id(), &pin)
        .await;
    assert_eq!(refused.unwrap_err().code(), "pin_not_asked");
    world.run(&right).await;
    completed(&world);
    let refused = world.clients[1]
        .provide_pin(world.receiver.id(), &pin)
        .await;
    assert_eq!(refused.unwrap_err().code(), "closed");
    assert_eq!(
        Error::from("12345".parse::<Pin>().unwrap_err()).code(),
        "bad_pin"
    );
}

#[tokio::test]
async fn settings_out_of_their_limits_are_refused() {
    for (digits, tries) in [(5, 5), (13, 5), (6, 0), (6, 11)] {
        let mut config = Config::with_relay("https://relay.example");
        (config.pin_digits, config.pin_tries) = (digits, tries);
        let client = TransferClient::new(config, Arc::new(MemoryStore::new()), None);
        assert_eq!(client.unwrap_err().code(), "bad_config");
    }
    let mut world = World::new(1, [None, None]);
    world.config.pin_digits = 12;
    let fresh = start(&world.config, &world.relay, &world.stores[0], None);
    (world.clients[0], world.processes[0]) = fresh;
    world.run(&right).await;
    completed(&world);
    assert_eq!(world.pin.unwrap().as_str().len(), 12);
}

#[tokio::test]
async fn whoever_is_asked_for_a_pin_is_told_that_the_sender_has_cancelled() {
    for wrong_first in [false, true] {
        let mut world = World::new(5, [None, None]);
        world.invite().await.unwrap();
        let bob = world.clients[1].clone();
        let accepted = bob.accept_invitation(&world.url, AcceptOptions::confirmed());
        world.receiver.id = Some(accepted.await.unwrap());
        if wrong_first {
            let wrong = another(world.pin.as_ref().unwrap());
            bob.provide_pin(world.receiver.id(), &wrong).await.unwrap();
        }
        while world.receiver.rejections().len() < usize::from(wrong_first) {
            world.receiver.look(&bob).await.unwrap();
            world.sender_step().await.unwrap();
        }
        world.receiver.look(&bob).await.unwrap();
        assert_eq!(world.receiver.state, Some(TransferState::PinRequired));

        let alice = world.clients[0].clone();
        let reason = TerminateReason::Cancelled;
        alice.terminate(world.sender.id(), reason).await.unwrap();
        // Waiting for the user, the wallet polls on.
        let (waiting, told) = (bob.clone(), world.receiver.id());
        let cursor = world.receiver.cursor;
        let prompt =
            tokio::spawn(async move { waiting.poll(told, Duration::from_secs(20), cursor).await });
        world.sender.look(&alice).await.unwrap();
        assert_eq!(world.sender.outcome(), Some(Outcome::Cancelled));
        let update = prompt.await.unwrap().unwrap();
        let expected = match wrong_first {
            false => Outcome::Unconfirmed,
            true => Outcome::Unproven(3),
        };
        assert_eq!(Apps::outcome(&update.events), Some(expected));
    }
}
