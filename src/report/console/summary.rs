//! The summary at the end of a run, for the console: a person's first lines, and everything below them.

use super::back_end_section::{back_end_section, back_end_troubles};
use super::error_section::errors_section;
use super::event_latency_section::event_latency_section;
use super::first_lines::{exit_line, first_lines, headline, losses, partial, record_lines};
use super::generator_lines::generator_lines;
use super::names_table::{names_table, steady_line};
use super::race_sections::{races_section, verdicts_section, violated_section, witnesses};
use super::recovery_section::recovery_section;
use super::shards_section::shards_section;
use super::stored_events_section::stored_events_section;
use super::threshold_section::{crossed_section, thresholds_section};
use super::work_done::{events_section, journeys_section};
use crate::pieces::console_style::bold;
use crate::pieces::{SummaryStyle, counted, in_lines};
use crate::record::RunRecord;
use std::fmt::Write;

/// The summary of a finished run. `files` are the places where more is written, a line each: the record's
/// directory first.
///
/// First what could not be written and whether the generator was at its limit; then the first lines; then
/// the witnesses of rules that were violated. The rest is told by [`detailed_text`], and in the record.
#[must_use]
pub fn summary_text(record: &RunRecord, files: &[String], style: &SummaryStyle) -> String {
    let mut told = vec![first_lines(record, *style)];
    let witnesses = witnesses(record, directory(files), *style);
    let end = record_lines(record, files, *style);
    if witnesses.is_empty() {
        told[0] += &format!("\n{end}");
    } else {
        told.extend(witnesses);
        told.push(end);
    }
    joined([doubts(record, *style), told].concat())
}

/// The same with all tables: the whole run by name, the steady state, journeys and events, races, rules,
/// thresholds, the back end, recovery, the errors (failures before refusals), the generator's costs; and
/// at the end the verdict and the files, and the exit code when it is not 0.
#[must_use]
pub fn detailed_text(record: &RunRecord, files: &[String], style: &SummaryStyle) -> String {
    let style = *style;
    let observed = record.observed.as_ref();
    let stored = observed.and_then(|observed| observed.events.as_ref());
    let mut sections = doubts(record, style);
    sections.extend([
        first_lines(record, style),
        overview(record, style),
        shards_section(record, style),
        format!(
            "{}\n{}",
            bold(style, "Whole run"),
            names_table(record, style)
        ),
        steady_line(record, style),
        journeys_section(record, style),
        events_section(record, style),
        races_section(record, style),
        verdicts_section(record, directory(files), style),
        thresholds_section(record, style),
        back_end_section(record, style),
        stored_events_section(stored, style),
        event_latency_section(
            observed.and_then(|observed| observed.event_latency.as_ref()),
            style,
        ),
        recovery_section(record, style),
        errors_section(record, style),
        generator_lines(record, style),
        ending(record, files, style),
    ]);
    joined(sections)
}

/// The summary for `--quiet`: what puts the figures in doubt, the errors, the verdict and the files.
#[must_use]
pub fn brief_text(record: &RunRecord, files: &[String], style: &SummaryStyle) -> String {
    let mut sections = doubts(record, *style);
    sections.extend([
        violated_section(record, directory(files), *style),
        crossed_section(record, *style),
        back_end_troubles(record, *style),
        errors_section(record, *style),
        ending(record, files, *style),
    ]);
    joined(sections)
}

/// The record's directory, which is the first of the files.
fn directory(files: &[String]) -> &str {
    files.first().map_or("", |path| path.trim_end_matches('/'))
}

fn doubts(record: &RunRecord, style: SummaryStyle) -> Vec<String> {
    vec![
        partial(record, style),
        losses(record, style),
        headline(record, style),
    ]
}

fn joined(mut sections: Vec<String>) -> String {
    sections.retain(|section| !section.is_empty());
    sections.join("\n\n") + "\n"
}

fn overview(record: &RunRecord, style: SummaryStyle) -> String {
    let host = &record.host;
    let workers = |count: usize| counted(count as u64, "worker");
    let workers = match &record.shards[..] {
        [] => format!("{} ({})", workers(host.workers.len()), host.driver),
        // The host is the leader's, which sends nothing.
        shards => {
            let cores = shards.iter().map(|shard| shard.cores).sum();
            let shards = counted(shards.len() as u64, "shard");
            format!("{} of {shards}", workers(cores))
        }
    };
    let mut text = format!(
        "{}: {:.1} s, up to {}, {workers}, seed {}, run {}",
        record.profile,
        record.measured_s,
        counted(record.peak_users.into(), "user"),
        record.seed,
        record.run_id
    );
    if record.journeys_started() > 0 {
        let _ = write!(text, ", {}", counted(record.journeys_started(), "journey"));
    }
    let mut text = in_lines(&text, 0, 2, style.width);
    if let Some(target) = &record.target {
        let against = format!("against {}: {}", target.url, target.says);
        let _ = write!(text, "\n{}", in_lines(&against, 0, 2, style.width));
    }
    text
}

fn ending(record: &RunRecord, files: &[String], style: SummaryStyle) -> String {
    let verdict = in_lines(&record.verdict, 0, 2, style.width);
    let mut lines = vec![bold(style, &verdict)];
    lines.extend(files.iter().map(|file| format!("  {file}")));
    lines.extend(exit_line(record));
    lines.join("\n")
}

#[cfg(test)]
mod tests;
