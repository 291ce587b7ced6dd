//! What clients may take: one structure, each part of which an operator can set by name.

use std::time::Duration;

use crate::client::Bound;
use crate::store::Room;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// Longest time-out that can be set: timers count to a few years at most.
const DAY: u64 = 24 * 3600;

/// What clients may take. A [`Bound`] has three numbers: for one client (an IPv4 address or an IPv6 /64), for the /48 that
/// an IPv6 client is in, and for all together.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest body of a request, in bytes: 1 MiB.
    pub body_bytes: usize,
    /// Largest payload of a mailbox that is made, in bytes: 16 KiB. A first token has less than one.
    pub first_payload_bytes: usize,
    /// Largest head of a request, in bytes: 16 KiB.
    pub head_bytes: usize,
    /// Longest life of a mailbox, in seconds: 30 days and 10 minutes. A later expiration is brought forward.
    pub max_lifetime: u64,
    /// Life of a mailbox whose creator names no expiration, in seconds: 48 hours.
    pub default_lifetime: u64,
    /// Longest life of a mailbox that no recipient was ever bound to, in seconds: 48 hours.
    pub unbound_lifetime: u64,
    /// Longest hold of a read, in seconds: 50. Proxies wait for an answer for 60.
    pub max_wait: u64,
    /// What mailboxes may take.
    pub room: Room,
    /// Requests a second in the long run: 20, 40, 2000.
    pub requests_per_second: Bound,
    /// Requests at once: 200, 400, 20 000.
    pub burst: Bound,
    /// Whether the rate of loopback clients is limited too: no. It always is where there is a public URL or a header with
    /// the client's address: then they are a proxy's.
    pub limit_loopback: bool,
    /// Connections at a time: 96, 192, 5000. Beyond, the one that is idle for longest gives way. Fewer where the
    /// system gives fewer descriptors; a client never has more than half of them.
    pub connections: Bound,
    /// Requests under way at a time, held reads and answers that are not read included: 256, 512, 5000.
    pub requests: Bound,
    /// Requests under way at a time on one HTTP/2 connection: 8.
    pub streams: u32,
    /// Bytes of bodies under way: 4 MiB, 8 MiB, 64 MiB.
    pub incoming_bytes: Bound,
    /// Bytes of answers under way: 8 MiB, 16 MiB, 64 MiB.
    pub outgoing_bytes: Bound,
    /// Bytes that heads of HTTP/2 requests make connections keep, beyond 32 KiB of each: 2 MiB, 4 MiB, 32 MiB.
    pub kept_bytes: Bound,
    /// Longest time for a request's head, and again for its body, to arrive: 30 seconds.
    pub request_timeout: Duration,
    /// Longest time in which a client may take nothing of an answer: 30 seconds. Then its connection ends.
    pub answer_timeout: Duration,
    /// Longest time that a request waits for its client's part of the bytes under way: 10 seconds.
    pub patience: Duration,
    /// How long a jump of the clock must last before it is followed, in seconds: 600. Until then nothing expires by it.
    pub clock_patience: u64,
    /// Longest time that a shutdown waits for requests under way: 5 seconds.
    pub shutdown_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: tigress_mailbox::MAX_BODY,
            first_payload_bytes: 16 * KIB,
            head_bytes: 16 * KIB,
            max_lifetime: 30 * 24 * 3600 + 600,
            default_lifetime: 48 * 3600,
            unbound_lifetime: 48 * 3600,
            max_wait: 50,
            room: Room::default(),
            requests_per_second: Bound::new(20, 40, 2_000),
            burst: Bound::new(200, 400, 20_000),
            limit_loopback: false,
            connections: Bound::new(96, 192, 5_000),
            requests: Bound::new(256, 512, 5_000),
            streams: 8,
            incoming_bytes: Bound::new(4 * MIB, 8 * MIB, 64 * MIB),
            outgoing_bytes: Bound::new(8 * MIB, 16 * MIB, 64 * MIB),
            kept_bytes: Bound::new(2 * MIB, 4 * MIB, 32 * MIB),
            request_timeout: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(30),
            patience: Duration::from_secs(10),
            clock_patience: 600,
            shutdown_grace: Duration::from_secs(5),
        }
    }
}

/// A limit as it is set by name.
enum Place<'limits> {
    Number(&'limits mut usize),
    Whole(&'limits mut u64),
    Streams(&'limits mut u32),
    Percent(&'limits mut u8),
    Seconds(&'limits mut Duration),
    Bound(&'limits mut Bound),
    Flag(&'limits mut bool),
}

impl Limits {
    /// The names by which [`Limits::set`] knows the limits: those of the fields, and of [`Room`]'s.
    pub const NAMES: [&str; 25] = [
        "body_bytes",
        "first_payload_bytes",
        "head_bytes",
        "max_lifetime",
        "default_lifetime",
        "unbound_lifetime",
        "max_wait",
        "mailboxes",
        "bytes",
        "for_updates",
        "remember",
        "remembered",
        "requests_per_second",
        "burst",
        "limit_loopback",
        "connections",
        "requests",
        "streams",
        "incoming_bytes",
        "outgoing_bytes",
        "kept_bytes",
        "request_timeout",
        "answer_timeout",
        "patience",
        "clock_patience",
    ];

    /// Sets one by its name. Numbers may end with `KiB`, `MiB` or `GiB`, times are seconds, a bound is three numbers with
    /// commas between.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let place = self.place(name).ok_or_else(|| {
            format!(
                "there is no limit {name}; there are: {}",
                Self::NAMES.join(", ")
            )
        })?;
        let bad = |form: &str| format!("{name} is {form}, not {value}");
        match place {
            Place::Number(at) => *at = number(value).ok_or_else(|| bad("a number"))?,
            Place::Whole(at) => {
                *at = number(value)
                    .and_then(|number| number.try_into().ok())
                    .ok_or_else(|| bad("a number"))?;
            }
            Place::Streams(at) => {
                let streams = value.parse().ok().filter(|streams| *streams > 0);
                *at = streams.ok_or_else(|| bad("a number of at least 1"))?;
            }
            Place::Percent(at) => {
                let percent = value.parse().ok().filter(|percent| *percent <= 100);
                *at = percent.ok_or_else(|| bad("a number of at most 100"))?;
            }
            Place::Seconds(at) => {
                let seconds = value.parse().ok().filter(|seconds| *seconds <= DAY);
                let seconds =
                    seconds.ok_or_else(|| bad("a number of seconds, of at most a day"))?;
                *at = Duration::from_secs(seconds);
            }
            Place::Bound(at) => {
                *at = bound(value).ok_or_else(|| bad("three numbers: CLIENT,NETWORK,ALL"))?
            }
            Place::Flag(at) => *at = value.parse().map_err(|_| bad("true or false"))?,
        }
        Ok(())
    }

    /// One by its name, as [`Limits::set`] takes it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let mut copy = self.clone();
        Some(match copy.place(name)? {
            Place::Number(at) => at.to_string(),
            Place::Whole(at) => at.to_string(),
            Place::Streams(at) => at.to_string(),
            Place::Percent(at) => at.to_string(),
            Place::Seconds(at) => at.as_secs().to_string(),
            Place::Bound(at) => format!("{},{},{}", at.client, at.network, at.all),
            Place::Flag(at) => at.to_string(),
        })
    }

    fn place(&mut self, name: &str) -> Option<Place<'_>> {
        Some(match name {
            "body_bytes" => Place::Number(&mut self.body_bytes),
            "first_payload_bytes" => Place::Number(&mut self.first_payload_bytes),
            "head_bytes" => Place::Number(&mut self.head_bytes),
            "max_lifetime" => Place::Whole(&mut self.max_lifetime),
            "default_lifetime" => Place::Whole(&mut self.default_lifetime),
            "unbound_lifetime" => Place::Whole(&mut self.unbound_lifetime),
            "max_wait" => Place::Whole(&mut self.max_wait),
            "mailboxes" => Place::Bound(&mut self.room.mailboxes),
            "bytes" => Place::Bound(&mut self.room.bytes),
            "for_updates" => Place::Percent(&mut self.room.for_updates),
            "remember" => Place::Whole(&mut self.room.remember),
            "remembered" => Place::Number(&mut self.room.remembered),
            "requests_per_second" => Place::Bound(&mut self.requests_per_second),
            "burst" => Place::Bound(&mut self.burst),
            "limit_loopback" => Place::Flag(&mut self.limit_loopback),
            "connections" => Place::Bound(&mut self.connections),
            "requests" => Place::Bound(&mut self.requests),
            "streams" => Place::Streams(&mut self.streams),
            "incoming_bytes" => Place::Bound(&mut self.incoming_bytes),
            "outgoing_bytes" => Place::Bound(&mut self.outgoing_bytes),
            "kept_bytes" => Place::Bound(&mut self.kept_bytes),
            "request_timeout" => Place::Seconds(&mut self.request_timeout),
            "answer_timeout" => Place::Seconds(&mut self.answer_timeout),
            "patience" => Place::Seconds(&mut self.patience),
            "clock_patience" => Place::Whole(&mut self.clock_patience),
            _ => return None,
        })
    }
}

fn number(text: &str) -> Option<usize> {
    let units = [("KiB", KIB), ("MiB", MIB), ("GiB", KIB * MIB)];
    let found = units
        .into_iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)));
    let (digits, unit) = found.unwrap_or((text, 1));
    digits.parse::<usize>().ok()?.checked_mul(unit)
}

fn bound(text: &str) -> Option<Bound> {
    let mut numbers = text.split(',').map(number);
    let bound = Bound::new(numbers.next()??, numbers.next()??, numbers.next()??);
    numbers.next().is_none().then_some(bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_can_be_set_by_its_name() {
        let mut limits = Limits::default();
        for name in Limits::NAMES {
            let form = match limits.place(name).unwrap() {
                Place::Bound(_) => "1,2KiB,3MiB",
                Place::Flag(_) => "true",
                _ => "7",
            };
            assert_eq!(limits.set(name, form), Ok(()), "{name}");
            let shown = limits.get(name).unwrap();
            assert_eq!(limits.set(name, &shown), Ok(()));
            assert_eq!(limits.get(name), Some(shown));
        }
        assert_eq!(limits.room.bytes, Bound::new(1, 2048, 3 << 20));
        assert_eq!(limits.answer_timeout, Duration::from_secs(7));
        assert_eq!(limits.room.for_updates, 7);
        for (name, value) in [
            ("connection", "1,2,3"),
            ("connections", "1,2"),
            ("connections", "1,2,3,4"),
            ("connections", "1,2,-3"),
            ("head_bytes", "1 KiB"),
            ("body_bytes", "99999999999GiB"),
            ("for_updates", "101"),
            ("limit_loopback", "yes"),
            ("streams", "0"),
            ("request_timeout", "86401"),
            ("request_timeout", "18446744073709551615"),
        ] {
            assert!(limits.set(name, value).is_err(), "{name}={value}");
        }
    }
}
