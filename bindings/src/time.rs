//! Times as the platforms have them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpan(pub Duration);

uniffi::custom_newtype!(TimeSpan, Duration);

/// The end of the year 9999: later than any time that this protocol has.
const LAST: u64 = 253_402_300_799;

/// A point in time from Unix seconds.
pub(crate) fn system_time(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds.min(LAST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_seconds_overflows() {
        assert_eq!(system_time(1), UNIX_EPOCH + Duration::from_secs(1));
        assert_eq!(system_time(u64::MAX), system_time(LAST));
    }
}
