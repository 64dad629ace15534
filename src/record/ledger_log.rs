//! `ledger.jsonl` and `rounds.csv`: violations with their witnesses, and rounds of the flash sale,
//! as they happen.

use super::growing_file::GrowingFile;
use super::locust_figures::written;
use crate::stats::{IntervalSink, MergedInterval, RunContext, Totals, Violation};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// Name of the ledger in a record.
pub(super) const LEDGER_JSONL: &str = "ledger.jsonl";

/// A line of the ledger: a violation, and what its rule is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LedgerLine {
    /// What was broken.
    #[serde(flatten)]
    pub violation: Violation,
    /// What must hold.
    #[serde(default)]
    pub text: String,
    /// Whether today's target enforces it.
    #[serde(default = "of_old")]
    pub enforced: bool,
}

/// Ledgers of before did not say; most rules are enforced.
fn of_old() -> bool {
    true
}

impl LedgerLine {
    fn of(violation: &Violation, context: &RunContext) -> Self {
        let mut rules = context.rules.iter();
        let rule = rules.find(|rule| rule.name == violation.rule);
        Self {
            violation: violation.clone(),
            text: rule.map_or("", |rule| rule.text).to_owned(),
            enforced: rule.is_none_or(|rule| rule.enforced),
        }
    }
}

/// Violations of one rule that are written down; further ones are only counted.
const MOST_LINES_A_RULE: u32 = 1_000;

/// Appends a line a violation, flushed each second.
pub struct LedgerLog {
    file: GrowingFile,
    written: HashMap<String, u32>,
}

impl LedgerLog {
    /// Makes the file at `path`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: GrowingFile::create(path, &[])?,
            written: HashMap::new(),
        })
    }
}

impl IntervalSink for LedgerLog {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn second(&mut self, interval: &MergedInterval, totals: &Totals) -> io::Result<()> {
        let mut lines = Vec::new();
        for violation in &interval.contests.ledger.violations {
            let written = self.written.entry(violation.rule.clone()).or_default();
            if *written < MOST_LINES_A_RULE {
                *written += 1;
                let line = LedgerLine::of(violation, &totals.context);
                serde_json::to_writer(&mut lines, &line)?;
                lines.push(b'\n');
            }
        }
        self.file.append(&lines)
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        self.file.finish()
    }
}

/// Appends a row a round, flushed each second. The file comes with the first round.
pub struct RoundsCsv {
    path: PathBuf,
    file: Option<GrowingFile>,
    /// Whether the names of its columns are written, or wait to be.
    has_head: bool,
    /// Rows that wait for the file, which could not be made.
    waiting: Vec<u8>,
}

impl RoundsCsv {
    /// For a file at `path`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: None,
            has_head: false,
            waiting: Vec::new(),
        }
    }
}

impl RoundsCsv {
    fn settle(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        match &mut self.file {
            Some(file) => file.append(&std::mem::take(&mut self.waiting)),
            None => {
                self.file = Some(GrowingFile::create(&self.path, &self.waiting)?);
                self.waiting.clear();
                Ok(())
            }
        }
    }
}

impl IntervalSink for RoundsCsv {
    fn path(&self) -> &Path {
        &self.path
    }

    fn second(&mut self, interval: &MergedInterval, _totals: &Totals) -> io::Result<()> {
        let mut writer = csv::WriterBuilder::new()
            .has_headers(!self.has_head)
            .from_writer(std::mem::take(&mut self.waiting));
        for round in &interval.rounds {
            writer.serialize(round)?;
            self.has_head = true;
        }
        self.waiting = written(writer)?;
        self.settle()
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        self.settle()?;
        self.file.as_mut().map_or(Ok(()), GrowingFile::finish)
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
