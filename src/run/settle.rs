//! The end of a run: the finished record, the verdict, the summary, the exit code.

use super::RunRequest;
use crate::observe::Observation;
use crate::plan::ExitCode;
use crate::report::{
    Circumstances, RecordDirectory, RunFacts, SummaryStyle, brief_text, observed_record,
    summary_text, verdict, write_html_report, write_record,
};
use crate::stats::Merged;

/// What is known once every worker has gone.
pub struct Settlement<'a> {
    /// What was asked for.
    pub request: &'a RunRequest,
    /// What was known before the start.
    pub facts: &'a RunFacts,
    /// Where the run is recorded.
    pub directory: &'a RecordDirectory,
    /// What was measured.
    pub merged: &'a Merged,
    /// Workers that panicked, or ended without their last interval.
    pub crashed_workers: usize,
    /// Whether the user ended the run before its time.
    pub interrupted: bool,
    /// What was seen of the shop's back end.
    pub observation: Option<&'a Observation>,
}

/// Judges the run, finishes its record, prints the summary.
#[must_use]
pub fn settle(settlement: &Settlement<'_>) -> ExitCode {
    let mut record = settlement.facts.record(&settlement.merged.totals);
    record.finished = true;
    record.interrupted = settlement.interrupted;
    record.observed = settlement
        .observation
        .map(|observation| observed_record(observation, &record));
    if settlement.crashed_workers > 0 {
        record.generator.saturated = true;
        record.generator.reasons.push(format!(
            "{} of the workers crashed: what they measured last is missing (a defect of shopblast, please report it)",
            settlement.crashed_workers
        ));
    }
    let circumstances = Circumstances {
        fail_on_saturation: settlement.request.fail_on_saturation || settlement.crashed_workers > 0,
        exit_code_on_error: settlement.request.exit_code_on_error,
    };
    let verdict = verdict(&record, circumstances);
    record.verdict = verdict.sentence;
    record.exit_code = Some(i32::from(verdict.exit_code.value()));
    for failure in &settlement.merged.sink_failures {
        eprintln!("warning: {failure}");
    }
    let run_json = settlement.directory.run_json();
    if let Err(error) = write_record(&run_json, &record) {
        eprintln!("warning: cannot write {}: {error}", run_json.display());
    }
    let report = settlement.directory.report_html();
    let copy = settlement.request.output.html.as_deref();
    for path in [report.as_path()].into_iter().chain(copy) {
        if let Err(error) = write_html_report(settlement.directory.path(), path) {
            eprintln!("warning: {error}");
        }
    }
    let style = SummaryStyle::of_stdout();
    let files = files(settlement);
    let text = match settlement.request.output.quiet {
        true => brief_text(&record, &files, &style),
        false => summary_text(&record, &files, &style),
    };
    anstream::print!("{text}");
    verdict.exit_code
}

/// What the summary points to.
fn files(settlement: &Settlement<'_>) -> Vec<String> {
    let mut files = vec![format!("{}/", settlement.directory.path().display())];
    if let Some(prefix) = &settlement.request.output.csv_prefix {
        files.push(format!("{}_stats.csv", prefix.display()));
    }
    let in_record = || settlement.directory.report_html();
    let report = settlement
        .request
        .output
        .html
        .clone()
        .unwrap_or_else(in_record);
    files.push(report.display().to_string());
    files
}
