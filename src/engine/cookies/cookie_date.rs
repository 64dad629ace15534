//! Dates of cookies, in all the forms that servers write them in (RFC 6265, section 5.1.1).

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

/// Seconds since the start of 1970; `None` when `text` is no date.
pub(super) fn cookie_date_s(text: &[u8]) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b':';
    for word in text.split(is_delimiter).filter(|word| !word.is_empty()) {
        if time.is_none()
            && let Some(found) = time_s(word)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = number(word, 1..=2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of(word)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = number(word, 2..=4)
        {
            year = Some(found);
        }
    }
    let year = match year? {
        short @ 70..=99 => short + 1_900,
        short @ 0..=69 => short + 2_000,
        year => year,
    };
    let (day, month) = (day.filter(|day| (1..=31).contains(day))?, month?);
    if year < 1_601 {
        return None;
    }
    Some(days(year, month, day) * 86_400 + time?)
}

/// The number that a word begins with, when it has so many digits.
fn number(word: &[u8], digits: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let count = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = digits.contains(&count).then(|| &word[..count])?;
    Some(
        text.iter()
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')),
    )
}

/// `hh:mm:ss`, in seconds.
fn time_s(word: &[u8]) -> Option<i64> {
    let mut parts = word.splitn(3, |&byte| byte == b':');
    let mut next = || number(parts.next()?, 1..=2);
    let (hours, minutes, seconds) = (next()?, next()?, next()?);
    (hours < 24 && minutes < 60 && seconds < 60).then_some((hours * 60 + minutes) * 60 + seconds)
}

/// From 1 to 12.
fn month_of(word: &[u8]) -> Option<i64> {
    let start = word.get(..3)?;
    let month = MONTHS
        .iter()
        .position(|month| start.eq_ignore_ascii_case(*month))?;
    Some(month as i64 + 1)
}

/// Days from the start of 1970 to this day of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have their leap day at their end.
    let (year, months) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let of_years = year * 365 + year / 4 - year / 100 + year / 400;
    let of_months = (153 * months + 2) / 5;
    of_years + of_months + day - 719_469
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_every_form_are_read() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 01-Jan-70 00:00:01 GMT", 1),
            ("Wed, 21 Oct 2015 07:28:00 GMT", 1_445_412_480),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("29 feb 2000 23:59:59", 951_868_799),
            ("1 Mar 2000 0:0:0", 951_868_800),
            ("Fri, 31 Dec 1999 23:59:59 GMT", 946_684_799),
        ] {
            assert_eq!(cookie_date_s(text.as_bytes()), Some(seconds), "{text}");
        }
        for text in [
            "",
            "tomorrow",
            "Thu, 32 Jan 1970 00:00:00 GMT",
            "Thu, 01 Jan 1970 25:00:00 GMT",
            "Thu, 01 Jan 1970",
            "01 1970 00:00:00",
            "01 Jan 1500 00:00:00",
        ] {
            assert_eq!(cookie_date_s(text.as_bytes()), None, "{text}");
        }
    }
}
