//! How the generator fares, how thresholds stand, and what the shop has not processed yet.

use super::fitting::{part, parts_that_fit, styled_part};
use super::text::plain;
use super::theme::Theme;
use super::view::View;
use crate::pieces::{duration_text, grouped, number_text, percent_text, rate_text};
use crate::record::{Live, ThresholdRecord};
use crate::stats::{
    Amount, CoreHealth, DomainBacklog, EventNow, GeneratorState, StretchNow, ThresholdVerdict,
};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

/// For the overview: a line each for thresholds, backlog and generator, the former two where there
/// are any.
#[must_use]
pub fn lines(theme: Theme, live: &Live, width: u16) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    lines.extend(thresholds_line(theme, &live.record.thresholds));
    lines.extend(backlog_line(theme, &live.backlogs));
    lines.push(generator_line(theme, live, width));
    lines
}

/// Draws all of it.
pub fn draw_page(frame: &mut Frame<'_>, area: Rect, view: &View, live: &Live) {
    let theme = view.theme;
    let mut lines = vec![generator_line(theme, live, u16::MAX), Line::default()];
    lines.extend(core_lines(theme, live));
    lines.push(Line::default());
    lines.extend(figure_lines(theme, live));
    let reasons = live.shown().generator.limits();
    lines.extend(reasons.map(|reason| Line::styled(format!(" {reason}"), theme.bad())));
    let thresholds = &live.record.thresholds;
    if !thresholds.is_empty() {
        lines.extend([
            Line::default(),
            Line::styled(" thresholds", theme.heading()),
        ]);
        let thresholds = thresholds.iter();
        lines.extend(thresholds.map(|threshold| threshold_line(theme, threshold)));
    }
    if !live.backlogs.is_empty() {
        lines.extend([Line::default(), Line::styled(" backlog", theme.heading())]);
        let domains = live.backlogs.iter();
        lines.extend(domains.map(|domain| Line::raw(format!(" {}", backlog_text(domain)))));
    }
    if !live.events.is_empty() {
        let title = " events until published and done, after the reply: p50, p99";
        lines.extend([Line::default(), Line::styled(title, theme.heading())]);
        lines.extend(live.events.iter().map(|event| Line::raw(event_text(event))));
    }
    lines.extend([
        Line::default(),
        Line::styled(
            format!(" recorded in {}", plain(&view.directory)),
            theme.quiet(),
        ),
    ]);
    let text = Paragraph::new(lines)
        .wrap(Wrap { trim: false })
        .scroll((view.scroll, 0));
    frame.render_widget(text, area);
}

/// In at most `width` columns: what matters least is left out.
fn generator_line(theme: Theme, live: &Live, width: u16) -> Line<'static> {
    let shares: Vec<String> = live
        .cores
        .iter()
        .filter(|core| core.length_us() > 0)
        .map(|core| percent_text(core.cpu_share()))
        .collect();
    let run = live.shown();
    let generator = &run.generator;
    let style = match generator.state {
        GeneratorState::Clean => theme.good(),
        GeneratorState::Disturbed => theme.notable(),
        GeneratorState::AtItsLimit => theme.bad(),
    };
    let state = generator.state_text();
    let (short, rest) = state.split_at(state.find(" (").unwrap_or(state.len()));
    let late = duration_text(generator.tardiness_us.p99);
    let mut parts = vec![
        styled_part(0, " generator ", theme.heading()),
        styled_part(0, short, style),
        styled_part(3, rest, style),
        part(1, format!("  cpu {}", shares.join(" "))),
        part(2, format!("  sent late p99 {late}")),
        part(
            4,
            format!("  {} µs/request", rate_text(generator.cpu_us_per_request)),
        ),
    ];
    if run.connections.reconnects > 0 {
        let text = format!("  reconnects {}", grouped(run.connections.reconnects));
        parts.push(part(5, text));
    }
    parts_that_fit(parts, width)
}

fn core_lines(theme: Theme, live: &Live) -> Vec<Line<'static>> {
    let bar = |share: f64| {
        let filled = (share.clamp(0.0, 1.0) * 20.0).round() as usize;
        format!("{}{}", "█".repeat(filled), "░".repeat(20 - filled))
    };
    let line = |core: &CoreHealth| {
        let cpu = live.context.cpus.get(core.core).copied();
        Line::from(vec![
            Span::raw(format!(" core {:<3} ", cpu.unwrap_or_default())),
            Span::styled(bar(core.cpu_share()), theme.line(0)),
            Span::raw(format!(
                " cpu {:<6} waited {:<6} sent late p99 {}",
                percent_text(core.cpu_share()),
                percent_text(core.run_queue_share()),
                duration_text(core.tardiness_p99_us)
            )),
        ])
    };
    let cores = live.cores.iter().filter(|core| core.length_us() > 0);
    cores.map(line).collect()
}

fn figure_lines(theme: Theme, live: &Live) -> Vec<Line<'static>> {
    let run = live.shown();
    let figures = [
        ("connections opened", run.connections.opened),
        ("opened again", run.connections.reconnects),
        ("could not be opened", run.connections.failed),
        (
            "closed between requests",
            run.connections.closed_between_requests,
        ),
        ("with unsolicited bytes", run.connections.unsolicited),
        ("answered early", run.connections.answered_early),
        (
            "allocations in steady state",
            run.generator.allocations_steady,
        ),
        ("arrivals shed", run.shed),
    ];
    let line = |(what, figure): (&str, u64)| {
        Line::from(vec![
            Span::styled(format!(" {what:<28}"), theme.quiet()),
            Span::raw(grouped(figure)),
        ])
    };
    figures.map(line).into()
}

fn thresholds_line(theme: Theme, thresholds: &[ThresholdRecord]) -> Option<Line<'static>> {
    if thresholds.is_empty() {
        return None;
    }
    let with = |verdict| {
        let all = thresholds.iter();
        all.filter(move |threshold| threshold.verdict == verdict)
    };
    let holds = with(ThresholdVerdict::Held).count();
    let crossed = with(ThresholdVerdict::Crossed).count();
    let mut spans = vec![
        Span::styled(" thresholds ", theme.heading()),
        Span::styled(format!("✓ {holds}"), theme.good()),
    ];
    if crossed > 0 {
        spans.push(Span::styled(format!("  ✗ {crossed}"), theme.bad()));
    }
    if let Some(first) = with(ThresholdVerdict::Crossed).next() {
        let (text, value) = text_and_value(first);
        let text = format!("  {text} (now {value})");
        spans.push(Span::styled(text, theme.bad()));
    }
    Some(Line::from(spans))
}

fn threshold_line(theme: Theme, threshold: &ThresholdRecord) -> Line<'static> {
    let (mark, style) = match threshold.verdict {
        ThresholdVerdict::Undecided => ("·", theme.quiet()),
        ThresholdVerdict::Held => ("✓", theme.good()),
        ThresholdVerdict::Crossed => ("✗", theme.bad()),
    };
    let (text, value) = text_and_value(threshold);
    Line::from(vec![
        Span::styled(format!(" {mark} "), style),
        Span::raw(format!("{text}  {value}")),
    ])
}

/// A threshold as the user wrote it, and the figure that it judges; empty while there is none.
fn text_and_value(threshold: &ThresholdRecord) -> (String, String) {
    let value = threshold.decisive_text().unwrap_or_default();
    (plain(&threshold.expression), plain(&value))
}

/// Domains that have something left, those with most first.
fn backlog_line(theme: Theme, backlogs: &[DomainBacklog]) -> Option<Line<'static>> {
    let all = backlogs.iter().map(|backlog| backlog.amount);
    let all = all.reduce(Amount::plus)?;
    let mut left: Vec<&DomainBacklog> = backlogs.iter().collect();
    left.retain(|backlog| backlog.amount.value > 0.0);
    left.sort_by(|one, other| other.amount.value.total_cmp(&one.amount.value));
    let texts: Vec<String> = left.into_iter().map(backlog_text).collect();
    let text = match texts.is_empty() {
        true => amount_text(all),
        false => texts.join("  "),
    };
    Some(Line::from(vec![
        Span::styled(" backlog ", theme.heading()),
        Span::raw(text),
    ]))
}

/// For example `Ordering OrderCreated  published 12.0 ms, 80.5 ms  done 250 ms, ≥2.10 s  90 of 120 seen`.
fn event_text(event: &EventNow) -> String {
    let stretch = |word: &str, now: Option<StretchNow>| {
        let time =
            |amount: Amount| format!("{}{}", sign_of(amount), duration_text(amount.value as u64));
        now.map_or_else(String::new, |now| {
            format!("  {word} {}, {}", time(now.p50), time(now.p99))
        })
    };
    let seen = event.done.or(event.published).map_or(0, |now| now.over);
    format!(
        " {} {}{}{}{}  {} of {} seen",
        plain(&event.domain),
        plain(&event.name),
        stretch("published", event.published),
        stretch("done", event.done),
        stretch("visible", event.visible),
        grouped(seen),
        grouped(event.followed)
    )
}

fn sign_of(amount: Amount) -> &'static str {
    if amount.at_least { "≥" } else { "" }
}

fn amount_text(amount: Amount) -> String {
    format!("{}{}", sign_of(amount), number_text(amount.value.round()))
}

/// For example `ordering ≥100 pending, 12 unread`.
fn backlog_text(backlog: &DomainBacklog) -> String {
    let sign = sign_of(backlog.amount);
    let parts = [
        (backlog.outbox_pending, "pending"),
        (backlog.stream_lag, "unread"),
    ];
    let known: Vec<String> = parts
        .into_iter()
        .filter_map(|(count, word)| Some(format!("{sign}{} {word}", number_text(count?))))
        .collect();
    let known = match known.is_empty() {
        true => amount_text(backlog.amount),
        false => known.join(", "),
    };
    format!("{} {known}", plain(&backlog.domain))
}
