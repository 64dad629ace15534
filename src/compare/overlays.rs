//! What the charts of the page lay over each other: every run's own curve. Nothing is averaged.

use super::comparison_record::{ComparisonRecord, RowRecord, Scale, Source};
use crate::record::{CsvColumns, Recorded};
use serde::Serialize;
use std::path::Path;

/// Runs of a side that are drawn; more would hide each other.
const RUNS_DRAWN: usize = 20;

/// The charts' data.
#[derive(Debug, Serialize)]
pub struct Overlays {
    /// A candidate's differences, one list a pair.
    pairs: Vec<Vec<Difference>>,
    margin_percent: f64,
    sides: Vec<SideCurves>,
    percentiles: Vec<f64>,
}

/// A row's difference in percent.
#[derive(Debug, Serialize)]
struct Difference {
    label: String,
    percent: f64,
    low: Option<f64>,
    high: Option<f64>,
    verdict: super::RowVerdict,
}

#[derive(Debug, Serialize)]
struct SideCurves {
    name: String,
    runs: Vec<RunCurves>,
}

/// The curves of one run.
#[derive(Debug, Default, Serialize)]
struct RunCurves {
    label: String,
    time_s: Vec<f64>,
    requests_per_s: Vec<f64>,
    response_p99_us: Vec<f64>,
    /// Percentiles; empty when the record has none.
    response: Vec<f64>,
    service: Vec<f64>,
}

impl Overlays {
    /// The curves of the runs of `record`, read from their records as far as they are still there.
    #[must_use]
    pub fn read(record: &ComparisonRecord) -> Self {
        let differences = record.comparisons.iter().map(|pair| {
            let rows = pair.overall.rows.iter();
            rows.filter(|row| row.scale == Scale::Ratio)
                .map(difference)
                .collect()
        });
        let mut percentiles = Vec::new();
        let sides = record.sides.iter().map(|side| SideCurves {
            name: side.name.clone(),
            runs: side
                .runs
                .iter()
                .filter(|run| run.source == Source::Shopblast)
                .take(RUNS_DRAWN)
                .filter_map(|run| curves(Path::new(&run.path), &mut percentiles))
                .collect(),
        });
        let sides = sides.collect();
        Self {
            pairs: differences.collect(),
            margin_percent: record.margin * 100.0,
            sides,
            percentiles,
        }
    }

    /// Whether there is a curve over time.
    #[must_use]
    pub fn has_times(&self) -> bool {
        self.runs().any(|run| !run.time_s.is_empty())
    }

    /// Whether there is a spectrum.
    #[must_use]
    pub fn has_spectra(&self) -> bool {
        self.runs().any(|run| !run.response.is_empty())
    }

    fn runs(&self) -> impl Iterator<Item = &RunCurves> {
        self.sides.iter().flat_map(|side| &side.runs)
    }
}

fn difference(row: &RowRecord) -> Difference {
    let percent = |share: f64| (share * 1e4).round() / 1e2;
    Difference {
        label: row.quantity.clone(),
        percent: percent(row.difference),
        low: row.interval.map(|interval| percent(interval.low)),
        high: row.interval.map(|interval| percent(interval.high)),
        verdict: row.verdict,
    }
}

fn curves(path: &Path, percentiles: &mut Vec<f64>) -> Option<RunCurves> {
    let recorded = Recorded::read(path).ok()?;
    let series = &recorded.series;
    let lengths_s = series.numbers("length_s");
    let requests = series.numbers("requests");
    let per_s = requests.iter().zip(&lengths_s).map(|(requests, length_s)| {
        if *length_s > 0.0 {
            (requests / length_s).round()
        } else {
            0.0
        }
    });
    let distribution = &recorded.distribution;
    let columns = percentile_columns(distribution);
    if percentiles.is_empty() {
        *percentiles = columns.iter().map(|(percentile, _)| *percentile).collect();
    }
    let spectrum = |kind: &str| -> Vec<f64> {
        let kinds = distribution.texts("kind");
        let names = distribution.texts("name");
        let place = kinds
            .zip(names)
            .position(|(found, name)| found == kind && name.is_empty());
        let Some(place) = place.filter(|_| columns.len() == percentiles.len()) else {
            return Vec::new();
        };
        let value = |(_, column): &(f64, String)| distribution.numbers(column)[place];
        columns.iter().map(value).collect()
    };
    Some(RunCurves {
        label: path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())?,
        // At the end of its second.
        time_s: series
            .numbers("second")
            .iter()
            .zip(&lengths_s)
            .map(|(second, length_s)| second + length_s)
            .collect(),
        requests_per_s: per_s.collect(),
        response_p99_us: series.numbers("response_p99_us"),
        response: spectrum("response"),
        service: spectrum("service"),
    })
}

/// The columns `p50`, `p99.9` and so on with their percentiles.
fn percentile_columns(distribution: &CsvColumns) -> Vec<(f64, String)> {
    let header = distribution.header().iter();
    let columns = header.filter_map(|column| {
        let percentile: f64 = column.strip_prefix('p')?.parse().ok()?;
        Some((percentile, column.clone()))
    });
    columns.collect()
}
