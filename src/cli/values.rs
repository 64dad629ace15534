//! Readers of flag values, with messages that say what would have been right.

use crate::plan::{
    AddressChoice, Arrivals, Driver, DurationError, FailureRule, HIGHEST_RATE_PER_S, HttpChoice,
    MOST_USERS, Pacing, RaceOver, RaceRelease, RunId, Target, parse_duration,
};
use crate::report::ReportFormat;
use crate::sandbox::Conflicts;
use crate::shop::{Generation, Suite};
use crate::workload_file::SingleUrl;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use std::time::Duration;

/// Largest reply body that may be accepted: 1 GiB.
const LARGEST_BODY_BYTES: usize = 1 << 30;

/// Why a value is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ValueError {
    #[error("give a whole number from 1 to {MOST_USERS}")]
    Count,
    #[error("give a whole number of at least 1")]
    Retained,
    #[error(
        "an option is a word of letters, digits, `-` and `_`, like strict (see `shopblast list`)"
    )]
    Option,
    #[error("give a whole number from 1 to 1024")]
    Workers,
    #[error(
        "give a length of time, like 5ms, with its distribution in front if you like: constant:5ms or exponential:5ms"
    )]
    ServiceTime,
    #[error("give a number of requests a second from 0.001 to 1000000")]
    Capacity,
    #[error("give a number of users a second above 0, like 10 or 0.5")]
    SpawnRate,
    #[error("give a number of journeys a second above 0 and at most {HIGHEST_RATE_PER_S}")]
    JourneyRate,
    #[error("it must be longer than 0, like 20s or 3m")]
    NoTime,
    #[error(transparent)]
    Duration(#[from] DurationError),
    #[error("give a number of bytes from 1 to 1024m, like 65536, 64k or 1m")]
    Bytes,
    #[error("give the name or address of a host, without http:// and port")]
    Host,
    #[error(
        "a run id has 16 characters, digits and small letters without i, l, o and u, as run.json shows it"
    )]
    RunId,
}

/// A number of users or connections.
pub(super) fn parse_count(text: &str) -> Result<u32, ValueError> {
    text.parse()
        .ok()
        .filter(|count| (1..=MOST_USERS).contains(count))
        .ok_or(ValueError::Count)
}

/// A number of things that the sandbox keeps, or of requests that it bears.
pub(super) fn parse_retained(text: &str) -> Result<usize, ValueError> {
    text.parse()
        .ok()
        .filter(|count| *count > 0)
        .ok_or(ValueError::Retained)
}

/// Requests of one connection.
pub(super) fn parse_requests(text: &str) -> Result<u32, ValueError> {
    text.parse()
        .ok()
        .filter(|count| *count > 0)
        .ok_or(ValueError::Retained)
}

/// Workers or servers of the embedded shop.
pub(super) fn parse_workers(text: &str) -> Result<usize, ValueError> {
    text.parse()
        .ok()
        .filter(|count| (1..=1_024).contains(count))
        .ok_or(ValueError::Workers)
}

/// `500`, `409` or `500-written`.
pub(super) fn conflicts() -> impl TypedValueParser<Value = Conflicts> {
    one_of(&[
        ("500", Conflicts::Crash),
        ("409", Conflicts::Conflict),
        ("500-written", Conflicts::CrashWritten),
    ])
}

/// `five` or `today`.
pub(super) fn generation() -> impl TypedValueParser<Value = Generation> {
    const WORDS: [(&str, Generation); 2] = [
        (Generation::Five.name(), Generation::Five),
        (Generation::Today.name(), Generation::Today),
    ];
    one_of(&WORDS)
}

/// `five` or `today`.
pub(super) fn suite() -> impl TypedValueParser<Value = Suite> {
    const WORDS: [(&str, Suite); 2] = [
        (Suite::Five.name(), Suite::Five),
        (Suite::Today.name(), Suite::Today),
    ];
    one_of(&WORDS)
}

/// Users started a second.
pub(super) fn parse_spawn_rate(text: &str) -> Result<f64, ValueError> {
    parse_rate(text, f64::MAX).ok_or(ValueError::SpawnRate)
}

/// Journeys a second.
pub(super) fn parse_journey_rate(text: &str) -> Result<f64, ValueError> {
    parse_rate(text, HIGHEST_RATE_PER_S).ok_or(ValueError::JourneyRate)
}

fn parse_rate(text: &str, highest: f64) -> Option<f64> {
    let rate: f64 = text.parse().ok()?;
    (rate > 0.0 && rate <= highest).then_some(rate)
}

/// A length of time of at least a microsecond.
pub(super) fn parse_time(text: &str) -> Result<Duration, ValueError> {
    let time = parse_duration(text)?;
    if time.as_micros() == 0 {
        return Err(ValueError::NoTime);
    }
    Ok(time)
}

/// A number of bytes, with `k` for 1,024 and `m` for 1,048,576 of them.
pub(super) fn parse_bytes(text: &str) -> Result<usize, ValueError> {
    let lower = text.to_ascii_lowercase();
    let (digits, unit_bytes) = if let Some(digits) = lower.strip_suffix('k') {
        (digits, 1 << 10)
    } else if let Some(digits) = lower.strip_suffix('m') {
        (digits, 1 << 20)
    } else {
        (lower.as_str(), 1)
    };
    digits
        .parse::<usize>()
        .ok()
        .and_then(|count| count.checked_mul(unit_bytes))
        .filter(|bytes| (1..=LARGEST_BODY_BYTES).contains(bytes))
        .ok_or(ValueError::Bytes)
}

/// A percentage, with or without its sign, as a share.
pub(super) fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end();
    let percent: Option<f64> = number.parse().ok();
    percent
        .filter(|percent| (0.0..=100.0).contains(percent))
        .map(|percent| percent / 100.0)
        .ok_or_else(|| format!("`{text}` is no percentage from 0 to 100; write it like 2%"))
}

/// A host without scheme, port and path.
pub(super) fn parse_host(text: &str) -> Result<String, ValueError> {
    let host = text.trim();
    let has_port = host.matches(':').count() == 1;
    if host.is_empty() || has_port || host.contains(|c: char| c == '/' || c.is_whitespace()) {
        return Err(ValueError::Host);
    }
    Ok(host.to_owned())
}

/// A word that may be an option's. Whether what is tested has it is for that to say.
pub(super) fn parse_option(text: &str) -> Result<String, ValueError> {
    let may = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let is_word = !text.is_empty() && !text.starts_with('-') && text.chars().all(may);
    match is_word {
        true => Ok(text.to_owned()),
        false => Err(ValueError::Option),
    }
}

/// A run id.
pub(super) fn parse_run_id(text: &str) -> Result<RunId, ValueError> {
    RunId::parse(text).ok_or(ValueError::RunId)
}

/// `constant` or `poisson`.
pub(super) fn arrivals() -> impl TypedValueParser<Value = Arrivals> {
    one_of(&[
        ("constant", Arrivals::Constant),
        ("poisson", Arrivals::Poisson),
    ])
}

/// `class` or `max`.
pub(super) fn pacing() -> impl TypedValueParser<Value = Pacing> {
    one_of(&[("class", Pacing::Class), ("max", Pacing::Max)])
}

/// `last-byte` or `whole`.
pub(super) fn race_release() -> impl TypedValueParser<Value = RaceRelease> {
    one_of(&[
        ("last-byte", RaceRelease::LastByte),
        ("whole", RaceRelease::Whole),
    ])
}

/// `one-connection` or `connections`.
pub(super) fn race_over() -> impl TypedValueParser<Value = RaceOver> {
    one_of(&[
        ("one-connection", RaceOver::OneConnection),
        ("connections", RaceOver::Connections),
    ])
}

/// `always`, `auto` or `never`; in variables also what switches flags on and off.
pub(super) fn http_choice() -> impl TypedValueParser<Value = HttpChoice> {
    let words = [
        PossibleValue::new("always").aliases(["1", "true", "yes", "on"]),
        PossibleValue::new("auto"),
        PossibleValue::new("never").aliases(["0", "false", "no", "off"]),
    ];
    PossibleValuesParser::new(words).map(|given| match &*given {
        "auto" => HttpChoice::ByAlpn,
        "never" | "0" | "false" | "no" | "off" => HttpChoice::Http1,
        _ => HttpChoice::Http2,
    })
}

/// `default`, `strict` or `locust`.
pub(super) fn failures() -> impl TypedValueParser<Value = FailureRule> {
    one_of(&[
        ("default", FailureRule::Default),
        ("strict", FailureRule::Strict),
        ("locust", FailureRule::Locust),
    ])
}

/// `all` or `first`.
pub(super) fn addresses() -> impl TypedValueParser<Value = AddressChoice> {
    one_of(&[("all", AddressChoice::All), ("first", AddressChoice::First)])
}

/// `uring`, `plain-uring` or `epoll`.
pub(super) fn driver() -> impl TypedValueParser<Value = Driver> {
    one_of(&[
        ("uring", Driver::Uring),
        ("plain-uring", Driver::PlainUring),
        ("epoll", Driver::Epoll),
    ])
}

/// `html`, `md`, `csv`, `json`, `summary`, `junit` or `hgrm`.
pub(super) fn report_format() -> impl TypedValueParser<Value = ReportFormat> {
    one_of(&[
        ("html", ReportFormat::Html),
        ("text", ReportFormat::Text),
        ("md", ReportFormat::Markdown),
        ("csv", ReportFormat::Csv),
        ("json", ReportFormat::LocustJson),
        ("summary", ReportFormat::K6Summary),
        ("junit", ReportFormat::Junit),
        ("hgrm", ReportFormat::Hgrm),
    ])
}

/// One of the words, for what it means.
pub(super) fn one_of<T: Copy + Send + Sync + 'static>(
    words: &'static [(&'static str, T)],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(words.iter().map(|(word, _)| *word)).map(move |given| {
        words
            .iter()
            .find(|(word, _)| *word == given)
            .map(|(_, value)| *value)
            .expect("the parser lets only these words pass")
    })
}

/// A URL that is read.
pub(super) fn parse_url(text: &str) -> Result<SingleUrl, String> {
    let url = SingleUrl::parse(text).map_err(|error| error.to_string())?;
    Target::parse(&url.origin).map_err(|error| error.to_string())?;
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_positive_whole_numbers() {
        assert_eq!(parse_count("9000"), Ok(9_000));
        for text in ["0", "-5", "1.5", "many", "", "33554433", "99999999999"] {
            assert_eq!(parse_count(text), Err(ValueError::Count), "{text}");
        }
    }

    #[test]
    fn rates_are_positive_and_finite() {
        assert_eq!(parse_spawn_rate("0.5"), Ok(0.5));
        assert_eq!(parse_journey_rate("1e3"), Ok(1_000.0));
        for text in ["0", "-1", "nan", "NaN", "inf", "-inf", "fast", ""] {
            assert_eq!(parse_spawn_rate(text), Err(ValueError::SpawnRate), "{text}");
            assert_eq!(
                parse_journey_rate(text),
                Err(ValueError::JourneyRate),
                "{text}"
            );
        }
        assert_eq!(parse_journey_rate("10000001"), Err(ValueError::JourneyRate));
    }

    #[test]
    fn times_are_not_zero() {
        assert_eq!(parse_time("1m"), Ok(Duration::from_secs(60)));
        for text in ["0", "0s", "0.0000001"] {
            assert_eq!(parse_time(text), Err(ValueError::NoTime), "{text}");
        }
        assert!(matches!(parse_time("abc"), Err(ValueError::Duration(_))));
    }

    #[test]
    fn bytes_take_suffixes() {
        for (text, bytes) in [
            ("1", 1),
            ("64k", 65_536),
            ("1m", 1_048_576),
            ("2K", 2_048),
            ("1024M", 1 << 30),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for text in [
            "0",
            "-1",
            "k",
            "1g",
            "1.5m",
            "1025m",
            "99999999999999999999m",
            "18446744073709551615k",
        ] {
            assert_eq!(parse_bytes(text), Err(ValueError::Bytes), "{text}");
        }
    }

    #[test]
    fn hosts_have_no_scheme_port_or_path() {
        for text in [
            "shop.example.org",
            "8.8.8.8",
            "2001:db8::1",
            "[2001:db8::1]",
        ] {
            assert_eq!(parse_host(text), Ok(text.to_owned()));
        }
        for text in ["", " ", "http://shop", "shop:8000", "shop/path", "a b"] {
            assert_eq!(parse_host(text), Err(ValueError::Host), "{text}");
        }
    }
}
