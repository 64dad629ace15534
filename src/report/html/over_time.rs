//! What the charts over time show: the rows of `series.csv`, `events.csv` and `observed.csv`.
//!
//! A row stands for its second. Of a long run several seconds share a row: counts are added, and
//! each latency is that of the worst second among them. No percentile is averaged.

use super::super::recorded::Recorded;
use super::embedded::Compact;
use super::words::grouped_of;
use serde::Serialize;

/// Rows that a chart can show at most.
const MOST_ROWS: usize = 3_600;
/// Moments that are named at most.
const MOST_MOMENTS: usize = 60;
/// Reconnects in a second, and times the mean, from which on they are a burst.
const BURST: (f64, f64) = (10.0, 4.0);
/// Seconds between two of a kind that make one moment.
const SAME_MOMENT_S: f64 = 3.0;

/// A line of a chart.
#[derive(Serialize)]
pub struct Line {
    label: String,
    values: Vec<Compact>,
}

/// Something that is marked in the charts.
#[derive(Debug, PartialEq, Serialize)]
pub struct Moment {
    at_s: f64,
    kind: &'static str,
    text: String,
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
    outcomes: Vec<Line>,
    latencies: Vec<Line>,
    events: Vec<Line>,
    cores: Vec<Line>,
    connections: Vec<Line>,
    moments: Vec<Moment>,
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
}

impl<'a> Rows<'a> {
    fn of(recorded: &'a Recorded) -> Self {
        Self {
            recorded,
            step: recorded.series.len().div_ceil(MOST_ROWS).max(1),
            lengths_s: recorded.series.numbers("length_s"),
        }
    }

    fn folded(&self, values: &[f64], fold: impl Fn(&[f64]) -> f64) -> Vec<f64> {
        values.chunks(self.step).map(fold).collect()
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

fn last_of(values: &[f64]) -> f64 {
    values.last().copied().unwrap_or(0.0)
}

fn worst_of(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

fn compact(values: Vec<f64>) -> Vec<Compact> {
    values.into_iter().map(Compact).collect()
}

fn line(label: impl Into<String>, values: Vec<f64>) -> Line {
    Line {
        label: label.into(),
        values: compact(values),
    }
}

/// Those that occurred, a second.
fn outcomes(rows: &Rows<'_>) -> Vec<Line> {
    let words = ["success", "refused", "conflict", "failed", "unknown"];
    let lines = words.map(|word| line(word, rows.per_s(word)));
    lines.into_iter().filter(is_something).collect()
}

fn is_something(line: &Line) -> bool {
    line.values.iter().any(|value| value.0 != 0.0)
}

fn latencies(rows: &Rows<'_>) -> Vec<Line> {
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
fn events(recorded: &Recorded, rows: &Rows<'_>) -> Vec<Line> {
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

fn cores(recorded: &Recorded, rows: &Rows<'_>) -> Vec<Line> {
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

fn connections(rows: &Rows<'_>) -> Vec<Line> {
    let columns = [
        ("opened", "connects"),
        ("replaced", "reconnects"),
        ("failed", "connect_failures"),
    ];
    let lines = columns.map(|(label, column)| line(label, rows.per_s(column)));
    lines.into_iter().filter(is_something).collect()
}

/// What is worth a look, in the order of time.
fn moments(recorded: &Recorded) -> Vec<Moment> {
    let series = &recorded.series;
    let seconds = series.numbers("second");
    let reconnects = series.numbers("reconnects");
    let mean = reconnects.iter().sum::<f64>() / reconnects.len().max(1) as f64;
    let burst = |count: f64| count >= BURST.0 && count >= BURST.1 * mean;
    let requests = series.numbers("requests");
    let lengths_s = series.numbers("length_s");
    let users = series.numbers("users");
    let stalled: Vec<f64> = (0..requests.len())
        .map(|row| requests[row] == 0.0 && users[row] > 0.0 && lengths_s[row] > 0.9)
        .map(f64::from)
        .collect();
    let mut moments = joined(&seconds, &series.numbers("violations"), |count| count > 0.0)
        .map(|(at_s, count)| (at_s, "violation", grouped_of(count, "violation")))
        .chain(
            joined(&seconds, &reconnects, burst)
                .map(|(at_s, count)| (at_s, "reconnects", grouped_of(count, "reconnect"))),
        )
        .chain(
            joined(&seconds, &stalled, |is| is > 0.0).map(|(at_s, count)| {
                let text = format!("nothing was answered for {}", grouped_of(count, "second"));
                (at_s, "stall", text)
            }),
        )
        .map(|(at_s, kind, text)| Moment { at_s, kind, text })
        .collect::<Vec<_>>();
    moments.extend(crossings(recorded));
    moments.sort_by(|one, other| one.at_s.total_cmp(&other.at_s));
    moments.truncate(MOST_MOMENTS);
    moments
}

/// Seconds whose value `counts`, neighbours joined, with the sum of their values.
fn joined(
    seconds: &[f64],
    values: &[f64],
    counts: impl Fn(f64) -> bool,
) -> std::vec::IntoIter<(f64, u64)> {
    let mut found: Vec<(f64, u64)> = Vec::new();
    let mut latest_s = f64::NEG_INFINITY;
    for (&second, &value) in seconds.iter().zip(values) {
        if !counts(value) {
            continue;
        }
        match found.last_mut() {
            Some((_, sum)) if second - latest_s <= SAME_MOMENT_S => *sum += value as u64,
            _ => found.push((second, value as u64)),
        }
        latest_s = second;
    }
    found.into_iter()
}

fn crossings(recorded: &Recorded) -> impl Iterator<Item = Moment> {
    let thresholds = recorded.run.thresholds.iter();
    thresholds.filter_map(|threshold| {
        Some(Moment {
            at_s: threshold.crossed_at_s?,
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
        let found: Vec<_> = joined(&seconds, &values, |value| value > 0.0).collect();
        assert_eq!(found, [(1.0, 5), (9.0, 1)]);
    }

    #[test]
    fn seconds_that_share_a_row_keep_their_worst_latency() {
        assert_eq!(worst_of(&[3.0, 900.0, 7.0]), 900.0);
        assert_eq!(last_of(&[3.0, 900.0, 7.0]), 7.0);
    }
}
