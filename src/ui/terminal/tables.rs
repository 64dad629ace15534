//! Requests: outcomes in a line, statistic names and journeys in tables.

use super::text::plain;
use super::theme::Theme;
use super::view::View;
use crate::pieces::{duration_text, rate_text};
use crate::record::{Figures, JourneyRecord, Live, LiveRow};
use crate::stats::Outcome;
use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Cell, Row, Table};

/// From this width on names have all columns.
const WIDE: u16 = 110;

/// How many requests ended how, all together.
#[must_use]
pub fn outcomes_line(theme: Theme, live: &Live) -> Line<'static> {
    let run = live.shown();
    let mut parts = Vec::new();
    for (outcome, count) in run.totals.outcomes().iter() {
        let style = match (outcome, count) {
            (_, 0) => theme.quiet(),
            (Outcome::Success, _) => theme.good(),
            (Outcome::Refused | Outcome::Conflict, _) => theme.notable(),
            (Outcome::Failed | Outcome::Unknown, _) => theme.bad(),
        };
        parts.push(Span::styled(format!(" {} {count} ", outcome.word()), style));
    }
    if run.shed > 0 {
        let text = format!(" shed {} ", run.shed);
        parts.push(Span::styled(text, theme.notable()));
    }
    if live.events_per_s > 0.0 {
        let text = format!(" events {}/s", rate_text(live.events_per_s));
        parts.push(Span::raw(text));
    }
    Line::from(parts)
}

/// A column of the table of names.
struct Column {
    title: &'static str,
    width: u16,
    is_narrow_too: bool,
    text: fn(&Figures, &LiveRow) -> String,
    style: fn(&Figures, Theme) -> Style,
}

const fn column(title: &'static str, width: u16, text: fn(&Figures, &LiveRow) -> String) -> Column {
    Column {
        title,
        width,
        is_narrow_too: true,
        text,
        style: |_, _| Style::new(),
    }
}

const fn wide(column: Column) -> Column {
    Column {
        is_narrow_too: false,
        ..column
    }
}

/// Failed and unknown requests.
fn not_ok(row: &Figures) -> u64 {
    row.failed + row.unknown
}

const COLUMNS: [Column; 12] = [
    column("requests", 8, |row, _| row.requests.to_string()),
    column("/s", 6, |_, now| rate_text(now.requests_per_s)),
    Column {
        style: |row, theme| match not_ok(row) {
            0 => theme.quiet(),
            _ => theme.bad(),
        },
        ..column(Outcome::Failed.word(), 6, |row, _| not_ok(row).to_string())
    },
    wide(column(Outcome::Refused.word(), 8, |row, _| {
        row.refused.to_string()
    })),
    wide(column(Outcome::Conflict.word(), 8, |row, _| {
        row.conflict.to_string()
    })),
    column("p50", 6, |row, _| duration_text(row.response_us.p50)),
    wide(column("p95", 6, |row, _| {
        duration_text(row.response_us.p95)
    })),
    column("p99", 6, |row, _| duration_text(row.response_us.p99)),
    wide(column("max", 6, |row, _| {
        duration_text(row.response_us.max)
    })),
    column("svc99", 6, |row, _| duration_text(row.service_us.p99)),
    column("lag99", 6, |row, _| duration_text(row.lag_us.p99)),
    wide(column("mean/s", 6, |row, _| rate_text(row.requests_per_s))),
];

/// Draws the names, most requests first, from line `scroll` on; the last row is all of them.
pub fn draw_names(frame: &mut Frame<'_>, area: Rect, view: &View, live: &Live, scroll: u16) {
    let theme = view.theme;
    let columns: Vec<&Column> = COLUMNS
        .iter()
        .filter(|column| column.is_narrow_too || area.width >= WIDE)
        .collect();
    let mut names: Vec<_> = live.rows().collect();
    names.sort_by_key(|(row, _)| std::cmp::Reverse(row.figures.requests));
    let room = usize::from(area.height.saturating_sub(2));
    let first = usize::from(scroll).min(names.len().saturating_sub(room));
    let rest = names.len().saturating_sub(first + room);
    let all_title = match rest {
        0 => "all".to_owned(),
        _ => format!("all, with {rest} more below"),
    };
    let row_of = |title: String, row: &Figures, now: &LiveRow, style: Style| {
        let cells = columns.iter().map(|column| {
            let text = Text::styled((column.text)(row, now), (column.style)(row, theme));
            Cell::from(text.alignment(Alignment::Right))
        });
        Row::new([Cell::from(title)].into_iter().chain(cells)).style(style)
    };
    let titled = names.iter().skip(first).take(room).map(|(row, now)| {
        let title = format!(" {}", plain(&row.name));
        row_of(title, &row.figures, now, Style::new())
    });
    let totals = &live.shown().totals;
    let all = row_of(format!(" {all_title}"), totals, &live.all, theme.heading());
    let rows: Vec<Row<'_>> = titled.chain([all]).collect();
    let widths = columns
        .iter()
        .map(|column| Constraint::Length(column.width));
    let widths: Vec<Constraint> = [Constraint::Min(16)].into_iter().chain(widths).collect();
    let titles = columns
        .iter()
        .map(|column| Cell::from(Text::from(column.title).alignment(Alignment::Right)));
    let header = Row::new([Cell::from(" name")].into_iter().chain(titles));
    let table = Table::new(rows, widths)
        .header(header.style(theme.quiet()))
        .column_spacing(1);
    frame.render_widget(table, area);
}

/// Draws all names, and the journeys below.
pub fn draw_names_page(frame: &mut Frame<'_>, area: Rect, view: &View, live: &Live) {
    let journeys = live.shown().journeys.len() as u16;
    let journey_rows = (journeys + 1).min(area.height / 3);
    let [names, below] =
        Layout::vertical([Constraint::Min(3), Constraint::Length(journey_rows)]).areas(area);
    draw_names(frame, names, view, live, view.scroll);
    draw_journeys(frame, below, view.theme, live);
}

fn draw_journeys(frame: &mut Frame<'_>, area: Rect, theme: Theme, live: &Live) {
    let mut journeys: Vec<&JourneyRecord> = live.shown().journeys.iter().collect();
    journeys.sort_by_key(|row| std::cmp::Reverse(row.started));
    let rows = journeys.iter().map(|row| {
        let numbers = [row.started, row.completed, row.aborted, row.unfinished];
        let cells =
            numbers.map(|number| Cell::from(Text::from(number.to_string()).right_aligned()));
        Row::new(
            [Cell::from(format!(" {}", row.name))]
                .into_iter()
                .chain(cells),
        )
    });
    let titles = ["started", "completed", "aborted", "under way"]
        .map(|title| Cell::from(Text::from(title).right_aligned()));
    let header = Row::new([Cell::from(" journey")].into_iter().chain(titles));
    let widths = [
        Constraint::Min(16),
        Constraint::Length(10),
        Constraint::Length(10),
        Constraint::Length(10),
        Constraint::Length(10),
    ];
    let table = Table::new(rows, widths).header(header.style(theme.quiet()));
    frame.render_widget(table, area);
}
