//! Times on the wire.

use jiff::Timestamp;

/// `YYYY-MM-DDThh:mm:ssZ` from Unix seconds; times past the year 9999 are written as its last second.
#[must_use]
pub fn format_timestamp(seconds: u64) -> String {
    const LAST: i64 = 253_402_207_199;
    let seconds = i64::try_from(seconds).unwrap_or(LAST).min(LAST);
    let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Unix seconds from exactly `YYYY-MM-DDThh:mm:ssZ`, not before 1970.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<u64> {
    if text.len() != 20 {
        return None;
    }
    let time: Timestamp = text.parse().ok()?;
    let seconds = u64::try_from(time.as_second()).ok()?;
    // One form only: what would be written differently is refused.
    (format_timestamp(seconds) == text).then_some(seconds)
}

/// Unix seconds from an HTTP `Date` (RFC 9110 §5.6.7).
#[must_use]
pub fn parse_http_date(text: &str) -> Option<u64> {
    let time = httpdate::parse_http_date(text).ok()?;
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}
