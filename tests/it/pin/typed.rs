//! What the receiver's user types: right, wrong, too often wrong.

use super::*;

#[tokio::test]
async fn the_right_pin_hands_the_credential_over() {
    let mut world = World::new(5, [None, None]);
    world.run(&right).await;
    completed(&world);
    assert!(world.url.ends_with(".p"));
    assert_eq!(world.pin.as_ref().unwrap().as_str().len(), 6);
    use TransferEvent::{Closed, CredentialReceived, Established, PinRequired};
    let events = &world.receiver.events;
    assert!(
        matches!(
            events[..],
            [
                PinRequired,
                Established,
                CredentialReceived { .. },
                Closed { .. }
            ]
        ),
        "{events:?}"
    );
    assert!(world.sender.rejections().is_empty());
}

#[tokio::test]
async fn the_pin_may_come_with_the_acceptance() {
    let mut world = World::new(5, [None, None]);
    world.invite().await.unwrap();
    let options = AcceptOptions {
        pin: world.pin.clone(),
        ..AcceptOptions::confirmed()
    };
    let accepted = world.clients[1]
        .accept_invitation(&world.url, options)
        .await;
    world.receiver.id = Some(accepted.unwrap());
    world.run(&|_, _| unreachable!("it was given")).await;
    completed(&world);
    assert!(!world.receiver.events.contains(&TransferEvent::PinRequired));
}

#[tokio::test]
async fn a_wrong_pin_is_told_to_both_and_the_right_one_still_works() {
    let mut world = World::new(5, [None, None]);
    world.run(&wrong_once).await;
    completed(&world);
    assert_eq!(world.sender.rejections(), [4]);
    assert_eq!(world.receiver.rejections(), [4]);
}

#[tokio::test]
async fn the_senders_tries_used_up_destroy_the_transfer_on_both_sides() {
    for tries in [1, 3, 5] {
        let mut world = World::new(tries, [None, None]);
        world.run(&always_wrong).await;
        destroyed(&world);
        let expected: Vec<u8> = (0..tries).rev().collect();
        assert_eq!(world.sender.rejections(), expected);
        assert_eq!(world.receiver.rejections(), expected);
        let pin = world.pin.clone().unwrap();
        let late = world.clients[1]
            .provide_pin(world.receiver.id(), &pin)
            .await;
        assert_eq!(late, Err(Error::WrongPin { tries_left: 0 }));
    }
}

#[tokio::test]
async fn the_receivers_tries_used_up_destroy_the_transfer_on_both_sides() {
    let mut world = World::new(10, [None, None]);
    world.run(&always_wrong).await;
    destroyed(&world);
    assert_eq!(world.receiver.rejections(), [4, 3, 2, 1, 0]);
    assert_eq!(world.sender.rejections(), [9, 8, 7, 6, 5]);
}
