//! Times on the wire.

/// 9999-12-31T23:59:59Z: the last that is written with four digits.
const LAST: u64 = 253_402_300_799;
const SECONDS_OF_A_DAY: u64 = 86_400;
/// From 0000-03-01 to 1970-01-01.
const DAYS_BEFORE: u64 = 719_468;
/// Of 400 years, after which the calendar repeats itself.
const DAYS_OF_AN_ERA: u64 = 146_097;

/// `YYYY-MM-DDThh:mm:ssZ` from Unix seconds; times past the year 9999 are written as its last second.
#[must_use]
pub fn format_timestamp(seconds: u64) -> String {
    let seconds = seconds.min(LAST);
    let (year, month, day) = date(seconds / SECONDS_OF_A_DAY);
    let [hour, minute, second] = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60];
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Unix seconds from exactly `YYYY-MM-DDThh:mm:ssZ`, from 1970 to 9999.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<u64> {
    let number = |from: usize, to: usize| -> Option<u64> { text.get(from..to)?.parse().ok() };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let [hour, minute, second] = [number(11, 13)?, number(14, 16)?, number(17, 19)?];
    let days = days(year, month, day)?;
    let seconds = days * SECONDS_OF_A_DAY + hour * 3600 + minute * 60 + second;
    // One form only, and only days that there are: what would be written differently is refused.
    (format_timestamp(seconds) == text).then_some(seconds)
}

/// Unix seconds from an HTTP `Date` (RFC 9110 §5.6.7).
#[must_use]
pub fn parse_http_date(text: &str) -> Option<u64> {
    let time = httpdate::parse_http_date(text).ok()?;
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

/// Year, month and day of the Gregorian calendar, so many days after 1970-01-01. Years are counted from March, so that the
/// day that some have more is their last.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + DAYS_BEFORE;
    let (era, day) = (days / DAYS_OF_AN_ERA, days % DAYS_OF_AN_ERA);
    let leap_days = day / 1460 + day / (DAYS_OF_AN_ERA - 1);
    let year = (day - leap_days + day / 36_524) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // 153 days in five months, again and again.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month < 3), month, day)
}

/// The days from 1970-01-01 to a date of at most four digits a year; nothing before it. What `date` would not give is no
/// date.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = year.checked_sub(u64::from(month < 3))?;
    let (era, year) = (year / 400, year % 400);
    let month = if month > 2 {
        month.checked_sub(3)?
    } else {
        month + 9
    };
    let day = ((153 * month + 2) / 5 + day).checked_sub(1)?;
    let days = era * DAYS_OF_AN_ERA + year * 365 + year / 4 - year / 100 + day;
    days.checked_sub(DAYS_BEFORE)
}
