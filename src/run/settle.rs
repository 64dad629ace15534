//! The end of a run: the finished record, the verdict, the summary, the exit code.

use super::carriers::FleetEnd;
use super::request::{GithubActions, Output, RunRequest};
use super::settled_outputs::Outputs;
use crate::engine::{DomainName, PlannedShares};
use crate::observe::{FollowedAccount, Observation};
use crate::pieces::{SummaryStyle, print, tell};
use crate::plan::ExitCode;
use crate::record::{
    Circumstances, PauseRecord, RecordDirectory, RunFacts, RunRecord, absent_users,
    event_latency_csv, locust_csv_paths, observed_record, verdict,
};
use crate::report::{
    brief_text, detailed_text, github_annotations, markdown_text, summary_text, without_commands,
};
use crate::stats::{GeneratorState, Merged};
use serde_json::{Map, Value};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

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
    /// When nothing of this process ran.
    pub pauses: &'a [PauseRecord],
    /// CPU time that control groups withheld meanwhile.
    pub withheld: Duration,
    /// Whether the user ended the run before its time.
    pub interrupted: bool,
    /// What was seen of the shop's back end.
    pub observation: Option<&'a Observation>,
    /// What became of the members of a fleet; `None` for a run of this process alone.
    pub fleet: Option<&'a FleetEnd>,
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
    /// What came of the events that were followed.
    pub followed: Option<FollowedAccount>,
}

/// Judges the run, finishes its record, prints the summary.
#[must_use]
pub fn settle(settlement: &Settlement<'_>) -> Finished {
    let mut record = settlement.facts.record(&settlement.merged.totals);
    record.finished = true;
    record.interrupted = settlement.interrupted;
    record.pauses = settlement.pauses.to_vec();
    record.generator.withheld_s = settlement.withheld.as_secs_f64();
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
    if let Some(asked) = settlement.facts.asked_users {
        record.absent_users = absent_users(&record, asked);
    }
    let failures = settlement.merged.sink_failures.iter();
    record.losses = failures.map(ToString::to_string).collect();
    let observed = settlement.observation;
    let unobserved = observed.and_then(|observation| observation.sink_failure.clone());
    record.losses.extend(unobserved);
    let followed = observed.and_then(|observation| observation.followed.as_ref());
    record.losses.extend(followed.and_then(|account| {
        let path = settlement.directory.path().join("event_latency.csv");
        let written = event_latency_csv(account).and_then(|csv| std::fs::write(&path, csv));
        let error = written.err()?;
        Some(format!("cannot write {}: {error}", path.display()))
    }));
    if let Some(fleet) = settlement.fleet {
        record.shards = fleet.members.iter().map(super::MemberEnd::row).collect();
        record.losses.extend(fleet.losses.iter().cloned());
        record.bound_rounds_across();
    }
    let subject = &settlement.request.subject;
    let planned =
        |plan: &Map<String, Value>, generation: &str| subject.planned_shares(plan, generation);
    let closing = Closing {
        output: &settlement.request.output,
        planned: &planned,
        directory: settlement.directory,
        circumstances: Circumstances {
            fail_on_saturation: settlement.request.fail_on_saturation
                || settlement.crashed_workers > 0,
            exit_code_on_error: settlement.request.exit_code_on_error,
        },
    };
    Finished {
        followed: followed.cloned(),
        ..closing.close(record)
    }
}

/// What becomes of a record that is whole but for its verdict.
pub struct Closing<'a> {
    /// What is written and printed.
    pub output: &'a Output,
    /// What the plan gives each journey.
    pub planned: PlannedShares<'a>,
    /// Where the run is recorded.
    pub directory: &'a RecordDirectory,
    /// What the record does not say.
    pub circumstances: Circumstances,
}

impl<'a> Closing<'a> {
    /// Judges `record`, writes it and all that is made of it, and prints the summary.
    #[must_use]
    pub fn close(&self, record: RunRecord) -> Finished {
        let (record, exit_code, outputs) = self.write(record);
        for loss in &record.losses {
            tell(format!("warning: {loss}"));
        }
        if !self.output.silent {
            self.summarise(&record, &outputs);
        }
        Finished {
            exit_code,
            directory: self.directory.path().to_owned(),
            record,
            followed: None,
        }
    }

    /// Writes the record and all that is made of it. What cannot be written changes the verdict: the
    /// rest is written again with that.
    fn write(&self, mut record: RunRecord) -> (RunRecord, ExitCode, Outputs<'a>) {
        let mut exit_code = self.judge(&mut record);
        let mut outputs = Outputs::of(self.output, self.planned, self.directory);
        let losses = outputs.write(&record);
        if !losses.is_empty() {
            record.losses.extend(losses);
            exit_code = self.judge(&mut record);
            outputs.write_again(&record);
        }
        (record, exit_code, outputs)
    }

    fn judge(&self, record: &mut RunRecord) -> ExitCode {
        let verdict = verdict(record, self.circumstances);
        record.verdict = verdict.sentence;
        record.exit_code = Some(i32::from(verdict.exit_code.value()));
        verdict.exit_code
    }

    /// Prints the summary.
    fn summarise(&self, record: &RunRecord, outputs: &Outputs<'_>) {
        let style = SummaryStyle::of_stdout();
        let files = self.files(outputs);
        let told = match (self.output.quiet, self.output.details) {
            (true, _) => brief_text,
            (false, true) => detailed_text,
            (false, false) => summary_text,
        };
        let text = told(record, &files, &style);
        match &self.output.github {
            Some(github) => tell_github(github, record, &text),
            // The record holds it all; who cannot be told is not.
            None => print(&text),
        }
    }

    /// What the summary points to: only what is there.
    fn files(&self, outputs: &Outputs<'_>) -> Vec<String> {
        let directory = self.directory.path();
        let mut files = Vec::new();
        if directory.is_dir() {
            files.push(format!("{}/", directory.display()));
        }
        if let Some(prefix) = &self.output.csv_prefix {
            let [stats, ..] = locust_csv_paths(prefix);
            files.extend(stats.exists().then(|| stats.display().to_string()));
        }
        files.extend(outputs.listed());
        files
    }
}

/// Prints the summary so that nothing in it is a workflow command, then the annotations, and
/// appends to the step's summary.
fn tell_github(github: &GithubActions, record: &RunRecord, text: &str) {
    let token = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
    let (begin, end) = without_commands(&token);
    let line_end = if text.ends_with('\n') { "" } else { "\n" };
    let annotations = github_annotations(record);
    print(format!("{begin}{text}{line_end}{end}{annotations}"));
    let Some(path) = &github.step_summary else {
        return;
    };
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(markdown_text(record).as_bytes()));
    if let Err(error) = written {
        tell(format!("warning: cannot write {}: {error}", path.display()));
    }
}
