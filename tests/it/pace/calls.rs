//! What single calls keep: a relay's wish for peace, the app's time.

use super::*;

#[test]
fn a_relay_that_wants_an_hours_peace_has_it_from_every_transfer_and_every_call() {
    block_on(async {
        let relay = Moody::new();
        let wallet = wallet(&relay, true, 4).await;
        let other = InvitationRequest::default();
        let other = wallet.client.create_invitation(other).await.unwrap();
        relay.turn(vec![(Whim::RetryAfter(429, "3600"), 0)]);
        let asked = || relay.asked.lock().unwrap().len();
        let error = wallet.client.sync(MINUTE).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
        assert_eq!(asked(), 1);
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(3500) {
            for habit in [Habit::Poll(0), Habit::Poll(1000), Habit::Sync, Habit::Begin] {
                wallet.act(&habit).await;
            }
            let wait = Duration::from_secs(20);
            let error = wallet
                .client
                .poll(other.transfer, wait, 0)
                .await
                .unwrap_err();
            let left = Duration::from_secs(3600) - started.elapsed();
            assert_eq!(
                (error.code(), error.retry_after()),
                ("relay_refused", Some(left))
            );
            let again = wallet
                .client
                .create_invitation(InvitationRequest::default())
                .await;
            assert_eq!(again.unwrap_err().code(), "relay_refused");
        }
        assert_eq!(asked(), 1, "it was asked although it wanted not to be");
        sleep(Duration::from_secs(120)).await;
        let _ = wallet.client.sync(MINUTE).await;
        assert!(asked() > 1, "it is asked again when its time has come");
    });
}

#[test]
fn no_relay_puts_a_transfer_to_sleep_for_more_than_an_hour() {
    block_on(async {
        let relay = Moody::new();
        let wallet = wallet(&relay, true, 1).await;
        relay.turn(vec![(Whim::RetryAfter(503, "99999999999"), 0)]);
        let error = wallet.client.sync(MINUTE).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
        sleep(Duration::from_secs(3601)).await;
        let _ = wallet.client.sync(MINUTE).await;
        assert_eq!(relay.asked.lock().unwrap().len(), 2);
    });
}

#[test]
fn a_call_ends_in_its_time_though_the_transport_never_answers() {
    for steps in 1..6 {
        for sends in [true, false] {
            block_on(async {
                let relay = Moody::new();
                let wallet = wallet(&relay, sends, steps).await;
                relay.turn(vec![(Whim::Silence, 0)]);
                for millis in [0, 100, 1900, 10_000, 75_000] {
                    let wait = Duration::from_millis(millis);
                    let started = Instant::now();
                    let _ = wallet.client.poll(wallet.id, wait, 0).await;
                    let took = started.elapsed();
                    assert!(
                        took <= wait + Duration::from_millis(1001),
                        "{took:?} for {wait:?}"
                    );
                    let started = Instant::now();
                    let _ = wallet.client.sync(wait).await;
                    assert!(started.elapsed() <= wait + Duration::from_millis(1001));
                }
            });
        }
    }
}

#[test]
fn a_round_that_its_own_time_cuts_short_has_not_failed() {
    for millis in [0, 100, 1900] {
        block_on(async {
            let relay = Moody::new();
            let wallet = wallet(&relay, true, 1).await;
            relay.turn(vec![(Whim::Silence, 0)]);
            let deadline = Duration::from_millis(millis);
            assert_eq!(wallet.client.sync(deadline).await, Ok(()));
            // A silence that outlasts a request's time is told.
            let told = wallet.client.sync(2 * MINUTE).await;
            assert_eq!(told.unwrap_err().code(), "relay_unreachable");
        });
    }
}
