//! When a certificate is asked for. Pure; Unix seconds.

/// Let's Encrypt lets five validations of a name fail in an hour.
const AN_HOUR: usize = 4;
const HOUR: u64 = 3600;
/// After one failure, and at most.
const FIRST: u64 = 120;
const LONGEST: u64 = 12 * HOUR;
/// Longest silence that an authority can ask for: of the shortest certificates a third is two days.
pub(super) const SILENCE: u64 = 24 * HOUR;

/// When a certificate of this time is renewed: when a third of it is left, as authorities ask for.
pub(super) fn renewal(from: u64, until: u64) -> u64 {
    until.saturating_sub(until.saturating_sub(from) / 3)
}

/// How long nothing is tried after so many failures in a row.
pub(super) fn pause(failures: u32) -> u64 {
    let times = 1_u64
        .checked_shl(failures.saturating_sub(1))
        .unwrap_or(u64::MAX);
    FIRST.saturating_mul(times).min(LONGEST)
}

/// Until when a pause lasts. One that would be longer than any was set by a clock that was wrong.
pub(super) fn lasting(until: u64, now: u64) -> u64 {
    if until.saturating_sub(now) > SILENCE {
        0
    } else {
        until
    }
}

/// The tries of the last hour, the oldest first. One that seems to be in the future was by a clock that was wrong.
pub(super) fn recent(tries: &[u64], now: u64) -> Vec<u64> {
    let counts = |&&at: &&u64| at <= now && now - at < HOUR;
    tries.iter().filter(counts).copied().collect()
}

/// From when on one more is no loop, whoever starts the relay how often.
pub(super) fn allowed(recent: &[u64]) -> u64 {
    let over = recent.len().checked_sub(AN_HOUR);
    let oldest = over.and_then(|over| recent.get(over));
    oldest.map_or(0, |at| at.saturating_add(HOUR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_renewed_when_a_third_of_its_time_is_left() {
        let day = 86_400;
        assert_eq!(renewal(0, 90 * day), 60 * day);
        assert_eq!(renewal(0, 6 * day), 4 * day);
        assert_eq!(renewal(9, 3), 3, "no time at all");
    }

    #[test]
    fn failures_are_tried_again_ever_later() {
        let pauses = [1, 2, 3, 4, 20, 63, 64, 65, 1000].map(pause);
        let longest = LONGEST;
        assert_eq!(pauses[..4], [120, 240, 480, 960]);
        assert!(
            pauses[4..].iter().all(|pause| *pause == longest),
            "{pauses:?}"
        );
    }

    #[test]
    fn an_hour_has_four_tries_whatever_happens() {
        let mut tries = Vec::new();
        let mut times = Vec::new();
        // Somebody starts it anew each ten seconds.
        for now in (10_000..10_000 + 2 * HOUR).step_by(10) {
            tries = recent(&tries, now);
            if now >= allowed(&tries) {
                tries.push(now);
                times.push(now - 10_000);
            }
        }
        assert_eq!(times, [0, 10, 20, 30, 3600, 3610, 3620, 3630]);
    }

    #[test]
    fn a_pause_that_was_set_by_a_wrong_clock_is_over() {
        assert_eq!(lasting(100 + SILENCE, 100), 100 + SILENCE);
        assert_eq!(lasting(101 + SILENCE, 100), 0);
        assert_eq!(lasting(7, 100), 7);
    }

    #[test]
    fn a_try_of_the_future_holds_nothing_up() {
        assert_eq!(recent(&[5_000_000, 90], 100), [90]);
    }
}
