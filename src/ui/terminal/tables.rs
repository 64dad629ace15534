//! Requests: outcomes in a line, statistic names and journeys in tables.

use super::fitting::{part, parts_that_fit, styled_part, whole_words};
use super::text::plain;
use super::theme::Theme;
use super::view::View;
use crate::pieces::{columns_of, cut_apart, duration_text, grouped, rate_text};
use crate::record::{Figures, JourneyRecord, Live, LiveRow};
use crate::stats::Outcome;
use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Text};
use ratatui::widgets::{Cell, Row, Table};

/// Fewest columns that names have before a column goes.
const NAME_COLUMNS: u16 = 28;

/// How many requests ended how, all together, in at most `width` columns: what went wrong stays.
#[must_use]
pub fn outcomes_line(theme: Theme, live: &Live, width: u16) -> Line<'static> {
    let run = live.shown();
    let mut parts = Vec::new();
    for (outcome, count) in run.totals.outcomes().iter() {
        let (style, rank) = match (outcome, count) {
            (Outcome::Failed | Outcome::Unknown, 1..) => (theme.bad(), 0),
            (Outcome::Failed, 0) => (theme.quiet(), 0),
            (Outcome::Success, _) => (theme.good(), 1),
            (_, 0) => (theme.quiet(), 4),
            (Outcome::Refused | Outcome::Conflict, _) => (theme.notable(), 2),
        };
        let text = format!(" {} {} ", outcome.word(), grouped(count));
        parts.push(styled_part(rank, text, style));
    }
    if run.shed > 0 {
        let text = format!(" shed {} ", grouped(run.shed));
        parts.push(styled_part(0, text, theme.notable()));
    }
    if live.events_per_s > 0.0 {
        let text = format!(" events {}/s", rate_text(live.events_per_s));
        parts.push(part(3, text));
    }
    parts_that_fit(parts, width)
}

/// A column of the table of names.
struct Column {
    title: &'static str,
    /// Of those that find no room the one with the highest goes first; 0 never does.
    rank: u8,
    text: fn(&Figures, &LiveRow) -> String,
    style: fn(&Figures, Theme) -> Style,
}

const fn column(title: &'static str, rank: u8, text: fn(&Figures, &LiveRow) -> String) -> Column {
    Column {
        title,
        rank,
        text,
        style: |_, _| Style::new(),
    }
}

/// Failed and unknown requests.
fn not_ok(row: &Figures) -> u64 {
    row.failed + row.unknown
}

const COLUMNS: [Column; 12] = [
    column("requests", 2, |row, _| grouped(row.requests)),
    column("/s", 1, |_, now| rate_text(now.requests_per_s)),
    Column {
        style: |row, theme| match not_ok(row) {
            0 => theme.quiet(),
            _ => theme.bad(),
        },
        ..column(Outcome::Failed.word(), 0, |row, _| grouped(not_ok(row)))
    },
    column(Outcome::Refused.word(), 5, |row, _| grouped(row.refused)),
    column(Outcome::Conflict.word(), 6, |row, _| grouped(row.conflict)),
    column("p50", 0, |row, _| duration_text(row.response_us.p50)),
    column("p95", 3, |row, _| duration_text(row.response_us.p95)),
    column("p99", 0, |row, _| duration_text(row.response_us.p99)),
    column("max", 4, |row, _| duration_text(row.response_us.max)),
    column("service p99", 7, |row, _| duration_text(row.service_us.p99)),
    column("lag p99", 8, |row, _| duration_text(row.lag_us.p99)),
    column("mean/s", 9, |row, _| rate_text(row.requests_per_s)),
];

/// A column as it is drawn: its cells, the last of all names together, and how wide it is.
struct DrawnColumn {
    column: &'static Column,
    cells: Vec<(String, Style)>,
    width: u16,
}

/// The columns that find room beside names, and the titles of those that do not.
fn columns_that_fit(
    rows: &[(&Figures, &LiveRow)],
    theme: Theme,
    width: u16,
) -> (Vec<DrawnColumn>, Vec<&'static str>) {
    let mut drawn: Vec<DrawnColumn> = COLUMNS
        .iter()
        .map(|column| {
            let cells: Vec<(String, Style)> = rows
                .iter()
                .map(|(row, now)| ((column.text)(row, now), (column.style)(row, theme)))
                .collect();
            let widest = cells.iter().map(|(text, _)| columns_of(text)).max();
            let width = widest.unwrap_or(0).max(column.title.len()) as u16;
            DrawnColumn {
                column,
                cells,
                width,
            }
        })
        .collect();
    let mut left_out = Vec::new();
    loop {
        let taken: u16 = drawn.iter().map(|column| column.width + 1).sum();
        let places = drawn.iter().enumerate();
        let least = places.max_by_key(|(_, drawn)| drawn.column.rank);
        match least.map(|(place, drawn)| (place, drawn.column.rank)) {
            Some((place, 1..)) if taken + NAME_COLUMNS > width => {
                left_out.push(drawn.remove(place).column.title);
            }
            _ => return (drawn, left_out),
        }
    }
}

/// Draws the names, most requests first, from line `scroll` on; the last row is all of them.
pub fn draw_names(frame: &mut Frame<'_>, area: Rect, view: &View, live: &Live, scroll: u16) {
    let theme = view.theme;
    let mut names: Vec<_> = live.rows().collect();
    names.sort_by_key(|(row, _)| std::cmp::Reverse(row.figures.requests));
    let room = usize::from(area.height.saturating_sub(2));
    let first = usize::from(scroll).min(names.len().saturating_sub(room));
    let rest = names.len().saturating_sub(first + room);
    let shown = names.iter().skip(first).take(room);
    let figures = shown.clone().map(|(row, now)| (&row.figures, *now));
    let all = (&live.shown().totals, &live.all);
    let figures: Vec<(&Figures, &LiveRow)> = figures.chain([all]).collect();
    let (columns, left_out) = columns_that_fit(&figures, theme, area.width);
    let taken: u16 = columns.iter().map(|column| column.width + 1).sum();
    let name_width = area.width.saturating_sub(taken);
    let titles: Vec<String> = shown.map(|(row, _)| plain(&row.name)).collect();
    // One column in front, one behind.
    let titles = cut_apart(&titles, usize::from(name_width.saturating_sub(2)));
    let all_title = match rest {
        0 => "all".to_owned(),
        _ => format!("all ({rest} more below)"),
    };
    let count = titles.len();
    let titles = titles.into_iter().chain([all_title]);
    let rows = titles.enumerate().map(|(number, title)| {
        let cells = columns.iter().map(|column| {
            let (text, style) = &column.cells[number];
            let text = Text::styled(text.clone(), *style);
            Cell::from(text.alignment(Alignment::Right))
        });
        let style = match number == count {
            true => theme.heading(),
            false => Style::new(),
        };
        let title = Cell::from(format!(" {title}"));
        Row::new([title].into_iter().chain(cells)).style(style)
    });
    let rows: Vec<Row<'_>> = rows.collect();
    let widths = columns
        .iter()
        .map(|column| Constraint::Length(column.width));
    let name = [Constraint::Length(name_width.saturating_sub(1))];
    let widths: Vec<Constraint> = name.into_iter().chain(widths).collect();
    let titles = columns
        .iter()
        .map(|column| Cell::from(Text::from(column.column.title).alignment(Alignment::Right)));
    let title = Cell::from(name_title(&left_out, name_width.saturating_sub(1)));
    let header = Row::new([title].into_iter().chain(titles));
    let table = Table::new(rows, widths)
        .header(header.style(theme.quiet()))
        .column_spacing(1);
    frame.render_widget(table, area);
}

/// The title above names, which says what found no room.
fn name_title(left_out: &[&str], width: u16) -> Line<'static> {
    let titles = left_out.join(", ");
    let told = match left_out.len() {
        0 => String::new(),
        _ if titles.len() + 17 <= usize::from(width) => format!(" (no room for {titles})"),
        count => format!(" ({count} more: wider)"),
    };
    whole_words(Line::from(format!(" name{told}")), width)
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
    let names: Vec<String> = journeys.iter().map(|row| row.name.clone()).collect();
    let room = area.width.saturating_sub(4 * 11 + 1);
    let names = cut_apart(&names, usize::from(room));
    let rows = journeys.iter().zip(names).map(|(row, name)| {
        let numbers = [row.started, row.completed, row.aborted, row.unfinished];
        let cells = numbers.map(|number| Cell::from(Text::from(grouped(number)).right_aligned()));
        Row::new([Cell::from(format!(" {name}"))].into_iter().chain(cells))
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
