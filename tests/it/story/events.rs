//! A transfer's events as a stream: told until acknowledged, to one at a time, and going on through what time alone mends.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tigress::{Error, StoreError, TransportError, TransportFailure};
use tigress_testkit::{Faulty, FaultyStore, PlainRelay};

use super::*;

/// A sender whose store and transport are these, with something to hand over, and a receiver that takes it in the background.
async fn transfer(
    relay: &Arc<PlainRelay>,
    http: Arc<dyn HttpTransport>,
    store: Arc<dyn TransferStore>,
) -> (TransferClient, TransferId, Follower) {
    let there = Apps::client(store.clone(), relay.clone());
    let (invitation, url) = invite(&there).await;
    let id = invitation.transfer;
    there.send_credential(id, note("hello")).await.unwrap();
    let bob = Apps::client(Arc::new(MemoryStore::new()), relay.clone());
    let theirs = accept(&bob, &url).await;
    let receiver = Follower::start_done_with_the_first(&bob, theirs);
    (Apps::client(store, http), id, receiver)
}

fn all_of_them() -> Vec<TransferEvent> {
    vec![
        TransferEvent::Accepted,
        TransferEvent::Established,
        delivered(0),
        closed(Outcome::Completed),
    ]
}

#[tokio::test]
async fn an_event_comes_again_until_the_next_is_asked_for() {
    let relay = Arc::new(PlainRelay::default());
    let store = Arc::new(MemoryStore::new());
    let (alice, id, _receiver) = transfer(&relay, relay.clone(), store.clone()).await;
    for expected in all_of_them() {
        let mut events = alice.events(id).unwrap();
        assert_eq!(events.next().await.unwrap(), Some(expected.clone()));
        drop(events);
        // The app was killed over it.
        let again = Apps::client(store.clone(), relay.clone());
        let mut events = again.events(id).unwrap();
        assert_eq!(events.next().await.unwrap(), Some(expected.clone()));
        let after = events.next().await.unwrap();
        assert_eq!(after.is_none(), expected == closed(Outcome::Completed));
    }
    let mut events = alice.events(id).unwrap();
    for _ in 0..2 {
        assert_eq!(events.next().await.unwrap(), None, "the end is the end");
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_at_any_await_loses_nothing_and_repeats_nothing() {
    for patience in 0..40 {
        let relay = Arc::new(PlainRelay::default());
        let store = Arc::new(MemoryStore::new());
        let (alice, id, _receiver) = transfer(&relay, relay.clone(), store).await;
        let (mut events, mut all) = (alice.events(id).unwrap(), Vec::new());
        // Once between each two events, after so many turns of everybody else.
        let mut drops = true;
        loop {
            let turns = async {
                match drops {
                    true => turns_of_others(patience).await,
                    false => std::future::pending().await,
                }
            };
            let next = tokio::select! {
                biased;
                next = events.next() => next.unwrap(),
                () = turns => {
                    drops = false;
                    continue;
                }
            };
            drops = true;
            match next {
                Some(event) => all.push(event),
                None => break,
            }
        }
        assert_eq!(all, all_of_them(), "dropped after {patience} turns");
    }
}

async fn turns_of_others(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_at_a_time_has_them() {
    let relay = Arc::new(PlainRelay::default());
    let alice = Apps::client(Arc::new(MemoryStore::new()), relay.clone());
    let (first, second) = (invite(&alice).await.0, invite(&alice).await.0);
    let events = alice.events(first.transfer).unwrap();
    let error = alice.events(first.transfer).unwrap_err();
    assert_eq!(error.code(), "already_observed");
    assert!(!error.is_retryable());
    assert!(alice.events(second.transfer).is_ok());
    drop(events);
    assert!(alice.events(first.transfer).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_silent_relay_and_a_busy_store_are_waited_out() {
    let relay = Arc::new(PlainRelay::default());
    let unanswered = AtomicUsize::new(0);
    let silent: Arc<dyn HttpTransport> = Faulty::new(relay.clone(), move |_, _| {
        let error = TransportError::new(TransportFailure::Unreachable, "no network");
        (unanswered.fetch_add(1, Ordering::Relaxed) < 20).then_some(Err(error))
    });
    let (busy, left) = failing(StoreError::Busy);
    let (alice, id, _receiver) = transfer(&relay, silent, busy).await;
    // More often than one change is tried.
    left.store(50, Ordering::Relaxed);
    let mut trouble = alice.watch_relay(id);
    let told = tokio::spawn(async move { trouble.changed().await });
    let (mut events, mut all) = (alice.events(id).unwrap(), Vec::new());
    while let Some(event) = events.next().await.unwrap() {
        all.push(event);
    }
    assert_eq!(all, all_of_them());
    let told = told.await.unwrap();
    assert!(
        matches!(told, Some(Error::RelayUnreachable { .. })),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_waiting_does_not_mend_ends_the_wait_and_the_next_call_tries_again() {
    let relay = Arc::new(PlainRelay::default());
    let mended = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicUsize::new(0));
    let untrusted: Arc<dyn HttpTransport> = Faulty::new(relay.clone(), {
        let (mended, asked) = (mended.clone(), asked.clone());
        move |_, _| {
            asked.fetch_add(1, Ordering::Relaxed);
            let error = TransportError::new(TransportFailure::Untrusted, "expired");
            (!mended.load(Ordering::Relaxed)).then_some(Err(error))
        }
    });
    let (alice, id, _receiver) = transfer(&relay, untrusted, Arc::new(MemoryStore::new())).await;
    let mut events = alice.events(id).unwrap();
    let error = events.next().await.unwrap_err();
    assert_eq!(error.code(), "untrusted_certificate");
    assert_eq!(asked.load(Ordering::Relaxed), 1, "asked once, not for ever");
    // Whoever looks only now is told as well.
    let trouble = alice.watch_relay(id).changed().await;
    assert_eq!(trouble, Some(error));
    mended.store(true, Ordering::Relaxed);
    assert_eq!(events.next().await.unwrap(), Some(TransferEvent::Accepted));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_not_waited_for() {
    let relay = Arc::new(PlainRelay::default());
    let (full, left) = failing(StoreError::Failed {
        reason: "the disk is full".into(),
    });
    let (alice, id, _receiver) = transfer(&relay, relay.clone(), full).await;
    left.store(1, Ordering::Relaxed);
    let mut events = alice.events(id).unwrap();
    assert_eq!(events.next().await.unwrap_err().code(), "store");
    assert_eq!(events.next().await.unwrap(), Some(TransferEvent::Accepted));
}

/// A store whose writes fail for as often as the number says.
fn failing(error: StoreError) -> (Arc<FaultyStore>, Arc<AtomicUsize>) {
    let left = Arc::new(AtomicUsize::new(0));
    let failures = left.clone();
    let store = FaultyStore::new(Arc::new(MemoryStore::new()), move |_| {
        let one = failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        one.is_ok().then(|| error.clone())
    });
    (store, left)
}
