//! How often each client may ask, by governor's token buckets.

use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use governor::clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};

use crate::client::{Bound, Client, Level, Net};
use crate::clock::Clock;

/// Buckets that are remembered at a time; beyond, full ones are forgotten.
const MAX_BUCKETS: usize = 100_000;
/// More than any clock shows: what governor counts in nanoseconds ends after 584 years.
const END_OF_TIME: u64 = 500 * 365 * 24 * 3600;

/// The relay's clock as governor reads it.
#[derive(Clone)]
struct Steady(Arc<dyn Clock>);

impl clock::Clock for Steady {
    type Instant = Duration;

    fn now(&self) -> Duration {
        let seconds = self.0.steady().unwrap_or_else(|| self.0.now());
        Duration::from_secs(seconds.min(END_OF_TIME))
    }
}

type Middleware = NoOpMiddleware<Duration>;
type Keyed = RateLimiter<Net, HashMapStateStore<Net>, Steady, Middleware>;

/// Counts requests of each client, of its network, and of all.
pub(crate) struct Rate {
    clock: Steady,
    /// What each net has, and what a new one gets: of clients, then of networks, as [`Client::nets`] gives them.
    levels: [(Quota, RwLock<Keyed>); 2],
    all: RateLimiter<NotKeyed, InMemoryState, Steady, Middleware>,
}

impl Rate {
    pub(crate) fn new(per_second: Bound, burst: Bound, clock: Arc<dyn Clock>) -> Self {
        let clock = Steady(clock);
        let quota = |level| {
            let number = |bound: Bound| {
                let number = u32::try_from(bound.at(level)).unwrap_or(u32::MAX);
                NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
            };
            Quota::per_second(number(per_second)).allow_burst(number(burst))
        };
        let levels = [Level::Client, Level::Network].map(|level| {
            let buckets = RateLimiter::hashmap_with_clock(quota(level), clock.clone());
            (quota(level), RwLock::new(buckets))
        });
        let all = RateLimiter::direct_with_clock(quota(Level::All), clock.clone());
        Self { clock, levels, all }
    }

    /// Takes one of `client`'s requests; otherwise the seconds until there is one. The narrowest first: what a client is
    /// refused takes nothing from its network, and what a network is refused takes nothing from all.
    pub(crate) fn take(&self, client: Client) -> Result<(), u64> {
        for ((net, _), (quota, buckets)) in client.nets().zip(&self.levels) {
            self.bound(*quota, buckets);
            let buckets = buckets.read().unwrap_or_else(PoisonError::into_inner);
            buckets.check_key(&net).map_err(|not| self.seconds(&not))?;
        }
        self.all.check().map_err(|not| self.seconds(&not))
    }

    fn seconds(&self, not: &NotUntil<Duration>) -> u64 {
        let wait = not.wait_time_from(clock::Clock::now(&self.clock));
        wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
    }

    /// A full bucket says nothing; if none is full, all start again rather than growing without bound.
    fn bound(&self, quota: Quota, buckets: &RwLock<Keyed>) {
        let full = || {
            let buckets = buckets.read().unwrap_or_else(PoisonError::into_inner);
            buckets.len() >= MAX_BUCKETS && {
                buckets.retain_recent();
                buckets.len() >= MAX_BUCKETS
            }
        };
        if full() {
            let fresh = RateLimiter::hashmap_with_clock(quota, self.clock.clone());
            *buckets.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn client(address: &str) -> Client {
        Client::of(address.parse().unwrap())
    }

    #[test]
    fn a_client_has_its_burst_and_then_its_rate() {
        let clock = Arc::new(ManualClock::new(0));
        let rate = Rate::new(Bound::new(2, 2, 100), Bound::new(3, 3, 100), clock.clone());
        let v4 = client("192.0.2.1");
        let taken = || (0..9).take_while(|_| rate.take(v4).is_ok()).count();
        assert_eq!(taken(), 3);
        assert_eq!(rate.take(v4), Err(1));
        clock.advance(1);
        assert_eq!(taken(), 2);
        clock.advance(900);
        assert_eq!(taken(), 3);
    }

    #[test]
    fn a_64_a_48_and_all_have_their_own() {
        let clock = Arc::new(ManualClock::new(0));
        let rate = Rate::new(Bound::new(1, 1, 1), Bound::new(2, 3, 6), clock.clone());
        let take = |address| rate.take(client(address));
        assert_eq!(take("2001:db8::1"), Ok(()));
        assert_eq!(take("2001:db8::2"), Ok(()));
        assert_eq!(take("2001:db8::3"), Err(1), "of one /64");
        assert_eq!(take("2001:db8:0:1::1"), Ok(()));
        assert_eq!(take("2001:db8:0:2::1"), Err(1), "of one /48");
        assert_eq!(take("2001:db8:1::1"), Ok(()));
        for _ in 0..2 {
            assert_eq!(take("192.0.2.1"), Ok(()));
        }
        assert_eq!(take("192.0.2.2"), Err(1), "of all");
        clock.advance(1);
        assert_eq!(take("192.0.2.2"), Ok(()));
        for _ in 0..2 {
            clock.advance(1);
            assert_eq!(rate.take(Client::UNKNOWN), Ok(()));
        }
    }

    #[test]
    fn no_number_of_clients_grows_without_bound() {
        let clock = Arc::new(ManualClock::new(0));
        let rate = Rate::new(
            Bound::new(1, 1, MAX_BUCKETS * 4),
            Bound::new(1, 1, MAX_BUCKETS * 4),
            clock.clone(),
        );
        let number = |n: usize| {
            let bits = u32::try_from(n).unwrap();
            Client::of(std::net::Ipv4Addr::from_bits(bits).into())
        };
        let remembered = || {
            let (.., buckets) = &rate.levels[0];
            buckets.read().unwrap().len()
        };
        for n in 0..MAX_BUCKETS {
            assert_eq!(rate.take(number(n)), Ok(()));
        }
        assert_eq!(remembered(), MAX_BUCKETS);
        // None of them is full: all start again.
        assert_eq!(rate.take(number(MAX_BUCKETS)), Ok(()));
        assert_eq!(remembered(), 1);
        // Where some are full, only these are forgotten.
        for n in 1..MAX_BUCKETS {
            assert_eq!(rate.take(number(n)), Ok(()));
            if n == MAX_BUCKETS / 2 {
                clock.advance(10);
            }
        }
        assert_eq!(remembered(), MAX_BUCKETS);
        assert_eq!(rate.take(number(MAX_BUCKETS + 1)), Ok(()));
        assert!(remembered() < MAX_BUCKETS && remembered() > 1);
        assert_eq!(rate.take(number(MAX_BUCKETS - 1)), Err(1));
    }
}
