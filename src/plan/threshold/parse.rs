//! From a text to a threshold: one function a part of the grammar, in the order of the text.

use super::cursor::Cursor;
use super::vocabulary::{Listed, Metric, WrittenMeasure};
use super::{
    JourneyMeasure, LONGEST_WINDOW_S, Operator, RaceMeasure, Selector, Statistic, Tag, Tally,
    Threshold, ThresholdError, ThresholdQuantity, Unit,
};
use crate::plan::{EventStretch, ObservedMetric, Suggestion, parse_duration};
use std::time::Duration;

const OF_REQUESTS: &[Tag] = &[Tag::Name, Tag::Method, Tag::Tag, Tag::Phase];
const OF_NAMED: &[Tag] = &[Tag::Name, Tag::Phase];
const OF_EVENTS: &[Tag] = &[Tag::Name, Tag::Domain];
const OF_PHASE: &[Tag] = &[Tag::Phase];

/// Largest number that is told apart from its neighbours.
const LARGEST: f64 = 9_007_199_254_740_992.0;

impl Threshold {
    /// Reads a threshold from its text.
    ///
    /// # Errors
    /// When it is none; the error shows where.
    pub fn parse(text: &str) -> Result<Self, ThresholdError> {
        threshold(text)
    }
}

fn threshold(text: &str) -> Result<Threshold, ThresholdError> {
    // Line ends and the like would tear the mark of an error from its place.
    let in_one_line = text.replace(char::is_control, " ");
    let text = in_one_line.trim();
    let mut cursor = Cursor::new(text);
    let metric = metric(&mut cursor)?;
    let quantity = match metric {
        Metric::Observed => observed(&mut cursor)?,
        Metric::Event | Metric::Events => event(&mut cursor, metric)?,
        metric => measured(&mut cursor, metric)?,
    };
    let operator = operator(&mut cursor)?;
    let limit = limit(&mut cursor, quantity.unit())?;
    let window_at = cursor.at();
    let window_s = window_s(&mut cursor)?;
    if let (Some(_), ThresholdQuantity::Event { .. }) = (window_s, &quantity) {
        let why = "events are judged over the whole run: an event may be done long after the second of its reply; leave `over` out";
        return Err(cursor.error_at(window_at, why));
    }
    let abort_after = abort_after(&mut cursor, &quantity, operator, window_s)?;
    cursor.skip_space();
    if !cursor.is_at_end() {
        let why = "expected the end, `over` with a window, or `abort`; `after` follows `abort`";
        return Err(cursor.error(why));
    }
    Ok(Threshold {
        text: text.to_owned(),
        quantity,
        operator,
        limit,
        window_s,
        abort_after,
    })
}

fn metric(cursor: &mut Cursor<'_>) -> Result<Metric, ThresholdError> {
    let start = cursor.at();
    let word = cursor.take_word();
    let names = Metric::NAMES.map(|(name, _)| name);
    if word.is_empty() {
        let why = format!(
            "expected a metric, like `response: p(99) < 300ms` (metrics: {})",
            Listed(&names)
        );
        return Err(cursor.error(why));
    }
    Metric::named(word).ok_or_else(|| {
        let suggestion = Suggestion::for_word(word, names);
        let why = format!(
            "there is no metric `{word}`{suggestion} (metrics: {})",
            Listed(&names)
        );
        cursor.error_at(start, why)
    })
}

/// `{…}: MEASURE`.
fn measured(cursor: &mut Cursor<'_>, metric: Metric) -> Result<ThresholdQuantity, ThresholdError> {
    let tags = match metric {
        Metric::Latency(_) | Metric::Outcome(_) | Metric::Requests => OF_REQUESTS,
        Metric::Journeys | Metric::RaceSpread | Metric::Races => OF_NAMED,
        Metric::Shed | Metric::Observed | Metric::Event | Metric::Events => OF_PHASE,
    };
    let of = Selector::read(cursor, tags)?;
    cursor.skip_space();
    if !cursor.take(":") {
        let [example, ..] = metric.measures() else {
            return Err(cursor.error("expected `:`"));
        };
        return Err(cursor.error(format!("expected `:` and a measure, like `: {example} …`")));
    }
    cursor.skip_space();
    let start = cursor.at();
    let (word, measure) = measure(cursor, metric)?;
    quantity(metric, measure, of).ok_or_else(|| no_measure(cursor, start, word, metric))
}

/// `(METRIC{…})`, and `: MEASURE` if there is one.
fn observed(cursor: &mut Cursor<'_>) -> Result<ThresholdQuantity, ThresholdError> {
    cursor.skip_space();
    let why = "expected `(` and a figure of the back end, like observed(outbox_pending{domain=\"ordering\"}) < 1000";
    if !cursor.take("(") {
        return Err(cursor.error(why));
    }
    cursor.skip_space();
    let metric_at = cursor.at();
    let word = cursor.take_word();
    if word.is_empty() {
        return Err(cursor.error(why));
    }
    let metric = ObservedMetric::parse(word)
        .map_err(|error| cursor.error_at(metric_at, error.to_string()))?;
    let of = Selector::read(cursor, &[Tag::Domain])?;
    cursor.skip_space();
    if !cursor.take(")") {
        return Err(cursor.error("expected `)`"));
    }
    cursor.skip_space();
    let statistic = if cursor.take(":") {
        cursor.skip_space();
        let start = cursor.at();
        match measure(cursor, Metric::Observed)? {
            (_, WrittenMeasure::Statistic(statistic))
                if !matches!(statistic, Statistic::Quantile(_)) =>
            {
                Some(statistic)
            }
            (word, _) => return Err(no_measure(cursor, start, word, Metric::Observed)),
        }
    } else {
        None
    };
    Ok(ThresholdQuantity::Observed {
        metric,
        of,
        statistic,
    })
}

/// `(NAME).PART: MEASURE`, or without a name that of all events: `{…}.PART: MEASURE`.
fn event(cursor: &mut Cursor<'_>, metric: Metric) -> Result<ThresholdQuantity, ThresholdError> {
    cursor.skip_space();
    let of = match metric {
        Metric::Event => {
            if !cursor.take("(") {
                let why = "expected `(` and the name of an event, like event(OrderCreated).done: p(99) < 2s; that of all events is events.done";
                return Err(cursor.error(why));
            }
            cursor.skip_space();
            let at = cursor.at();
            let name = cursor.take_while(|letter| letter.is_alphanumeric() || letter == '_');
            if name.is_empty() {
                return Err(cursor.error("expected the name of an event, like OrderCreated"));
            }
            let of = Selector::of_name(name, at);
            cursor.skip_space();
            if !cursor.take(")") {
                return Err(cursor.error("expected `)`"));
            }
            of
        }
        _ => Selector::read(cursor, OF_EVENTS)?,
    };
    cursor.skip_space();
    let words = EventStretch::ALL.map(EventStretch::word);
    if !cursor.take(".") {
        let why = format!("expected `.` and one of {}", Listed(&words));
        return Err(cursor.error(why));
    }
    let at = cursor.at();
    let word = cursor.take_word();
    let mut parts = EventStretch::ALL.into_iter();
    let Some(stretch) = parts.find(|part| part.word() == word) else {
        let suggestion = Suggestion::for_word(word, words);
        let why = format!(
            "an event has no part `{word}`{suggestion} (parts: {})",
            Listed(&words)
        );
        return Err(cursor.error_at(at, why));
    };
    cursor.skip_space();
    if !cursor.take(":") {
        return Err(cursor.error("expected `:` and a measure, like `: p(99) …`"));
    }
    cursor.skip_space();
    let start = cursor.at();
    match measure(cursor, metric)? {
        (_, WrittenMeasure::Statistic(statistic)) if statistic != Statistic::Last => {
            Ok(ThresholdQuantity::Event {
                stretch,
                of,
                statistic,
            })
        }
        (word, _) => Err(no_measure(cursor, start, word, metric)),
    }
}

fn quantity(metric: Metric, measure: WrittenMeasure, of: Selector) -> Option<ThresholdQuantity> {
    Some(match (metric, measure) {
        (Metric::Latency(_) | Metric::RaceSpread, WrittenMeasure::Statistic(Statistic::Last)) => {
            return None;
        }
        (Metric::Latency(metric), WrittenMeasure::Statistic(statistic)) => {
            ThresholdQuantity::Latency {
                metric,
                of,
                statistic,
            }
        }
        (Metric::RaceSpread, WrittenMeasure::Statistic(statistic)) => {
            ThresholdQuantity::RaceSpread { of, statistic }
        }
        (Metric::Outcome(metric), WrittenMeasure::Tally(tally)) => {
            ThresholdQuantity::Outcome { metric, of, tally }
        }
        (Metric::Requests, WrittenMeasure::Tally(tally)) => {
            ThresholdQuantity::Requests { of, tally }
        }
        (Metric::Shed, WrittenMeasure::Tally(tally)) => ThresholdQuantity::Shed { of, tally },
        (Metric::Journeys, measure) => ThresholdQuantity::Journeys {
            of,
            measure: match measure {
                WrittenMeasure::Tally(Tally::Rate) => JourneyMeasure::Rate,
                WrittenMeasure::Tally(Tally::Count) => JourneyMeasure::Count,
                WrittenMeasure::Aborted => JourneyMeasure::Aborted,
                _ => return None,
            },
        },
        (Metric::Races, measure) => ThresholdQuantity::Races {
            of,
            measure: match measure {
                WrittenMeasure::Tally(Tally::Rate) => RaceMeasure::Rate,
                WrittenMeasure::Tally(Tally::Count) => RaceMeasure::Count,
                WrittenMeasure::Overlapped => RaceMeasure::Overlapped,
                WrittenMeasure::Together => RaceMeasure::Together,
                _ => return None,
            },
        },
        _ => return None,
    })
}

/// A measure and its word: `p(99)`, `p99`, `avg`, …
fn measure<'a>(
    cursor: &mut Cursor<'a>,
    metric: Metric,
) -> Result<(&'a str, WrittenMeasure), ThresholdError> {
    let start = cursor.at();
    let rest = cursor.rest();
    let is_percentile = rest.strip_prefix('p').is_some_and(|after| {
        after.starts_with(|letter: char| letter == '(' || letter.is_ascii_digit())
    });
    if is_percentile {
        let quantile = percentile(cursor)?;
        let word = &rest[..cursor.at() - start];
        return Ok((
            word,
            WrittenMeasure::Statistic(Statistic::Quantile(quantile)),
        ));
    }
    let word = cursor.take_word();
    match WrittenMeasure::named(word) {
        Some(measure) => Ok((word, measure)),
        None => Err(no_measure(cursor, start, word, metric)),
    }
}

fn no_measure(cursor: &Cursor<'_>, at: usize, word: &str, metric: Metric) -> ThresholdError {
    let known = metric.measures();
    let suggestion = Suggestion::for_word(word, known.iter().copied());
    let known = Listed(known);
    cursor.error_at(
        at,
        match word {
            "" => format!("expected a measure: {known}"),
            word => {
                format!("there is no measure `{word}` of this{suggestion} (measures: {known})")
            }
        },
    )
}

/// The share that `p(99.9)` or `p99.9` stands for.
fn percentile(cursor: &mut Cursor<'_>) -> Result<f64, ThresholdError> {
    cursor.take("p");
    let in_brackets = cursor.take("(");
    cursor.skip_space();
    let start = cursor.at();
    let percent = number(cursor)?;
    if percent > 100.0 {
        let why = format!("a percentile is from 0 to 100, not {percent}");
        return Err(cursor.error_at(start, why));
    }
    cursor.skip_space();
    if in_brackets && !cursor.take(")") {
        return Err(cursor.error("expected `)` after the percentile"));
    }
    Ok(percent / 100.0)
}

fn operator(cursor: &mut Cursor<'_>) -> Result<Operator, ThresholdError> {
    cursor.skip_space();
    for (sign, operator) in Operator::SPELLINGS {
        if cursor.take(sign) {
            return Ok(operator);
        }
    }
    Err(cursor.error("expected one of < <= > >= == !="))
}

/// The value that is compared with, in the quantity's unit.
fn limit(cursor: &mut Cursor<'_>, unit: Unit) -> Result<f64, ThresholdError> {
    cursor.skip_space();
    let start = cursor.at();
    let number = number(cursor)?;
    let unit_at = cursor.at();
    let written =
        cursor.take_while(|letter| letter.is_alphabetic() || letter == '%' || letter == '/');
    let wrong = |why: &str| Err(cursor.error_at(unit_at, why));
    match (unit, written) {
        (Unit::Microseconds, "us" | "µs" | "μs") => Ok(number),
        // k6's bare numbers are milliseconds.
        (Unit::Microseconds, "ms" | "") => Ok(number * 1e3),
        (Unit::Microseconds, "s") => Ok(number * 1e6),
        (Unit::Microseconds, _) => wrong("a time ends with us, ms or s; without a unit it is ms"),
        (Unit::Share, "%") if number <= 100.0 => Ok(number / 100.0),
        (Unit::Share, "") if number <= 1.0 => Ok(number),
        (Unit::Share, "%" | "") => {
            let why =
                format!("a share is from 0% to 100%, or from 0 to 1; {number}{written} is more");
            Err(cursor.error_at(start, why))
        }
        (Unit::Share, _) => wrong("a share is written like 5% or 0.05"),
        (Unit::PerSecond, "/s" | "") | (Unit::Count | Unit::OfSource, "") => Ok(number),
        (Unit::PerSecond, _) => wrong("a rate is written like 100 or 100/s"),
        (Unit::Count, _) => wrong("a count is a number without a unit"),
        (Unit::OfSource, _) => wrong("observed figures are numbers without a unit"),
    }
}

/// Digits with at most one dot among them.
fn number(cursor: &mut Cursor<'_>) -> Result<f64, ThresholdError> {
    let start = cursor.at();
    let digits = cursor.take_while(|letter| letter.is_ascii_digit() || letter == '.');
    let is_number =
        digits.starts_with(|letter: char| letter.is_ascii_digit()) && !digits.ends_with('.');
    match digits.parse::<f64>() {
        Ok(number) if is_number && number <= LARGEST => Ok(number),
        Ok(number) if is_number => {
            Err(cursor.error_at(start, format!("{number} is too large; at most {LARGEST}")))
        }
        _ => Err(cursor.error_at(start, "expected a number, like 300 or 0.5")),
    }
}

/// `over 10s`.
fn window_s(cursor: &mut Cursor<'_>) -> Result<Option<u32>, ThresholdError> {
    let Some((at, length)) = time_after(cursor, "over")? else {
        return Ok(None);
    };
    let seconds = length.as_secs();
    if length.subsec_nanos() != 0 || !(1..=u64::from(LONGEST_WINDOW_S)).contains(&seconds) {
        let why = "a window has whole seconds, from 1s to 24h, like 10s";
        return Err(cursor.error_at(at, why));
    }
    Ok(Some(seconds as u32))
}

/// `abort`, `abort after 10s`.
fn abort_after(
    cursor: &mut Cursor<'_>,
    quantity: &ThresholdQuantity,
    operator: Operator,
    window_s: Option<u32>,
) -> Result<Option<Duration>, ThresholdError> {
    cursor.skip_space();
    let at = cursor.at();
    if !take_keyword(cursor, "abort") {
        return Ok(None);
    }
    if quantity.unit() == Unit::Count && operator.wants_more() && window_s.is_none() {
        let why = "this count has to grow first, so that `abort` would end the run at once; judge a window (`over 10s abort`), or the end (without `abort`)";
        return Err(cursor.error_at(at, why));
    }
    let delay = time_after(cursor, "after")?;
    Ok(Some(delay.map_or(Duration::ZERO, |(_, length)| length)))
}

/// The length of time that follows `keyword`, if that is next, and where it stands.
fn time_after(
    cursor: &mut Cursor<'_>,
    keyword: &str,
) -> Result<Option<(usize, Duration)>, ThresholdError> {
    cursor.skip_space();
    if !take_keyword(cursor, keyword) {
        return Ok(None);
    }
    cursor.skip_space();
    let at = cursor.at();
    let text = cursor.take_while(|letter| !letter.is_whitespace());
    match parse_duration(text) {
        Ok(length) => Ok(Some((at, length))),
        Err(error) => Err(cursor.error_at(at, error.to_string())),
    }
}

fn take_keyword(cursor: &mut Cursor<'_>, keyword: &str) -> bool {
    let goes_on = |letter: char| letter.is_alphanumeric() || letter == '_';
    match cursor.rest().strip_prefix(keyword) {
        Some(after) if !after.starts_with(goes_on) => cursor.take(keyword),
        _ => false,
    }
}
