//! `tags.csv`: the figures of the words by which names are added up, a row a word. Latencies are those of
//! all their requests together, in microseconds.

use super::recording::tag_records;
use super::rewrite::rewrite;
use super::run_record::TagRecord;
use crate::stats::{IntervalSink, LatencySummary, MergedInterval, Totals};
use std::io;
use std::path::{Path, PathBuf};

const COUNTS: [&str; 8] = [
    "tag", "requests", "success", "refused", "conflict", "failed", "unknown", "failures",
];
const LATENCIES: [&str; 8] = ["min", "mean", "p50", "p90", "p95", "p99", "p999", "max"];

/// Keeps the file up to date while the run goes on; written whole each second.
pub struct TagsCsv {
    path: PathBuf,
}

impl TagsCsv {
    /// Writes to `path`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        let path = path.to_owned();
        Self { path }
    }
}

impl IntervalSink for TagsCsv {
    fn path(&self) -> &Path {
        &self.path
    }

    fn second(&mut self, _: &MergedInterval, totals: &Totals) -> io::Result<()> {
        rewrite(&self.path, &content(&tag_records(totals))?)
    }

    fn finish(&mut self, totals: &Totals) -> io::Result<()> {
        rewrite(&self.path, &content(&tag_records(totals))?)
    }
}

fn content(records: &[TagRecord]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let kinds = ["response", "service", "lag"];
    let latencies = kinds.iter().flat_map(|kind| {
        let columns = LATENCIES.iter();
        columns.map(move |column| format!("{kind}_{column}_us"))
    });
    let counts = COUNTS.iter().map(|&column| column.to_owned());
    let rate = "requests_per_s".to_owned();
    writer.write_record(counts.chain([rate]).chain(latencies))?;
    for TagRecord { tag, figures } in records {
        let counts = [
            figures.requests,
            figures.success,
            figures.refused,
            figures.conflict,
            figures.failed,
            figures.unknown,
            figures.failures,
        ];
        let mut row = vec![tag.clone()];
        row.extend(counts.map(|count| count.to_string()));
        row.push(format!("{:.3}", figures.requests_per_s));
        for summary in [&figures.response_us, &figures.service_us, &figures.lag_us] {
            row.extend(cells(summary));
        }
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

fn cells(summary: &LatencySummary) -> [String; 8] {
    let whole = |us: u64| us.to_string();
    [
        whole(summary.min),
        format!("{:.1}", summary.mean),
        whole(summary.p50),
        whole(summary.p90),
        whole(summary.p95),
        whole(summary.p99),
        whole(summary.p999),
        whole(summary.max),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up;
    use crate::stats::{RunContext, Tags};
    use std::sync::Arc;

    #[test]
    fn a_tag_has_all_requests_of_its_names_and_their_latencies_together() {
        let tags: [Tags; 3] = [&["write", "sign-up"], &["write"], &[]];
        let mut totals = Totals::new(Arc::new(RunContext {
            tags: tags.to_vec(),
            ..made_up::context()
        }));
        for second in made_up::seconds() {
            totals.absorb(&second);
        }
        let records = tag_records(&totals);
        let named: Vec<&str> = records.iter().map(|record| record.tag.as_str()).collect();
        assert_eq!(named, ["write", "sign-up"]);
        let [one, other] = [&totals.names[0], &totals.names[1]];
        let figures = &records[0].figures;
        assert_eq!(figures.requests, one.requests() + other.requests());
        // Every value of both, in order: what a percentile of the sum has to be.
        let mut all: Vec<u64> = Vec::new();
        for measured in [one, other] {
            for value in measured.response.histogram().iter_recorded() {
                let count = value.count_at_value() as usize;
                all.extend(std::iter::repeat_n(value.value_iterated_to(), count));
            }
        }
        all.sort_unstable();
        let of = |share: f64| all[((share * all.len() as f64).ceil() as usize).max(1) - 1];
        for (share, us) in [
            (0.5, figures.response_us.p50),
            (0.95, figures.response_us.p95),
            (0.99, figures.response_us.p99),
        ] {
            assert_eq!(us, of(share).min(figures.response_us.max), "{share}");
        }
        assert_eq!(
            figures.response_us.max,
            one.response.max_us().max(other.response.max_us())
        );
        assert_eq!(records[1].figures.requests, one.requests());
        let text = String::from_utf8(content(&records).unwrap()).unwrap();
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap().split(',').collect();
        assert_eq!((header[0], header.len()), ("tag", 33));
        assert!(
            lines
                .next()
                .unwrap()
                .starts_with(&format!("write,{},", figures.requests))
        );
        assert_eq!(lines.count(), 1);
    }
}
