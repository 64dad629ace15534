//! `observed.csv`: every figure of the back end as it was read, a row each.

use super::csv_text::text_cell;
use super::growing_file::GrowingFile;
use super::locust_figures::{python_csv, written};
use crate::stats::ObservedSample;
use std::io;
use std::path::Path;

/// Appends rows, flushed with every batch, so that a killed run keeps them.
pub struct ObservedCsv {
    file: GrowingFile,
}

impl ObservedCsv {
    /// Makes the file at `path` and writes its header.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut writer = python_csv();
        writer.write_record(["second", "source", "domain", "metric", "value", "at_least"])?;
        let file = GrowingFile::create(path, &written(writer)?)?;
        Ok(Self { file })
    }

    /// Appends a row a sample, and what waits for room since an earlier time.
    ///
    /// # Errors
    /// When something is missing in the file; the message names it.
    pub fn write(&mut self, samples: &[ObservedSample]) -> Result<(), String> {
        let written = self.append(samples).and_then(|()| self.file.finish());
        let path = self.file.path();
        written.map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    fn append(&mut self, samples: &[ObservedSample]) -> io::Result<()> {
        let mut writer = python_csv();
        for sample in samples {
            let row = [
                &*sample.second.to_string(),
                &*text_cell(&sample.source),
                &*text_cell(&sample.domain),
                sample.metric.name(),
                &sample.amount.value.to_string(),
                &sample.amount.at_least.to_string(),
            ];
            writer.write_record(row)?;
        }
        self.file.append(&written(writer)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ObservedMetric;
    use crate::stats::Amount;

    #[test]
    fn a_row_says_what_was_seen_where() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("observed.csv");
        let mut csv = ObservedCsv::create(&path).expect("made");
        let sample = |source: &str, domain: &str, metric, value, at_least| ObservedSample {
            second: 3,
            source: source.into(),
            domain: domain.into(),
            metric,
            amount: Amount { value, at_least },
        };
        csv.write(&[
            sample(
                "observatory",
                "identity",
                ObservedMetric::OutboxPending,
                100.0,
                true,
            ),
            sample(
                "outbox:ordering",
                "ordering",
                ObservedMetric::OutboxOldestPendingS,
                2.5,
                false,
            ),
            sample(
                "redis",
                "",
                ObservedMetric::BrokerMemoryBytes,
                2_678_064.0,
                false,
            ),
        ])
        .expect("written");
        assert_eq!(
            std::fs::read_to_string(&path).expect("read"),
            "second,source,domain,metric,value,at_least\r\n\
             3,observatory,identity,outbox_pending,100,true\r\n\
             3,outbox:ordering,ordering,outbox_oldest_pending_s,2.5,false\r\n\
             3,redis,,broker_memory_bytes,2678064,false\r\n"
        );
    }
}
