//! `observed.csv`: every figure of the back end as it was read, a row each.

use super::csv_text::text_cell;
use crate::stats::ObservedSample;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Appends rows, flushed with every batch, so that a killed run keeps them.
pub struct ObservedCsv {
    path: PathBuf,
    writer: csv::Writer<File>,
}

impl ObservedCsv {
    /// Makes the file at `path` and writes its header.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_path(path)?;
        writer.write_record(["second", "source", "domain", "metric", "value", "at_least"])?;
        writer.flush()?;
        Ok(Self {
            path: path.to_owned(),
            writer,
        })
    }

    /// Appends a row a sample.
    ///
    /// # Errors
    /// When the file cannot be written; the message names it.
    pub fn write(&mut self, samples: &[ObservedSample]) -> Result<(), String> {
        let told = |error: io::Error| format!("cannot write {}: {error}", self.path.display());
        for sample in samples {
            let row = [
                &*sample.second.to_string(),
                &*text_cell(&sample.source),
                &*text_cell(&sample.domain),
                sample.metric.name(),
                &sample.amount.value.to_string(),
                &sample.amount.at_least.to_string(),
            ];
            self.writer
                .write_record(row)
                .map_err(|error| told(error.into()))?;
        }
        self.writer.flush().map_err(told)
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
