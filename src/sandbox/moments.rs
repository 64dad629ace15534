//! Moments in texts, as Python reads them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Where the time of day begins in a date of ten letters.
const SEPARATOR: usize = 10;

/// A moment in ISO 8601: a date, with or without a time of day behind any letter, with or without a
/// zone; without one it is UTC.
pub fn read_moment(text: &str) -> Option<Timestamp> {
    let in_utc = |time: DateTime| {
        time.to_zoned(TimeZone::UTC)
            .ok()
            .map(|time| time.timestamp())
    };
    if let Ok(date) = text.parse::<Date>()
        && text.len() <= SEPARATOR
    {
        return in_utc(date.at(0, 0, 0, 0));
    }
    let letter = text.get(SEPARATOR..)?.chars().next()?;
    let (date, time) = (
        text.get(..SEPARATOR)?,
        text.get(SEPARATOR + letter.len_utf8()..)?,
    );
    let usual = format!("{date}T{time}");
    usual
        .parse::<Timestamp>()
        .ok()
        .or_else(|| usual.parse::<DateTime>().ok().and_then(in_utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_with_and_without_a_zone() {
        for (text, seconds) in [
            ("1970-01-02", Some(86_400)),
            ("1970-01-01T00:01:00", Some(60)),
            ("1970-01-01 00:01", Some(60)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("1970-01-01T00:00:01Z", Some(1)),
            ("2027-02-01T12:00:00.5", Some(1_801_483_200)),
            ("tomorrow", None),
            ("1970-13-01", None),
            ("1970-01-01T", None),
            ("", None),
            ("1970-01-0\u{e9}T00:00", None),
        ] {
            let read = read_moment(text).map(Timestamp::as_second);
            assert_eq!(read, seconds, "{text}");
        }
    }
}
