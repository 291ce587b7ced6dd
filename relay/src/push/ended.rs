//! Notification tokens that their service has ended.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tigress_mailbox::NotificationToken;
use tokio::time::Instant;

/// How long nothing is sent to a token that was ended. A device may get the same token again.
const KEPT: Duration = Duration::from_secs(3600);
/// How many are remembered; the oldest gives way.
const MOST: usize = 10_000;

/// What stands for a token where it is remembered.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn of(token: &NotificationToken) -> Self {
        let mut hash = Sha256::new();
        let kind = token.token_type.as_bytes();
        hash.update(u64::try_from(kind.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(kind);
        hash.update(token.token_data.as_bytes());
        Self(hash.finalize().into())
    }
}

/// Those of the last hour.
#[derive(Default)]
pub(super) struct Ended {
    until: HashMap<Key, Instant>,
    order: VecDeque<(Instant, Key)>,
}

impl Ended {
    pub(super) fn has(&self, key: Key, now: Instant) -> bool {
        self.until.get(&key).is_some_and(|until| now < *until)
    }

    pub(super) fn add(&mut self, key: Key, now: Instant) {
        let until = now + KEPT;
        self.until.insert(key, until);
        self.order.push_back((until, key));
        while let Some((until, key)) = self.order.front().copied()
            && (self.order.len() > MOST || until <= now)
        {
            self.order.pop_front();
            // It may have been ended again since.
            if self.until.get(&key) == Some(&until) {
                self.until.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(data: usize) -> Key {
        Key::of(&NotificationToken {
            token_type: "test".to_owned(),
            token_data: data.to_string(),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_ended_for_an_hour_and_no_more_than_some_are_remembered() {
        let (mut ended, begun) = (Ended::default(), Instant::now());
        ended.add(key(0), begun);
        assert!(ended.has(key(0), begun + KEPT - Duration::from_secs(1)));
        assert!(!ended.has(key(0), begun + KEPT));
        for data in 1..=MOST {
            ended.add(key(data), begun);
        }
        assert!(!ended.has(key(0), begun) && ended.has(key(1), begun));
        ended.add(key(0), begun + KEPT);
        assert_eq!((ended.until.len(), ended.order.len()), (1, 1));
    }
}
