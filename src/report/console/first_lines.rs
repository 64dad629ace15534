//! What a person reads first of a run, in ten lines: the verdict, thresholds, the rate and the response
//! times, the worst names, where the record lies. A line more for each thing that went wrong.

use super::back_end_section::{back_end_notices, backlog_text};
use super::event_latency_section::event_latency_text;
use super::names_table::{BOLD, full_name};
use super::race_sections::serialised;
use super::stored_events_section::differences_text;
use crate::pieces::console_style::painted;
use crate::pieces::{
    SummaryStyle, TextCell, TextColumn, TextTable, counted, duration_text, grouped, in_lines,
    rate_text,
};
use crate::plan::shown;
use crate::record::{ErrorRecord, Figures, NameRecord, RunRecord, exit_meaning_of};
use crate::report::http2_text::spoken_text;
use crate::report::recovery_text;
use crate::report::tls_text::unchecked_text;
use crate::stats::{GeneratorState, Outcome, RuleVerdict, ThresholdVerdict};
use anstyle::{AnsiColor, Style};

/// Names that are shown.
const WORST: usize = 3;
/// Of what went wrong, those of a kind that are told one by one.
const TOLD: usize = 3;
/// Columns of a line's label, with the blanks around it.
const LABEL: usize = 14;
const HEADLINE: Style = AnsiColor::Red.on_default().bold();

const COLUMNS: [TextColumn; 7] = [
    TextColumn::word("", 0),
    TextColumn::text("", 0).of_at_least(16),
    TextColumn::number("Failed", 0),
    TextColumn::number("Rate/s", 1),
    TextColumn::number("p50", 0),
    TextColumn::number("p95", 2),
    TextColumn::number("p99", 0),
];

/// What of a run on several machines is missing, before everything.
pub fn partial(record: &RunRecord, style: SummaryStyle) -> String {
    let title = "THIS IS A PART OF THE RUN: these figures are not those of all its shards";
    let missing: Vec<String> = record.missing_shards().collect();
    match missing.is_empty() {
        true => String::new(),
        false => with_reasons(title, &missing, style),
    }
}

/// What is missing in the record and the outputs, before everything.
pub fn losses(record: &RunRecord, style: SummaryStyle) -> String {
    let title = "THE RECORD IS NOT WHOLE: this is what was measured, and not all of it is on disk";
    match record.losses.is_empty() {
        true => String::new(),
        false => with_reasons(title, &record.losses, style),
    }
}

/// What puts all figures in doubt, before any of them.
pub fn headline(record: &RunRecord, style: SummaryStyle) -> String {
    let generator = &record.generator;
    let title = if generator.is_at_its_limit() {
        "GENERATOR AT ITS LIMIT: these figures show the generator's limit, not the shop's"
    } else if !generator.reasons.is_empty() {
        "THE FIGURES DO NOT ADD UP"
    } else {
        return String::new();
    };
    with_reasons(title, &generator.reasons, style)
}

fn with_reasons(title: &str, reasons: &[String], style: SummaryStyle) -> String {
    let mut text = style.paint(HEADLINE, &in_lines(title, 0, 2, style.width));
    for reason in reasons {
        text.push_str("\n  - ");
        text.push_str(&in_lines(&shown(reason), 4, 4, style.width));
    }
    text
}

/// The lines, but for the last, which say where the record lies.
pub fn first_lines(record: &RunRecord, style: SummaryStyle) -> String {
    let mut lines = vec![verdict_line(record, style)];
    lines.extend(threshold_lines(record, style));
    lines.extend(rule_lines(record, style));
    lines.extend(error_line(record, style));
    lines.extend(labelled_all("target", unchecked_text(record), style));
    lines.push(figures_table(record, style));
    let observed = record.observed.as_ref();
    lines.extend(labelled_all("back end", back_end_notices(record), style));
    let backlog = observed.and_then(backlog_text);
    lines.extend(labelled_all("backlog", backlog, style));
    let stored = observed.and_then(|observed| observed.events.as_ref());
    lines.extend(labelled_all(
        "events",
        stored.and_then(differences_text),
        style,
    ));
    let latency = observed.and_then(|observed| observed.event_latency.as_ref());
    lines.extend(labelled_all(
        "events",
        latency.and_then(event_latency_text),
        style,
    ));
    let recovery = record.recovery.as_ref();
    let recovery = recovery.into_iter().flat_map(recovery_text::findings);
    lines.extend(labelled_all("recovery", recovery, style));
    lines.extend(labelled_all("races", serialised(record), style));
    lines.join("\n")
}

/// What was run, where the record lies, and what the exit code says when it is not 0.
pub fn record_lines(record: &RunRecord, files: &[String], style: SummaryStyle) -> String {
    let mut run = format!(
        "{}: {:.1} s, up to {}",
        record.profile,
        record.measured_s,
        counted(record.peak_users.into(), "user")
    );
    let target = record.target_url();
    if !target.is_empty() {
        run += &format!(", against {target}");
        if let Some(spoken) = spoken_text(record) {
            run += &format!(" {spoken}");
        }
    }
    let mut lines = vec![labelled("run", &run, style)];
    let directory = files.first().map_or("", String::as_str);
    let beside = files.iter().skip(1);
    let mut beside: Vec<&str> = beside.map(String::as_str).collect();
    // What every record has needs no line.
    beside.retain(|file| directory.is_empty() || !file.starts_with(directory));
    match files.first() {
        Some(place) => {
            let place = format!("{place} (more: --details)");
            lines.push(labelled("record", &place, style));
        }
        None => lines.push(labelled("record", "lost", style)),
    }
    lines.extend(labelled_all("files", beside, style));
    lines.extend(exit_line(record));
    lines.join("\n")
}

/// What the exit code says, when it is not 0.
pub fn exit_line(record: &RunRecord) -> Option<String> {
    let code = record.exit_code.filter(|&code| code != 0)?;
    let meaning = exit_meaning_of(record, code).unwrap_or("chosen for failed requests");
    Some(format!("Exit code {code}: {meaning}"))
}

/// A line of its own, with a label in front.
fn labelled(label: &str, text: &str, style: SummaryStyle) -> String {
    let text = in_lines(&shown(text), LABEL, LABEL, style.width);
    let marks = [("✓", AnsiColor::Green), ("✗", AnsiColor::Red)];
    let text = marks.into_iter().fold(text, |text, (mark, colour)| {
        text.replace(mark, &painted(style, colour, mark))
    });
    format!("  {label:<0$}{text}", LABEL - 2)
}

/// The same for several, of which the first has the label.
fn labelled_all<T: AsRef<str>>(
    label: &str,
    texts: impl IntoIterator<Item = T>,
    style: SummaryStyle,
) -> Vec<String> {
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    let lines = labels.zip(texts);
    lines
        .map(|(label, text)| labelled(label, text.as_ref(), style))
        .collect()
}

fn verdict_line(record: &RunRecord, style: SummaryStyle) -> String {
    let is_doubtful = record.generator.state != GeneratorState::Clean || !record.losses.is_empty();
    let (mark, colour) = match record.exit_code {
        Some(0) if !is_doubtful => ("✓", AnsiColor::Green),
        Some(0) => ("!", AnsiColor::Yellow),
        _ => ("✗", AnsiColor::Red),
    };
    let text = in_lines(&shown(&record.verdict), 2, 2, style.width);
    let mark = painted(style, colour, mark);
    format!("{mark} {}", style.paint(BOLD, &text))
}

fn threshold_lines(record: &RunRecord, style: SummaryStyle) -> Vec<String> {
    let thresholds = &record.thresholds;
    let with = |verdict: ThresholdVerdict| {
        let all = thresholds.iter();
        all.filter(move |threshold| threshold.verdict == verdict)
    };
    let kinds = [
        (ThresholdVerdict::Held, "held"),
        (ThresholdVerdict::Crossed, "crossed"),
        (ThresholdVerdict::Undecided, "undecided"),
    ];
    let counts = kinds.map(|(verdict, word)| (verdict.mark(), with(verdict).count(), word));
    let mut told = vec![match thresholds.is_empty() {
        true => "none".to_owned(),
        false => counts_text(&counts),
    }];
    let not_held = with(ThresholdVerdict::Crossed).chain(with(ThresholdVerdict::Undecided));
    told.extend(first_of(not_held.map(|threshold| {
        let value = threshold.decisive_text();
        let value = value.map_or_else(String::new, |value| format!(": {value}"));
        let remark = match threshold.remark() {
            remark if remark.is_empty() => remark,
            remark => format!("; {remark}"),
        };
        let mark = threshold.verdict.mark();
        format!("{mark} {}{value}{remark}", threshold.expression)
    })));
    labelled_all("thresholds", told, style)
}

fn rule_lines(record: &RunRecord, style: SummaryStyle) -> Vec<String> {
    let rules = &record.invariants;
    if rules.is_empty() {
        return Vec::new();
    }
    let kinds = [
        RuleVerdict::Held,
        RuleVerdict::Violated,
        RuleVerdict::Known,
        RuleVerdict::Undecided,
    ];
    let counts = kinds.map(|verdict| {
        let count = rules.iter().filter(|rule| rule.verdict == verdict).count();
        (verdict.mark(), count, verdict.word())
    });
    let mut told = vec![counts_text(&counts)];
    let violated = rules
        .iter()
        .filter(|rule| rule.verdict == RuleVerdict::Violated);
    told.extend(first_of(violated.map(|rule| {
        let (broken, checked) = (grouped(rule.violated), grouped(rule.checked));
        let why = rule.why.as_deref().unwrap_or_default();
        format!("✗ {}, {broken} of {checked}: {why}", rule.name)
    })));
    labelled_all("rules", told, style)
}

/// For example `✓ 4 held, ✗ 1 crossed`.
fn counts_text(counts: &[(&str, usize, &str)]) -> String {
    let occurring = counts.iter().filter(|(_, count, _)| *count > 0);
    let texts: Vec<String> = occurring
        .map(|(mark, count, word)| format!("{mark} {count} {word}"))
        .collect();
    texts.join(", ")
}

/// The first of `texts`, and how many more there are.
fn first_of(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    let more = texts.len().saturating_sub(TOLD);
    if more > 0 {
        texts.truncate(TOLD);
        texts.push(format!("and {more} more"));
    }
    texts
}

/// The most frequent kind of failure.
fn error_line(record: &RunRecord, style: SummaryStyle) -> Option<String> {
    let is_failure =
        |error: &&ErrorRecord| matches!(error.outcome, Outcome::Failed | Outcome::Unknown);
    let mut failures = record.errors.iter().filter(is_failure);
    let worst = failures.next()?;
    let status = worst.status.map(|status| format!(" {status}"));
    let more = match failures.count() {
        0 => String::new(),
        more => format!(" (and {})", counted(more as u64, "other kind")),
    };
    let text = format!(
        "{}× {}{} {}: {}{more}",
        grouped(worst.count),
        worst.outcome.word(),
        status.unwrap_or_default(),
        worst.name,
        worst.reason
    );
    Some(labelled("errors", &text, style))
}

fn figures_table(record: &RunRecord, style: SummaryStyle) -> String {
    let mut table = TextTable::new(&COLUMNS).without_rule();
    let label = |label: &str| format!("{label:<0$}", LABEL - 4);
    let whole = format!("whole run, {:.1} s", record.measured_s);
    table.row(row(label("response"), &whole, &record.totals, BOLD));
    let steady = record.phases.iter().find(|phase| phase.name == "steady");
    if let Some(steady) = steady.filter(|steady| steady.figures.requests > 0) {
        let title = format!("steady, {:.1}–{:.1} s", steady.start_s, steady.end_s);
        table.row(row(label(""), &title, &steady.figures, Style::new()));
    }
    let labels = std::iter::once("worst").chain(std::iter::repeat(""));
    for (text, name) in labels.zip(worst_names(record)) {
        table.row(row(
            label(text),
            &full_name(name),
            &name.figures,
            Style::new(),
        ));
    }
    table.text(2, style)
}

/// Those of which the largest share failed, then those that took longest.
fn worst_names(record: &RunRecord) -> Vec<&NameRecord> {
    let asked = record.names.iter();
    let mut names: Vec<&NameRecord> = asked.filter(|name| name.figures.requests > 0).collect();
    if names.len() < 2 {
        return Vec::new();
    }
    let failing =
        |name: &NameRecord| name.figures.failures as f64 / name.figures.requests.max(1) as f64;
    names.sort_by(|one, other| {
        let by_failures = failing(other).total_cmp(&failing(one));
        let p99 = |name: &NameRecord| name.figures.response_us.p99;
        by_failures.then(p99(other).cmp(&p99(one)))
    });
    names.truncate(WORST);
    names
}

fn row(label: String, name: &str, figures: &Figures, style: Style) -> Vec<TextCell> {
    let response = &figures.response_us;
    let failed = match figures.failures {
        0 => style,
        _ => HEADLINE,
    };
    vec![
        TextCell::from(label),
        TextCell::styled(name, style),
        TextCell::styled(grouped(figures.failures), failed),
        TextCell::styled(rate_text(figures.requests_per_s), style),
        TextCell::styled(duration_text(response.p50), style),
        TextCell::styled(duration_text(response.p95), style),
        TextCell::styled(duration_text(response.p99), style),
    ]
}
