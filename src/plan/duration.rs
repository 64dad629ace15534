//! Lengths of time as a user writes them: Locust's spellings.

use std::time::Duration;

/// Longest length of time that can be written: a year.
pub const LONGEST_DURATION: Duration = Duration::from_secs(365 * 86_400);

/// Units, largest first, and their seconds.
const UNITS: [(&str, f64); 5] = [
    ("h", 3_600.0),
    ("m", 60.0),
    ("s", 1.0),
    ("ms", 1e-3),
    ("us", 1e-6),
];

/// Why a text is no length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not one of the spellings.
    #[error(
        "`{text}` is not a length of time; write it like 20 (seconds), 20s, 500ms, 3m, 2h or 1h20m"
    )]
    Malformed {
        /// What was given.
        text: String,
    },
    /// Longer than [`LONGEST_DURATION`].
    #[error("`{text}` is too long; the longest length of time is 8760h, a year")]
    TooLong {
        /// What was given.
        text: String,
    },
}

/// Parses a plain number of seconds (`20`, `1.5`), or numbers with the units `h`, `m`, `s`, `ms`
/// and `us`, largest first, each at most once (`3m`, `1h20m`, `3h30m10s`, `500ms`, `1.5s`). Zero is a
/// length of time; whether it makes sense is for the caller to say.
///
/// # Errors
/// When the text is none of these, or longer than [`LONGEST_DURATION`].
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let malformed = || DurationError::Malformed {
        text: text.to_owned(),
    };
    let too_long = || DurationError::TooLong {
        text: text.to_owned(),
    };
    let seconds = parse_seconds(text.trim()).ok_or_else(malformed)?;
    let duration = Duration::try_from_secs_f64(seconds).map_err(|_| too_long())?;
    if duration > LONGEST_DURATION {
        return Err(too_long());
    }
    Ok(duration)
}

fn parse_seconds(text: &str) -> Option<f64> {
    let (number, mut rest) = split_number(text)?;
    if rest.is_empty() {
        return Some(number);
    }
    let mut units = UNITS.iter();
    let mut seconds = 0.0;
    let mut pending = number;
    loop {
        let unit_len = rest
            .find(|c: char| !c.is_ascii_lowercase())
            .unwrap_or(rest.len());
        let (unit, after) = rest.split_at(unit_len);
        // Going on in the same list makes a repeated or smaller unit before a larger one an error.
        let (_, unit_s) = units.find(|(name, _)| *name == unit)?;
        seconds += pending * unit_s;
        if after.is_empty() {
            return Some(seconds);
        }
        (pending, rest) = split_number(after)?;
    }
}

/// Splits off a number of digits with at most one dot between them.
fn split_number(text: &str) -> Option<(f64, &str)> {
    let len = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(len);
    if !number.starts_with(|c: char| c.is_ascii_digit()) || number.ends_with('.') {
        return None;
    }
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn locusts_spellings_are_read() {
        for (text, milliseconds) in [
            ("20", 20_000),
            ("20s", 20_000),
            ("3m", 180_000),
            ("2h", 7_200_000),
            ("1h20m", 4_800_000),
            ("3h30m10s", 12_610_000),
            ("2h5s", 7_205_000),
            ("500ms", 500),
            ("1.5s", 1_500),
            ("0.1", 100),
            ("1m500ms", 60_500),
            ("0", 0),
            (" 7s ", 7_000),
            ("8760h", 365 * 86_400_000),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn services_are_as_short_as_microseconds() {
        assert_eq!(parse_duration("50us"), Ok(Duration::from_micros(50)));
        assert_eq!(parse_duration("1ms500us"), Ok(Duration::from_micros(1_500)));
        assert!(parse_duration("1us1ms").is_err());
    }

    #[test]
    fn anything_else_is_named_in_the_error() {
        for text in [
            "abc", "", " ", "-5", "-5s", "5 s", "20m1h", "1h1h", "s", "1h20", ".5s", "5.s", "1..5",
            "1.2.3s", "1e3", "inf", "nan", "20S", "5d", "५s",
        ] {
            let error = parse_duration(text).unwrap_err();
            assert_eq!(
                error,
                DurationError::Malformed {
                    text: text.to_owned()
                }
            );
            assert!(error.to_string().contains("1h20m"), "{error}");
        }
        for text in ["8761h", "99999999999999999999999999h", &"9".repeat(400)] {
            assert!(
                matches!(parse_duration(text), Err(DurationError::TooLong { .. })),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn hours_minutes_and_seconds_add_up(hours in 0_u64..8_000, minutes in 0_u64..1_000, seconds in 0_u64..100_000) {
            let text = format!("{hours}h{minutes}m{seconds}s");
            let expected = Duration::from_secs(hours * 3_600 + minutes * 60 + seconds);
            prop_assert_eq!(parse_duration(&text), Ok(expected));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = parse_duration(&text);
        }

        #[test]
        fn no_text_of_its_own_letters_makes_it_panic(text in "[0-9.hms]{0,12}") {
            let _ = parse_duration(&text);
        }
    }
}
