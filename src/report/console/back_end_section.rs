//! The summary's section about the shop's back end.

use crate::pieces::console_style::bold;
use crate::pieces::{
    SummaryStyle, TextColumn, TextTable, amount_text, counted, in_lines, number_text, rate_text,
};
use crate::plan::ObservedMetric;
use crate::record::{BacklogRecord, ObservedRecord, RunRecord, SourceRecord};
use crate::stats::{Amount, Trend};
use std::fmt::Write;

const COLUMNS: [TextColumn; 11] = [
    TextColumn::text("Backlog", 0),
    TextColumn::number("Before", 3),
    TextColumn::number("At load's end", 0),
    TextColumn::number("Peak", 4),
    TextColumn::number("Last", 0),
    TextColumn::number("Intake/s", 5),
    TextColumn::number("Drain/s", 2),
    TextColumn::number("Growth/s", 0),
    TextColumn::number("95 %", 6),
    TextColumn::word("Drained", 1),
    TextColumn::word("Seen by", 7),
];

/// Backlogs by domain, what was put aside, and how each source did; nothing when nothing was
/// observed. The Observatory's own lines are in the record.
pub fn back_end_section(record: &RunRecord, style: SummaryStyle) -> String {
    let Some(observed) = &record.observed else {
        return String::new();
    };
    let mut text = bold(style, "The shop's back end");
    if !observed.backlogs.is_empty() {
        let mut table = TextTable::new(&COLUMNS);
        for backlog in &observed.backlogs {
            table.row(backlog_row(backlog));
        }
        let _ = write!(text, "\n{}", table.text(0, style));
    }
    for line in dead_letters(observed)
        .into_iter()
        .chain(source_lines(observed))
    {
        let _ = write!(text, "\n  {}", in_lines(&line, 2, 4, style.width));
    }
    text
}

/// The same for `--quiet`: only what went wrong with the sources.
pub fn back_end_troubles(record: &RunRecord, style: SummaryStyle) -> String {
    let troubles = troubles(record).map(|trouble| in_lines(&trouble, 0, 2, style.width));
    troubles.collect::<Vec<String>>().join("\n")
}

/// What was put aside, and what went wrong with the sources: for the first lines.
pub fn back_end_notices(record: &RunRecord) -> Vec<String> {
    let aside = record.observed.iter().flat_map(dead_letters);
    aside.chain(troubles(record)).collect()
}

fn troubles(record: &RunRecord) -> impl Iterator<Item = String> {
    let sources = record
        .observed
        .iter()
        .flat_map(|observed| &observed.sources);
    sources.flat_map(troubles_of)
}

/// What was not processed when the load ended, by domain; `None` when nothing was left.
pub fn backlog_text(observed: &ObservedRecord) -> Option<String> {
    let left = observed.backlogs.iter().filter_map(|backlog| {
        let at_end = backlog.at_load_end.filter(|amount| amount.value > 0.0)?;
        let growth = backlog.slope_per_s;
        let grows = growth.filter(|trend| trend.low.is_some_and(|low| low > 0.0));
        let growth = grows.map(|trend| format!(", growing by {}/s", rate_text(trend.slope)));
        let growth = growth.unwrap_or_default();
        Some(format!(
            "{} {}{growth}",
            backlog.domain,
            amount_text(at_end)
        ))
    });
    let left: Vec<String> = left.collect();
    match left.is_empty() {
        true => None,
        false => Some(format!("at the load's end: {}", left.join("; "))),
    }
}

fn backlog_row(backlog: &BacklogRecord) -> [String; 11] {
    let rate = |rate: Option<f64>| rate.map_or_else(|| "–".to_owned(), rate_text);
    let amount = |amount: Option<Amount>| amount.map_or_else(|| "–".to_owned(), amount_text);
    let seen_by = match backlog.not_seen.as_str() {
        "" => backlog.source.clone(),
        part => format!("{} ({part} not seen)", backlog.source),
    };
    let growth = backlog.slope_per_s;
    [
        backlog.domain.clone(),
        amount(backlog.before),
        amount(backlog.at_load_end),
        amount_text(backlog.peak),
        amount_text(backlog.last),
        rate(backlog.intake_per_s),
        rate(backlog.drain_per_s),
        growth.map_or_else(|| "–".to_owned(), slope_text),
        growth.and_then(bounds_text).unwrap_or_default(),
        drained_text(backlog),
        seen_by,
    ]
}

fn slope_text(trend: Trend) -> String {
    signed(trend.slope)
}

/// With one decimal, a sign, and thousands apart.
fn signed(value: f64) -> String {
    let sign = if value < 0.0 { '-' } else { '+' };
    format!("{sign}{}", number_text(format_args!("{:.1}", value.abs())))
}

/// Between what the slope lies; `None` when that is not known, or it is exact.
fn bounds_text(trend: Trend) -> Option<String> {
    let (low, high) = trend.low.zip(trend.high)?;
    (low.total_cmp(&high).is_ne()).then(|| format!("{} to {}", signed(low), signed(high)))
}

/// The slope, and below it between what it lies.
pub(crate) fn growth_text(trend: Trend) -> String {
    let slope = slope_text(trend);
    match bounds_text(trend) {
        Some(bounds) => format!("{slope}\n({bounds})"),
        None => slope,
    }
}

pub(crate) fn drained_text(backlog: &BacklogRecord) -> String {
    let value = |amount: Option<Amount>| amount.map_or(0.0, |amount| amount.value);
    match (backlog.drained_after_s, backlog.drain_estimate_s) {
        (Some(_), _) if value(backlog.at_load_end) <= value(backlog.before) => {
            "no larger".to_owned()
        }
        (Some(after_s), _) => format!("after {after_s:.1} s"),
        (None, Some(estimate_s)) => format!("no; about {estimate_s:.1} s at that rate"),
        (None, None) => "not seen".to_owned(),
    }
}

/// Domains in which messages were put aside during the run.
pub(crate) fn dead_letters(observed: &ObservedRecord) -> Vec<String> {
    let dead = observed
        .figures
        .iter()
        .filter(|figure| figure.metric == ObservedMetric::DeadLetters && figure.detail.is_empty());
    dead.filter(|figure| figure.last.value > figure.first.value)
        .map(|figure| {
            format!(
                "Dead letters of {}: {} more, now {} (by {})",
                figure.domain,
                number_text(figure.last.value - figure.first.value),
                amount_text(figure.last),
                figure.source
            )
        })
        .collect()
}

pub(crate) fn source_lines(observed: &ObservedRecord) -> Vec<String> {
    let mut lines: Vec<String> = observed.sources.iter().flat_map(troubles_of).collect();
    for source in &observed.sources {
        lines.extend(
            source
                .caveats
                .iter()
                .map(|caveat| format!("Note: {caveat}")),
        );
    }
    let readings = observed.sources.iter().map(|source| {
        let readings = counted(source.readings, "reading");
        format!("{} {readings} of {:.1} ms", source.name, source.mean_ms)
    });
    let readings: Vec<String> = readings.collect();
    lines.push(format!(
        "Observed with {:.2} s of CPU, until {:.1} s after the load: {}",
        observed.cpu_s,
        observed.watched_after_s,
        readings.join(", ")
    ));
    lines
}

fn troubles_of(source: &SourceRecord) -> Vec<String> {
    let problems = source.problems.iter();
    problems
        .map(|problem| {
            let count = counted(problem.count, "time");
            let when = match problem.count {
                1 => format!("at {:.0} s", problem.first_s),
                _ => format!("{:.0}–{:.0} s", problem.first_s, problem.last_s),
            };
            format!(
                "{} was not read {count} ({when}): {}",
                source.name, problem.text
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::golden::assert_golden;
    use crate::record::observing::made_up::observation;
    use crate::record::{made_up, observed_record};

    #[test]
    fn the_summary_tells_all_of_it() {
        let mut record = made_up::record();
        let style = SummaryStyle {
            width: None,
            colour: false,
        };
        assert_eq!(back_end_section(&record, style), "");
        record.observed = Some(observed_record(&observation(), &record, &[]));
        let text = back_end_section(&record, style) + "\n";
        assert_golden("summary-back-end.txt", text.as_bytes());
        assert_eq!(
            back_end_troubles(&record, style),
            "observatory was not read 1 time (at 2 s): http://localhost:9000/metrics answers 503"
        );
    }
}
