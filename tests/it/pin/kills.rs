//! Kills and restarts anywhere: nothing is lost, and no try is given back.

use super::*;

/// Runs with a kill at every step of either side.
async fn with_kills(tries: u8, typed: &dyn Fn(&Pin, usize) -> Pin, check: impl Fn(&World)) {
    let mut whole = World::new(tries, [None, None]);
    whole.run(typed).await;
    check(&whole);
    let counts = whole.counts();
    for side in 0..2 {
        assert!(counts[side] > 10, "a transfer has many steps");
        for at in 0..counts[side] {
            for after in [false, true] {
                let mut kills = [None, None];
                kills[side] = Some(Kill { at, after });
                let mut world = World::new(tries, kills);
                world.run(typed).await;
                check(&world);
            }
        }
    }
}

#[tokio::test]
async fn a_kill_anywhere_gives_no_try_back() {
    with_kills(3, &always_wrong, |world| {
        destroyed(world);
        assert_eq!(world.sender.rejections(), [2, 1, 0]);
        assert_eq!(world.receiver.rejections(), [2, 1, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_kill_anywhere_loses_nothing_after_a_wrong_pin() {
    with_kills(5, &wrong_once, |world| {
        completed(world);
        assert_eq!(world.sender.rejections(), [4]);
        assert_eq!(world.receiver.rejections(), [4]);
    })
    .await;
}

//= test protocol/5.3-judged-once
#[tokio::test]
async fn restarts_between_all_steps_give_no_try_back() {
    let mut world = World::new(4, [None, None]);
    for _ in 0..80 {
        for side in 0..2 {
            let fresh = start(&world.config, &world.relay, &world.stores[side], None);
            (world.clients[side], world.processes[side]) = fresh;
        }
        world.sender_step().await.unwrap();
        world.receiver_step(&always_wrong).await.unwrap();
        if world.sender.outcome().is_some() && world.receiver.outcome().is_some() {
            break;
        }
    }
    world.background().await;
    destroyed(&world);
    assert_eq!(world.sender.rejections(), [3, 2, 1, 0]);
}
