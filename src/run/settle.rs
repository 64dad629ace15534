//! The end of a run: the finished record, the verdict, the summary, the exit code.

use super::{GithubActions, RunRequest};
use crate::engine::DomainName;
use crate::observe::Observation;
use crate::pieces::SummaryStyle;
use crate::plan::ExitCode;
use crate::record::{
    Circumstances, Record, RecordDirectory, RunFacts, RunRecord, observed_record, verdict,
    write_stored_events,
};
use crate::report::{
    ReportFormat, brief_text, github_annotations, markdown_text, summary_text, without_commands,
    write_html_report, write_reports,
};
use crate::stats::{GeneratorState, Merged};
use serde_json::{Map, Value};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

/// What is known once every worker has gone.
pub struct Settlement<'a> {
    /// What was asked for.
    pub request: &'a RunRequest,
    /// Domains of the target whose names are known.
    pub domains: &'a [DomainName],
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

/// A run that is over.
#[derive(Debug)]
pub struct Finished {
    /// What the process is to exit with.
    pub exit_code: ExitCode,
    /// Where it is recorded.
    pub directory: PathBuf,
    /// Its record.
    pub record: RunRecord,
}

/// Judges the run, finishes its record, prints the summary.
#[must_use]
pub fn settle(settlement: &Settlement<'_>) -> Finished {
    let mut record = settlement.facts.record(&settlement.merged.totals);
    record.finished = true;
    record.interrupted = settlement.interrupted;
    record.observed = settlement
        .observation
        .map(|observation| observed_record(observation, &record, settlement.domains));
    let recovery = record.recovery.as_mut();
    if let Some((recovery, observation)) = recovery.zip(settlement.observation) {
        recovery.add_backlogs(observation);
    }
    if settlement.crashed_workers > 0 {
        record.generator.state = GeneratorState::AtItsLimit;
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
    if let Err(error) = record.write(&run_json) {
        eprintln!("warning: cannot write {}: {error}", run_json.display());
    }
    write_events(settlement, &record);
    let planned = |plan: &Map<String, Value>| settlement.request.subject.planned_shares(plan);
    let report = settlement.directory.report_html();
    let copy = settlement.request.output.html.as_deref();
    for path in [report.as_path()].into_iter().chain(copy) {
        if let Err(error) = write_html_report(settlement.directory.path(), path, &planned) {
            eprintln!("warning: {error}");
        }
    }
    for error in write_reports(settlement.directory.path(), &exports(settlement), &planned) {
        eprintln!("warning: {error}");
    }
    if !settlement.request.output.silent {
        tell(settlement, &record);
    }
    Finished {
        exit_code: verdict.exit_code,
        directory: settlement.directory.path().to_owned(),
        record,
    }
}

/// Writes what stores hold of the run's events, when that was counted.
fn write_events(settlement: &Settlement<'_>, record: &RunRecord) {
    let observed = record.observed.as_ref();
    let Some(stored) = observed.and_then(|observed| observed.events.as_ref()) else {
        return;
    };
    let path = settlement.directory.stored_events_csv();
    if let Err(error) = write_stored_events(&path, stored) {
        eprintln!("warning: cannot write {}: {error}", path.display());
    }
}

/// Prints the summary.
fn tell(settlement: &Settlement<'_>, record: &RunRecord) {
    let style = SummaryStyle::of_stdout();
    let files = files(settlement);
    let text = match settlement.request.output.quiet {
        true => brief_text(record, &files, &style),
        false => summary_text(record, &files, &style),
    };
    match &settlement.request.output.github {
        Some(github) => tell_github(github, record, &text),
        None => {
            // The record holds it all; a terminal or pipe that has gone is told nothing.
            let _ = anstream::stdout().write_all(text.as_bytes());
        }
    }
}

/// The reports beside the HTML report, and where they go.
fn exports(settlement: &Settlement<'_>) -> Vec<(ReportFormat, PathBuf)> {
    let in_record = settlement.directory.path().join("junit.xml");
    let asked = settlement.request.output.exports.iter().cloned();
    asked.chain([(ReportFormat::Junit, in_record)]).collect()
}

/// Prints the summary so that nothing in it is a workflow command, then the annotations, and
/// appends to the step's summary.
fn tell_github(github: &GithubActions, record: &RunRecord, text: &str) {
    let token = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
    let (begin, end) = without_commands(&token);
    let line_end = if text.ends_with('\n') { "" } else { "\n" };
    anstream::print!("{begin}{text}{line_end}{end}{}", github_annotations(record));
    let Some(path) = &github.step_summary else {
        return;
    };
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(markdown_text(record).as_bytes()));
    if let Err(error) = written {
        eprintln!("warning: cannot write {}: {error}", path.display());
    }
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
    let asked = settlement.request.output.exports.iter();
    files.extend(asked.map(|(_, path)| path.display().to_string()));
    files
}
