//! The summary at the end of a run, for the console.

use super::back_end_section::{back_end_section, back_end_troubles};
use super::race_sections::{races_section, verdicts_section, violated_section};
use super::recovery_section::recovery_section;
use super::stored_events_section::stored_events_section;
use super::threshold_section::{crossed_section, thresholds_section};
use super::work_done::{events_section, journeys_section};
use crate::pieces::console_style::bold;
use crate::pieces::{SummaryStyle, counted, duration_text, percent_text, plain_table, rate_text};
use crate::record::{ErrorRecord, Figures, Generator, RunRecord, exit_meaning};
use crate::report::connections_text::{addresses_text, ended_text};
use crate::stats::Outcome;
use anstyle::{AnsiColor, Style};
use comfy_table::{Attribute, Cell, CellAlignment, Color, ColumnConstraint, Table};
use std::fmt::Write;

/// Error rows shown; the rest is in the record.
const ERRORS_SHOWN: usize = 10;
const HEADLINE: Style = AnsiColor::Red.on_default().bold();

/// The summary of a finished run. `files` are the places where more is written, a line each.
///
/// First what could not be written, whether the generator was at its limit, then the whole run by name, the steady state, journeys
/// and events, races, rules, thresholds, the back end, recovery, the errors (failures before refusals), the generator's costs, the verdict and the files, and the exit code when it is not 0.
#[must_use]
pub fn summary_text(record: &RunRecord, files: &[String], style: &SummaryStyle) -> String {
    let mut sections = vec![
        losses(record, *style),
        headline(record, *style),
        overview(record),
    ];
    sections.push(format!(
        "{}\n{}",
        bold(*style, "Whole run"),
        figures_table(record, *style)
    ));
    sections.push(steady_line(record));
    sections.push(journeys_section(record, *style));
    sections.push(events_section(record, *style));
    sections.push(races_section(record, *style));
    sections.push(verdicts_section(record, directory(files), *style));
    sections.push(thresholds_section(record, *style));
    sections.push(back_end_section(record, *style));
    let observed = record.observed.as_ref();
    let stored = observed.and_then(|observed| observed.events.as_ref());
    sections.push(stored_events_section(stored, *style));
    sections.push(recovery_section(record, *style));
    sections.push(errors_section(record, *style));
    sections.push(generator_lines(record));
    sections.push(ending(record, files, *style));
    sections.retain(|section| !section.is_empty());
    sections.join("\n\n") + "\n"
}

/// The summary for `--quiet`: what puts the figures in doubt, the errors, the verdict and the files.
#[must_use]
pub fn brief_text(record: &RunRecord, files: &[String], style: &SummaryStyle) -> String {
    let mut sections = vec![
        losses(record, *style),
        headline(record, *style),
        violated_section(record, directory(files), *style),
        crossed_section(record, *style),
        back_end_troubles(record),
        errors_section(record, *style),
        ending(record, files, *style),
    ];
    sections.retain(|section| !section.is_empty());
    sections.join("\n\n") + "\n"
}

/// The record's directory, which is the first of the files.
fn directory(files: &[String]) -> &str {
    files.first().map_or("", |path| path.trim_end_matches('/'))
}

/// What is missing in the record and the outputs, before everything.
fn losses(record: &RunRecord, style: SummaryStyle) -> String {
    if record.losses.is_empty() {
        return String::new();
    }
    let title = "THE RECORD IS NOT WHOLE: this is what was measured, and not all of it is on disk";
    let mut text = style.paint(HEADLINE, title);
    for loss in &record.losses {
        let _ = write!(text, "\n  - {loss}");
    }
    text
}

/// What puts all figures in doubt, before any of them.
fn headline(record: &RunRecord, style: SummaryStyle) -> String {
    let generator = &record.generator;
    let title = if generator.is_at_its_limit() {
        "GENERATOR AT ITS LIMIT: these figures show the generator's limit, not the shop's"
    } else if !generator.reasons.is_empty() {
        "THE FIGURES DO NOT ADD UP"
    } else {
        return String::new();
    };
    let mut text = style.paint(HEADLINE, title);
    for reason in &generator.reasons {
        let _ = write!(text, "\n  - {reason}");
    }
    text
}

fn overview(record: &RunRecord) -> String {
    let host = &record.host;
    let workers = counted(host.workers.len() as u64, "worker");
    let mut text = format!(
        "{}: {:.1} s, up to {}, {workers} ({}), seed {}, run {}",
        record.profile,
        record.measured_s,
        counted(record.peak_users.into(), "user"),
        host.driver,
        record.seed,
        record.run_id
    );
    if record.journeys_started() > 0 {
        let _ = write!(text, ", {}", counted(record.journeys_started(), "journey"));
    }
    if let Some(target) = &record.target {
        let _ = write!(text, "\nagainst {}: {}", target.url, target.says);
    }
    text
}

fn figures_table(record: &RunRecord, style: SummaryStyle) -> Table {
    let layout = Layout::of(style);
    let mut table = plain_table(style);
    let mut header = vec!["\nName", "\nRequests", "\nFailures", "\nRate/s"];
    header.extend(["Response\np50", "\np95", "\np99", "\nmax"]);
    if layout.service_and_lag {
        header.extend(["Service\np99", "Lag\np99"]);
    }
    let numbers = header.len() - 1;
    if layout.outcomes_column {
        header.push("\nOther outcomes");
    }
    table.set_header(header);
    for row in &record.names {
        table.add_row(figures_row(&row.name, &row.figures, layout, false));
    }
    table.add_row(figures_row("Aggregated", &record.totals, layout, true));
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    for column in table.column_iter_mut().skip(1).take(numbers) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    table
}

/// What of the table fits side by side.
#[derive(Clone, Copy)]
struct Layout {
    /// Else the service time and lag of single names are left to `run.json`.
    service_and_lag: bool,
    /// Else the outcomes stand below the name.
    outcomes_column: bool,
}

impl Layout {
    fn of(style: SummaryStyle) -> Self {
        let at_least = |columns| style.width.is_none_or(|width| width >= columns);
        Self {
            service_and_lag: at_least(90),
            outcomes_column: at_least(130),
        }
    }
}

fn figures_row(name: &str, figures: &Figures, layout: Layout, bold: bool) -> Vec<Cell> {
    let response = &figures.response_us;
    let outcomes = other_outcomes(figures);
    let mut failures = Cell::new(figures.failures);
    if figures.failures > 0 {
        failures = failures.fg(Color::Red);
    }
    let name = if layout.outcomes_column || outcomes.is_empty() {
        name.to_owned()
    } else {
        format!("{name}\n· {outcomes}")
    };
    let mut cells = vec![
        Cell::new(name),
        Cell::new(figures.requests),
        failures,
        Cell::new(rate_text(figures.requests_per_s)),
    ];
    let mut latencies = vec![response.p50, response.p95, response.p99, response.max];
    if layout.service_and_lag {
        latencies.extend([figures.service_us.p99, figures.lag_us.p99]);
    }
    cells.extend(latencies.into_iter().map(|us| Cell::new(duration_text(us))));
    if layout.outcomes_column {
        cells.push(Cell::new(outcomes));
    }
    if bold {
        cells = cells
            .into_iter()
            .map(|cell| cell.add_attribute(Attribute::Bold))
            .collect();
    }
    cells
}

/// Outcomes beside success that occurred.
fn other_outcomes(figures: &Figures) -> String {
    let outcomes = figures.outcomes();
    let occurred = outcomes.others().filter(|(_, count)| *count > 0);
    occurred
        .map(|(outcome, count)| format!("{} {count}", outcome.word()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn steady_line(record: &RunRecord) -> String {
    let Some(steady) = record.phases.iter().find(|phase| phase.name == "steady") else {
        return "Steady state: not reached, users were still being started".to_owned();
    };
    let figures = &steady.figures;
    let response = &figures.response_us;
    format!(
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
    )
}

fn errors_section(record: &RunRecord, style: SummaryStyle) -> String {
    if record.errors.is_empty() {
        return String::new();
    }
    let mut table = plain_table(style);
    table.set_header([
        "Count", "Outcome", "Status", "Name", "Reason", "First", "Last",
    ]);
    let business =
        |error: &&ErrorRecord| matches!(error.outcome, Outcome::Refused | Outcome::Conflict);
    let mut errors: Vec<&ErrorRecord> = record.errors.iter().collect();
    // Stable: most frequent first within each group.
    errors.sort_by_key(business);
    for error in errors.into_iter().take(ERRORS_SHOWN) {
        table.add_row(error_row(error));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    for column in [0, 5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = format!("{}\n{table}", bold(style, "Errors and refusals"));
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
        error.count.to_string(),
        error.outcome.word().to_owned(),
        error
            .status
            .map_or_else(String::new, |status| status.to_string()),
        error.name.clone(),
        error.reason.clone(),
        format!("{:.1}s", error.first_s),
        format!("{:.1}s", error.last_s),
    ]
}

fn generator_lines(record: &RunRecord) -> String {
    let generator = &record.generator;
    let lag = &record.totals.lag_us;
    let mut lines = vec![format!(
        "Generator: {}; CPU {}; {:.2} µs CPU a request ({:.2} µs in user space); send lag p50 {} p99 {}; waited for its CPU {:.2} s",
        generator.state_text(),
        core_shares(generator),
        generator.cpu_us_per_request,
        generator.cpu_user_us_per_request,
        duration_text(lag.p50),
        duration_text(lag.p99),
        generator.run_queue_s,
    )];
    let connections = &record.connections;
    lines.push(format!(
        "Connections: {} opened, {} replaced, {} failed{}; connect p50 {} max {}",
        connections.opened,
        connections.reconnects,
        connections.failed,
        ended_text(connections),
        duration_text(connections.connect_us.p50),
        duration_text(connections.connect_us.max),
    ));
    if let Some(addresses) = addresses_text(record) {
        lines.push(format!("Addresses: {addresses}"));
    }
    if let Some(law) = &generator.littles_law {
        lines.push(format!(
            "Little's law: {:.1} users active, {:.1} accounted for (ratio {:.2})",
            law.users, law.expected_users, law.ratio
        ));
    }
    if record.shed > 0 {
        lines.push(format!(
            "Shed: {} found no free user in time",
            counted(record.shed, "arrival")
        ));
    }
    lines.join("\n")
}

fn core_shares(generator: &Generator) -> String {
    let judged = generator.cores.iter().filter(|core| core.seconds > 0);
    let shares: Vec<String> = judged
        .map(|core| format!("core {} {}", core.cpu, percent_text(core.cpu_share)))
        .collect();
    if shares.is_empty() {
        return format!("{:.1} s in all", generator.cpu_s);
    }
    shares.join(", ")
}

fn ending(record: &RunRecord, files: &[String], style: SummaryStyle) -> String {
    let mut lines = vec![bold(style, &record.verdict)];
    lines.extend(files.iter().map(|file| format!("  {file}")));
    if let Some(code) = record.exit_code.filter(|&code| code != 0) {
        let meaning = exit_meaning(code).unwrap_or("chosen for failed requests");
        lines.push(format!("Exit code {code}: {meaning}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests;
