//! The table of statistic names, the phases, the errors.

use super::sketch::{OutcomeBar, bar};
use super::words::{bytes_text, duration_text, rate_text};
use crate::record::{ErrorRecord, Figures, Recorded, RunRecord};
use crate::stats::LatencySummary;
use std::collections::HashMap;

/// Percentiles shown from `distribution.csv`, beside those that `run.json` has.
const COLUMNS: [&str; 2] = ["p0", "p75"];

/// A latency summary in words.
pub struct LatencyTexts {
    pub p50: String,
    pub p90: String,
    pub p95: String,
    pub p99: String,
    pub p999: String,
    pub max: String,
    pub mean: String,
}

impl LatencyTexts {
    fn of(summary: &LatencySummary) -> Self {
        Self {
            p50: duration_text(summary.p50),
            p90: duration_text(summary.p90),
            p95: duration_text(summary.p95),
            p99: duration_text(summary.p99),
            p999: duration_text(summary.p999),
            max: duration_text(summary.max),
            mean: duration_text(summary.mean.round() as u64),
        }
    }
}

/// A statistic name, or all of them together.
pub struct NameRow {
    pub name: String,
    pub figures: Figures,
    pub rate: String,
    pub bar: OutcomeBar,
    pub response: LatencyTexts,
    pub service: LatencyTexts,
    pub lag: LatencyTexts,
    /// Smallest response time and third quartile, with their texts; `None` in older records.
    pub smallest_us: Option<(u64, String)>,
    pub p75_us: Option<(u64, String)>,
    pub bytes_in_each: (u64, String),
    pub bytes_out_each: (u64, String),
    pub failures_rate: String,
}

/// A phase of the run.
pub struct PhaseRow {
    pub name: String,
    pub span: String,
    pub figures: Figures,
    pub rate: String,
    pub response: LatencyTexts,
    pub service: LatencyTexts,
    pub lag: LatencyTexts,
}

/// What went wrong in one way.
pub struct NameErrorRow {
    pub error: ErrorRecord,
    pub status: String,
    pub first: String,
    pub last: String,
}

/// Each name's row, in the plan's order.
pub fn rows(recorded: &Recorded) -> Vec<NameRow> {
    let extra = extra_percentiles(recorded);
    let names = recorded.run.names.iter();
    names
        .map(|record| {
            let key = (record.method.as_str(), record.name.as_str());
            row(&record.name, &record.figures, extra.get(&key), recorded)
        })
        .collect()
}

/// The row of each word by which names are added up.
pub fn tags(recorded: &Recorded) -> Vec<NameRow> {
    let tags = recorded.run.tags.iter();
    tags.map(|record| {
        row(
            &format!("tag {}", record.tag),
            &record.figures,
            None,
            recorded,
        )
    })
    .collect()
}

/// The row of all names together.
pub fn all(recorded: &Recorded) -> NameRow {
    let extra = extra_percentiles(recorded);
    row(
        "Aggregated",
        &recorded.run.totals,
        extra.get(&("", "")),
        recorded,
    )
}

/// [`COLUMNS`] of the response times by method and name.
fn extra_percentiles(recorded: &Recorded) -> HashMap<(&str, &str), [u64; 2]> {
    let table = &recorded.distribution;
    let columns = COLUMNS.map(|column| table.numbers(column));
    let keys = table.texts("method").zip(table.texts("name"));
    let kinds = table.texts("kind").zip(keys).enumerate();
    kinds
        .filter(|(_, (kind, _))| *kind == "response")
        .map(|(place, (_, key))| {
            let of = |column: &Vec<f64>| column.get(place).map_or(0, |us| *us as u64);
            (key, [of(&columns[0]), of(&columns[1])])
        })
        .collect()
}

fn row(name: &str, figures: &Figures, extra: Option<&[u64; 2]>, recorded: &Recorded) -> NameRow {
    let each = |bytes: u64| {
        let mean = bytes as f64 / figures.requests.max(1) as f64;
        (mean.round() as u64, bytes_text(mean))
    };
    let text = |us: u64| (us, duration_text(us));
    let measured_s = recorded.run.measured_s;
    let failures_per_s = match measured_s > 0.0 {
        true => figures.failures as f64 / measured_s,
        false => 0.0,
    };
    NameRow {
        name: name.to_owned(),
        figures: *figures,
        rate: rate_text(figures.requests_per_s),
        bar: bar(figures.outcomes()),
        response: LatencyTexts::of(&figures.response_us),
        service: LatencyTexts::of(&figures.service_us),
        lag: LatencyTexts::of(&figures.lag_us),
        smallest_us: extra.map(|[smallest, _]| text(*smallest)),
        p75_us: extra.map(|[_, p75]| text(*p75)),
        bytes_in_each: each(figures.bytes_in),
        bytes_out_each: each(figures.bytes_out),
        failures_rate: rate_text(failures_per_s),
    }
}

/// The phases that occurred.
pub fn phases(run: &RunRecord) -> Vec<PhaseRow> {
    let phases = run.phases.iter();
    phases
        .map(|phase| PhaseRow {
            name: phase.name.clone(),
            span: format!("{:.1}–{:.1} s", phase.start_s, phase.end_s),
            figures: phase.figures,
            rate: rate_text(phase.figures.requests_per_s),
            response: LatencyTexts::of(&phase.figures.response_us),
            service: LatencyTexts::of(&phase.figures.service_us),
            lag: LatencyTexts::of(&phase.figures.lag_us),
        })
        .collect()
}

/// The errors, failures before what the business refused.
pub fn errors(run: &RunRecord) -> Vec<NameErrorRow> {
    use crate::stats::Outcome;
    let business =
        |error: &&ErrorRecord| matches!(error.outcome, Outcome::Refused | Outcome::Conflict);
    let mut sorted: Vec<&ErrorRecord> = run.errors.iter().collect();
    // Stable: most frequent first within each group.
    sorted.sort_by_key(business);
    sorted
        .into_iter()
        .map(|error| NameErrorRow {
            status: error
                .status
                .map_or_else(|| "–".to_owned(), |status| status.to_string()),
            first: format!("{:.1} s", error.first_s),
            last: format!("{:.1} s", error.last_s),
            error: error.clone(),
        })
        .collect()
}
