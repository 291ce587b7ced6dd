//! A token bucket for each client.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// Clients that are remembered at a time; beyond, those with full buckets are forgotten.
const MAX_CLIENTS: usize = 100_000;

/// Counts requests of each client.
pub(crate) struct Limiter {
    rate: u64,
    burst: u64,
    limit_loopback: bool,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: u64,
    at: u64,
}

impl Limiter {
    pub(crate) fn new(rate: u32, burst: u32, limit_loopback: bool) -> Self {
        let (rate, burst) = (u64::from(rate.max(1)), u64::from(burst.max(1)));
        Self {
            rate,
            burst,
            limit_loopback,
            buckets: Mutex::default(),
        }
    }

    /// Takes one token of `client`; otherwise the seconds until there is one.
    pub(crate) fn take(&self, client: IpAddr, now: u64) -> Result<(), u64> {
        let client = client.to_canonical();
        if client.is_loopback() && !self.limit_loopback {
            return Ok(());
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_CLIENTS {
            self.forget_full(&mut buckets, now);
        }
        let bucket = buckets.entry(network(client)).or_insert(Bucket {
            tokens: self.burst,
            at: now,
        });
        bucket.tokens = self.refilled(*bucket, now);
        bucket.at = now;
        if bucket.tokens == 0 {
            return Err(1);
        }
        bucket.tokens -= 1;
        Ok(())
    }

    fn refilled(&self, bucket: Bucket, now: u64) -> u64 {
        let fresh = now.saturating_sub(bucket.at).saturating_mul(self.rate);
        bucket.tokens.saturating_add(fresh).min(self.burst)
    }

    /// A full bucket says nothing; if none is full, all start again rather than growing without bound.
    fn forget_full(&self, buckets: &mut HashMap<IpAddr, Bucket>, now: u64) {
        buckets.retain(|_, bucket| self.refilled(*bucket, now) < self.burst);
        if buckets.len() >= MAX_CLIENTS {
            buckets.clear();
        }
    }
}

/// One IPv6 customer has at least a /64.
fn network(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn a_client_has_its_burst_and_then_its_rate() {
        let limiter = Limiter::new(2, 3, false);
        let taken = |now| (0..9).take_while(|_| limiter.take(V4, now).is_ok()).count();
        assert_eq!(taken(100), 3);
        assert_eq!(taken(101), 2);
        assert_eq!(taken(100), 0, "a clock that goes back gives nothing");
        assert_eq!(taken(1000), 3);
    }

    #[test]
    fn a_network_shares_one_bucket_and_loopback_is_free() {
        let limiter = Limiter::new(1, 1, false);
        let of = |text: &str| text.parse().map(|ip| limiter.take(ip, 1));
        assert_eq!(of("2001:db8::1"), Ok(Ok(())));
        assert_eq!(of("2001:db8::2"), Ok(Err(1)));
        assert_eq!(of("2001:db8:0:1::1"), Ok(Ok(())));
        for _ in 0..5 {
            assert_eq!(of("127.0.0.1"), Ok(Ok(())));
            assert_eq!(of("::ffff:127.0.0.1"), Ok(Ok(())));
        }
    }
}
