//! The summary's table of the whole run by name, and the line of its steady state.

use crate::pieces::{
    SummaryStyle, TextCell, TextColumn, TextTable, counted, duration_text, grouped, in_lines,
    rate_text,
};
use crate::record::{Figures, NameRecord, RunRecord};
use anstyle::{AnsiColor, Style};

pub(super) const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default();

const COLUMNS: [TextColumn; 11] = [
    TextColumn::text("Name", 0),
    TextColumn::number("Requests", 1),
    TextColumn::number("Failures", 0),
    TextColumn::number("Rate/s", 2),
    TextColumn::number("p50", 0),
    TextColumn::number("p95", 3),
    TextColumn::number("p99", 0),
    TextColumn::number("max", 4),
    TextColumn::number("Service p99", 5),
    TextColumn::number("Lag p99", 6),
    TextColumn::word("Other outcomes", 7),
];

/// A row a name, one of all of them, and one of each word by which names are added up.
pub fn names_table(record: &RunRecord, style: SummaryStyle) -> String {
    let mut table = TextTable::new(&COLUMNS);
    for row in &record.names {
        table.row(figures_row(&full_name(row), &row.figures, Style::new()));
    }
    table.row(figures_row("Aggregated", &record.totals, BOLD));
    for row in &record.tags {
        let name = format!("tag {}", row.tag);
        table.row(figures_row(&name, &row.figures, Style::new()));
    }
    table.text(0, style)
}

/// The name, with its method where it does not say it already: names may differ in it alone.
pub(super) fn full_name(row: &NameRecord) -> String {
    match row.name.contains(&row.method) {
        true => row.name.clone(),
        false => format!("{} {}", row.method, row.name),
    }
}

fn figures_row(name: &str, figures: &Figures, style: Style) -> Vec<TextCell> {
    let response = &figures.response_us;
    let failures = match figures.failures {
        0 => style,
        _ => RED.effects(style.get_effects()),
    };
    let mut cells = vec![
        TextCell::styled(name, style),
        TextCell::styled(grouped(figures.requests), style),
        TextCell::styled(grouped(figures.failures), failures),
        TextCell::styled(rate_text(figures.requests_per_s), style),
    ];
    let latencies = [
        response.p50,
        response.p95,
        response.p99,
        response.max,
        figures.service_us.p99,
        figures.lag_us.p99,
    ];
    cells.extend(latencies.map(|us| TextCell::styled(duration_text(us), style)));
    cells.push(TextCell::styled(other_outcomes(figures), style));
    cells
}

/// Outcomes beside success that occurred.
fn other_outcomes(figures: &Figures) -> String {
    let outcomes = figures.outcomes();
    let occurred = outcomes.others().filter(|(_, count)| *count > 0);
    occurred
        .map(|(outcome, count)| format!("{} {}", outcome.word(), grouped(count)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The steady state in a sentence.
pub fn steady_line(record: &RunRecord, style: SummaryStyle) -> String {
    let Some(steady) = record.phases.iter().find(|phase| phase.name == "steady") else {
        return "Steady state: not reached, users were still being started".to_owned();
    };
    let figures = &steady.figures;
    let response = &figures.response_us;
    let text = format!(
        "Steady state ({:.1}–{:.1} s): {}, {}/s, response p50 {} p95 {} p99 {} max {}, service p99 {}, lag p99 {}",
        steady.start_s,
        steady.end_s,
        counted(figures.requests, "request"),
        rate_text(figures.requests_per_s),
        duration_text(response.p50),
        duration_text(response.p95),
        duration_text(response.p99),
        duration_text(response.max),
        duration_text(figures.service_us.p99),
        duration_text(figures.lag_us.p99),
    );
    in_lines(&text, 0, 2, style.width)
}
