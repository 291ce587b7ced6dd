//! The queue before a gateway that answers as a test wants it to, in time that only passes where nobody works.

use std::collections::VecDeque;

use async_trait::async_trait;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;
use crate::clock::ManualClock;
use crate::store::test_log::TestLog;

const KIND: &str = "test";

/// What a gateway does in its next try; afterwards it sends.
enum Act {
    Answer(Outcome),
    /// Sends once it is told to.
    Wait(Arc<Semaphore>),
    Never,
}

struct Gateway {
    acts: Mutex<VecDeque<Act>>,
    tried: UnboundedSender<Try>,
}

struct Try {
    data: String,
    id: Uuid,
    at: Instant,
}

#[async_trait]
impl PushGateway for Gateway {
    fn types(&self) -> Vec<String> {
        vec![KIND.to_owned()]
    }

    async fn notify(&self, notification: &Notification<'_>) -> Outcome {
        let act = self.acts.lock().unwrap().pop_front();
        let _ = self.tried.send(Try {
            data: notification.token.token_data.clone(),
            id: notification.id,
            at: Instant::now(),
        });
        match act {
            None => Outcome::Sent,
            Some(Act::Answer(outcome)) => outcome,
            Some(Act::Wait(until)) => {
                until.acquire().await.unwrap().forget();
                Outcome::Sent
            }
            Some(Act::Never) => std::future::pending().await,
        }
    }
}

fn queue(acts: Vec<Act>) -> (Arc<Queue>, UnboundedReceiver<Try>) {
    let (tried, tries) = unbounded_channel();
    let gateway = Gateway {
        acts: Mutex::new(acts.into()),
        tried,
    };
    let clock = Arc::new(ManualClock::new(1_900_000_000));
    (Queue::new(vec![Arc::new(gateway)], clock).unwrap(), tries)
}

fn token(kind: &str, data: &str) -> NotificationToken {
    NotificationToken {
        token_type: kind.to_owned(),
        token_data: data.to_owned(),
    }
}

fn later(after: Option<u64>) -> Act {
    Act::Answer(Outcome::Later {
        after: after.map(Duration::from_secs),
        why: Why::answered(503, ""),
    })
}

/// Time passes once all have done what they can.
async fn until_nothing_waits(queue: &Queue) {
    while queue.counts().waiting > 0 {
        sleep(Duration::from_millis(100)).await;
    }
}

fn all(tries: &mut UnboundedReceiver<Try>) -> Vec<Try> {
    std::iter::from_fn(|| tries.try_recv().ok()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_comes_while_a_token_waits_or_is_under_way_is_one_more_notification() {
    let release = Arc::new(Semaphore::new(0));
    let (queue, mut tries) = queue(vec![Act::Wait(release.clone())]);
    queue.notify(token(KIND, "a"));
    queue.notify(token(KIND, "a"));
    assert_eq!(tries.recv().await.unwrap().data, "a", "one for both");
    queue.notify(token(KIND, "a"));
    queue.notify(token(KIND, "a"));
    queue.notify(token(KIND, "b"));
    assert_eq!(
        tries.recv().await.unwrap().data,
        "b",
        "another is not held up"
    );
    assert!(tries.try_recv().is_err(), "never two for one token");
    release.add_permits(1);
    until_nothing_waits(&queue).await;
    let more = all(&mut tries);
    assert_eq!(
        more.len(),
        1,
        "the device may have looked before the last two"
    );
    let counts = queue.counts();
    assert_eq!((counts.sent, counts.merged), (3, 3));
    queue.notify(token(KIND, "a"));
    assert_eq!(tries.recv().await.unwrap().data, "a");
}

#[tokio::test(start_paused = true)]
async fn what_may_succeed_later_is_tried_again_more_and_more_slowly_and_given_up() {
    let acts = (0..TRIES).map(|n| if n == 1 { Act::Never } else { later(None) });
    let (queue, mut tries) = queue(acts.collect());
    let log = TestLog::default();
    let _guard = log.collect();
    queue.notify(token(KIND, "secret-token"));
    until_nothing_waits(&queue).await;
    let seen = all(&mut tries);
    assert_eq!(seen.len(), usize::try_from(TRIES).unwrap());
    assert!(seen.iter().all(|one| one.id == seen[0].id), "one message");
    for (n, pair) in seen.windows(2).enumerate() {
        let least = FIRST_PAUSE * 3_u32.pow(u32::try_from(n).unwrap());
        let took = pair[1].at - pair[0].at - if n == 1 { TRY } else { Duration::ZERO };
        assert!(took >= least && took <= least * 4 / 3, "{n}: {took:?}");
    }
    let counts = queue.counts();
    assert_eq!((counts.given_up, counts.sent), (1, 0));
    assert_eq!(counts.retried, u64::from(TRIES) - 1);
    assert!(
        log.text().contains("given up kind=\"test\" why=503"),
        "{}",
        log.text()
    );
    assert!(!log.text().contains("secret-token"));
}

#[tokio::test(start_paused = true)]
async fn the_next_try_tells_of_what_happened_before_it() {
    let (queue, mut tries) = queue(vec![later(None)]);
    queue.notify(token(KIND, "a"));
    while queue.counts().retried == 0 {
        tokio::task::yield_now().await;
    }
    queue.notify(token(KIND, "a"));
    until_nothing_waits(&queue).await;
    assert_eq!(all(&mut tries).len(), 2);
    let counts = queue.counts();
    assert_eq!((counts.sent, counts.merged), (1, 1));
}

#[test]
fn not_all_come_again_at_once() {
    let of = |first: u8| {
        let mut id = [0; 16];
        id[0] = first;
        pause(1, Uuid::from_bytes(id), None).unwrap()
    };
    assert_eq!((of(0), of(128)), (FIRST_PAUSE, FIRST_PAUSE * 9 / 8));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_asks_for_silence_has_it_from_all_tokens() {
    let (queue, mut tries) = queue(vec![later(Some(100))]);
    queue.notify(token(KIND, "a"));
    let first = tries.recv().await.unwrap().at;
    while queue.counts().retried == 0 {
        tokio::task::yield_now().await;
    }
    queue.notify(token(KIND, "b"));
    until_nothing_waits(&queue).await;
    let seen = all(&mut tries);
    assert_eq!(seen.len(), 2);
    for one in seen {
        assert!(one.at - first >= Duration::from_secs(100), "{}", one.data);
    }
    let (queue, mut tries) = self::queue(vec![later(Some(3601))]);
    queue.notify(token(KIND, "a"));
    until_nothing_waits(&queue).await;
    assert_eq!((all(&mut tries).len(), queue.counts().given_up), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_notification_and_an_ended_token_gets_no_more_for_an_hour() {
    let why = Why::answered(410, "");
    let acts = vec![
        Act::Answer(Outcome::Refused(why)),
        Act::Answer(Outcome::Ended(why)),
    ];
    let (queue, mut tries) = queue(acts);
    for _ in 0..3 {
        queue.notify(token(KIND, "a"));
        until_nothing_waits(&queue).await;
    }
    assert_eq!(all(&mut tries).len(), 2);
    assert!(!queue.serves(Some(&token(KIND, "a"))));
    assert!(queue.serves(Some(&token(KIND, "b"))));
    let counts = queue.counts();
    assert_eq!((counts.refused, counts.ended), (1, 2));
    sleep(Duration::from_secs(3600)).await;
    assert!(queue.serves(Some(&token(KIND, "a"))));
    queue.notify(token(KIND, "a"));
    assert_eq!(tries.recv().await.unwrap().data, "a");
}

#[tokio::test(start_paused = true)]
async fn what_there_is_no_room_for_is_dropped_and_told_without_a_token() {
    let release = Arc::new(Semaphore::new(0));
    let acts = (0..ROOM).map(|_| Act::Wait(release.clone())).collect();
    let (queue, mut tries) = queue(acts);
    let log = TestLog::default();
    let _guard = log.collect();
    for n in 0..ROOM + 3 {
        queue.notify(token(KIND, &format!("token-{n}")));
    }
    assert_eq!(queue.counts().dropped, 3);
    assert_eq!(queue.counts().waiting, u64::try_from(ROOM).unwrap());
    for _ in 0..AT_A_TIME {
        tries.recv().await.unwrap();
    }
    sleep(Duration::from_millis(1)).await;
    assert!(tries.try_recv().is_err(), "no more at a time");
    release.add_permits(1);
    tries.recv().await.unwrap();
    assert_eq!(
        log.text().matches("are dropped").count(),
        1,
        "{}",
        log.text()
    );
    assert!(log.text().contains("dropped=3"), "{}", log.text());
    assert!(!log.text().contains("token-"), "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_nobody_serves_is_left_alone() {
    let (queue, mut tries) = queue(Vec::new());
    assert!(queue.serves(None) && queue.serves(Some(&token(KIND, "a"))));
    assert!(!queue.serves(Some(&token("other", "a"))));
    queue.notify(token("other", "a"));
    assert_eq!(
        (queue.counts(), all(&mut tries).len()),
        (PushCounts::default(), 0)
    );
    let clock = || Arc::new(ManualClock::new(0));
    let nobody = Queue::new(Vec::new(), clock()).unwrap();
    assert!(!nobody.serves(None));
    let twice = queue.types.values().map(|served| served.gateway.clone());
    let twice: Vec<_> = twice.clone().chain(twice).collect();
    let refused = Queue::new(twice, clock()).err();
    assert!(matches!(refused, Some(ServedTwice(kind)) if kind == KIND));
}

#[tokio::test(start_paused = true)]
async fn closed_it_ends_what_it_does_and_says_how_much_was_lost() {
    let (queue, mut tries) = queue(vec![Act::Never]);
    let log = TestLog::default();
    let _guard = log.collect();
    queue.notify(token(KIND, "a"));
    tries.recv().await.unwrap();
    queue.close();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(queue.counts(), PushCounts::default());
    assert!(log.text().contains("left=1"), "{}", log.text());
}
