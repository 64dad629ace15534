//! `bands.csv`: the response times of each second in bands, a column a statistic name, for heat maps.
//!
//! A cell holds `band:count` pairs; see [`super::latency_bands`]. It is some 2 MB for half an hour of
//! 45 names.

use super::growing_file::GrowingFile;
use super::latency_bands::bands_text;
use super::locust_figures::written;
use crate::record::tag_of;
use crate::stats::{IntervalSink, MergedInterval, StatName, Totals};
use std::io;
use std::path::Path;

/// Appends a row a second, flushed each second.
pub struct BandsCsv {
    file: GrowingFile,
}

impl BandsCsv {
    /// Makes the file at `path` and writes its header: `second`, and the names' tags as in the
    /// interval logs.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(path: &Path, names: &[StatName]) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let tags = names.iter().map(tag_of);
        writer.write_record(["second".to_owned()].into_iter().chain(tags))?;
        Ok(Self {
            file: GrowingFile::create(path, &written(writer)?)?,
        })
    }
}

impl IntervalSink for BandsCsv {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn second(&mut self, interval: &MergedInterval, _totals: &Totals) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_field((interval.start_us / 1_000_000).to_string())?;
        for name in &interval.names {
            let buckets = name.response.buckets();
            let text = bands_text(buckets.map(|(us, count)| (us, u64::from(count))));
            writer.write_field(text)?;
        }
        writer.write_record(None::<&[u8]>)?;
        self.file.append(&written(writer)?)
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        self.file.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::latency_bands::parse_bands;
    use crate::record::{CsvColumns, made_up};

    #[test]
    fn every_response_is_in_a_band() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("bands.csv");
        let names = made_up::context().names;
        let mut csv = BandsCsv::create(&path, &names).expect("created");
        let totals = made_up::totals();
        for second in made_up::seconds() {
            csv.second(&second, &totals).expect("written");
        }
        let columns = CsvColumns::read(&path);
        assert_eq!(columns.len(), 4);
        for (name, total) in names.iter().zip(&totals.names) {
            let cells = columns.texts(&tag_of(name));
            let counted: u64 = cells.flat_map(parse_bands).map(|(_, count)| count).sum();
            assert_eq!(counted, total.response.len(), "{name:?}");
        }
    }
}
