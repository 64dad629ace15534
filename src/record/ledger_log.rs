//! `ledger.jsonl` and `rounds.csv`: violations with their witnesses, and rounds of the flash sale,
//! as they happen.

use crate::stats::{IntervalSink, MergedInterval, Totals};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Violations of one rule that are written down; further ones are only counted.
const MOST_LINES_A_RULE: u32 = 1_000;

/// Appends a line a violation, flushed each second.
pub struct LedgerLog {
    path: PathBuf,
    file: File,
    written: HashMap<String, u32>,
}

impl LedgerLog {
    /// Makes the file at `path`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            file: File::create(path)?,
            written: HashMap::new(),
        })
    }
}

impl IntervalSink for LedgerLog {
    fn path(&self) -> &Path {
        &self.path
    }

    fn second(&mut self, interval: &MergedInterval, _totals: &Totals) -> io::Result<()> {
        let mut lines = Vec::new();
        for violation in &interval.contests.ledger.violations {
            let written = self.written.entry(violation.rule.clone()).or_default();
            if *written < MOST_LINES_A_RULE {
                *written += 1;
                serde_json::to_writer(&mut lines, violation)?;
                lines.push(b'\n');
            }
        }
        self.file.write_all(&lines)
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        Ok(())
    }
}

/// Appends a row a round, flushed each second. The file comes with the first round.
pub struct RoundsCsv {
    path: PathBuf,
    writer: Option<csv::Writer<File>>,
}

impl RoundsCsv {
    /// For a file at `path`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            writer: None,
        }
    }
}

impl IntervalSink for RoundsCsv {
    fn path(&self) -> &Path {
        &self.path
    }

    fn second(&mut self, interval: &MergedInterval, _totals: &Totals) -> io::Result<()> {
        if interval.rounds.is_empty() {
            return Ok(());
        }
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(csv::Writer::from_path(&self.path)?),
        };
        for round in &interval.rounds {
            writer.serialize(round)?;
        }
        writer.flush()
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up::{contested_second, context};
    use std::sync::Arc;

    #[test]
    fn violations_and_rounds_are_written_as_they_happen() {
        let directory = tempfile::tempdir().unwrap();
        let (ledger, rounds) = (
            directory.path().join("ledger.jsonl"),
            directory.path().join("rounds.csv"),
        );
        let totals = Totals::new(Arc::new(context()));
        let mut log = LedgerLog::create(&ledger).unwrap();
        let mut csv = RoundsCsv::new(&rounds);
        let empty = MergedInterval::new(context().shape());
        csv.second(&empty, &totals).unwrap();
        assert!(!rounds.exists());
        for _ in 0..2 {
            log.second(&contested_second(), &totals).unwrap();
            csv.second(&contested_second(), &totals).unwrap();
        }
        let lines = std::fs::read_to_string(&ledger).unwrap();
        let first: crate::stats::Violation =
            serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(first.rule, "not-oversold");
        assert_eq!(lines.lines().count(), 4);
        let text = std::fs::read_to_string(&rounds).unwrap();
        assert!(
            text.starts_with("round,at_us,stock,crowd,demand,granted,"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 1 + 2);
    }
}
