//! What relays need for so many transfers a second: an hour of chance arrivals, gone through second by second, with figures
//! that were measured. docs/operating.md says how, and what this does not know.

use crate::{Done, Failure};

const USAGE: &str = "usage: cargo xtask capacity [--seconds N] [--bytes N] TRANSFERS_PER_SECOND…
  --seconds N   from the invitation to the deletion: 60
  --bytes N     of a payload: 2048";

/// What one thing takes: name, value, and where the value is from.
type Figure = (&'static str, f64, &'static str);

const MEASURED: &str = "docs/operating.md, Sizing";
/// A held update is two for a relay: a write, and a read that waits.
const REQUESTS: Figure = (
    "writes and reads of a transfer",
    11.0,
    "docs/performance.md",
);
const HOLD: Figure = (
    "seconds that a read is held",
    50.0,
    "docs/relay.md: max_wait",
);
const REMEMBER: Figure = (
    "seconds that a creation is remembered",
    600.0,
    "docs/relay.md: remember",
);
const IDLE: Figure = ("bytes of an idle relay", 17e6, MEASURED);
const HELD: Figure = ("bytes of a held read, HTTP/1.1", 20e3, MEASURED);
const MAILBOX: Figure = ("bytes of a mailbox beyond its payload", 850.0, MEASURED);
const REMEMBERED: Figure = ("bytes of a remembered creation", 170.0, MEASURED);
const CPU: Figure = ("µs of CPU for a request", 43.0, MEASURED);
const SHARED_CPU: Figure = ("µs of CPU for a request, on Redis", 131.0, MEASURED);
const REDIS_CPU: Figure = ("µs of Redis's CPU for a request", 49.0, MEASURED);
const REDIS_MAILBOX: Figure = (
    "bytes of a mailbox in Redis beyond its payload",
    1490.0,
    MEASURED,
);
const REDIS_REMEMBERED: Figure = ("bytes of a remembered creation in Redis", 204.0, MEASURED);
const REDIS_COMMANDS: Figure = (
    "Redis's commands for a request, those in scripts too",
    7.3,
    MEASURED,
);
const REDIS_HELD: Figure = (
    "Redis's commands for a held read and second",
    0.36,
    MEASURED,
);

const FIGURES: [Figure; 15] = [
    REQUESTS,
    HOLD,
    REMEMBER,
    IDLE,
    HELD,
    MAILBOX,
    REMEMBERED,
    CPU,
    SHARED_CPU,
    REDIS_CPU,
    REDIS_MAILBOX,
    REDIS_REMEMBERED,
    REDIS_COMMANDS,
    REDIS_HELD,
    CORE,
];
/// Above this requests wait for each other.
const CORE: Figure = (
    "part of a processor that is kept busy at the most",
    0.5,
    "a choice",
);

/// The limits of all together that are in the way, as a relay has them by default.
const LIMITS: [(&str, f64); 4] = [
    ("mailboxes", 10_000.0),
    ("remembered", 40_000.0),
    ("connections", 5_000.0),
    ("requests_per_second", 2_000.0),
];

/// What is simulated.
#[derive(Clone, Copy)]
struct Load {
    rate: f64,
    seconds: usize,
    bytes: f64,
}

/// The most of each that was there in one second.
#[derive(Debug, Default, PartialEq)]
struct Peak {
    mailboxes: f64,
    remembered: f64,
    requests: f64,
}

pub(crate) fn capacity(words: &[&str]) -> Done {
    let (mut seconds, mut bytes, mut rates) = (60, 2048.0, Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let number = |word: Option<&&str>| word?.parse::<f64>().ok().filter(|n| *n > 0.0);
        let wrong = Failure::Usage(USAGE);
        match *word {
            "--seconds" => seconds = whole(number(words.next()).ok_or(wrong)?),
            "--bytes" => bytes = number(words.next()).ok_or(wrong)?,
            rate => rates.push(number(Some(&rate)).ok_or(wrong)?),
        }
    }
    if rates.is_empty() {
        return Err(Failure::Usage(USAGE));
    }
    for (name, value, source) in FIGURES {
        println!("{value:>12}  {name} ({source})");
    }
    for rate in rates {
        let load = Load {
            rate,
            seconds,
            bytes,
        };
        println!("\n{}", told(load, &simulated(load)));
    }
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive and small"
)]
fn whole(number: f64) -> usize {
    number as usize
}

/// An hour after all has come to its level.
fn simulated(load: Load) -> Peak {
    let mut chance = Chance(1);
    let remember = whole(REMEMBER.1);
    let all = load.seconds + remember + 3600;
    let arrivals: Vec<f64> = (0..all).map(|_| chance.arrivals(load.rate)).collect();
    let (mut open, mut deleted, mut peak) = (0.0, 0.0, Peak::default());
    for (now, new) in arrivals.iter().enumerate() {
        let before = |seconds: usize| now.checked_sub(seconds).map_or(0.0, |then| arrivals[then]);
        let (ended, forgotten) = (before(load.seconds), before(load.seconds + remember));
        open += new - ended;
        deleted += ended - forgotten;
        // Half of a transfer's requests at its begin, half at its end, when both have met; and both wait in between.
        let own = REQUESTS.1 * f64::midpoint(*new, ended);
        let renewed = 2.0 * open / HOLD.1;
        peak.mailboxes = open.max(peak.mailboxes);
        peak.remembered = deleted.max(peak.remembered);
        peak.requests = (own + renewed).max(peak.requests);
    }
    peak
}

/// The same each time: splitmix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f64::from(u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or_default())
            / 4_294_967_296.0
    }

    /// How many come in a second, by Poisson's law; where many do, by the normal one.
    fn arrivals(&mut self, rate: f64) -> f64 {
        if rate > 50.0 {
            let sum: f64 = (0..12).map(|_| self.next()).sum();
            return (rate + (sum - 6.0) * rate.sqrt()).round().max(0.0);
        }
        let (mut left, mut count) = (self.next(), 0.0);
        let mut chance = (-rate).exp();
        while left > chance && count < 1000.0 {
            left -= chance;
            count += 1.0;
            chance *= rate / count;
        }
        count
    }
}

fn told(load: Load, peak: &Peak) -> String {
    let held = 2.0 * peak.mailboxes;
    let cpu = |figure: Figure| peak.requests * figure.1 / 1e6 / CORE.1;
    let kept = peak.mailboxes * (load.bytes + MAILBOX.1) + peak.remembered * REMEMBERED.1;
    let redis =
        peak.mailboxes * (load.bytes + REDIS_MAILBOX.1) + peak.remembered * REDIS_REMEMBERED.1;
    let commands = peak.requests * REDIS_COMMANDS.1 + held * REDIS_HELD.1;
    let mut lines = vec![
        format!(
            "{} transfers a second of {} s, payloads of {} bytes; at the most:",
            load.rate, load.seconds, load.bytes
        ),
        format!(
            "  {:.0} mailboxes, {:.0} remembered creations, {held:.0} held reads or connections, {:.0} requests/s",
            peak.mailboxes, peak.remembered, peak.requests
        ),
        format!(
            "  one relay with all in memory: {} and {:.1} processors",
            size(IDLE.1 + kept + held * HELD.1),
            cpu(CPU)
        ),
        format!(
            "  relays on Redis: {} and {:.1} processors in all",
            size(IDLE.1 + held * HELD.1),
            cpu(SHARED_CPU)
        ),
        format!(
            "  Redis: {}, {commands:.0} commands/s, {:.0} masters (each works on one processor)",
            size(redis),
            cpu(REDIS_CPU).ceil()
        ),
    ];
    let needed = [peak.mailboxes, peak.remembered, held, peak.requests];
    for ((name, limit), needed) in LIMITS.into_iter().zip(needed) {
        if needed > limit {
            lines.push(format!("  beyond one relay's {name}, {limit} by default"));
        }
    }
    lines.join("\n")
}

fn size(bytes: f64) -> String {
    if bytes < 1e9 {
        format!("{:.0} MB", bytes / 1e6)
    } else {
        format!("{:.1} GB", bytes / 1e9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peak(rate: f64) -> Peak {
        simulated(Load {
            rate,
            seconds: 60,
            bytes: 2048.0,
        })
    }

    #[test]
    fn as_many_are_there_as_come_while_one_is_there() {
        for rate in [1.0, 100.0, 10_000.0] {
            let (peak, mean) = (peak(rate), rate * 60.0);
            // By chance more than on average, by less than six times the square root.
            let most = |mean: f64| mean + 6.0 * mean.sqrt();
            assert!(
                peak.mailboxes > mean && peak.mailboxes < most(mean),
                "{peak:?}"
            );
            let mean = rate * REMEMBER.1;
            assert!(
                peak.remembered > mean && peak.remembered < most(mean),
                "{peak:?}"
            );
        }
    }

    #[test]
    fn it_is_the_same_each_time_and_says_what_is_in_the_way() {
        assert_eq!(peak(3.0), peak(3.0));
        let load = |rate| Load {
            rate,
            seconds: 60,
            bytes: 2048.0,
        };
        let said = |rate| told(load(rate), &peak(rate));
        assert!(!said(1.0).contains("beyond"), "{}", said(1.0));
        for (name, _) in LIMITS {
            assert!(
                said(10_000.0).contains(&format!("relay's {name},")),
                "{name}"
            );
        }
    }

    /// A million in 48 hours, as docs/relay.md counts it.
    #[test]
    fn one_relay_takes_a_million_in_two_days() {
        let peak = peak(1e6 / (48.0 * 3600.0));
        assert!(
            peak.mailboxes < 450.0 && peak.remembered < 3_900.0,
            "{peak:?}"
        );
    }
}
