//! The outcome of a comparison in sentences.

use super::comparison_record::{Overall, PairRecord, RowRecord, RowVerdict, Scale};
use super::inference::{MOST_RUNS, least_runs};
use super::table_test::Judging;
use std::fmt::Write;

/// Rows that a sentence names.
const ROWS_NAMED: usize = 4;

/// A difference with its sign: `+4.9 %` of the baseline, `−0.12 pp` for shares.
#[must_use]
pub fn difference_text(difference: f64, scale: Scale) -> String {
    match scale {
        Scale::Ratio => format!("{} %", signed(difference * 100.0, 1)),
        Scale::Points => format!("{} pp", signed(difference * 100.0, 2)),
    }
}

/// An interval: `−5.2 to −4.6 %`.
#[must_use]
pub fn interval_text(row: &RowRecord) -> String {
    let Some(interval) = row.interval else {
        return String::new();
    };
    let (digits, unit) = match row.scale {
        Scale::Ratio => (1, "%"),
        Scale::Points => (2, "pp"),
    };
    let [low, high] = [interval.low, interval.high].map(|end| signed(end * 100.0, digits));
    format!("{low} to {high} {unit}")
}

/// A number with a sign, a real minus, and no minus before 0.
fn signed(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    match (is_zero, value < 0.0) {
        (true, _) => text,
        (false, true) => format!("−{text}"),
        (false, false) => format!("+{text}"),
    }
}

/// A candidate against the baseline.
pub(super) fn of_pair(pair: &PairRecord, judging: &Judging) -> String {
    let (a, b) = (&pair.baseline, &pair.candidate);
    let with = |verdict| rows_with(pair, verdict, with_interval);
    match pair.verdict {
        Overall::Better => format!("{b} is better than {a}: {}.", with(RowVerdict::Better)),
        Overall::Worse => format!("{b} is worse than {a}: {}.", with(RowVerdict::Worse)),
        Overall::Mixed => format!(
            "{b} is better than {a} in some figures and worse in others: better {}; worse {}.",
            with(RowVerdict::Better),
            with(RowVerdict::Worse)
        ),
        Overall::NoDifference => format!(
            "No difference found between {a} and {b}: if there is one, it is smaller than {:.3} % in every figure.",
            judging.margin * 100.0
        )
        .replace(".000 %", " %"),
        Overall::NotJudged => format!(
            "No verdict: one run says nothing about chance; make at least {} runs of {a} and of {b}.",
            least_runs(judging.design, judging.alpha)
        ),
        Overall::Inconclusive => inconclusive(pair, judging),
    }
}

fn inconclusive(pair: &PairRecord, judging: &Judging) -> String {
    let (a, b) = (&pair.baseline, &pair.candidate);
    let least = least_runs(judging.design, judging.alpha);
    if pair.overall.critical.is_none() {
        return format!(
            "Inconclusive: so few runs cannot tell any difference at this confidence; make at least {least} runs of {a} and of {b}."
        );
    }
    let rows = pair.overall.rows.iter();
    let undecided: Vec<&RowRecord> = rows
        .filter(|row| row.verdict == RowVerdict::Inconclusive)
        .collect();
    let mut text = format!("Inconclusive: no difference was found between {a} and {b}");
    if undecided.len() < pair.overall.rows.len() {
        let _ = write!(
            text,
            ", but {} could hide one that matters",
            rows_with(pair, RowVerdict::Inconclusive, |row| row.quantity.clone())
        );
    }
    let undecidable = undecided.iter().any(|row| row.runs_needed.is_none());
    let _ = match (undecidable, pair.runs_needed) {
        (false, Some(runs)) => write!(text, "; {} runs a side would decide", runs.max(least)),
        (true, Some(runs)) => write!(
            text,
            "; {} runs a side would decide some figures, no {MOST_RUNS} the others (rounding or noise)",
            runs.max(least)
        ),
        (_, None) => write!(
            text,
            "; not even {MOST_RUNS} runs a side would decide (rounding or noise)"
        ),
    };
    text + "."
}

/// The rows with a verdict, the clearest first.
fn rows_with(
    pair: &PairRecord,
    verdict: RowVerdict,
    text: impl Fn(&RowRecord) -> String,
) -> String {
    let rows = pair.overall.rows.iter();
    let found: Vec<&RowRecord> = rows.filter(|row| row.verdict == verdict).collect();
    let mut parts: Vec<String> = found.iter().take(ROWS_NAMED).map(|row| text(row)).collect();
    if found.len() > ROWS_NAMED {
        parts.push(format!("{} more", found.len() - ROWS_NAMED));
    }
    parts.join(", ")
}

fn with_interval(row: &RowRecord) -> String {
    format!(
        "{} {} ({})",
        row.quantity,
        difference_text(row.difference, row.scale),
        interval_text(row)
    )
}

/// All candidates.
pub(super) fn of_all(pairs: &[PairRecord]) -> String {
    let sentences: Vec<&str> = pairs.iter().map(|pair| pair.sentence.as_str()).collect();
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_a_sign_unless_they_are_zero() {
        for (difference, scale, text) in [
            (0.0493, Scale::Ratio, "+4.9 %"),
            (-0.0493, Scale::Ratio, "−4.9 %"),
            (-0.000_1, Scale::Ratio, "0.0 %"),
            (0.001_2, Scale::Points, "+0.12 pp"),
        ] {
            assert_eq!(difference_text(difference, scale), text);
        }
    }
}
