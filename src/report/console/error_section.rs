//! The summary's section of errors and refusals.

use crate::pieces::console_style::bold;
use crate::pieces::{SummaryStyle, TextColumn, TextTable, counted, grouped};
use crate::record::{ErrorRecord, RunRecord};
use crate::stats::Outcome;
use std::fmt::Write;

/// Error rows shown; the rest is in the record.
const ERRORS_SHOWN: usize = 10;

const COLUMNS: [TextColumn; 7] = [
    TextColumn::number("Count", 0),
    TextColumn::word("Outcome", 0),
    TextColumn::word("Status", 1),
    TextColumn::text("Name", 0).of_at_least(16),
    TextColumn::text("Reason", 0).of_at_least(16),
    TextColumn::number("First", 3),
    TextColumn::number("Last", 2),
];

/// The kinds of errors: failures before refusals, the most frequent first; nothing when there are none.
pub fn errors_section(record: &RunRecord, style: SummaryStyle) -> String {
    if record.errors.is_empty() {
        return String::new();
    }
    let mut table = TextTable::new(&COLUMNS);
    let business =
        |error: &&ErrorRecord| matches!(error.outcome, Outcome::Refused | Outcome::Conflict);
    let mut errors: Vec<&ErrorRecord> = record.errors.iter().collect();
    // Stable: most frequent first within each group.
    errors.sort_by_key(business);
    for error in errors.into_iter().take(ERRORS_SHOWN) {
        table.row(error_row(error));
    }
    let title = bold(style, "Errors and refusals");
    let mut text = format!("{title}\n{}", table.text(0, style));
    let hidden = record.errors.len().saturating_sub(ERRORS_SHOWN);
    if hidden > 0 || record.errors_cut > 0 {
        let hidden = counted(hidden as u64, "more kind");
        let _ = write!(
            text,
            "\n  {hidden} in run.json, {} of kinds not kept",
            counted(record.errors_cut, "request")
        );
    }
    text
}

fn error_row(error: &ErrorRecord) -> [String; 7] {
    [
        grouped(error.count),
        error.outcome.word().to_owned(),
        error
            .status
            .map_or_else(String::new, |status| status.to_string()),
        error.name.clone(),
        error.reason.clone(),
        format!("{:.1} s", error.first_s),
        format!("{:.1} s", error.last_s),
    ]
}
