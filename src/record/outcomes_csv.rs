//! `outcomes.csv`: requests that were no success, by second and statistic name. Rows without any are
//! left out: in a healthy run the file is its header.

use super::growing_file::GrowingFile;
use super::locust_figures::written;
use crate::stats::{IntervalSink, MergedInterval, OutcomeCounts, StatName, Totals};
use std::io;
use std::path::Path;

/// Appends the rows of a second, flushed each second.
pub struct OutcomesCsv {
    file: GrowingFile,
    names: Vec<StatName>,
}

impl OutcomesCsv {
    /// Makes the file at `path` and writes its header.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(path: &Path, names: &[StatName]) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let outcomes = OutcomeCounts::default();
        let outcomes = outcomes.others().map(|(outcome, _)| outcome.word());
        writer.write_record(["second", "method", "name"].into_iter().chain(outcomes))?;
        Ok(Self {
            file: GrowingFile::create(path, &written(writer)?)?,
            names: names.to_vec(),
        })
    }
}

impl IntervalSink for OutcomesCsv {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn second(&mut self, interval: &MergedInterval, _totals: &Totals) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let second = (interval.start_us / 1_000_000).to_string();
        for (name, row) in self.names.iter().zip(&interval.names) {
            let others = || row.outcomes.others().map(|(_, count)| count);
            if others().any(|count| count > 0) {
                let counts = others().map(|count| count.to_string());
                let head = [second.clone(), name.method.into(), name.name.into()];
                writer.write_record(head.into_iter().chain(counts))?;
            }
        }
        self.file.append(&written(writer)?)
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        self.file.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up;
    use std::sync::Arc;

    #[test]
    fn only_seconds_and_names_without_success_have_rows() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("outcomes.csv");
        let context = made_up::context();
        let mut csv = OutcomesCsv::create(&path, &context.names).unwrap();
        let totals = Totals::new(Arc::new(context));
        for second in made_up::seconds() {
            csv.second(&second, &totals).unwrap();
        }
        let expected = "second,method,name,refused,conflict,failed,unknown\n\
            1,POST,POST /customers,14,0,0,0\n\
            1,PUT,\"PUT /customers/{id}/profile, \"\"odd\"\"\",6,0,0,0\n\
            2,POST,POST /customers,0,0,3,0\n\
            2,PUT,\"PUT /customers/{id}/profile, \"\"odd\"\"\",0,0,1,0\n\
            3,POST,POST /customers,0,0,0,1\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    }
}
