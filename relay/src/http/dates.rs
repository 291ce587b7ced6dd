//! The `Date` of answers, written once a second.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use axum::http::HeaderValue;

/// The last that was written, and its second.
#[derive(Default)]
pub(crate) struct Dates(Mutex<Option<(u64, HeaderValue)>>);

impl Dates {
    /// Of this second.
    pub(super) fn at(&self, now: u64) -> HeaderValue {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((second, date)) = &*last
            && *second == now
        {
            return date.clone();
        }
        let time = UNIX_EPOCH + Duration::from_secs(now);
        // A date has no letter that a header must not have.
        let date = HeaderValue::try_from(httpdate::fmt_http_date(time))
            .unwrap_or(HeaderValue::from_static(""));
        *last = Some((now, date.clone()));
        date
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_has_its_own() {
        let dates = Dates::default();
        let seen = [0, 0, 1, 0].map(|now| dates.at(now));
        assert_eq!(seen[0], "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(seen[2], "Thu, 01 Jan 1970 00:00:01 GMT");
        assert_eq!((&seen[1], &seen[3]), (&seen[0], &seen[0]));
    }
}
