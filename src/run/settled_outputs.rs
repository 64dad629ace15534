//! What is written at the end of a run: its record, and every report that is made of it.

use super::request::Output;
use crate::engine::PlannedShares;
use crate::record::{
    Record, RecordDirectory, Recorded, RunRecord, is_replaceable, write_stored_events,
};
use crate::report::{ReportFormat, write_report};
use std::path::PathBuf;

/// The reports of a run, and how far they are.
pub struct Outputs<'a> {
    planned: PlannedShares<'a>,
    directory: &'a RecordDirectory,
    reports: Vec<SettledReport>,
}

struct SettledReport {
    format: ReportFormat,
    path: PathBuf,
    /// Whether the summary points to it.
    is_listed: bool,
    is_written: bool,
}

impl<'a> Outputs<'a> {
    /// Those that `output` asks for, and those that every record in `directory` has.
    #[must_use]
    pub fn of(output: &Output, planned: PlannedShares<'a>, directory: &'a RecordDirectory) -> Self {
        let report = |format, path, is_listed| SettledReport {
            format,
            path,
            is_listed,
            is_written: false,
        };
        let html = output.html.clone();
        let own = [
            (ReportFormat::Html, directory.report_html(), html.is_none()),
            (
                ReportFormat::Junit,
                directory.path().join("junit.xml"),
                false,
            ),
            (
                ReportFormat::Text,
                directory.path().join("summary.txt"),
                false,
            ),
        ];
        let own = own.into_iter();
        let mut reports: Vec<SettledReport> = own
            .map(|(format, path, is_listed)| report(format, path, is_listed))
            .collect();
        reports.extend(html.map(|path| report(ReportFormat::Html, path, true)));
        let asked = output.exports.iter().cloned();
        reports.extend(asked.map(|(format, path)| report(format, path, true)));
        Self {
            planned,
            directory,
            reports,
        }
    }

    /// Writes `record` and all reports of it. Gives what could not be written, a sentence each.
    pub fn write(&mut self, record: &RunRecord) -> Vec<String> {
        let mut losses = Vec::new();
        // Somebody may have taken it away; what is wrong with it is told of its files.
        let _ = std::fs::create_dir_all(self.directory.path());
        losses.extend(self.write_record(record));
        let observed = record.observed.as_ref();
        if let Some(stored) = observed.and_then(|observed| observed.events.as_ref()) {
            let path = self.directory.stored_events_csv();
            let failed = write_stored_events(&path, stored).err();
            losses.extend(failed.map(|error| format!("cannot write {}: {error}", path.display())));
        }
        losses.extend(self.write_reports(record, |_| true));
        losses
    }

    /// Writes once more, with what has become of `record`, what can be replaced. Pipes have had theirs.
    pub fn write_again(&mut self, record: &RunRecord) {
        // What could not be written is in the record already.
        let _ = self.write_record(record);
        let _ = self.write_reports(record, |report| {
            report.is_written && is_replaceable(&report.path)
        });
    }

    /// The reports that are there, of those that are pointed to.
    pub fn listed(&self) -> impl Iterator<Item = String> {
        let reports = self.reports.iter();
        let listed = reports.filter(|report| report.is_listed && report.is_written);
        listed.map(|report| report.path.display().to_string())
    }

    fn write_record(&self, record: &RunRecord) -> Option<String> {
        let error = record.write(&self.directory.run_json()).err()?;
        Some(format!("cannot write {error}"))
    }

    fn write_reports(
        &mut self,
        record: &RunRecord,
        is_due: impl Fn(&SettledReport) -> bool,
    ) -> Vec<String> {
        let recorded = Recorded::with(record.clone(), self.directory.path());
        let mut losses = Vec::new();
        for report in self.reports.iter_mut().filter(|report| is_due(report)) {
            match write_report(&recorded, report.format, &report.path, self.planned) {
                Ok(()) => report.is_written = true,
                Err(error) => losses.push(format!("cannot write {error}")),
            }
        }
        losses
    }
}
