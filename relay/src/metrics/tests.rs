use std::sync::atomic::Ordering;

use super::*;

fn of(count: &Count) -> u64 {
    count.0.load(Ordering::Relaxed)
}

#[test]
fn a_time_is_in_the_first_bound_that_is_not_below_it() {
    let times = Times::default();
    for micros in [0, 1_000, 1_001, 10_000_000, 10_000_001] {
        times.add(Duration::from_micros(micros));
    }
    let all: Vec<u64> = times.0.iter().map(of).collect();
    assert_eq!(all, [2, 1, 0, 0, 0, 0, 1, 1]);
}

#[tokio::test]
async fn what_a_store_can_not_do_is_told_from_what_one_client_may_not() {
    let metrics = Metrics::default();
    for error in [
        StoreError::ClientFull,
        StoreError::DiskFull,
        StoreError::DiskFull,
    ] {
        let done = async { Err::<(), _>(error) };
        let done = metrics.of_store(Operation::Create, done).await;
        assert_eq!(done, Err(error));
    }
    let errors: Vec<u64> = metrics.store_errors.iter().map(of).collect();
    assert_eq!(errors, [0, 2, 0, 0, 0]);
    assert_eq!(of(&metrics.refused[Limit::Room as usize]), 1);
    let asked = metrics.store_times[Operation::Create as usize].0.iter();
    assert_eq!(asked.map(of).sum::<u64>(), 3);
}

#[cfg(feature = "metrics")]
#[test]
fn notifications_are_shown_where_some_are_sent() {
    let metrics = Metrics::default();
    let shown = |push| {
        let now = families::Now {
            push,
            ..families::Now::default()
        };
        text::text(families::families(&metrics, &now)).unwrap()
    };
    assert!(!shown(None).contains("push"));
    let counts = crate::push::PushCounts {
        waiting: 20,
        given_up: 30,
        ..Default::default()
    };
    let text = shown(Some(counts));
    for line in [
        "tigress_relay_push_waiting 20",
        "tigress_relay_push_total{result=\"given_up\"} 30",
        "tigress_relay_push_total{result=\"sent\"} 0",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}: {text}");
    }
}

#[cfg(feature = "metrics")]
#[test]
fn the_end_of_a_certificate_is_shown_where_the_relay_keeps_one() {
    let metrics = Metrics::default();
    let shown = |certificate| {
        let now = families::Now {
            certificate,
            ..families::Now::default()
        };
        text::text(families::families(&metrics, &now)).unwrap()
    };
    for none in [None, Some(u64::MAX)] {
        assert!(!shown(none).contains("certificate"));
    }
    let text = shown(Some(1_900_000_000));
    for line in [
        "tigress_relay_certificate_end_timestamp_seconds 1900000000",
        "tigress_relay_certificate_failures_total 0",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}: {text}");
    }
}

#[test]
fn a_read_that_is_given_up_is_held_no_more() {
    let metrics = Metrics::default();
    let held = metrics.held_read();
    assert_eq!(metrics.held_reads.0.load(Ordering::Relaxed), 1);
    drop(held);
    assert_eq!(metrics.held_reads.0.load(Ordering::Relaxed), 0);
}
