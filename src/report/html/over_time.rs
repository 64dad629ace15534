//! What the charts over time show: the rows of `series.csv`, `events.csv` and `observed.csv`.
//!
//! A row stands for its second. Of a long run several seconds share a row: counts are added, and
//! each latency is that of the worst second among them. No percentile is averaged.

use super::moment::MarkedMoment;
use super::recovery;
use super::words::grouped_of;
use crate::pieces::Compact;
use crate::record::Recorded;
use crate::stats::{Outcome, RuleVerdict};
use serde::Serialize;

/// Rows that a chart can show at most.
const MOST_ROWS: usize = 3_600;
/// Moments that are named at most.
const MOST_MOMENTS: usize = 60;
/// Reconnects in a second, and times the mean, from which on they are a burst.
const BURST: (f64, f64) = (10.0, 4.0);
/// A shorter row at the end is no row.
const SHORTEST_S: f64 = 0.5;
/// Seconds between two of a kind that make one moment.
const SAME_MOMENT_S: f64 = 3.0;

/// A line of a chart.
#[derive(Serialize)]
pub struct ChartLine {
    label: String,
    values: Vec<Compact>,
}

/// Everything over time.
#[derive(Serialize)]
pub struct OverTime {
    /// Seconds that share a row.
    step_s: usize,
    spawning_s: f64,
    time_s: Vec<Compact>,
    users: Vec<Compact>,
    requests_per_s: Vec<Compact>,
    outcomes: Vec<ChartLine>,
    latencies: Vec<ChartLine>,
    events: Vec<ChartLine>,
    cores: Vec<ChartLine>,
    /// Lag beside the time that each worker waited for its CPU, in microseconds.
    lateness: Vec<ChartLine>,
    connections: Vec<ChartLine>,
    moments: Vec<MarkedMoment>,
}

impl OverTime {
    pub fn of(recorded: &Recorded) -> Self {
        let rows = Rows::of(recorded);
        let spawning = recorded
            .run
            .phases
            .iter()
            .find(|phase| phase.name == "spawning");
        Self {
            step_s: rows.step,
            spawning_s: spawning.map_or(0.0, |phase| phase.end_s),
            time_s: compact(rows.ends_s()),
            users: compact(rows.last("users")),
            requests_per_s: compact(rows.per_s("requests")),
            outcomes: outcomes(&rows),
            latencies: latencies(&rows),
            events: events(recorded, &rows),
            cores: cores(recorded, &rows),
            lateness: lateness(recorded, &rows),
            connections: connections(&rows),
            moments: moments(recorded),
        }
    }

    pub fn has_rows(&self) -> bool {
        !self.time_s.is_empty()
    }
}

/// The seconds of `series.csv`, several to a row when there are many.
struct Rows<'a> {
    recorded: &'a Recorded,
    step: usize,
    lengths_s: Vec<f64>,
    /// Where each row ends among the seconds.
    ends: Vec<usize>,
}

impl<'a> Rows<'a> {
    fn of(recorded: &'a Recorded) -> Self {
        let lengths_s = recorded.series.numbers("length_s");
        let step = lengths_s.len().div_ceil(MOST_ROWS).max(1);
        Self {
            recorded,
            step,
            ends: ends(&lengths_s, step),
            lengths_s,
        }
    }

    /// One value a row; none when the column is missing.
    fn folded(&self, values: &[f64], fold: impl Fn(&[f64]) -> f64) -> Vec<f64> {
        if values.len() != self.lengths_s.len() {
            return Vec::new();
        }
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        let rows = starts.zip(&self.ends);
        rows.map(|(start, &end)| fold(&values[start..end]))
            .collect()
    }

    fn ends_s(&self) -> Vec<f64> {
        let starts_s = self.recorded.series.numbers("second");
        let ends_s: Vec<f64> = starts_s
            .iter()
            .zip(&self.lengths_s)
            .map(|(s, l)| s + l)
            .collect();
        self.folded(&ends_s, last_of)
    }

    fn last(&self, column: &str) -> Vec<f64> {
        self.folded(&self.recorded.series.numbers(column), last_of)
    }

    fn worst(&self, column: &str) -> Vec<f64> {
        self.folded(&self.recorded.series.numbers(column), worst_of)
    }

    fn per_s(&self, column: &str) -> Vec<f64> {
        self.rates(&self.recorded.series.numbers(column))
    }

    fn rates(&self, counts: &[f64]) -> Vec<f64> {
        let sums = self.folded(counts, |chunk| chunk.iter().sum());
        let lengths_s = self.folded(&self.lengths_s, |chunk| chunk.iter().sum());
        let pairs = sums.iter().zip(lengths_s);
        pairs
            .map(|(sum, length_s)| if length_s > 0.0 { sum / length_s } else { 0.0 })
            .collect()
    }
}

/// Rows of `step` seconds. What is left after the run time, when the last replies come, is too short
/// for a rate of its own and belongs to the row before it.
fn ends(lengths_s: &[f64], step: usize) -> Vec<usize> {
    let seconds = lengths_s.len();
    let mut ends: Vec<usize> = (1..=seconds.div_ceil(step))
        .map(|row| (row * step).min(seconds))
        .collect();
    let start = ends.len().checked_sub(2).map_or(0, |before| ends[before]);
    let last_s: f64 = lengths_s[start..].iter().sum();
    if ends.len() > 1 && last_s < SHORTEST_S {
        ends.pop();
        ends.pop();
        ends.push(seconds);
    }
    ends
}

fn last_of(values: &[f64]) -> f64 {
    values.last().copied().unwrap_or(0.0)
}

fn worst_of(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

fn compact(values: Vec<f64>) -> Vec<Compact> {
    values.into_iter().map(Compact).collect()
}

fn line(label: impl Into<String>, values: Vec<f64>) -> ChartLine {
    ChartLine {
        label: label.into(),
        values: compact(values),
    }
}

/// Those that occurred, a second.
fn outcomes(rows: &Rows<'_>) -> Vec<ChartLine> {
    let words = Outcome::ALL.map(Outcome::word);
    let lines = words.map(|word| line(word, rows.per_s(word)));
    lines.into_iter().filter(is_something).collect()
}

fn is_something(line: &ChartLine) -> bool {
    line.values.iter().any(|value| value.0 != 0.0)
}

fn latencies(rows: &Rows<'_>) -> Vec<ChartLine> {
    let columns = [
        ("response p50", "response_p50_us"),
        ("response p95", "response_p95_us"),
        ("response p99", "response_p99_us"),
        ("response max", "response_max_us"),
        ("service p50", "service_p50_us"),
        ("service p95", "service_p95_us"),
        ("service p99", "service_p99_us"),
        ("lag p50", "lag_p50_us"),
        ("lag p99", "lag_p99_us"),
    ];
    let lines = columns.map(|(label, column)| line(label, rows.worst(column)));
    lines
        .into_iter()
        .filter(|line| !line.values.is_empty())
        .collect()
}

/// Events a second by domain. `events.csv` has its rows in step with `series.csv`.
fn events(recorded: &Recorded, rows: &Rows<'_>) -> Vec<ChartLine> {
    const ENDING: &str = " Events";
    let domains = recorded.events.header().iter();
    let lines = domains.filter_map(|column| {
        let domain = column.strip_suffix(ENDING)?;
        let mut counts = recorded.events.numbers(column);
        counts.resize(recorded.series.len(), 0.0);
        Some(line(domain, rows.rates(&counts)))
    });
    lines.filter(is_something).collect()
}

fn cores(recorded: &Recorded, rows: &Rows<'_>) -> Vec<ChartLine> {
    let columns = recorded.series.header().iter();
    let shares = columns.filter_map(|column| {
        let cpu = column.strip_prefix("cpu")?;
        let (cpu, what) = match cpu.strip_suffix("_run_queue_share") {
            Some(cpu) => (cpu, "waiting"),
            None => (cpu.strip_suffix("_share")?, "busy"),
        };
        let percent = rows.worst(column).into_iter().map(|share| share * 100.0);
        Some(line(format!("core {cpu} {what}"), percent.collect()))
    });
    shares.collect()
}

/// What of the lag may be the generator's, and what its cores had to wait: of each second the wait
/// in microseconds, which is shown and judges nothing.
fn lateness(recorded: &Recorded, rows: &Rows<'_>) -> Vec<ChartLine> {
    let lags = [
        ("send lag p50", "lag_p50_us"),
        ("send lag p99", "lag_p99_us"),
        ("own lateness p99", "tardiness_p99_us"),
    ];
    let lags = lags.map(|(label, column)| line(label, rows.worst(column)));
    let columns = recorded.series.header().iter();
    let waits = columns.filter_map(|column| {
        let cpu = column.strip_prefix("cpu")?;
        let cpu = cpu.strip_suffix("_run_queue_share")?;
        let us = rows.worst(column).into_iter().map(|share| share * 1e6);
        Some(line(format!("core {cpu} waited"), us.collect()))
    });
    let lags = lags.into_iter().filter(|line| !line.values.is_empty());
    lags.chain(waits).collect()
}

fn connections(rows: &Rows<'_>) -> Vec<ChartLine> {
    let columns = [
        ("opened", "connects"),
        ("replaced", "reconnects"),
        ("failed", "connect_failures"),
        ("closed between requests", "closed_between_requests"),
        ("with unsolicited bytes", "unsolicited"),
        ("answered early", "answered_early"),
    ];
    let lines = columns.map(|(label, column)| line(label, rows.per_s(column)));
    lines.into_iter().filter(is_something).collect()
}

/// What is worth a look, in the order of time.
fn moments(recorded: &Recorded) -> Vec<MarkedMoment> {
    let series = &recorded.series;
    let seconds = series.numbers("second");
    let reconnects = series.numbers("reconnects");
    let mean = reconnects.iter().sum::<f64>() / reconnects.len().max(1) as f64;
    let burst = |count: f64| count >= BURST.0 && count >= BURST.1 * mean;
    let requests = series.numbers("requests");
    let lengths_s = series.numbers("length_s");
    let users = series.numbers("users");
    // A column that is not there has no rows.
    let rows = requests.iter().zip(&users).zip(&lengths_s);
    let stalled: Vec<f64> = rows
        .map(|((requests, users), length_s)| *requests == 0.0 && *users > 0.0 && *length_s > 0.9)
        .map(f64::from)
        .collect();
    let mut moments = Vec::new();
    moments.extend(
        joined(&seconds, &violations(recorded), |count| count > 0.0)
            .map(|span| span.moment("violation", grouped_of(span.sum, "violation"))),
    );
    moments.extend(
        joined(&seconds, &reconnects, burst)
            .map(|span| span.moment("reconnects", grouped_of(span.sum, "reconnect"))),
    );
    moments.extend(joined(&seconds, &stalled, |is| is > 0.0).map(|span| {
        let text = format!(
            "nothing was answered for {}",
            grouped_of(span.sum, "second")
        );
        span.moment("stall", text)
    }));
    moments.extend(crossings(recorded));
    moments.extend(recovery::moments(&recorded.run));
    moments.sort_by(|one, other| one.at_s.total_cmp(&other.at_s));
    moments.truncate(MOST_MOMENTS);
    moments
}

/// Violations by second; those of rules that today's shop does not enforce only when the run was to
/// judge them, too.
fn violations(recorded: &Recorded) -> Vec<f64> {
    let mut violations = recorded.series.numbers("violations");
    let mut rules = recorded.run.invariants.iter();
    if rules.any(|rule| !rule.enforced && rule.verdict == RuleVerdict::Violated) {
        let known = recorded.series.numbers("known_violations");
        violations
            .iter_mut()
            .zip(known)
            .for_each(|(count, more)| *count += more);
    }
    violations
}

/// Seconds that belong together, and the sum of their values.
#[derive(Clone, Copy, Debug, PartialEq)]
struct JoinedSeconds {
    first_s: f64,
    last_s: f64,
    sum: u64,
}

impl JoinedSeconds {
    fn moment(self, kind: &'static str, text: String) -> MarkedMoment {
        MarkedMoment {
            at_s: self.first_s,
            until_s: self.last_s + 1.0,
            kind,
            text,
        }
    }
}

/// Seconds whose value `counts`, neighbours joined.
fn joined(
    seconds: &[f64],
    values: &[f64],
    counts: impl Fn(f64) -> bool,
) -> std::vec::IntoIter<JoinedSeconds> {
    let mut found: Vec<JoinedSeconds> = Vec::new();
    for (&second, &value) in seconds.iter().zip(values) {
        if !counts(value) {
            continue;
        }
        match found.last_mut() {
            Some(span) if second - span.last_s <= SAME_MOMENT_S => {
                span.sum = span.sum.saturating_add(value as u64);
                span.last_s = second;
            }
            _ => found.push(JoinedSeconds {
                first_s: second,
                last_s: second,
                sum: value as u64,
            }),
        }
    }
    found.into_iter()
}

fn crossings(recorded: &Recorded) -> impl Iterator<Item = MarkedMoment> {
    let thresholds = recorded.run.thresholds.iter();
    thresholds.filter_map(|threshold| {
        let at_s = threshold.crossed_at_s?;
        Some(MarkedMoment {
            at_s,
            until_s: at_s,
            kind: "threshold",
            text: format!("crossed: {}", threshold.expression),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_moment() {
        let seconds: Vec<f64> = (0..12).map(f64::from).collect();
        let mut values = vec![0.0; 12];
        (values[1], values[3], values[9]) = (2.0, 3.0, 1.0);
        let span = |first_s, last_s, sum| JoinedSeconds {
            first_s,
            last_s,
            sum,
        };
        let found: Vec<_> = joined(&seconds, &values, |value| value > 0.0).collect();
        assert_eq!(found, [span(1.0, 3.0, 5), span(9.0, 9.0, 1)]);
    }

    #[test]
    fn seconds_that_share_a_row_keep_their_worst_latency() {
        assert_eq!(worst_of(&[3.0, 900.0, 7.0]), 900.0);
        assert_eq!(last_of(&[3.0, 900.0, 7.0]), 7.0);
    }

    #[test]
    fn what_is_too_short_for_a_rate_belongs_to_the_row_before_it() {
        assert_eq!(ends(&[1.0, 1.0, 1.0], 1), [1, 2, 3]);
        assert_eq!(ends(&[1.0, 1.0, 0.2], 1), [1, 3]);
        assert_eq!(ends(&[1.0, 1.0, 1.0, 1.0, 0.2], 2), [2, 5]);
        assert_eq!(ends(&[0.2], 1), [1]);
        assert!(ends(&[], 1).is_empty());
    }
}
