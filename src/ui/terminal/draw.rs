//! The whole view: header, the chosen page, footer; help on top when asked for.

use super::fitting::{parts_that_fit, styled_part, whole_words};
use super::text::{clock_text, plain};
use super::view::{Page, View};
use super::{charts, findings, health, tables};
use crate::pieces::{columns_of, cut_in_middle, number_text};
use crate::record::Live;
use crate::run::RunState;
use crate::stats::Phase;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, LineGauge, Paragraph};
use std::fmt::Write;

/// Least height of the charts on the overview, and the most.
const CHART_ROWS: (u16, u16) = (8, 14);
/// Below this height they have less.
const LOW: u16 = 20;
const LOW_CHART_ROWS: u16 = 6;
/// Below this width the figures of the sparks have no room.
const SPARKS_COLUMNS: u16 = 80;

/// What keys do.
const HELP: [(&str, &str); 9] = [
    (
        "q",
        "stop gently: replies are waited for, the record is kept",
    ),
    ("+  -", "ten users more, ten fewer"),
    ("w  s", "one user more, one fewer"),
    (
        "r",
        "let the figures count from now on (the record keeps all)",
    ),
    ("1 2 3 4", "overview, names, findings, generator"),
    ("Tab ← →", "the next page, the last one"),
    ("↑ ↓ PgUp PgDn", "move through a table"),
    ("Ctrl-C", "interrupt; again: cut off what is in flight"),
    ("?", "show or hide this"),
];

/// Draws `view`.
pub fn draw(frame: &mut Frame<'_>, view: &View) {
    let area = frame.area();
    let [title, progress, page, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    draw_title(frame, title, view);
    match &view.live {
        None => frame.render_widget(Line::from(" the first second…"), page),
        Some(live) => {
            draw_progress(frame, progress, view, live);
            draw_page(frame, page, view, live);
        }
    }
    draw_footer(frame, footer, view);
    if view.shows_help {
        draw_help(frame, page, view);
    }
}

fn draw_page(frame: &mut Frame<'_>, area: Rect, view: &View, live: &Live) {
    match view.page {
        Page::Overview => draw_overview(frame, area, view, live),
        Page::Names => tables::draw_names_page(frame, area, view, live),
        Page::Findings => findings::draw_page(frame, area, view, live),
        Page::Generator => health::draw_page(frame, area, view, live),
    }
}

fn draw_overview(frame: &mut Frame<'_>, area: Rect, view: &View, live: &Live) {
    let chart_rows = match area.height {
        ..LOW => LOW_CHART_ROWS,
        height => (height * 2 / 5).clamp(CHART_ROWS.0, CHART_ROWS.1),
    };
    let in_whole_words = |lines: Vec<Line<'static>>| -> Vec<Line<'static>> {
        let lines = lines.into_iter();
        lines.map(|line| whole_words(line, area.width)).collect()
    };
    let found = in_whole_words(findings::lines(view.theme, live, area.height));
    let health = in_whole_words(health::lines(view.theme, live, area.width));
    let spark_rows = u16::from(area.width >= SPARKS_COLUMNS);
    let [rate_and_latency, sparks, outcomes, names, below, healthy] = Layout::vertical([
        Constraint::Length(chart_rows),
        Constraint::Length(spark_rows),
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(found.len() as u16),
        Constraint::Length(health.len() as u16),
    ])
    .areas(area);
    charts::draw_rate_and_latency(frame, rate_and_latency, view.theme, live);
    charts::draw_sparks(frame, sparks, view.theme, live);
    let told = tables::outcomes_line(view.theme, live, area.width);
    frame.render_widget(told, outcomes);
    tables::draw_names(frame, names, view, live, 0);
    frame.render_widget(Paragraph::new(found), below);
    frame.render_widget(Paragraph::new(health), healthy);
}

fn draw_title(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let theme = view.theme;
    let (word, style) = match view.state {
        RunState::Preparing => ("preparing", theme.quiet()),
        RunState::Running => ("running", theme.good()),
        RunState::Stopping => ("STOPPING", theme.notable().patch(theme.heading())),
        RunState::Over => ("over", theme.quiet()),
    };
    let right = Line::from(vec![
        Span::raw(users_text(view)),
        Span::raw("  "),
        Span::styled(word, style),
        Span::raw(" "),
    ]);
    let room = usize::from(area.width).saturating_sub(right.width() + 2);
    let profile = cut_in_middle(&plain(&view.profile), room / 2);
    let room = room.saturating_sub(columns_of(&profile) + 4);
    let left = Line::from(vec![
        Span::styled(format!(" {profile}"), theme.heading()),
        Span::raw(format!(
            " → {}",
            cut_in_middle(&plain(&view.target_url), room)
        )),
    ]);
    frame.render_widget(left, area);
    frame.render_widget(right.right_aligned(), area);
}

/// For example `users 12 → 50 at 5/s`.
fn users_text(view: &View) -> String {
    let users = view.live.as_ref().map_or(0, |live| live.now.users);
    let mut text = format!("users {}", number_text(users));
    if let Some((wanted, rate_per_s)) = view.target
        && wanted != users
        && view.state == RunState::Running
    {
        let _ = write!(text, " → {}", number_text(wanted));
        if rate_per_s.is_finite() {
            let _ = write!(text, " at {rate_per_s}/s");
        }
    }
    text
}

fn draw_progress(frame: &mut Frame<'_>, area: Rect, view: &View, live: &Live) {
    let elapsed = clock_text(live.now.end_s());
    let phase = match live.now.phase {
        Phase::Spawning => Span::styled("spawning", view.theme.notable()),
        Phase::Steady => Span::raw("steady"),
    };
    let mut right = vec![phase, Span::raw(" ")];
    if live.since_s > 0.0 {
        let since = format!("figures since {}  ", clock_text(live.since_s));
        right.insert(0, Span::styled(since, view.theme.notable()));
    }
    let right = Line::from(right).right_aligned();
    let [bar, words] = Layout::horizontal([
        Constraint::Min(10),
        Constraint::Length(right.width() as u16 + 2),
    ])
    .areas(area);
    match live.run_time_s() {
        None => frame.render_widget(Line::from(format!(" {elapsed}, open end")), bar),
        Some(run_time_s) => {
            let total = clock_text(run_time_s);
            let gauge = LineGauge::default()
                .ratio((live.now.end_s() / run_time_s).clamp(0.0, 1.0))
                .label(format!(" {elapsed} / {total}"))
                .filled_symbol("━")
                .unfilled_symbol("┄")
                .filled_style(view.theme.line(0))
                .unfilled_style(view.theme.quiet());
            frame.render_widget(gauge, bar);
        }
    }
    frame.render_widget(right, words);
}

fn draw_footer(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let theme = view.theme;
    if let Some(message) = view.message() {
        let line = Line::styled(format!(" {}", plain(message)), theme.notable());
        frame.render_widget(whole_words(line, area.width), area);
        return;
    }
    let mut pages: Vec<Span<'_>> = Vec::new();
    for (number, page) in (1..).zip(Page::ALL) {
        let style = match page == view.page {
            true => theme.chosen(),
            false => theme.quiet(),
        };
        // Where it is narrow only the chosen page has its name.
        let title = match page == view.page || area.width >= 100 {
            true => format!("{number} {}", page.title()),
            false => number.to_string(),
        };
        pages.extend([Span::styled(title, style), Span::raw("  ")]);
    }
    let pages = Line::from(pages).right_aligned();
    let keys = [
        (0, " q stop"),
        (2, "  +/- ten users"),
        (3, "  w/s one"),
        (1, "  r reset"),
        (0, "  ? help"),
    ];
    let keys = keys.map(|(rank, text)| styled_part(rank, text, theme.quiet()));
    let room = area.width.saturating_sub(pages.width() as u16 + 1);
    frame.render_widget(parts_that_fit(keys.to_vec(), room), area);
    frame.render_widget(pages, area);
}

fn draw_help(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let theme = view.theme;
    let row = |(keys, what): &(&'static str, &'static str)| {
        Line::from(vec![
            Span::styled(format!(" {keys:<14}"), theme.heading()),
            Span::raw(format!("{what} ")),
        ])
    };
    let lines: Vec<Line<'_>> = HELP.iter().map(row).collect();
    let width = lines.iter().map(Line::width).max().unwrap_or(0) as u16 + 2;
    let height = lines.len() as u16 + 2;
    let covered = area.centered(Constraint::Length(width), Constraint::Length(height));
    let block = Block::bordered().title(" what keys do ");
    frame.render_widget(Clear, covered);
    frame.render_widget(Paragraph::new(lines).block(block), covered);
}
