//! `events.csv`: events raised in each second, by domain, and how many of them went to the outbox so
//! far: what the pipeline had to work off by then.

use super::growing_file::GrowingFile;
use super::locust_figures::{python_csv, written};
use super::raised::{domains, raised};
use crate::stats::{Event, IntervalSink, MergedInterval, Totals};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Appends a row a second, flushed each second.
pub struct EventsCsv {
    file: GrowingFile,
    start: SystemTime,
    raises: Vec<Vec<Event>>,
    domains: Vec<&'static str>,
    /// Outbox events so far, by domain.
    outbox: Vec<i64>,
}

impl EventsCsv {
    /// Makes the file at `path` and writes its header, for a run that starts at `start` and whose
    /// statistic names raise `raises`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(path: &Path, raises: &[Vec<Event>], start: SystemTime) -> io::Result<Self> {
        let mut writer = python_csv();
        let domains = domains(raises);
        let mut header = vec!["Timestamp".to_owned(), "User Count".to_owned()];
        for domain in &domains {
            header.push(format!("{domain} Events"));
            header.push(format!("{domain} Outbox Total"));
        }
        writer.write_record(&header)?;
        Ok(Self {
            file: GrowingFile::create(path, &written(writer)?)?,
            start,
            raises: raises.to_vec(),
            outbox: vec![0; domains.len()],
            domains,
        })
    }
}

impl IntervalSink for EventsCsv {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn second(&mut self, interval: &MergedInterval, _totals: &Totals) -> io::Result<()> {
        let mut writer = python_csv();
        let end = self.start + Duration::from_micros(interval.end_us);
        let timestamp = end.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut row = vec![timestamp.to_string(), interval.users.to_string()];
        for (domain, total) in self.domains.iter().zip(&mut self.outbox) {
            let told = raised(domain, &self.raises, &interval.names);
            *total += told.outbox;
            row.push(told.count.to_string());
            row.push(total.to_string());
        }
        writer.write_record(&row)?;
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
    use crate::stats::Outcome;
    use std::sync::Arc;

    #[test]
    fn every_second_has_a_row_and_the_outbox_adds_up() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("events.csv");
        let context = made_up::context();
        let mut csv = EventsCsv::create(&path, &context.raises, made_up::start()).expect("created");
        let totals = Totals::new(Arc::new(context));
        let mut expected =
            String::from("Timestamp,User Count,Identity Events,Identity Outbox Total\r\n");
        let mut sum = 0;
        for second in made_up::seconds() {
            csv.second(&second, &totals).expect("written");
            let events = second.names[0].outcomes[Outcome::Success];
            assert!(events > 0 || second.users == 0);
            sum += events;
            let timestamp = 1_795_340_107 + (250_000 + second.end_us) / 1_000_000;
            expected += &format!("{timestamp},{},{events},{sum}\r\n", second.users);
        }
        csv.finish(&totals).expect("finished");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), expected);
    }
}
