//! What was found: errors, races, rules and their violations.

use super::text::{clock_text, plain};
use super::theme::Theme;
use super::view::View;
use crate::pieces::{counted, duration_text, percent_text};
use crate::stats::{ErrorRow, Outcome, RaceSnapshot, RuleSnapshot, RuleVerdict, Snapshot};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

/// From this height on the overview has room for more than the first of each kind.
const TALL: u16 = 30;

/// The findings for the overview: a few lines, none where there is nothing to tell.
#[must_use]
pub fn lines(theme: Theme, snapshot: &Snapshot, height: u16) -> Vec<Line<'static>> {
    let most = if height >= TALL { 6 } else { 1 };
    let mut lines: Vec<Line<'static>> = snapshot
        .errors
        .iter()
        .take(most)
        .map(|error| error_line(theme, snapshot, error))
        .collect();
    let more = snapshot.errors.len().saturating_sub(most);
    if let Some(last) = lines.last_mut().filter(|_| more > 0) {
        let text = format!("  (+{more} kinds: page 3)");
        last.spans.insert(1, Span::styled(text, theme.quiet()));
    }
    if !snapshot.races.is_empty() && height >= TALL {
        let races = snapshot.races.iter().take(most);
        lines.extend(races.map(|race| race_line(theme, race)));
    }
    lines.extend(contests_line(theme, snapshot));
    let mut violations = snapshot.violations.iter();
    let worst = violations.find(|violation| is_violated(snapshot, &violation.rule));
    if let Some(violation) = worst.or(snapshot.violations.first()) {
        let text = format!(" {}: {}", violation.rule, plain(&violation.why));
        let style = match is_violated(snapshot, &violation.rule) {
            true => theme.bad(),
            false => theme.notable(),
        };
        lines.push(Line::styled(text, style));
    }
    lines
}

fn is_violated(snapshot: &Snapshot, rule: &str) -> bool {
    let mut rules = snapshot.rules.iter();
    rules.any(|row| row.name == rule && row.verdict == RuleVerdict::Violated)
}

/// Draws all findings.
pub fn draw_page(frame: &mut Frame<'_>, area: Rect, view: &View, snapshot: &Snapshot) {
    let theme = view.theme;
    let mut lines = vec![heading(theme, "errors", snapshot.errors.len())];
    let errors = snapshot.errors.iter();
    lines.extend(errors.map(|error| error_line(theme, snapshot, error)));
    if snapshot.errors_cut > 0 {
        let text = format!(
            " {} of other kinds",
            counted(snapshot.errors_cut, "request")
        );
        lines.push(Line::raw(text));
    }
    if !snapshot.races.is_empty() {
        lines.extend([
            Line::default(),
            heading(theme, "races", snapshot.races.len()),
        ]);
        lines.extend(snapshot.races.iter().map(|race| race_line(theme, race)));
    }
    if !snapshot.rules.is_empty() {
        lines.extend([
            Line::default(),
            heading(theme, "rules", snapshot.rules.len()),
        ]);
        lines.extend(snapshot.rules.iter().map(|rule| rule_line(theme, rule)));
    }
    if !snapshot.violations.is_empty() {
        let latest = snapshot.violations.len();
        lines.extend([Line::default(), heading(theme, "latest violations", latest)]);
        lines.extend(snapshot.violations.iter().map(|violation| {
            let at = clock_text(violation.at_s as f64);
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
fn error_line(theme: Theme, snapshot: &Snapshot, error: &ErrorRow) -> Line<'static> {
    let name = snapshot
        .names
        .get(error.name)
        .and_then(|row| row.name.as_ref());
    let status = error.status.map(|status| format!(" {status}"));
    let style = match error.outcome {
        Outcome::Refused | Outcome::Conflict => theme.notable(),
        _ => theme.bad(),
    };
    Line::from(vec![
        Span::styled(
            format!(
                " {}× {}{}",
                error.count,
                error.outcome.word(),
                status.unwrap_or_default()
            ),
            style,
        ),
        Span::raw(format!(
            " {}: {}",
            name.map_or("", |name| name.name),
            plain(&error.reason)
        )),
    ])
}

fn race_line(theme: Theme, race: &RaceSnapshot) -> Line<'static> {
    let (counts, spread) = (&race.measured.counts, &race.measured.spread);
    let share = counts.overlapped as f64 / counts.count.max(1) as f64;
    let mut spans = vec![
        Span::raw(format!(" {:<25}", race.name)),
        Span::raw(format!(
            " {}, {} overlapped, spread p50 {} p99 {}",
            counted(counts.count, "race"),
            percent_text(share),
            duration_text(spread.p50),
            duration_text(spread.p99),
        )),
    ];
    if counts.incomplete > 0 {
        let text = format!(", {} incomplete", counts.incomplete);
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

fn rule_line(theme: Theme, rule: &RuleSnapshot) -> Line<'static> {
    let made = &rule.counts;
    let mut counts = format!(" {} checked", made.checked());
    if made.broken > 0 {
        counts.push_str(&format!(", {} broken", made.broken));
    }
    if made.undecided > 0 {
        counts.push_str(&format!(", {} undecided", made.undecided));
    }
    if made.cut > 0 {
        counts.push_str(&format!(", {} cut", made.cut));
    }
    Line::from(vec![
        Span::raw(format!(" {:<28} ", rule.name)),
        Span::styled(
            format!("{:<9}", rule.verdict.word()),
            rule_style(theme, rule.verdict),
        ),
        Span::raw(counts),
    ])
}

/// Races and rules in one line; nothing when there are none.
fn contests_line(theme: Theme, snapshot: &Snapshot) -> Option<Line<'static>> {
    let counts = || snapshot.races.iter().map(|race| &race.measured.counts);
    let races: u64 = counts().map(|race| race.count).sum();
    if races == 0 && snapshot.rules.is_empty() {
        return None;
    }
    let overlapped: u64 = counts().map(|race| race.overlapped).sum();
    let share = percent_text(overlapped as f64 / races.max(1) as f64);
    let mut spans = vec![
        Span::styled(" races ", theme.heading()),
        Span::raw(format!("{races}, {share} overlapped")),
        Span::styled("  rules", theme.heading()),
    ];
    let verdicts = [
        RuleVerdict::Held,
        RuleVerdict::Violated,
        RuleVerdict::Known,
        RuleVerdict::Undecided,
    ];
    for verdict in verdicts {
        let count = snapshot
            .rules
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
