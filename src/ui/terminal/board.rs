//! A board on the whole screen for what is a sequence of runs: how far it is, the run that goes on, and
//! what was done so far.

use super::charts;
use super::fitting::{part, parts_that_fit, styled_part, whole_words};
use super::keyboard::{is_there, keys_typed};
use super::screen::{Screen, is_possible};
use super::text::{clock_text, plain};
use super::theme::Theme;
use super::typed::Typed;
use crate::pieces::{SummaryStyle, TextTable, duration_text, grouped, number_text, rate_text};
use crate::record::Live;
use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{LineGauge, Paragraph};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows of the charts, and from which height on they are there.
const CHART_ROWS: u16 = 8;
const CHARTS_FROM: u16 = 24;
/// Longest time between two drawings.
const REDRAWN_AFTER: Duration = Duration::from_millis(500);

/// What stands on it.
#[derive(Clone, Debug)]
pub struct Board {
    /// What is done, and where.
    pub title: String,
    /// How long it still takes.
    pub left: String,
    /// How far it is, a line each.
    pub lines: Vec<String>,
    /// What is waited for while there is no load; empty when there is.
    pub waiting: String,
    /// What was done so far.
    pub table: TextTable,
    /// What the keys do.
    pub keys: String,
}

/// The screen with the board on it, until it is dropped.
pub struct BoardScreen {
    screen: Screen,
    theme: Theme,
    typed: Typed,
    board: Board,
    live: Option<Arc<Live>>,
    drawn: Instant,
}

impl BoardScreen {
    /// Takes the screen; `None` when there is none that it can be drawn on.
    #[must_use]
    pub fn take(board: Board) -> Option<Self> {
        if !is_possible() {
            return None;
        }
        let mut screen = Self {
            screen: Screen::take().ok()?,
            theme: Theme::of_environment(),
            typed: Typed::default(),
            board,
            live: None,
            drawn: Instant::now(),
        };
        screen.draw().then_some(screen)
    }

    /// Shows another board, and no run any more.
    pub fn show(&mut self, board: Board) {
        self.board = board;
        self.live = None;
        self.draw();
    }

    /// Shows another second of the run that goes on.
    pub fn show_live(&mut self, live: &Arc<Live>) {
        self.live = Some(Arc::clone(live));
        self.draw();
    }

    /// Looks at the keyboard. Returns whether the user wants it to end.
    pub fn pulse(&mut self) -> bool {
        let keys = keys_typed(&mut self.typed);
        if self.screen.has_other_size() || self.drawn.elapsed() >= REDRAWN_AFTER {
            self.draw();
        }
        keys.iter().any(|key| match key.code {
            KeyCode::Char('c') => key.modifiers.contains(KeyModifiers::CONTROL),
            KeyCode::Char('q' | 'Q') => true,
            _ => false,
        })
    }

    /// Whether the terminal is still there, and still ours.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.screen.is_taken() && is_there()
    }

    fn draw(&mut self) -> bool {
        self.drawn = Instant::now();
        let (theme, board, live) = (self.theme, &self.board, self.live.as_deref());
        self.screen.is_taken()
            && self
                .screen
                .draw(|frame| draw(frame, theme, board, live))
                .is_ok()
    }
}

/// Draws `board`, and the run that goes on.
pub fn draw(frame: &mut Frame<'_>, theme: Theme, board: &Board, live: Option<&Live>) {
    let area = frame.area();
    let chart_rows = match live {
        Some(_) if area.height >= CHARTS_FROM => CHART_ROWS,
        _ => 0,
    };
    let [title, lines, run, figures, charts, table, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(board.lines.len() as u16),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(chart_rows),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    draw_title(frame, title, theme, board);
    let told = board.lines.iter();
    let told = told.map(|line| whole_words(Line::raw(format!(" {}", plain(line))), area.width));
    frame.render_widget(Paragraph::new(told.collect::<Vec<_>>()), lines);
    match live {
        Some(live) => {
            draw_run(frame, run, theme, live);
            frame.render_widget(figures_line(theme, live, area.width), figures);
            if chart_rows > 0 {
                charts::draw_rate_and_latency(frame, charts, theme, live);
            }
        }
        None => {
            let waiting = Line::styled(format!(" {}", plain(&board.waiting)), theme.notable());
            frame.render_widget(whole_words(waiting, area.width), run);
        }
    }
    draw_table(frame, table, theme, board);
    let told = Line::styled(format!(" {}", board.keys), theme.quiet());
    frame.render_widget(whole_words(told, area.width), keys);
}

fn draw_title(frame: &mut Frame<'_>, area: Rect, theme: Theme, board: &Board) {
    let right = Line::from(Span::styled(format!("{} ", board.left), theme.good()));
    let room = area.width.saturating_sub(right.width() as u16 + 1);
    let title = Line::styled(format!(" {}", plain(&board.title)), theme.heading());
    frame.render_widget(whole_words(title, room), area);
    frame.render_widget(right.right_aligned(), area);
}

/// How far the run is.
fn draw_run(frame: &mut Frame<'_>, area: Rect, theme: Theme, live: &Live) {
    let elapsed_s = live.now.end_s();
    let run_time_s = live.run_time_s().unwrap_or(elapsed_s).max(1e-9);
    let (elapsed, all) = (clock_text(elapsed_s), clock_text(run_time_s));
    let gauge = LineGauge::default()
        .ratio((elapsed_s / run_time_s).clamp(0.0, 1.0))
        .label(format!(" this run {elapsed} of at most {all}"))
        .filled_symbol("━")
        .unfilled_symbol("┄")
        .filled_style(theme.line(0))
        .unfilled_style(theme.quiet());
    frame.render_widget(gauge, area);
}

/// The figures of the run so far.
fn figures_line(theme: Theme, live: &Live, width: u16) -> Line<'static> {
    let run = live.shown();
    let all = &run.totals;
    let not_ok = all.failed + all.unknown;
    let mut parts = Vec::new();
    if run.generator.is_at_its_limit() {
        parts.push(styled_part(0, " GENERATOR AT ITS LIMIT", theme.bad()));
    }
    let failed = match not_ok {
        0 => theme.quiet(),
        _ => theme.bad(),
    };
    let rate = rate_text(live.all.requests_per_s);
    let [p50, p95, p99] = [
        all.response_us.p50,
        all.response_us.p95,
        all.response_us.p99,
    ]
    .map(duration_text);
    parts.extend([
        part(1, format!(" {rate} requests/s ")),
        part(2, format!(" p50 {p50} ")),
        part(3, format!(" p95 {p95} ")),
        part(0, format!(" p99 {p99} ")),
        styled_part(0, format!(" failed {} ", grouped(not_ok)), failed),
        part(4, format!(" users {} ", number_text(live.now.users))),
    ]);
    parts_that_fit(parts, width)
}

/// The latest of what was done that finds room.
fn draw_table(frame: &mut Frame<'_>, area: Rect, theme: Theme, board: &Board) {
    if board.table.is_empty() {
        return;
    }
    let style = SummaryStyle {
        width: Some(area.width),
        colour: false,
    };
    let text = board.table.text(1, style);
    let lines: Vec<&str> = text.lines().collect();
    let heads = board.table.head_lines().min(lines.len());
    let (head, rows) = lines.split_at(heads);
    let room = usize::from(area.height).saturating_sub(heads);
    let latest = &rows[rows.len().saturating_sub(room)..];
    let head = head
        .iter()
        .map(|line| Line::styled((*line).to_owned(), theme.quiet()));
    let latest = latest.iter().map(|line| Line::raw((*line).to_owned()));
    let lines: Vec<Line<'_>> = head.chain(latest).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pieces::TextColumn;
    use crate::record::golden::assert_golden;
    use crate::ui::terminal::tests::made_up::plain_run;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn board() -> Board {
        let columns = [
            TextColumn::number("Probe", 1),
            TextColumn::number("Journeys/s", 0),
            TextColumn::number("p99", 0),
            TextColumn::text("Verdict", 0),
        ];
        let mut table = TextTable::new(&columns);
        for probe in 1..20 {
            let load = number_text(probe * 100);
            table.row([
                probe.to_string(),
                load,
                "8.53 ms".to_owned(),
                "sustained".to_owned(),
            ]);
        }
        Board {
            title: "hunt stress → http://127.0.0.1:8000".to_owned(),
            left: "about 6 probes, 2 min left".to_owned(),
            lines: vec![
                "probe 20 at 2,000 journeys/s".to_owned(),
                "HTTP knee > 1,900".to_owned(),
            ],
            waiting: "waiting for the target to come to rest".to_owned(),
            table,
            keys: "q stop: the hunt can be resumed".to_owned(),
        }
    }

    fn screen(live: Option<&Live>, (columns, rows): (u16, u16)) -> String {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        let theme = Theme::new(false);
        terminal
            .draw(|frame| draw(frame, theme, &board(), live))
            .unwrap();
        let buffer = terminal.backend().buffer().clone();
        let rows = buffer.content().chunks(usize::from(columns));
        let lines = rows.map(|row| {
            let text: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
            format!("{}\n", text.trim_end())
        });
        lines.collect()
    }

    #[test]
    fn how_far_it_is_and_what_was_done_is_on_it_at_every_size() {
        let live = plain_run(95);
        let mut all = String::new();
        for size in [(60, 20), (80, 24), (100, 30), (200, 50)] {
            for live in [Some(&live), None] {
                let shown = screen(live, size);
                for truth in ["2 min left", "2,000 journeys/s", "HTTP knee", "1,900"] {
                    assert!(shown.contains(truth), "{truth}:\n{shown}");
                }
                let of_run = if live.is_some() {
                    "p99 "
                } else {
                    "come to rest"
                };
                assert!(shown.contains(of_run), "{shown}");
            }
            let shown = screen(Some(&live), size);
            assert!(shown.contains("failed 19"), "{shown}");
            all += &format!("=== {} × {}\n{shown}", size.0, size.1);
        }
        assert_golden("view-hunt.txt", all.as_bytes());
        for size in [(1, 1), (20, 5)] {
            screen(Some(&live), size);
        }
    }
}
