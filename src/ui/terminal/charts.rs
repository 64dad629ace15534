//! Charts of the overview: throughput, response time, and the 99th percentiles of service time and
//! send lag.

use super::fitting::{parts_that_fit, styled_part};
use super::text::clock_text;
use super::theme::Theme;
use crate::pieces::{duration_text, rate_text};
use crate::record::Live;
use crate::stats::{HistoryPoint, SpanLatency};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Borders, Chart, Dataset, GraphType, Sparkline};

/// The number of the line of failures.
const FAILURES: usize = 3;
/// Longest stretch of time that charts show, and the shortest.
const WINDOW_S: (f64, f64) = (10.0, 300.0);
/// Seconds that are drawn at most: those of the longest stretch.
const RECENT_SECONDS: usize = 300;

/// From this width on there is room for the chart of throughput, too.
const BOTH_CHARTS: u16 = 80;
/// Columns of the title of the other one.
const LATENCY_TITLE: u16 = 46;

/// A figure in microseconds of a point, or of a kind of latency.
type Figure<T> = fn(&T) -> u64;

/// The stretch of time that is shown, in seconds from the start.
#[derive(Clone, Copy)]
struct Window {
    from_s: f64,
    to_s: f64,
}

impl Window {
    fn of(live: &Live) -> Self {
        let left_s = live.run_time_s().unwrap_or(WINDOW_S.1) - live.since_s;
        let length_s = left_s.clamp(WINDOW_S.0, WINDOW_S.1);
        let from_s = (live.now.end_s() - length_s).max(live.since_s);
        Self {
            from_s,
            to_s: from_s + length_s,
        }
    }

    fn axis<'a>(self, theme: Theme) -> Axis<'a> {
        Axis::default()
            .bounds([self.from_s, self.to_s])
            .labels([clock_text(self.from_s), clock_text(self.to_s)])
            .style(theme.quiet())
    }
}

/// Draws throughput on the left and response times on the right.
pub fn draw_rate_and_latency(frame: &mut Frame<'_>, area: Rect, theme: Theme, live: &Live) {
    let points: Vec<HistoryPoint> = live.history.latest(RECENT_SECONDS).copied().collect();
    let window = Window::of(live);
    if area.width < BOTH_CHARTS {
        draw_latency(frame, area, theme, (&points, window));
        return;
    }
    let right = (area.width / 2).max(LATENCY_TITLE);
    let halves = [Constraint::Min(0), Constraint::Length(right)];
    let [left, right] = Layout::horizontal(halves).areas(area);
    draw_rate(frame, left, theme, live, (&points, window));
    draw_latency(frame, right, theme, (&points, window));
}

fn draw_rate(
    frame: &mut Frame<'_>,
    area: Rect,
    theme: Theme,
    live: &Live,
    (points, window): (&[HistoryPoint], Window),
) {
    let line = |value: fn(&HistoryPoint) -> f64| -> Vec<(f64, f64)> {
        points
            .iter()
            .map(|point| (point.end_s(), value(point)))
            .collect()
    };
    let (requests, failures) = (
        line(HistoryPoint::requests_per_s),
        line(HistoryPoint::failures_per_s),
    );
    let highest = requests.iter().map(|(_, rate)| *rate).fold(1.0, f64::max);
    let top = round_up(highest);
    let all = &live.all;
    let rate = format!(" {}{}", theme.mark(0), rate_text(all.requests_per_s));
    let mut title = vec![
        styled_part(0, rate, theme.line(0)),
        styled_part(0, " requests/s ", theme.heading()),
    ];
    let mut datasets = vec![dataset(&requests, theme, 0)];
    if failures.iter().any(|(_, rate)| *rate > 0.0) {
        let rate = format!(" {}{}", theme.mark(FAILURES), rate_text(all.failures_per_s));
        title.push(styled_part(0, rate, theme.bad()));
        title.push(styled_part(1, " failed/s", theme.bad()));
        datasets.push(dataset(&failures, theme, FAILURES));
    }
    let title = parts_that_fit(title, area.width);
    let axis = Axis::default()
        .bounds([0.0, top])
        .labels(["0".to_owned(), short_text(top / 2.0), short_text(top)])
        .style(theme.quiet());
    let chart = Chart::new(datasets)
        .block(Block::new().borders(Borders::TOP).title(title))
        .x_axis(window.axis(theme))
        .y_axis(axis);
    frame.render_widget(chart, area);
}

fn draw_latency(
    frame: &mut Frame<'_>,
    area: Rect,
    theme: Theme,
    (points, window): (&[HistoryPoint], Window),
) {
    let kinds: [(&str, Figure<SpanLatency>); 3] = [
        ("p50", |latency| latency.p50_us),
        ("p95", |latency| latency.p95_us),
        ("p99", |latency| latency.p99_us),
    ];
    let measured: Vec<&HistoryPoint> = points.iter().filter(|point| point.requests() > 0).collect();
    let lines = kinds.map(|(_, value)| -> Vec<(f64, f64)> {
        let logarithm = |point: &&HistoryPoint| (value(&point.response).max(1) as f64).log10();
        let of = |point: &&HistoryPoint| (point.end_s(), logarithm(point));
        measured.iter().map(of).collect()
    });
    // Marks take a column each.
    let needed = LATENCY_TITLE + kinds.len() as u16 * u16::from(!theme.mark(0).is_empty());
    let what = match area.width >= needed {
        true => " response ",
        false => " resp ",
    };
    let mut title = vec![styled_part(1, what, theme.heading())];
    if let Some(last) = measured.last() {
        for (number, (name, value)) in kinds.iter().enumerate() {
            let mark = theme.mark(number);
            let text = format!("{mark}{name} {} ", duration_text(value(&last.response)));
            title.push(styled_part(0, text, theme.line(number)));
        }
    }
    let title = parts_that_fit(title, area.width);
    let values = || lines.iter().flatten().map(|(_, value)| *value);
    let bottom = values()
        .fold(f64::INFINITY, f64::min)
        .clamp(0.0, 8.0)
        .floor();
    let top = values().fold(0.0, f64::max).ceil().max(bottom + 1.0);
    let decades = (bottom as u32, top as u32);
    // As many as have a row of their own, below the title and above the axis.
    let rows = u32::from(area.height.saturating_sub(4)).max(1);
    let every = (decades.1 - decades.0).div_ceil(rows).max(1);
    let ends_fit = (decades.1 - decades.0).is_multiple_of(every);
    let every = if ends_fit {
        every
    } else {
        decades.1 - decades.0
    };
    let decades: Vec<String> = (decades.0..=decades.1)
        .step_by(every as usize)
        .map(|decade| decade_text(10_u64.pow(decade)))
        .collect();
    let axis = Axis::default()
        .bounds([bottom, top])
        .labels(decades)
        .style(theme.quiet());
    let datasets = (0..)
        .zip(&lines)
        .map(|(number, line)| dataset(line, theme, number))
        .collect();
    let chart = Chart::new(datasets)
        .block(Block::new().borders(Borders::TOP).title(title))
        .x_axis(window.axis(theme))
        .y_axis(axis);
    frame.render_widget(chart, area);
}

fn dataset(line: &[(f64, f64)], theme: Theme, number: usize) -> Dataset<'_> {
    Dataset::default()
        .marker(theme.marker(number))
        .graph_type(GraphType::Line)
        .style(theme.line(number))
        .data(line)
}

/// Draws the 99th percentiles of service time and send lag, a row for both.
pub fn draw_sparks(frame: &mut Frame<'_>, area: Rect, theme: Theme, live: &Live) {
    let halves =
        Layout::horizontal([Constraint::Percentage(50), Constraint::Percentage(50)]).areas(area);
    let [left, right] = halves;
    let history: Vec<&HistoryPoint> = live.history.latest(RECENT_SECONDS).collect();
    let kinds: [(&str, Rect, Figure<HistoryPoint>); 2] = [
        ("service p99", left, |point| point.service.p99_us),
        ("send lag p99", right, |point| point.lag.p99_us),
    ];
    for (name, area, value) in kinds {
        let last = history.last().map_or(0, |point| value(point));
        let text = format!(" {name} {:<8}", duration_text(last));
        let [words, bars] = Layout::horizontal([
            Constraint::Length(text.chars().count() as u16 + 1),
            Constraint::Min(0),
        ])
        .areas(area);
        let shown = history.len().min(usize::from(bars.width.saturating_sub(1)));
        let values: Vec<u64> = history[history.len() - shown..]
            .iter()
            .map(|point| value(point))
            .collect();
        frame.render_widget(Line::from(text), words);
        frame.render_widget(Sparkline::default().data(values).style(theme.line(0)), bars);
    }
}

/// The next round number: a power of ten, or a few times one.
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.max(1.0).log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let fitting = steps.iter().find(|step| value <= *step * power);
    fitting.unwrap_or(&10.0) * power
}

/// A rate for an axis: `250`, `1.5k`, `20k`.
fn short_text(rate: f64) -> String {
    match rate {
        ..10.0 => format!("{rate}"),
        10.0..1_000.0 => format!("{rate:.0}"),
        1_000.0..1_000_000.0 => format!("{}k", rate / 1e3),
        _ => format!("{}M", rate / 1e6),
    }
}

/// A power of ten microseconds for an axis.
fn decade_text(us: u64) -> String {
    match us {
        ..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{} ms", us / 1_000),
        _ => format!("{} s", us / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_ends() {
        let ends = [0.2, 1.0, 1.6, 5.0, 6.1, 99.0, 2_000.0, 2_001.0].map(round_up);
        assert_eq!(ends, [1.0, 1.0, 2.0, 5.0, 8.0, 100.0, 2_000.0, 3_000.0]);
        let texts = [0.5, 1.0, 25.0, 1_000.0, 2_500.0, 1e6].map(short_text);
        assert_eq!(texts, ["0.5", "1", "25", "1k", "2.5k", "1M"]);
        let decades = [1, 100, 1_000, 100_000, 10_000_000].map(decade_text);
        assert_eq!(decades, ["1 µs", "100 µs", "1 ms", "100 ms", "10 s"]);
    }
}
