//! `distribution.csv` of a run that was killed, with its names as the interval logs have them: while the
//! run went on their rows were written every few seconds only.

use super::csv_columns::CsvColumns;
use super::distribution_csv::{Distribution, PERCENTILES, header, row};
use super::interval_log::{LatencyKind, tag_text};
use super::latency_bands::bands_text;
use super::request_log::{NameLog, RequestLog};
use super::run_record::NameRecord;
use crate::stats::LatencyCounts;
use hdrhistogram::Histogram;

/// The interval logs of all requests.
pub(super) struct Logs {
    /// `response.hlog`.
    pub response: RequestLog,
    /// `service.hlog`.
    pub service: RequestLog,
    /// `lag.hlog`.
    pub lag: RequestLog,
}

impl Logs {
    /// That of `kind`.
    pub fn of(&self, kind: LatencyKind) -> &RequestLog {
        match kind {
            LatencyKind::Response => &self.response,
            LatencyKind::Service => &self.service,
            LatencyKind::Lag => &self.lag,
        }
    }
}

/// What is `written`, but for the rows of `names` that the logs know more of.
pub(super) fn distribution_again(
    written: &CsvColumns,
    names: &[NameRecord],
    logs: &Logs,
) -> CsvColumns {
    let mut rows: Vec<Vec<String>> = written
        .rows()
        .map(|row| row.iter().map(str::to_owned).collect())
        .collect();
    for kind in LatencyKind::ALL {
        let log = logs.of(kind);
        let mut all = LatencyCounts::histogram();
        for name in names {
            if let Some(NameLog { latencies, .. }) = log.of(&tag_text(&name.method, &name.name)) {
                // The ranges are the same: nothing is out of range.
                let _ = all.add(latencies);
                put(
                    &mut rows,
                    [kind.word(), &name.method, &name.name],
                    latencies,
                );
            }
        }
        put(&mut rows, [kind.word(), "", ""], &all);
    }
    CsvColumns::of(header(), rows)
}

/// The row of `latencies` in the place of one of fewer.
fn put(rows: &mut Vec<Vec<String>>, key: [&str; 3], latencies: &Histogram<u64>) {
    if latencies.is_empty() {
        return;
    }
    let count = latencies.len();
    let place = rows
        .iter()
        .position(|row| row.iter().zip(key).all(|(cell, key)| cell == key));
    let known = place.and_then(|place| rows[place].get(key.len())?.parse::<u64>().ok());
    if known.is_some_and(|known| known >= count) {
        return;
    }
    let quantile_us = |percentile: f64| {
        let value_us = latencies.value_at_quantile(percentile / 100.0);
        value_us.min(latencies.max())
    };
    let recorded = latencies.iter_recorded();
    let buckets = recorded.map(|value| (value.value_iterated_to(), value.count_at_value()));
    let new = row(
        key,
        &Distribution {
            count,
            values_us: PERCENTILES.map(quantile_us).to_vec(),
            bands: bands_text(buckets),
        },
    );
    match place {
        Some(place) => rows[place] = new,
        None => rows.push(new),
    }
}
