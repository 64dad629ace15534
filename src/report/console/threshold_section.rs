//! The thresholds for people: a line each, as k6 has them.

use crate::pieces::console_style::bold;
use crate::pieces::{
    SummaryStyle, TextCell, TextColumn, TextTable, duration_text, number_text, rate_text,
};
use crate::record::{RunRecord, ThresholdRecord};
use crate::stats::ThresholdVerdict;
use anstyle::AnsiColor;

const COLUMNS: [TextColumn; 5] = [
    TextColumn::word("", 0),
    TextColumn::text("Threshold", 0),
    TextColumn::number("Value", 0),
    TextColumn::number("Worst window", 1),
    TextColumn::text("Remark", 2),
];

/// One line a threshold; nothing without any.
pub fn thresholds_section(record: &RunRecord, style: SummaryStyle) -> String {
    section(&record.thresholds.iter().collect::<Vec<_>>(), style)
}

/// Those that did not hold, for `--quiet`.
pub fn crossed_section(record: &RunRecord, style: SummaryStyle) -> String {
    let thresholds = record.thresholds.iter();
    let not_held = thresholds.filter(|threshold| threshold.verdict != ThresholdVerdict::Held);
    section(&not_held.collect::<Vec<_>>(), style)
}

fn section(thresholds: &[&ThresholdRecord], style: SummaryStyle) -> String {
    if thresholds.is_empty() {
        return String::new();
    }
    let mut table = TextTable::new(&COLUMNS);
    for threshold in thresholds {
        table.row([
            mark(threshold),
            threshold.expression.clone().into(),
            value_text(threshold, threshold.observed).into(),
            value_text(threshold, threshold.worst).into(),
            threshold.remark().into(),
        ]);
    }
    format!("{}\n{}", bold(style, "Thresholds"), table.text(0, style))
}

fn mark(threshold: &ThresholdRecord) -> TextCell {
    let colour = match threshold.verdict {
        ThresholdVerdict::Held => AnsiColor::Green,
        ThresholdVerdict::Crossed => AnsiColor::Red,
        ThresholdVerdict::Undecided => AnsiColor::Yellow,
    };
    TextCell::styled(threshold.verdict.mark(), colour.on_default())
}

fn value_text(threshold: &ThresholdRecord, value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| threshold.bounded_text(value))
}

impl ThresholdRecord {
    /// A value of it with its unit, for people.
    #[must_use]
    pub fn text_of(&self, value: f64) -> String {
        match self.unit.as_str() {
            "us" => duration_text(value.round() as u64),
            "share" => format!("{:.2} %", value * 100.0),
            "per_s" => format!("{}/s", rate_text(value)),
            // Counts are whole; figures of the back end mostly are.
            _ if value.fract() == 0.0 => number_text(format_args!("{value:.0}")),
            _ => number_text(format_args!("{value:.1}")),
        }
    }

    /// The same of a value that was measured: marked when it is a lower bound.
    fn bounded_text(&self, value: f64) -> String {
        let mark = if self.at_least { "≥ " } else { "" };
        format!("{mark}{}", self.text_of(value))
    }

    /// The value that decided, with its unit: the worst window's, or that of the whole run.
    #[must_use]
    pub fn decisive_text(&self) -> Option<String> {
        self.worst
            .or(self.observed)
            .map(|value| self.bounded_text(value))
    }

    /// When it was crossed, whether that ended the run, or why nobody can tell.
    #[must_use]
    pub fn remark(&self) -> String {
        let mut parts: Vec<String> = self.why.iter().cloned().collect();
        if let Some(at_s) = self.crossed_at_s {
            parts.push(match self.worst_at_s {
                Some(worst_s) => format!("crossed from {at_s:.0} s, worst until {worst_s:.0} s"),
                None => format!("crossed from {at_s:.0} s"),
            });
        }
        if self.aborted {
            parts.push("ended the run".to_owned());
        }
        parts.join("; ")
    }
}
