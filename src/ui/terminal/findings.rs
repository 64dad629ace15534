//! What was found: errors, races, rules and their violations.

use super::text::{clock_text, plain};
use super::theme::Theme;
use super::view::View;
use crate::pieces::{counted, duration_text, grouped, percent_text};
use crate::record::{ErrorRecord, InvariantRecord, Live, RaceRecord, RunRecord, WitnessRecord};
use crate::stats::{Outcome, RuleVerdict};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

/// From this height on the overview has room for more than the first of each kind.
const TALL: u16 = 30;
/// Violations that are told apart: the latest.
const VIOLATIONS_SHOWN: usize = 20;

/// The findings for the overview: a few lines, none where there is nothing to tell.
#[must_use]
pub fn lines(theme: Theme, live: &Live, height: u16) -> Vec<Line<'static>> {
    let run = live.shown();
    let most = if height >= TALL { 6 } else { 1 };
    let errors = run.errors.iter().take(most);
    let mut lines: Vec<Line<'static>> = errors.map(|error| error_line(theme, error)).collect();
    let more = run.errors.len().saturating_sub(most);
    if let Some(last) = lines.last_mut().filter(|_| more > 0) {
        let text = format!("  (+{more} kinds: page 3)");
        last.spans.insert(1, Span::styled(text, theme.quiet()));
    }
    if !run.races.is_empty() && height >= TALL {
        let races = run.races.iter().take(most);
        lines.extend(races.map(|race| race_line(theme, race, run)));
    }
    lines.extend(contests_line(theme, run));
    let latest = || latest_violations(run).map(|witness| &witness.violation);
    let worst = latest().find(|violation| is_violated(run, &violation.rule));
    if let Some(violation) = worst.or_else(|| latest().next()) {
        let text = format!(" {}: {}", violation.rule, plain(&violation.why));
        let style = match is_violated(run, &violation.rule) {
            true => theme.bad(),
            false => theme.notable(),
        };
        lines.push(Line::styled(text, style));
    }
    lines
}

fn is_violated(run: &RunRecord, rule: &str) -> bool {
    let mut rules = run.invariants.iter();
    rules.any(|row| row.name == rule && row.verdict == RuleVerdict::Violated)
}

/// Newest first.
fn latest_violations(run: &RunRecord) -> impl ExactSizeIterator<Item = &WitnessRecord> {
    run.witnesses.iter().rev().take(VIOLATIONS_SHOWN)
}

/// Draws all findings.
pub fn draw_page(frame: &mut Frame<'_>, area: Rect, view: &View, live: &Live) {
    let (theme, run) = (view.theme, live.shown());
    let mut lines = vec![heading(theme, "errors", run.errors.len())];
    let errors = run.errors.iter();
    lines.extend(errors.map(|error| error_line(theme, error)));
    if run.errors_cut > 0 {
        let text = format!(" {} of other kinds", counted(run.errors_cut, "request"));
        lines.push(Line::raw(text));
    }
    if !run.races.is_empty() {
        lines.extend([Line::default(), heading(theme, "races", run.races.len())]);
        lines.extend(run.races.iter().map(|race| race_line(theme, race, run)));
    }
    if !run.invariants.is_empty() {
        let rules = run.invariants.len();
        lines.extend([Line::default(), heading(theme, "rules", rules)]);
        lines.extend(run.invariants.iter().map(|rule| rule_line(theme, rule)));
    }
    let latest = latest_violations(run);
    if latest.len() > 0 {
        let title = heading(theme, "latest violations", latest.len());
        lines.extend([Line::default(), title]);
        lines.extend(latest.map(|WitnessRecord { violation, .. }| {
            let at_s = violation.at_us.max(0) as u64 / 1_000_000;
            let at = clock_text(at_s as f64);
            let race = violation.race.as_deref().unwrap_or("no race");
            let why = plain(&violation.why);
            Line::raw(format!(" {at} {} after {race}: {why}", violation.rule))
        }));
    }
    let last = lines.len().saturating_sub(1) as u16;
    let text = Paragraph::new(lines)
        .wrap(Wrap { trim: false })
        .scroll((view.scroll.min(last), 0));
    frame.render_widget(text, area);
}

fn heading(theme: Theme, what: &str, count: usize) -> Line<'static> {
    let count = match count {
        0 => "none".to_owned(),
        count => count.to_string(),
    };
    Line::from(vec![
        Span::styled(format!(" {what} "), theme.heading()),
        Span::styled(count, theme.quiet()),
    ])
}

/// For example `12× failed 500 POST /orders: internal error`.
fn error_line(theme: Theme, error: &ErrorRecord) -> Line<'static> {
    let status = error.status.map(|status| format!(" {status}"));
    let style = match error.outcome {
        Outcome::Refused | Outcome::Conflict => theme.notable(),
        _ => theme.bad(),
    };
    Line::from(vec![
        Span::styled(
            format!(
                " {}× {}{}",
                grouped(error.count),
                error.outcome.word(),
                status.unwrap_or_default()
            ),
            style,
        ),
        Span::raw(format!(" {}: {}", error.name, plain(&error.reason))),
    ])
}

/// How many of `races` overlapped at the target, where that is known.
fn overlapped_text(run: &RunRecord, overlapped: u64, races: u64) -> String {
    match run.knows_overlaps() {
        true => {
            let share = percent_text(overlapped as f64 / races.max(1) as f64);
            format!(", {share} overlapped")
        }
        false => String::new(),
    }
}

fn race_line(theme: Theme, race: &RaceRecord, run: &RunRecord) -> Line<'static> {
    let spread = &race.spread_us;
    let mut spans = vec![
        Span::raw(format!(" {:<25}", race.name)),
        Span::raw(format!(
            " {}{}, spread p50 {} p99 {}",
            counted(race.count, "race"),
            overlapped_text(run, race.overlapped, race.count),
            duration_text(spread.p50),
            duration_text(spread.p99),
        )),
    ];
    if race.incomplete > 0 {
        let text = format!(", {} incomplete", grouped(race.incomplete));
        spans.push(Span::styled(text, theme.notable()));
    }
    Line::from(spans)
}

fn rule_style(theme: Theme, verdict: RuleVerdict) -> Style {
    match verdict {
        RuleVerdict::Held => theme.good(),
        RuleVerdict::Violated => theme.bad(),
        RuleVerdict::Known => theme.notable(),
        RuleVerdict::Undecided => theme.quiet(),
    }
}

fn rule_line(theme: Theme, rule: &InvariantRecord) -> Line<'static> {
    let mut counts = format!(" {} checked", grouped(rule.checked));
    if rule.violated > 0 {
        counts.push_str(&format!(", {} broken", grouped(rule.violated)));
    }
    if rule.undecided > 0 {
        counts.push_str(&format!(", {} undecided", grouped(rule.undecided)));
    }
    if rule.cut > 0 {
        counts.push_str(&format!(", {} cut", grouped(rule.cut)));
    }
    Line::from(vec![
        Span::raw(format!(" {} {:<28} ", rule.verdict.mark(), rule.name)),
        Span::styled(
            format!("{:<9}", rule.verdict.word()),
            rule_style(theme, rule.verdict),
        ),
        Span::raw(counts),
    ])
}

/// Races and rules in one line; nothing when there are none.
fn contests_line(theme: Theme, run: &RunRecord) -> Option<Line<'static>> {
    let races: u64 = run.races.iter().map(|race| race.count).sum();
    if races == 0 && run.invariants.is_empty() {
        return None;
    }
    let overlapped: u64 = run.races.iter().map(|race| race.overlapped).sum();
    let share = overlapped_text(run, overlapped, races);
    let mut spans = vec![
        Span::styled(" races ", theme.heading()),
        Span::raw(format!("{}{share}", grouped(races))),
        Span::styled("  rules", theme.heading()),
    ];
    let verdicts = [
        RuleVerdict::Held,
        RuleVerdict::Violated,
        RuleVerdict::Known,
        RuleVerdict::Undecided,
    ];
    for verdict in verdicts {
        let count = run
            .invariants
            .iter()
            .filter(|rule| rule.verdict == verdict)
            .count();
        if count > 0 {
            let text = format!(" {count} {}", verdict.word());
            spans.push(Span::styled(text, rule_style(theme, verdict)));
        }
    }
    Some(Line::from(spans))
}
