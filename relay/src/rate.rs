//! How often each client may ask: token buckets.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::client::{Bound, Client, Level, Net};

/// Buckets that are remembered at a time; beyond, full ones are forgotten.
const MAX_BUCKETS: usize = 100_000;

/// Counts requests of each client, of its network, and of all.
pub(crate) struct Rate {
    per_second: Bound,
    burst: Bound,
    buckets: Mutex<Buckets>,
}

#[derive(Default)]
struct Buckets {
    nets: HashMap<Net, Bucket>,
    all: Option<Bucket>,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: u64,
    at: u64,
}

/// How a bucket is filled.
#[derive(Clone, Copy)]
struct Filling {
    rate: u64,
    burst: u64,
}

impl Rate {
    pub(crate) fn new(per_second: Bound, burst: Bound) -> Self {
        Self {
            per_second,
            burst,
            buckets: Mutex::default(),
        }
    }

    fn filling(&self, level: Level) -> Filling {
        let number = |bound: Bound| u64::try_from(bound.at(level).max(1)).unwrap_or(u64::MAX);
        Filling {
            rate: number(self.per_second),
            burst: number(self.burst),
        }
    }

    /// Takes one token of `client`; otherwise the seconds until there is one. `now` must not jump.
    pub(crate) fn take(&self, client: Client, now: u64) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.nets.len() >= MAX_BUCKETS {
            self.forget_full(&mut buckets, now);
        }
        let Buckets { nets, all } = &mut *buckets;
        let filling = self.filling(Level::All);
        let of_all = all.get_or_insert_with(|| Bucket::full(filling, now));
        of_all.refill(filling, now);
        // The widest first: what a network is refused takes nothing from anybody, and leaves no bucket behind.
        for (net, level) in client.nets().rev() {
            let filling = self.filling(level);
            let bucket = nets
                .entry(net)
                .or_insert_with(|| Bucket::full(filling, now));
            bucket.refill(filling, now);
            if bucket.tokens == 0 {
                return Err(1);
            }
        }
        if of_all.tokens == 0 {
            return Err(1);
        }
        of_all.tokens -= 1;
        for (net, _) in client.nets() {
            if let Some(bucket) = nets.get_mut(&net) {
                bucket.tokens = bucket.tokens.saturating_sub(1);
            }
        }
        Ok(())
    }

    /// A full bucket says nothing; if none is full, all start again rather than growing without bound.
    fn forget_full(&self, buckets: &mut Buckets, now: u64) {
        buckets.nets.retain(|net, bucket| {
            let filling = self.filling(net.level());
            bucket.refill(filling, now);
            bucket.tokens < filling.burst
        });
        if buckets.nets.len() >= MAX_BUCKETS {
            buckets.nets.clear();
        }
    }
}

impl Bucket {
    fn full(filling: Filling, now: u64) -> Self {
        Self {
            tokens: filling.burst,
            at: now,
        }
    }

    fn refill(&mut self, filling: Filling, now: u64) {
        let fresh = now.saturating_sub(self.at).saturating_mul(filling.rate);
        self.tokens = self.tokens.saturating_add(fresh).min(filling.burst);
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> Client {
        Client::of(address.parse().unwrap())
    }

    #[test]
    fn a_client_has_its_burst_and_then_its_rate() {
        let rate = Rate::new(Bound::new(2, 2, 100), Bound::new(3, 3, 100));
        let v4 = client("192.0.2.1");
        let taken = |now| (0..9).take_while(|_| rate.take(v4, now).is_ok()).count();
        assert_eq!(taken(100), 3);
        assert_eq!(taken(101), 2);
        assert_eq!(taken(1000), 3);
    }

    #[test]
    fn a_64_a_48_and_all_have_their_own() {
        let rate = Rate::new(Bound::new(1, 1, 1), Bound::new(2, 3, 6));
        let take = |address, now| rate.take(client(address), now);
        assert_eq!(take("2001:db8::1", 1), Ok(()));
        assert_eq!(take("2001:db8::2", 1), Ok(()));
        assert_eq!(take("2001:db8::3", 1), Err(1), "of one /64");
        assert_eq!(take("2001:db8:0:1::1", 1), Ok(()));
        assert_eq!(take("2001:db8:0:2::1", 1), Err(1), "of one /48");
        assert_eq!(take("2001:db8:1::1", 1), Ok(()));
        for _ in 0..2 {
            assert_eq!(take("192.0.2.1", 1), Ok(()));
        }
        assert_eq!(take("192.0.2.2", 1), Err(1), "of all");
        assert_eq!(take("192.0.2.2", 2), Ok(()));
        for n in 0..2 {
            assert_eq!(rate.take(Client::UNKNOWN, 10 + n), Ok(()));
        }
    }
}
