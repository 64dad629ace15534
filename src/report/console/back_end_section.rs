//! The summary's section about the shop's back end.

use crate::pieces::console_style::bold;
use crate::pieces::{SummaryStyle, counted, plain_table, rate_text};
use crate::plan::ObservedMetric;
use crate::record::{BacklogRecord, ObservedRecord, RunRecord, SourceRecord};
use crate::stats::{Amount, Trend};
use comfy_table::CellAlignment;
use std::fmt::Write;

/// Columns that hold words; the others are aligned to the right.
const WORDS: [usize; 2] = [0, 9];

/// Backlogs by domain, what was put aside, and how each source did; nothing when nothing was
/// observed.
pub fn back_end_section(record: &RunRecord, style: SummaryStyle) -> String {
    let Some(observed) = &record.observed else {
        return String::new();
    };
    let mut text = bold(style, "The shop's back end");
    if !observed.backlogs.is_empty() {
        let _ = write!(text, "\n{}", backlog_table(observed, style));
    }
    for line in dead_letters(observed)
        .into_iter()
        .chain(source_lines(observed))
    {
        let _ = write!(text, "\n  {line}");
    }
    if !observed.last_lines.is_empty() {
        let title = bold(style, "The Observatory's own lines, at the end");
        let _ = write!(text, "\n\n{title}\n{}", observed.last_lines.join("\n"));
    }
    text
}

/// The same for `--quiet`: only what went wrong with the sources.
pub fn back_end_troubles(record: &RunRecord) -> String {
    let sources = record
        .observed
        .iter()
        .flat_map(|observed| &observed.sources);
    let troubles: Vec<String> = sources.flat_map(troubles_of).collect();
    troubles.join("\n")
}

fn backlog_table(observed: &ObservedRecord, style: SummaryStyle) -> comfy_table::Table {
    let mut table = plain_table(style);
    table.set_header([
        "\nBacklog",
        "\nBefore",
        "At the\nload's end",
        "\nPeak",
        "\nLast",
        "\nIntake/s",
        "\nDrain/s",
        "Growth/s\n(95 %)",
        "\nDrained",
        "\nSeen by",
    ]);
    for backlog in &observed.backlogs {
        table.add_row(backlog_row(backlog));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if !WORDS.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn backlog_row(backlog: &BacklogRecord) -> [String; 10] {
    let rate = |rate: Option<f64>| rate.map_or_else(|| "–".to_owned(), rate_text);
    let amount =
        |amount: Option<Amount>| amount.map_or_else(|| "–".to_owned(), |it| it.to_string());
    let seen_by = match backlog.not_seen.as_str() {
        "" => backlog.source.clone(),
        part => format!("{} ({part} not seen)", backlog.source),
    };
    [
        backlog.domain.clone(),
        amount(backlog.before),
        amount(backlog.at_load_end),
        backlog.peak.to_string(),
        backlog.last.to_string(),
        rate(backlog.intake_per_s),
        rate(backlog.drain_per_s),
        backlog
            .slope_per_s
            .map_or_else(|| "–".to_owned(), growth_text),
        drained_text(backlog),
        seen_by,
    ]
}

pub(crate) fn growth_text(trend: Trend) -> String {
    let slope = format!("{:+.1}", trend.slope);
    match (trend.low, trend.high) {
        (Some(low), Some(high)) if low == high => slope,
        (Some(low), Some(high)) => format!("{slope}\n({low:+.1} to {high:+.1})"),
        _ => slope,
    }
}

pub(crate) fn drained_text(backlog: &BacklogRecord) -> String {
    let value = |amount: Option<Amount>| amount.map_or(0.0, |amount| amount.value);
    match (backlog.drained_after_s, backlog.drain_estimate_s) {
        (Some(_), _) if value(backlog.at_load_end) <= value(backlog.before) => {
            "no larger".to_owned()
        }
        (Some(after_s), _) => format!("after {after_s:.1} s"),
        (None, Some(estimate_s)) => format!("no; about {estimate_s:.1} s\nat that rate"),
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
                figure.last.value - figure.first.value,
                figure.last,
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
            back_end_troubles(&record),
            "observatory was not read 1 time (at 2 s): http://localhost:9000/metrics answers 503"
        );
    }
}
